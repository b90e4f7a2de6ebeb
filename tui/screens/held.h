/* Deletes that are held back for ten seconds, so that they can be undone whole: until then the
 * alerts are still there and go on. Carried out when the time is over, when another delete comes,
 * and when the console ends. The console's thread. */
#ifndef SCREENS_HELD_H
#define SCREENS_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "console.h"

enum { HELD_MS = 10000 };

struct held {
    struct console *console;
    char *workspace;
    char (*ids)[UUID_SIZE];
    size_t count;
    int64_t until; /* steady ms */
};

void held_init(struct held *h, struct console *c);
/* Holds the deletes of these alerts back; takes `ids` (malloc'ed) over. */
void held_begin(struct held *h, char (*ids)[UUID_SIZE], size_t count);
bool held_has(const struct held *h, const char *id);
size_t held_undo(struct held *h);  /* how many are not deleted after all */
void held_carry_out(struct held *h); /* now */
void held_check(struct held *h);     /* carries out what is due */
int64_t held_left(const struct held *h); /* ms; 0: nothing is held back */

#endif
