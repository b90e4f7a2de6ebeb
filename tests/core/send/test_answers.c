/* What a sender makes of each way in which a server can answer, or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <cmocka.h>

#include "base/text.h"
#include "support/receiver.h"
#include "support/sending.h"

/* With a secret in its URL. */
static int set_up(void **state)
{
    sending_set_up(state);
    struct sending_fixture *f = *state;
    receiver_url(f->receiver, "/hook?key=s3cret", f->url, sizeof f->url);
    return 0;
}

static struct outcome post(struct sending_fixture *f, struct receiver_answer answer)
{
    struct send_request request = sending_request(f->url);
    receiver_answer(f->receiver, answer);
    return sending_post(&f->sending, &request);
}

/* As post(), for what never comes to an end. */
static struct outcome post_briefly(struct sending_fixture *f, struct receiver_answer answer)
{
    struct send_request request = sending_request(f->url);
    request.timeout_ms = 300;
    receiver_answer(f->receiver, answer);
    return sending_post(&f->sending, &request);
}

struct expected {
    struct receiver_answer answer;
    enum outcome_kind kind;
    int status;
    const char *error;
};

static const struct expected ANSWERS[] = {
    {{.status = 200}, OUTCOME_RESPONSE, 200, ""},
    {{.status = 202, .body_size = 100000}, OUTCOME_RESPONSE, 202, ""},
    {{.status = 204}, OUTCOME_RESPONSE, 204, ""},
    {{.how = RECEIVER_CHUNKED, .body_size = 5000}, OUTCOME_RESPONSE, 200, ""},
    {{.how = RECEIVER_UNTIL_CLOSE}, OUTCOME_RESPONSE, 200, ""},
    {{.how = RECEIVER_HTTP10}, OUTCOME_RESPONSE, 200, ""},
    {{.how = RECEIVER_INFORMS}, OUTCOME_RESPONSE, 200, ""},
    {{.status = 301, .headers = "Location: http://169.254.169.254/\r\n"},
     OUTCOME_RESPONSE,
     301,
     ""},
    {{.status = 307, .headers = "Location: /again\r\n"}, OUTCOME_RESPONSE, 307, ""},
    {{.status = 404}, OUTCOME_RESPONSE, 404, ""},
    {{.status = 401, .headers = "WWW-Authenticate: Basic realm=x\r\n"},
     OUTCOME_RESPONSE,
     401,
     ""},
    {{.status = 429}, OUTCOME_RESPONSE, 429, ""},
    {{.status = 500}, OUTCOME_RESPONSE, 500, ""},
    {{.how = RECEIVER_CHUNKED, .status = 503}, OUTCOME_RESPONSE, 503, ""},
    {{.how = RECEIVER_CLOSES},
     OUTCOME_NETWORK,
     0,
     "the connection was closed without an answer"},
    {{.how = RECEIVER_RESETS}, OUTCOME_NETWORK, 0, "the connection was reset"},
    {{.how = RECEIVER_CUTS},
     OUTCOME_NETWORK,
     200,
     "the connection was closed before the answer was complete"},
    {{.how = RECEIVER_CUTS_CHUNKED},
     OUTCOME_NETWORK,
     200,
     "the connection was closed before the answer was complete"},
    {{.how = RECEIVER_BAD_CHUNK},
     OUTCOME_NETWORK,
     200,
     "the answer is malformed (chunked encoding)"},
    {{.how = RECEIVER_GARBAGE}, OUTCOME_NETWORK, 0, "the answer is not HTTP"},
    {{.how = RECEIVER_ENDLESS_HEADERS},
     OUTCOME_NETWORK,
     200,
     "the answer's headers are over 64 KiB"},
    {{.how = RECEIVER_ENDLESS_INFORMS},
     OUTCOME_NETWORK,
     0,
     "the answer's headers are over 64 KiB"},
    {{.how = RECEIVER_ENDLESS, .status = 200}, OUTCOME_RESPONSE, 200, ""},
    {{.how = RECEIVER_ENDLESS, .status = 302}, OUTCOME_RESPONSE, 302, ""},
    {{.how = RECEIVER_ENDLESS, .status = 404}, OUTCOME_RESPONSE, 404, ""},
    {{.how = RECEIVER_ENDLESS, .status = 500}, OUTCOME_RESPONSE, 500, ""},
    {{.status = 200, .body_size = 3 << 20}, OUTCOME_RESPONSE, 200, ""},
    {{.status = 200, .headers = "X-Nul\r\n"}, OUTCOME_NETWORK, 0, NULL},
};

