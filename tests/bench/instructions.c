/* Work for counting instructions, which repeat where times do not: run by `make
 * bench-instructions` under valgrind's callgrind, once with nothing to do and once with all
 * of it. instructions accept EVENTS   failed traces in batches of 100, 100 alerts of which
 * one matches instructions pass EVENTS     traces without errors, the same alerts
 *   instructions deliver COUNT   buckets closed, claimed, recorded as delivered, one event
 * each instructions backlog COUNT   deliveries that waited for one endpoint, claimed and
 * recorded */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bench/loader.h"
#include "intake/facts.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "support/steps.h"

enum { ALERTS = 100, BUCKETS = 1000, BATCH = 100, AT_ONCE = 64 };

static struct err err;

static void must(bool fine)
{
    if (fine)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

/* all: each takes the events; one: all have the same URL. */
static void make_alerts(struct store *s, long count, bool all, bool one)
{
    for (long i = 0; i < count; i++) {
        struct alert a;
        char name[32], url[64];
        snprintf(name, sizeof name, "Alert %ld", i);
        snprintf(url, sizeof url, "http://127.0.0.1:9/%ld", one ? 0 : i);
        step_alert_make(&a, name, url, all || i == 0 ? EVENT_TRACE_ERRORS : EVENT_PROMPT_CREATED);
        must(step_alert_put(s, &a, STORE_CREATE, NULL, &err));
        alert_free(&a);
    }
}

#define TRACE                                                                                  \
    "{\"id\":\"0193a000-0000-7000-8000-{N}\",\"project_name\":\"chat\",\"name\":\"ask\","         \
    "\"start_time\":\"2026-01-02T03:04:05.678Z\",\"end_time\":\"2026-01-02T03:04:07.012Z\","      \
    "\"input\":{\"question\":\"What is the refund policy for orders older than thirty days?\"}," \
    "\"tags\":[\"prod\",\"eu\"],\"metadata\":{\"model\":\"gpt-4o\",\"tokens\":1234567}"
#define ERROR_INFO                                                                             \
    ",\"error_info\":{\"exception_type\":\"TimeoutError\",\"message\":\"the model did not answer\"}"

/* The body of a request as the intake has it once it is whole. */
static void accept_body(struct store_fixture *f, struct span body)
{
    struct js_value root;
    struct js_index index = {0};
    struct facts facts;
    must(js_parse_indexed(body, &index, &root, &err));
    must(facts_init(&facts, "default", "admin", clock_wall_ms(&f->clock), &err));
    must(facts_traces(&facts, root, &err));
    if (store_accept_passing(f->store, facts.accept))
        facts_take(&facts);
    else
        must(step_accept(f->store, facts_take(&facts), NULL, &err));
    facts_free(&facts);
    js_index_free(&index);
}

static void accept_events(struct store_fixture *f, long count, bool failed)
{
    struct loader_request r;
    loader_request_make(&r, "/", "", "{\"traces\":[", failed ? TRACE ERROR_INFO "}" : TRACE "}",
                        "]}", BATCH);
    size_t head = (size_t)(strstr(r.bytes.data, "\r\n\r\n") + 4 - r.bytes.data);
    for (long n = 0; n < count; n += BATCH) {
        loader_request_patch(&r, r.bytes.data);
        accept_body(f, (struct span){r.bytes.data + head, r.bytes.len - head});
    }
    loader_request_free(&r);
}

static void answer_200(const struct claim *c, struct record *r)
{
    *r = (struct record){.row = c->row, .n = c->n, .of = 4, .created_at = c->created_at};
    memcpy(r->id, c->id, sizeof r->id);
    memcpy(r->endpoint, c->endpoint, sizeof r->endpoint);
    r->outcome = (struct outcome){
        .kind = OUTCOME_RESPONSE, .status = 200, .retry_after_ms = -1, .total_us = 1500};
    r->outcome.body = strdup("ok");
    r->outcome.body_len = 2;
    r->decision.state = DELIVERY_DELIVERED;
}

static void answer_all(struct store_fixture *f, struct claims *claims)
{
    struct step_wait recorded = {0};
    struct record *records = calloc(claims->count + 1, sizeof *records);
    for (size_t i = 0; i < claims->count; i++)
        answer_200(&claims->items[i], &records[i]);
    store_record(f->store, records, claims->count, step_done, &recorded);
    must(step_wait(&recorded, &err));
    step_claims_free(claims);
}

/* Closes up to `limit` buckets, and answers 200 to what was claimed with them. */
static void deliver_some(struct store_fixture *f, int64_t limit)
{
    struct closed closed;
    must(step_close_claim(f->store, f->now, limit, SIZE_MAX, &closed, &err));
    answer_all(f, &closed.claims);
}

static void send_some(struct store_fixture *f, int64_t limit)
{
    struct claims claims;
    must(step_claim(f->store, f->now, limit, NULL, 0, &claims, &err));
    answer_all(f, &claims);
}

/* The buckets are always as many, so that what filling them takes is taken off. */
static void deliver(struct store_fixture *f, long count, bool waited)
{
    struct fact *fact;
    struct accept *a = step_request("default");
    make_alerts(f->store, BUCKETS, true, waited);
    fact = step_add_fact(a, EVENT_TRACE_ERRORS, "0193a000-0000-7000-8000-00000000000a", "chat", 1);
    must(fact != NULL && step_accept(f->store, a, NULL, &err));
    f->now += f->limits.window_ms;
    while (waited && step_close_due(f->store, f->now, AT_ONCE) > 0)
        ;
    for (long left = count < BUCKETS ? count : BUCKETS; left > 0; left -= AT_ONCE)
        (waited ? send_some : deliver_some)(f, left < AT_ONCE ? left : AT_ONCE);
}

int main(int argc, char **argv)
{
    struct store_fixture f;
    long count = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    if (argc < 3)
        return 2;
    store_fixture_make(&f);
    bool waited = strcmp(argv[1], "backlog") == 0;
    if (waited || strcmp(argv[1], "deliver") == 0) {
        deliver(&f, count, waited);
    } else {
        make_alerts(f.store, ALERTS, false, false);
        accept_events(&f, count, strcmp(argv[1], "accept") == 0);
    }
    store_fixture_remove(&f);
    return 0;
}
