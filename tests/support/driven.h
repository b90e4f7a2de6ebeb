/* The console in a terminal, on a clock that the test drives. It is the test's own program once
 * more, so main() asks driven_runs() before anything else. */
#ifndef SUPPORT_DRIVEN_H
#define SUPPORT_DRIVEN_H

#include <stdbool.h>
#include <stdint.h>

#include "support/console.h"

struct driven {
    struct console_fixture f;
    _Atomic int64_t *now; /* what the console reads */
};

bool driven_runs(int argc, char **argv, int *status); /* this call was the console; it has ended */
void driven_start(struct driven *d); /* in d->f.dir, which is there */

/* Something happens, and the screen is drawn again. */
void driven_draw_again(struct driven *d, int columns);

#endif
