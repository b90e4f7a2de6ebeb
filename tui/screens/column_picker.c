/* Which columns a table shows. Each choice is seen at once. */
#include <stdlib.h>

#include "screens/picker.h"
#include "screens/screens.h"
#include "widgets/table.h"

struct column_picker {
    struct screen screen;
    struct list list;
    struct table *table;
};

static void draw(struct screen *s, const struct canvas *c)
{
    struct column_picker *p = (struct column_picker *)s;
    const struct table_ops *ops = p->table->ops;
    struct picker_row rows[COLUMNS_MAX];
    for (int i = 0; i < ops->column_count; i++) {
        bool shown = !(p->table->hidden & 1u << i);
        bool narrow = shown && p->table->widths[i] == 0;
        rows[i] = (struct picker_row){ops->columns[i].title,
                                      narrow ? "when there is room for it" : NULL, shown};
    }
    picker_draw(&p->list, c, "Columns", "Space shows or hides, Esc closes", rows,
                (size_t)ops->column_count);
}

static bool act(struct screen *s, enum action a)
{
    struct column_picker *p = (struct column_picker *)s;
    if (a == ACTION_CHECK)
        table_hide(p->table, (int)p->list.selected);
    else if (a == ACTION_OPEN)
        console_pop(s->console);
    else
        return list_act(&p->list, a);
    return true;
}

static void free_picker(struct screen *s)
{
    free(s);
}

static bool mouse(struct screen *s, const struct key *k)
{
    return picker_mouse(&((struct column_picker *)s)->list, s, k);
}

static const struct screen_ops COLUMN_PICKER = {
    .free = free_picker,
    .place = PLACE_PICKER,
    .draw = draw,
    .act = act,
    .mouse = mouse,
};

struct screen *column_picker_new(struct console *c, struct table *t)
{
    struct column_picker *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->screen = (struct screen){.ops = &COLUMN_PICKER, .console = c};
    p->table = t;
    list_set_count(&p->list, (size_t)t->ops->column_count);
    return &p->screen;
}
