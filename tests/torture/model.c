#include "torture/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

enum {
    PROBE_MS = 10000,
    LOOKS_FOR_OLD_MS = 60000, /* how often the engine looks for what is too old */
    STARTS_WITHIN_MS = 100,   /* from a claim, which judges the age too */
};

static const char *wrong(const char *format, ...)
{
    static char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

static void free_flights(struct model *m)
{
    struct model_flight *f, *next;
    for (f = m->flights; f; f = next) {
        next = f->next;
        free(f);
    }
    m->flights = NULL;
    m->sending = 0;
}

void model_free(struct model *m)
{
    struct model_delivery *d, *next;
    DL_CONCAT(m->open, m->ended);
    for (d = m->open; d; d = next) {
        next = d->next;
        free(d);
    }
    free_flights(m);
}

/* ---------------------------------------------------------------- states */

static bool ended(const struct model_delivery *d)
{
    return d->state >= DELIVERY_DELIVERED;
}

static void move(struct model *m, struct model_delivery *d, enum delivery_state to,
                 int64_t next_at, const char *reason)
{
    m->deliveries[d->state]--;
    m->events[d->state] -= d->kept;
    if (ended(d))
        DL_DELETE(m->ended, d);
    else
        DL_DELETE(m->open, d);
    d->state = to;
    d->next_at = next_at;
    snprintf(d->reason, sizeof d->reason, "%s", reason ? reason : "");
    m->deliveries[to]++;
    m->events[to] += d->kept;
    if (ended(d))
        DL_APPEND(m->ended, d);
    else
        DL_APPEND(m->open, d);
}

static void end_alert(struct model *m, int slot, const char *reason)
{
    struct model_delivery *d, *next;
    for (int type = 0; type < MODEL_TYPES; type++) {
        struct model_bucket *b = &m->buckets[slot][type];
        if (!b->open)
            continue;
        m->dropped += b->kept;
        m->said += b->kept + b->truncated;
        m->waiting -= b->kept;
        m->open_buckets--;
        b->open = false;
    }
    for (d = m->open; d; d = next) {
        next = d->next;
        if (d->alert != slot)
            continue;
        d->orphan |= d->state == DELIVERY_SENDING;
        move(m, d, DELIVERY_DEAD, 0, reason);
    }
}

/* ---------------------------------------------------------------- people and SDKs */

static void collect(struct model *m, struct model_bucket *b, int n)
{
    if (!b->open) {
        *b = (struct model_bucket){
            .open = true, .opened_at = m->now, .due_at = m->now + m->window_ms};
        m->open_buckets++;
    }
    m->accepted++;
    if (b->kept > 0 && b->kept >= m->bucket_events) {
        b->truncated++;
        m->dropped++;
        return;
    }
    b->events[b->kept++] = n;
    m->waiting++;
}

int model_event(struct model *m, int workspace, int type, int project, int n)
{
    int pairs = 0;
    for (int slot = 0; slot < MODEL_ALERTS; slot++) {
        const struct model_alert *a = &m->alerts[slot];
        bool in_scope = type == MODEL_TYPES - 1 || (a->scope[type] >> project & 1);
        if (!a->exists || !a->enabled || a->workspace != workspace || !a->wants[type] ||
            !in_scope)
            continue;
        collect(m, &m->buckets[slot][type], n);
        pairs++;
    }
    return pairs;
}

void model_put(struct model *m, int slot, const struct model_alert *a)
{
    bool was_enabled = m->alerts[slot].exists && m->alerts[slot].enabled;
    m->alerts[slot] = *a;
    if (was_enabled && !a->enabled)
        end_alert(m, slot, "the alert was disabled");
}

void model_enable(struct model *m, int slot, bool enabled)
{
    struct model_alert a = m->alerts[slot];
    a.enabled = enabled;
    model_put(m, slot, &a);
}

void model_delete(struct model *m, int slot)
{
    struct model_delivery *d;
    end_alert(m, slot, "the alert was deleted");
    for (d = m->ended; d; d = d->next)
        if (d->alert == slot)
            d->alert = -1;
    m->alerts[slot].exists = false;
}

bool model_send_now(struct model *m, int slot, int type)
{
    struct model_bucket *b = &m->buckets[slot][type];
    if (b->open && b->due_at > m->now)
        b->due_at = m->now;
    return b->open;
}

bool model_replay(struct model *m, struct model_delivery *d, int64_t spacing_ms,
                  int64_t before)
{
    if (!ended(d) || d->alert < 0 || !m->alerts[d->alert].enabled)
        return false;
    d->tries = 0;
    d->born_at = m->now + spacing_ms * before;
    move(m, d, DELIVERY_WAITING, d->born_at, NULL);
    return true;
}

/* ---------------------------------------------------------------- the engine's steps */

static void close_bucket(struct model *m, int slot, int type)
{
    struct model_bucket *b = &m->buckets[slot][type];
    struct model_delivery *d = calloc(1, sizeof *d);
    if (!d)
        abort();
    memcpy(d->alert_id, m->alerts[slot].id, UUID_SIZE);
    memcpy(d->events, b->events, sizeof d->events);
    d->alert = slot;
    d->type = type;
    d->kept = b->kept;
    d->truncated = b->truncated;
    d->number = ++m->made;
    d->created_wall = m->wall;
    d->born_at = d->next_at = m->now;
    m->deliveries[DELIVERY_WAITING]++;
    m->events[DELIVERY_WAITING] += d->kept;
    m->said += d->truncated;
    m->waiting -= d->kept;
    m->open_buckets--;
    b->open = false;
    DL_APPEND(m->open, d);
}

void model_close_due(struct model *m, int64_t now)
{
    for (int slot = 0; slot < MODEL_ALERTS; slot++)
        for (int type = 0; type < MODEL_TYPES; type++)
            if (m->buckets[slot][type].open && m->buckets[slot][type].due_at <= now)
                close_bucket(m, slot, type);
}

static void end_stale(struct model *m, struct model_delivery *d)
{
    move(m, d, DELIVERY_DEAD, 0,
         "too old to send: delivery.max_age passed while it waited");
}

void model_expire(struct model *m, int64_t before)
{
    struct model_delivery *d, *next;
    for (d = m->open; d; d = next) {
        next = d->next;
        if (d->state != DELIVERY_SENDING && d->born_at < before)
            end_stale(m, d);
    }
}

static bool may_end_at_claim(const struct model_delivery *d, int64_t now, int64_t born_from)
{
    return d->state != DELIVERY_SENDING && d->next_at <= now && d->born_at < born_from;
}

bool model_has_stale(const struct model *m, int64_t now, int64_t born_from)
{
    const struct model_delivery *d = m->open;
    while (d && !may_end_at_claim(d, now, born_from))
        d = d->next;
    return d != NULL;
}

const char *model_ended_stale(struct model *m, const struct model_body *b, int64_t now,
                              int64_t born_from)
{
    struct model_delivery *d = model_find(m, b);
    if (!d)
        return wrong("ended %s, which nobody made", b->id);
    if (d->state >= DELIVERY_DELIVERED)
        return NULL; /* it was before */
    if (!may_end_at_claim(d, now, born_from))
        return wrong("ended %s, %s and made at %" PRId64 ", as older than %" PRId64, b->id,
                     delivery_state_name(d->state), d->born_at, born_from);
    end_stale(m, d);
    return NULL;
}

static int by_age(const struct model_delivery *a, const struct model_delivery *b)
{
    if (a->created_wall != b->created_wall)
        return a->created_wall < b->created_wall ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

void model_purge(struct model *m, int64_t before_wall, int64_t limit)
{
    struct model_delivery *d, *next;
    struct model_flight *f;
    int64_t old = 0;
    for (d = m->ended; d; d = d->next)
        old += !d->orphan && d->created_wall < before_wall;
    if (old > limit)
        DL_SORT(m->ended, by_age);
    for (d = m->ended; d; d = next) {
        next = d->next;
        if (d->orphan || d->created_wall >= before_wall || limit-- <= 0)
            continue;
        for (f = m->flights; f; f = f->next)
            if (f->delivery == d)
                f->delivery = NULL;
        m->deliveries[d->state]--;
        DL_DELETE(m->ended, d);
        free(d);
    }
}

static void tell_of_orphans(struct model_delivery *list)
{
    struct model_delivery *d;
    for (d = list; d; d = d->next) {
        d->attempts += d->orphan;
        d->orphan = false;
    }
}

void model_recover(struct model *m)
{
    struct model_delivery *d, *next;
    tell_of_orphans(m->open);
    tell_of_orphans(m->ended);
    for (d = m->open; d; d = next) {
        next = d->next;
        if (d->state != DELIVERY_SENDING)
            continue;
        d->attempts++;
        d->tries++;
        d->claimed = d->status = 0;
        move(m, d, DELIVERY_RETRYING, m->now, NULL);
    }
}

static bool is_used(const struct model *m, int url)
{
    for (int slot = 0; slot < MODEL_ALERTS; slot++)
        if (m->alerts[slot].exists && m->alerts[slot].url == url)
            return true;
    return false;
}

/* Of URLs that an alert sends to, a pause is remembered, and a breaker that is not closed:
 * open until the same probe, or at the ramp's foot. */
void model_restart(struct model *m)
{
    free_flights(m);
    for (int i = 0; i < MODEL_URLS; i++) {
        struct model_endpoint *e = &m->endpoints[i], before = *e;
        *e = (struct model_endpoint){.slots = 1};
        if (!is_used(m, i))
            continue;
        e->breaker = before.breaker;
        e->paused_until = before.paused_until;
        if (e->breaker != MODEL_CLOSED)
            e->probe_wait = PROBE_MS;
        if (e->breaker == MODEL_OPEN)
            e->probe_at = before.probe_at;
    }
}

/* ---------------------------------------------------------------- claims */

static struct model_delivery *find_in(struct model_delivery *list,
                                      const struct model_body *b)
{
    struct model_delivery *d;
    for (d = list; d; d = d->next)
        if (strcmp(d->id, b->id) == 0 ||
            (!d->id[0] && d->kept && b->kept && d->events[0] == b->events[0] &&
             strcmp(d->alert_id, b->alert_id) == 0))
            return d;
    return NULL;
}

struct model_delivery *model_find(struct model *m, const struct model_body *b)
{
    struct model_delivery *d = find_in(m->open, b);
    d = d ? d : find_in(m->ended, b);
    if (d && !d->id[0])
        memcpy(d->id, b->id, UUID_SIZE);
    return d;
}

static const char *same_body(struct model_delivery *d, const struct model_body *b)
{
    bool same = d->kept == b->kept && d->truncated == b->truncated &&
                memcmp(d->events, b->events, sizeof *d->events * (size_t)d->kept) == 0;
    if (!same)
        return wrong("%s carries %d other events than its bucket's %d", b->id, b->kept,
                     d->kept);
    if (d->body && d->body != b->hash)
        return wrong("%s has another body than before", b->id);
    d->body = b->hash;
    return NULL;
}

const char *model_claim(struct model *m, const struct model_body *b, int n)
{
    struct model_delivery *d = model_find(m, b);
    if (!d)
        return wrong("claimed %s, which nobody made", b->id);
    if ((d->state != DELIVERY_WAITING && d->state != DELIVERY_RETRYING) ||
        d->next_at > m->now)
        return wrong("claimed %s, which is %s, due in %" PRId64, b->id,
                     delivery_state_name(d->state), d->next_at - m->now);
    if (n != d->tries + 1)
        return wrong("claimed %s as try %d, not %d", b->id, n, d->tries + 1);
    move(m, d, DELIVERY_SENDING, 0, NULL);
    d->claimed = n;
    d->claimed_url = m->alerts[d->alert].url;
    return same_body(d, b);
}

void model_give_back(struct model *m, const char *id, int64_t next_at)
{
    struct model_delivery *d;
    for (d = m->ended; d; d = d->next)
        if (strcmp(d->id, id) == 0)
            d->orphan = false;
    for (d = m->open; d; d = d->next)
        if (strcmp(d->id, id) == 0)
            break;
    if (!d || d->state != DELIVERY_SENDING)
        return;
    d->claimed = 0;
    move(m, d, d->tries ? DELIVERY_RETRYING : DELIVERY_WAITING, next_at, NULL);
}

/* ---------------------------------------------------------------- requests */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* For how long it is older than allowed. */
static int64_t too_old(const struct model *m, const struct model_delivery *d)
{
    return m->now - later(d->born_at + m->policy.max_age_ms, m->policy_at);
}

const char *model_start(struct model *m, const struct model_body *b, int url,
                        struct model_flight **out)
{
    struct model_delivery *d = model_find(m, b);
    struct model_endpoint *e = &m->endpoints[url];
    if (!d || !d->claimed)
        return wrong("sends %s, which is %s and was not claimed", b->id,
                     d ? delivery_state_name(d->state) : "unknown");
    if (d->claimed_url != url)
        return wrong("sends %s to URL %d, not %d", b->id, url, d->claimed_url);
    if (!model_may_start(m, e))
        return wrong("sends %s to URL %d, which takes none now: %zu under way, breaker %d",
                     b->id, url, e->sending, (int)e->breaker);
    if (too_old(m, d) > STARTS_WITHIN_MS)
        return wrong("sends %s, which is %" PRId64 " ms old", b->id, m->now - d->born_at);
    struct model_flight *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->delivery = d;
    f->url = url;
    f->n = d->claimed;
    f->probe = e->breaker == MODEL_OPEN;
    f->born_at = d->born_at;
    DL_APPEND(m->flights, f);
    d->claimed = 0;
    e->sending++;
    m->sending++;
    if (m->policy.rate)
        e->rate_at = m->now + (1000 + m->policy.rate - 1) / m->policy.rate;
    *out = f;
    return same_body(d, b);
}

/* The wait before the next try, without chance: the least and the most. */
static void waits(const struct model_policy *p, int n, int64_t *least, int64_t *most)
{
    double wait = (double)p->initial_ms, max = (double)p->max_delay_ms;
    for (int i = 1; i < n; i++)
        wait *= 2;
    *least = (int64_t)(0.5 * wait < max ? 0.5 * wait : max);
    *most = (int64_t)(1.5 * wait < max ? 1.5 * wait : max);
}

static const char *judge_retry(const struct model *m, const struct model_flight *f,
                               const struct outcome *o, const struct model_verdict *v)
{
    int64_t least, most, left = m->policy.max_age_ms - (m->now - f->born_at);
    int64_t wait = v->next_at - m->now;
    waits(&m->policy, f->probe ? 1 : f->n, &least, &most);
    least = later(least, o->retry_after_ms);
    most = later(most, o->retry_after_ms);
    bool dead = v->state == DELIVERY_DEAD && most > left &&
                (strncmp(v->reason, "older than ", 11) == 0 ||
                 strncmp(v->reason, "asked to wait beyond ", 21) == 0);
    bool again =
        v->state == DELIVERY_RETRYING && wait >= least && wait <= most && wait <= left;
    if (dead || again)
        return NULL;
    return wrong("try %d%s: %s in %" PRId64 " (%s), not in %" PRId64 " to %" PRId64
                 " with %" PRId64 " left",
                 f->n, f->probe ? " (a probe)" : "", delivery_state_name(v->state), wait,
                 v->reason, least, most, left);
}

static const char *judge(const struct model *m, const struct model_flight *f,
                         const struct outcome *o, const struct model_verdict *v)
{
    char what[64], reason[160] = "";
    enum delivery_state state = DELIVERY_DEAD;
    bool again = model_is_failure(o);
    if (v->n != f->n)
        return wrong("recorded as try %d, not %d", v->n, f->n);
    if (again && (f->probe || f->n <= m->policy.retries))
        return judge_retry(m, f, o, v);
    if (o->kind == OUTCOME_RESPONSE)
        snprintf(what, sizeof what, "answered %d", o->status);
    else
        snprintf(what, sizeof what, "%.60s", o->error);
    if (o->kind == OUTCOME_UNKNOWN)
        state = DELIVERY_RETRYING;
    else if (o->kind == OUTCOME_RESPONSE && o->status < 300)
        state = DELIVERY_DELIVERED;
    else if (again && f->n > 1)
        snprintf(reason, sizeof reason, "%d attempts failed, the last: %s", f->n, what);
    else
        snprintf(reason, sizeof reason, "%s", what);
    bool fine = v->state == state && strcmp(v->reason, reason) == 0 &&
                (state != DELIVERY_RETRYING || v->next_at == m->now);
    return fine ? NULL
                : wrong("try %d, %s: %s (%s), not %s (%s)", f->n, what,
                        delivery_state_name(v->state), v->reason,
                        delivery_state_name(state), reason);
}

/* A delivery that was ended, or began anew, since the request went out keeps its state. */
static void settle(struct model *m, const struct model_flight *f, const struct outcome *o,
                   const struct model_verdict *v)
{
    struct model_delivery *d = f->delivery;
    const struct model_alert *a = &m->alerts[d->alert < 0 ? 0 : d->alert];
    d->attempts++;
    if (d->state != DELIVERY_SENDING || d->tries + 1 != f->n || d->born_at != f->born_at) {
        d->orphan = false;
        return;
    }
    if (!f->probe || v->state != DELIVERY_RETRYING)
        d->tries++;
    d->status = o->status;
    move(m, d, v->state, v->state == DELIVERY_RETRYING ? v->next_at : 0,
         v->state == DELIVERY_DEAD ? v->reason : NULL);
    if (o->status == 410 && d->alert >= 0 && a->enabled && a->url == f->url)
        model_enable(m, d->alert, false);
}

const char *model_land(struct model *m, struct model_flight *f, const struct outcome *o,
                       const struct model_verdict *v)
{
    const char *problem = judge(m, f, o, v);
    DL_DELETE(m->flights, f);
    model_tell_endpoint(m, f, o, f->delivery ? f->delivery->number : -1);
    if (f->delivery)
        settle(m, f, o, v);
    free(f);
    return problem;
}

/* ---------------------------------------------------------------- what is due */

static const struct model_endpoint *endpoint_of(const struct model *m,
                                                const struct model_delivery *d)
{
    return &m->endpoints[m->alerts[d->alert].url];
}

struct model_delivery *model_overdue(const struct model *m)
{
    struct model_delivery *d;
    for (d = m->open; d; d = d->next)
        if (d->state != DELIVERY_SENDING && d->next_at <= m->now &&
            model_may_start(m, endpoint_of(m, d)))
            return d;
    return NULL;
}

struct model_delivery *model_too_old(const struct model *m)
{
    struct model_delivery *d;
    for (d = m->open; d; d = d->next)
        if (d->state != DELIVERY_SENDING && too_old(m, d) > LOOKS_FOR_OLD_MS)
            return d;
    return NULL;
}

/* A slot that is taken frees itself when a request ends, which is not foretold here. */
static int64_t may_start_at(const struct model *m, const struct model_delivery *d)
{
    const struct model_endpoint *e = endpoint_of(m, d);
    int64_t at = later(d->next_at, e->paused_until);
    size_t most = e->slow || e->breaker == MODEL_OPEN ? 1 : m->policy.per_endpoint;
    if (m->sending >= (int64_t)m->policy.concurrency || e->sending >= most)
        return INT64_MAX;
    if (e->breaker == MODEL_OPEN)
        at = later(at, e->probe_at);
    if (m->policy.rate)
        at = later(at, e->rate_at);
    return at > m->now ? at : INT64_MAX;
}

int64_t model_next(const struct model *m)
{
    struct model_delivery *d;
    int64_t next = INT64_MAX;
    for (int slot = 0; slot < MODEL_ALERTS; slot++)
        for (int type = 0; type < MODEL_TYPES; type++) {
            const struct model_bucket *b = &m->buckets[slot][type];
            if (b->open && b->due_at < next)
                next = b->due_at;
        }
    for (d = m->open; d; d = d->next) {
        int64_t at = d->state == DELIVERY_SENDING ? INT64_MAX : may_start_at(m, d);
        next = at < next ? at : next;
    }
    return next;
}
