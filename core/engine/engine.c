#include "engine/engine.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"
#include "engine/flights.h"
#include "engine/inbox.h"
#include "send/send.h"

enum {
    CLOSE_AT_ONCE = 64, /* buckets in one step, so that many do not hold the others up */
    CLAIM_AT_ONCE = 64,
    BUSY_MAX = 1024,
    PURGE_AT_ONCE = 500,
    PURGE_EVERY_MS = 3600 * 1000,
    REST_MS = 1000,   /* until a step that failed is asked for again */
    STAGGER_MS = 100, /* see failed() */
    BLOCKED_MS = 250, /* while all that is due belongs to busy endpoints */
    LONG_MS = 24 * 3600 * 1000,
};

struct engine {
    struct store *store;
    const struct clock *clock;
    struct store_reader *reader;
    struct sender *sender;
    struct flights *flights;
    struct inbox inbox;
    struct engine_policy policy;
    uint64_t random;

    bool recovered, recovering, closing, claiming, purging; /* -ing: a step is under way */
    int64_t purge_at;
    struct note *unrecorded; /* what the store could not take: said again */

    /* By note_kind, and READING: until when what failed rests, so that a store that fails
     * is not asked in circles, nor one step that cannot succeed stops the others. 0: fine.
     */
    int64_t resting[NOTE_KINDS + 1];

    /* store_next_due() knows no endpoints: while it names a delivery of a busy one,
     * claiming is of use only after something changed, or for another's that became due. */
    bool blocked;
    int64_t blocked_until;
    uint64_t changes, changes_asked; /* seen, and as of the claim that is under way */
    char busy[BUSY_MAX][33];

    pthread_mutex_t lock; /* over the three below */
    struct engine_policy next_policy;
    bool policy_changed;
    struct engine_status status;

    atomic_bool changed, stopping;
    bool threaded;
    pthread_t thread;
};

enum { READING = NOTE_KINDS };

/* ------------------------------------------------------------------ small parts */

static int64_t now_of(const struct engine *e)
{
    return clock_steady_ms(e->clock);
}

