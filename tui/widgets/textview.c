#include "widgets/textview.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"

void textview_init(struct textview *v)
{
    *v = (struct textview){0};
}

void textview_clear(struct textview *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->lines[i].text);
    v->count = 0;
    v->width = 0;
    v->found = 0;
    v->failed = false;
}

void textview_free(struct textview *v)
{
    textview_clear(v);
    free(v->lines);
    textview_init(v);
}

static bool make_room(struct textview *v)
{
    if (v->count < v->room)
        return true;
    size_t room = v->room ? 2 * v->room : 64;
    struct textview_line *more = realloc(v->lines, room * sizeof *more);
    if (!more)
        return false;
    v->lines = more;
    v->room = room;
    return true;
}

static char *safe_copy(struct span text)
{
    struct buf safe;
    buf_init(&safe, BUF_UNLIMITED);
    text_safe(&safe, text, TEXT_MULTILINE);
    char *copy = buf_take(&safe);
    buf_free(&safe);
    return copy;
}

static void add_line(struct textview *v, enum style style, int indent, bool wraps,
                     struct span text)
{
    char *copy = make_room(v) ? safe_copy(text) : NULL;
    if (!copy) {
        v->failed = true;
        return;
    }
    v->lines[v->count++] = (struct textview_line){copy, style, indent, wraps, -1};
    v->width = 0;
}

void textview_add(struct textview *v, enum style style, int indent, bool wraps,
                  struct span text)
{
    for (;;) {
        const char *end = text.len ? memchr(text.at, '\n', text.len) : NULL;
        size_t len = end ? (size_t)(end - text.at) : text.len;
        add_line(v, style, indent, wraps, (struct span){text.at, len});
        if (!end)
            return;
        text = (struct span){end + 1, text.len - len - 1};
    }
}

void textview_set_line(struct textview *v, size_t line, struct span text)
{
    char *copy = line < v->count ? safe_copy(text) : NULL;
    if (!copy)
        return;
    free(v->lines[line].text);
    v->lines[line].text = copy;
    v->width = 0;
}

void textview_add_json(struct textview *v, struct span pretty)
{
    size_t first = v->count;
    textview_add(v, STYLE_NORMAL, 4, false, pretty);
    for (size_t i = first; i < v->count; i++)
        v->lines[i].depth = (int)strspn(v->lines[i].text, " ") / 2;
}

void textview_format(struct textview *v, enum style style, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    bool ok = vasprintf(&text, format, args) >= 0;
    va_end(args);
    if (!ok) {
        v->failed = true;
        return;
    }
    textview_add(v, style, 2, true, span_of(text));
    free(text);
}

/* ------------------------------------------------------------------ wrapping */

/* The first row of what is left of a line in `width` columns; at least one character. */
static size_t row_length(struct span rest, int width, bool wraps)
{
    size_t at = 0, blank = 0, columns, len;
    int used = 0;
    while ((len = text_next((struct span){rest.at + at, rest.len - at}, &columns)) > 0) {
        if (used + (int)columns > width && at > 0)
            return wraps && blank > 0 && rest.at[at] != ' ' ? blank : at;
        used += (int)columns;
        if (rest.at[at] == ' ' && at > 0)
            blank = at;
        at += len;
    }
    return at;
}

static bool is_folded(const struct textview *v, size_t line)
{
    return v->fold > 0 && v->lines[line].depth >= v->fold;
}

/* How many lines below this one are folded away. */
static size_t folded_after(const struct textview *v, size_t line)
{
    size_t next = line + 1;
    while (next < v->count && is_folded(v, next))
        next++;
    return next - line - 1;
}

static int deepest(const struct textview *v)
{
    int depth = 0;
    for (size_t i = 0; i < v->count; i++)
        depth = v->lines[i].depth > depth ? v->lines[i].depth : depth;
    return depth;
}

typedef void row_fn(void *arg, size_t row, const struct textview_line *line, int x,
                    struct span text);

static size_t each_row(const struct textview *v, int width, row_fn *fn, void *arg)
{
    size_t row = 0, away;
    for (size_t i = 0; i < v->count; i++) {
        const struct textview_line *line = &v->lines[i];
        if (is_folded(v, i))
            continue;
        struct span rest = span_of(line->text);
        int x = 0;
        do {
            size_t len = row_length(rest, width - x > 0 ? width - x : 1, line->wraps);
            if (fn)
                fn(arg, row, line, x, (struct span){rest.at, len});
            row++;
            rest = (struct span){rest.at + len, rest.len - len};
            while (line->wraps && rest.len && *rest.at == ' ')
                rest = (struct span){rest.at + 1, rest.len - 1};
            x = line->indent < width / 2 ? line->indent : 0;
        } while (rest.len > 0);
        if ((away = folded_after(v, i)) > 0) {
            char words[48];
            snprintf(words, sizeof words, "%s %zu line%s", term_glyph(GLYPH_MORE), away,
                     away == 1 ? "" : "s");
            struct textview_line mark = {words, STYLE_DIM, 0, false, -1};
            if (fn)
                fn(arg, row, &mark, 2 * v->fold, span_of(words));
            row++;
        }
    }
    return row;
}

