#include "canvas.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/text.h"
#include "term_style.h"

enum { LINE_BYTES_MAX = 64 * 1024, NOTE_LEAST = 20 };

struct canvas canvas_screen(void)
{
    struct canvas c = {0};
    term_size(&c.rows, &c.columns);
    return c;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

struct canvas canvas_part(const struct canvas *c, int y, int x, int rows, int columns)
{
    int top = most(0, least(y, c->rows)), left = most(0, least(x, c->columns));
    return (struct canvas){
        .y = c->y + top,
        .x = c->x + left,
        .rows = most(0, least(rows - (top - y), c->rows - top)),
        .columns = most(0, least(columns - (left - x), c->columns - left)),
    };
}

static void set_style(enum style style)
{
    struct term_attributes a = term_style(style);
    attr_set(a.attributes, a.pair, NULL);
}

static void blanks(int count)
{
    static const char spaces[] =
        "                                                                ";
    for (int part; count > 0; count -= part) {
        part = least(count, (int)sizeof spaces - 1);
        addnstr(spaces, part);
    }
}

void canvas_clear(const struct canvas *c, enum style style)
{
    set_style(style);
    for (int y = 0; y < c->rows; y++) {
        move(c->y + y, c->x);
        blanks(c->columns);
    }
    set_style(STYLE_NORMAL);
}

int canvas_text(const struct canvas *c, int y, int x, int columns, enum style style,
                struct span text)
{
    struct buf safe, fitted;
    if (y < 0 || y >= c->rows || x < 0 || x >= c->columns)
        return 0;
    int room = c->columns - x;
    bool pads = columns >= 0;
    columns = pads ? least(columns, room) : room;
    /* A line of the screen never shows more: hostile text of megabytes is not worked
     * through. */
    struct span start = {text.at, text.len < LINE_BYTES_MAX ? text.len : LINE_BYTES_MAX};
    buf_init(&safe, 8 * LINE_BYTES_MAX);
    buf_init(&fitted, 8 * LINE_BYTES_MAX);
    text_safe(&safe, start, TEXT_LINE);
    int used =
        (int)text_fit(&fitted, buf_span(&safe), (size_t)columns, term_glyph(GLYPH_MORE));
    set_style(style);
    move(c->y + y, c->x + x);
    addstr(buf_text(&fitted));
    if (pads)
        blanks(columns - used);
    set_style(STYLE_NORMAL);
    buf_free(&safe);
    buf_free(&fitted);
    return pads ? columns : used;
}

int canvas_format(const struct canvas *c, int y, int x, int columns, enum style style,
                  const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_whole(text);
    return canvas_text(c, y, x, columns, style, span_of(text));
}

int canvas_glyph(const struct canvas *c, int y, int x, enum style style, enum glyph g)
{
    return canvas_text(c, y, x, -1, style, span_of(term_glyph(g)));
}

static int rule_part(const struct canvas *c, int y, int x, enum style style,
                     const char *text)
{
    int end = least(x + 2, c->columns);
    for (; x < end; x++)
        canvas_glyph(c, y, x, STYLE_DIM, GLYPH_HLINE);
    if (text && *text) {
        x += canvas_text(c, y, x, -1, style, span_of(" "));
        x += canvas_text(c, y, x, -1, style, span_of(text));
        x += canvas_text(c, y, x, -1, style, span_of(" "));
    }
    return x;
}

void canvas_rule_note(const struct canvas *c, int y, enum style style, const char *title,
                      enum style note_style, const char *note)
{
    int x = rule_part(c, y, 0, style, title);
    if (note && c->columns - x >= NOTE_LEAST)
        x = rule_part(c, y, x, note_style, note);
    for (; x < c->columns; x++)
        canvas_glyph(c, y, x, STYLE_DIM, GLYPH_HLINE);
}

void canvas_rule(const struct canvas *c, int y, enum style style, const char *title)
{
    canvas_rule_note(c, y, style, title, STYLE_NORMAL, NULL);
}

static void draw_box_title(const struct canvas *c, const char *title)
{
    struct canvas part = canvas_part(c, 0, 3, 1, c->columns - 6);
    canvas_text(c, 0, 2, 1, STYLE_STRONG, span_of(""));
    int used = canvas_text(&part, 0, 0, -1, STYLE_STRONG, span_of(title));
    canvas_text(c, 0, 3 + used, 1, STYLE_STRONG, span_of(""));
}

void canvas_box(const struct canvas *c, enum style style, const char *title)
{
    canvas_clear(c, STYLE_NORMAL);
    if (c->rows < 2 || c->columns < 2)
        return;
    for (int x = 1; x < c->columns - 1; x++) {
        canvas_glyph(c, 0, x, style, GLYPH_HLINE);
        canvas_glyph(c, c->rows - 1, x, style, GLYPH_HLINE);
    }
    for (int y = 1; y < c->rows - 1; y++) {
        canvas_glyph(c, y, 0, style, GLYPH_VLINE);
        canvas_glyph(c, y, c->columns - 1, style, GLYPH_VLINE);
    }
    canvas_glyph(c, 0, 0, style, GLYPH_TOPLEFT);
    canvas_glyph(c, 0, c->columns - 1, style, GLYPH_TOPRIGHT);
    canvas_glyph(c, c->rows - 1, 0, style, GLYPH_BOTTOMLEFT);
    canvas_glyph(c, c->rows - 1, c->columns - 1, style, GLYPH_BOTTOMRIGHT);
    if (title && c->columns > 6)
        draw_box_title(c, title);
}