static void judges_each_answer(void **state)
{
    struct sending_fixture *f = *state;
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        const struct expected *e = &ANSWERS[i];
        struct outcome o = post(f, e->answer);
        if (o.kind != e->kind || (e->error && strcmp(o.error, e->error) != 0) ||
            (e->error && o.status != e->status) || o.timed_out)
            fail_msg("answer %zu: %s %d \"%s\"", i, outcome_kind_name(o.kind), o.status,
                     o.error);
        assert_true(o.kind == OUTCOME_RESPONSE || o.error[0]);
        assert_true(text_is_safe(span_of(o.error), TEXT_LINE));
        assert_null(strstr(o.error, "s3cret"));
        assert_null(strstr(o.error, "/hook"));
        assert_int_equal(o.headers_len > 0, o.headers != NULL);
        assert_int_equal(o.body_len > 0, o.body != NULL);
        outcome_free(&o);
    }
}

static void ends_a_header_that_is_cut(void **state)
{
    struct outcome o = post(*state, (struct receiver_answer){.how = RECEIVER_CUTS_HEADERS});
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_int_equal(o.status, 200);
    assert_string_equal(o.error,
                        "the connection was closed before the answer was complete");
    outcome_free(&o);
}

static void follows_no_redirect(void **state)
{
    struct sending_fixture *f = *state;
    char headers[256], url[128];
    receiver_url(f->receiver, "/elsewhere", url, sizeof url);
    snprintf(headers, sizeof headers, "Location: %s\r\n", url);
    struct outcome o = post(f, (struct receiver_answer){.status = 302, .headers = headers});
    assert_int_equal(o.status, 302);
    assert_non_null(strstr(o.headers, "Location: "));
    assert_int_equal(receiver_count(f->receiver), 1);
    outcome_free(&o);
}

static void keeps_the_headers_of_the_final_response_only(void **state)
{
    struct outcome o = post(*state, (struct receiver_answer){.how = RECEIVER_INFORMS,
                                                             .headers = "X-Final: 1\r\n"});
    assert_int_equal(strncmp(o.headers, "HTTP/1.1 200", 12), 0);
    assert_non_null(strstr(o.headers, "X-Final: 1\r\n"));
    assert_null(strstr(o.headers, "X-Inform"));
    outcome_free(&o);
}

static void keeps_the_first_part_of_a_long_body(void **state)
{
    struct outcome o =
        post(*state, (struct receiver_answer){.body = "begin", .body_size = 200000});
    assert_int_equal(o.body_len, OUTCOME_BODY_KEPT);
    assert_int_equal(o.body_total, 200000);
    assert_memory_equal(o.body, "beginxxx", 8);
    outcome_free(&o);
}

static void reads_no_more_than_the_limit_of_a_body(void **state)
{
    struct outcome o = post(*state, (struct receiver_answer){.how = RECEIVER_ENDLESS});
    assert_int_equal(o.kind, OUTCOME_RESPONSE);
    assert_int_equal(o.body_len, OUTCOME_BODY_KEPT);
    assert_in_range(o.body_total, 1 << 20, (1 << 20) + 65536);
    outcome_free(&o);
}

/* Over it, only the connection is lost: it says as much as any other. */
static void reads_a_body_of_just_the_limit(void **state)
{
    struct sending_fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        size_t size = (1 << 20) + (size_t)i;
        struct outcome o = post(f, (struct receiver_answer){.status = 500, .body_size = size});
        assert_int_equal(o.kind, OUTCOME_RESPONSE);
        assert_int_equal(o.status, 500);
        assert_int_equal(receiver_request(f->receiver, (size_t)i)->connection, i < 2 ? 1 : 2);
        outcome_free(&o);
    }
}

static void decodes_nothing(void **state)
{
    struct outcome o =
        post(*state, (struct receiver_answer){.headers = "Content-Encoding: gzip\r\n",
                                              .body = "raw"});
    assert_int_equal(o.kind, OUTCOME_RESPONSE);
    assert_string_equal(o.body, "raw");
    outcome_free(&o);
}

/* ---------------------------------------------------------------- time-outs */

static void names_a_timeout_without_an_answer(void **state)
{
    struct sending_fixture *f = *state;
    struct outcome o = post_briefly(f, (struct receiver_answer){.how = RECEIVER_NEVER});
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_true(o.timed_out);
    assert_int_equal(o.status, 0);
    assert_string_equal(o.error, "timed out after 300 ms (connected, no answer)");
    outcome_free(&o);
}

