/* The header lines of a webhook, as they arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/receiver.h"
#include "support/sending.h"

/* What arrived; the test fails when nothing did. */
static const struct receiver_request *arrived(struct sending_fixture *f,
                                              struct send_request request)
{
    struct outcome o = sending_post(&f->sending, &request);
    assert_string_equal(o.error, "");
    assert_int_equal(o.status, 200);
    outcome_free(&o);
    return receiver_request(f->receiver, receiver_count(f->receiver) - 1);
}

static void assert_header(const struct receiver_request *q, const char *name,
                          const char *value)
{
    char *got = receiver_header(q, name);
    if (!value) {
        assert_null(got);
        return;
    }
    if (!got)
        fail_msg("no %s in %s", name, q->headers);
    assert_string_equal(got, value);
    assert_int_equal(receiver_header_count(q, name), 1);
    free(got);
}

static void sends_the_built_in_ones(void **state)
{
    struct sending_fixture *f = *state;
    const struct receiver_request *q = arrived(f, sending_request(f->url));
    assert_string_equal(q->method, "POST");
    assert_string_equal(q->path, "/hook");
    assert_string_equal(q->body, "{\"id\":1}");
    assert_header(q, "Content-Type", "application/json");
    assert_header(q, "Content-Length", "8");
    assert_header(q, "User-Agent", "opik-alerts/" VERSION);
    assert_header(q, "Accept", "*/*");
    assert_header(q, "Authorization", NULL);
    assert_header(q, "Accept-Encoding", NULL);
    assert_header(q, "Cookie", NULL);
}

static void sends_the_token_as_bearer(void **state)
{
    struct sending_fixture *f = *state;
    struct send_request request = sending_request(f->url);
    request.token = "s3cret token";
    assert_header(arrived(f, request), "Authorization", "Bearer s3cret token");
    request.token = "";
    assert_header(arrived(f, request), "Authorization", NULL);
}

static void replaces_each_built_in_by_a_custom_one(void **state)
{
    struct sending_fixture *f = *state;
    struct alert_header headers[] = {
        {"content-TYPE", "application/vnd.custom+json"},
        {"USER-agent", "mine/1"},
        {"authorization", "Basic Zm9v"},
        {"accept", "text/plain"},
        {"X-Team", "on call: ünïcode"},
    };
    struct send_request request = sending_request(f->url);
    request.token = "not this one";
    request.headers = headers;
    request.header_count = sizeof headers / sizeof *headers;
    const struct receiver_request *q = arrived(f, request);
    for (size_t i = 0; i < request.header_count; i++)
        assert_header(q, headers[i].name, headers[i].value);
    assert_null(strstr(q->headers, "not this one"));
}

static void sends_no_expect_before_a_large_body(void **state)
{
    struct sending_fixture *f = *state;
    struct send_request request = sending_request(f->url);
    request.body_len = 3 << 20;
    char *body = malloc(request.body_len);
    memset(body, 'b', request.body_len);
    request.body = body;
    const struct receiver_request *q = arrived(f, request);
    assert_header(q, "Expect", NULL);
    assert_int_equal(q->body_len, request.body_len);
    free(body);
}

static void sends_an_empty_body(void **state)
{
    struct sending_fixture *f = *state;
    struct send_request request = sending_request(f->url);
    request.body = NULL;
    request.body_len = 0;
    assert_header(arrived(f, request), "Content-Length", "0");
}

static void sends_a_body_with_zero_bytes(void **state)
{
    struct sending_fixture *f = *state;
    struct send_request request = sending_request(f->url);
    request.body = "a\0b\r\n\r\nc";
    request.body_len = 8;
    const struct receiver_request *q = arrived(f, request);
    assert_int_equal(q->body_len, 8);
    assert_memory_equal(q->body, request.body, 8);
}

/* ---------------------------------------------------------------- what is never sent */

struct vector {
    const char *name, *value, *token;
};

