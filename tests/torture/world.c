/* What goes on between engine, store and network, told to the model. */
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/endpoints.h"
#include "torture/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct world w;

const enum event_type TYPES[MODEL_TYPES] = {EVENT_TRACE_ERRORS, EVENT_TRACE_FEEDBACK_SCORE,
                                            EVENT_GUARDRAILS_TRIGGERED,
                                            EVENT_PROMPT_COMMITTED};

/* ---------------------------------------------------------------- chance, and blame */

int64_t chance(int64_t bound)
{
    return (int64_t)torture_random(&w.random, (uint64_t)bound);
}

void tell(const char *format, ...)
{
    char *line = w.told[w.tells++ % TOLD];
    va_list args;
    int used = snprintf(line, sizeof w.told[0], "%" PRId64 ": ", w.step);
    va_start(args, format);
    vsnprintf(line + used, sizeof w.told[0] - (size_t)used, format, args);
    va_end(args);
    if (getenv("TELL"))
        printf("%s\n", line);
}

void blame(const char *format, ...)
{
    va_list args;
    if (w.problem[0])
        return;
    va_start(args, format);
    vsnprintf(w.problem, sizeof w.problem, format, args);
    va_end(args);
}

void check(const char *problem)
{
    if (problem)
        blame("%s", problem);
}

void compare_number(const char *what, int64_t real, int64_t model)
{
    if (real != model)
        blame("%s: %" PRId64 ", the model says %" PRId64, what, real, model);
}

/* Keys and ids of a run are the same each time. */
ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags);
void __wrap_randombytes_buf(void *out, size_t len);
void __wrap_crypto_kdf_keygen(unsigned char key[32]);

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t state;
    (void)flags;
    pthread_mutex_lock(&lock);
    state = state ? state : w.seed;
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)out)[i] = (unsigned char)torture_random(&state, 256);
    pthread_mutex_unlock(&lock);
    return (ssize_t)len;
}

void __wrap_randombytes_buf(void *out, size_t len)
{
    __wrap_getrandom(out, len, 0);
}

void __wrap_crypto_kdf_keygen(unsigned char key[32])
{
    __wrap_getrandom(key, 32, 0);
}

/* ---------------------------------------------------------------- bodies */

static const char *after(const char *at, const char *end, const char *key)
{
    const char *found = memmem(at, (size_t)(end - at), key, strlen(key));
    return found ? found + strlen(key) : NULL;
}

static void copy_id(const char *at, char out[UUID_SIZE])
{
    if (at) {
        memcpy(out, at, UUID_SIZE - 1);
        out[UUID_SIZE - 1] = '\0';
    }
}

