#include "intake/courier.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/text.h"
#include "rules/payload.h"
#include "send/send.h"

enum { UNDER_WAY_MAX = 16, LONG_MS = 3600 * 1000 };

struct parcel {
    struct parcel *prev, *next;
    struct courier *courier;
    struct alert alert;
    struct buf body, shown;
    courier_done *done;
    void *arg;
    struct send_handle *handle;
};

struct courier {
    pthread_mutex_t lock; /* for waiting, count, changing, closed */
    pthread_t thread;
    bool started;
    bool changing, closed; /* while either is, nothing is taken */
    struct parcel *waiting;
    size_t count; /* parcels anywhere */
    struct parcel *under_way; /* the thread's own, as is the sender but for its wake-up */
    struct sender *sender;
    const struct clock *clock;
    char *proxy, *ca_file;
    bool refuse_private;
    int64_t timeout_ms, connect_timeout_ms;
};

static bool take_options(struct courier *c, const struct courier_options *o, struct err *err)
{
    char *proxy, *ca_file = NULL;
    if (!text_copy(&proxy, o->proxy) || !text_copy(&ca_file, o->ca_file)) {
        free(proxy);
        return err_memory(err);
    }
    free(c->proxy);
    free(c->ca_file);
    c->proxy = proxy;
    c->ca_file = ca_file;
    c->clock = o->clock;
    c->refuse_private = o->refuse_private;
    c->timeout_ms = o->timeout_ms;
    c->connect_timeout_ms = o->connect_timeout_ms;
    return true;
}

struct courier *courier_new(const struct courier_options *o, struct err *err)
{
    struct courier *c = calloc(1, sizeof *c);
    if (!c) {
        err_memory(err);
        return NULL;
    }
    pthread_mutex_init(&c->lock, NULL);
    if (!take_options(c, o, err))
        courier_free(&c);
    return c;
}

/* ------------------------------------------------------------------ a parcel */

static void parcel_free(struct parcel *p)
{
    alert_free(&p->alert);
    buf_free(&p->body);
    buf_free(&p->shown);
    free(p);
}

static void deliver(struct parcel *p, struct outcome *outcome)
{
    struct courier *c = p->courier;
    p->done(p->arg, outcome, buf_span(&p->shown));
    parcel_free(p);
    pthread_mutex_lock(&c->lock);
    c->count--;
    pthread_mutex_unlock(&c->lock);
}

static void sent(void *arg, struct outcome *outcome)
{
    struct parcel *p = arg;
    DL_DELETE(p->courier->under_way, p);
    deliver(p, outcome);
}

static void fail(struct parcel *p, enum outcome_kind kind, const char *why)
{
    struct outcome outcome = {.kind = kind, .retry_after_ms = -1};
    snprintf(outcome.error, sizeof outcome.error, "%s", why);
    deliver(p, &outcome);
    outcome_free(&outcome);
}

/* ------------------------------------------------------------------ the thread */

static void start(struct courier *c, struct parcel *p)
{
    struct send_request request;
    char id[UUID_SIZE];
    int64_t now = clock_wall_ms(c->clock);
    payload_id(buf_span(&p->body), now, id);
    send_request_of(&p->alert, id, now, &request);
    request.body = buf_text(&p->body);
    request.body_len = p->body.len;
    request.timeout_ms = c->timeout_ms;
    request.connect_timeout_ms = c->connect_timeout_ms;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed is out of the list */
    DL_APPEND(c->under_way, p);
    p->handle = sender_start(c->sender, &request, sent, p);
    if (p->handle)
        return;
    DL_DELETE(c->under_way, p);
    fail(p, OUTCOME_CANCELLED, "not sent: out of memory");
}

/* Why nothing is taken; NULL: it is. Under the lock. */
static const char *refusal(const struct courier *c)
{
    if (c->closed)
        return "the intake is stopping";
    return c->changing ? "the settings of connection tests are being changed: try again"
                       : NULL;
}

