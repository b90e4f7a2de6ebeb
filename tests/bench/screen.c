#include "bench/screen.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/measure.h"

static void become(char *const argv[], const char *directory)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    if (directory && chdir(directory) != 0)
        _exit(127);
    execvp(argv[0], argv);
    _exit(127);
}

void screen_start(struct screen *s, char *const argv[], const char *directory)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    s->begun = measure_now_s();
    s->pid = forkpty(&s->fd, NULL, NULL, &size);
    if (s->pid < 0)
        abort();
    if (s->pid == 0)
        become(argv, directory);
}

bool screen_alive(struct screen *s)
{
    if (s->pid > 0 && waitpid(s->pid, NULL, WNOHANG) != 0)
        s->pid = 0;
    return s->pid > 0;
}

void screen_stop(struct screen *s)
{
    if (screen_alive(s)) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
    close(s->fd);
}

static struct drained drain(struct screen *s, int first_ms, int quiet_ms, int most_ms)
{
    struct pollfd p = {s->fd, POLLIN, 0};
    struct drained d = {0};
    char buffer[65536];
    double end = measure_now_s() + most_ms / 1e3;
    while (measure_now_s() < end && poll(&p, 1, d.bytes ? quiet_ms : first_ms) > 0) {
        ssize_t n = read(s->fd, buffer, sizeof buffer);
        if (n <= 0)
            break;
        d.last = measure_now_s();
        d.first = d.bytes ? d.first : d.last;
        d.bytes += n;
    }
    return d;
}

struct drained screen_drain(struct screen *s, int quiet_ms, int most_ms)
{
    return drain(s, quiet_ms, quiet_ms, most_ms);
}

struct drained screen_press(struct screen *s, const char *keys, int first_ms, int quiet_ms)
{
    if (write(s->fd, keys, strlen(keys)) != (ssize_t)strlen(keys))
        return (struct drained){0};
    return drain(s, first_ms, quiet_ms, SCREEN_MOST_MS);
}