static void names_a_timeout_on_a_reused_connection(void **state)
{
    struct sending_fixture *f = *state;
    struct outcome o = post(f, (struct receiver_answer){.status = 200});
    outcome_free(&o);
    o = post_briefly(f, (struct receiver_answer){.how = RECEIVER_NEVER});
    assert_int_equal(receiver_request(f->receiver, 1)->connection, 1);
    assert_string_equal(o.error, "timed out after 300 ms (connected, no answer)");
    outcome_free(&o);
}

static void does_not_take_a_dripping_200_for_success(void **state)
{
    struct outcome o =
        post_briefly(*state, (struct receiver_answer){.how = RECEIVER_DRIPS});
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_true(o.timed_out);
    assert_int_equal(o.status, 200);
    assert_string_equal(o.error, "timed out after 300 ms (the answer was not complete)");
    outcome_free(&o);
}

static void names_a_timeout_of_the_tls_handshake(void **state)
{
    struct sending_fixture *f = *state;
    char url[128];
    /* A plain receiver waits for the end of a request that never comes. */
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", receiver_port(f->receiver));
    struct send_request request = sending_request(url);
    request.timeout_ms = 300;
    struct outcome o = sending_post(&f->sending, &request);
    assert_true(o.timed_out);
    assert_string_equal(o.error,
                        "timed out after the connect, before the request (TLS or proxy)");
    outcome_free(&o);
}

/* A listener that accepts nothing: the kernel drops connects once its queue is full. */
static void names_a_timeout_of_the_connect(void **state)
{
    struct sending_fixture *f = *state;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fill[4];
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    for (size_t i = 0; i < 4; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fill[i], (struct sockaddr *)&address, len);
    }
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    struct send_request request = sending_request(url);
    request.connect_timeout_ms = 300;
    struct outcome o = sending_post(&f->sending, &request);
    assert_true(o.timed_out);
    assert_string_equal(o.error, "timed out while connecting");
    outcome_free(&o);
    for (size_t i = 0; i < 4; i++)
        close(fill[i]);
    close(listener);
}

/* ---------------------------------------------------------------- no connection */

static void names_a_refused_connection(void **state)
{
    struct sending_fixture *f = *state;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", receiver_closed_port());
    struct send_request request = sending_request(url);
    struct outcome o = sending_post(&f->sending, &request);
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_int_equal(o.status, 0);
    assert_string_equal(o.error, "connection refused");
    assert_null(o.headers);
    outcome_free(&o);
}

static void names_a_host_that_is_not_known(void **state)
{
    struct sending_fixture *f = *state;
    struct send_request request = sending_request("http://no-such-host.invalid/s3cret");
    struct outcome o = sending_post(&f->sending, &request);
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_string_equal(o.error, "could not resolve the host name");
    outcome_free(&o);
}

/* ---------------------------------------------------------------- Retry-After */

