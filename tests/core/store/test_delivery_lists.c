/* What is read of deliveries: their pages, the log, and what is known of those that wait. */
#include "core/store/delivery_fixture.h"
#include "store/alerts.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/health.h"
#include "store/log.h"

static void list_pages_deliveries(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], before[UUID_SIZE] = "";
    struct delivery_filter all = {NULL, NULL, -1, 0};
    int seen = 0;
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < 25; i++) {
        accept_events(f, i + 1);
        close_all(f);
    }
    for (;;) {
        struct delivery_rows rows;
        assert_true(store_delivery_list(f->reader, &all, before[0] ? before : NULL, 10,
                                        &rows, NULL));
        for (size_t i = 0; i < rows.count; i++)
            assert_int_equal(rows.items[i].event_count, 25 - seen++);
        if (rows.count)
            memcpy(before, rows.items[rows.count - 1].id, UUID_SIZE);
        size_t got = rows.count;
        delivery_rows_free(&rows);
        if (got == 0)
            break;
    }
    assert_int_equal(seen, 25);
}

static size_t listed(struct store_fixture *f, struct delivery_filter filter)
{
    struct delivery_rows rows;
    assert_true(store_delivery_list(f->reader, &filter, NULL, 100, &rows, NULL));
    size_t count = rows.count;
    delivery_rows_free(&rows);
    return count;
}

static void list_filters_deliveries(void **state)
{
    struct store_fixture *f = *state;
    char a[UUID_SIZE], b[UUID_SIZE], id[UUID_SIZE];
    add_alert(f, "a", URL, a);
    deliver(f, 1, 200, DELIVERY_DELIVERED, id);
    add_alert(f, "b", URL, b);
    accept_events(f, 1);
    close_all(f);
    assert_int_equal(listed(f, (struct delivery_filter){"default", NULL, -1, 0}), 3);
    assert_int_equal(listed(f, (struct delivery_filter){"other", NULL, -1, 0}), 0);
    assert_int_equal(listed(f, (struct delivery_filter){NULL, a, -1, 0}), 2);
    assert_int_equal(listed(f, (struct delivery_filter){"default", a, DELIVERY_WAITING, 0}),
                     1);
    assert_int_equal(listed(f, (struct delivery_filter){"other", a, DELIVERY_WAITING, 0}),
                     0);
    assert_int_equal(listed(f, (struct delivery_filter){NULL, NULL, DELIVERY_DELIVERED, 0}),
                     1);
    assert_int_equal(listed(f, (struct delivery_filter){NULL, NULL, -1, f->now}), 2);
    assert_int_equal(listed(f, (struct delivery_filter){NULL, b, -1, f->now + 1}), 0);
    assert_int_equal(listed(f, (struct delivery_filter){NULL, a, -1, 0, 200, 299}), 1);
    assert_int_equal(listed(f, (struct delivery_filter){NULL, a, -1, 0, 201, 299}), 0);
    assert_int_equal(listed(f, (struct delivery_filter){NULL, a, -1, 0, 100, 199}), 0);
}

/* Page after page of two. */
static void expect_delivered(struct store_fixture *f, char (*ids)[UUID_SIZE], int count)
{
    const struct delivery_filter filter = {.workspace = "default",
                                           .state = DELIVERY_DELIVERED};
    const char *last = NULL;
    while (count >= 0) {
        struct delivery_rows rows;
        assert_true(store_delivery_list(f->reader, &filter, last, 2, &rows, NULL));
        assert_int_equal(rows.count, count > 2 ? 2 : count);
        for (size_t i = 0; i < rows.count; i++) {
            last = ids[--count];
            assert_string_equal(rows.items[i].id, last);
        }
        count -= rows.count == 0;
        delivery_rows_free(&rows);
    }
}

static void lists_what_is_delivered_whatever_its_status(void **state)
{
    enum { MADE = 12 }; /* more statuses than are merged */
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], ids[MADE][UUID_SIZE];
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < MADE; i++) {
        deliver(f, 1, i < 5 ? 200 + i % 3 : 200 + i, DELIVERY_DELIVERED, ids[i]);
        if (i == 4 || i == MADE - 1)
            expect_delivered(f, ids, i + 1);
    }
    /* Replayed, it keeps the status of its last attempt. */
    assert_int_equal(step_replay(f->store, ids[MADE - 1]), 1);
    expect_delivered(f, ids, MADE - 1);
    assert_int_equal(
        listed(f, (struct delivery_filter){NULL, NULL, DELIVERY_DELIVERED, 0, 200, 200}),
        2);
    assert_int_equal(listed(f, (struct delivery_filter){NULL, NULL, DELIVERY_WAITING, 0}),
                     1);
}

