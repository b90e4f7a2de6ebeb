/* Bodies that the HTTP server takes: types, chunks, gzip, and those over the limit. */
#include <poll.h>
#include <zlib.h>

#include "core/intake/server_fixture.h"

static void bodies_must_be_json_by_their_type(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "POST", TRACES, NULL, "{}", NULL), 415);
    assert_int_equal(ask(f, "POST", TRACES, "Content-Type: text/plain\r\n", "{}", NULL),
                     415);
    assert_int_equal(ask(f, "POST", TRACES, JSON "Content-Encoding: br\r\n", "{}", NULL),
                     415);
    assert_int_equal(ask(f, "POST", TRACES,
                         "Content-Type: application/json;charset=utf-8\r\n", "{}", NULL),
                     201);
    assert_int_equal(ask(f, "POST", TRACES, NULL, "", NULL), 400);
    assert_int_equal(ask(f, "POST", TRACES, NULL, NULL, NULL), 400);
}

static void chunks_and_expectations_are_understood(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask_head(f, "POST " TRACES " HTTP/1.1",
                              "Host: localhost\r\n" JSON
                              "Transfer-Encoding: chunked\r\n\r\n"
                              "1\r\n{\r\n1\r\n}\r\n0\r\n"),
                     201);
    assert_int_equal(ask(f, "POST", TRACES, JSON "Expect: 100-continue\r\n", "{}", NULL),
                     201);
}

static struct span gzip(const char *text, size_t len, unsigned char *out, size_t size)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)len;
    z.next_out = out;
    z.avail_out = (unsigned)size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return (struct span){(char *)out, z.total_out};
}

static int ask_gzip(struct fixture *f, struct span body)
{
    struct http_client c;
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, "POST", TRACES, JSON "Content-Encoding: gzip\r\n", body);
    int status = http_read_status(&c);
    http_close(&c);
    return status;
}

static void gzip_bodies_are_inflated_within_the_limit(void **state)
{
    struct fixture *f = *state;
    unsigned char packed[8192];
    const char *trace = "{\"error_info\":" ERROR_INFO "}";
    struct span body = gzip(trace, strlen(trace), packed, sizeof packed);
    assert_int_equal(ask_gzip(f, body), 201);
    assert_int_equal(counts(f).unmatched, 1);
    assert_int_equal(ask_gzip(f, (struct span){body.at, body.len - 1}), 400);
    assert_int_equal(ask_gzip(f, span_of("not gzip")), 400);
    size_t len = f->options.max_body * 20;
    char *big = malloc(len);
    memset(big, ' ', len);
    memcpy(big, "{}", 2);
    assert_int_equal(ask_gzip(f, gzip(big, f->options.max_body, packed, sizeof packed)),
                     201);
    assert_int_equal(ask_gzip(f, gzip(big, len, packed, sizeof packed)), 413);
    free(big);
}

static void gzip_that_yields_nothing_is_limited_as_well(void **state)
{
    static const char header[10] = "\x1f\x8b\x08\0\0\0\0\0\0\xff";
    static const char empty_block[5] = "\0\0\0\xff\xff";
    struct fixture *f = *state;
    struct buf body;
    buf_init(&body, BUF_UNLIMITED);
    buf_add(&body, header, sizeof header);
    while (body.len <= 2 * f->options.max_body)
        buf_add(&body, empty_block, sizeof empty_block);
    assert_int_equal(ask_gzip(f, buf_span(&body)), 413);
    buf_free(&body);
}

static void a_body_over_the_limit_is_read_before_413(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
    size_t len = f->options.max_body + 1;
    char *big = calloc(1, len);
    memset(big, ' ', len);
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, "POST", TRACES, JSON, (struct span){big, len});
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 413);
    assert_string_equal(a.body.data,
                        "{\"errors\":[\"the body is over the limit of 65536 bytes\"]}");
    http_answer_free(&a);
    http_send_text(&c, PING); /* the connection goes on */
    assert_int_equal(http_read_status(&c), 200);
    http_close(&c);
    free(big);
}

static void a_body_over_twice_the_limit_is_cut_with_413(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    size_t len = 2 * f->options.max_body + 1;
    char head[256], *big = calloc(1, len);
    http_open(&c, intake_port(f->intake));
    snprintf(head, sizeof head,
             "POST %s HTTP/1.1\r\nHost: localhost\r\n" JSON
             "Content-Length: 99999999999\r\n\r\n",
             TRACES);
    http_send_text(&c, head);
    http_send(&c, big, len);
    assert_int_equal(http_read_status(&c), 413);
    assert_true(http_is_closed(&c));
    http_close(&c);
    free(big);
    assert_alive(f);
}