struct drawing {
    const struct canvas *canvas;
    size_t top;
    const struct textview_line *found; /* shown as selected; NULL: none */
};

static void draw_row(void *arg, size_t row, const struct textview_line *line, int x,
                     struct span text)
{
    const struct drawing *d = arg;
    if (row < d->top || row >= d->top + (size_t)d->canvas->rows)
        return;
    canvas_text(d->canvas, (int)(row - d->top), x, -1,
                line == d->found ? STYLE_SELECTED : line->style, text);
    if (line == d->found)
        term_cursor(d->canvas->y + (int)(row - d->top), d->canvas->x + x, true);
}

size_t textview_rows(const struct textview *v, int columns)
{
    return each_row(v, columns > 0 ? columns : 1, NULL, NULL);
}

static void keep_within(struct textview *v)
{
    size_t visible = v->visible > 0 ? (size_t)v->visible : 1;
    if (v->top + visible > v->rows)
        v->top = v->rows > visible ? v->rows - visible : 0;
}

void textview_draw(struct textview *v, const struct canvas *c)
{
    if (v->width != c->columns) {
        v->width = c->columns;
        v->rows = textview_rows(v, c->columns);
    }
    v->visible = c->rows;
    keep_within(v);
    canvas_clear(c, STYLE_NORMAL);
    struct drawing d = {c, v->top, v->found ? &v->lines[v->found - 1] : NULL};
    term_cursor(c->y, c->x, false);
    each_row(v, c->columns, draw_row, &d);
    if (v->top > 0)
        canvas_glyph(c, 0, c->columns - 1, STYLE_DIM, GLYPH_UP);
    if (v->top + (size_t)c->rows < v->rows)
        canvas_glyph(c, c->rows - 1, c->columns - 1, STYLE_DIM, GLYPH_DOWN);
}

/* ------------------------------------------------------------------ searching */

struct place_of {
    const struct textview_line *line;
    size_t row;
    bool seen;
};

static void note_row(void *arg, size_t row, const struct textview_line *line, int x,
                     struct span text)
{
    struct place_of *p = arg;
    (void)x;
    (void)text;
    if (line == p->line && !p->seen) {
        p->row = row;
        p->seen = true;
    }
}

static void show_line(struct textview *v, size_t line)
{
    struct place_of place = {&v->lines[line], 0, false};
    size_t visible = v->visible > 0 ? (size_t)v->visible : 1;
    v->found = line + 1;
    v->rows = each_row(v, v->width > 0 ? v->width : 80, note_row, &place);
    if (place.row < v->top || place.row >= v->top + visible)
        v->top = place.row > visible / 2 ? place.row - visible / 2 : 0;
    keep_within(v);
}

static void set_fold(struct textview *v, int fold)
{
    v->fold = fold;
    v->rows = textview_rows(v, v->width > 0 ? v->width : 80);
}

bool textview_find(struct textview *v, const char *text, bool backwards)
{
    size_t from = v->found;
    if (!*text)
        v->found = 0;
    for (size_t i = 0; *text && i < v->count; i++) {
        size_t step = backwards ? v->count - 1 - i : i;
        size_t at = (from + step + (backwards && from ? v->count - 1 : 0)) % v->count;
        if (ascii_find(v->lines[at].text, text)) {
            if (is_folded(v, at))
                set_fold(v, 0); /* what was looked for is shown */
            show_line(v, at);
            return true;
        }
    }
    return false;
}

bool textview_act(struct textview *v, enum action a)
{
    size_t page = v->visible > 1 ? (size_t)v->visible - 1 : 1;
    switch (a) {
    case ACTION_FOLD:
        set_fold(v, v->fold > 1 ? v->fold - 1 : v->fold == 0 ? deepest(v) : 1);
        break;
    case ACTION_UNFOLD:
        set_fold(v, v->fold > 0 && v->fold < deepest(v) ? v->fold + 1 : 0);
        break;
    case ACTION_UP:
        v->top -= v->top > 0;
        break;
    case ACTION_DOWN:
        v->top++;
        break;
    case ACTION_PAGE_UP:
        v->top = v->top > page ? v->top - page : 0;
        break;
    case ACTION_PAGE_DOWN:
        v->top += page;
        break;
    case ACTION_TOP:
        v->top = 0;
        break;
    case ACTION_BOTTOM:
        v->top = v->rows;
        break;
    default:
        return false;
    }
    keep_within(v);
    return true;
}
