#include "support/scripted.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

enum { CIRCLES = 20000, LONG_MS = 24 * 3600 * 1000 };

struct send_handle {
    struct send_handle *prev, *next; /* by the order of their ends */
    int64_t end_at, started_at, took_ms;
    struct scripted_answer answer;
    bool cancelled;
    send_done *done;
    void *arg, *tag;
};

struct sender {
    const struct clock *clock;
    struct scripted_script script;
    struct send_handle *under_way;
    size_t count;
    struct store *store;
    bool quiet;      /* the last turn would have waited, */
    int64_t wait_ms; /* for so long */
    atomic_bool woken, writer_waits;
};

static struct sender network;

struct sender *__wrap_sender_new(const struct sender_options *options, struct err *err);
void __wrap_sender_free(struct sender **s);
struct send_handle *__wrap_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *done, void *arg);
void __wrap_sender_cancel(struct send_handle *h);
size_t __wrap_sender_turn(struct sender *s, int64_t wait_ms);
size_t __wrap_sender_active(const struct sender *s);
void __wrap_sender_wake(struct sender *s);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *until);
int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *until);

void scripted_begin(const struct clock *clock, const struct scripted_script *script)
{
    network.clock = clock;
    network.script = *script;
    network.under_way = NULL;
    network.count = 0;
}

/* ---------------------------------------------------------------- in place of send.h */

struct sender *__wrap_sender_new(const struct sender_options *options, struct err *err)
{
    (void)options;
    (void)err;
    return &network;
}

void __wrap_sender_free(struct sender **s)
{
    if (*s && (*s)->count) {
        fprintf(stderr, "scripted: requests are under way\n");
        abort();
    }
    *s = NULL;
}

static int by_end(const struct send_handle *a, const struct send_handle *b)
{
    return (a->end_at > b->end_at) - (a->end_at < b->end_at);
}

struct send_handle *__wrap_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *done, void *arg)
{
    struct send_handle *h = calloc(1, sizeof *h);
    if (!h)
        abort();
    h->answer = s->script.started(s->script.arg, r, &h->tag);
    if (h->answer.after_ms > r->timeout_ms)
        h->answer.after_ms = -1;
    h->took_ms = h->answer.after_ms < 0 ? r->timeout_ms : h->answer.after_ms;
    h->started_at = clock_wall_ms(s->clock);
    h->end_at = clock_steady_ms(s->clock) + h->took_ms;
    h->done = done;
    h->arg = arg;
    DL_INSERT_INORDER(s->under_way, h, by_end);
    s->count++;
    return h;
}

void __wrap_sender_cancel(struct send_handle *h)
{
    h->cancelled = true;
}

static struct outcome outcome_of(const struct send_handle *h)
{
    struct outcome o = {
        .started_at = h->started_at, .total_us = h->took_ms * 1000, .retry_after_ms = -1};
    if (h->cancelled) {
        o.kind = OUTCOME_CANCELLED;
        snprintf(o.error, sizeof o.error, "cancelled");
    } else if (h->answer.after_ms < 0) {
        o.kind = OUTCOME_NETWORK;
        o.timed_out = true;
        snprintf(o.error, sizeof o.error, "timed out");
    } else if (h->answer.status == 0) {
        o.kind = OUTCOME_NETWORK;
        snprintf(o.error, sizeof o.error, "connection lost");
    } else {
        o.kind = OUTCOME_RESPONSE;
        o.status = h->answer.status;
        o.retry_after_ms = h->answer.retry_after_ms;
    }
    return o;
}

/* What ends in here only; a request that begins meanwhile waits for the next turn. */
static bool land_due(struct sender *s)
{
    int64_t now = clock_steady_ms(s->clock);
    struct send_handle *due = NULL, *h, *next;
    DL_FOREACH_SAFE(s->under_way, h, next)
    {
        if (h->end_at > now && !h->cancelled)
            continue;
        DL_DELETE(s->under_way, h);
        DL_APPEND(due, h);
    }
    bool any = due != NULL;
    DL_FOREACH_SAFE(due, h, next)
    {
        struct outcome o = outcome_of(h);
        s->count--;
        if (s->script.landing)
            s->script.landing(s->script.arg, h->tag, &o);
        h->done(h->arg, &o);
        outcome_free(&o);
        free(h);
    }
    return any;
}

void scripted_let_writer_finish(void)
{
    if (!network.store)
        return;
    store_drain(network.store);
    while (!atomic_load(&network.writer_waits))
        sched_yield();
}

size_t __wrap_sender_turn(struct sender *s, int64_t wait_ms)
{
    s->quiet = false;
    scripted_let_writer_finish();
    if (land_due(s)) {
        scripted_let_writer_finish();
        return s->count;
    }
    if (wait_ms <= 0)
        return s->count;
    if (atomic_exchange(&s->woken, false))
        return s->count;
    s->quiet = true;
    s->wait_ms = wait_ms;
    return s->count;
}

size_t __wrap_sender_active(const struct sender *s)
{
    return s->count;
}

void __wrap_sender_wake(struct sender *s)
{
    atomic_store(&s->woken, true);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *until)
{
    atomic_store(&network.writer_waits, true);
    int code = __real_pthread_cond_timedwait(cond, lock, until);
    atomic_store(&network.writer_waits, false);
    return code;
}

/* ---------------------------------------------------------------- driving */

int64_t scripted_settle(struct engine *e, struct store *s, int turns)
{
    network.store = s;
    network.quiet = false;
    scripted_let_writer_finish();
    for (int i = 0; !network.quiet && (turns == 0 || i < turns); i++) {
        engine_turn(e, LONG_MS);
        if (i < CIRCLES)
            continue;
        fprintf(stderr, "scripted: the engine goes round in circles\n");
        abort();
    }
    network.store = NULL;
    return network.quiet ? network.wait_ms : -1;
}

int64_t scripted_next_end(void)
{
    return network.under_way ? network.under_way->end_at : INT64_MAX;
}

size_t scripted_under_way(void)
{
    return network.count;
}
