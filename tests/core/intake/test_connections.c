/* Connections to the HTTP server: many at once, several requests on one, and slow ones. */
#include <poll.h>

#include "core/intake/server_fixture.h"

static void many_connections_commit_at_once_and_go_on(void **state)
{
    struct fixture *f = *state;
    struct http_client clients[CLIENTS];
    add_alert(f, EVENT_TRACE_ERRORS);
    for (int i = 0; i < CLIENTS; i++)
        http_open(&clients[i], intake_port(f->intake));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CLIENTS; i++)
            send_trace(&clients[i], round * CLIENTS + i);
        for (int i = 0; i < CLIENTS; i++)
            assert_int_equal(http_read_status(&clients[i]), 201);
        assert_int_equal(counts(f).waiting_events, (round + 1) * CLIENTS);
    }
    for (int i = 0; i < CLIENTS; i++)
        http_close(&clients[i]);
}

static void requests_in_a_row_are_answered_in_a_row(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    http_open(&c, intake_port(f->intake));
    for (int i = 0; i < 20; i++)
        send_trace(&c, i);
    http_send_text(&c, PING);
    for (int i = 0; i <= 20; i++)
        assert_int_equal(http_read_status(&c), i < 20 ? 201 : 200);
    http_close(&c);
}

static void a_slow_request_is_ended(void **state)
{
    static const struct {
        const char *text;
        int status; /* SDKs send a request again that was answered 408; -1: there is none */
    } beginnings[] = {
        {"", -1},
        {"POST " TRACES, -1},
        {"POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
         "Content-Length: 20\r\n\r\n",
         408},
        {"POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
         "Content-Length: 20\r\n\r\n{",
         408},
    };
    struct fixture *f = *state;
    f->options.timeout_ms = 20;
    restart(f);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        struct http_client c;
        http_open(&c, intake_port(f->intake));
        http_send_text(&c, PING);
        assert_int_equal(http_read_status(&c), 200);
        http_send_text(&c, beginnings[i].text);
        assert_true(ages_to_its_end(f, &c, 75 * 1000 + 20));
        assert_int_equal(http_read_status(&c), beginnings[i].status);
        http_close(&c);
    }
}

static void a_slow_first_head_is_ended(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    f->options.timeout_ms = 20;
    restart(f);
    http_open(&c, intake_port(f->intake));
    http_send_text(&c, "GET /is-alive/ping HTTP/1.1\r\n");
    assert_true(ages_to_its_end(f, &c, 21));
    http_close(&c);
}

/* What a client has sent that then keeps still. */
static const char *const SLOW[] = {
    "",
    "GET /is-alive/ping HTTP/1.1\r\nHost: loc",
    PING, /* and then idle */
    "POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: 9\r\n\r\n{",
};

static void slow_clients_keep_nobody_out(void **state)
{
    enum { PLACES = 8 };
    struct fixture *f = *state;
    f->options.connections = PLACES;
    for (size_t kind = 0; kind < sizeof SLOW / sizeof *SLOW; kind++) {
        struct http_client slow[3 * PLACES];
        restart(f);
        for (int i = 0; i < 3 * PLACES; i++) {
            http_open(&slow[i], intake_port(f->intake));
            http_send_text(&slow[i], SLOW[kind]);
        }
        for (int i = 0; i < 3; i++) {
            assert_alive(f); /* before any of them is slow, and afterwards */
            f->s.now += 1000;
        }
        int ended = 0;
        for (int i = 0; i < 3 * PLACES; i++) {
            struct pollfd p = {.fd = slow[i].fd, .events = POLLRDHUP};
            ended += poll(&p, 1, i < 2 * PLACES ? HTTP_DEADLINE_MS : 0) == 1;
            http_close(&slow[i]);
        }
        assert_in_range(ended, 2 * PLACES, 2 * PLACES + 3); /* the askers had places too */
    }
}

/* A head before a body, though the body waits longer. */
static void the_slowest_goes_first(void **state)
{
    struct fixture *f = *state;
    struct http_client half, body;
    f->options.connections = 2;
    f->options.timeout_ms = 3600 * 1000;
    restart(f);
    http_open(&body, intake_port(f->intake));
    begin_body(&body);
    http_open(&half, intake_port(f->intake));
    http_send_text(&half, "GET /is-al");
    assert_true(ages_to_its_end(f, &half, 500));
    http_send_text(&body, "{}");
    assert_int_equal(http_read_status(&body), 201);
    http_close(&half);
    http_close(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_connections_commit_at_once_and_go_on),
        TEST(requests_in_a_row_are_answered_in_a_row),
        TEST(a_slow_request_is_ended),
        TEST(a_slow_first_head_is_ended),
        TEST(slow_clients_keep_nobody_out),
        TEST(the_slowest_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
