/* Raw requests to an intake, for the tests of the HTTP server itself. */
#ifndef TESTS_INTAKE_SERVER_FIXTURE_H
#define TESTS_INTAKE_SERVER_FIXTURE_H

#include <poll.h>
#include <sys/socket.h>

#include "core/intake/fixture.h"

#define TRACES "/api/v1/private/traces"
#define PING   "GET /is-alive/ping HTTP/1.1\r\nHost: localhost\r\n\r\n"

static inline void assert_alive(struct fixture *f)
{
    assert_int_equal(ask(f, "GET", "/is-alive/ping", NULL, NULL, NULL), 200);
}

/* The status of the answer to raw bytes; -1: none came. */
static inline int ask_raw(struct fixture *f, const char *bytes, size_t len)
{
    struct http_client c;
    http_open(&c, intake_port(f->intake));
    http_send(&c, bytes, len);
    shutdown(c.fd, SHUT_WR);
    int status = http_read_status(&c);
    http_close(&c);
    return status;
}

static inline int ask_head(struct fixture *f, const char *line, const char *headers)
{
    char text[2048];
    int len = snprintf(text, sizeof text, "%s\r\n%s\r\n", line, headers);
    return ask_raw(f, text, (size_t)len);
}

/* The head of a request whose body is waited for: "{}", which is still to be sent. */
static inline void begin_body(struct http_client *c)
{
    http_send_text(c, "POST " TRACES " HTTP/1.1\r\nHost: localhost\r\n" JSON
                      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    while (!strstr(buf_text(&c->in), "100 Continue"))
        assert_true(http_receive(c));
}

/* Lets time pass until the connection is ended: when the server took what was sent before
 * is not known, so once may not be enough. */
static inline bool ages_to_its_end(struct fixture *f, struct http_client *c, int64_t step_ms)
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

enum { CLIENTS = 100 };

static inline void send_trace(struct http_client *c, int n)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"id\":\"0193a000-0000-7000-8000-%012x\",\"error_info\":" ERROR_INFO "}", n);
    http_send_request(c, "POST", TRACES, JSON, span_of(body));
}

#endif
