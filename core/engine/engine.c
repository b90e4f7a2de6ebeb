#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "engine/engine_impl.h"
#include "store/delivering.h"
#include "store/endpoints.h"

enum {
    PURGE_EVERY_MS = 3600 * 1000,
    TRIM_AFTER_MS = 60 * 1000, /* something was recorded */
    STAGGER_MS = 100, /* see engine_failed() */
    RECORD_AT_ONCE = 128, /* outcomes in one step */
    BLOCKED_MS = 250, /* while all that is due belongs to busy endpoints */
    LONG_MS = 24 * 3600 * 1000,
};

/* ------------------------------------------------------------------ small parts */

int64_t engine_now(const struct engine *e)
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
void engine_failed(struct engine *e, int what, const struct err *err)
{
    e->resting[what] = engine_now(e) + REST_MS + what * STAGGER_MS;
    set_problem(e, err->text);
}

void engine_succeeded(struct engine *e, int what)
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

static void drop_texts(struct record *r)
{
    r->outcome.headers = r->outcome.body = r->request_headers = NULL;
    r->outcome.headers_len = r->outcome.body_len = 0;
}

/* Asks for the records of the note and its others; their texts are moved in. False: no memory,
 * nothing done. */
static bool record(struct engine *e, struct note *n)
{
    size_t count = 1;
    for (struct note *other = n->others; other; other = other->next)
        count++;
    struct record *r = calloc(count, sizeof *r);
    if (!r)
        return false;
    r[0] = n->record;
    drop_texts(&n->record);
    size_t i = 1;
    for (struct note *other = n->others; other; other = other->next) {
        r[i++] = other->record;
        drop_texts(&other->record);
    }
    n->failed = false;
    store_record(e->store, r, count, note_answered, n);
    return true;
}

static void lose_texts(struct engine *e, struct note *n)
{
    outcome_free(&n->record.outcome);
    free(n->record.request_headers);
    n->record.request_headers = NULL;
    keep_unrecorded(e, n);
}

/* Each is said again by itself, or one that cannot be recorded would fail the others for ever. */
static void split_unrecorded(struct engine *e, struct note *n)
{
    for (struct note *other = n->others, *next; other; other = next) {
        next = other->next;
        lose_texts(e, other);
    }
    n->others = NULL;
    lose_texts(e, n);
}

/* What landed is recorded in one step: to begin and to commit one takes longer than a record. */
static void record_landed(struct engine *e)
{
    while (e->landed) {
        struct note *first = e->landed, *last = first;
        for (int i = 1; i < RECORD_AT_ONCE && last->next; i++)
            last = last->next;
        e->landed = last->next;
        last->next = NULL;
        first->others = first->next;
        first->next = NULL;
        if (!record(e, first))
            split_unrecorded(e, first);
    }
    e->landed_end = &e->landed;
}

/* What was not sent at all for want of memory must not be tried again in a tight circle (what only
 * had no slot, retry_after_ms 0, is not claimed again before there is one). */
static int64_t earliest_next(struct engine *e, const struct outcome *outcome)
{
    bool wants_memory = outcome->kind == OUTCOME_CANCELLED && outcome->retry_after_ms < 0 &&
                        !atomic_load(&e->stopping);
    return wants_memory ? engine_now(e) + REST_MS : 0;
}

static void fill_record(struct engine *e, const struct claim *claim,
                        struct outcome *outcome, bool probe, struct record *r)
{
    r->row = claim->row;
    r->n = claim->n;
    r->created_at = claim->created_at;
    r->of = e->policy.retry.max + 1;
    r->probe = probe;
    memcpy(r->id, claim->id, sizeof r->id);
    memcpy(r->endpoint, claim->endpoint, sizeof r->endpoint);
    /* A probe asks about the endpoint: the delivery that carries it loses no try by it. */
    retry_decide(&e->policy.retry, outcome, probe ? 0 : claim->n, claim->created_at, engine_now(e),
                 next_chance(e), &r->decision);
    int64_t earliest = earliest_next(e, outcome);
    if (r->decision.state == DELIVERY_RETRYING && r->decision.next_at < earliest)
        r->decision.next_at = earliest;
    r->outcome = *outcome;
    *outcome = (struct outcome){0};
}

static void count_attempt(struct engine *e, const struct outcome *outcome)
{
    pthread_mutex_lock(&e->lock);
    attempt_stats_add(&e->status.attempts, outcome);
    pthread_mutex_unlock(&e->lock);
}