static const struct vector VECTORS[] = {
    {"X-A", "v\r\nX-Injected: 1", NULL},
    {"X-A", "v\nX-Injected: 1", NULL},
    {"X-A", "v\rX-Injected: 1", NULL},
    {"X-A", "\r\n\r\n{\"body\":1}", NULL},
    {"X-A", "v\x01", NULL},
    {"X-A", "v\x1b[31m", NULL},
    {"X-A", "v\x7f", NULL},
    {"X-A", "", NULL},
    {"X-A", "  ", NULL},
    {"X-A\r\nX-Injected", "1", NULL},
    {"X-A: 1\r\nX-Injected", "1", NULL},
    {"X A", "1", NULL},
    {"X-A:", "1", NULL},
    {"X-A;", "1", NULL},
    {"", "1", NULL},
    {"X-\xc3\xa4", "1", NULL},
    {"Host", "elsewhere", NULL},
    {"host", "elsewhere", NULL},
    {"Content-Length", "0", NULL},
    {"Transfer-Encoding", "chunked", NULL},
    {"Connection", "close", NULL},
    {"Expect", "100-continue", NULL},
    {"TE", "trailers", NULL},
    {"Trailer", "X", NULL},
    {"Upgrade", "h2c", NULL},
    {NULL, NULL, "t\r\nX-Injected: 1"},
    {NULL, NULL, "t\nX-Injected: 1"},
    {NULL, NULL, "t\tt"},
    {NULL, NULL, "t\x7f"},
    {NULL, NULL, "\x1b"},
    {NULL, NULL, "\x1f"},
};

static void sends_nothing_that_could_inject(void **state)
{
    struct sending_fixture *f = *state;
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
        struct alert_header header = {(char *)VECTORS[i].name, (char *)VECTORS[i].value};
        struct send_request request = sending_request(f->url);
        request.headers = &header;
        request.header_count = header.name != NULL;
        request.token = VECTORS[i].token;
        struct outcome o = sending_post(&f->sending, &request);
        if (o.kind != OUTCOME_FORBIDDEN || strncmp(o.error, "not sent: ", 10) != 0)
            fail_msg("vector %zu: %s", i, o.error);
        outcome_free(&o);
    }
    assert_int_equal(receiver_count(f->receiver), 0);
}

static void sends_no_header_twice(void **state)
{
    struct sending_fixture *f = *state;
    struct alert_header headers[] = {{"X-A", "1"}, {"X-B", "2"}, {"x-a", "3"}};
    struct send_request request = sending_request(f->url);
    request.headers = headers;
    request.header_count = 3;
    struct outcome o = sending_post(&f->sending, &request);
    assert_int_equal(o.kind, OUTCOME_FORBIDDEN);
    outcome_free(&o);
}

static void calls_done_of_a_refused_one_not_before_the_turn(void **state)
{
    struct sending_fixture *f = *state;
    struct send_request request = sending_request("ftp://127.0.0.1/");
    struct sent sent = {0};
    assert_non_null(sender_start(f->sending.sender, &request, sending_done, &sent));
    assert_int_equal(sent.count, 0);
    assert_int_equal(sender_turn(f->sending.sender, 0), 0);
    assert_int_equal(sent.count, 1);
    assert_int_equal(sent.outcome.kind, OUTCOME_FORBIDDEN);
}

/* ---------------------------------------------------------------- for showing */

static void shows_what_is_sent_without_its_secrets(void **state)
{
    struct sending_fixture *f = *state;
    struct alert_header headers[] = {{"X-Api-Key", "sk-0123456789abcdef"},
                                     {"Accept", "text/plain"}};
    struct send_request request = sending_request(f->url);
    request.token = "0123456789abcdefghij";
    request.headers = headers;
    request.header_count = 2;
    struct buf shown;
    buf_init(&shown, BUF_UNLIMITED);
    assert_true(send_show_headers(&request, &shown));
    assert_string_equal(buf_text(&shown), "Content-Type: application/json\n"
                                          "User-Agent: opik-alerts/" VERSION "\n"
                                          "Authorization: Bearer 012**************hij\n"
                                          "X-Api-Key: sk-*************def\n"
                                          "Accept: **********\n");
    buf_clear(&shown);
    request.token = NULL;
    request.header_count = 0;
    assert_true(send_show_headers(&request, &shown));
    assert_string_equal(buf_text(&shown), "Accept: */*\nContent-Type: application/json\n"
                                          "User-Agent: opik-alerts/" VERSION "\n");
    buf_free(&shown);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sending_set_up, sending_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_the_built_in_ones),
        TEST(sends_the_token_as_bearer),
        TEST(replaces_each_built_in_by_a_custom_one),
        TEST(sends_no_expect_before_a_large_body),
        TEST(sends_an_empty_body),
        TEST(sends_a_body_with_zero_bytes),
        TEST(sends_nothing_that_could_inject),
        TEST(sends_no_header_twice),
        TEST(calls_done_of_a_refused_one_not_before_the_turn),
        TEST(shows_what_is_sent_without_its_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