/* Takes what waits; false: the thread is to end. */
static bool take(struct courier *c)
{
    pthread_mutex_lock(&c->lock);
    struct parcel *waiting = c->waiting, *p, *next;
    const char *why = refusal(c);
    c->waiting = NULL;
    pthread_mutex_unlock(&c->lock);
    DL_FOREACH_SAFE(waiting, p, next)
    {
        DL_DELETE(waiting, p);
        if (why)
            fail(p, OUTCOME_CANCELLED, why);
        else
            start(c, p);
    }
    return !why;
}

static void *run(void *arg)
{
    struct courier *c = arg;
    struct parcel *p;
    while (take(c))
        sender_turn(c->sender, LONG_MS);
    DL_FOREACH(c->under_way, p)
    {
        sender_cancel(p->handle);
    }
    while (sender_active(c->sender) > 0)
        sender_turn(c->sender, 100);
    return NULL;
}

/* Under the lock. */
static bool ensure_thread(struct courier *c, struct err *err)
{
    const struct sender_options options = {c->clock, c->proxy, c->ca_file, UNDER_WAY_MAX,
                                           c->refuse_private};
    sigset_t all, before;
    if (c->started)
        return true;
    if (!c->sender && !(c->sender = sender_new(&options, err)))
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    c->started = pthread_create(&c->thread, NULL, run, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return c->started ||
           err_set(err, ERR_MEMORY, "a thread for connection tests could not be started");
}

static bool enqueue(struct courier *c, struct parcel *p, struct err *err)
{
    pthread_mutex_lock(&c->lock);
    const char *why = refusal(c);
    bool ok = !why || err_set(err, ERR_BUSY, "%s", why);
    if (ok && c->count >= UNDER_WAY_MAX)
        ok = err_set(err, ERR_BUSY, "%d connection tests are under way: try again later",
                     (int)UNDER_WAY_MAX);
    ok = ok && ensure_thread(c, err);
    if (ok) {
        DL_APPEND(c->waiting, p);
        c->count++;
        sender_wake(c->sender);
    }
    pthread_mutex_unlock(&c->lock);
    return ok;
}

bool courier_send(struct courier *c, struct alert *a, struct buf *body, courier_done *done,
                  void *arg, struct err *err)
{
    struct parcel *p = calloc(1, sizeof *p);
    if (!p)
        return err_memory(err);
    p->courier = c;
    p->done = done;
    p->arg = arg;
    p->alert = *a;
    buf_init_secret(&p->body, BUF_UNLIMITED);
    buf_init(&p->shown, BUF_UNLIMITED);
    bool ok =
        payload_with_key(&p->alert, buf_span(body), &p->body, &p->shown) || err_memory(err);
    ok = ok && enqueue(c, p, err);
    if (ok) {
        alert_init(a);
        buf_free(body);
        return true;
    }
    alert_init(&p->alert); /* it stays the caller's */
    parcel_free(p);
    return false;
}

static void end_thread(struct courier *c, bool *why)
{
    pthread_mutex_lock(&c->lock);
    bool started = c->started;
    *why = true;
    c->started = false;
    if (started)
        sender_wake(c->sender);
    pthread_mutex_unlock(&c->lock);
    if (started)
        pthread_join(c->thread, NULL);
}

void courier_close(struct courier *c)
{
    end_thread(c, &c->closed);
}

bool courier_set(struct courier *c, const struct courier_options *o, struct err *err)
{
    end_thread(c, &c->changing);
    pthread_mutex_lock(&c->lock);
    bool done = take_options(c, o, err);
    if (done && c->sender)
        sender_free(&c->sender); /* the next test makes another */
    c->changing = false;
    pthread_mutex_unlock(&c->lock);
    return done;
}

void courier_free(struct courier **cp)
{
    struct courier *c = *cp;
    if (!c)
        return;
    courier_close(c);
    if (c->sender)
        sender_free(&c->sender);
    pthread_mutex_destroy(&c->lock);
    free(c->proxy);
    free(c->ca_file);
    free(c);
    *cp = NULL;
}
