/* What the past costs: with a hundred times as many ended deliveries in the store, no
 * statement of a screen, of the start or of a delivery's way takes one step more. */
#include <sqlite3.h>

#include "core/store/delivery_fixture.h"
#include "store/alerts.h"
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/health.h"
#include "store/log.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"
#include "store/sqlite/thread.h"

enum { DAY_MS = 86400 * 1000, HALF_HOUR_MS = 1800 * 1000 };
enum { SHORT = 300, LONG = 100 * SHORT, PAGE = 20, RECENT = 50 };

/* ---------------------------------------------------------------- a past */

static void run_sql(sqlite3 *db, const char *format, ...)
{
    char sql[2048];
    va_list values;
    va_start(values, format);
    sqlite3_vsnprintf(sizeof sql, sql, format, values);
    va_end(values);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sqlite3_errmsg(db), sql);
}

/* Adds ended deliveries of a day, the last of them at `until`, every 10th of them dead. */
static void add_past(const struct store_fixture *f, const char *alert, int count,
                     int64_t until)
{
    char path[512];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/store.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run_sql(db, "BEGIN");
    run_sql(db,
            "CREATE TEMP TABLE past AS WITH RECURSIVE n (i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
            "SELECT i, i + coalesce((SELECT max(row) FROM main.deliveries), 0) AS row, "
            "%lld - (%d - i) * %d / %d AS at, iif(i %% 10, 3, 4) AS state, "
            "iif(i %% 10, 200, 500) AS status FROM n",
            count, (long long)until, count, DAY_MS, count);
    run_sql(db,
            "INSERT INTO deliveries (row, id, alert, alert_name, workspace, type, state, "
            "endpoint, "
            "events, truncated, created_at, born_at, attempts, status) SELECT row, "
            "printf('0193a000-0000-7000-8000-%%012d', row), %Q, 'a', 'default', 0, state, "
            "'e', 1, 0, at, at, 1, status FROM past",
            alert);
    run_sql(
        db,
        "INSERT INTO log (kind, at, alert, alert_name, workspace, type, events, delivery, "
        "delivery_id, n, of, outcome, status, latency_us, state, next_at) SELECT 0, at, "
        "%Q, "
        "'a', 'default', 0, 1, row, printf('0193a000-0000-7000-8000-%%012d', row), 1, 4, "
        "0, "
        "status, 1000, state, 0 FROM past",
        alert);
    run_sql(db, "COMMIT");
    sqlite3_close(db);
}

/* Of the virtual machine; without what the writer asks whenever it wakes up. */
static int64_t steps_of(sqlite3 *db)
{
    int64_t steps = 0;
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(db, s));)
        if (strncmp(sqlite3_sql(s), "PRAGMA", 6) != 0)
            steps += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
    return steps;
}

/* ---------------------------------------------------------------- what is read */

static void list_deliveries(struct store_fixture *f, const struct delivery_filter *filter)
{
    struct delivery_rows rows, more;
    assert_true(store_delivery_list(f->reader, filter, NULL, PAGE, &rows, NULL));
    assert_int_equal(rows.count, PAGE);
    assert_true(
        store_delivery_list(f->reader, filter, rows.items[PAGE - 1].id, 1, &more, NULL));
    delivery_rows_free(&more);
    delivery_rows_free(&rows);
}

static void read_deliveries(struct store_fixture *f, const char *alert)
{
    const struct delivery_filter filters[] = {
        {.state = -1},
        {.workspace = "default", .state = -1},
        {.workspace = "default", .state = DELIVERY_DELIVERED},
        {.workspace = "default", .state = DELIVERY_DEAD},
        {.workspace = "default", .alert_id = alert, .state = -1},
        {.workspace = "default", .state = -1, .status_from = 500, .status_to = 500},
        {.workspace = "default", .state = -1, .status_from = 500, .status_to = 599},
        {.workspace = "default", .state = -1, .since = f->now - 3600 * 1000},
    };
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        list_deliveries(f, &filters[i]);
}

static void read_overview(struct store_fixture *f)
{
    struct alert_rows alerts;
    struct store_counts sums;
    struct oldest_rows oldest;
    struct try_rows tries;
    assert_true(store_alert_list(f->reader, "default", &alerts, NULL));
    assert_true(store_counts(f->reader, &sums, NULL));
    assert_true(store_oldest_open(f->reader, &oldest, NULL));
    assert_true(store_try_list(f->reader, "default", 0, f->now - HALF_HOUR_MS + 1, 20000,
                               &tries, NULL));
    assert_int_equal(tries.count, RECENT);
    alert_rows_free(&alerts);
    oldest_rows_free(&oldest);
    try_rows_free(&tries);
}

static void read_the_rest(struct store_fixture *f)
{
    struct bucket_rows buckets;
    struct store_gauges gauges;
    struct store_due due;
    struct log_rows log;
    assert_true(store_bucket_list(f->reader, "default", PAGE, &buckets, NULL));
    assert_true(store_gauges(f->reader, &gauges, NULL));
    assert_true(store_next_due(f->reader, &due, NULL));
    assert_true(store_log_list(f->reader, "default", -1, INT64_MAX, PAGE, &log, NULL));
    log_rows_free(&log);
    assert_true(store_log_list(f->reader, NULL, -1, INT64_MAX, PAGE, &log, NULL));
    log_rows_free(&log);
    bucket_rows_free(&buckets);
}

