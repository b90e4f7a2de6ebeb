#include "bench/sink.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"
#include "support/certificate.h"

enum { HEAD_BYTES = 16384, TIMES = 1 << 20, WASTE_BYTES = 1 << 18 };

struct visitor {
    int fd;
    SSL *tls;
    size_t got, body_left; /* of the request under way */
    bool in_body;
    struct arrival arrival;
    char head[HEAD_BYTES + 1];
};

struct sink {
    int fd, epoll, port;
    pthread_t thread;
    SSL_CTX *tls;
    struct certificate_authority *authority;
    atomic_bool stopping, holds, closes;
    _Atomic uint64_t count;
    _Atomic size_t timed;
    struct arrival *times;
    char waste[WASTE_BYTES];
};

/* ---------------------------------------------------------------- requests */

/* False: the connection is to end. */
static bool answer(struct sink *s, struct visitor *v)
{
    static const char
        ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        last[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    bool closes = atomic_load_explicit(&s->closes, memory_order_relaxed);
    const char *text = closes ? last : ok;
    size_t at = atomic_load_explicit(&s->timed, memory_order_relaxed);
    if (at < TIMES) {
        v->arrival.whole = measure_now_s();
        s->times[at] = v->arrival;
        atomic_store(&s->timed, at + 1);
    }
    atomic_fetch_add_explicit(&s->count, 1, memory_order_release);
    v->in_body = false;
    v->got = 0;
    if (atomic_load_explicit(&s->holds, memory_order_relaxed))
        return true;
    if (v->tls)
        return SSL_write(v->tls, text, (int)strlen(text)) > 0 && !closes;
    return send(v->fd, text, strlen(text), MSG_NOSIGNAL) > 0 && !closes;
}

/* Only what our clients send: one request at a time, a length, no chunks. */
static bool take_head(struct sink *s, struct visitor *v, size_t before)
{
    v->head[v->got] = '\0';
    if (before == 0)
        v->arrival.head = measure_now_s();
    const char *end = strstr(v->head, "\r\n\r\n");
    if (!end)
        return v->got < HEAD_BYTES;
    const char *length = strcasestr(v->head, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    size_t have = v->got - (size_t)(end + 4 - v->head);
    v->arrival.number = (uint32_t)strtoul(v->head + sizeof "POST /" - 1, NULL, 10);
    v->arrival.bytes = (uint32_t)body;
    v->in_body = true;
    v->body_left = body > have ? body - have : 0;
    return v->body_left > 0 || answer(s, v);
}

static ssize_t receive(struct visitor *v, char *out, size_t size)
{
    return v->tls ? SSL_read(v->tls, out, (int)size) : recv(v->fd, out, size, MSG_DONTWAIT);
}

/* -1: the connection is to end; 0: no more came. */
static int take_some(struct sink *s, struct visitor *v)
{
    size_t before = v->got;
    ssize_t n = v->in_body ? receive(v, s->waste, sizeof s->waste)
                           : receive(v, v->head + v->got, HEAD_BYTES - v->got);
    if (n <= 0)
        return v->tls && SSL_get_error(v->tls, (int)n) == SSL_ERROR_WANT_READ ? 0 : -1;
    if (!v->in_body) {
        v->got += (size_t)n;
        return take_head(s, v, before) ? 1 : -1;
    }
    v->body_left -= (size_t)n < v->body_left ? (size_t)n : v->body_left;
    return v->body_left > 0 || answer(s, v) ? 1 : -1;
}

static bool take(struct sink *s, struct visitor *v)
{
    if (!v->tls)
        return take_some(s, v) > 0;
    int more;
    ERR_clear_error();
    while ((more = take_some(s, v)) > 0)
        continue;
    return more == 0;
}

/* ---------------------------------------------------------------- connections */

static void welcome(struct sink *s)
{
    int on = 1;
    for (int fd; (fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
        struct visitor *v = calloc(1, sizeof *v);
        if (!v || (s->tls && !(v->tls = SSL_new(s->tls))))
            abort();
        v->fd = fd;
        if (v->tls) {
            SSL_set_fd(v->tls, fd);
            SSL_set_accept_state(v->tls);
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = v};
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e);
    }
}

static void part(struct sink *s, struct visitor *v)
{
    /* Closing alone leaves it watched while a child between fork and exec has it. */
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, v->fd, NULL);
    if (v->tls)
        SSL_shutdown(v->tls);
    SSL_free(v->tls);
    close(v->fd);
    free(v);
}

static void *run(void *arg)
{
    struct sink *s = arg;
    struct epoll_event events[256];
    while (!atomic_load(&s->stopping)) {
        int n = epoll_wait(s->epoll, events, 256, 100);
        for (int i = 0; i < n; i++) {
            struct visitor *v = events[i].data.ptr;
            if (!v)
                welcome(s);
            else if (!take(s, v))
                part(s, v);
        }
    }
    return NULL;
}

static struct sink *start(struct certificate_authority *authority)
{
    struct sink *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    if (!s || !(s->times = calloc(TIMES, sizeof *s->times)))
        abort();
    s->authority = authority;
    s->tls = authority ? certificate_context(authority, CERTIFICATE_GOOD) : NULL;
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

struct sink *sink_start(void)
{
    return start(NULL);
}

struct sink *sink_start_tls(const char *ca_file)
{
    static const char system_file[] = "/etc/ssl/certs/ca-certificates.crt";
    struct certificate_authority *authority = certificate_authority_new();
    char words[1024];
    certificate_authority_write(authority, ca_file);
    snprintf(words, sizeof words, "cat '%s' >> '%s' 2>/dev/null", system_file, ca_file);
    if (system(words) != 0)
        fprintf(stderr, "%s is not there: the authority stands alone\n", system_file);
    return start(authority);
}

void sink_stop(struct sink **sp)
{
    struct sink *s = *sp;
    atomic_store(&s->stopping, true);
    pthread_join(s->thread, NULL);
    close(s->fd);
    close(s->epoll);
    SSL_CTX_free(s->tls);
    certificate_authority_free(&s->authority);
    free(s->times);
    free(s);
    *sp = NULL;
}

/* ---------------------------------------------------------------- what came */

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

void sink_hold(struct sink *s, bool on)
{
    atomic_store(&s->holds, on);
}

void sink_close_each(struct sink *s, bool on)
{
    atomic_store(&s->closes, on);
}

size_t sink_arrivals(struct sink *s, struct arrival *out, size_t max)
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

bool sink_wait(const struct sink *s, uint64_t count, double seconds)
{
    for (double end = measure_now_s() + seconds; measure_now_s() < end;
         measure_pause(0.001))
        if (sink_count(s) >= count)
            return true;
    fprintf(stderr, "only %llu of %llu webhooks came\n", (unsigned long long)sink_count(s),
            (unsigned long long)count);
    return false;
}
