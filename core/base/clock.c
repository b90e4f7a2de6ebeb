#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static _Atomic int64_t anchor;

static void first_anchor(void)
{
    int64_t wall = read_ms(CLOCK_REALTIME);
    atomic_store(&anchor, (wall > 0 ? wall : 1) - read_ms(CLOCK_BOOTTIME));
}

static int64_t system_wall(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_steady(void *arg)
{
    (void)arg;
    return atomic_load(&anchor) + read_ms(CLOCK_BOOTTIME);
}

const struct clock *clock_system(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static const struct clock clock = {system_wall, system_steady, NULL};
    pthread_once(&once, first_anchor);
    return &clock;
}

int64_t clock_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

struct timespec clock_monotonic_in(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

int64_t clock_anchor(void)
{
    clock_system();
    return atomic_load(&anchor);
}

void clock_set_anchor(int64_t value)
{
    clock_system();
    atomic_store(&anchor, value);
}

bool clock_boot(char out[CLOCK_BOOT_SIZE])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, out, CLOCK_BOOT_SIZE - 1);
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return false;
    out[len] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return out[0] != '\0';
}

static int64_t driven_now(void *arg)
{
    return atomic_load((_Atomic int64_t *)arg);
}

struct clock clock_driven(_Atomic int64_t *now_ms)
{
    return (struct clock){driven_now, driven_now, now_ms};
}
