#include "model/delivery.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timefmt.h"
#include "model/tojson.h"

static const char *const STATES[] = {"waiting", "sending", "retrying", "delivered", "dead"};

const char *delivery_state_name(enum delivery_state s)
{
    return STATES[s];
}

bool delivery_state_ended(enum delivery_state s)
{
    return s == DELIVERY_DELIVERED || s == DELIVERY_DEAD;
}

bool delivery_state_parse(struct span name, enum delivery_state *s)
{
    for (int i = 0; i <= DELIVERY_DEAD; i++)
        if (span_is(name, STATES[i])) {
            *s = (enum delivery_state)i;
            return true;
        }
    return false;
}

void attempt_why_next(const struct attempt *a, char *out, size_t size)
{
    const struct outcome *o = &a->outcome;
    char asked[24];
    duration_human(o->retry_after_ms, asked);
    if (a->next_at == 0)
        *out = 0;
    else if (o->kind == OUTCOME_UNKNOWN)
        snprintf(out, size, "nobody knows what came of it");
    else if (o->retry_after_ms > 0)
        snprintf(out, size, "the answer asked to wait %s", asked);
    else
        snprintf(out, size, "the wait doubles with each attempt");
}

void bucket_free(struct bucket *b)
{
    free(b->alert_name);
    free(b->workspace);
    b->alert_name = b->workspace = NULL;
}

static void free_attempt(struct attempt *a)
{
    outcome_free(&a->outcome);
    free(a->request_headers);
    a->request_headers = NULL;
}

void delivery_free(struct delivery *d)
{
    for (int i = 0; d->attempts && i < d->attempt_count; i++)
        free_attempt(&d->attempts[i]);
    free(d->attempts);
    free(d->alert_name);
    free(d->workspace);
    free(d->reason);
    free(d->body);
    *d = (struct delivery){0};
}

void log_row_free(struct log_row *r)
{
    free(r->alert_name);
    free(r->workspace);
    free(r->text);
    free(r->ended);
    r->alert_name = r->workspace = r->text = r->ended = NULL;
}

/* ------------------------------------------------------------------ JSON */

static void shift(int64_t *at, int64_t by)
{
    if (*at)
        *at += by;
}

void bucket_shift(struct bucket *b, int64_t by)
{
    shift(&b->opened_at, by);
    shift(&b->due_at, by);
}

void delivery_shift(struct delivery *d, int64_t by)
{
    shift(&d->next_at, by);
    for (int i = 0; d->attempts && i < d->attempt_count; i++)
        shift(&d->attempts[i].next_at, by);
}

void log_row_shift(struct log_row *r, int64_t by)
{
    shift(&r->next_at, by);
}

bool bucket_to_json(const struct bucket *b, struct buf *out)
{
    bool ok = true;
    json_t *o = json_object();
    tojson_text(o, "key", b->key, &ok);
    tojson_text(o, "alert_id", b->alert_id, &ok);
    tojson_text(o, "alert_name", b->alert_name, &ok);
    tojson_text(o, "workspace", b->workspace, &ok);
    tojson_text(o, "event_type", event_type_name(b->type), &ok);
    tojson_number(o, "events", b->events, &ok);
    tojson_time(o, "opened_at", b->opened_at, &ok);
    tojson_time(o, "due_at", b->due_at, &ok);
    tojson_text(o, "silence_id", b->silence_id, &ok);
    return tojson_write(o, ok, out);
}

static json_t *attempt_json(const struct attempt *a, bool *ok)
{
    json_t *o = json_object();
    tojson_number(o, "n", a->n, ok);
    tojson_time(o, "at", a->outcome.started_at, ok);
    if (a->outcome.status)
        tojson_number(o, "status", a->outcome.status, ok);
    tojson_number(o, "latency_ms", a->outcome.total_us / 1000, ok);
    tojson_text(o, "error", a->outcome.error, ok);
    tojson_time(o, "next_at", a->next_at, ok);
    return o;
}

bool delivery_to_json(const struct delivery *d, struct buf *out)
{
    bool ok = true;
    json_t *o = json_object(), *attempts = json_array();
    tojson_text(o, "id", d->id, &ok);
    tojson_text(o, "alert_id", d->alert_id, &ok);
    tojson_text(o, "alert_name", d->alert_name, &ok);
    tojson_text(o, "event_type", event_type_name(d->type), &ok);
    tojson_text(o, "workspace", d->workspace, &ok);
    tojson_text(o, "state", delivery_state_name(d->state), &ok);
    tojson_number(o, "event_count", d->event_count, &ok);
    if (d->truncated)
        tojson_number(o, "truncated", d->truncated, &ok);
    tojson_time(o, "created_at", d->created_at, &ok);
    tojson_time(o, "next_at", d->next_at, &ok);
    tojson_text(o, "reason", d->reason, &ok);
    for (int i = 0; d->attempts && i < d->attempt_count; i++)
        if (json_array_append_new(attempts, attempt_json(&d->attempts[i], &ok)) != 0)
            ok = false;
    tojson_value(o, "attempts", attempts, &ok);
    return tojson_write(o, ok, out);
}

bool log_row_to_json(const struct log_row *r, struct buf *out)
{
    bool ok = true;
    json_t *o = json_object();
    bool attempt = r->kind == LOG_ATTEMPT;
    tojson_number(o, "seq", r->seq, &ok);
    bool notice = r->kind == LOG_NOTICE;
    tojson_text(o, "kind", attempt ? "attempt" : notice ? "notice" : "dropped", &ok);
    tojson_time(o, "at", r->at, &ok);
    tojson_text(o, "alert_id", r->alert_id, &ok);
    tojson_text(o, "alert_name", r->alert_name, &ok);
    tojson_text(o, "workspace", r->workspace, &ok);
    if (!notice) {
        tojson_text(o, "event_type", event_type_name(r->type), &ok);
        tojson_number(o, "events", r->events, &ok);
        tojson_text(o, "delivery_id", r->delivery_id, &ok);
    }
    if (attempt) {
        tojson_number(o, "n", r->n, &ok);
        tojson_number(o, "of", r->of, &ok);
        if (r->status)
            tojson_number(o, "status", r->status, &ok);
        tojson_number(o, "latency_ms", r->latency_us / 1000, &ok);
        tojson_text(o, "state", delivery_state_name(r->ended ? DELIVERY_DEAD : r->state),
                    &ok);
        tojson_time(o, "next_at", r->ended ? 0 : r->next_at, &ok);
        tojson_text(o, "reason", r->ended, &ok);
    }
    tojson_text(o, "text", r->text, &ok);
    return tojson_write(o, ok, out);
}
