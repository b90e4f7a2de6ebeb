#include "support/receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/must.h"
#include "support/receiver_bytes.h"
#include "support/receiver_request.h"
#include "support/receiver_socket.h"

enum { PEERS_MAX = 1200, DRIP_MS = 10, WANT_MORE = -2, GONE = -1 };

enum peer_state { PEER_SHAKING, PEER_READING, PEER_HOLDING, PEER_WRITING, PEER_DEAF };

struct peer {
    int fd, number;
    SSL *ssl;
    enum peer_state state;
    struct buf in, out;
    size_t sent;
    struct receiver_answer answer;
    short events;
};

struct receiver {
    int listener, wake, port;
    pthread_t thread;
    struct certificate_authority *authority;
    SSL_CTX *tls;
    char ca_file[64];
    bool ipv6;
    atomic_bool early; /* the next one is answered so */

    struct peer *peers[PEERS_MAX]; /* the thread's */
    size_t peer_count;
    int numbered;

    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t came;
    struct receiver_answer *script;
    size_t script_count, script_at;
    struct receiver_request **requests;
    size_t request_count;
    bool released, hung_up, stopping;
    const char *greeting;
    enum receiver_door door;
};

/* ---------------------------------------------------------------- bytes in and out */

static int tls_result(struct peer *p, int got)
{
    int why = SSL_get_error(p->ssl, got);
    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        p->events = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
        return WANT_MORE;
    }
    return GONE;
}

static int receive(struct peer *p, char *to, size_t size)
{
    if (p->ssl) {
        int got = SSL_read(p->ssl, to, (int)size);
        return got > 0 ? got : tls_result(p, got);
    }
    ssize_t got = recv(p->fd, to, size, 0);
    if (got > 0)
        return (int)got;
    return got < 0 && errno == EAGAIN ? WANT_MORE : GONE;
}

static int transmit(struct peer *p, const char *from, size_t len)
{
    if (p->ssl) {
        int put = SSL_write(p->ssl, from, (int)len);
        return put > 0 ? put : tls_result(p, put);
    }
    ssize_t put = send(p->fd, from, len, MSG_NOSIGNAL);
    if (put > 0)
        return (int)put;
    return put < 0 && errno == EAGAIN ? WANT_MORE : GONE;
}

/* ---------------------------------------------------------------- requests */

static void keep_request(struct receiver *r, struct peer *p, struct receiver_request *q)
{
    pthread_mutex_lock(&r->lock);
    r->requests = realloc(r->requests, (r->request_count + 1) * sizeof *r->requests);
    must(r->requests != NULL, "realloc");
    r->requests[r->request_count++] = q;
    p->answer = r->script[r->script_at];
    if (r->script_at + 1 < r->script_count)
        r->script_at++;
    r->early = r->script[r->script_at].how == RECEIVER_EARLY;
    pthread_cond_broadcast(&r->came);
    pthread_mutex_unlock(&r->lock);
}

/* Whether `in` holds a whole request; then it is recorded and its answer made. */
static bool take_request(struct receiver *r, struct peer *p)
{
    struct receiver_request *q = receiver_request_take(&p->in, r->early);
    if (!q)
        return false;
    q->connection = p->number;
    keep_request(r, p, q);
    buf_clear(&p->out);
    p->sent = 0;
    receiver_bytes(&p->answer, &p->out);
    p->state = p->answer.how == RECEIVER_NEVER ? PEER_HOLDING : PEER_WRITING;
    return true;
}

/* ---------------------------------------------------------------- one connection */

static void drop(struct receiver *r, size_t at, bool reset)
{
    struct peer *p = r->peers[at];
    if (!reset && p->ssl && p->state != PEER_SHAKING)
        SSL_shutdown(p->ssl);
    SSL_free(p->ssl);
    ERR_clear_error();
    receiver_shut(p->fd, reset);
    buf_free(&p->in);
    buf_free(&p->out);
    free(p);
    r->peers[at] = r->peers[--r->peer_count];
}