static void list_pages_the_log_both_ways(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    struct log_rows log;
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < 9; i++)
        deliver(f, 1, 200 + i, DELIVERY_DELIVERED, id);
    assert_true(store_log_list(f->reader, NULL, -1, INT64_MAX, 4, &log, NULL));
    assert_int_equal(log.count, 4);
    assert_int_equal(log.items[0].status, 205);
    assert_int_equal(log.items[3].status, 208);
    assert_int_equal(log.items[3].of, 4);
    int64_t first = log.items[0].seq, last = log.items[3].seq;
    log_rows_free(&log);
    assert_true(store_log_list(f->reader, "default", -1, first, 4, &log, NULL));
    assert_int_equal(log.items[0].status, 201);
    assert_int_equal(log.items[3].status, 204);
    log_rows_free(&log);
    assert_true(store_log_list(f->reader, "default", first, 0, 100, &log, NULL));
    assert_int_equal(log.count, 3);
    assert_int_equal(log.items[2].seq, last);
    log_rows_free(&log);
    for (int i = 0; i < 2; i++) {
        const char *workspace = i ? "default" : NULL;
        assert_true(store_log_list(f->reader, workspace, first, 0, 2, &log, NULL));
        assert_int_equal(log.count, 2);
        assert_int_equal(log.items[0].status, 206);
        log_rows_free(&log);
        struct try_rows tries;
        assert_true(store_try_list(f->reader, workspace, 0, 0, 2, &tries, NULL));
        assert_int_equal(tries.count, 2);
        assert_true(tries.cut);
        assert_int_equal(tries.seq, last);
        assert_int_equal(tries.items[0].status, 207);
        assert_int_equal(tries.items[1].status, 208);
        try_rows_free(&tries);
    }
    assert_true(store_log_list(f->reader, NULL, last, 0, 100, &log, NULL));
    assert_int_equal(log.count, 0);
}

static struct log_row logged(struct store_fixture *f, size_t at)
{
    struct log_rows log;
    assert_true(store_log_list(f->reader, "default", 0, 0, 100, &log, NULL));
    assert_true(at < log.count);
    struct log_row row = log.items[at];
    log.items[at] = (struct log_row){0};
    log_rows_free(&log);
    return row;
}

/* Nothing is written for it: the row of the attempt knows its delivery. */
static void expect_next(struct store_fixture *f, size_t at, bool waits, const char *ended)
{
    struct log_row row = logged(f, at);
    assert_int_equal(row.state, DELIVERY_RETRYING);
    assert_int_equal(row.waits, waits);
    if (ended)
        assert_non_null(strstr(row.ended, ended));
    else
        assert_null(row.ended);
    log_row_free(&row);
}

static void the_log_knows_what_became_of_a_retry(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert), again;
    assert_true(
        step_record(f->store, c.items, 500, DELIVERY_RETRYING, f->now + 9000, NULL));
    expect_next(f, 0, true, NULL);
    f->now += 9000;
    again = claim(f, 10);
    expect_next(f, 0, false, NULL); /* it is under way */
    assert_true(
        step_record(f->store, again.items, 500, DELIVERY_RETRYING, f->now + 9000, NULL));
    expect_next(f, 0, false, NULL);
    expect_next(f, 1, true, NULL);
    assert_int_equal(step_alert_enable(f->store, alert, false), 1);
    expect_next(f, 0, false, NULL);
    expect_next(f, 1, false, "disabled");
    assert_int_equal(step_alert_enable(f->store, alert, true), 1);
    assert_int_equal(step_replay(f->store, c.items[0].id), 1);
    expect_next(f, 1, false, NULL);
    step_claims_free(&again);
    again = claim(f, 10);
    assert_true(
        step_record(f->store, again.items, 500, DELIVERY_RETRYING, f->now + 9000, NULL));
    expect_next(f, 2, true, NULL);
    assert_int_equal(step_expire(f->store, f->now + 1, 10), 1);
    expect_next(f, 1, false, NULL);
    expect_next(f, 2, false, "too old");
    step_claims_free(&c);
    step_claims_free(&again);
}

/* Ages are told by the steady clock, also where the wall clock was wrong when they were
 * made. */
static void what_waits_too_long_ends(void **state)
{
    enum { DAY = 24 * 3600 * 1000 };
    static const char *const made[] = {"created_at", "created_at + 3600000 * 24 * 400",
                                       "created_at + 3000000",
                                       "created_at - 3600000 * 24 * 400"};
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], sql[200];
    add_alert(f, "a", URL, alert);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        accept_events(f, 1);
        close_all(f);
        snprintf(sql, sizeof sql, "UPDATE deliveries SET created_at = %s WHERE state = 0",
                 made[i]);
        store_fixture_exec(f, sql);
        f->now += DAY;
        accept_events(f, 1);
        close_all(f); /* which is young */
        assert_int_equal(step_expire(f->store, f->now - DAY - f->limits.window_ms, 10), 0);
        assert_int_equal(step_expire(f->store, f->now - DAY, 10), 1);
        assert_int_equal(step_expire(f->store, f->now - DAY, 10), 0);
        assert_int_equal(step_expire(f->store, f->now + 1, 10), 1);
    }
    assert_int_equal(store_fixture_counts(f).deliveries[DELIVERY_DEAD], 8);
}

