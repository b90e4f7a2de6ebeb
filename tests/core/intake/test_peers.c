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

/* Another connection, which shows by its end that the sweeper has looked at all of them. */
struct canary {
    struct peer *peer;
    int fds[2];
};

static void canary_add(struct fixture *f, struct canary *c)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c->fds), 0);
    c->peer = peers_add(f->peers, c->fds[0]);
    assert_non_null(c->peer);
}

static void canary_remove(struct fixture *f, struct canary *c)
{
    peers_remove(f->peers, c->peer);
    close(c->fds[0]);
    close(c->fds[1]);
}

/* Whether the connection is open still when the time of the canary is over. */
static bool is_open_at_end_of(struct fixture *f, struct canary *c)
{
    struct canary other;
    char byte;
    canary_add(f, &other); /* makes the sweeper look */
    assert_int_equal(recv(c->fds[1], &byte, 1, 0), 0);
    canary_remove(f, &other);
    canary_remove(f, c);
    return recv(f->client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

static bool is_open_after(struct fixture *f, int64_t request_ms)
{
    struct canary c;
    canary_add(f, &c);
    f->now += request_ms;
    return is_open_at_end_of(f, &c);
}

static void a_request_has_its_own_time_on_a_connection_that_was_idle(void **state)
{
    struct fixture *f = *state;
    assert_true(peers_begin(f->peers, f->peer));
    assert_true(peers_received(f->peers, f->peer));
    peers_answered(f->peers, f->peer);
    peers_end(f->peers, f->peer);
    assert_true(is_open_after(f, REQUEST_MS)); /* idle */
    assert_true(peers_begin(f->peers, f->peer));
    assert_false(is_open_after(f, REQUEST_MS));
    peers_end(f->peers, f->peer);
}

static void time_stands_still_for_one_that_sleeps(void **state)
{
    struct fixture *f = *state;
    struct canary c;
    assert_true(peers_begin(f->peers, f->peer));
    assert_true(peers_received(f->peers, f->peer));
    assert_true(peers_sleep(f->peers, f->peer));
    assert_true(is_open_after(f, REQUEST_MS));
    canary_add(f, &c);
    f->now += REQUEST_MS / 2;
    peers_wake(f->peers);
    peers_answered(f->peers, f->peer); /* all that it had when it slept, from now on */
    f->now += REQUEST_MS / 2;
    assert_true(is_open_at_end_of(f, &c));
    assert_false(is_open_after(f, REQUEST_MS));
    peers_end(f->peers, f->peer);
}

static void the_words_for_a_refused_body_are_said_once(void **state)
{
    struct fixture *f = *state;
    char said[512];
    assert_true(peers_begin(f->peers, f->peer));
    peers_read_on(f->peers, f->peer, span_of("refused"), IDLE_MS, IDLE_MS);
    age(f, REQUEST_MS, said, sizeof said);
    assert_string_equal(said, "refused");
    assert_int_equal(peers_told(f->peers), 1);
    peers_cut(f->peers, f->peer); /* it has ended */
    assert_int_equal(peers_told(f->peers), 1);
    assert_false(peers_received(f->peers, f->peer));
    peers_end(f->peers, f->peer);
}

static void assert_said(struct fixture *f, const char *words)
{
    char said[512] = "";
    assert_int_equal(recv(f->client, said, sizeof said - 1, MSG_DONTWAIT), strlen(words));
    assert_string_equal(said, words);
}

/* Then the rest of the body is read, and nothing of it taken. */
static void the_words_are_said_at_their_time(void **state)
{
    struct fixture *f = *state;
    struct canary c;
    canary_add(f, &c);
    f->now += REQUEST_MS / 2;
    assert_true(peers_begin(f->peers, f->peer));
    peers_read_on(f->peers, f->peer, span_of("refused"), REQUEST_MS / 2, IDLE_MS);
    f->now += REQUEST_MS / 2;
    is_open_at_end_of(f, &c);
    assert_said(f, "refused");
    assert_int_equal(send(f->client, "x", 1, MSG_NOSIGNAL), 1);
    assert_false(peers_received(f->peers, f->peer));
    peers_end(f->peers, f->peer);
}

static void one_that_is_cut_is_told_the_words(void **state)
{
    struct fixture *f = *state;
    assert_true(peers_begin(f->peers, f->peer));
    peers_read_on(f->peers, f->peer, span_of("refused"), IDLE_MS, IDLE_MS);
    peers_cut(f->peers, f->peer);
    assert_said(f, "refused");
    assert_int_equal(send(f->client, "x", 1, MSG_NOSIGNAL), -1);
    peers_end(f->peers, f->peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_peers, close_peers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_that_was_told_it_is_late_is_not_taken),
        TEST(a_request_that_is_here_is_told_nothing),
        TEST(a_request_has_its_own_time_on_a_connection_that_was_idle),
        TEST(time_stands_still_for_one_that_sleeps),
        TEST(the_words_for_a_refused_body_are_said_once),
        TEST(the_words_are_said_at_their_time),
        TEST(one_that_is_cut_is_told_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
