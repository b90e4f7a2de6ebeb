/* What happens to the console from outside of it: it is stopped, it loses its terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "support/console.h"
#include "support/run.h"
#include "support/tempdir.h"

/* Another program has the terminal meanwhile: it writes there, and reads by lines. */
static void use_terminal(const struct terminal *t)
{
    static const char words[] = "\033[2J\033[Hsomebody else was here";
    struct termios modes;
    char path[64];
    terminal_path(t, path, sizeof path);
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
    use_terminal(f->terminal);
    terminal_wait(f->terminal, "somebody else was here");
    kill(pid, SIGCONT);
    terminal_wait(f->terminal, "running on");
    assert_false(terminal_shows(f->terminal, "somebody else"));
    terminal_press(f->terminal, "m", "mouse off");
}

/* A terminal that is not its controlling one: no SIGHUP tells that it is gone. */
static pid_t start_apart(const struct console_fixture *f, int *master)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    char dir[400];
    int slave;
    snprintf(dir, sizeof dir, "--data-dir=%s/data", f->dir);
    assert_int_equal(openpty(master, &slave, NULL, NULL, &size), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setsid();
        for (int fd = 0; fd <= 2; fd++)
            dup2(slave, fd);
        close(slave);
        close(*master);
        setenv("TERM", "xterm", 1);
        setenv("XDG_CONFIG_HOME", f->dir, 1);
        execl(getenv("OPIK_ALERTS"), "opik-alerts", dir, "--read-only", (char *)NULL);
        _exit(126);
    }
    close(slave);
    return pid;
}

static bool comes(int master, const char *text)
{
    struct pollfd p = {.fd = master, .events = POLLIN};
    struct buf shown;
    char bytes[4096];
    ssize_t got = 1;
    buf_init(&shown, BUF_UNLIMITED);
    while (!strstr(buf_text(&shown), text) && got > 0 && poll(&p, 1, RUN_DEADLINE_MS) > 0)
        if ((got = read(master, bytes, sizeof bytes)) > 0)
            buf_add(&shown, bytes, (size_t)got);
    bool came = strstr(buf_text(&shown), text) != NULL;
    buf_free(&shown);
    return came;
}

static void ends_when_the_terminal_is_gone(void **state)
{
    struct console_fixture *f = *state;
    int master, status;
    f->dir = tempdir_make();
    console_fixture_add_alert(f, "Alpha", "trace:errors", "https://example.org/a");
    pid_t pid = start_apart(f, &master);
    bool shown = comes(master, "Alpha");
    close(master);
    long long until = run_now_ms() + RUN_DEADLINE_MS;
    pid_t got;
    while ((got = waitpid(pid, &status, WNOHANG)) == 0 && run_now_ms() < until)
        poll(NULL, 0, 10);
    if (got == 0)
        kill(pid, SIGKILL);
    assert_true(shown);
    assert_int_equal(got, pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, console_fixture_set_up, console_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_the_terminal_again_after_a_stop),
        TEST(ends_when_the_terminal_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
