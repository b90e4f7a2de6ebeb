/* Which rows of a list are visible, and which is selected. Pure; the rows are the caller's. */
#ifndef WIDGETS_LIST_H
#define WIDGETS_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "actions.h"

struct list {
    size_t count, selected, top;
    int rows; /* of the screen */
    int y;    /* of the screen, of the first of them when last drawn; for clicks */
};

void list_set_count(struct list *l, size_t count); /* keeps the selection within */
void list_select(struct list *l, size_t row);
void list_set_rows(struct list *l, int rows);      /* and scrolls the selection into view */
bool list_act(struct list *l, enum action a);      /* moves; false: not a move */
/* A click on a line of the screen: selects (*again: it was selected already). False: outside. */
bool list_click(struct list *l, int y, bool *again);

#endif