static int shake(struct peer *p)
{
    int got = SSL_accept(p->ssl);
    if (got != 1)
        return tls_result(p, got);
    p->state = PEER_READING;
    p->events = POLLIN;
    return 0;
}

static int read_some(struct receiver *r, struct peer *p)
{
    char bytes[16384];
    int got;
    while ((got = receive(p, bytes, sizeof bytes)) > 0)
        buf_add(&p->in, bytes, (size_t)got);
    if (p->state == PEER_READING)
        take_request(r, p);
    return got;
}

/* 0: all of it is out and the connection stays; 1: the same, and it ends. */
static int write_some(struct peer *p)
{
    enum receiver_how how = p->answer.how;
    for (int rounds = 0; rounds < 64; rounds++) {
        if (p->sent == p->out.len && receiver_bytes_endless(how)) {
            buf_clear(&p->out);
            p->sent = 0;
            receiver_bytes_more(how, &p->out);
            if (receiver_bytes_slow(how) && rounds > 0)
                return WANT_MORE;
        }
        if (p->sent == p->out.len)
            return receiver_bytes_after(how) != AFTER_KEEP;
        int put = transmit(p, p->out.data + p->sent, p->out.len - p->sent);
        if (put < 0)
            return put;
        p->sent += (size_t)put;
    }
    return WANT_MORE;
}

/* False: the connection is over. */
static bool carry_on(struct receiver *r, struct peer *p)
{
    if (p->state == PEER_DEAF)
        return false; /* it is gone: nothing else is watched */
    if (p->state == PEER_SHAKING) {
        int shaken = shake(p);
        if (shaken != 0)
            return shaken == WANT_MORE;
    }
    p->events = POLLIN;
    if (p->state != PEER_WRITING && read_some(r, p) == GONE)
        return false;
    while (p->state == PEER_WRITING) {
        int put = write_some(p);
        if (put == WANT_MORE)
            p->events = receiver_bytes_slow(p->answer.how) ? 0 : POLLOUT;
        if (put == 0)
            p->state = PEER_READING;
        if (put != 0)
            return put == WANT_MORE;
        take_request(r, p);
    }
    return true;
}

/* ---------------------------------------------------------------- the thread */

static void let_in(struct receiver *r)
{
    int fd;
    pthread_mutex_lock(&r->lock);
    const char *greeting = r->greeting;
    enum receiver_door door = r->door;
    pthread_mutex_unlock(&r->lock);
    while (r->peer_count < PEERS_MAX && (fd = accept(r->listener, NULL, NULL)) >= 0) {
        if (door == RECEIVER_SHUTS || door == RECEIVER_KICKS) {
            receiver_shut(fd, door == RECEIVER_KICKS);
            continue;
        }
        if (door == RECEIVER_HALVES)
            shutdown(fd, SHUT_WR);
        struct peer *p = calloc(1, sizeof *p);
        must(p && fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "accept");
        if (greeting)
            must(send(fd, greeting, strlen(greeting), MSG_NOSIGNAL) > 0, "send");
        p->fd = fd;
        p->number = ++r->numbered;
        p->events = door == RECEIVER_IS_DEAF ? 0 : POLLIN;
        p->state = r->tls ? PEER_SHAKING : PEER_READING;
        if (door == RECEIVER_IS_DEAF)
            p->state = PEER_DEAF;
        buf_init(&p->in, BUF_UNLIMITED);
        buf_init(&p->out, BUF_UNLIMITED);
        if (r->tls) {
            p->ssl = SSL_new(r->tls);
            must(p->ssl && SSL_set_fd(p->ssl, fd) == 1, "SSL_new");
        }
        r->peers[r->peer_count++] = p;
    }
}

static void take_orders(struct receiver *r, bool *stop)
{
    uint64_t count;
    if (read(r->wake, &count, sizeof count) < 0 && errno != EAGAIN)
        must(false, "eventfd");
    pthread_mutex_lock(&r->lock);
    bool released = r->released, hung_up = r->hung_up;
    r->released = r->hung_up = false;
    *stop = r->stopping;
    pthread_mutex_unlock(&r->lock);
    for (size_t i = r->peer_count; hung_up && i-- > 0;)
        if (r->peers[i]->state == PEER_READING)
            drop(r, i, false);
    for (size_t i = r->peer_count; released && i-- > 0;) {
        if (r->peers[i]->state != PEER_HOLDING)
            continue;
        r->peers[i]->state = PEER_WRITING;
        if (!carry_on(r, r->peers[i]))
            drop(r, i, false);
    }
}

