#include "support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/deliveries.h"
#include "support/run.h"

enum { WINDOW_MS = 30000, ROUNDS = 12 };

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "rig: %s\n", what);
    abort();
}

void rig_start(struct rig *r)
{
    struct err err = {0};
    const struct engine_options options = {.store = r->store.store,
                                           .clock = &r->store.clock,
                                           .policy = r->policy,
                                           .ca_file = r->ca_file,
                                           .seed = r->seed};
    r->engine = engine_new(&options, &err);
    must(r->engine != NULL, err.text);
}

void rig_stop(struct rig *r, int64_t grace_ms)
{
    engine_free(&r->engine, grace_ms);
}

void rig_make(struct rig *r)
{
    *r = (struct rig){.seed = 42};
    r->policy = (struct engine_policy){
        .retry = {.max = 3,
                  .initial_ms = 1000,
                  .max_delay_ms = 60000,
                  .max_age_ms = 86400000},
        .timeout_ms = 5000,
        .connect_timeout_ms = 2000,
        .concurrency = 512,
        .per_endpoint = 4,
        .retention_ms = INT64_C(30) * 86400000,
    };
    r->receiver = receiver_start();
    receiver_url(r->receiver, "/hook", r->url, sizeof r->url);
    store_fixture_make(&r->store);
    rig_start(r);
}

void rig_remove(struct rig *r)
{
    rig_stop(r, 0);
    store_fixture_remove(&r->store);
    receiver_stop(&r->receiver);
}

int rig_set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    must(r != NULL, "no memory");
    rig_make(r);
    *state = r;
    return 0;
}

int rig_tear_down(void **state)
{
    rig_remove(*state);
    free(*state);
    return 0;
}

/* ---------------------------------------------------------------- alerts and events */

void rig_alert_of(struct rig *r, const char *url, enum event_type type, char id[UUID_SIZE])
{
    struct alert alert, made;
    struct err err = {0};
    step_alert_make(&alert, "Errors in production", url, type);
    must(alert_set_secret(&alert.token, "s3cret-t0ken-0123456789") &&
             alert_add_header(&alert, "X-Team", "on-call"),
         "no memory");
    must(step_alert_put(r->store.store, &alert, STORE_CREATE, &made, &err), err.text);
    if (id)
        memcpy(id, made.id, UUID_SIZE);
    alert_free(&made);
    alert_free(&alert);
}

void rig_alert(struct rig *r, const char *url, char id[UUID_SIZE])
{
    rig_alert_of(r, url, EVENT_TRACE_FEEDBACK_SCORE, id);
}

void rig_change_url(struct rig *r, const char *id, const char *url, const char *token)
{
    struct alert alert;
    struct err err = {0};
    must(store_alert_get(r->store.reader, "default", id, &alert, &err), err.text);
    must(alert_set_secret(&alert.url, url) && alert_set_secret(&alert.token, token),
         "no memory");
    must(step_alert_put(r->store.store, &alert, STORE_REPLACE, NULL, &err), err.text);
    alert_free(&alert);
}

void rig_event_of(struct rig *r, enum event_type type)
{
    static int made;
    char trace[UUID_SIZE];
    struct err err = {0};
    struct accept *a = step_request("default");
    uuid_v7(trace, rig_now(r));
    step_add_fact(a, type, trace, "p", ++made);
    must(step_accept(r->store.store, a, NULL, &err), err.text);
}

void rig_event(struct rig *r)
{
    rig_event_of(r, EVENT_TRACE_FEEDBACK_SCORE);
}

/* ---------------------------------------------------------------- time */

int64_t rig_now(struct rig *r)
{
    return atomic_load(&r->store.now);
}

void rig_advance(struct rig *r, int64_t ms)
{
    atomic_fetch_add(&r->store.now, ms);
}

void rig_pump(struct rig *r)
{
    for (int i = 0; i < ROUNDS; i++) {
        engine_turn(r->engine, 0);
        store_drain(r->store.store);
    }
}

/* ---------------------------------------------------------------- waiting */

static void turn_before(struct rig *r, long long end, const char *what)
{
    must(run_now_ms() < end, what);
    engine_turn(r->engine, 5);
    store_drain(r->store.store);
}

int64_t rig_count(struct rig *r, enum delivery_state state)
{
    struct store_counts counts;
    struct err err = {0};
    must(store_counts(r->store.reader, &counts, &err), err.text);
    return counts.deliveries[state];
}

void rig_until_state(struct rig *r, enum delivery_state state, int64_t count)
{
    long long end = run_now_ms() + RIG_DEADLINE_MS;
    while (rig_count(r, state) != count)
        turn_before(r, end, delivery_state_name(state));
}

void rig_until_requests(struct rig *r, size_t count)
{
    long long end = run_now_ms() + RIG_DEADLINE_MS;
    while (receiver_count(r->receiver) < count)
        turn_before(r, end, "too few requests");
}

void rig_until_sending(struct rig *r, size_t count)
{
    long long end = run_now_ms() + RIG_DEADLINE_MS;
    struct engine_status status;
    for (engine_status(r->engine, &status); status.sending != count;
         engine_status(r->engine, &status))
        turn_before(r, end, "not so many requests under way");
}

void rig_close_one(struct rig *r)
{
    rig_event(r);
    rig_advance(r, WINDOW_MS);
    rig_pump(r);
}

struct delivery rig_delivery(struct rig *r)
{
    struct delivery_rows rows;
    struct delivery delivery;
    struct err err = {0};
    const struct delivery_filter all = {.state = -1};
    must(store_delivery_list(r->store.reader, &all, NULL, 1, &rows, &err), err.text);
    must(rows.count == 1, "no delivery");
    must(store_delivery_get(r->store.reader, NULL, rows.items[0].id, &delivery, &err),
         err.text);
    delivery_rows_free(&rows);
    return delivery;
}
