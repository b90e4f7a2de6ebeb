/* Thresholds in the store: what is counted, when a condition raises its event, and windows
 * against sums made the slow way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "support/steps.h"

enum { MINUTE = 60000, INTERVAL = 10000 };

/* An alert with one condition; scope may be NULL. */
static void add_alert(struct store_fixture *f, enum event_type type,
                      const struct alert_condition *c, const char *scope, char id[UUID_SIZE])
{
    struct alert a, made;
    struct err err;
    step_alert_make(&a, "measured", "http://127.0.0.1:9/hook", type);
    struct alert_trigger *t = alert_trigger_of(&a, type);
    assert_true(alert_trigger_add_condition(t, c));
    if (scope) {
        t->scoped = true;
        assert_true(alert_trigger_add_project(t, scope));
    }
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, &made, &err));
    memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

static const struct alert_condition ERRORS_OVER_2 = {
    .kind = CONDITION_ERRORS, .threshold = (char[]){"2"}, .window_s = 300};

static void fail_traces(struct store_fixture *f, int count, const char *project)
{
    static int made;
    for (int i = 0; i < count; i++) {
        char trace[UUID_SIZE];
        struct accept *a = step_request("default");
        snprintf(trace, sizeof trace, "0193a000-0000-7000-8000-%012x", ++made);
        step_add_fact(a, EVENT_TRACE_ERRORS, trace, project, 1);
        assert_true(step_accept(f->store, a, NULL, NULL));
    }
}

static void score(struct store_fixture *f, const char *name, double value)
{
    struct accept *a = step_request("default");
    struct fact *fact = step_add_fact(a, EVENT_TRACE_FEEDBACK_SCORE,
                                      "0193a000-0000-7000-8000-0000000fffff", "Shop", 1);
    fact->measured = true;
    fact->measure = EVENT_TRACE_FEEDBACK_SCORE;
    fact->value = value;
    fact->score = span_of(name);
    assert_true(step_accept(f->store, a, NULL, NULL));
}

static int64_t looked;

static void copy_count(void *to, const void *result)
{
    *(int64_t *)to = *(const int64_t *)result;
}

static int64_t look(struct store_fixture *f, int64_t repeat_ms)
{
    struct step_wait wait = {.copy = copy_count, .to = &looked};
    store_check_conditions(f->store, INTERVAL, repeat_ms, 100, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    return looked;
}

static int64_t waiting(struct store_fixture *f)
{
    struct store_counts counts;
    assert_true(store_counts(f->reader, &counts, NULL));
    return counts.waiting_events;
}

static struct condition_row only_row(struct store_fixture *f, const char *id)
{
    struct condition_rows rows;
    assert_true(store_condition_list(f->reader, id, &rows, NULL));
    assert_int_equal(rows.count, 1);
    struct condition_row row = rows.items[0];
    condition_rows_free(&rows);
    return row;
}

static void errors_are_counted_and_raise_once(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, EVENT_TRACE_ERRORS, &ERRORS_OVER_2, NULL, id);
    fail_traces(f, 2, "Shop");
    assert_int_equal(look(f, 0), 1);
    assert_int_equal(waiting(f), 0); /* two are not over two, and no event by themselves */
    fail_traces(f, 1, "Other");
    assert_int_equal(look(f, 0), 0); /* not before its time */
    f->now += INTERVAL;
    assert_int_equal(look(f, 0), 1);
    assert_int_equal(waiting(f), 1);
    struct condition_row row = only_row(f, id);
    assert_true(row.met && row.known && row.value == 3);
    f->now += INTERVAL;
    look(f, 0);
    assert_int_equal(waiting(f), 1);
}

static void a_window_that_passed_clears_and_it_fires_again(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, EVENT_TRACE_ERRORS, &ERRORS_OVER_2, NULL, id);
    fail_traces(f, 3, "Shop");
    look(f, 0);
    assert_int_equal(waiting(f), 1);
    f->now += 7 * MINUTE;
    look(f, 0);
    assert_false(only_row(f, id).met);
    fail_traces(f, 3, "Shop");
    f->now += INTERVAL;
    look(f, 0);
    assert_int_equal(waiting(f), 2);
}

/* A client that copies an alert can bring the ids of its conditions along. */
static void the_same_condition_id_in_two_alerts_is_two_conditions(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct alert a;
    add_alert(f, EVENT_TRACE_ERRORS, &ERRORS_OVER_2, NULL, id);
    assert_true(store_alert_get(f->reader, NULL, id, &a, NULL));
    a.id[0] = a.webhook_id[0] = '\0';
    a.revision = 0;
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, NULL, NULL));
    alert_free(&a);
    fail_traces(f, 3, "Shop");
    assert_int_equal(look(f, 0), 2);
    assert_int_equal(waiting(f), 2);
}