static int watch(struct receiver *r, struct pollfd *fds)
{
    int timeout = -1;
    fds[0] = (struct pollfd){r->listener, POLLIN, 0};
    fds[1] = (struct pollfd){r->wake, POLLIN, 0};
    for (size_t i = 0; i < r->peer_count; i++) {
        struct peer *p = r->peers[i];
        fds[i + 2] = (struct pollfd){p->fd, p->events, 0};
        if (p->state == PEER_WRITING && receiver_bytes_slow(p->answer.how))
            timeout = DRIP_MS;
    }
    return timeout;
}

static void *run(void *arg)
{
    struct receiver *r = arg;
    static _Thread_local struct pollfd fds[PEERS_MAX + 2];
    bool stop = false;
    while (!stop) {
        int timeout = watch(r, fds);
        size_t watched = r->peer_count;
        must(poll(fds, watched + 2, timeout) >= 0 || errno == EINTR, "poll");
        for (size_t i = watched; i-- > 0;) {
            struct peer *p = r->peers[i];
            bool drips = p->state == PEER_WRITING && receiver_bytes_slow(p->answer.how);
            if ((fds[i + 2].revents || drips) && !carry_on(r, p))
                drop(r, i, receiver_bytes_after(p->answer.how) == AFTER_RESET);
        }
        let_in(r);
        take_orders(r, &stop);
    }
    while (r->peer_count > 0)
        drop(r, 0, false);
    return NULL;
}

/* ---------------------------------------------------------------- life */

static struct receiver *start(SSL_CTX *tls, bool ipv6)
{
    struct receiver *r = calloc(1, sizeof *r);
    must(r != NULL, "calloc");
    r->tls = tls;
    r->ipv6 = ipv6;
    r->listener = receiver_listen(ipv6, &r->port);
    if (r->listener < 0 && ipv6) {
        free(r);
        return NULL;
    }
    must(r->listener >= 0, "bind");
    r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(r->wake >= 0, "eventfd");
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&r->came, &attributes);
    pthread_condattr_destroy(&attributes);
    receiver_status(r, 200);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    must(pthread_create(&r->thread, NULL, run, r) == 0, "pthread_create");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

struct receiver *receiver_start(void)
{
    return start(NULL, false);
}

struct receiver *receiver_start_ipv6(void)
{
    return start(NULL, true);
}

struct receiver *receiver_start_tls(enum certificate_kind kind)
{
    struct certificate_authority *authority = certificate_authority_new();
    char path[] = "/tmp/test-authority-XXXXXX";
    int fd = mkstemp(path);
    must(fd >= 0, "mkstemp");
    close(fd);
    certificate_authority_write(authority, path);
    struct receiver *r = start(certificate_context(authority, kind), false);
    r->authority = authority;
    memcpy(r->ca_file, path, sizeof path);
    return r;
}

static void give_order(struct receiver *r)
{
    const uint64_t one = 1;
    must(write(r->wake, &one, sizeof one) == sizeof one, "eventfd");
}

void receiver_stop(struct receiver **rp)
{
    struct receiver *r = *rp;
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_mutex_unlock(&r->lock);
    give_order(r);
    pthread_join(r->thread, NULL);
    for (size_t i = 0; i < r->request_count; i++)
        receiver_request_free(r->requests[i]);
    free(r->requests);
    free(r->script);
    close(r->listener);
    close(r->wake);
    SSL_CTX_free(r->tls);
    certificate_authority_free(&r->authority);
    if (r->ca_file[0])
        unlink(r->ca_file);
    pthread_cond_destroy(&r->came);
    pthread_mutex_destroy(&r->lock);
    free(r);
    *rp = NULL;
}