static int64_t steps_of_screens(int past)
{
    struct store_fixture f = {0};
    char alert[UUID_SIZE];
    store_fixture_make(&f);
    add_alert(&f, "a", URL, alert);
    add_past(&f, alert, past, f.now - DAY_MS);
    f.now += DAY_MS;
    add_past(&f, alert, RECENT * (DAY_MS / HALF_HOUR_MS), f.now);
    read_deliveries(&f, alert);
    read_overview(&f);
    read_the_rest(&f);
    int64_t steps = steps_of(db_handle(f.reader->db));
    store_fixture_remove(&f);
    return steps;
}

static void screens_do_not_read_the_past(void **state)
{
    (void)state;
    assert_int_equal(steps_of_screens(LONG), steps_of_screens(SHORT));
}

/* ---------------------------------------------------------------- what is written */

static int64_t steps_of_a_delivery(int past)
{
    struct store_fixture f = {0};
    char alert[UUID_SIZE];
    store_fixture_make(&f);
    add_alert(&f, "a", URL, alert);
    add_past(&f, alert, past, f.now);
    step_recover(f.store);
    for (int i = 0; i < 2; i++) { /* delivered, and with a retry */
        accept_events(&f, 2);
        close_all(&f);
        struct claims c = claim(&f, 10);
        assert_int_equal(c.count, 1);
        if (i)
            assert_true(step_record(f.store, c.items, 500, DELIVERY_RETRYING, f.now, NULL));
        else
            assert_true(step_record(f.store, c.items, 200, DELIVERY_DELIVERED, 0, NULL));
        step_claims_free(&c);
    }
    assert_int_equal(step_alert_enable(f.store, alert, false),
                     1); /* one waits, then none */
    assert_int_equal(step_alert_enable(f.store, alert, true), 1);
    assert_int_equal(step_alert_enable(f.store, alert, false), 1);
    step_purge(f.store, f.now - 2 * (int64_t)DAY_MS, 10);
    step_trim(f.store, INT64_C(1) << 40, 10);
    writer_stop(f.store); /* its connection is looked at from here */
    int64_t steps = steps_of(db_handle(f.store->db));
    store_fixture_remove(&f);
    return steps;
}

static void a_delivery_does_not_read_the_past(void **state)
{
    (void)state;
    assert_int_equal(steps_of_a_delivery(LONG), steps_of_a_delivery(SHORT));
}

/* ---------------------------------------------------------------- tries */

static struct try_rows tries_of(struct store_fixture *f, int64_t after, int64_t since,
                                int64_t limit)
{
    struct try_rows rows;
    assert_true(store_try_list(f->reader, "default", after, since, limit, &rows, NULL));
    return rows;
}

static void tries_are_those_since(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    assert_true(
        step_record(f->store, c.items, 500, DELIVERY_RETRYING, f->now + 1000, NULL));
    step_claims_free(&c);
    f->now += 1000;
    c = claim(f, 1);
    assert_true(step_record(f->store, c.items, 200, DELIVERY_DELIVERED, 0, NULL));
    step_claims_free(&c);

    struct try_rows both = tries_of(f, 0, f->now - 1000, 2);
    assert_int_equal(both.count, 2);
    assert_false(both.cut);
    assert_string_equal(both.items[0].alert_id, alert);
    assert_int_equal(both.items[0].status, 500);
    assert_int_equal(both.items[0].state, DELIVERY_RETRYING);
    assert_int_equal(both.items[1].at, f->now);
    assert_int_equal(both.items[1].events, 2);
    assert_int_equal(both.items[1].state, DELIVERY_DELIVERED);

    struct try_rows last = tries_of(f, 0, f->now - 999, 2);
    assert_int_equal(last.count, 1);
    assert_int_equal(last.seq, both.seq);
    assert_int_equal(last.items[0].status, 200);

    struct try_rows one = tries_of(f, 0, 0, 1);
    assert_int_equal(one.count, 1);
    assert_true(one.cut);
    assert_int_equal(one.items[0].status, 200);

    struct try_rows none = tries_of(f, both.seq, 0, 2);
    assert_int_equal(none.count, 0);
    assert_int_equal(none.seq, both.seq);
    assert_false(none.cut);
    try_rows_free(&both);
    try_rows_free(&last);
    try_rows_free(&one);
}

/* A dropped bucket is no attempt, but the newest row all the same. */
static void tries_pass_over_what_was_not_sent(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    accept_events(f, 1);
    step_alert_enable(f->store, alert, false);
    struct try_rows rows = tries_of(f, 0, 0, 10);
    assert_int_equal(rows.count, 0);
    assert_int_not_equal(rows.seq, 0);
    try_rows_free(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screens_do_not_read_the_past),
        cmocka_unit_test(a_delivery_does_not_read_the_past),
        TEST(tries_are_those_since),
        TEST(tries_pass_over_what_was_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