static void repeats_while_it_stays_true(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, EVENT_TRACE_ERRORS, &ERRORS_OVER_2, NULL, id);
    fail_traces(f, 3, "Shop");
    look(f, MINUTE);
    f->now += MINUTE - 1;
    look(f, MINUTE);
    assert_int_equal(waiting(f), 1);
    f->now += INTERVAL;
    look(f, MINUTE);
    assert_int_equal(waiting(f), 2);
}

static void a_scope_counts_its_projects_only(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], shop[UUID_SIZE];
    assert_true(step_project(f->store, "default", "Shop", false, shop, NULL));
    add_alert(f, EVENT_TRACE_ERRORS, &ERRORS_OVER_2, shop, id);
    fail_traces(f, 5, "Other");
    look(f, 0);
    assert_int_equal(waiting(f), 0);
    assert_true(only_row(f, id).value == 0);
    fail_traces(f, 3, "Shop");
    f->now += INTERVAL;
    look(f, 0);
    assert_int_equal(waiting(f), 1);
}

static void scores_are_averaged_by_name(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    const struct alert_condition low = {.kind = CONDITION_FEEDBACK,
                                        .threshold = (char[]){"0.5"},
                                        .window_s = 300,
                                        .below = true,
                                        .name = (char[]){"relevance"}};
    add_alert(f, EVENT_TRACE_FEEDBACK_SCORE, &low, NULL, id);
    look(f, 0);
    assert_false(only_row(f, id).known); /* no score yet is not a low score */
    score(f, "other", 0);
    score(f, "relevance", 0.9);
    score(f, "relevance", 0.3);
    f->now += INTERVAL;
    look(f, 0);
    assert_true(only_row(f, id).value == 0.6);
    assert_int_equal(waiting(f), 0);
    score(f, "relevance", 0.1);
    f->now += INTERVAL;
    look(f, 0);
    assert_int_equal(waiting(f), 1);
}

/* A span of 75 cents. */
static struct fact *add_cost(struct accept *a, const char *id)
{
    struct fact *fact = step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "Shop", 1);
    fact->is_event = false;
    fact->measured = true;
    fact->measure = EVENT_TRACE_COST;
    fact->value = 0.75;
    fact->once = span_of(id);
    return fact;
}

static void measures_count_once_for_an_id(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    const struct alert_condition cost = {
        .kind = CONDITION_COST, .threshold = (char[]){"1"}, .window_s = 300};
    add_alert(f, EVENT_TRACE_COST, &cost, NULL, id);
    for (int i = 0; i < 4; i++) {
        struct accept *a = step_request("default");
        add_cost(a, i < 3 ? "0193a000-0000-7000-8000-00000000aaaa"
                          : "0193a000-0000-7000-8000-00000000bbbb");
        assert_true(step_accept(f->store, a, NULL, NULL));
    }
    look(f, 0);
    assert_true(only_row(f, id).value == 1.5);
    assert_int_equal(waiting(f), 1);
}

static void a_cost_in_an_unknown_project_counts_for_none(void **state)
{
    struct store_fixture *f = *state;
    char all[UUID_SIZE], shop[UUID_SIZE], scoped[UUID_SIZE];
    const struct alert_condition cost = {
        .kind = CONDITION_COST, .threshold = (char[]){"1"}, .window_s = 300};
    assert_true(step_project(f->store, "default", "Shop", false, shop, NULL));
    add_alert(f, EVENT_TRACE_COST, &cost, NULL, all);
    add_alert(f, EVENT_TRACE_COST, &cost, shop, scoped);
    struct accept *a = step_request("default");
    add_cost(a, "0193a000-0000-7000-8000-00000000aaaa")->project_id =
        span_of("0193a000-0000-7000-8000-000000000001");
    add_cost(a, "0193a000-0000-7000-8000-00000000bbbb");
    assert_true(step_accept(f->store, a, NULL, NULL));
    look(f, 0);
    assert_true(only_row(f, all).value == 1.5);
    assert_true(only_row(f, scoped).value == 0.75);
}

/* Nor does a trace get a project that is not there. */
static void a_span_in_an_unknown_project_leaves_its_trace_alone(void **state)
{
    static const char trace[] = "0193a000-0000-7000-8000-00000000cccc";
    struct store_fixture *f = *state;
    char id[UUID_SIZE], shop[UUID_SIZE];
    assert_true(step_project(f->store, "default", "Shop", false, shop, NULL));
    add_alert(f, EVENT_TRACE_ERRORS, &ERRORS_OVER_2, shop, id);
    for (int i = 0; i < 2; i++) {
        struct accept *a = step_request("default");
        struct fact *fact = add_cost(a, trace);
        fact->trace_id = span_of(trace);
        if (i == 1)
            fact->project_id = span_of("0193a000-0000-7000-8000-000000000001");
        assert_true(step_accept(f->store, a, NULL, NULL));
    }
    struct accept *error = step_request("default");
    step_add_fact(error, EVENT_TRACE_ERRORS, trace, NULL, 1);
    assert_true(step_accept(f->store, error, NULL, NULL));
    look(f, 0);
    assert_true(only_row(f, id).value == 1);
}

