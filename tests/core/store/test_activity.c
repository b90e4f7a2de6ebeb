/* Why and why not, sending a bucket now, and lists by status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/accept.h"
#include "store/activity.h"
#include "store/alerts.h"
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/sqlite/activity.h"
#include "support/steps.h"

#define URL "http://127.0.0.1:9/hook"

static void add_alert(struct store_fixture *f, const char *name, enum event_type type,
                      bool enabled, char id[UUID_SIZE])
{
    struct alert a, made;
    step_alert_make(&a, name, URL, type);
    a.enabled = enabled;
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, &made, NULL));
    memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

static void accept_events(struct store_fixture *f, int count)
{
    struct accept *a = step_request("default");
    for (int i = 0; i < count; i++)
        step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "shop", i);
    assert_true(step_accept(f->store, a, NULL, NULL));
}

struct seen {
    char names[8][16];
    enum match_verdict verdicts[8];
    size_t count;
};

static void see(void *arg, const struct activity_verdict *v)
{
    struct seen *s = arg;
    assert_true(s->count < 8);
    snprintf(s->names[s->count], 16, "%s", v->alert_name);
    s->verdicts[s->count++] = v->verdict;
}

static void says_which_alerts_took_an_event_and_why_not_the_others(void **state)
{
    struct store_fixture *f = *state;
    struct activity_rows rows;
    struct seen seen = {.count = 0};
    char id[UUID_SIZE];
    add_alert(f, "off", EVENT_TRACE_ERRORS, false, id);
    add_alert(f, "other \"type\"", EVENT_TRACE_FEEDBACK_SCORE, true, id);
    add_alert(f, "takes it", EVENT_TRACE_ERRORS, true, id);
    accept_events(f, 1);
    assert_true(store_activity_list(f->reader, "default", INT64_MAX, 10, &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.items[0].type, EVENT_TRACE_ERRORS);
    assert_string_equal(rows.items[0].project, "shop");
    assert_int_equal(rows.items[0].matched, 1);
    assert_int_equal(rows.items[0].considered, 3);
    activity_each_verdict(&rows.items[0], see, &seen);
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.names[0], "takes it");
    assert_int_equal(seen.verdicts[0], MATCH_YES);
    assert_int_equal(seen.verdicts[1], MATCH_DISABLED);
    assert_string_equal(seen.names[2], "other \"type\"");
    assert_int_equal(seen.verdicts[2], MATCH_NO_TRIGGER);
    activity_rows_free(&rows);
    assert_true(store_activity_list(f->reader, "elsewhere", INT64_MAX, 10, &rows, NULL));
    assert_int_equal(rows.count, 0);
}

static void keeps_a_sample_and_says_how_many_are_left_out(void **state)
{
    struct store_fixture *f = *state;
    struct activity_rows rows;
    accept_events(f, ACTIVITY_A_SECOND + 50);
    f->now += 1000;
    accept_events(f, 1);
    assert_true(store_activity_list(f->reader, "default", INT64_MAX, 1000, &rows, NULL));
    assert_int_equal(rows.count, ACTIVITY_A_SECOND + 1);
    assert_int_equal(rows.items[0].passed_over, 50);
    assert_int_equal(rows.items[0].at, f->now);
    assert_int_equal(rows.items[1].passed_over, 0);
    int64_t newest = rows.items[0].seq;
    assert_int_equal(rows.items[1].seq, newest - 1);
    activity_rows_free(&rows);
    assert_true(store_activity_list(f->reader, "default", newest, 1, &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.items[0].seq, newest - 1);
    activity_rows_free(&rows);
}

static void samples_less_where_there_are_many_alerts(void **state)
{
    enum { MANY = 4999 };
    struct store_fixture *f = *state;
    struct alert *alerts = calloc(MANY, sizeof *alerts);
    struct step_wait wait = {0};
    struct activity_rows rows;
    for (int i = 0; i < MANY; i++)
        step_alert_make(&alerts[i], "many", URL, EVENT_PROMPT_CREATED);
    store_alert_put_all(f->store, alerts, MANY, STORE_CREATE, "ann", step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    accept_events(f, ACTIVITY_A_SECOND);
    assert_true(store_activity_list(f->reader, "default", INT64_MAX, 1000, &rows, NULL));
    assert_int_equal(rows.count, ACTIVITY_JUDGED_A_SECOND / (MANY + 1));
    assert_int_equal(rows.items[0].considered, MANY);
    activity_rows_free(&rows);
    for (int i = 0; i < MANY; i++)
        alert_free(&alerts[i]);
    free(alerts);
}

static void forgets_the_oldest(void **state)
{
    struct store_fixture *f = *state;
    struct activity_rows rows;
    for (int i = 0; i < ACTIVITY_KEPT / ACTIVITY_A_SECOND + 2; i++) {
        accept_events(f, ACTIVITY_A_SECOND);
        f->now += 1000;
    }
    assert_true(store_activity_list(f->reader, "default", INT64_MAX, 100000, &rows, NULL));
    assert_int_equal(rows.count, ACTIVITY_KEPT);
    activity_rows_free(&rows);
}

/* ---------------------------------------------------------------- send now */

