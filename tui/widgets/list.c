#include "widgets/list.h"

static void scroll(struct list *l)
{
    size_t rows = l->rows > 0 ? (size_t)l->rows : 1;
    if (l->selected < l->top)
        l->top = l->selected;
    if (l->selected >= l->top + rows)
        l->top = l->selected - rows + 1;
    if (l->top + rows > l->count)
        l->top = l->count > rows ? l->count - rows : 0;
}

void list_select(struct list *l, size_t row)
{
    l->selected = row < l->count ? row : l->count ? l->count - 1 : 0;
    scroll(l);
}

void list_set_count(struct list *l, size_t count)
{
    l->count = count;
    list_select(l, l->selected);
}

void list_set_rows(struct list *l, int rows)
{
    l->rows = rows;
    scroll(l);
}

bool list_act(struct list *l, enum action a)
{
    size_t page = l->rows > 1 ? (size_t)l->rows - 1 : 1, at = l->selected;
    switch (a) {
    case ACTION_UP:
        list_select(l, at ? at - 1 : 0);
        return true;
    case ACTION_DOWN:
        list_select(l, at + 1);
        return true;
    case ACTION_PAGE_UP:
        list_select(l, at > page ? at - page : 0);
        return true;
    case ACTION_PAGE_DOWN:
        list_select(l, at + page);
        return true;
    case ACTION_TOP:
        list_select(l, 0);
        return true;
    case ACTION_BOTTOM:
        list_select(l, l->count);
        return true;
    default:
        return false;
    }
}

bool list_click(struct list *l, int y, bool *again)
{
    size_t at = l->top + (size_t)(y - l->y);
    *again = false;
    if (y < l->y || y >= l->y + l->rows || at >= l->count)
        return false;
    *again = at == l->selected;
    list_select(l, at);
    return true;
}
