#include "bench/loader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/measure.h"

enum { ANSWER_BYTES = 8192, LATENCIES = 1 << 20 };

struct connection {
    int fd;
    char *out;
    size_t sent;
    bool waits; /* for its answer */
    double begun;
    char in[ANSWER_BYTES + 1];
    size_t got;
};

struct loader {
    const struct loader_request *request;
    int epoll;
    struct connection *connections;
    size_t count;
    double *latencies;
    size_t measured;
    struct loader_result *out;
};

static uint64_t numbers = UINT64_C(0x100000000); /* of the whole process: never twice */

void loader_request_make(struct loader_request *r, const char *path, const char *headers,
                         const char *prefix, const char *event, const char *suffix, size_t count)
{
    struct buf body;
    size_t places[LOADER_PLACES];
    const char *number = strstr(event, "{N}");
    buf_init(&body, BUF_UNLIMITED);
    buf_init(&r->bytes, BUF_UNLIMITED);
    buf_add_text(&body, prefix);
    for (size_t i = 0; i < count && i < LOADER_PLACES; i++) {
        buf_add_text(&body, i ? "," : "");
        buf_add_span(&body, (struct span){event, (size_t)(number - event)});
        places[i] = body.len;
        buf_add_text(&body, "000000000000");
        buf_add_text(&body, number + 3);
    }
    buf_add_text(&body, suffix);
    buf_add_format(&r->bytes,
                   "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                   "%sContent-Length: %zu\r\n\r\n",
                   path, headers, body.len);
    for (size_t i = 0; i < count; i++)
        r->places[i] = r->bytes.len + places[i];
    r->count = count;
    buf_add_span(&r->bytes, buf_span(&body));
    buf_free(&body);
}

void loader_request_free(struct loader_request *r)
{
    buf_free(&r->bytes);
}

void loader_request_patch(const struct loader_request *r, char *bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < r->count; i++) {
        uint64_t n = numbers++;
        for (int d = LOADER_DIGITS - 1; d >= 0; d--, n >>= 4)
            bytes[r->places[i] + (size_t)d] = digits[n & 15];
    }
}

static bool connect_one(struct connection *c, int port, size_t request_size)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    c->out = malloc(request_size);
    if (c->fd < 0 || !c->out || connect(c->fd, (struct sockaddr *)&a, sizeof a) != 0)
        return false;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return true;
}

static void watch(struct loader *l, struct connection *c, uint32_t events, int how)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(l->epoll, how, c->fd, &e);
}

