/* What systemd is told, on a real datagram socket: by the module, and by serve. */
#include "notify.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/program.h"

/* Binds a socket as systemd does; name gets what NOTIFY_SOCKET would hold. */
static int listen_at(const char *dir, bool abstract, char *name, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(name, size, abstract ? "@%s/notify" : "%s/notify", dir);
    size_t len = strlen(name);
    assert_true(len < sizeof address.sun_path);
    memcpy(address.sun_path, name, len);
    if (abstract)
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
    return fd;
}

/* The next datagram; false: none came before the deadline. */
static bool next(int fd, char *out, size_t size, int deadline_ms)
{
    struct pollfd p = {fd, POLLIN, 0};
    if (poll(&p, 1, deadline_ms) <= 0)
        return false;
    ssize_t n = recv(fd, out, size - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    return n >= 0;
}

static void wait_for(int fd, const char *wanted)
{
    char text[512], seen[4096] = "";
    long long until = run_now_ms() + RUN_DEADLINE_MS;
    while (run_now_ms() < until && next(fd, text, sizeof text, 100 + RUN_DEADLINE_MS / 10)) {
        if (strncmp(text, wanted, strlen(wanted)) == 0)
            return;
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s; ", text);
    }
    fail_msg("%s was not told, but: %s", wanted, seen);
}

static void tells_a_socket_by_path_or_abstract(void **state)
{
    const struct program *p = *state;
    char name[300], text[64];
    struct notify n;
    for (int abstract = 0; abstract < 2; abstract++) {
        int fd = listen_at(p->dir, abstract, name, sizeof name);
        setenv("NOTIFY_SOCKET", name, 1);
        setenv("WATCHDOG_USEC", "30000000", 1);
        notify_open(&n);
        assert_null(getenv("NOTIFY_SOCKET"));
        assert_null(getenv("WATCHDOG_USEC"));
        assert_int_equal(n.every_ms, 15000);
        notify_send(&n, "STATUS=%d of %d", 1, 2);
        assert_true(next(fd, text, sizeof text, RUN_DEADLINE_MS));
        assert_string_equal(text, "STATUS=1 of 2");
        notify_close(&n);
        close(fd);
    }
}

static void keeps_quiet_without_one(void **state)
{
    static const char *const names[] = {NULL, "", "@", "relative", "/nonexistent/socket",
                                        "vsock:2:1234"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct notify n;
        if (names[i])
            setenv("NOTIFY_SOCKET", names[i], 1);
        setenv("WATCHDOG_USEC", "1000000", 1);
        notify_open(&n);
        assert_int_equal(n.fd, -1);
        assert_int_equal(n.every_ms, 0);
        notify_send(&n, "READY=1");
        notify_close(&n);
    }
}

static void the_watchdog_of_another_process_is_none_of_ours(void **state)
{
    const struct program *p = *state;
    static const struct {
        const char *usec, *pid;
        int64_t every;
    } cases[] = {{"2000000", NULL, 1000}, {"2000000", "self", 1000}, {"2000000", "1", 0},
                 {"0", NULL, 0},          {"-5", NULL, 0},           {"x", NULL, 0},
                 {"1", NULL, 1},          {NULL, NULL, 0}};
    char name[300], self[24];
    int fd = listen_at(p->dir, true, name, sizeof name);
    snprintf(self, sizeof self, "%ld", (long)getpid());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct notify n;
        setenv("NOTIFY_SOCKET", name, 1);
        if (cases[i].usec)
            setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (cases[i].pid)
            setenv("WATCHDOG_PID", strcmp(cases[i].pid, "self") == 0 ? self : cases[i].pid, 1);
        notify_open(&n);
        assert_int_equal(n.every_ms, cases[i].every);
        notify_close(&n);
    }
    close(fd);
}

static void serve_tells_how_it_goes(void **state)
{
    const struct program *p = *state;
    struct run_child c, standby;
    char name[300], url[128], status[200];
    int fd = listen_at(p->dir, true, name, sizeof name);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "100000", 1);
    program_serve(p, &c, "", url);
    snprintf(status, sizeof status, "STATUS=listening on %s", url);
    wait_for(fd, status);
    wait_for(fd, "READY=1");
    for (int i = 0; i < 3; i++)
        wait_for(fd, "WATCHDOG=1");
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    kill(c.pid, SIGTERM);
    wait_for(fd, "STOPPING=1");
    assert_int_equal(run_wait_end(&c, RUN_DEADLINE_MS), 0);
    run_kill(&c);

    /* Who waits is ready too: it does what it was started for. */
    program_serve(p, &c, "", url);
    setenv("NOTIFY_SOCKET", name, 1);
    program_start(p, &standby, "serve");
    unsetenv("NOTIFY_SOCKET");
    wait_for(fd, "STATUS=waiting: process");
    wait_for(fd, "READY=1");
    run_kill(&standby);
    run_kill(&c);
    close(fd);
}

/* A lock that is held and a file that does not say by whom: another version's, or one just
 * taken. It names no process. */
static void a_holder_without_a_name_is_another_process(void **state)
{
    const struct program *p = *state;
    char name[300], path[300];
    struct run_child c;
    int fd = listen_at(p->dir, false, name, sizeof name);
    snprintf(path, sizeof path, "%s/engine.lock", p->dir);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    program_start(p, &c, "serve");
    unsetenv("NOTIFY_SOCKET");
    wait_for(fd, "STATUS=waiting: another process runs the engine");
    assert_true(run_wait_err(&c, "another process runs the engine of", RUN_DEADLINE_MS));
    assert_null(strstr(c.err, "1970"));
    run_kill(&c);
    close(lock);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)
        TEST(tells_a_socket_by_path_or_abstract),
        TEST(keeps_quiet_without_one),
        TEST(the_watchdog_of_another_process_is_none_of_ours),
        TEST(serve_tells_how_it_goes),
        TEST(a_holder_without_a_name_is_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
