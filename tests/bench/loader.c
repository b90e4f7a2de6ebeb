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
    const struct loader_plan *plan;
    int epoll;
    struct connection *connections;
    size_t count;
    double *latencies;
    size_t measured;
    uint64_t begun;
    double cpu; /* the loader's own when the counting began */
    struct loader_result *out;
};

/* ---------------------------------------------------------------- requests */

static _Atomic uint32_t requests; /* of the whole process: never the same number twice */

static void write_request(struct loader_request *r, const char *path, const char *headers,
                          struct span body)
{
    buf_init(&r->bytes, BUF_UNLIMITED);
    buf_add_format(
        &r->bytes,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "%sContent-Length: %zu\r\n\r\n",
        path, headers, body.len);
    buf_add_span(&r->bytes, body);
}

void loader_request_make(struct loader_request *r, const char *path, const char *headers,
                         const char *prefix, const char *event, const char *suffix,
                         size_t count)
{
    struct buf body;
    const char *number = strstr(event, "{N}");
    r->count = count < LOADER_PLACES ? count : LOADER_PLACES;
    r->again = 0;
    buf_init(&body, BUF_UNLIMITED);
    buf_add_text(&body, prefix);
    for (size_t i = 0; i < r->count; i++) {
        buf_add_text(&body, i ? "," : "");
        buf_add_span(&body, (struct span){event, (size_t)(number - event)});
        r->places[i] = body.len;
        buf_add_format(&body, "00000000%04zx%s", i, number + 3);
    }
    buf_add_text(&body, suffix);
    write_request(r, path, headers, buf_span(&body));
    for (size_t i = 0; i < r->count; i++)
        r->places[i] += r->bytes.len - body.len;
    buf_free(&body);
}

void loader_request_raw(struct loader_request *r, const char *path, const char *headers,
                        struct span body)
{
    r->count = 0;
    r->again = 0;
    write_request(r, path, headers, body);
}

void loader_request_free(struct loader_request *r)
{
    buf_free(&r->bytes);
}

void loader_request_patch(const struct loader_request *r, char *bytes)
{
    char number[LOADER_DIGITS];
    uint32_t n = r->again ? requests++ % r->again : requests++;
    for (int d = LOADER_DIGITS - 1; d >= 0; d--, n >>= 4)
        number[d] = "0123456789abcdef"[n & 15];
    for (size_t i = 0; i < r->count; i++)
        memcpy(bytes + r->places[i], number, sizeof number);
}

/* ---------------------------------------------------------------- connections */

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

static bool begin(struct loader *l, struct connection *c, double due)
{
    loader_request_patch(l->request, c->out);
    l->begun++;
    c->sent = c->got = 0;
    c->waits = true;
    c->begun = due;
    return send_rest(l, c);
}

/* 0: not whole yet; else the status. */
static int whole_answer(const struct connection *c)
{
    const char *end = strstr(c->in, "\r\n\r\n");
    if (!end)
        return 0;
    int status = atoi(c->in + 9);
    if (status == 204)
        return status;
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

static bool more(const struct loader *l)
{
    return l->plan->requests == 0 || l->begun < l->plan->requests;
}

static bool handle(struct loader *l, struct connection *c, uint32_t events)
{
    if (events & EPOLLOUT) {
        watch(l, c, EPOLLIN, EPOLL_CTL_MOD);
        if (!send_rest(l, c))
            return false;
    }
    int got = events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? take(l, c) : 0;
    bool again = got > 0 && l->plan->rate <= 0 && more(l);
    return got >= 0 && (!again || begin(l, c, measure_now_s()));
}

/* What is due by now, on connections that are free: what finds none waits, and its time
 * counts. */
static void begin_as_due(struct loader *l, double start)
{
    double due = start + (double)l->begun / l->plan->rate, now = measure_now_s();
    for (size_t i = 0; i < l->count && due <= now && more(l); i++) {
        if (l->connections[i].waits || !begin(l, &l->connections[i], due))
            continue;
        due = start + (double)l->begun / l->plan->rate;
    }
}

static int wait_events(const struct loader *l, double start, struct epoll_event *events,
                       int max)
{
    if (l->plan->rate <= 0)
        return epoll_wait(l->epoll, events, max, 100);
    double left = start + (double)l->begun / l->plan->rate - measure_now_s();
    left = left < 0 ? 0.001 : left > 0.1 ? 0.1 : left; /* < 0: no connection is free */
    struct timespec t = {0, (long)(left * 1e9)};
    return epoll_pwait2(l->epoll, events, max, &t, NULL);
}

static bool turn_once(struct loader *l, double start)
{
    struct epoll_event events[256];
    if (l->plan->rate > 0)
        begin_as_due(l, start);
    int n = wait_events(l, start, events, 256);
    for (int i = 0; i < n; i++)
        if (!handle(l, events[i].data.ptr, events[i].events))
            return false;
    return true;
}

/* What is under way goes on, but counts only from here. */
static void count_anew(struct loader *l)
{
    l->out->answered = l->out->failed = 0;
    l->measured = 0;
    l->cpu = measure_own_cpu_s();
    if (l->plan->warmed)
        l->plan->warmed(l->plan->arg);
}

static bool turn(struct loader *l)
{
    const struct loader_plan *plan = l->plan;
    double start = measure_now_s(), now = start, first = start + plan->warm;
    for (size_t i = 0; plan->rate <= 0 && i < l->count && more(l); i++)
        if (!begin(l, &l->connections[i], now))
            return false;
    for (; now < first; now = measure_now_s())
        if (!turn_once(l, start))
            return false;
    count_anew(l);
    first = now;
    for (; now - first < plan->seconds &&
           (!plan->requests || l->out->answered < plan->requests);
         now = measure_now_s())
        if (!turn_once(l, start))
            return false;
    l->out->seconds = now - first;
    l->out->cpu_s = measure_own_cpu_s() - l->cpu;
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

bool loader_run(int port, const struct loader_request *request,
                const struct loader_plan *plan, struct loader_result *out)
{
    struct loader l = {.request = request,
                       .plan = plan,
                       .epoll = epoll_create1(EPOLL_CLOEXEC),
                       .connections = calloc(plan->connections, sizeof *l.connections),
                       .latencies = calloc(LATENCIES, sizeof *l.latencies),
                       .out = out};
    bool fine = true;
    *out = (struct loader_result){0};
    if (!l.connections || !l.latencies)
        abort();
    for (; l.count < plan->connections && fine; l.count++) {
        struct connection *c = &l.connections[l.count];
        fine = connect_one(c, port, request->bytes.len);
        if (fine) {
            memcpy(c->out, request->bytes.data, request->bytes.len);
            watch(&l, c, EPOLLIN, EPOLL_CTL_ADD);
        }
    }
    fine = fine && turn(&l);
    if (!fine)
        fputs("a connection of the load was closed\n", stderr);
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
        ssize_t n =
            send(c->fd, c->out, request->bytes.len, MSG_NOSIGNAL); /* waits for all */
        while (n > 0 && status == 0 &&
               (n = recv(c->fd, c->in + c->got, ANSWER_BYTES - c->got, 0)) > 0) {
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