static bool send_rest(struct loader *l, struct connection *c)
{
    while (c->sent < l->request->bytes.len) {
        ssize_t n = send(c->fd, c->out + c->sent, l->request->bytes.len - c->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            watch(l, c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            return true;
        }
        if (n <= 0)
            return false;
        c->sent += (size_t)n;
    }
    return true;
}

static bool begin(struct loader *l, struct connection *c)
{
    loader_request_patch(l->request, c->out);
    c->sent = c->got = 0;
    c->waits = true;
    c->begun = measure_now_s();
    return send_rest(l, c);
}

/* 0: not whole yet; else the status. */
static int whole_answer(const struct connection *c)
{
    const char *end = strstr(c->in, "\r\n\r\n");
    if (!end)
        return 0;
    int status = atoi(c->in + 9);
    const char *length = strcasestr(c->in, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return c->got >= (size_t)(end + 4 - c->in) + body ? status : 0;
}

/* -1: the connection is gone; 1: an answer came. */
static int take(struct loader *l, struct connection *c)
{
    ssize_t n = recv(c->fd, c->in + c->got, ANSWER_BYTES - c->got, MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && errno == EAGAIN ? 0 : -1;
    c->got += (size_t)n;
    c->in[c->got] = '\0';
    int status = whole_answer(c);
    if (status == 0)
        return 0;
    c->waits = false;
    l->out->answered++;
    l->out->failed += status / 100 != 2;
    if (l->measured < LATENCIES)
        l->latencies[l->measured++] = (measure_now_s() - c->begun) * 1e3;
    return 1;
}

static bool handle(struct loader *l, struct connection *c, uint32_t events, bool more)
{
    if (events & EPOLLOUT) {
        watch(l, c, EPOLLIN, EPOLL_CTL_MOD);
        if (!send_rest(l, c))
            return false;
    }
    int got = events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? take(l, c) : 0;
    return got >= 0 && (got == 0 || !more || begin(l, c));
}

static void begin_as_due(struct loader *l, double rate, double since, uint64_t *begun)
{
    uint64_t due = (uint64_t)(rate * since);
    for (size_t i = 0; i < l->count && *begun < due; i++)
        if (!l->connections[i].waits && begin(l, &l->connections[i]))
            ++*begun;
}

static bool turn(struct loader *l, double seconds, double rate)
{
    struct epoll_event events[256];
    double start = measure_now_s(), now = start;
    uint64_t begun = 0;
    for (size_t i = 0; rate <= 0 && i < l->count; i++)
        if (!begin(l, &l->connections[i]))
            return false;
    for (; now - start < seconds; now = measure_now_s()) {
        if (rate > 0)
            begin_as_due(l, rate, now - start, &begun);
        int n = epoll_wait(l->epoll, events, 256, rate > 0 ? 1 : 100);
        for (int i = 0; i < n; i++)
            if (!handle(l, events[i].data.ptr, events[i].events, rate <= 0))
                return false;
    }
    l->out->seconds = now - start;
    return true;
}

static void finish(struct loader *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->connections[i].out);
        if (l->connections[i].fd > 0)
            close(l->connections[i].fd);
    }
    l->out->p50_ms = measure_percentile(l->latencies, l->measured, 50);
    l->out->p99_ms = measure_percentile(l->latencies, l->measured, 99);
    free(l->connections);
    free(l->latencies);
    close(l->epoll);
}

bool loader_run(int port, size_t connections, const struct loader_request *request, double seconds,
                double rate, struct loader_result *out)
{
    struct loader l = {.request = request, .epoll = epoll_create1(EPOLL_CLOEXEC), .out = out};
    bool fine = true;
    *out = (struct loader_result){0};
    l.connections = calloc(connections, sizeof *l.connections);
    l.latencies = calloc(LATENCIES, sizeof *l.latencies);
    if (!l.connections || !l.latencies)
        abort();
    double cpu = measure_own_cpu_s();
    for (l.count = 0; l.count < connections && fine; l.count++) {
        struct connection *c = &l.connections[l.count];
        fine = connect_one(c, port, request->bytes.len);
        if (fine) {
            memcpy(c->out, request->bytes.data, request->bytes.len);
            watch(&l, c, EPOLLIN, EPOLL_CTL_ADD);
        }
    }
    fine = fine && turn(&l, seconds, rate);
    if (!fine)
        fputs("a connection of the load was closed\n", stderr);
    out->cpu_s = measure_own_cpu_s() - cpu;
    finish(&l);
    return fine;
}

bool loader_once(int port, const struct loader_request *request)
{
    struct connection *c = calloc(1, sizeof *c);
    int status = 0;
    if (!c)
        abort();
    if (connect_one(c, port, request->bytes.len)) {
        memcpy(c->out, request->bytes.data, request->bytes.len);
        loader_request_patch(request, c->out);
        ssize_t n = send(c->fd, c->out, request->bytes.len, MSG_NOSIGNAL);
        while (n > 0 && status == 0 && (n = recv(c->fd, c->in + c->got, ANSWER_BYTES - c->got, 0)) > 0) {
            c->got += (size_t)n;
            c->in[c->got] = '\0';
            status = whole_answer(c);
        }
    }
    if (c->fd > 0)
        close(c->fd);
    free(c->out);
    free(c);
    return status / 100 == 2;
}
