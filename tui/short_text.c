#include "short_text.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "term.h"

const char *short_text(struct short_text *room, const char *text, int columns)
{
    struct buf safe, fitted;
    /* What stands further on cannot be shown: hostile text of megabytes is not worked through. */
    struct span start = {text, strnlen(text, SHORT_TEXT_SIZE)};
    buf_init(&safe, BUF_UNLIMITED);
    buf_init(&fitted, BUF_UNLIMITED);
    text_safe(&safe, start, TEXT_LINE);
    text_fit(&fitted, buf_span(&safe), (size_t)columns, term_glyph(GLYPH_MORE));
    snprintf(room->text, sizeof room->text, "%s", buf_text(&fitted));
    text_whole(room->text);
    buf_free(&safe);
    buf_free(&fitted);
    return room->text;
}
