/* Random keys and sizes: the console may do anything but fall over. RANDOM_SECONDS says for how
 * long (5 by default), RANDOM_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/tempdir.h"

static uint32_t seed;

static uint32_t next(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* No ^Z (it stops the job) and no X (it writes where a path is typed). */
static const char *const KEYS[] = {
    "1", "2", "3", "4", "5", "6", "7", "8", "j", "k", "g", "G", "n", "e", "c", "o", "+", "-",
    "D", "z", "M", "l", "r", "R", "s", "S", "C", " ", "v", "*", "u", "/", ":", "?", "m", "t",
    "w", "y", "\t",
    "\r", "\r", "\033", "\033", "\033[A", "\033[B", "\033[C", "\033[D", "\033[5~", "\033[6~",
    "\033[H", "\033[F", "\033[Z", "\033[3~", "\033OP", "\033OQ", "\177", "\007", "\016", "\017",
    "\020", "\022", "\023", "\025", "\030", "\031", "\014", "\002", "\006", "\005", "\013",
    "\033[<0;10;5M", "\033[<64;10;5M", "\033[<65;3;9M", "\033[<0;2;24M", "\033[<0;500;500M",
    "\033[200~pasted\nlines\t\033[201~", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "\xff",
    "x:y", "!", "~", "\"", "status:dead", "over 3 in 5m", "until 1:00", "0", "9", "a",
};

/* A bare pty: what comes is thrown away, no emulator can be the one that falls over. */
struct run {
    char *dir;
    int fd;
    pid_t pid;
};

static void start(struct run *r)
{
    char data[400], config[400];
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    const char *built = getenv("OPIK_ALERTS");
    snprintf(data, sizeof data, "--data-dir=%s/data", r->dir);
    snprintf(config, sizeof config, "%s", r->dir);
    r->pid = forkpty(&r->fd, NULL, NULL, &size);
    assert_true(r->pid >= 0);
    if (r->pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        setenv("XDG_CONFIG_HOME", config, 1);
        unsetenv("TMUX");
        execl(built ? built : "build/opik-alerts", "opik-alerts", data,
              "--set=intake.listen=127.0.0.1:0", "--set=debounce.window=1s", (char *)NULL);
        _exit(127);
    }
}

/* Until nothing has come for a moment; the last bytes are kept for a report. */
static char last_bytes[4096];
static void drain(struct run *r, int quiet_ms)
{
    struct pollfd fd = {r->fd, POLLIN, 0};
    while (poll(&fd, 1, quiet_ms) > 0) {
        ssize_t n = read(r->fd, last_bytes, sizeof last_bytes - 1);
        if (n <= 0)
            return;
        last_bytes[n] = '\0';
    }
}

static void resize(struct run *r, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    ioctl(r->fd, TIOCSWINSZ, &size);
}

static void send(struct run *r, const char *keys)
{
    ssize_t ignored = write(r->fd, keys, strlen(keys));
    (void)ignored;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}

/* It may be told to quit; any other end is a fault. */
static void restart_if_it_quit(struct run *r)
{
    int status;
    if (waitpid(r->pid, &status, WNOHANG) != r->pid)
        return;
    drain(r, 50);
    if (status != 0)
        fail_msg("ended with status %#x; the last bytes were:\n%s", status, last_bytes);
    close(r->fd);
    start(r);
    drain(r, 300);
}

static void any_keys_in_any_size(void **state)
{
    struct run r = {.dir = tempdir_make()};
    seed = (uint32_t)number("RANDOM_SEED", (int)time(NULL));
    double end = now() + number("RANDOM_SECONDS", 5);
    (void)state;
    print_message("RANDOM_SEED=%u\n", seed);
    start(&r);
    drain(&r, 300);
    while (now() < end) {
        for (int i = 0; i < 20; i++)
            send(&r, KEYS[next(sizeof KEYS / sizeof *KEYS)]);
        if (next(8) == 0)
            resize(&r, 1 + (int)next(200), 1 + (int)next(500));
        drain(&r, 10);
        restart_if_it_quit(&r);
    }
    kill(r.pid, SIGTERM); /* and it still listens */
    int status = -1;
    double deadline = now() + 20;
    while (waitpid(r.pid, &status, WNOHANG) != r.pid && now() < deadline) {
        drain(&r, 0);
        poll(NULL, 0, 20);
    }
    close(r.fd);
    tempdir_remove(r.dir);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_keys_in_any_size)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
