/* What the screens have in common that are one table: filter, sort, marks, copy, mouse. A screen
 * of that kind begins with a struct table_screen and calls these from its own functions. */
#ifndef SCREENS_TABLE_SCREEN_H
#define SCREENS_TABLE_SCREEN_H

#include "console.h"
#include "model/filter.h"
#include "widgets/table.h"

enum { FILTER_TEXT_MAX = 512, TABLE_STATE_SIZE = 900 };

struct table_screen {
    struct screen screen;
    struct table table;
    const struct filter_key *keys; /* what it can be filtered by; NULL: nothing */
    size_t key_count;
    char filter_text[FILTER_TEXT_MAX],
        filter_shown[2 * FILTER_TEXT_MAX]; /* with an alert's name
                                              for its id */
    struct filter filter;
    void (*reload)(struct table_screen *t); /* the filter changed; NULL: there is none */
};

void table_screen_init(struct table_screen *t, const struct screen_ops *ops, struct console *c,
                       const struct table_ops *table, void (*reload)(struct table_screen *t));
void table_screen_free(struct table_screen *t); /* what it holds, not the struct */

/* For screen_ops, or called by the screen's own function for what it does not do itself. */
/* Its actions: filter, sort, columns, marks, moves, copy of the id. False: another one. */
bool table_screen_act(struct screen *s, enum action a);
/* Why not: no row, nothing to filter by. */
const char *table_screen_disabled(struct screen *s, enum action a);
size_t table_screen_chosen(struct screen *s, enum action a);
/* A click; on the row that is selected already it opens it. */
bool table_screen_mouse(struct screen *s, const struct key *k);

/* A line that says what is shown, and the table below it. `what`: "12 deliveries". What the
 * last column of the selected row has no room for stands in that line too. */
void table_screen_draw(struct table_screen *t, const struct canvas *c, const char *what,
                       const char *empty);
/* What to add to a title: "  filter status:dead  3 marked". */
void table_screen_state(const struct table_screen *t, char *out, size_t size);

/* Copies text and says so. */
void table_screen_copy(struct console *c, struct span text, const char *what);

#endif
