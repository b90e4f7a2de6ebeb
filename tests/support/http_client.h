/* A small raw HTTP/1.1 client over a socket to 127.0.0.1: a test says each byte itself, so
 * that hostile requests can be made too. */
#ifndef SUPPORT_HTTP_CLIENT_H
#define SUPPORT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define HTTP_DEADLINE_MS 20000 /* longer than anything here takes */

struct http_client {
    int fd;
    struct buf in; /* read and not yet part of an answer */
};

struct http_answer {
    int status;
    struct buf head; /* status line and headers */
    struct buf body;
};

/* These abort the test program when the machine fails, not when the server does. */
void http_open(struct http_client *c, uint16_t port);
void http_open_unix(struct http_client *c, const char *path); /* a socket of the file system */
bool http_try_open(struct http_client *c, uint16_t port); /* false: nobody listens there */
void http_close(struct http_client *c);

/* False: the server has closed the connection. */
bool http_send(struct http_client *c, const void *bytes, size_t len);
bool http_send_text(struct http_client *c, const char *text);

/* A whole request: line, Host, `headers` (each with \r\n, may be NULL), Content-Length and
 * body (body.at NULL: neither). */
bool http_send_request(struct http_client *c, const char *method, const char *path,
                       const char *headers, struct span body);

/* Reads one answer; free it in any case. False: the server closed first, or the deadline
 * passed. */
bool http_read(struct http_client *c, struct http_answer *a);
bool http_read_head(struct http_client *c, struct http_answer *a); /* to a HEAD request */
void http_answer_free(struct http_answer *a);
/* Reads one answer of which only its status is wanted; -1: none came. */
int http_read_status(struct http_client *c);

bool http_receive(
    struct http_client *c); /* more into c->in; false: closed, or the deadline */
bool http_is_closed(struct http_client *c); /* waits for it; false: the deadline passed */

/* The value of a response header in `out`; false: there is none. */
bool http_header(const struct http_answer *a, const char *name, char *out, size_t size);

#endif
