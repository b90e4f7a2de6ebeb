/* An endpoint comes back to 10,000 deliveries that waited behind its open breaker, and may
 * be asked only so often: the rate holds, what is new is not late, and all of it comes,
 * once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/deliveries.h"
#include "store/endpoints.h"
#include "support/rig.h"
#include "support/run.h"
#include "support/torture.h"

enum {
    ALERTS = 100,
    ROUNDS = 100,
    BACKLOG = ALERTS * ROUNDS,
    WINDOW_MS = 100,
    RATE = 100,
    LATE_MS = 1000,
    FAILED = 5,    /* deliveries that opened the breaker */
    FAILURES = 20, /* and the attempts that it took */
    NEW_EVERY_MS = 700,
    DEADLINE_MS = 600000,
    TIMEOUT_MS = 60000, /* real: of a machine that is busy */
    QUIET_TURNS = 5,    /* more than lie between a due time and its request */
};

struct world {
    struct rig rig;
    uint64_t seed;
    int64_t news; /* new events, raised while the backlog goes out */
    int64_t next_new;
    size_t refused; /* requests that the endpoint failed */
};

/* Turns until nothing is under way and nothing more can be. Time stands still. */
static void settle(struct rig *r)
{
    long long end = run_now_ms() + RIG_DEADLINE_MS;
    struct engine_status status;
    for (int quiet = 0; quiet < QUIET_TURNS;) {
        engine_status(r->engine, &status);
        engine_turn(r->engine, status.sending ? 5 : 0);
        store_drain(r->store.store);
        engine_status(r->engine, &status);
        quiet = status.sending ? 0 : quiet + 1;
        assert_true(run_now_ms() < end);
    }
}

static void let_pass(struct rig *r, int64_t ms)
{
    rig_advance(r, ms);
    settle(r);
}

/* ---------------------------------------------------------------- before */

static enum breaker_state breaker(struct rig *r)
{
    struct endpoint_states states;
    assert_true(store_endpoint_list(r->store.reader, &states, NULL));
    enum breaker_state state = states.count ? states.items[0].state : BREAKER_CLOSED;
    endpoint_states_free(&states);
    return state;
}

/* Five deliveries of four attempts each, over more than a minute. */
static void open_the_breaker(struct rig *r)
{
    receiver_status(r->receiver, 500);
    rig_alert_of(r, r->url, EVENT_PROMPT_CREATED, NULL);
    for (int i = 0; i < FAILED; i++) {
        rig_event_of(r, EVENT_PROMPT_CREATED);
        let_pass(r, WINDOW_MS);
        for (int n = 0; n < 3; n++)
            let_pass(r, 12000);
    }
    assert_int_equal(receiver_count(r->receiver), FAILURES);
    assert_int_equal(rig_count(r, DELIVERY_DEAD), FAILED);
    assert_int_equal(breaker(r), BREAKER_OPEN);
}

static void gather_backlog(struct rig *r)
{
    for (int i = 0; i < ALERTS; i++)
        rig_alert(r, r->url, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        rig_event(r);
        let_pass(r, WINDOW_MS);
    }
    assert_int_equal(rig_count(r, DELIVERY_WAITING) + rig_count(r, DELIVERY_RETRYING),
                     BACKLOG);
    assert_int_equal(breaker(r), BREAKER_OPEN);
}

static void make_world(struct world *w)
{
    struct rig *r = &w->rig;
    w->seed = torture_seed("backlog");
    rig_make(r);
    r->policy.rate = RATE;
    r->policy.timeout_ms = TIMEOUT_MS;
    engine_set_policy(r->engine, &r->policy);
    r->store.limits.window_ms = WINDOW_MS;
    store_set_limits(r->store.store, &r->store.limits);
    open_the_breaker(r);
    gather_backlog(r);
    w->refused = receiver_count(r->receiver);
}

/* ---------------------------------------------------------------- it comes back */

static void raise_what_is_new(struct world *w)
{
    struct rig *r = &w->rig;
    if (rig_now(r) < w->next_new)
        return;
    rig_event_of(r, EVENT_PROMPT_DELETED);
    w->news++;
    w->next_new =
        rig_now(r) + NEW_EVERY_MS / 2 + (int64_t)torture_random(&w->seed, NEW_EVERY_MS);
}