/* ---------------------------------------------------------------- the test's side */

void receiver_url(const struct receiver *r, const char *path, char *out, size_t size)
{
    snprintf(out, size, "%s://%s:%d%s", r->tls ? "https" : "http",
             r->ipv6 ? "[::1]" : "127.0.0.1", r->port, path);
}

int receiver_port(const struct receiver *r)
{
    return r->port;
}

const char *receiver_ca_file(const struct receiver *r)
{
    return r->ca_file;
}

void receiver_script(struct receiver *r, const struct receiver_answer *answers,
                     size_t count)
{
    struct receiver_answer *copy = calloc(count, sizeof *copy);
    must(copy != NULL, "calloc");
    memcpy(copy, answers, count * sizeof *copy);
    pthread_mutex_lock(&r->lock);
    free(r->script);
    r->script = copy;
    r->script_count = count;
    r->script_at = 0;
    r->early = answers[0].how == RECEIVER_EARLY;
    pthread_mutex_unlock(&r->lock);
}

void receiver_answer(struct receiver *r, struct receiver_answer answer)
{
    receiver_script(r, &answer, 1);
}

void receiver_status(struct receiver *r, int status)
{
    receiver_answer(r, (struct receiver_answer){.status = status});
}

void receiver_limit_tls(struct receiver *r, int version)
{
    SSL_CTX_set_min_proto_version(r->tls, version < TLS1_2_VERSION ? version : 0);
    SSL_CTX_set_max_proto_version(r->tls, version);
    if (version < TLS1_2_VERSION)
        SSL_CTX_set_cipher_list(r->tls, "DEFAULT:@SECLEVEL=0");
}

void receiver_greet(struct receiver *r, const char *text)
{
    pthread_mutex_lock(&r->lock);
    r->greeting = text;
    pthread_mutex_unlock(&r->lock);
}

void receiver_door(struct receiver *r, enum receiver_door door)
{
    pthread_mutex_lock(&r->lock);
    r->door = door;
    pthread_mutex_unlock(&r->lock);
}

void receiver_hang_up(struct receiver *r)
{
    pthread_mutex_lock(&r->lock);
    r->hung_up = true;
    pthread_mutex_unlock(&r->lock);
    give_order(r);
}

void receiver_release(struct receiver *r)
{
    pthread_mutex_lock(&r->lock);
    r->released = true;
    pthread_mutex_unlock(&r->lock);
    give_order(r);
}

void receiver_require_client(struct receiver *r)
{
    certificate_require_client(r->authority, r->tls);
}

void receiver_write_client(const struct receiver *r, const char *certificate, const char *key,
                           const char *passphrase)
{
    certificate_client_write(r->authority, certificate, key, passphrase);
}

bool receiver_wait(struct receiver *r, size_t count, int64_t deadline_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + deadline_ms % 1000 * 1000000;
    until.tv_sec += deadline_ms / 1000 + nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    int code = 0;
    pthread_mutex_lock(&r->lock);
    while (r->request_count < count && code == 0)
        code = pthread_cond_timedwait(&r->came, &r->lock, &until);
    bool enough = r->request_count >= count;
    pthread_mutex_unlock(&r->lock);
    return enough;
}

size_t receiver_count(struct receiver *r)
{
    pthread_mutex_lock(&r->lock);
    size_t count = r->request_count;
    pthread_mutex_unlock(&r->lock);
    return count;
}

const struct receiver_request *receiver_request(struct receiver *r, size_t i)
{
    pthread_mutex_lock(&r->lock);
    if (i >= r->request_count) {
        fprintf(stderr, "receiver: only %zu requests came\n", r->request_count);
        abort();
    }
    const struct receiver_request *q = r->requests[i];
    pthread_mutex_unlock(&r->lock);
    return q;
}

void receiver_forget(struct receiver *r, size_t i)
{
    pthread_mutex_lock(&r->lock);
    if (i < r->request_count)
        receiver_request_empty(r->requests[i]);
    pthread_mutex_unlock(&r->lock);
}
