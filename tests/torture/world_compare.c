/* Whether the store holds what the model says. */
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/log.h"
#include "torture/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

void compare_counts(void)
{
    struct store_counts c;
    struct err err = {0};
    if (!store_counts(w.f.reader, &c, &err))
        blame("counting: %s", err.text);
    compare_number("accepted", c.accepted, w.m.accepted);
    compare_number("dropped", c.dropped, w.m.dropped);
    compare_number("waiting events", c.waiting_events, w.m.waiting);
    compare_number("open buckets", c.open_buckets, w.m.open_buckets);
    for (int i = 0; i <= DELIVERY_DEAD; i++) {
        char what[64];
        snprintf(what, sizeof what, "deliveries %s", delivery_state_name(i));
        compare_number(what, c.deliveries[i], w.m.deliveries[i]);
        snprintf(what, sizeof what, "events %s", delivery_state_name(i));
        compare_number(what, c.events[i], w.m.events[i]);
    }
    int64_t ends = c.dropped + c.waiting_events;
    for (int i = 0; i <= DELIVERY_DEAD; i++)
        ends += c.events[i];
    compare_number("pairs that are somewhere", ends, c.accepted);
}

/* What was dropped is said in the log, with a reason. */
void compare_log(void)
{
    struct log_rows rows;
    struct err err = {0};
    if (!store_log_list(w.f.reader, NULL, w.log_seq, INT64_MAX, 100000, &rows, &err)) {
        blame("the log: %s", err.text);
        return;
    }
    for (size_t i = 0; i < rows.count; i++) {
        const struct log_row *r = &rows.items[i];
        w.log_seq = r->seq;
        if (r->kind == LOG_DROPPED)
            w.said += r->events;
        if (r->kind == LOG_DROPPED && (!r->text || !*r->text))
            blame("dropped %" PRId64 " events without a reason", r->events);
    }
    log_rows_free(&rows);
    compare_number("dropped with a reason", w.said, w.m.said);
}

static void compare_delivery(struct model_delivery *d, const struct delivery *r)
{
    bool same = d->state == r->state && d->next_at == r->next_at &&
                d->attempts == r->attempt_count && d->status == r->status &&
                d->kept == r->event_count && d->truncated == r->truncated &&
                d->created_wall == r->created_at &&
                strcmp(d->reason, r->reason ? r->reason : "") == 0;
    if (same && strcmp(d->alert_id, r->alert_id) == 0)
        return;
    blame("%s: %s next %" PRId64 " attempts %d status %d events %" PRId64 "+%" PRId64
          " made %" PRId64 " (%s), the model says %s next %" PRId64
          " attempts %d status %d events %d+%d made %" PRId64 " (%s)",
          r->id, delivery_state_name(r->state), r->next_at, r->attempt_count, r->status,
          r->event_count, r->truncated, r->created_at, r->reason ? r->reason : "",
          delivery_state_name(d->state), d->next_at, d->attempts, d->status, d->kept,
          d->truncated, d->created_wall, d->reason);
}