/* splitmix64: chance for the jitter, from a seed that tests can set. */
static double next_chance(struct engine *e)
{
    uint64_t z = e->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

static void set_problem(struct engine *e, const char *text)
{
    pthread_mutex_lock(&e->lock);
    bool fresh = strcmp(e->status.problem, text) != 0;
    snprintf(e->status.problem, sizeof e->status.problem, "%s", text);
    pthread_mutex_unlock(&e->lock);
    if (fresh && *text)
        log_write(LOG_LEVEL_ERROR, "the engine waits: %s", text);
}

/* The store commits together what comes together, and undoes it together when its file
 * fails: the steps are asked for again one by one, or one would fail the others for ever.
 */
static void failed(struct engine *e, int what, const struct err *err)
{
    e->resting[what] = now_of(e) + REST_MS + what * STAGGER_MS;
    set_problem(e, err->text);
}

static void succeeded(struct engine *e, int what)
{
    bool failed_before = e->resting[what] != 0;
    e->resting[what] = 0;
    for (int i = 0; i <= READING; i++)
        if (e->resting[i] != 0)
            return;
    if (failed_before)
        set_problem(e, "");
}

/* Something may be claimed now that could not be before. */
static void unblock(struct engine *e)
{
    e->changes++;
    e->blocked = false;
}

static void wake(void *arg)
{
    sender_wake(((struct engine *)arg)->sender);
}

static void store_has_changed(void *arg, unsigned changes)
{
    struct engine *e = arg;
    if (!(changes &
          (STORE_CHANGED_BUCKETS | STORE_CHANGED_DELIVERIES | STORE_CHANGED_ALERTS)))
        return;
    atomic_store(&e->changed, true);
    wake(e);
}

/* ------------------------------------------------------------------ recording */

static void keep_unrecorded(struct engine *e, struct note *n)
{
    n->next = e->unrecorded;
    e->unrecorded = n;
}

/* Asks for the note's record; the texts are moved in. False: no memory, nothing done. */
static bool record(struct engine *e, struct note *n, struct outcome *texts,
                   char *request_headers)
{
    struct record *r = malloc(sizeof *r);
    if (!r)
        return false;
    *r = n->record;
    r->request_headers = request_headers;
    if (texts) {
        r->outcome = *texts;
        *texts = (struct outcome){0};
    }
    n->failed = false;
    store_record(e->store, r, 1, note_answered, n);
    return true;
}

/* What was not sent at all for want of memory must not be tried again in a tight circle. */
static int64_t earliest_next(struct engine *e, const struct outcome *outcome)
{
    bool wants_memory = outcome->kind == OUTCOME_CANCELLED && !atomic_load(&e->stopping);
    return wants_memory ? now_of(e) + REST_MS : 0;
}

static void fill_record(struct engine *e, const struct claim *claim,
                        const struct outcome *outcome, struct record *r)
{
    r->row = claim->row;
    r->n = claim->n;
    r->of = e->policy.retry.max + 1;
    memcpy(r->id, claim->id, sizeof r->id);
    retry_decide(&e->policy.retry, outcome, claim->n, claim->created_at, now_of(e),
                 next_chance(e), &r->decision);
    int64_t earliest = earliest_next(e, outcome);
    if (r->decision.state == DELIVERY_RETRYING && r->decision.next_at < earliest)
        r->decision.next_at = earliest;
    r->outcome = *outcome;
    r->outcome.headers = r->outcome.body = NULL;
    r->outcome.headers_len = r->outcome.body_len = 0;
}

/* Without memory for a note the delivery stays SENDING until the next start recovers it. */
static void record_landed(void *arg, const struct claim *claim, struct outcome *outcome,
                          char *request_headers)
{
    struct engine *e = arg;
    struct note *n = note_new(&e->inbox, NOTE_RECORDED);
    unblock(e); /* its slot is free */
    if (outcome->started_at == 0)
        outcome->started_at = clock_wall_ms(e->clock);
    if (n)
        fill_record(e, claim, outcome, &n->record);
    if (n && record(e, n, outcome, request_headers))
        return;
    free(request_headers);
    if (n)
        keep_unrecorded(e, n);
}

static void record_again(struct engine *e)
{
    while (e->unrecorded) {
        struct note *n = e->unrecorded;
        e->unrecorded = n->next;
        n->next = NULL;
        if (record(e, n, NULL, NULL))
            continue;
        keep_unrecorded(e, n);
        return;
    }
}

/* ------------------------------------------------------------------ the store's answers */

/* A claim that is not sent goes back. */
static void put_back(struct engine *e, struct claim *c)
{
    struct outcome outcome = {.kind = OUTCOME_CANCELLED, .retry_after_ms = -1};
    snprintf(outcome.error, sizeof outcome.error, "not sent: %s",
             atomic_load(&e->stopping) ? "the engine stopped" : "out of memory");
    record_landed(e, c, &outcome, NULL);
}

static void take_claims(struct engine *e, struct note *n)
{
    e->claiming = false;
    e->blocked = !n->failed && n->claims.count == 0 && e->changes == e->changes_asked;
    e->blocked_until = now_of(e) + BLOCKED_MS;
    for (size_t i = 0; i < n->claims.count; i++)
        if (!flights_add(e->flights, &n->claims.items[i]))
            put_back(e, &n->claims.items[i]);
}

static void take_note(struct engine *e, struct note *n)
{
    switch (n->kind) {
    case NOTE_RECOVERED:
        e->recovering = false;
        e->recovered = !n->failed;
        break;
    case NOTE_CLOSED:
        e->closing = false;
        break;
    case NOTE_CLAIMED:
        take_claims(e, n);
        break;
    case NOTE_RECORDED:
        break;
    case NOTE_PURGED:
        e->purging = false;
        if (!n->failed && n->count < PURGE_AT_ONCE)
            e->purge_at = now_of(e) + PURGE_EVERY_MS;
        break;
    }
    if (n->failed)
        failed(e, n->kind, &n->err);
    else
        succeeded(e, n->kind);
}

static void take_notes(struct engine *e)
{
    for (struct note *n = inbox_take(&e->inbox), *next; n; n = next) {
        next = n->next;
        take_note(e, n);
        if (n->failed && n->kind == NOTE_RECORDED)
            keep_unrecorded(e, n);
        else
            note_free(n);
    }
}

/* ------------------------------------------------------------------ what to do next */

static void apply_policy(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    bool changed = e->policy_changed;
    if (changed)
        e->policy = e->next_policy;
    e->policy_changed = false;
    pthread_mutex_unlock(&e->lock);
    if (!changed)
        return;
    const struct flights_limits limits = {e->policy.concurrency, e->policy.per_endpoint,
                                          e->policy.timeout_ms,
                                          e->policy.connect_timeout_ms};
    flights_set_limits(e->flights, &limits);
    unblock(e);
}

static void publish(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->status.sending = flights_sending(e->flights);
    pthread_mutex_unlock(&e->lock);
}

/* The ask_to_ and plan_ functions return when to look again. */

static struct note *note_for(struct engine *e, enum note_kind kind)
{
    struct err err;
    struct note *n = note_new(&e->inbox, kind);
    if (!n) {
        err_memory(&err);
        failed(e, kind, &err);
    }
    return n;
}

static int64_t ask_to_close(struct engine *e, int64_t now)
{
    struct note *n = note_for(e, NOTE_CLOSED);
    if (!n)
        return e->resting[NOTE_CLOSED];
    e->closing = true;
    store_close_due(e->store, now, CLOSE_AT_ONCE, note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_claim(struct engine *e, int64_t now)
{
    struct note *n = note_for(e, NOTE_CLAIMED);
    if (!n)
        return e->resting[NOTE_CLAIMED];
    size_t room = flights_room(e->flights);
    size_t count = flights_busy(e->flights, e->busy, BUSY_MAX);
    e->claiming = true;
    e->changes_asked = e->changes;
    store_claim(e->store, now, (int64_t)(room < CLAIM_AT_ONCE ? room : CLAIM_AT_ONCE),
                (const char(*)[33])e->busy, count, note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_purge(struct engine *e)
{
    struct note *n = note_for(e, NOTE_PURGED);
    if (!n)
        return e->resting[NOTE_PURGED];
    e->purging = true;
    store_purge(e->store, clock_wall_ms(e->clock) - e->policy.retention_ms, PURGE_AT_ONCE,
                note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_recover(struct engine *e)
{
    struct note *n = note_for(e, NOTE_RECOVERED);
    if (!n)
        return e->resting[NOTE_RECOVERED];
    e->recovering = true;
    store_recover(e->store, note_answered, n);
    return INT64_MAX;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t plan_close(struct engine *e, int64_t now, int64_t due)
{
    int64_t at = later(due, e->resting[NOTE_CLOSED]);
    if (e->closing)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_close(e, now);
}

static int64_t plan_claim(struct engine *e, int64_t now, int64_t due)
{
    int64_t at = later(due, e->resting[NOTE_CLAIMED]);
    if (e->blocked)
        at = later(at, e->blocked_until);
    if (e->claiming || flights_room(e->flights) == 0)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_claim(e, now);
}

static int64_t plan_purge(struct engine *e, int64_t now)
{
    int64_t at = later(e->purge_at, e->resting[NOTE_PURGED]);
    if (e->purging)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_purge(e);
}

static int64_t plan_recover(struct engine *e, int64_t now)
{
    if (e->recovering)
        return INT64_MAX;
    if (e->resting[NOTE_RECOVERED] > now)
        return e->resting[NOTE_RECOVERED];
    return ask_to_recover(e);
}

static int64_t plan_record(struct engine *e, int64_t now)
{
    if (!e->unrecorded)
        return INT64_MAX;
    if (e->resting[NOTE_RECORDED] > now)
        return e->resting[NOTE_RECORDED];
    record_again(e);
    return e->unrecorded ? now + REST_MS : INT64_MAX;
}

/* Starts every step that is due; returns when the next one will be. */
static int64_t plan(struct engine *e)
{
    int64_t now = now_of(e), buckets, deliveries;
    struct err err;
    if (atomic_load(&e->stopping))
        return INT64_MAX;
    int64_t next = plan_record(e, now);
    if (!e->recovered)
        return earlier(next, plan_recover(e, now));
    if (e->resting[READING] > now)
        return earlier(next, e->resting[READING]);
    if (!store_next_due(e->reader, &buckets, &deliveries, &err)) {
        failed(e, READING, &err);
        return earlier(next, e->resting[READING]);
    }
    succeeded(e, READING);
    next = earlier(next, plan_close(e, now, buckets));
    next = earlier(next, plan_claim(e, now, deliveries));
    return earlier(next, plan_purge(e, now));
}

void engine_turn(struct engine *e, int64_t wait_ms)
{
    if (atomic_exchange(&e->changed, false))
        unblock(e);
    take_notes(e);
    apply_policy(e);
    int64_t next = plan(e), now = now_of(e);
    int64_t wait = inbox_has(&e->inbox) || atomic_load(&e->changed) ? 0 : wait_ms;
    if (next < INT64_MAX)
        wait = earlier(wait, next > now ? next - now : 0);
    publish(e);
    sender_turn(e->sender, wait);
    take_notes(e);
    publish(e);
}

/* ------------------------------------------------------------------ life */

static void *run(void *arg)
{
    struct engine *e = arg;
    while (!atomic_load(&e->stopping))
        engine_turn(e, LONG_MS);
    return NULL;
}

static void destroy(struct engine *e)
{
    flights_free(&e->flights);
    sender_free(&e->sender);
    store_reader_close(&e->reader);
    for (struct note *n = e->unrecorded, *next; n; n = next) {
        next = n->next;
        note_free(n);
    }
    inbox_free(&e->inbox);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

struct engine *engine_new(const struct engine_options *o, struct err *err)
{
    const struct sender_options sending = {o->clock, o->proxy, o->ca_file,
                                           o->policy.concurrency};
    struct engine *e = calloc(1, sizeof *e);
    if (!e) {
        err_memory(err);
        return NULL;
    }
    e->store = o->store;
    e->clock = o->clock;
    e->next_policy = o->policy;
    e->policy_changed = true;
    e->random = o->seed;
    pthread_mutex_init(&e->lock, NULL);
    inbox_init(&e->inbox, wake, e);
    if (!e->random && getrandom(&e->random, sizeof e->random, 0) < 0)
        e->random = (uint64_t)now_of(e);
    e->sender = sender_new(&sending, err);
    e->reader = e->sender ? store_reader_open(o->store, err) : NULL;
    e->flights = e->reader ? flights_new(e->sender, record_landed, e) : NULL;
    if (!e->flights || !store_subscribe(o->store, store_has_changed, e)) {
        if (e->reader)
            err_memory(err);
        destroy(e);
        return NULL;
    }
    apply_policy(e);
    e->purge_at = now_of(e);
    e->status.running = true;
    ask_to_recover(e);
    return e;
}

/* Signals are for the thread that knows what they mean. */
bool engine_start(struct engine *e, struct err *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&e->thread, NULL, run, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        return err_set(err, ERR_MEMORY, "the engine's thread could not be started");
    e->threaded = true;
    return true;
}

static int64_t monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The grace is real time, whatever clock the engine goes by. */
static void finish(struct engine *e, int64_t grace_ms)
{
    int64_t end = monotonic_ms() + grace_ms, left;
    flights_close(e->flights);
    while (flights_sending(e->flights) > 0 && (left = end - monotonic_ms()) > 0)
        sender_turn(e->sender, left);
    flights_cancel(e->flights);
    while (flights_sending(e->flights) > 0)
        sender_turn(e->sender, 100);
    store_drain(e->store);
    take_notes(e);   /* a claim that was asked for goes back */
    record_again(e); /* once; else the next start finds them */
    store_drain(e->store);
}

void engine_free(struct engine **ep, int64_t grace_ms)
{
    struct engine *e = *ep;
    if (!e)
        return;
    atomic_store(&e->stopping, true);
    if (e->threaded) {
        wake(e);
        pthread_join(e->thread, NULL);
    }
    store_unsubscribe(e->store, store_has_changed, e);
    finish(e, grace_ms);
    destroy(e);
    *ep = NULL;
}

void engine_set_policy(struct engine *e, const struct engine_policy *policy)
{
    pthread_mutex_lock(&e->lock);
    e->next_policy = *policy;
    e->policy_changed = true;
    pthread_mutex_unlock(&e->lock);
    wake(e);
}

void engine_status(struct engine *e, struct engine_status *out)
{
    pthread_mutex_lock(&e->lock);
    *out = e->status;
    pthread_mutex_unlock(&e->lock);
}
