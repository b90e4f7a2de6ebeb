#include "widgets/dialog.h"

#include "widgets/textview.h"

struct canvas dialog_open(const struct canvas *area, int rows, int columns,
                          const char *title)
{
    int height = rows + 2 < area->rows ? rows + 2 : area->rows;
    int width = columns + 4 < area->columns ? columns + 4 : area->columns;
    struct canvas frame = canvas_part(area, (area->rows - height) / 2,
                                      (area->columns - width) / 2, height, width);
    canvas_box(&frame, STYLE_HEADING, title);
    return canvas_part(&frame, 1, 2, height - 2, width - 4);
}

static struct textview view_of(const char *text, enum style style)
{
    struct textview v;
    textview_init(&v);
    textview_add(&v, style, 0, true, span_of(text));
    return v;
}

int dialog_text(const struct canvas *c, int y, enum style style, const char *text)
{
    struct textview v = view_of(text, style);
    struct canvas part =
        canvas_part(c, y, 0, dialog_text_rows(text, c->columns), c->columns);
    textview_draw(&v, &part);
    textview_free(&v);
    return y + part.rows;
}

int dialog_text_rows(const char *text, int columns)
{
    struct textview v = view_of(text, STYLE_NORMAL);
    int rows = (int)textview_rows(&v, columns);
    textview_free(&v);
    return rows;
}
