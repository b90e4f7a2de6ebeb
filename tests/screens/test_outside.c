/* What happens to the console from outside of it: it is stopped, it loses its terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "support/console.h"

/* Another program has the terminal meanwhile: it writes there, and reads by lines. */
static void use_terminal(pid_t pid)
{
    static const char words[] = "\033[2J\033[Hsomebody else was here";
    struct termios modes;
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/0", (long)pid);
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, words, sizeof words - 1), sizeof words - 1);
    assert_int_equal(tcgetattr(fd, &modes), 0);
    modes.c_lflag |= ICANON | ECHO | ISIG;
    assert_int_equal(tcsetattr(fd, TCSANOW, &modes), 0);
    close(fd);
}

static void takes_the_terminal_again_after_a_stop(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    struct console_fixture *f = *state;
    int status;
    console_fixture_start(f, &options, NULL, NULL);
    terminal_wait(f->terminal, "running on");
    pid_t pid = terminal_pid(f->terminal);
    kill(pid, SIGSTOP);
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    use_terminal(pid);
    terminal_wait(f->terminal, "somebody else was here");
    kill(pid, SIGCONT);
    terminal_wait(f->terminal, "running on");
    assert_false(terminal_shows(f->terminal, "somebody else"));
    terminal_press(f->terminal, "m", "mouse off");
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, console_fixture_set_up, console_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_the_terminal_again_after_a_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