/* Events of 40 days at random minutes: each window's sum is that of counting them one by one. */
static void windows_are_the_sums_of_their_minutes(void **state)
{
    enum { EVENTS = 400 };
    struct store_fixture *f = *state;
    static const int64_t windows[] = {60, 300, 3600, 7200, 86400, 90000, 2592000};
    char ids[7][UUID_SIZE];
    int64_t times[EVENTS], start = f->now;
    for (size_t w = 0; w < 7; w++) {
        struct alert_condition c = ERRORS_OVER_2;
        c.window_s = windows[w];
        c.threshold = (char[]){"100000"};
        add_alert(f, EVENT_TRACE_ERRORS, &c, NULL, ids[w]);
    }
    srand(7);
    for (int i = 0; i < EVENTS; i++) {
        f->now += rand() % (40 * 1440 * 2 / EVENTS) * MINUTE + rand() % MINUTE;
        times[i] = f->now;
        fail_traces(f, 1, "Shop");
    }
    assert_true(f->now - start > (int64_t)30 * 1440 * MINUTE);
    look(f, 0);
    for (size_t w = 0; w < 7; w++) {
        int64_t from = (f->now - windows[w] * 1000) / MINUTE, expected = 0;
        for (int i = 0; i < EVENTS; i++)
            expected += times[i] / MINUTE >= from;
        assert_int_equal((int64_t)only_row(f, ids[w]).value, expected);
    }
}

/* And no more than that. */
static void a_purge_leaves_what_the_longest_window_counts(void **state)
{
    static const char kept[] = "SELECT count(*) FROM metrics";
    struct store_fixture *f = *state;
    struct alert_condition c = ERRORS_OVER_2;
    char id[UUID_SIZE];
    c.window_s = ALERT_WINDOW_MAX_S;
    add_alert(f, EVENT_TRACE_ERRORS, &c, NULL, id);
    fail_traces(f, 3, "Shop");
    f->now += ALERT_WINDOW_MAX_S * INT64_C(1000) - MINUTE;
    step_purge(f->store, 0, 10);
    assert_int_equal(look(f, 0), 1);
    assert_int_equal(waiting(f), 1);
    f->now += 3 * 60 * MINUTE;
    step_purge(f->store, 0, 10);
    assert_int_equal(store_fixture_number(f, kept), 0);
}

static void a_disabled_or_deleted_alert_is_not_looked_at(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct store_due due;
    add_alert(f, EVENT_TRACE_ERRORS, &ERRORS_OVER_2, NULL, id);
    fail_traces(f, 3, "Shop");
    step_alert_enable(f->store, id, false);
    assert_true(store_next_due(f->reader, &due, NULL));
    assert_true(due.conditions == INT64_MAX);
    step_alert_enable(f->store, id, true);
    assert_true(store_next_due(f->reader, &due, NULL));
    assert_true(due.conditions <= f->now);
    step_alert_delete(f->store, id);
    assert_int_equal(look(f, 0), 0);
}

static void an_edit_keeps_how_unchanged_conditions_stood(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct alert a;
    add_alert(f, EVENT_TRACE_ERRORS, &ERRORS_OVER_2, NULL, id);
    fail_traces(f, 3, "Shop");
    look(f, 0);
    assert_int_equal(waiting(f), 1);
    assert_true(store_alert_get(f->reader, NULL, id, &a, NULL));
    assert_true(alert_set(&a.name, "renamed"));
    assert_true(step_alert_put(f->store, &a, STORE_REPLACE, NULL, NULL));
    f->now += INTERVAL;
    look(f, 0);
    assert_int_equal(waiting(f), 1);
    a.revision = 0;
    a.triggers[0].conditions[0].id[0] = '\0'; /* as in a body that was not read from here */
    assert_true(step_alert_put(f->store, &a, STORE_REPLACE, NULL, NULL));
    f->now += INTERVAL;
    look(f, 0);
    assert_int_equal(waiting(f), 1);
    a.triggers[0].conditions[0].window_s = 600;
    assert_true(step_alert_put(f->store, &a, STORE_REPLACE, NULL, NULL));
    look(f, 0);
    assert_int_equal(waiting(f), 2);
    alert_free(&a);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(errors_are_counted_and_raise_once),
        TEST(a_window_that_passed_clears_and_it_fires_again),
        TEST(the_same_condition_id_in_two_alerts_is_two_conditions),
        TEST(repeats_while_it_stays_true),
        TEST(a_scope_counts_its_projects_only),
        TEST(scores_are_averaged_by_name),
        TEST(measures_count_once_for_an_id),
        TEST(a_cost_in_an_unknown_project_counts_for_none),
        TEST(a_span_in_an_unknown_project_leaves_its_trace_alone),
        TEST(windows_are_the_sums_of_their_minutes),
        TEST(a_purge_leaves_what_the_longest_window_counts),
        TEST(a_disabled_or_deleted_alert_is_not_looked_at),
        TEST(an_edit_keeps_how_unchanged_conditions_stood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