/* Mostly what the rate asks for, and now and then less or more. */
static int64_t step(struct world *w)
{
    int64_t spacing = 1000 / RATE, fit = (int64_t)torture_random(&w->seed, 10);
    return fit > 1 ? spacing : 1 + (int64_t)torture_random(&w->seed, 3 * (uint64_t)spacing);
}

/* Time goes in small steps until the backlog is out. */
static void let_it_out(struct world *w)
{
    struct rig *r = &w->rig;
    long long end = run_now_ms() + DEADLINE_MS;
    receiver_status(r->receiver, 200);
    rig_alert_of(r, r->url, EVENT_PROMPT_DELETED, NULL);
    for (int64_t delivered = 0; delivered < BACKLOG + w->news;
         delivered = rig_count(r, DELIVERY_DELIVERED)) {
        if (delivered > 0 &&
            delivered < BACKLOG) /* from the first probe that it answered */
            raise_what_is_new(w);
        let_pass(r, step(w));
        assert_true(run_now_ms() < end);
    }
    assert_int_equal(breaker(r), BREAKER_CLOSED);
}

/* ---------------------------------------------------------------- after */

struct figures {
    int64_t *started;
    size_t count;
    int64_t late_ms; /* the latest of what was new */
    int64_t news;
};

static void note(struct figures *f, struct rig *r, const char *id)
{
    struct delivery d;
    assert_true(store_delivery_get(r->store.reader, NULL, id, &d, NULL));
    for (int i = 0; i < d.attempt_count; i++)
        f->started[f->count++] = d.attempts[i].outcome.started_at;
    if (d.type == EVENT_PROMPT_DELETED) {
        int64_t late = d.attempts[0].outcome.started_at - d.created_at;
        f->late_ms = late > f->late_ms ? late : f->late_ms;
        f->news++;
        assert_int_equal(d.attempt_count, 1);
    }
    delivery_free(&d);
}

static void read_attempts(struct world *w, struct figures *f)
{
    const struct delivery_filter all = {.state = -1};
    struct delivery_rows rows;
    f->started = calloc(receiver_count(w->rig.receiver), sizeof *f->started);
    assert_non_null(f->started);
    assert_true(
        store_delivery_list(w->rig.store.reader, &all, NULL, INT64_MAX, &rows, NULL));
    assert_int_equal(rows.count, BACKLOG + FAILED + w->news);
    for (size_t i = 0; i < rows.count; i++)
        note(f, &w->rig, rows.items[i].id);
    delivery_rows_free(&rows);
    assert_int_equal(f->count, receiver_count(w->rig.receiver));
}

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* No two requests nearer than the rate allows, so no window of any length holds more. */
static void check_rate(struct figures *f)
{
    qsort(f->started, f->count, sizeof *f->started, compare_times);
    for (size_t i = 1; i < f->count; i++)
        assert_true(f->started[i] - f->started[i - 1] >= 1000 / RATE);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What was answered with 200. */
static void check_no_duplicate(struct world *w)
{
    size_t count = receiver_count(w->rig.receiver) - w->refused;
    char(*ids)[UUID_SIZE] = calloc(count, sizeof *ids);
    assert_non_null(ids);
    assert_int_equal(count, BACKLOG + w->news);
    for (size_t i = 0; i < count; i++) {
        const char *body = receiver_request(w->rig.receiver, w->refused + i)->body;
        const char *id = strstr(body, "\"id\":\"");
        assert_non_null(id);
        memcpy(ids[i], id + 6, UUID_SIZE - 1);
    }
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 1; i < count; i++)
        assert_string_not_equal(ids[i - 1], ids[i]);
    free(ids);
}

static void the_backlog_goes_out_in_order(void **state)
{
    struct world w = {0};
    struct figures f = {0};
    (void)state;
    make_world(&w);
    int64_t from = rig_now(&w.rig);
    let_it_out(&w);
    int64_t took = rig_now(&w.rig) - from;
    read_attempts(&w, &f);
    check_rate(&f);
    check_no_duplicate(&w);
    assert_int_equal(f.news, w.news);
    assert_true(w.news > 10 && f.late_ms < LATE_MS);
    printf("%d that waited went out in %lld s at most %d a second; of %lld new ones the "
           "latest "
           "waited %lld ms\n",
           BACKLOG, (long long)took / 1000, RATE, (long long)f.news, (long long)f.late_ms);
    free(f.started);
    rig_remove(&w.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_backlog_goes_out_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
