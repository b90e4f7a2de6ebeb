/* The HTTP server itself: who may ask, bodies of every kind, time, garbage, and its end. */
#include <poll.h>
#include <pthread.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include "core/intake/fixture.h"

#define TRACES "/api/v1/private/traces"
#define PING   "GET /is-alive/ping HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void assert_alive(struct fixture *f)
{
    assert_int_equal(ask(f, "GET", "/is-alive/ping", NULL, NULL, NULL), 200);
}

/* The status of the answer to raw bytes; -1: none came. */
static int ask_raw(struct fixture *f, const char *bytes, size_t len)
{
    struct http_client c;
    struct http_answer a;
    http_open(&c, intake_port(f->intake));
    http_send(&c, bytes, len);
    shutdown(c.fd, SHUT_WR);
    int status = http_read(&c, &a) ? a.status : -1;
    http_answer_free(&a);
    http_close(&c);
    return status;
}

static int ask_head(struct fixture *f, const char *line, const char *headers)
{
    char text[2048];
    int len = snprintf(text, sizeof text, "%s\r\n%s\r\n", line, headers);
    return ask_raw(f, text, (size_t)len);
}

/* ------------------------------------------------------------------ who may ask */

static void strangers_are_refused_before_routing(void **state)
{
    static const struct {
        const char *line, *headers;
        int status;
    } cases[] = {
        {"GET /is-alive/ping HTTP/1.1", "Host: localhost:5173\r\n", 200},
        {"GET /is-alive/ping HTTP/1.1", "Host: [::1]\r\n", 200},
        {"GET /is-alive/ping HTTP/1.1", "Host: evil.example\r\n", 403},
        {"GET /nonsense HTTP/1.1", "Host: evil.example\r\n", 403},
        {"GET /is-alive/ping HTTP/1.0", "", 403},
        {"GET /is-alive/ping HTTP/1.1", "Host: localhost\r\nHost: evil.example\r\n", 403},
        {"GET /is-alive/ping HTTP/1.1", "Host: localhost\r\nOrigin: http://localhost\r\n",
         403},
        {"GET /is-alive/ping HTTP/1.1", "Host: localhost\r\nOrigin: null\r\n", 403},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = ask_head(f, cases[i].line, cases[i].headers);
        if (status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].line, cases[i].headers, status);
    }
}

static void an_api_key_must_be_equal(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Authorization: secret\r\n", 200},
        {"authorization: secret\r\n", 200},
        {"Authorization: Bearer secret\r\n", 401},
        {"Authorization: secre\r\n", 401},
        {"Authorization: \r\n", 401},
        {"", 401},
    };
    struct fixture *f = *state;
    f->options.api_key = "secret";
    restart(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(ask(f, "GET", "/is-alive/ping", cases[i].headers, NULL, NULL),
                         cases[i].status);
    assert_int_equal(ask(f, "GET", "/nonsense", NULL, NULL, NULL), 401);
}

static void workspaces_are_plain_and_short(void **state)
{
    struct fixture *f = *state;
    char header[512], name[152] = "";
    memset(name, 'w', 151);
    snprintf(header, sizeof header, "Comet-Workspace: %.150s\r\n", name);
    assert_int_equal(ask(f, "GET", "/is-alive/ping", header, NULL, NULL), 200);
    snprintf(header, sizeof header, "Comet-Workspace: %s\r\n", name);
    assert_int_equal(ask(f, "GET", "/is-alive/ping", header, NULL, NULL), 400);
    assert_int_equal(
        ask(f, "GET", "/is-alive/ping", "Comet-Workspace: a\x1b[1m\r\n", NULL, NULL), 400);
    assert_int_equal(
        ask(f, "GET", "/is-alive/ping", "Comet-Workspace: a\xff\r\n", NULL, NULL), 400);
}