static void copy_count(void *to, const void *result)
{
    *(int64_t *)to = *(const int64_t *)result;
}

static bool send_now(struct store_fixture *f, const char *workspace, const char *key,
                     int64_t *count)
{
    struct step_wait wait = {.copy = copy_count, .to = count};
    *count = -1;
    store_bucket_send_now(f->store, workspace, &key, 1, step_done, &wait);
    return step_wait(&wait, NULL);
}

static void sends_a_bucket_before_its_window_ends(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], key[112];
    int64_t count;
    add_alert(f, "a", EVENT_TRACE_ERRORS, true, id);
    accept_events(f, 2);
    assert_int_equal(step_close_due(f->store, f->now, 10), 0);
    snprintf(key, sizeof key, "alert_bucket:%s:trace:errors", id);
    assert_true(send_now(f, "elsewhere", key, &count));
    assert_int_equal(count, 0);
    assert_int_equal(step_close_due(f->store, f->now, 10), 0);
    assert_true(send_now(f, "default", key, &count));
    assert_int_equal(count, 1);
    assert_int_equal(step_close_due(f->store, f->now, 10), 1);
    assert_true(send_now(f, "default", key, &count));
    assert_int_equal(count, 0);
    assert_false(send_now(f, "default", "alert_bucket:x:trace:errors", &count));
    assert_false(send_now(f, "default", "", &count));
}

/* ---------------------------------------------------------------- lists by status */

static size_t count_of(struct store_fixture *f, int from, int to)
{
    struct delivery_rows rows;
    const struct delivery_filter filter = {
        .workspace = "default", .state = -1, .status_from = from, .status_to = to};
    assert_true(store_delivery_list(f->reader, &filter, NULL, 100, &rows, NULL));
    size_t count = rows.count;
    for (size_t i = 0; i < count; i++)
        assert_in_range(rows.items[i].status, from, to);
    delivery_rows_free(&rows);
    return count;
}

static void lists_deliveries_by_their_last_status(void **state)
{
    struct store_fixture *f = *state;
    struct claims claims;
    char id[UUID_SIZE];
    add_alert(f, "a", EVENT_TRACE_ERRORS, true, id);
    accept_events(f, 1);
    f->now += f->limits.window_ms;
    assert_int_equal(step_close_due(f->store, f->now, 10), 1);
    assert_true(step_claim(f->store, f->now, 10, NULL, 0, &claims, NULL));
    assert_true(step_record(f->store, &claims.items[0], 503, DELIVERY_DEAD, 0, NULL));
    step_claims_free(&claims);
    assert_int_equal(count_of(f, 503, 503), 1);
    assert_int_equal(count_of(f, 500, 599), 1);
    assert_int_equal(count_of(f, 200, 299), 0);
}

/* One delivery for each status, the oldest first. */
static void deliver_with(struct store_fixture *f, const int *statuses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct claims claims;
        accept_events(f, 1);
        f->now += f->limits.window_ms;
        assert_int_equal(step_close_due(f->store, f->now, 10), 1);
        assert_true(step_claim(f->store, f->now, 10, NULL, 0, &claims, NULL));
        assert_true(step_record(f->store, &claims.items[0], statuses[i], DELIVERY_DEAD, 0, NULL));
        step_claims_free(&claims);
    }
}

/* Page after page, one row each. */
static void expect_in_order(struct store_fixture *f, int from, int to, const int *statuses,
                            size_t count)
{
    const struct delivery_filter filter = {
        .workspace = "default", .state = -1, .status_from = from, .status_to = to};
    char last[UUID_SIZE] = "";
    for (size_t i = 0; i <= count; i++) {
        struct delivery_rows rows;
        assert_true(store_delivery_list(f->reader, &filter, i ? last : NULL, 1, &rows, NULL));
        assert_int_equal(rows.count, i < count ? 1 : 0);
        if (i < count) {
            assert_int_equal(rows.items[0].status, statuses[i]);
            memcpy(last, rows.items[0].id, sizeof last);
        }
        delivery_rows_free(&rows);
    }
}

static void merges_the_statuses_of_a_range_by_time(void **state)
{
    static const int made[] = {503, 404, 500, 503, 599, 400, 500};
    static const int few[] = {500, 599, 503, 500, 503};
    static const int many[] = {508, 507, 506, 505, 504, 502, 501};
    static const int all[] = {501, 502, 504, 505, 506, 507, 508, 500, 599, 503, 500, 503};
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, "a", EVENT_TRACE_ERRORS, true, id);
    deliver_with(f, made, 7);
    expect_in_order(f, 500, 599, few, 5);
    expect_in_order(f, 300, 399, NULL, 0);
    deliver_with(f, many, 7); /* more statuses than are merged */
    expect_in_order(f, 500, 599, all, 12);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(says_which_alerts_took_an_event_and_why_not_the_others),
        TEST(keeps_a_sample_and_says_how_many_are_left_out),
        TEST(samples_less_where_there_are_many_alerts),
        TEST(forgets_the_oldest),
        TEST(sends_a_bucket_before_its_window_ends),
        TEST(lists_deliveries_by_their_last_status),
        TEST(merges_the_statuses_of_a_range_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