static void reading_on_ends_after_ten_seconds(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    f->options.timeout_ms = 3600 * 1000;
    restart(f);
    http_open(&c, intake_port(f->intake));
    http_send_text(&c, "POST " TRACES " HTTP/1.1\r\nHost: evil.example\r\n" JSON
                       "Content-Length: 60000\r\n\r\n");
    struct pollfd answered = {.fd = c.fd, .events = POLLIN};
    for (int i = 0; i < 2000 && http_send_text(&c, "x"); i++) {
        if (poll(&answered, 1, 10) > 0)
            break;
        f->s.now += 10 * 1000;
    }
    assert_int_equal(http_read_status(&c), 403);
    assert_true(http_is_closed(&c));
    http_close(&c);
}

/* Over the limit, and then it sends nothing more. */
static void a_body_that_stalls_is_answered(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    size_t len = f->options.max_body + 1;
    char head[256], *big = calloc(1, len);
    f->options.timeout_ms = 3600 * 1000;
    restart(f);
    http_open(&c, intake_port(f->intake));
    snprintf(head, sizeof head,
             "POST %s HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: %zu\r\n\r\n", TRACES,
             len + 1000);
    http_send_text(&c, head);
    http_send(&c, big, len);
    assert_true(ages_to_its_end(f, &c, 1000));
    assert_int_equal(http_read_status(&c), 413);
    assert_int_equal(c.in.len, 0); /* once */
    http_close(&c);
    free(big);
    assert_alive(f);
}

#define REFUSED                                                                            \
    "POST " TRACES " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"

/* Its head alone is wrong, and it never sends the body, or half of it. */
static void a_refused_client_that_waits_is_answered(void **state)
{
    static const char *const waits[] = {
        REFUSED "Content-Length: 2\r\n\r\n",
        REFUSED "Content-Length: 2\r\n\r\n{",
        REFUSED "Transfer-Encoding: chunked\r\n\r\n1\r\n",
        "POST " TRACES " HTTP/1.1\r\nHost: evil.example\r\n" JSON
        "Content-Length: 9\r\n\r\n",
    };
    struct fixture *f = *state;
    f->options.timeout_ms = 3600 * 1000;
    restart(f);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        struct http_client c;
        int64_t from = f->s.now;
        http_open(&c, intake_port(f->intake));
        http_send_text(&c, waits[i]);
        assert_true(ages_to_its_end(f, &c, 1));
        assert_true(f->s.now - from < 2000);
        assert_int_equal(http_read_status(&c), strstr(waits[i], "evil") ? 403 : 415);
        assert_int_equal(c.in.len, 0); /* once */
        http_close(&c);
    }
    assert_alive(f);
}

/* What it sends after that is read, so that it does not miss the answer, and is not
 * answered. */
static void a_refused_client_that_is_slow_is_answered_once(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    f->options.timeout_ms = 3600 * 1000;
    restart(f);
    http_open(&c, intake_port(f->intake));
    http_send_text(&c, REFUSED "Content-Length: 4000\r\n\r\n");
    assert_true(ages_to_its_end(f, &c, 1));
    for (int i = 0; i < 4000; i++)
        assert_true(http_send_text(&c, "x"));
    http_send_text(&c, PING);
    assert_int_equal(http_read_status(&c), 415);
    assert_true(http_is_closed(&c));
    assert_int_equal(c.in.len, 0);
    http_close(&c);
    assert_alive(f);
}

static void a_refused_body_that_comes_leaves_the_connection(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    http_open(&c, intake_port(f->intake));
    http_send_text(&c, REFUSED "Content-Length: 2\r\n\r\n{}");
    assert_int_equal(http_read_status(&c), 415);
    f->s.now += 1000;
    http_send_text(&c, PING);
    assert_int_equal(http_read_status(&c), 200);
    http_close(&c);
}

static void a_refused_expectation_is_not_encouraged(void **state)
{
    static const char *const heads[] = {
        REFUSED "Content-Length: 2\r\n",
        REFUSED "Transfer-Encoding: chunked\r\n",
        "PATCH " TRACES "/" TRACE_ID
        " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n",
        "DELETE /nonsense HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct http_client c;
        http_open(&c, intake_port(f->intake));
        http_send_text(&c, heads[i]);
        http_send_text(&c, "Expect: 100-continue\r\n\r\n");
        assert_int_equal(http_read_status(&c), strstr(heads[i], "nonsense") ? 404 : 415);
        assert_true(http_is_closed(&c));
        assert_int_equal(c.in.len, 0);
        http_close(&c);
    }
    assert_alive(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bodies_must_be_json_by_their_type),
        TEST(chunks_and_expectations_are_understood),
        TEST(gzip_bodies_are_inflated_within_the_limit),
        TEST(gzip_that_yields_nothing_is_limited_as_well),
        TEST(a_body_over_the_limit_is_read_before_413),
        TEST(a_body_over_twice_the_limit_is_cut_with_413),
        TEST(reading_on_ends_after_ten_seconds),
        TEST(a_body_that_stalls_is_answered),
        TEST(a_refused_client_that_waits_is_answered),
        TEST(a_refused_client_that_is_slow_is_answered_once),
        TEST(a_refused_body_that_comes_leaves_the_connection),
        TEST(a_refused_expectation_is_not_encouraged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
