/* The sanitiser: whatever comes in, no control leaves, and what left is safe. The first byte
 * chooses the width that the text is fitted into. */
#include "fuzz.h"

#include <locale.h>

#include "base/text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    HOLDS(setlocale(LC_ALL, "C.UTF-8"));
    return 0;
}

static void holds_no_control(struct span safe, bool newlines)
{
    for (size_t i = 0; i < safe.len; i++) {
        unsigned char c = (unsigned char)safe.at[i];
        HOLDS(c >= 0x20 || (newlines && c == '\n'));
        HOLDS(c != 0x7f);
        HOLDS(c != 0xc2 || (unsigned char)safe.at[i + 1] >= 0xa0); /* C1 */
    }
}

static void fits(struct span safe, size_t columns)
{
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    size_t used = text_fit(&out, safe, columns, "\xe2\x80\xa6");
    HOLDS(used <= columns && text_columns(buf_span(&out)) == used);
    HOLDS(text_is_utf8(buf_span(&out)));
    buf_free(&out);
}

static void try_one(struct span text, enum text_flags flags, size_t columns)
{
    struct buf once, twice;
    buf_init(&once, BUF_UNLIMITED);
    buf_init(&twice, BUF_UNLIMITED);
    HOLDS(text_safe(&once, text, flags));
    HOLDS(text_is_utf8(buf_span(&once)) && text_is_safe(buf_span(&once), flags));
    HOLDS(text_safe(&twice, buf_span(&once), flags));
    HOLDS(span_same(buf_span(&once), buf_span(&twice)));
    HOLDS(text_is_safe(text, flags) == span_same(text, buf_span(&once)));
    holds_no_control(buf_span(&once), flags == TEXT_MULTILINE);
    if (flags == TEXT_LINE)
        fits(buf_span(&once), columns);
    buf_free(&once);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct span text = {(const char *)data + 1, size - 1};
    try_one(text, TEXT_LINE, data[0] % 90);
    try_one(text, TEXT_MULTILINE, 0);
    return 0;
}