static int by_id(const void *a, const void *b)
{
    const struct model_delivery *const *left = a, *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

/* One that was never claimed is known by its body only. */
static struct model_delivery *known_by_body(const char *id)
{
    struct delivery whole;
    struct err err = {0};
    if (!store_delivery_get(w.f.reader, NULL, id, &whole, &err))
        return NULL;
    struct model_body body = world_read_body(whole.body, whole.body_len);
    delivery_free(&whole);
    return model_find(&w.m, &body);
}

/* The attempts that are kept of one, beside the number of them. */
static void compare_attempts(const struct model_delivery *d)
{
    struct delivery whole;
    struct err err = {0};
    if (!store_delivery_get(w.f.reader, NULL, d->id, &whole, &err)) {
        blame("reading %s: %s", d->id, err.text);
        return;
    }
    compare_number("attempts that are kept", whole.attempt_count, d->attempts);
    if (whole.attempt_count > 0 && whole.next_at && d->state == DELIVERY_RETRYING) {
        int64_t last = whole.attempts[whole.attempt_count - 1].next_at;
        bool stray = last == 0; /* came after a replay: the one before it knows */
        if (!stray && last < w.m.now)
            last = whole.next_at; /* given back since */
        if (!stray)
            compare_number("the next try as the last attempt says it", last, whole.next_at);
    }
    delivery_free(&whole);
}

static size_t collect_all(struct model_delivery ***out)
{
    struct model_delivery *d;
    size_t count = 0, most = 1;
    for (int i = 0; i <= DELIVERY_DEAD; i++)
        most += (size_t)w.m.deliveries[i];
    *out = calloc(most, sizeof **out);
    if (!*out)
        abort();
    for (d = w.m.open; d; d = d->next)
        (*out)[count++] = d;
    for (d = w.m.ended; d; d = d->next)
        (*out)[count++] = d;
    qsort(*out, count, sizeof **out, by_id);
    return count;
}

static void compare_deliveries(void)
{
    struct delivery_rows rows;
    struct err err = {0};
    const struct delivery_filter all = {.state = -1, .since = INT64_MIN};
    if (!store_delivery_list(w.f.reader, &all, NULL, INT64_MAX, &rows, &err)) {
        blame("listing deliveries: %s", err.text);
        return;
    }
    struct model_delivery **models;
    size_t count = collect_all(&models);
    compare_number("deliveries", (int64_t)rows.count, (int64_t)count);
    for (size_t i = 0; i < rows.count && !w.problem[0]; i++) {
        struct model_delivery key, *at = &key, **found;
        memcpy(key.id, rows.items[i].id, UUID_SIZE);
        found = bsearch(&at, models, count, sizeof *models, by_id);
        struct model_delivery *d = found ? *found : known_by_body(rows.items[i].id);
        if (!d)
            blame("%s is none of the model's", rows.items[i].id);
        else
            compare_delivery(d, &rows.items[i]);
        if (d && chance(200) == 0)
            compare_attempts(d);
    }
    free(models);
    delivery_rows_free(&rows);
}

static void compare_buckets(void)
{
    struct bucket_rows rows;
    struct err err = {0};
    if (!store_bucket_list(w.f.reader, NULL, 1000, &rows, &err)) {
        blame("listing buckets: %s", err.text);
        return;
    }
    compare_number("buckets", (int64_t)rows.count, w.m.open_buckets);
    for (size_t i = 0; i < rows.count; i++) {
        const struct bucket *r = &rows.items[i];
        for (int slot = 0; slot < MODEL_ALERTS; slot++)
            for (int type = 0; type < MODEL_TYPES; type++) {
                const struct model_bucket *b = &w.m.buckets[slot][type];
                if (strcmp(w.m.alerts[slot].id, r->alert_id) != 0 || TYPES[type] != r->type)
                    continue;
                compare_number("events of a bucket", r->events, b->kept + b->truncated);
                compare_number("a bucket opened", r->opened_at, b->opened_at);
                compare_number("a bucket is due", r->due_at, b->due_at);
            }
    }
    bucket_rows_free(&rows);
}

/* Of URLs that an alert sends to now: the others have nobody to be shown to. */
static void compare_breakers(void)
{
    struct endpoint_states states;
    struct err err = {0};
    int seen[MODEL_URLS] = {0};
    if (!store_endpoint_list(w.f.reader, &states, &err)) {
        blame("listing endpoints: %s", err.text);
        return;
    }
    for (size_t i = 0; i < states.count; i++)
        for (int slot = 0; slot < MODEL_ALERTS; slot++)
            if (w.m.alerts[slot].exists &&
                strcmp(w.m.alerts[slot].id, states.items[i].alert_id) == 0)
                seen[w.m.alerts[slot].url] = (int)states.items[i].state;
    endpoint_states_free(&states);
    for (int slot = 0; slot < MODEL_ALERTS; slot++)
        if (w.m.alerts[slot].exists) {
            int url = w.m.alerts[slot].url;
            compare_number("a breaker", seen[url], w.m.endpoints[url].breaker);
        }
}

void compare_whole(void)
{
    compare_deliveries();
    compare_buckets();
    compare_breakers();
}
