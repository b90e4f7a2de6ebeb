#include "bench/sink.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"

enum { HEAD_BYTES = 16384, TIMES = 1 << 20 };

struct visitor {
    int fd;
    size_t got, body_left; /* of the request under way */
    bool in_body;
    char head[HEAD_BYTES + 1];
};

struct sink {
    int fd, epoll, port;
    pthread_t thread;
    atomic_bool stopping;
    _Atomic uint64_t count;
    _Atomic size_t timed;
    double *times;
};

static void answer(struct sink *s, struct visitor *v)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    size_t at = atomic_load(&s->timed);
    if (at < TIMES) {
        s->times[at] = measure_now_s();
        atomic_store(&s->timed, at + 1);
    }
    atomic_fetch_add(&s->count, 1);
    v->in_body = false;
    v->got = 0;
    if (send(v->fd, ok, sizeof ok - 1, MSG_NOSIGNAL) < 0)
        v->got = 0; /* the next recv() tells */
}

/* Only what our clients send: one request at a time, a length, no chunks. */
static void take_head(struct sink *s, struct visitor *v)
{
    v->head[v->got] = '\0';
    const char *end = strstr(v->head, "\r\n\r\n");
    if (!end)
        return;
    const char *length = strcasestr(v->head, "\r\ncontent-length:");
    size_t body = length ? strtoul(length + 17, NULL, 10) : 0;
    size_t have = v->got - (size_t)(end + 4 - v->head);
    v->in_body = true;
    v->body_left = body > have ? body - have : 0;
    if (v->body_left == 0)
        answer(s, v);
}

static bool take(struct sink *s, struct visitor *v)
{
    char waste[65536];
    ssize_t n = v->in_body ? recv(v->fd, waste, sizeof waste, MSG_DONTWAIT)
                           : recv(v->fd, v->head + v->got, HEAD_BYTES - v->got, MSG_DONTWAIT);
    if (n <= 0)
        return false;
    if (!v->in_body) {
        v->got += (size_t)n;
        take_head(s, v);
        return true;
    }
    v->body_left -= (size_t)n < v->body_left ? (size_t)n : v->body_left;
    if (v->body_left == 0)
        answer(s, v);
    return true;
}

static void welcome(struct sink *s)
{
    int on = 1;
    for (int fd; (fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        struct visitor *v = calloc(1, sizeof *v);
        if (!v)
            abort();
        v->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = v};
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e);
    }
}

static void *run(void *arg)
{
    struct sink *s = arg;
    struct epoll_event events[256];
    while (!atomic_load(&s->stopping)) {
        int n = epoll_wait(s->epoll, events, 256, 100);
        for (int i = 0; i < n; i++) {
            struct visitor *v = events[i].data.ptr;
            if (!v) {
                welcome(s);
            } else if (!take(s, v)) {
                /* Closing alone leaves it watched while a child between fork and exec has it. */
                epoll_ctl(s->epoll, EPOLL_CTL_DEL, v->fd, NULL);
                close(v->fd);
                free(v);
            }
        }
    }
    return NULL;
}

struct sink *sink_start(void)
{
    struct sink *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    if (!s || !(s->times = calloc(TIMES, sizeof *s->times)))
        abort();
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN};
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(s->fd, 4096) != 0 || getsockname(s->fd, (struct sockaddr *)&a, &len) != 0 ||
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->fd, &e) != 0 ||
        pthread_create(&s->thread, NULL, run, s) != 0)
        abort();
    s->port = ntohs(a.sin_port);
    return s;
}

void sink_stop(struct sink **sp)
{
    struct sink *s = *sp;
    atomic_store(&s->stopping, true);
    pthread_join(s->thread, NULL);
    close(s->fd);
    close(s->epoll);
    free(s->times);
    free(s);
    *sp = NULL;
}

int sink_port(const struct sink *s)
{
    return s->port;
}

uint64_t sink_count(const struct sink *s)
{
    return atomic_load(&s->count);
}

double sink_cpu_s(const struct sink *s)
{
    struct timespec t;
    clockid_t clock;
    if (pthread_getcpuclockid(s->thread, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

size_t sink_times(struct sink *s, double *out, size_t max)
{
    size_t count = atomic_load(&s->timed);
    count = count < max ? count : max;
    memcpy(out, s->times, count * sizeof *out);
    return count;
}

void sink_reset(struct sink *s)
{
    atomic_store(&s->timed, 0);
    atomic_store(&s->count, 0);
}
