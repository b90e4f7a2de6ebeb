/* One steady clock for all processes that use a data directory. Each would begin its own
 * with the wall time of its start: after a jump of the wall clock, a replay that one
 * process asks for would be due an hour late for the other, and a restart would send at
 * once, or hold back, all that waits. The first process after a boot says in DIR/clock how
 * its clock is anchored, the others of that boot take it over. */
#ifndef STORE_SHAREDCLOCK_H
#define STORE_SHAREDCLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Aligns clock_system(). `dir` is the directory, locked by the caller; `last` the newest steady
 * time that is stored: after a boot with a wrong wall clock time must not begin before it. What
 * cannot be read or written is left: then this process keeps its own anchor. */
void sharedclock_align(int dir, bool read_only, int64_t last);

#endif
