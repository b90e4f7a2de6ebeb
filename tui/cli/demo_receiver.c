#include "cli/demo_receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/clock.h"

#define CONNECTIONS 16
#define HEAD_MAX    8192

static const struct answer {
    const char *head; /* status and headers of its own */
    int64_t delay_ms;
} answers[] = {
    {"200 OK\r\n", 0},
    {"500 Internal Server Error\r\n", 0},
    {"200 OK\r\n", 1500},
    {"200 OK\r\n", 0},
    {"429 Too Many Requests\r\nRetry-After: 2\r\n", 0},
    {"200 OK\r\n", 40},
};

struct connection {
    int fd; /* -1: free */
    char head[HEAD_MAX];
    size_t head_len;
    long long body_left; /* -1: the head is not complete */
    int64_t answer_at;   /* 0: the request is not complete */
    const struct answer *answer;
};

struct demo_receiver {
    pthread_t thread;
    int listener, stop_fd;
    uint16_t port;
    size_t next;
    struct connection connections[CONNECTIONS];
};

/* ---------------------------------------------------------------- one connection */

static void drop(struct connection *c)
{
    close(c->fd);
    c->fd = -1;
}

static void write_answer(struct connection *c)
{
    char text[256];
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 %sContent-Length: 0\r\nConnection: close\r\n\r\n",
                       c->answer->head);
    ssize_t sent = send(c->fd, text, (size_t)len, MSG_NOSIGNAL);
    (void)sent; /* whoever went does not want it */
    drop(c);
}

static long long content_length(const char *head)
{
    for (const char *line = head; line; line = strstr(line, "\r\n")) {
        line += line == head ? 0 : 2;
        if (ascii_same_n(line, "Content-Length:", 15))
            return strtoll(line + 15, NULL, 10);
    }
    return 0;
}

/* Bytes of the head go into the buffer, those of the body are only counted. */
static void take_bytes(struct demo_receiver *r, struct connection *c, size_t len)
{
    if (c->body_left < 0) {
        c->head_len += len;
        c->head[c->head_len] = 0;
        char *end = strstr(c->head, "\r\n\r\n");
        if (!end)
            return;
        len = c->head_len - (size_t)(end + 4 - c->head);
        c->body_left = content_length(c->head);
    }
    c->body_left -= (long long)len;
    if (c->body_left > 0)
        return;
    c->answer = &answers[r->next++ % (sizeof answers / sizeof *answers)];
    c->answer_at = clock_monotonic_ms() + c->answer->delay_ms;
}

static void read_some(struct demo_receiver *r, struct connection *c)
{
    char body[16384];
    bool head = c->body_left < 0;
    void *to = head ? c->head + c->head_len : body;
    size_t room = head ? sizeof c->head - 1 - c->head_len : sizeof body;
    ssize_t n = room ? recv(c->fd, to, room, MSG_DONTWAIT) : 0;
    if (n > 0)
        take_bytes(r, c, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        drop(c);
}

/* ---------------------------------------------------------------- the thread */

static void take_connection(struct demo_receiver *r)
{
    int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    for (size_t i = 0; fd >= 0 && i < CONNECTIONS; i++) {
        struct connection *c = &r->connections[i];
        if (c->fd >= 0)
            continue;
        c->fd = fd;
        c->head_len = 0;
        c->body_left = -1;
        c->answer_at = 0;
        return;
    }
    if (fd >= 0)
        close(fd);
}

/* Writes the answers that are due; how long until the next one is, -1: none. */
static int answer_due(struct demo_receiver *r)
{
    int64_t now = clock_monotonic_ms(), wait = -1;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *c = &r->connections[i];
        if (c->fd < 0 || c->answer_at == 0)
            continue;
        if (c->answer_at <= now)
            write_answer(c);
        else if (wait < 0 || c->answer_at - now < wait)
            wait = c->answer_at - now;
    }
    return (int)wait;
}

static void *run(void *arg)
{
    struct demo_receiver *r = arg;
    for (;;) {
        struct pollfd p[CONNECTIONS + 2] = {{.fd = r->stop_fd, .events = POLLIN},
                                            {.fd = r->listener, .events = POLLIN}};
        int wait = answer_due(r);
        for (size_t i = 0; i < CONNECTIONS; i++) {
            const struct connection *c = &r->connections[i];
            p[i + 2] = (struct pollfd){.fd = c->answer_at ? -1 : c->fd, .events = POLLIN};
        }
        if (poll(p, CONNECTIONS + 2, wait) < 0 && errno != EINTR)
            return NULL;
        if (p[0].revents)
            return NULL;
        for (size_t i = 0; i < CONNECTIONS; i++)
            if (p[i + 2].fd >= 0 && p[i + 2].revents)
                read_some(r, &r->connections[i]);
        if (p[1].revents)
            take_connection(r);
    }
}

/* ---------------------------------------------------------------- start and stop */

static void release(struct demo_receiver *r)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (r->connections[i].fd >= 0)
            close(r->connections[i].fd);
    if (r->listener >= 0)
        close(r->listener);
    if (r->stop_fd >= 0)
        close(r->stop_fd);
    free(r);
}

static bool start(struct demo_receiver *r)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    r->stop_fd = eventfd(0, EFD_CLOEXEC);
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (r->stop_fd < 0 || r->listener < 0 ||
        bind(r->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(r->listener, CONNECTIONS) != 0 ||
        getsockname(r->listener, (struct sockaddr *)&at, &len) != 0)
        return false;
    r->port = ntohs(at.sin_port);
    errno = pthread_create(&r->thread, NULL, run, r);
    return errno == 0;
}

struct demo_receiver *demo_receiver_start(struct err *err)
{
    struct demo_receiver *r = calloc(1, sizeof *r);
    if (!r) {
        err_memory(err);
        return NULL;
    }
    r->listener = r->stop_fd = -1;
    for (size_t i = 0; i < CONNECTIONS; i++)
        r->connections[i].fd = -1;
    if (start(r))
        return r;
    err_set(err, ERR_IO, "the demo's receiver cannot start: %s", strerror(errno));
    release(r);
    return NULL;
}

uint16_t demo_receiver_port(const struct demo_receiver *r)
{
    return r->port;
}

void demo_receiver_stop(struct demo_receiver **r)
{
    uint64_t one = 1;
    if (!*r)
        return;
    if (write((*r)->stop_fd, &one, sizeof one) == (ssize_t)sizeof one)
        pthread_join((*r)->thread, NULL);
    release(*r);
    *r = NULL;
}
