/* The HTTP server itself: who may ask, paths without an answer, garbage and heads too long.
 * Its bodies, connections, addresses and end have tests of their own beside this one. */
#include "core/intake/server_fixture.h"

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
        {"GET http://localhost:5173/is-alive/ping HTTP/1.1", "Host: evil.example\r\n", 200},
        {"GET HTTP://localhost/api/is-alive/ping HTTP/1.1", "Host: localhost\r\n", 200},
        {"GET http://evil.example/is-alive/ping HTTP/1.1", "Host: localhost\r\n", 403},
        {"GET http:///is-alive/ping HTTP/1.1", "Host: localhost\r\n", 403},
        {"GET http://localhost HTTP/1.1", "Host: localhost\r\n", 404},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = ask_head(f, cases[i].line, cases[i].headers);
        if (status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].line, cases[i].headers, status);
    }
}

/* Whoever sees another end of the body than we do could be made to pass on a request in it.
 */
static void bodies_of_unclear_length_are_refused(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Content-Length: 2\r\n\r\n{}", 201},
        {"Transfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 201},
        {"Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}  ", 400},
        {"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
        {"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
         400},
        {"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400},
        {"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
         "2\r\n{}\r\n0\r\n\r\n",
         400},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_client c;
        http_open(&c, intake_port(f->intake));
        http_send_text(&c, "POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON);
        http_send_text(&c, cases[i].headers);
        if (cases[i].status == 400) {
            http_send_text(&c, PING);
            assert_true(ages_to_its_end(f, &c, 1)); /* no PING is taken from there */
        }
        int status = http_read_status(&c);
        if (status != cases[i].status)
            fail_msg("%s: %d", cases[i].headers, status);
        assert_int_equal(c.in.len, 0);
        http_close(&c);
    }
}

/* A path or a value would end there. */
static void an_encoded_nul_ends_nothing(void **state)
{
    struct fixture *f = *state;
    char *answer;
    assert_int_equal(ask(f, "GET", "/is-alive/ping%00x", NULL, NULL, NULL), 404);
    assert_int_equal(ask(f, "GET", "/is-alive%2fping", NULL, NULL, NULL), 200);
    free(answer_of(f, 201, "POST", "projects", "{\"name\":\"ab\"}"));
    answer = answer_of(f, 200, "GET", "projects?name=a%62", NULL);
    assert_non_null(strstr(answer, "\"total\":1"));
    free(answer);
    answer = answer_of(f, 200, "GET", "projects?name=a%00b", NULL);
    assert_non_null(strstr(answer, "\"total\":0"));
    free(answer);
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
    /* In the locale of a service, which is that of this test. */
    assert_int_equal(ask(f, "GET", "/is-alive/ping",
                         "Comet-Workspace: S\xc3\xbc"
                         "d \xe6\x97\xa5\r\n",
                         NULL, NULL),
                     200);
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
        {"PATCH", "/api/v1/private/alerts", 405, "takes another method: GET, HEAD, POST"},
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

static void head_is_get_without_its_body(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
    char length[64];
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, "HEAD", "/api/v1/private/prompts", NULL, (struct span){NULL, 0});
    assert_true(http_read_head(&c, &a));
    assert_int_equal(a.status, 200);
    assert_true(http_header(&a, "Content-Length", length, sizeof length));
    assert_true(atoi(length) > 20);
    http_answer_free(&a);
    http_send_text(&c, PING);
    assert_int_equal(http_read_status(&c), 200);
    assert_int_equal(c.in.len, 0);
    http_close(&c);
}

static void other_methods_are_answered_405_with_allow(void **state)
{
    static const struct {
        const char *method, *path, *allow;
    } cases[] = {
        {"PUT", "/api/v1/private/prompts", "POST, GET, HEAD"},
        {"HEAD", "/api/v1/private/prompts/delete", "POST"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_client c;
        struct http_answer a;
        char allow[64];
        http_open(&c, intake_port(f->intake));
        http_send_request(&c, cases[i].method, cases[i].path, NULL, (struct span){NULL, 0});
        assert_true(http_read_head(&c, &a));
        assert_int_equal(a.status, 405);
        assert_true(http_header(&a, "Allow", allow, sizeof allow));
        assert_string_equal(allow, cases[i].allow);
        http_answer_free(&a);
        http_close(&c);
    }
}

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
        http_open(&c, intake_port(f->intake));
        http_send(&c, cases[i].bytes, cases[i].len);
        shutdown(c.fd, SHUT_WR);
        if (cases[i].status != 0) {
            int status = http_read_status(&c);
            if (status != cases[i].status)
                fail_msg("case %zu: %d", i, status);
        }
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
    } rows[] = {
        {4096, 1000, 200}, {4096, 5000, 431}, {65536, 50000, 200}, {65536, 70000, 431}};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(strangers_are_refused_before_routing),
        TEST(an_api_key_must_be_equal),
        TEST(bodies_of_unclear_length_are_refused),
        TEST(an_encoded_nul_ends_nothing),
        TEST(workspaces_are_plain_and_short),
        TEST(paths_without_an_answer_say_so),
        TEST(head_is_get_without_its_body),
        TEST(other_methods_are_answered_405_with_allow),
        TEST(garbage_is_survived),
        TEST(heads_over_the_memory_are_refused),
        TEST(the_limit_of_heads_is_a_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