static void paths_without_an_answer_say_so(void **state)
{
    static const struct {
        const char *method, *path;
        int status;
        const char *words;
    } cases[] = {
        {"PATCH", "/api/v1/private/alerts", 405, "takes another method: GET, POST"},
        {"GET", "/v1/private/datasets", 404, "not served here: /v1/private/datasets"},
        {"GET", "/nonsense", 404, "there is no such path: /nonsense"},
        {"GET", "/%1b%5b1m%22", 404, "there is no such path: /\\\\x1b[1m\\\""},
        {"PUT", TRACES, 405, "takes another method: POST"},
        {"OPTIONS", TRACES, 405, "takes another method: POST"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *answer;
        int status = ask(f, cases[i].method, cases[i].path, NULL, NULL, &answer);
        if (status != cases[i].status || !strstr(answer, cases[i].words))
            fail_msg("%s %s: %d %s", cases[i].method, cases[i].path, status, answer);
        free(answer);
    }
}

static void head_is_answered_405_with_allow(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
    char allow[64];
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, "HEAD", "/api/v1/private/prompts", NULL, (struct span){NULL, 0});
    assert_true(http_read_head(&c, &a));
    assert_int_equal(a.status, 405);
    assert_true(http_header(&a, "Allow", allow, sizeof allow));
    assert_string_equal(allow, "POST, GET");
    http_answer_free(&a);
    http_close(&c);
}

/* ------------------------------------------------------------------ bodies */

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
    struct http_answer a;
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, "POST", TRACES, JSON "Content-Encoding: gzip\r\n", body);
    int status = http_read(&c, &a) ? a.status : -1;
    http_answer_free(&a);
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
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 200);
    http_answer_free(&a);
    http_close(&c);
    free(big);
}

static void a_body_over_twice_the_limit_is_cut_with_413(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
    size_t len = 2 * f->options.max_body + 1;
    char head[256], *big = calloc(1, len);
    http_open(&c, intake_port(f->intake));
    snprintf(head, sizeof head,
             "POST %s HTTP/1.1\r\nHost: localhost\r\n" JSON
             "Content-Length: 99999999999\r\n\r\n",
             TRACES);
    http_send_text(&c, head);
    http_send(&c, big, len);
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 413);
    assert_true(http_is_closed(&c));
    http_answer_free(&a);
    http_close(&c);
    free(big);
    assert_alive(f);
}

static void reading_on_ends_after_ten_seconds(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
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
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 403);
    assert_true(http_is_closed(&c));
    http_answer_free(&a);
    http_close(&c);
}

/* ------------------------------------------------------------------ time */

/* Lets time pass until the connection is ended: when the server took what was sent before
 * is not known, so once may not be enough. */
static bool ages_to_its_end(struct fixture *f, struct http_client *c, int64_t step_ms)
{
    struct pollfd closed = {.fd = c->fd, .events = POLLIN};
    for (int i = 0; i < 2000 && poll(&closed, 1, 10) == 0; i++) {
        struct http_client other; /* makes the sweeper look */
        http_open(&other, intake_port(f->intake));
        f->s.now += step_ms;
        http_close(&other);
    }
    return http_is_closed(c);
}

