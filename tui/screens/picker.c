#include "screens/picker.h"

#include "widgets/dialog.h"

enum { TEXT_COLUMNS = 28, WIDE = 66 };

static void draw_row(const struct canvas *c, int y, const struct picker_row *r, bool selected)
{
    enum style style = selected ? STYLE_SELECTED : STYLE_NORMAL;
    int text = r->note && c->columns > TEXT_COLUMNS + 16 ? TEXT_COLUMNS : c->columns - 5;
    canvas_text(c, y, 0, c->columns, style, span_of(selected ? ">" : ""));
    canvas_glyph(c, y, 1, style, r->checked ? GLYPH_ON : GLYPH_OFF);
    canvas_text(c, y, 5, text, style, span_of(r->text));
    if (r->note && text == TEXT_COLUMNS)
        canvas_text(c, y, 6 + text, -1, selected ? style : STYLE_DIM, span_of(r->note));
}

void picker_draw(struct list *l, const struct canvas *area, const char *title, const char *keys,
                 const struct picker_row *rows, size_t count)
{
    int most = area->rows - 6 > 1 ? area->rows - 6 : 1;
    int shown = (int)count < most ? (int)count : most;
    struct canvas inside = dialog_open(area, shown + 2, WIDE, title);
    struct canvas body = canvas_part(&inside, 0, 0, inside.rows - 2, inside.columns);
    list_set_rows(l, body.rows);
    l->y = body.y;
    for (int y = 0; y < body.rows && l->top + (size_t)y < count; y++) {
        size_t at = l->top + (size_t)y;
        draw_row(&body, y, &rows[at], at == l->selected);
        if (at == l->selected)
            term_cursor(body.y + y, body.x, true);
    }
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
