/* How the HTTP server ends: what is under way, and what was answered. */
#include <pthread.h>

#include "core/intake/server_fixture.h"

static void a_stop_ends_half_a_request(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    http_open(&c, intake_port(f->intake));
    http_send_text(&c, PING);
    assert_int_equal(http_read_status(&c), 200);
    http_send_text(&c, "POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
                       "Content-Length: 20\r\n\r\n{");
    intake_stop(&f->intake, 0);
    assert_true(http_is_closed(&c));
    http_close(&c);
}

static void send_stop_and_count(struct fixture *f, int first, int64_t grace_ms)
{
    struct http_client clients[CLIENTS];
    int64_t before = counts(f).waiting_events;
    int answered = 0;
    for (int i = 0; i < CLIENTS; i++)
        http_open(&clients[i], intake_port(f->intake));
    for (int i = 0; i < CLIENTS; i++)
        send_trace(&clients[i], first + i);
    intake_stop(&f->intake, grace_ms);
    for (int i = 0; i < CLIENTS; i++) {
        int status = http_read_status(&clients[i]);
        assert_true(status == 201 || status == 503 || status == -1);
        answered += status == 201;
        http_close(&clients[i]);
    }
    assert_true(counts(f).waiting_events - before >= answered);
}

static void a_stop_loses_nothing_that_was_answered(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS);
    for (int round = 0; round < 10; round++) {
        send_stop_and_count(f, round * CLIENTS, round % 2 ? 5000 : 0);
        start(f);
    }
}

static void *stop_in_time(void *arg)
{
    intake_stop(&((struct fixture *)arg)->intake, HTTP_DEADLINE_MS);
    return NULL;
}

static void a_stop_lets_what_is_under_way_end_and_refuses_the_rest(void **state)
{
    struct fixture *f = *state;
    struct http_client half, c;
    struct http_answer a;
    pthread_t stopping;
    char close_it[16] = "";
    int status = 0;
    uint16_t port = intake_port(f->intake);
    http_open(&half, port);
    http_send_text(&half, PING);
    assert_int_equal(http_read_status(&half), 200);
    begin_body(&half);
    pthread_create(&stopping, NULL, stop_in_time, f);
    while (status != 503) {
        http_open(&c, port);
        http_send_text(&c, PING);
        assert_true(http_read(&c, &a));
        status = a.status;
        http_header(&a, "Connection", close_it, sizeof close_it);
        http_answer_free(&a);
        http_close(&c);
    }
    assert_string_equal(close_it, "close");
    http_send_text(&half, "{}");
    assert_int_equal(http_read_status(&half), 201);
    pthread_join(stopping, NULL);
    http_close(&half);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stop_ends_half_a_request),
        TEST(a_stop_loses_nothing_that_was_answered),
        TEST(a_stop_lets_what_is_under_way_end_and_refuses_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
