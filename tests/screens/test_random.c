/* Random keys and sizes: the console may do anything but fall over. RANDOM_SECONDS says for how
 * long (5 by default), RANDOM_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "support/console.h"

static uint32_t seed;

static uint32_t next(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* No ^Z (it stops the job) and no X (it writes where a path is typed). */
static const char *const KEYS[] = {
    "1", "2", "3", "4", "5", "6", "7", "j", "k", "g", "G", "n", "e", "c", "o", "+", "-", "D", "z",
    "l", "r", "R", "s", "S", "C", " ", "v", "*", "u", "/", ":", "?", "m", "t", "w", "y", "\t",
    "\r", "\r", "\033", "\033", "\033[A", "\033[B", "\033[C", "\033[D", "\033[5~", "\033[6~",
    "\033[H", "\033[F", "\033[Z", "\033[3~", "\033OP", "\033OQ", "\177", "\007", "\016", "\017",
    "\020", "\022", "\023", "\025", "\030", "\031", "\014", "\002", "\006", "\005", "\013",
    "\033[<0;10;5M", "\033[<64;10;5M", "\033[<65;3;9M", "\033[<0;2;24M", "\033[<0;500;500M",
    "\033[200~pasted\nlines\t\033[201~", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "\xff",
    "x:y", "!", "~", "\"", "status:dead", "over 3 in 5m", "0", "9", "a",
};

static void start(struct console_fixture *f)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    console_fixture_start(f, &options, NULL, NULL);
    terminal_settle(f->terminal, 200);
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
static void restart_if_it_quit(struct console_fixture *f)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)terminal_pid(f->terminal), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return;
    int status = terminal_exit(f->terminal);
    if (status != 0)
        fail_msg("ended with %d (128 + signal); the screen was:\n%s", status,
                 terminal_screen(f->terminal));
    console_fixture_stop(f);
    start(f);
}

static void any_keys_in_any_size(void **state)
{
    struct console_fixture f = {0};
    seed = (uint32_t)number("RANDOM_SEED", (int)time(NULL));
    double end = now() + number("RANDOM_SECONDS", 5);
    (void)state;
    print_message("RANDOM_SEED=%u\n", seed);
    start(&f);
    while (now() < end) {
        for (int i = 0; i < 20; i++)
            terminal_send(f.terminal, KEYS[next(sizeof KEYS / sizeof *KEYS)]);
        if (next(8) == 0)
            terminal_resize(f.terminal, 1 + (int)next(60), 1 + (int)next(220));
        terminal_settle(f.terminal, 10);
        restart_if_it_quit(&f);
    }
    terminal_resize(f.terminal, 24, 80);
    for (int i = 0; i < 8; i++)
        terminal_type(f.terminal, "\033");
    terminal_settle(f.terminal, 100);
    restart_if_it_quit(&f);
    console_fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_keys_in_any_size)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