static void a_slow_request_is_ended(void **state)
{
    static const char *const beginnings[] = {
        "",
        "POST " TRACES,
        "POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
        "Content-Length: 20\r\n\r\n{",
    };
    struct fixture *f = *state;
    f->options.timeout_ms = 20;
    restart(f);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        struct http_client c;
        struct http_answer a;
        http_open(&c, intake_port(f->intake));
        http_send_text(&c, PING);
        assert_true(http_read(&c, &a));
        http_send_text(&c, beginnings[i]);
        assert_true(ages_to_its_end(f, &c, 75 * 1000 + 20));
        http_answer_free(&a);
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

/* ------------------------------------------------------------------ garbage */

static void garbage_is_survived(void **state)
{
    static const struct {
        int status; /* 0: none is waited for */
        size_t len;
        const char *bytes;
    } cases[] = {
#define BYTES(text) sizeof text - 1, text
        {0, BYTES("")},
        {0, BYTES("\0\0\0\0\0\0\0\0\r\n\r\n")},
        {0, BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")},
        {0, BYTES("POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
                  "Content-Length: 9\r\n\r\n{")},
        {-1, BYTES("GET\r\n\r\n")},
        {505, BYTES("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n")},
        {404, BYTES("GET /%00%ff%zz HTTP/1.1\r\nHost: localhost\r\n\r\n")},
        {400, BYTES("GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n")},
        {400, BYTES("GET / HTTP/1.1\r\n: nothing\r\n\r\n")},
        {400, BYTES("POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n"
                    "Content-Length: -1\r\n\r\n{}")},
        {413, BYTES("POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n"
                    "Content-Length: 99999999999999999999999\r\n\r\n{}")},
        {400, BYTES("POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
                    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}")},
        {400, BYTES("POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
                    "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")},
#undef BYTES
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_client c;
        struct http_answer a = {0};
        http_open(&c, intake_port(f->intake));
        http_send(&c, cases[i].bytes, cases[i].len);
        shutdown(c.fd, SHUT_WR);
        if (cases[i].status != 0) {
            int status = http_read(&c, &a) ? a.status : -1;
            if (status != cases[i].status)
                fail_msg("case %zu: %d", i, status);
        }
        http_answer_free(&a);
        http_close(&c);
        assert_alive(f);
    }
}

static void heads_over_the_memory_are_refused(void **state)
{
    struct fixture *f = *state;
    size_t len = 100 * 1000;
    char *text = malloc(len);
    memset(text, 'a', len);
    memcpy(text, "GET /", 5);
    assert_true(ask_raw(f, text, len) >= 400 || ask_raw(f, text, len) == -1);
    memcpy(text, "GET / HTTP/1.1\r\nX: ", 19);
    assert_true(ask_raw(f, text, len) >= 400 || ask_raw(f, text, len) == -1);
    free(text);
    assert_alive(f);
}

static void the_limit_of_heads_is_a_setting(void **state)
{
    static const struct {
        size_t limit, header;
        int status;
    } rows[] = {{4096, 1000, 200}, {4096, 5000, 431}, {65536, 50000, 200}, {65536, 70000, 431}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf text;
        f->options.max_headers = rows[i].limit;
        restart(f);
        buf_init(&text, BUF_UNLIMITED);
        buf_add_text(&text, "GET /is-alive/ping HTTP/1.1\r\nHost: localhost\r\nX: ");
        for (size_t k = 0; k < rows[i].header; k++)
            buf_add_char(&text, 'a');
        buf_add_text(&text, "\r\n\r\n");
        int status = ask_raw(f, text.data, text.len);
        if (status != rows[i].status)
            fail_msg("%zu of %zu: %d", rows[i].header, rows[i].limit, status);
        buf_free(&text);
    }
}

/* ------------------------------------------------------------------ many at once */

enum { CLIENTS = 100 };

static void send_trace(struct http_client *c, int n)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"id\":\"0193a000-0000-7000-8000-%012x\",\"error_info\":" ERROR_INFO "}", n);
    http_send_request(c, "POST", TRACES, JSON, span_of(body));
}

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
        for (int i = 0; i < CLIENTS; i++) {
            struct http_answer a;
            assert_true(http_read(&clients[i], &a));
            assert_int_equal(a.status, 201);
            http_answer_free(&a);
        }
        assert_int_equal(counts(f).waiting_events, (round + 1) * CLIENTS);
    }
    for (int i = 0; i < CLIENTS; i++)
        http_close(&clients[i]);
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
    struct http_answer a;
    f->options.connections = 2;
    f->options.timeout_ms = 3600 * 1000;
    restart(f);
    http_open(&body, intake_port(f->intake));
    http_send_text(&body, "POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
                          "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    while (!strstr(buf_text(&body.in), "100 Continue")) /* so its body is waited for */
        assert_true(http_receive(&body));
    http_open(&half, intake_port(f->intake));
    http_send_text(&half, "GET /is-al");
    assert_true(ages_to_its_end(f, &half, 500));
    buf_clear(&body.in);
    http_send_text(&body, "{}");
    assert_true(http_read(&body, &a));
    assert_int_equal(a.status, 201);
    http_answer_free(&a);
    http_close(&half);
    http_close(&body);
}

static void requests_in_a_row_are_answered_in_a_row(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
    http_open(&c, intake_port(f->intake));
    for (int i = 0; i < 20; i++)
        send_trace(&c, i);
    http_send_text(&c, PING);
    for (int i = 0; i <= 20; i++) {
        assert_true(http_read(&c, &a));
        assert_int_equal(a.status, i < 20 ? 201 : 200);
        http_answer_free(&a);
    }
    http_close(&c);
}

/* ------------------------------------------------------------------ its end */