static void reads_retry_after_of_the_final_response(void **state)
{
    static const struct {
        const char *headers;
        int64_t ms;
    } rows[] = {
        {"", -1},
        {"Retry-After: 120\r\n", 120000},
        {"retry-after:7  \r\n", 7000},
        {"Retry-After: Thu, 01 Jan 2026 00:01:30 GMT\r\n", 90000},
        {"Retry-After: Wed, 31 Dec 2025 00:00:00 GMT\r\n", 0},
        {"Retry-After: soon\r\n", -1},
        {"Retry-After: 5\r\nRetry-After: 60\r\nRetry-After: 10\r\n", 60000},
        {"X-Retry-After: 9\r\n", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o = post(
            *state, (struct receiver_answer){.status = 503, .headers = rows[i].headers});
        if (o.retry_after_ms != rows[i].ms)
            fail_msg("row %zu: %lld", i, (long long)o.retry_after_ms);
        outcome_free(&o);
    }
}

/* ---------------------------------------------------------------- figures */

static void tells_address_times_and_start(void **state)
{
    struct sending_fixture *f = *state;
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%d", receiver_port(f->receiver));
    struct outcome o = post(f, (struct receiver_answer){.status = 200});
    assert_string_equal(o.address, address);
    assert_int_equal(o.started_at, 1767225600000);
    assert_true(o.total_us > 0 && o.first_us > 0 && o.connect_us > 0);
    assert_true(o.first_us <= o.total_us && o.connect_us <= o.first_us);
    assert_int_equal(o.tls_us, 0);
    outcome_free(&o);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, sending_tear_down)

/* What comes back of the secrets is covered, whatever stands around it, and nothing else. */
static void secrets_that_are_said_back_are_covered(void **state)
{
    struct sending_fixture *f = *state;
    char url[200];
    struct alert_header headers[] = {{"X-Key", "Basic header-secret"}, {"X-Short", "abc"}};
    receiver_url(f->receiver, "/services/T0/path-secret-1234?key=query-secret-1", url, sizeof url);
    struct send_request request = sending_request(url);
    request.token = "token-secret";
    request.headers = headers;
    request.header_count = 2;
    request.hidden = "routing-secret";
    receiver_answer(f->receiver,
                    (struct receiver_answer){
                        .status = 404,
                        .headers = "X-Echo: Bearer token-secret\r\nServer: abc\r\n",
                        .body = "Cannot POST /services/T0/path-secret-1234?key=query-secret-1 "
                                "\\/path-secret-1234 header-secret routing-secret "
                                "token-secrettoken-secret abc token-secre"});
    struct outcome o = sending_post(&f->sending, &request);
    assert_int_equal(o.status, 404);
    static const char expected[] = "Cannot POST ************************************************"
                                   " \\/**************** ************* ************** "
                                   "************************ abc token-secre";
    assert_int_equal(o.body_len, sizeof expected - 1);
    assert_memory_equal(o.body, expected, o.body_len);
    assert_non_null(memmem(o.headers, o.headers_len, "X-Echo: Bearer ************\r\n", 29));
    assert_non_null(memmem(o.headers, o.headers_len, "Server: abc", 11));
    outcome_free(&o);
}

static void a_secret_at_the_cut_is_covered(void **state)
{
    struct sending_fixture *f = *state;
    static char body[OUTCOME_BODY_KEPT + 100];
    struct send_request request = sending_request(f->url);
    request.token = "token-secret";
    memset(body, 'x', sizeof body - 1);
    memcpy(body + OUTCOME_BODY_KEPT - 8, "token-secret", 12);
    receiver_answer(f->receiver, (struct receiver_answer){.body = body});
    struct outcome o = sending_post(&f->sending, &request);
    assert_int_equal(o.body_len, OUTCOME_BODY_KEPT);
    assert_memory_equal(o.body + OUTCOME_BODY_KEPT - 10, "xx********", 10);
    outcome_free(&o);
}

static void a_secret_that_begins_as_another_is_covered_whole(void **state)
{
    struct sending_fixture *f = *state;
    struct send_request request = sending_request(f->url);
    const struct alert_header header = {.name = "X-Key", .value = "secret-one-and-more"};
    request.token = "secret-one";
    request.headers = &header;
    request.header_count = 1;
    receiver_answer(f->receiver,
                    (struct receiver_answer){.body = "secret-one-and-more secret-one"});
    struct outcome o = sending_post(&f->sending, &request);
    assert_int_equal(o.body_len, 30);
    assert_memory_equal(o.body, "******************* **********", 30);
    outcome_free(&o);
}

/* As one has it who copied a URL where it was shown. */
static void a_secret_of_asterisks_is_covered_once(void **state)
{
    struct sending_fixture *f = *state;
    struct send_request request = sending_request(f->url);
    request.token = "************";
    receiver_answer(f->receiver, (struct receiver_answer){.body = "no ************ here"});
    struct outcome o = sending_post(&f->sending, &request);
    assert_int_equal(o.body_len, 20);
    assert_memory_equal(o.body, "no ************ here", 20);
    outcome_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(judges_each_answer),
        TEST(ends_a_header_that_is_cut),
        TEST(follows_no_redirect),
        TEST(keeps_the_headers_of_the_final_response_only),
        TEST(keeps_the_first_part_of_a_long_body),
        TEST(reads_no_more_than_the_limit_of_a_body),
        TEST(reads_a_body_of_just_the_limit),
        TEST(decodes_nothing),
        TEST(names_a_timeout_without_an_answer),
        TEST(names_a_timeout_on_a_reused_connection),
        TEST(does_not_take_a_dripping_200_for_success),
        TEST(names_a_timeout_of_the_tls_handshake),
        TEST(names_a_timeout_of_the_connect),
        TEST(names_a_refused_connection),
        TEST(names_a_host_that_is_not_known),
        TEST(reads_retry_after_of_the_final_response),
        TEST(tells_address_times_and_start),
        TEST(secrets_that_are_said_back_are_covered),
        TEST(a_secret_at_the_cut_is_covered),
        TEST(a_secret_of_asterisks_is_covered_once),
        TEST(a_secret_that_begins_as_another_is_covered_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
