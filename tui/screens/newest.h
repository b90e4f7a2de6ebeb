/* A table of the newest rows, of which the older ones are read when they are needed: when
 * the selection comes to the last row, when new rows push off what is selected or marked,
 * and for what is about all. Part of a screen that begins with a struct table_screen. */
#ifndef SCREENS_NEWEST_H
#define SCREENS_NEWEST_H

#include "screens/table_screen.h"

/* Reads the newest `wanted` rows in place of those that the screen has. False: it could
 * not, said so, and has them still. */
typedef bool newest_read_fn(struct table_screen *t, size_t wanted, size_t *count);

struct newest {
    struct table_screen *screen;
    newest_read_fn *read;
    size_t most;   /* read at all */
    size_t wanted; /* as many as there are, unless fewer came */
    size_t count;  /* came */
};

void newest_init(struct newest *n, struct table_screen *t, newest_read_fn *read,
                 size_t most);

void newest_begin(struct newest *n);   /* others are shown now: another filter */
void newest_refresh(struct newest *n); /* the rows changed */
void newest_all(struct newest *n);     /* what follows is about all of them */

/* As table_screen_act(), with what it needs read before or after it. */
bool newest_act(struct newest *n, enum action a);

/* All were read that are read at all, and there may be older ones. */
bool newest_is_full(const struct newest *n);

#endif
