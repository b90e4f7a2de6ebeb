/* What monitors ask: is it alive, is it ready, and figures in Prometheus' text format 0.0.4.
 * Nothing is scanned, and no URL, header or token stands here: an endpoint is known by the
 * alerts that send there. */
#include <stdio.h>

#include "base/text.h"
#include "intake/handlers.h"
#include "intake/request.h"
#include "store/delivering.h"
#include "store/endpoints.h"
#include "store/health.h"

static struct intake_engine ask_engine(const struct request *r)
{
    struct intake_engine engine = {0};
    if (r->api->engine)
        r->api->engine(r->api->engine_arg, &engine);
    return engine;
}

void health_alive(struct request *r)
{
    buf_add_text(&r->answer, "{\"healthy\":true}");
    request_reply(r, 200);
}

/* ------------------------------------------------------------------ ready */

static void not_ready(struct request *r, const char *what, const char *why)
{
    char text[512];
    snprintf(text, sizeof text, "%s: %s", what, why);
    request_fail_text(r, 503, text);
}

void health_ready(struct request *r)
{
    char trouble[320];
    struct store_due due;
    struct err err = {0};
    struct intake_engine engine = ask_engine(r);
    store_trouble(r->store, trouble, sizeof trouble);
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return;
    bool read = store_next_due(reader, &due, &err);
    request_reader_done(r, &reader);
    if (!read)
        not_ready(r, "the store cannot be read", err.text);
    else if (trouble[0])
        not_ready(r, "the store cannot be written", trouble);
    else if (!engine.running)
        request_fail_text(r, 503, "the engine does not run");
    else if (engine.problem[0])
        not_ready(r, "the engine waits", engine.problem);
    else {
        buf_add_text(&r->answer, "{\"ready\":true}");
        request_reply(r, 200);
    }
}

/* ------------------------------------------------------------------ metrics */

#define PREFIX "opik_alerts_"

static void describe(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_add_format(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
                   type);
}

static void number(struct buf *out, const char *name, const char *type, const char *help,
                   int64_t value)
{
    describe(out, name, type, help);
    buf_add_format(out, PREFIX "%s %lld\n", name, (long long)value);
}

static void seconds(struct buf *out, const char *name, const char *help, int64_t ms)
{
    describe(out, name, "gauge", help);
    buf_add_format(out, PREFIX "%s %lld.%03d\n", name, (long long)(ms / 1000),
                   (int)(ms % 1000));
}

/* A label's value: made safe, then \, " and line breaks escaped. */
static void add_label(struct buf *out, const char *value)
{
    struct buf safe;
    buf_init(&safe, BUF_UNLIMITED);
    text_safe(&safe, span_of(value ? value : ""), TEXT_SENT);
    for (const char *at = buf_text(&safe); *at; at++) {
        if (*at == '\\' || *at == '"')
            buf_add_char(out, '\\');
        buf_add_char(out, *at);
    }
    buf_free(&safe);
}

static void add_counts(struct buf *out, const struct store_counts *c)
{
    number(out, "pairs_accepted_total", "counter",
           "(event, alert) pairs that were accepted", c->accepted);
    number(out, "pairs_dropped_total", "counter", "Pairs dropped with a reason", c->dropped);
    number(out, "events_unmatched_total", "counter", "Events that no alert wanted",
           c->unmatched);
    number(out, "events_waiting", "gauge", "Events in open buckets", c->waiting_events);
    number(out, "buckets_open", "gauge", "Buckets whose window has not ended",
           c->open_buckets);
    describe(out, "deliveries", "gauge", "Deliveries that are kept, by state");
    for (int s = 0; s <= DELIVERY_DEAD; s++)
        buf_add_format(out, PREFIX "deliveries{state=\"%s\"} %lld\n",
                       delivery_state_name((enum delivery_state)s),
                       (long long)c->deliveries[s]);
    describe(out, "delivery_events", "gauge",
             "Pairs by the state of their delivery, those of removed ones too");
    for (int s = 0; s <= DELIVERY_DEAD; s++)
        buf_add_format(out, PREFIX "delivery_events{state=\"%s\"} %lld\n",
                       delivery_state_name((enum delivery_state)s), (long long)c->events[s]);
}

static int64_t overdue(int64_t due, int64_t now)
{
    return due < now ? now - due : 0;
}

static void add_queues(struct buf *out, const struct request *r, const struct store_due *due,
                       const struct store_gauges *g)
{
    int64_t now = clock_steady_ms(r->clock), wall = clock_wall_ms(r->clock);
    seconds(out, "bucket_overdue_seconds", "How long the first bucket has been due",
            overdue(due->buckets, now));
    seconds(out, "delivery_overdue_seconds", "How long the first delivery has been due",
            overdue(due->deliveries, now));
    seconds(out, "oldest_open_delivery_seconds",
            "Age of the oldest delivery that has not ended",
            g->oldest_open ? overdue(g->oldest_open, wall) : 0);
    describe(out, "store_bytes", "gauge", "Size of the store's files");
    buf_add_format(out,
                   PREFIX "store_bytes{file=\"data\"} %lld\n" PREFIX
                          "store_bytes{file=\"log\"} %lld\n",
                   (long long)g->bytes, (long long)g->log_bytes);
}

