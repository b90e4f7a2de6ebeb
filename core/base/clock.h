/* Time, as a value that tests can drive.
 *
 * wall_ms   milliseconds since 1970 UTC, for stamps that people read. May jump.
 * steady_ms the same scale, but anchored once when the clock was made and then carried on
 *           by CLOCK_BOOTTIME: it never jumps, so every due time is judged by it. Stored
 * due times are steady times. Never before 1970, whatever the wall clock said then.
 *
 * A struct clock is immutable and may be shared by all threads. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct clock {
    int64_t (*wall_ms)(void *arg);
    int64_t (*steady_ms)(void *arg);
    void *arg;
};

const struct clock *clock_system(void);

/* For how long something took or may take, as poll() waits: real time from some beginning,
 * which no test drives and which stands still while the machine is suspended. */
int64_t clock_monotonic_ms(void);
struct timespec
clock_monotonic_in(int64_t ms); /* when that will be: for pthread_cond_timedwait() */

/* How clock_system() is anchored: its steady time minus the time since boot. Set before anything
 * is judged by it (store/sharedclock.h). */
int64_t clock_anchor(void);
void clock_set_anchor(int64_t anchor);

/* Which boot this is: the time since it means the same to all processes. False: not known. */
enum { CLOCK_BOOT_SIZE = 40 };
bool clock_boot(char out[CLOCK_BOOT_SIZE]);

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->arg);
}

static inline int64_t clock_steady_ms(const struct clock *c)
{
    return c->steady_ms(c->arg);
}

/* A steady time as the wall clock shows it now: for people. */
static inline int64_t clock_shown_ms(const struct clock *c, int64_t steady)
{
    return steady - clock_steady_ms(c) + clock_wall_ms(c);
}

/* A clock for tests: both readings come from *now_ms, which is read atomically (so it may
 * lie in memory shared between processes). */
struct clock clock_driven(_Atomic int64_t *now_ms);

#endif
