/* The ends of connections, between the thread that serves one and the one that ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "intake/peers.h"

enum { REQUEST_MS = 1000, IDLE_MS = 5000 };

struct fixture {
    _Atomic int64_t now;
    struct clock clock;
    struct peers *peers;
    struct peer *peer;
    int ours, client;
};

static int open_peers(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    int fds[2];
    assert_non_null(f);
    f->now = 1000000;
    f->clock = clock_driven(&f->now);
    f->peers = peers_new(&f->clock, REQUEST_MS, IDLE_MS, 8, NULL);
    assert_non_null(f->peers);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    f->ours = fds[0];
    f->client = fds[1];
    f->peer = peers_add(f->peers, f->ours);
    assert_non_null(f->peer);
    *state = f;
    return 0;
}

static int close_peers(void **state)
{
    struct fixture *f = *state;
    peers_remove(f->peers, f->peer);
    peers_free(&f->peers);
    close(f->ours);
    close(f->client);
    free(f);
    return 0;
}

/* Lets time pass, and waits for what is said then, up to the end of the connection. */
static void age(struct fixture *f, int64_t ms, char *said, size_t size)
{
    int fds[2];
    size_t len = 0;
    f->now += ms;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct peer *other = peers_add(f->peers, fds[0]); /* makes the sweeper look */
    for (ssize_t got = 1; got > 0; len += (size_t)got) {
        got = recv(f->client, said + len, size - 1 - len, 0);
        assert_true(got >= 0);
    }
    said[len] = '\0';
    peers_remove(f->peers, other);
    close(fds[0]);
    close(fds[1]);
}

/* What was told that it came too late is sent again: it must not be taken as well, though
 * the rest of it is read after all. */
static void a_request_that_was_told_it_is_late_is_not_taken(void **state)
{
    struct fixture *f = *state;
    char said[512];
    assert_true(peers_begin(f->peers, f->peer));
    age(f, REQUEST_MS, said, sizeof said);
    assert_non_null(strstr(said, " 408 "));
    assert_int_equal(peers_told(f->peers), 1);
    assert_false(peers_received(f->peers, f->peer));
    peers_end(f->peers, f->peer);
}

static void a_request_that_is_here_is_told_nothing(void **state)
{
    struct fixture *f = *state;
    char said[512];
    assert_true(peers_begin(f->peers, f->peer));
    assert_true(peers_received(f->peers, f->peer));
    age(f, REQUEST_MS, said, sizeof said);
    assert_string_equal(said, "");
    assert_int_equal(peers_told(f->peers), 0);
    assert_true(peers_received(f->peers, f->peer)); /* again: it has been asleep */
    peers_end(f->peers, f->peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_peers, close_peers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_that_was_told_it_is_late_is_not_taken),
        TEST(a_request_that_is_here_is_told_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
