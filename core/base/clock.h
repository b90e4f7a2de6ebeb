/* Time, as a value that tests can drive.
 *
 * wall_ms   milliseconds since 1970 UTC, for stamps that people read. May jump.
 * steady_ms the same scale, but anchored once when the clock was made and then carried on
 *           by CLOCK_BOOTTIME: it never jumps, so every due time is judged by it. Stored
 * due times are steady times; after a restart they are read as wall times again.
 *
 * A struct clock is immutable and may be shared by all threads. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *arg);
    int64_t (*steady_ms)(void *arg);
    void *arg;
};

const struct clock *clock_system(void);

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->arg);
}

static inline int64_t clock_steady_ms(const struct clock *c)
{
    return c->steady_ms(c->arg);
}

/* A clock for tests: both readings come from *now_ms, which is read atomically (so it may
 * lie in memory shared between processes). */
struct clock clock_driven(_Atomic int64_t *now_ms);

#endif