/* `mark` is the note that was made before the delivery went under way. */
static void note_landed(void *arg, const struct claim *claim, void *mark, struct outcome *outcome,
                        char *request_headers, bool probe)
{
    struct engine *e = arg;
    struct note *n = mark;
    unblock(e); /* its slot is free */
    count_attempt(e, outcome);
    if (outcome->started_at == 0)
        outcome->started_at = clock_wall_ms(e->clock);
    fill_record(e, claim, outcome, probe, &n->record);
    n->record.request_headers = request_headers;
    n->next = NULL;
    *e->landed_end = n;
    e->landed_end = &n->next;
}

/* For those who look on; it is not needed to go on, so nobody waits for it. */
static void record_endpoint(void *arg, const char *endpoint, const struct breaker *b,
                            int64_t paused_until, const char *why)
{
    struct engine *e = arg;
    struct endpoint_state state = {
        .state = b->state, .probe_at = b->probe_at, .paused_until = paused_until};
    snprintf(state.endpoint, sizeof state.endpoint, "%s", endpoint);
    snprintf(state.reason, sizeof state.reason, "%s", why);
    unblock(e);
    store_endpoint_note(e->store, &state, NULL, NULL);
}

void engine_record_again(struct engine *e)
{
    while (e->unrecorded) {
        struct note *n = e->unrecorded;
        e->unrecorded = n->next;
        n->next = NULL;
        if (record(e, n))
            continue;
        keep_unrecorded(e, n);
        return;
    }
}

/* ------------------------------------------------------------------ the store's answers */

/* A claim that is not sent goes back. */
static void put_back(struct engine *e, struct claim *c, struct note *n, bool full)
{
    struct outcome outcome = {.kind = OUTCOME_CANCELLED, .retry_after_ms = full ? 0 : -1};
    snprintf(outcome.error, sizeof outcome.error, "not sent: %s",
             full                        ? "its endpoint takes no more now"
             : atomic_load(&e->stopping) ? "the engine stopped"
                                         : "out of memory");
    note_landed(e, c, n, &outcome, NULL, false);
}

static void forget_first(struct claims *claims, size_t count)
{
    for (size_t i = 0; i < count; i++)
        claim_free(&claims->items[i]);
    claims->count -= count;
    memmove(claims->items, claims->items + count, claims->count * sizeof *claims->items);
}

/* Each claim goes under way with the note of its outcome, so that recording never lacks it. Those
 * that there is no memory for wait in their own note. */
static void take_claims(struct engine *e, struct note *n)
{
    size_t taken = 0;
    for (; taken < n->claims.count; taken++) {
        struct claim *c = &n->claims.items[taken];
        struct note *own = note_new(&e->inbox, NOTE_RECORDED);
        if (!own)
            break;
        enum flights_answer answer = flights_add(e->flights, c, own);
        if (answer != FLIGHTS_TAKEN)
            put_back(e, c, own, answer == FLIGHTS_FULL);
    }
    if (taken > 0)
        forget_first(&n->claims, taken);
    e->untaken = n->claims.count ? n : NULL;
    e->claiming = e->untaken != NULL;
    if (!e->untaken)
        return;
    n->failed = true;
    err_memory(&n->err);
}

static void take_claimed(struct engine *e, struct note *n)
{
    e->blocked = !n->failed && n->claims.count == 0 && e->changes == e->changes_asked;
    e->blocked_until = engine_now(e) + BLOCKED_MS;
    take_claims(e, n);
}

bool engine_take_again(struct engine *e)
{
    struct note *n = e->untaken;
    n->failed = false;
    take_claims(e, n);
    if (n->failed) {
        engine_failed(e, NOTE_CLAIMED, &n->err);
        return false;
    }
    engine_succeeded(e, NOTE_CLAIMED);
    note_free(n);
    return true;
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
        if (n->claims_too)
            take_claims(e, n);
        break;
    case NOTE_CLAIMED:
        take_claimed(e, n);
        break;
    case NOTE_RECORDED:
        if (!n->failed && e->trim_at == INT64_MAX)
            e->trim_at = engine_now(e) + TRIM_AFTER_MS;
        break;
    case NOTE_CHECKED:
        e->checking = false;
        break;
    case NOTE_FOLLOWED:
        e->following = false;
        e->followed = !n->failed;
        break;
    case NOTE_EXPIRED:
        e->expiring = false;
        if (!n->failed && n->count < ENGINE_EXPIRE_AT_ONCE)
            e->expire_at = engine_now(e) + EXPIRE_EVERY_MS;
        break;
    case NOTE_PURGED:
        e->purging = false;
        if (!n->failed && n->count < ENGINE_PURGE_AT_ONCE)
            e->purge_at = engine_now(e) + PURGE_EVERY_MS;
        break;
    case NOTE_TRIMMED:
        e->trimming = false;
        if (!n->failed && n->count < ENGINE_PURGE_AT_ONCE)
            e->trim_at = INT64_MAX;
        break;
    }
    if (n->failed)
        engine_failed(e, n->kind, &n->err);
    else
        engine_succeeded(e, n->kind);
}

