#include "support/driven.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app.h"

#define RUN "--run-the-console"

enum { ROWS = 24, COLUMNS = 100, SETTLED_MS = 100 };

static _Atomic int64_t *map_clock(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(int64_t)) != 0)
        abort();
    void *at = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        abort();
    return at;
}

bool driven_runs(int argc, char **argv, int *status)
{
    if (argc <= 2 || strcmp(argv[1], RUN) != 0)
        return false;
    const struct clock clock = clock_driven(map_clock(argv[2]));
    argv[2] = argv[0];
    *status = app_main(argc - 2, argv + 2, &clock);
    return true;
}

void driven_start(struct driven *d)
{
    char program[512] = "", file[512], dir[512], config[512];
    char run[] = RUN, listen[] = "--set=intake.listen=127.0.0.1:0";
    char *argv[] = {program, run, file, dir, listen, NULL};
    const char *env[] = {config, NULL};
    const struct terminal_options options = {.rows = ROWS, .columns = COLUMNS, .env = env};
    if (readlink("/proc/self/exe", program, sizeof program - 1) <= 0)
        abort();
    snprintf(file, sizeof file, "%s/clock", d->f.dir);
    snprintf(dir, sizeof dir, "--data-dir=%s/data", d->f.dir);
    snprintf(config, sizeof config, "XDG_CONFIG_HOME=%s", d->f.dir);
    d->now = map_clock(file);
    atomic_store(d->now, INT64_C(1767225600000));
    d->f.terminal = terminal_start(&options, argv);
    terminal_wait(d->f.terminal, "running on");
}

void driven_draw_again(struct driven *d, int columns)
{
    terminal_resize(d->f.terminal, ROWS, columns);
    terminal_settle(d->f.terminal, SETTLED_MS);
}