static void a_stop_ends_half_a_request(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
    http_open(&c, intake_port(f->intake));
    http_send_text(&c, PING);
    assert_true(http_read(&c, &a));
    http_answer_free(&a);
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
        struct http_answer a;
        if (http_read(&clients[i], &a)) {
            assert_true(a.status == 201 || a.status == 503);
            answered += a.status == 201;
        }
        http_answer_free(&a);
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
    assert_true(http_read(&half, &a));
    http_answer_free(&a);
    http_send_text(&half, "POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
                          "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    while (!strstr(buf_text(&half.in), "100 Continue")) /* so it is under way */
        assert_true(http_receive(&half));
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
    assert_true(http_read(&half, &a));
    assert_int_equal(a.status, 201);
    pthread_join(stopping, NULL);
    http_answer_free(&a);
    http_close(&half);
}

static void a_stopped_port_is_free(void **state)
{
    struct fixture *f = *state;
    f->options.port = intake_port(f->intake);
    assert_alive(f);
    restart(f);
    assert_int_equal(intake_port(f->intake), f->options.port);
    assert_alive(f);
}

static void a_port_in_use_is_said(void **state)
{
    struct fixture *f = *state;
    struct intake_options options = f->options;
    struct err err;
    char words[64], url[64];
    options.port = intake_port(f->intake);
    assert_null(intake_start(&options, &err));
    assert_int_equal(err.code, ERR_BUSY);
    snprintf(words, sizeof words, "port %u on 127.0.0.1 is in use", options.port);
    assert_string_equal(err.text, words);
    intake_url(f->intake, url, sizeof url);
    snprintf(words, sizeof words, "http://127.0.0.1:%u/api", options.port);
    assert_string_equal(url, words);
}

static void only_numeric_addresses_are_listened_on(void **state)
{
    struct fixture *f = *state;
    struct err err;
    f->options.host = "localhost";
    restart(f);
    assert_alive(f);
    struct intake_options options = f->options;
    options.host = "jump.example";
    assert_null(intake_start(&options, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void an_ipv6_address_has_brackets_in_the_url(void **state)
{
    struct fixture *f = *state;
    struct intake_options options = f->options;
    struct err err;
    char url[64], words[64];
    options.host = "::1";
    struct intake *other = intake_start(&options, &err);
    if (!other && err.code == ERR_IO)
        skip(); /* no IPv6 here */
    assert_non_null(other);
    intake_url(other, url, sizeof url);
    snprintf(words, sizeof words, "http://[::1]:%u/api", intake_port(other));
    assert_string_equal(url, words);
    intake_stop(&other, 0);
    assert_null(other);
}

/* ------------------------------------------------------------------ a Unix socket */

struct place {
    char dir[64], path[80], host[96];
};

static void place_make(struct fixture *f, struct place *p)
{
    snprintf(p->dir, sizeof p->dir, "/tmp/test-intake-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/socket", p->dir);
    snprintf(p->host, sizeof p->host, "unix:%s", p->path);
    f->options.host = p->host;
}

static void place_remove(struct fixture *f, struct place *p)
{
    intake_stop(&f->intake, 0);
    unlink(p->path);
    assert_int_equal(rmdir(p->dir), 0);
}

static int ask_unix(const struct place *p, const char *path, const char *body)
{
    struct http_client c;
    struct http_answer a;
    http_open_unix(&c, p->path);
    http_send_request(&c, body ? "POST" : "GET", path, body ? JSON : NULL, span_of(body));
    int status = http_read(&c, &a) ? a.status : -1;
    http_answer_free(&a);
    http_close(&c);
    return status;
}

static void a_unix_socket_does_as_well(void **state)
{
    struct fixture *f = *state;
    struct place p;
    struct stat st;
    char url[128];
    place_make(f, &p);
    mode_t old = umask(0);
    restart(f);
    umask(old);
    assert_int_equal(lstat(p.path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(ask_unix(&p, "/is-alive/ping", NULL), 200);
    assert_int_equal(ask_unix(&p, TRACES, "{}"), 201);
    assert_int_equal(ask_unix(&p, "/api/v1/private/alerts", NULL), 200); /* we are its owner */
    intake_url(f->intake, url, sizeof url);
    assert_string_equal(url, p.host);
    intake_stop(&f->intake, 0);
    assert_int_equal(lstat(p.path, &st), -1);
    place_remove(f, &p);
}

static void a_socket_that_nobody_answers_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct place p;
    struct err err;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    place_make(f, &p);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", p.path);
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&at, sizeof at), 0);
    close(dead); /* as after kill -9 */
    restart(f);
    assert_int_equal(ask_unix(&p, "/is-alive/ping", NULL), 200);
    assert_null(intake_start(&f->options, &err)); /* and one that is answered is not */
    assert_int_equal(err.code, ERR_BUSY);
    assert_non_null(strstr(err.text, "socket is in use"));
    assert_int_equal(ask_unix(&p, "/is-alive/ping", NULL), 200);
    place_remove(f, &p);
}

static void refuses_the_place(struct fixture *f, const char *words)
{
    struct err err = {0};
    assert_null(intake_start(&f->options, &err));
    if (err.code != ERR_DENIED || !strstr(err.text, words))
        fail_msg("%d %s, not: %s", err.code, err.text, words);
}

static void a_socket_stands_in_no_place_of_others(void **state)
{
    struct fixture *f = *state;
    struct place p;
    char link[96], through[128];
    place_make(f, &p);
    close(open(p.path, O_CREAT | O_WRONLY, 0600));
    refuses_the_place(f, "no socket");
    assert_int_equal(unlink(p.path), 0);
    assert_int_equal(symlink("/tmp/elsewhere-test-intake", p.path), 0);
    refuses_the_place(f, "no socket");
    assert_int_equal(unlink(p.path), 0);
    assert_int_equal(chmod(p.dir, 0777), 0);
    refuses_the_place(f, "other users can write");
    assert_int_equal(chmod(p.dir, 0700), 0);
    snprintf(link, sizeof link, "%s-link", p.dir);
    snprintf(through, sizeof through, "unix:%s/socket", link);
    assert_int_equal(symlink(p.dir, link), 0);
    f->options.host = through;
    refuses_the_place(f, "symbolic link");
    assert_int_equal(unlink(link), 0);
    f->options.host = "unix:/tmp/test-intake-socket"; /* belongs to root, others can write */
    refuses_the_place(f, geteuid() == 0 ? "other users can write" : "another user");
    f->options.host = p.host;
    if (geteuid() == 0) {
        assert_int_equal(chown(p.dir, 12345, 12345), 0);
        refuses_the_place(f, "another user");
        assert_int_equal(chown(p.dir, 0, 0), 0);
    }
    place_remove(f, &p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(strangers_are_refused_before_routing),
        TEST(an_api_key_must_be_equal),
        TEST(workspaces_are_plain_and_short),
        TEST(paths_without_an_answer_say_so),
        TEST(head_is_answered_405_with_allow),
        TEST(bodies_must_be_json_by_their_type),
        TEST(chunks_and_expectations_are_understood),
        TEST(gzip_bodies_are_inflated_within_the_limit),
        TEST(gzip_that_yields_nothing_is_limited_as_well),
        TEST(a_body_over_the_limit_is_read_before_413),
        TEST(a_body_over_twice_the_limit_is_cut_with_413),
        TEST(reading_on_ends_after_ten_seconds),
        TEST(a_slow_request_is_ended),
        TEST(a_slow_first_head_is_ended),
        TEST(garbage_is_survived),
        TEST(heads_over_the_memory_are_refused),
        TEST(the_limit_of_heads_is_a_setting),
        TEST(many_connections_commit_at_once_and_go_on),
        TEST(slow_clients_keep_nobody_out),
        TEST(the_slowest_goes_first),
        TEST(requests_in_a_row_are_answered_in_a_row),
        TEST(a_stop_ends_half_a_request),
        TEST(a_stop_loses_nothing_that_was_answered),
        TEST(a_stop_lets_what_is_under_way_end_and_refuses_the_rest),
        TEST(a_stopped_port_is_free),
        TEST(a_port_in_use_is_said),
        TEST(only_numeric_addresses_are_listened_on),
        TEST(an_ipv6_address_has_brackets_in_the_url),
        TEST(a_unix_socket_does_as_well),
        TEST(a_socket_that_nobody_answers_is_replaced),
        TEST(a_socket_stands_in_no_place_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