static void take_notes(struct engine *e)
{
    for (struct note *n = inbox_take(&e->inbox), *next; n; n = next) {
        next = n->next;
        take_note(e, n);
        if (n->failed && n->kind == NOTE_RECORDED)
            split_unrecorded(e, n);
        else if (n != e->untaken)
            note_free(n);
    }
    record_landed(e); /* what went back */
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
                                          e->policy.connect_timeout_ms,
                                          e->policy.retry.max_age_ms, e->policy.rate};
    flights_set_limits(e->flights, &limits);
    e->trim_at = engine_now(e);
    unblock(e);
}

static void publish(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->status.sending = flights_sending(e->flights);
    e->status.turns++;
    pthread_mutex_unlock(&e->lock);
}

/* Returns when the next pause of an endpoint ends. */
static int64_t resume_paused(struct engine *e)
{
    bool any;
    int64_t next = flights_resume(e->flights, &any);
    if (any)
        unblock(e);
    return next;
}

void engine_turn(struct engine *e, int64_t wait_ms)
{
    if (atomic_exchange(&e->changed, false))
        unblock(e);
    take_notes(e);
    apply_policy(e);
    int64_t resume = resume_paused(e), next = engine_plan(e), now = engine_now(e);
    if (resume < next)
        next = resume;
    int64_t wait = inbox_has(&e->inbox) || atomic_load(&e->changed) ? 0 : wait_ms;
    if (next < INT64_MAX && next - now < wait)
        wait = next > now ? next - now : 0;
    publish(e);
    /* Not before the plan: the store is to work while requests are made ready. */
    flights_start(e->flights);
    sender_turn(e->sender, wait);
    record_landed(e);
    take_notes(e);
    publish(e);
}

void engine_poke(struct engine *e)
{
    wake(e);
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
    for (struct note *n = e->landed, *next; n; n = next) {
        next = n->next;
        note_free(n);
    }
    if (e->untaken)
        note_free(e->untaken); /* the next start finds what was claimed */
    inbox_free(&e->inbox);
    pthread_mutex_destroy(&e->lock);
    free(e->rooms);
    free(e);
}

/* Those that an earlier engine left. Without them it would only take longer to notice. */
static void restore_endpoints(struct engine *e)
{
    struct endpoint_states states;
    struct err err;
    if (!store_endpoint_list(e->reader, &states, &err))
        return;
    for (size_t i = 0; i < states.count; i++) {
        const struct endpoint_state *s = &states.items[i];
        if (s->alert_id[0]) /* the others are forgotten with what is recovered */
            flights_restore(e->flights, s->endpoint, s->state, s->probe_at,
                            s->paused_until);
    }
    endpoint_states_free(&states);
}

struct engine *engine_new(const struct engine_options *o, struct err *err)
{
    const struct sender_options sending = {o->clock, o->proxy, o->ca_file,
                                           o->policy.concurrency, o->refuse_private};
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
    e->landed_end = &e->landed;
    if (!e->random && getrandom(&e->random, sizeof e->random, 0) < 0)
        e->random = (uint64_t)engine_now(e);
    e->sender = sender_new(&sending, err);
    e->reader = e->sender ? store_reader_open(o->store, err) : NULL;
    e->flights = e->reader ? flights_new(e->sender, e->reader, o->clock, note_landed,
                                         record_endpoint, e)
                           : NULL;
    if (!e->flights || !store_subscribe(o->store, store_has_changed, e)) {
        if (e->reader)
            err_memory(err);
        destroy(e);
        return NULL;
    }
    restore_endpoints(e);
    apply_policy(e);
    e->purge_at = engine_now(e);
    e->status.running = true;
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

/* The grace is real time, whatever clock the engine goes by. */
static void finish(struct engine *e, int64_t grace_ms)
{
    int64_t end = clock_monotonic_ms() + grace_ms, left;
    flights_close(e->flights);
    record_landed(e);
    while (flights_sending(e->flights) > 0 && (left = end - clock_monotonic_ms()) > 0) {
        sender_turn(e->sender, left);
        record_landed(e);
    }
    flights_cancel(e->flights);
    while (flights_sending(e->flights) > 0)
        sender_turn(e->sender, 100);
    record_landed(e);
    store_drain(e->store);
    take_notes(e);   /* a claim that was asked for goes back */
    engine_record_again(e); /* once; else the next start finds them */
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
