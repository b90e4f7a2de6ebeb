#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t anchor; /* wall time minus time since boot, when the clock was made */

static void set_anchor(void)
{
    anchor = read_ms(CLOCK_REALTIME) - read_ms(CLOCK_BOOTTIME);
}

static int64_t system_wall(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_steady(void *arg)
{
    (void)arg;
    return anchor + read_ms(CLOCK_BOOTTIME);
}

const struct clock *clock_system(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static const struct clock clock = {system_wall, system_steady, NULL};
    pthread_once(&once, set_anchor);
    return &clock;
}

static int64_t driven_now(void *arg)
{
    return atomic_load((_Atomic int64_t *)arg);
}

struct clock clock_driven(_Atomic int64_t *now_ms)
{
    return (struct clock){driven_now, driven_now, now_ms};
}
