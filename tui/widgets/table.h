/* A list with columns: sorted by any of them, with columns left out, rows marked, and the
 * selection kept on its row (by id) while rows come and go. The rows are the caller's; the table
 * keeps their order. Pure but for drawing. */
#ifndef WIDGETS_TABLE_H
#define WIDGETS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actions.h"
#include "canvas.h"
#include "widgets/columns.h"
#include "widgets/list.h"

enum { TABLE_ID_SIZE = 128 };

struct table_ops {
    const struct column *columns;
    int column_count;
    /* What makes a row the same row after reading again; borrowed for the call. */
    const char *(*id)(const void *arg, size_t row);
    /* The text of a cell and its style. `width` is what it will be cut to. */
    enum style (*cell)(const void *arg, size_t row, int column, int width, char *out,
                       size_t size);
    /* Below 0, 0 or above: how two rows stand in a column. NULL: cannot be sorted. */
    int (*compare)(const void *arg, size_t a, size_t b, int column);
    /* Instead of `id`, for rows that have a number. */
    int64_t (*number)(const void *arg, size_t row);
};

struct table {
    const struct table_ops *ops;
    const void *arg;
    struct list list;
    size_t *order; /* rows in the order of the screen */
    size_t order_room;
    char selected[TABLE_ID_SIZE];
    int sort;          /* a column; -1: as they come */
    bool descending;
    bool follows;      /* newest first: a selection on the first row stays on the first row */
    unsigned hidden;   /* bit 1 << column */
    char (*marks)[TABLE_ID_SIZE];
    size_t mark_count, mark_room;
    char last_mark[TABLE_ID_SIZE]; /* where a range begins */
    int head_y;        /* of the screen, when last drawn; -1: not yet */
    int widths[COLUMNS_MAX];
};

void table_init(struct table *t, const struct table_ops *ops, const void *arg);
void table_free(struct table *t);

/* The caller's rows were read again: there are `count` now. Marks of rows that are gone go too.
 * False: no memory, the table is empty. */
bool table_update(struct table *t, size_t count);

/* Whether table_update() would lose the selected row or a marked one: for a caller who read only
 * the newest of its rows, and can read more. */
bool table_misses(const struct table *t, size_t count);

bool table_row(const struct table *t, size_t *row); /* the selected one; false: none */
void table_select(struct table *t, const char *id);
/* The last of so many rows is selected: there may be more to read. */
bool table_is_at_end(const struct table *t, size_t read);

/* Moves, sorts, marks. `argument`: the title of the column for a sort (NULL: the next one). False:
 * not one of its actions. */
bool table_act(struct table *t, enum action a, const char *argument);
bool table_is_marked(const struct table *t, size_t row);

int table_column(const struct table *t, const char *name); /* by its title; -1: none */
void table_hide(struct table *t, int column); /* or shows it; never all: then all are shown */

/* The rows that an action is about: the marked ones, or else the selected one. Calls fn for
 * each in the order of the screen; returns how many. fn NULL: only counts. */
size_t table_chosen(const struct table *t, void (*fn)(void *arg, size_t row), void *arg);

/* The ids of these rows, for tables whose rows hold theirs (table_ops.id); the array is the
 * caller's to free, what it points to is borrowed until the rows are read again. NULL: no
 * memory. */
const char **table_chosen_ids(const struct table *t, size_t *count);

/* For table_ops.compare; a text may be NULL. */
int table_by_number(int64_t a, int64_t b);
int table_by_text(const char *a, const char *b);

/* Head and rows. `focused`: it has the keys, and the cursor rests on the selected row. */
void table_draw(struct table *t, const struct canvas *c, bool focused);

/* What stands in the last column of the selected row, where that had no room for all of it
 * when it was last drawn; its style in *style. False: nothing was cut. */
bool table_cut(const struct table *t, enum style *style, char *out, size_t size);

/* A click at a place of the screen: selects a row (*again: it was selected already) or sorts by
 * the column under it. False: outside. */
bool table_click(struct table *t, int y, int x, bool *again);

#endif