static void add_attempts(struct buf *out, const struct attempt_stats *s)
{
    uint64_t sum = 0;
    describe(out, "attempts_total", "counter",
             "Requests to endpoints since the start, by class of answer");
    for (int c = 0; c < ATTEMPT_CLASSES; c++)
        buf_add_format(out, PREFIX "attempts_total{class=\"%s\"} %llu\n",
                       attempt_class_name((enum attempt_class)c),
                       (unsigned long long)s->by_class[c]);
    describe(out, "attempt_duration_seconds", "histogram", "How long requests took");
    for (int b = 0; b < ATTEMPT_BOUNDS; b++) {
        sum += s->within[b];
        buf_add_format(out, PREFIX "attempt_duration_seconds_bucket{le=\"%s\"} %llu\n",
                       ATTEMPT_BOUND[b].seconds, (unsigned long long)sum);
    }
    sum += s->within[ATTEMPT_BOUNDS];
    buf_add_format(out,
                   PREFIX "attempt_duration_seconds_bucket{le=\"+Inf\"} %llu\n" PREFIX
                          "attempt_duration_seconds_sum %llu.%06u\n" PREFIX
                          "attempt_duration_seconds_count %llu\n",
                   (unsigned long long)sum, (unsigned long long)(s->total_us / 1000000),
                   (unsigned)(s->total_us % 1000000), (unsigned long long)sum);
}

static void add_engine(struct buf *out, const struct request *r)
{
    char trouble[8];
    struct intake_engine engine = ask_engine(r);
    store_trouble(r->store, trouble, sizeof trouble);
    number(out, "engine_running", "gauge", "Whether the engine runs", engine.running);
    number(out, "engine_waits", "gauge", "Whether the engine waits for the store",
           engine.problem[0] != '\0');
    number(out, "store_write_failed", "gauge", "Whether the last commit failed",
           trouble[0] != '\0');
    number(out, "requests_under_way", "gauge", "Requests to endpoints under way",
           (int64_t)engine.sending);
    add_attempts(out, &engine.attempts);
}

/* An endpoint by each alert that sends there. */
static bool add_breakers(struct buf *out, struct store_reader *reader, struct err *err)
{
    struct endpoint_states states;
    if (!store_endpoint_list(reader, &states, err))
        return false;
    describe(out, "endpoint_failing", "gauge",
             "1 for alerts whose endpoint is left alone (open) or begins to answer (ramp)");
    for (size_t i = 0; i < states.count; i++) {
        const struct endpoint_state *s = &states.items[i];
        if (!s->alert_id[0] || s->state == BREAKER_CLOSED)
            continue;
        buf_add_format(out, PREFIX "endpoint_failing{alert_id=\"%s\",alert=\"", s->alert_id);
        add_label(out, s->alert_name);
        buf_add_format(out, "\",state=\"%s\"} 1\n",
                       s->state == BREAKER_OPEN ? "open" : "ramp");
    }
    endpoint_states_free(&states);
    return true;
}

static void add_intake(struct buf *out, const struct request *r)
{
    describe(out, "intake_requests_total", "counter",
             "Requests answered since the start, by class of answer");
    for (int c = 2; c <= 5; c++) {
        unsigned long long told = c == 4 ? peers_told(r->peers) : 0;
        buf_add_format(out, PREFIX "intake_requests_total{class=\"%dxx\"} %llu\n", c,
                       atomic_load(&r->api->tally.answers[c]) + told);
    }
    describe(out, "build_info", "gauge", "The version that runs");
    buf_add_text(out, PREFIX "build_info{version=\"" VERSION "\"} 1\n");
}

void health_metrics(struct request *r)
{
    struct store_counts counts;
    struct store_due due;
    struct store_gauges gauges;
    struct err err;
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return;
    bool fine = store_counts(reader, &counts, &err) && store_next_due(reader, &due, &err) &&
                store_gauges(reader, &gauges, &err);
    if (fine) {
        add_counts(&r->answer, &counts);
        add_queues(&r->answer, r, &due, &gauges);
        add_engine(&r->answer, r);
        fine = add_breakers(&r->answer, reader, &err);
        add_intake(&r->answer, r);
    }
    request_reader_done(r, &reader);
    r->type = "text/plain; version=0.0.4; charset=utf-8";
    if (fine) {
        request_reply(r, 200);
    } else {
        r->type = NULL;
        request_fail(r, &err);
    }
}
