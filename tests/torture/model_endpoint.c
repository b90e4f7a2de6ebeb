/* The endpoints of the model: slots, pauses, rates and breakers. */
#include "torture/model.h"

enum {
    OPENS_AFTER = 20, /* failures in a row, */
    OPENS_OF = 5,     /* of so many deliveries, */
    OPENS_OVER_MS = 60000,
    PROBE_MS = 10000,
    PROBE_MAX_MS = 300000,
};

static size_t slots(const struct model *m, const struct model_endpoint *e)
{
    size_t most = e->slow ? 1 : m->policy.per_endpoint;
    if (e->paused_until > m->now)
        return 0;
    if (e->breaker == MODEL_OPEN)
        return m->now >= e->probe_at ? 1 : 0;
    return e->breaker == MODEL_RAMP && e->slots < most ? e->slots : most;
}

bool model_may_start(const struct model *m, const struct model_endpoint *e)
{
    return e->sending < slots(m, e) && m->sending < (int64_t)m->policy.concurrency &&
           (m->policy.rate == 0 || m->now >= e->rate_at);
}

static void open_breaker(struct model *m, struct model_endpoint *e, int64_t wait)
{
    e->breaker = MODEL_OPEN;
    e->probe_wait = wait < PROBE_MAX_MS ? wait : PROBE_MAX_MS;
    e->probe_at = m->now + e->probe_wait;
}

static void failed(struct model *m, struct model_endpoint *e, int64_t delivery)
{
    bool seen = false;
    if (e->failures++ == 0)
        e->first_failure_at = m->now;
    for (int i = 0; i < e->distinct; i++)
        seen |= e->seen[i] == delivery;
    if (!seen && e->distinct < OPENS_OF)
        e->seen[e->distinct++] = delivery;
    bool enough = e->failures >= OPENS_AFTER && e->distinct >= OPENS_OF &&
                  m->now - e->first_failure_at >= OPENS_OVER_MS;
    if (e->breaker == MODEL_CLOSED && enough)
        open_breaker(m, e, PROBE_MS);
    else if (e->breaker == MODEL_RAMP ||
             (e->breaker == MODEL_OPEN && m->now >= e->probe_at))
        open_breaker(m, e, 2 * e->probe_wait);
}

static void answered(struct model *m, struct model_endpoint *e)
{
    e->failures = e->distinct = 0;
    if (e->breaker == MODEL_CLOSED)
        return;
    e->slots = e->breaker == MODEL_RAMP ? 2 * e->slots : 1;
    bool whole = e->breaker == MODEL_RAMP && e->slots >= m->policy.per_endpoint;
    e->breaker = whole ? MODEL_CLOSED : MODEL_RAMP;
}

bool model_is_failure(const struct outcome *o)
{
    return o->kind == OUTCOME_NETWORK ||
           (o->kind == OUTCOME_RESPONSE && (o->status >= 500 || o->status == 429));
}

void model_tell_endpoint(struct model *m, const struct model_flight *f,
                         const struct outcome *o, int64_t delivery)
{
    struct model_endpoint *e = &m->endpoints[f->url];
    bool asked = o->kind == OUTCOME_RESPONSE && (o->status == 429 || o->status == 503) &&
                 o->retry_after_ms > 0 && o->retry_after_ms <= m->policy.max_age_ms;
    e->sending--;
    m->sending--;
    e->slow = o->timed_out;
    if (asked && m->now + o->retry_after_ms > e->paused_until)
        e->paused_until = m->now + o->retry_after_ms;
    if (model_is_failure(o))
        failed(m, e, delivery);
    else if (o->kind == OUTCOME_RESPONSE)
        answered(m, e);
}
