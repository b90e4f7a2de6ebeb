#include "support/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

bool http_try_open(struct http_client *c, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        perror("http_try_open");
        abort();
    }
    if (connect(c->fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(c->fd);
        return false;
    }
    buf_init(&c->in, BUF_UNLIMITED);
    return true;
}

void http_open(struct http_client *c, uint16_t port)
{
    if (!http_try_open(c, port)) {
        perror("http_open");
        abort();
    }
}

void http_open_unix(struct http_client *c, const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    buf_init(&c->in, BUF_UNLIMITED);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&at, sizeof at) != 0) {
        perror(path);
        abort();
    }
}

void http_close(struct http_client *c)
{
    close(c->fd);
    buf_free(&c->in);
}

bool http_send(struct http_client *c, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool http_send_text(struct http_client *c, const char *text)
{
    return http_send(c, text, strlen(text));
}

bool http_send_request(struct http_client *c, const char *method, const char *path,
                       const char *headers, struct span body)
{
    struct buf b;
    buf_init(&b, BUF_UNLIMITED);
    buf_add_format(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", method, path,
                   headers ? headers : "");
    if (body.at)
        buf_add_format(&b, "Content-Length: %zu\r\n", body.len);
    buf_add_text(&b, "\r\n");
    if (body.at)
        buf_add_span(&b, body);
    bool sent = http_send(c, b.data, b.len);
    buf_free(&b);
    return sent;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what comes next. 1: something, 0: closed, -1: the deadline passed. */
static int read_more(struct http_client *c, int64_t deadline)
{
    char piece[65536];
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    int64_t left = deadline - now_ms();
    if (left <= 0 || poll(&p, 1, (int)left) <= 0)
        return -1;
    ssize_t n = recv(c->fd, piece, sizeof piece, 0);
    if (n > 0)
        buf_add(&c->in, piece, (size_t)n);
    return n > 0;
}

static void drop(struct http_client *c, size_t len)
{
    memmove(c->in.data, c->in.data + len, c->in.len - len + 1);
    c->in.len -= len;
}

static bool read_answer(struct http_client *c, struct http_answer *a, bool headless)
{
    int64_t deadline = now_ms() + HTTP_DEADLINE_MS;
    const char *end;
    char text[32];
    buf_init(&a->head, BUF_UNLIMITED);
    buf_init(&a->body, BUF_UNLIMITED);
    a->status = 0;
    for (;;) {
        while (!(end = strstr(buf_text(&c->in), "\r\n\r\n")))
            if (read_more(c, deadline) <= 0)
                return false;
        size_t head = (size_t)(end - c->in.data) + 4;
        buf_clear(&a->head);
        buf_add(&a->head, c->in.data, head);
        drop(c, head);
        a->status = (int)strtol(a->head.data + strlen("HTTP/1.1 "), NULL, 10);
        if (a->status != 100)
            break;
    }
    size_t len = !headless && http_header(a, "Content-Length", text, sizeof text)
                     ? strtoul(text, NULL, 10)
                     : 0;
    while (c->in.len < len)
        if (read_more(c, deadline) <= 0)
            return false;
    if (len > 0) {
        buf_add(&a->body, c->in.data, len);
        drop(c, len);
    }
    return true;
}

bool http_read(struct http_client *c, struct http_answer *a)
{
    return read_answer(c, a, false);
}

bool http_read_head(struct http_client *c, struct http_answer *a)
{
    return read_answer(c, a, true);
}

void http_answer_free(struct http_answer *a)
{
    buf_free(&a->head);
    buf_free(&a->body);
}

int http_read_status(struct http_client *c)
{
    struct http_answer a;
    int status = http_read(c, &a) ? a.status : -1;
    http_answer_free(&a);
    return status;
}

bool http_receive(struct http_client *c)
{
    return read_more(c, now_ms() + HTTP_DEADLINE_MS) > 0;
}

bool http_is_closed(struct http_client *c)
{
    int64_t deadline = now_ms() + HTTP_DEADLINE_MS;
    int got;
    while ((got = read_more(c, deadline)) > 0)
        ;
    return got == 0;
}

bool http_header(const struct http_answer *a, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);
    const char *line = strstr(buf_text(&a->head), "\r\n");
    for (; line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':')
            continue;
        const char *value = line + 3 + len;
        value += strspn(value, " ");
        snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
        return true;
    }
    return false;
}