struct model_body world_read_body(const char *text, size_t len)
{
    struct model_body b = {.hash = UINT64_C(14695981039346656037)};
    const char *end = text + len, *at;
    for (size_t i = 0; i < len; i++)
        b.hash = (b.hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    copy_id(after(text, end, "\"id\":\""), b.id);
    copy_id(after(text, end, "\"alertId\":\""), b.alert_id);
    if ((at = after(text, end, "\"truncated\":")))
        b.truncated = (int)strtol(at, NULL, 10);
    for (at = text; (at = after(at, end, "\"n\":")) && b.kept < MODEL_EVENTS;)
        b.events[b.kept++] = (int)strtol(at, NULL, 10);
    return b;
}

/* ---------------------------------------------------------------- steps of the store */

void __real_store_close_due(struct store *s, int64_t now, int64_t limit, store_done *done,
                            void *arg);
void __real_store_expire(struct store *s, int64_t before, int64_t limit, store_done *done,
                         void *arg);
void __real_store_purge(struct store *s, int64_t before, int64_t limit, store_done *done,
                        void *arg);
void __real_store_recover(struct store *s, int of, store_done *done, void *arg);
void __real_store_close_claim(struct store *s, int64_t limit, const struct claim_wish *wish,
                              store_done *done, void *arg);
void __real_store_claim(struct store *s, const struct claim_wish *wish, store_done *done,
                        void *arg);
void __real_store_record(struct store *s, struct record *records, size_t count,
                         store_done *done, void *arg);
void __real_store_endpoint_note(struct store *s, const struct endpoint_state *state,
                                store_done *done, void *arg);
void __wrap_store_close_due(struct store *s, int64_t now, int64_t limit, store_done *done,
                            void *arg);
void __wrap_store_expire(struct store *s, int64_t before, int64_t limit, store_done *done,
                         void *arg);
void __wrap_store_purge(struct store *s, int64_t before, int64_t limit, store_done *done,
                        void *arg);
void __wrap_store_recover(struct store *s, int of, store_done *done, void *arg);
void __wrap_store_close_claim(struct store *s, int64_t limit, const struct claim_wish *wish,
                              store_done *done, void *arg);
void __wrap_store_claim(struct store *s, const struct claim_wish *wish, store_done *done,
                        void *arg);
void __wrap_store_record(struct store *s, struct record *records, size_t count,
                         store_done *done, void *arg);
void __wrap_store_endpoint_note(struct store *s, const struct endpoint_state *state,
                                store_done *done, void *arg);

/* A process that is dead asks for nothing. */
static bool swallowed(store_done *done, void *arg)
{
    const struct err err = {.code = ERR_IO, .text = "the process is dead"};
    if (w.crashed && done)
        done(arg, &err, NULL);
    return w.crashed;
}

static void take_stale_one(const char *id)
{
    struct delivery whole;
    struct err err = {0};
    if (!store_delivery_get(w.f.reader, NULL, id, &whole, &err)) {
        blame("reading %s: %s", id, err.text);
        return;
    }
    struct model_body body = world_read_body(whole.body, whole.body_len);
    int64_t dead = w.m.deliveries[DELIVERY_DEAD];
    check(model_ended_stale(&w.m, &body, w.claim_now, w.claim_born_from));
    w.tally.stale += w.m.deliveries[DELIVERY_DEAD] - dead;
    delivery_free(&whole);
}

/* Which of those that are too old the last claim met is the store's to choose. */
static void take_stale(void)
{
    const struct delivery_filter dead = {.state = DELIVERY_DEAD, .since = INT64_MIN};
    struct delivery_rows rows;
    struct err err = {0};
    if (!model_has_stale(&w.m, w.claim_now, w.claim_born_from))
        return;
    if (!store_delivery_list(w.f.reader, &dead, NULL, INT64_MAX, &rows, &err)) {
        blame("listing dead letters: %s", err.text);
        return;
    }
    for (size_t i = 0; i < rows.count; i++)
        if (rows.items[i].reason && strncmp(rows.items[i].reason, "too old", 7) == 0)
            take_stale_one(rows.items[i].id);
    delivery_rows_free(&rows);
}

/* The store carries steps out in their order: what was claimed before comes first. */
void world_take_claims(void)
{
    if (!w.claim_asked)
        return;
    store_drain(w.f.store);
    pthread_mutex_lock(&w.lock);
    for (int i = 0; i < w.claims; i++)
        check(model_claim(&w.m, &w.claimed[i].body, w.claimed[i].n));
    w.claims = 0;
    w.claim_asked = false;
    pthread_mutex_unlock(&w.lock);
    take_stale();
}

struct claim_tap {
    store_done *done;
    void *arg;
};

static struct claim_tap *tap_make(store_done *done, void *arg)
{
    struct claim_tap *tap = malloc(sizeof *tap);
    if (!tap)
        abort();
    *tap = (struct claim_tap){done, arg};
    return tap;
}

static void tapped(struct claim_tap *tap, const struct err *err, const struct claims *claims,
                   const void *result)
{
    pthread_mutex_lock(&w.lock);
    for (size_t i = 0; !err && i < claims->count && w.claims < CLAIMED_MAX; i++)
        w.claimed[w.claims++] = (struct claimed){
            world_read_body(claims->items[i].body, claims->items[i].body_len),
            claims->items[i].n};
    pthread_mutex_unlock(&w.lock);
    tap->done(tap->arg, err, result);
    free(tap);
}

static void claimed(void *arg, const struct err *err, const void *result)
{
    tapped(arg, err, result, result);
}

static void closed(void *arg, const struct err *err, const void *result)
{
    tapped(arg, err, err ? NULL : &((const struct closed *)result)->claims, result);
}

void __wrap_store_claim(struct store *s, const struct claim_wish *wish, store_done *done,
                        void *arg)
{
    if (swallowed(done, arg))
        return;
    world_take_claims();
    w.claim_asked = true;
    w.claim_now = wish->now;
    w.claim_born_from = wish->born_from;
    if (wish->born_from < w.m.now - w.m.policy.max_age_ms)
        blame("claims what is up to %" PRId64 " ms old", w.m.now - wish->born_from);
    __real_store_claim(s, wish, claimed, tap_make(done, arg));
}

void __wrap_store_close_claim(struct store *s, int64_t limit, const struct claim_wish *wish,
                              store_done *done, void *arg)
{
    if (swallowed(done, arg))
        return;
    world_take_claims();
    model_close_due(&w.m, wish->now);
    w.claim_asked = true;
    __real_store_close_claim(s, limit, wish, closed, tap_make(done, arg));
}

void __wrap_store_close_due(struct store *s, int64_t now, int64_t limit, store_done *done,
                            void *arg)
{
    if (swallowed(done, arg))
        return;
    world_take_claims();
    model_close_due(&w.m, now);
    __real_store_close_due(s, now, limit, done, arg);
}

void __wrap_store_expire(struct store *s, int64_t before, int64_t limit, store_done *done,
                         void *arg)
{
    if (swallowed(done, arg))
        return;
    world_take_claims();
    int64_t dead = w.m.deliveries[DELIVERY_DEAD];
    if (before < w.m.now - w.m.policy.max_age_ms)
        blame("looks only for what is older than %" PRId64 " ms", w.m.now - before);
    model_expire(&w.m, before);
    w.tally.stale += w.m.deliveries[DELIVERY_DEAD] - dead;
    __real_store_expire(s, before, limit, done, arg);
}

void __wrap_store_purge(struct store *s, int64_t before, int64_t limit, store_done *done,
                        void *arg)
{
    if (swallowed(done, arg))
        return;
    world_take_claims();
    int64_t *kept = w.m.deliveries, all = kept[DELIVERY_DELIVERED] + kept[DELIVERY_DEAD];
    if (before > w.m.wall - w.policy.retention_ms)
        blame("purges what is only %" PRId64 " ms old", w.m.wall - before);
    model_purge(&w.m, before, limit);
    w.tally.purged += all - kept[DELIVERY_DELIVERED] - kept[DELIVERY_DEAD];
    __real_store_purge(s, before, limit, done, arg);
}

void __wrap_store_recover(struct store *s, int of, store_done *done, void *arg)
{
    if (swallowed(done, arg))
        return;
    model_recover(&w.m);
    __real_store_recover(s, of, done, arg);
}

void __wrap_store_endpoint_note(struct store *s, const struct endpoint_state *state,
                                store_done *done, void *arg)
{
    if (!swallowed(done, arg))
        __real_store_endpoint_note(s, state, done, arg);
}

static void note_record(const struct record *r)
{
    const struct model_verdict v = {r->n, r->decision.state, r->decision.next_at,
                                    r->decision.reason};
    if (r->outcome.kind == OUTCOME_CANCELLED) {
        model_give_back(&w.m, r->id, r->decision.next_at);
        return;
    }
    if (w.landed_taken == w.landed_count) {
        blame("recorded an outcome of %s, which was not sent", r->id);
        return;
    }
    struct model_flight *f = w.landed[w.landed_taken++];
    if (!f)
        return; /* its start was blamed */
    w.tally.strays += f->delivery && f->delivery->state != DELIVERY_SENDING;
    check(model_land(&w.m, f, &r->outcome, &v));
}

void __wrap_store_record(struct store *s, struct record *records, size_t count,
                         store_done *done, void *arg)
{
    if (swallowed(done, arg)) {
        for (size_t i = 0; i < count; i++) {
            outcome_free(&records[i].outcome);
            free(records[i].request_headers);
        }
        free(records);
        w.landed_taken = w.landed_count = 0;
        return;
    }
    world_take_claims();
    bool sent = w.landed_count > 0;
    for (size_t i = 0; i < count; i++)
        note_record(&records[i]);
    if (w.landed_taken == w.landed_count)
        w.landed_taken = w.landed_count = 0;
    __real_store_record(s, records, count, done, arg);
    if (!sent)
        scripted_let_writer_finish(); /* or the engine may see it now, or later */
}

/* ---------------------------------------------------------------- the network */

static struct scripted_answer answer_of(enum mood mood)
{
    struct scripted_answer a = {.status = 200, .retry_after_ms = -1};
    int64_t speed = chance(20);
    a.after_ms = speed < 12 ? 0 : speed < 18 ? chance(2 * SECOND) : chance(40 * SECOND);
    if (mood == DOWN || (mood == FLAKY && chance(2)))
        a.status = (int)PICK(500, 500, 502, 503);
    else if (mood == LOST)
        a.status = 0;
    else if (mood == HANGS && chance(10))
        a.after_ms = -1;
    else if (mood == REFUSES)
        a.status = (int)PICK(404, 400, 302, 200);
    else if (mood == GONE && chance(4) == 0)
        a.status = 410;
    else if (mood == SLOW_DOWN && chance(3))
        a.status = (int)PICK(429, 503);
    if (mood == SLOW_DOWN && a.status != 200)
        a.retry_after_ms =
            PICK(-1, 0, 500, 5 * SECOND, 30 * SECOND, 10 * MINUTE, 30 * HOUR);
    return a;
}

static struct scripted_answer started(void *arg, const struct send_request *r, void **tag)
{
    struct model_body body = world_read_body(r->body, r->body_len);
    struct model_flight *f = NULL;
    int url = r->url[strlen("http://endpoint-")] - '0';
    (void)arg;
    world_take_claims();
    check(model_start(&w.m, &body, url, &f));
    *tag = f;
    tell("  request %" PRId64 " to URL %d", f && f->delivery ? f->delivery->number : 0,
         url);
    w.tally.requests++;
    w.tally.probes += f && f->probe;
    return answer_of(w.moods[url]);
}

static void landing(void *arg, void *tag, const struct outcome *o)
{
    (void)arg;
    if (w.crashed)
        return;
    if (w.landed_count == LANDED_MAX)
        abort();
    w.landed[w.landed_count++] = tag;
    w.tally.delivered += o->status == 200;
    w.tally.failures += o->status >= 500 || o->kind == OUTCOME_NETWORK;
    w.tally.time_outs += o->timed_out;
    w.tally.gone += o->status == 410;
}

const struct scripted_script world_network = {started, landing, NULL};
