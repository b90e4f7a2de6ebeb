#include "screens/picker.h"

#include "base/text.h"
#include "widgets/dialog.h"

enum { MARK_COLUMNS = 5, NOTE_LEAST = 10, WIDE = 66 };

/* What rows with notes want: all texts as wide as the longest, then the notes. 0: none has
 * any. */
struct widths {
    int text, note;
};

static struct widths wanted(const struct picker_row *rows, size_t count)
{
    struct widths w = {0, 0};
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].note)
            continue;
        int text = (int)text_columns(span_of(rows[i].text));
        int note = (int)text_columns(span_of(rows[i].note));
        w.text = text > w.text ? text : w.text;
        w.note = note > w.note ? note : w.note;
    }
    return w;
}

static void draw_row(const struct canvas *c, int y, const struct picker_row *r,
                     bool selected, int text)
{
    enum style style = selected ? STYLE_SELECTED : STYLE_NORMAL;
    bool noted = r->note && c->columns > MARK_COLUMNS + text + NOTE_LEAST;
    canvas_text(c, y, 0, c->columns, style, span_of(selected ? ">" : ""));
    canvas_glyph(c, y, 1, style, r->checked ? GLYPH_ON : GLYPH_OFF);
    canvas_text(c, y, MARK_COLUMNS, noted ? text : c->columns - MARK_COLUMNS, style,
                span_of(r->text));
    if (noted)
        canvas_text(c, y, MARK_COLUMNS + text + 1, -1, selected ? style : STYLE_DIM,
                    span_of(r->note));
}

void picker_draw(struct list *l, const struct canvas *area, const char *title, const char *keys,
                 const struct picker_row *rows, size_t count)
{
    int most = area->rows - 6 > 1 ? area->rows - 6 : 1;
    int shown = (int)count < most ? (int)count : most;
    struct widths w = wanted(rows, count);
    int wide = w.note ? MARK_COLUMNS + w.text + 1 + w.note : WIDE;
    struct canvas inside = dialog_open(area, shown + 2, wide, title);
    int foot = inside.rows > 2 ? 2 : 0; /* without room for both, the rows */
    struct canvas body = canvas_part(&inside, 0, 0, inside.rows - foot, inside.columns);
    list_set_rows(l, body.rows);
    l->y = body.y;
    for (int y = 0; y < body.rows && l->top + (size_t)y < count; y++) {
        size_t at = l->top + (size_t)y;
        draw_row(&body, y, &rows[at], at == l->selected, w.text);
        if (at == l->selected)
            term_cursor(body.y + y, body.x, true);
    }
    if (foot)
        canvas_text(&inside, inside.rows - 1, 0, -1, STYLE_DIM, span_of(keys));
}

bool picker_mouse(struct list *l, struct screen *s, const struct key *k)
{
    bool again;
    if (k->code != MOUSE_CLICK)
        return false;
    if (list_click(l, k->y, &again))
        console_do(s->console, ACTION_CHECK, NULL);
    return true;
}
