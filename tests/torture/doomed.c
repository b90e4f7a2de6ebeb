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

/* Of an emptied log that keeps its length (see logvfs.h), and of the first commit after it.
 */
static bool is_log_header(size_t len, off_t at)
{
    return len == 32 && at == 0;
}

static const struct {
    const char *step, *file;
    bool header;
} torn[] = {
    {"commit", "store.db-wal", false},
    {"checkpoint", "store.db", false},
    {"end of checkpoint", "store.db-wal", true},
};

/* Half of it gets there. */
static ssize_t torn_write(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))real_write;
    for (size_t i = 0; i < sizeof torn / sizeof *torn; i++) {
        if (!plan_is(torn[i].step) || !is_file(fd, torn[i].file) ||
            (torn[i].header && !is_log_header(len, at)))
            continue;
        if (plan_is_next())
            real(fd, bytes, len / 2, at);
        plan_reached(torn[i].step);
    }
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