/* It was put back by more than is looked ahead, and has caught up since. */
static void what_was_made_by_a_fast_clock_ends_too(void **state)
{
    enum { DAY = 24 * 3600 * 1000 };
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < 3; i++) {
        accept_events(f, 1);
        close_all(f);
    }
    store_fixture_exec(f, "UPDATE deliveries SET created_at = created_at + 9000000");
    assert_int_equal(step_expire(f->store, f->now - DAY, 10), 0);
    f->now += DAY + 1;
    assert_int_equal(step_expire(f->store, f->now - DAY, 2), 2); /* all, two at a time */
    assert_int_equal(step_expire(f->store, f->now - DAY, 2), 1);
}

static void the_list_tells_what_is_being_sent(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct alert_rows rows;
    add_alert(f, "a", URL, alert);
    accept_events(f, 1);
    close_all(f);
    assert_true(store_alert_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.items[0].last_state, DELIVERY_WAITING);
    alert_rows_free(&rows);
    struct claims c = claim(f, 1);
    assert_true(store_alert_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.items[0].last_state, DELIVERY_SENDING);
    alert_rows_free(&rows);
    step_claims_free(&c);
}

static void expect_oldest(struct store_fixture *f, const char *id, int64_t at)
{
    struct oldest_rows rows;
    assert_true(store_oldest_open(f->reader, &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_int_equal(oldest_rows_of(&rows, id), at);
    assert_int_equal(oldest_rows_of(&rows, "0190b2c0-1111-7000-8000-000000000001"), 0);
    oldest_rows_free(&rows);
}

static void what_waits_longest_is_known(void **state)
{
    struct store_fixture *f = *state;
    struct oldest_rows rows;
    struct claims claims;
    struct err err;
    char id[UUID_SIZE];
    add_alert(f, "a", "http://example.org/a", id);
    accept_events(f, 1);
    close_all(f);
    int64_t first = f->now;
    f->now += 1000;
    accept_events(f, 1);
    close_all(f);
    expect_oldest(f, id, first);
    struct store_gauges gauges = {.oldest_open = -1};
    assert_true(store_gauges(f->reader, &gauges, NULL));
    assert_int_equal(gauges.oldest_open, first);
    assert_true(gauges.bytes > 0);
    assert_true(step_claim(f->store, f->now, 1, NULL, 0, &claims, &err));
    assert_int_equal(claims.count, 1);
    expect_oldest(f, id, first); /* being sent, while another waits */
    assert_true(step_record(f->store, claims.items, 500, DELIVERY_RETRYING, f->now, &err));
    expect_oldest(f, id, first);
    step_claims_free(&claims);
    assert_true(step_claim(f->store, f->now, 10, NULL, 0, &claims, &err));
    assert_int_equal(claims.count, 2);
    for (size_t i = 0; i < claims.count; i++)
        assert_true(
            step_record(f->store, &claims.items[i], 200, DELIVERY_DELIVERED, 0, &err));
    step_claims_free(&claims);
    assert_true(store_oldest_open(f->reader, &rows, &err));
    assert_int_equal(rows.count, 0);
    assert_true(store_gauges(f->reader, &gauges, NULL));
    assert_int_equal(gauges.oldest_open, 0);
    oldest_rows_free(&rows);
}

static bool is_known(struct store_fixture *f, const char *workspace)
{
    bool known;
    assert_true(store_workspace_known(f->reader, workspace, &known, NULL));
    return known;
}

static void a_workspace_is_known_by_what_is_of_it(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    assert_false(is_known(f, "default"));
    add_alert(f, "a", URL, id);
    assert_true(is_known(f, "default"));
    accept_events(f, 1);
    close_all(f);
    assert_int_equal(step_alert_delete(f->store, id), 1);
    assert_true(is_known(f, "default"));
    assert_true(step_project(f->store, "other", "p", true, id, NULL));
    assert_true(is_known(f, "other"));
    assert_false(is_known(f, "othe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(list_pages_deliveries),
        TEST(list_filters_deliveries),
        TEST(lists_what_is_delivered_whatever_its_status),
        TEST(list_pages_the_log_both_ways),
        TEST(the_log_knows_what_became_of_a_retry),
        TEST(what_waits_too_long_ends),
        TEST(what_was_made_by_a_fast_clock_ends_too),
        TEST(the_list_tells_what_is_being_sent),
        TEST(what_waits_longest_is_known),
        TEST(a_workspace_is_known_by_what_is_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
