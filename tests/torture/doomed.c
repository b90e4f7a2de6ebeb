#include "torture/doomed.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "app.h"
#include "torture/kill_plan.h"

#define LATER "TORTURE_LATER" /* ms that its wall clock is ahead */

/* ------------------------------------------------------------------ the file */

static sqlite3_syscall_ptr real_write;

static bool is_file(int fd, const char *name)
{
    char link[40], path[600];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    const char *last = strrchr(path, '/');
    return last && strcmp(last + 1, name) == 0;
}

/* An emptied log keeps its length, but not its header (see logvfs.h). */
static bool empties_log(int fd, const void *bytes, size_t len, off_t at)
{
    static const char none[32];
    return at == 0 && len == sizeof none && memcmp(bytes, none, len) == 0 &&
           is_file(fd, "store.db-wal");
}

static const struct {
    const char *step, *file;
} torn[] = {{"commit", "store.db-wal"}, {"checkpoint", "store.db"}};

/* Half of it gets there. */
static ssize_t torn_write(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))real_write;
    for (size_t i = 0; i < sizeof torn / sizeof *torn; i++) {
        if (!plan_is(torn[i].step) || !is_file(fd, torn[i].file))
            continue;
        if (plan_is_next())
            real(fd, bytes, len / 2, at);
        plan_reached(torn[i].step);
    }
    if (plan_is("end of checkpoint") && empties_log(fd, bytes, len, at))
        plan_reached("end of checkpoint");
    return real(fd, bytes, len, at);
}

static void replace(sqlite3_vfs *vfs, const char *name, sqlite3_syscall_ptr by,
                    sqlite3_syscall_ptr *real)
{
    sqlite3_syscall_ptr was = vfs->xGetSystemCall(vfs, name);
    if (was && vfs->xSetSystemCall(vfs, name, by) == SQLITE_OK)
        *real = was;
}

/* ------------------------------------------------------------------ as opik-alerts */

static int64_t ahead_ms;

static int64_t wall_ahead(void *arg)
{
    (void)arg;
    return clock_wall_ms(clock_system()) + ahead_ms;
}

static int64_t steady_now(void *arg)
{
    (void)arg;
    return clock_steady_ms(clock_system());
}

int doomed_main(int argc, char **argv)
{
    static const struct clock ahead = {wall_ahead, steady_now, NULL};
    const char *later = getenv(LATER);
    plan_take();
    ahead_ms = later ? strtoll(later, NULL, 10) : 0;
    sqlite3_initialize();
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    replace(vfs, "pwrite", (sqlite3_syscall_ptr)torn_write, &real_write);
    replace(vfs, "pwrite64", (sqlite3_syscall_ptr)torn_write, &real_write);
    return app_main(argc, argv, &ahead);
}

void doomed_set_ahead(int64_t ms)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)ms);
    if (setenv(LATER, text, 1) != 0)
        abort();
}
