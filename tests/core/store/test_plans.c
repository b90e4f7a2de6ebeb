/* No statement reads a table that grows from its start to its end: what SQLite says of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/store/file_fixture.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/audit.h"
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/endpoints.h"
#include "store/health.h"
#include "store/log.h"
#include "store/silences.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"
#include "store/sqlite/thread.h"

/* ---------------------------------------------------------------- no scans */

/* What may be read whole: small tables, or a list in the order of its index. */
static bool may_scan(const char *step, const char *sql)
{
    static const char *const allowed[] = {
        "SCAN counters",
        "SCAN silences",                         /* few, once an hour */
        "SCAN buckets USING INDEX buckets_held", /* after a jump of the clock */
        "SCAN alerts",                           /* into the cache, and explain */
        "SCAN a USING INDEX alerts_by_name",     /* the alerts list itself */
        "SCAN b USING INDEX buckets_due",        /* the open buckets, limited */
        "SCAN deliveries USING INDEX deliveries_by_time",
        "SCAN CONSTANT ROW",
        "SCAN e",          /* the endpoints that fail */
        "SCAN (subquery-", /* what is sorted, may_sort() */
    };
    if (strstr(step, "USING COVERING INDEX") && strstr(sql, "min("))
        return true; /* the first entry of an index */
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (strncmp(step, allowed[i], strlen(allowed[i])) == 0)
            return true;
    return false;
}

/* What is not finished, by alert. */
static bool may_sort(const char *sql)
{
    return strstr(sql, "min(created_at) FROM deliveries INDEXED BY deliveries_by_state") ||
           strstr(sql, "max(row) AS row");
}

static int check_plan(sqlite3 *raw, const char *sql)
{
    char explain[4096];
    sqlite3_stmt *plan;
    int bad = 0;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    if (sqlite3_prepare_v2(raw, explain, -1, &plan, NULL) != SQLITE_OK)
        return 0; /* BEGIN, PRAGMA and the like have none */
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        bool scans = strncmp(step, "SCAN", 4) == 0 && !may_scan(step, sql);
        bool sorts = strstr(step, "TEMP B-TREE") && !may_sort(sql);
        /* By alert or by time, what has ended would be read too; and all that waits. */
        bool narrow = strstr(sql, "state = 1") || strstr(sql, "born_at <");
        bool wide = narrow && !strstr(step, "deliveries_by_state") &&
                    strstr(step, "INDEX deliveries_");
        if (scans || sorts || wide) {
            printf("%s\n    %s\n", step, sql);
            bad++;
        }
    }
    sqlite3_finalize(plan);
    return bad;
}

static void use_silences(struct store_fixture *f, const char *alert)
{
    struct silence s = {.mode = SILENCE_DROP, .until = f->now + 1000};
    struct silences all;
    char id[UUID_SIZE];
    memcpy(s.alert_id, alert, UUID_SIZE);
    assert_true(step_silence_put(f->store, &s, id, NULL));
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "p", 1);
    assert_true(step_accept(f->store, a, NULL, NULL));
    step_silence_follow(f->store);
    assert_true(store_silence_list(f->reader, "default", f->now, &all, NULL));
    silences_free(&all);
    step_silence_end(f->store, id);
    step_close_due(f->store, f->now, 10);
}

/* The narrower indexes are those that a query can miss. */
static void list_by_state_and_status(struct store_fixture *f)
{
    static const struct delivery_filter filters[] = {
        {.state = DELIVERY_DELIVERED},
        {.state = DELIVERY_DEAD},
        {.state = -1, .status_from = 500, .status_to = 500},
        {.state = -1, .status_from = 500, .status_to = 599},
    };
    struct delivery_rows rows;
    struct oldest_rows oldest;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        assert_true(store_delivery_list(f->reader, &filters[i], NULL, 5, &rows, NULL));
        delivery_rows_free(&rows);
    }
    assert_true(store_oldest_open(f->reader, &oldest, NULL));
    oldest_rows_free(&oldest);
}

static void list_tries(struct store_fixture *f)
{
    for (int i = 0; i < 2; i++) {
        struct try_rows tries;
        assert_true(store_try_list(f->reader, i ? "default" : NULL, 0, 0, 5, &tries, NULL));
        try_rows_free(&tries);
    }
}

static void move_alert(struct store *s, const char *id)
{
    struct alert a, made;
    step_alert_make(&a, "a", "http://127.0.0.1:9/other", EVENT_TRACE_ERRORS);
    memcpy(a.id, id, UUID_SIZE);
    assert_true(step_alert_put(s, &a, STORE_REPLACE, &made, NULL));
    alert_free(&a);
    alert_free(&made);
}

static void list_audit_and_gauges(struct store_fixture *f)
{
    const struct audit_filter audit = {"default", 1};
    struct audit_rows told;
    struct store_gauges gauges;
    struct endpoint_states failing;
    assert_true(store_audit_list(f->reader, &audit, INT64_MAX, 5, &told, NULL));
    audit_rows_free(&told);
    assert_true(store_gauges(f->reader, &gauges, NULL));
    assert_true(store_endpoint_list(f->reader, &failing, NULL));
    endpoint_states_free(&failing);
}

static void list_deliveries_and_log(struct store_fixture *f, const char *alert)
{
    struct delivery_rows deliveries;
    struct log_rows log;
    for (int i = 0; i < 4; i++) {
        struct delivery_filter filter = {i == 1 ? "default" : NULL, i == 2 ? alert : NULL,
                                         i == 3 ? 0 : -1, 0};
        assert_true(store_delivery_list(f->reader, &filter, NULL, 5, &deliveries, NULL));
        delivery_rows_free(&deliveries);
        assert_true(store_log_list(f->reader, i & 1 ? "default" : NULL, i & 2 ? 1 : -1, 9,
                                   5, &log, NULL));
        log_rows_free(&log);
    }
}

static void list_everything(struct store_fixture *f, const char *alert)
{
    struct alert_rows alerts;
    struct bucket_rows buckets;
    struct store_due due;
    bool known;
    list_deliveries_and_log(f, alert);
    assert_true(store_alert_list(f->reader, NULL, &alerts, NULL));
    alert_rows_free(&alerts);
    assert_true(store_alert_list(f->reader, "default", &alerts, NULL));
    alert_rows_free(&alerts);
    assert_true(store_bucket_list(f->reader, NULL, 5, &buckets, NULL));
    bucket_rows_free(&buckets);
    assert_true(store_next_due(f->reader, &due, NULL));
    store_fixture_counts(f);
    assert_true(store_workspace_known(f->reader, "default", &known, NULL));
    list_by_state_and_status(f);
    list_tries(f);
    list_audit_and_gauges(f);
}

static void accept_one(struct store_fixture *f)
{
    char trace[] = "0193a000-0000-7000-8000-000000000001";
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, trace, "p", 1);
    assert_true(step_accept(f->store, a, NULL, NULL));
}

/* What is claimed first stays in *out. */
static void deliver_everything(struct store_fixture *f, struct claims *out)
{
    const char busy[1][33] = {"00"};
    struct claims c;
    accept_one(f);
    f->now += 30000;
    step_close_due(f->store, f->now, 10);
    assert_true(step_claim(f->store, f->now, 10, busy, 1, &c, NULL));
    step_record(f->store, c.items, 500, DELIVERY_RETRYING, f->now, NULL);
    step_claims_free(&c);
    assert_true(step_claim(f->store, f->now, 10, NULL, 0, out, NULL));
    step_recover(f->store);
}

static void wait_for(struct step_wait *wait)
{
    assert_true(step_wait(wait, NULL));
    *wait = (struct step_wait){0};
}

/* What the engine and people ask for beside it. */
static void use_the_rest(struct store_fixture *f, const struct claim *c)
{
    const char *const ids[] = {c->id};
    struct endpoint_state failing = {.state = BREAKER_OPEN, .probe_at = f->now + 1};
    struct step_wait wait = {0};
    struct closed closed;
    memcpy(failing.endpoint, c->endpoint, sizeof failing.endpoint);
    store_endpoint_note(f->store, &failing, step_done, &wait);
    wait_for(&wait);
    store_check_conditions(f->store, 1000, 1000, 10, step_done, &wait);
    wait_for(&wait);
    step_expire(f->store, f->now + 1, 10);
    store_replay(f->store, "default", ids, 1, 0, step_done, &wait);
    wait_for(&wait);
    accept_one(f);
    store_bucket_send_now(f->store, "default", ids, 1, step_done, &wait);
    step_wait(&wait, NULL);
    f->now += 30000;
    assert_true(step_close_claim(f->store, f->now, 10, 4, &closed, NULL));
    step_claims_free(&closed.claims);
}

static void use_everything(struct store_fixture *f)
{
    struct store_limits limits = f->limits;
    struct claims c;
    struct delivery d;
    char id[UUID_SIZE];
    add_alert(f->store, id);
    use_silences(f, id);
    deliver_everything(f, &c);
    assert_true(store_delivery_get(f->reader, NULL, c.items[0].id, &d, NULL));
    delivery_free(&d);
    use_the_rest(f, c.items);
    step_claims_free(&c);
    list_everything(f, id);
    move_alert(f->store, id);
    limits.audit_ms = 1;
    store_set_limits(f->store, &limits);
    step_alert_enable(f->store, id, false);
    step_purge(f->store, f->now + 1, 10);
    step_trim(f->store, 1, 10);
    step_alert_delete(f->store, id);
}

static void no_statement_scans_or_sorts(void **state)
{
    struct store_fixture *f = *state;
    char path[512];
    sqlite3 *raw;
    int bad = 0, seen = 0;
    use_everything(f);
    writer_stop(f->store); /* its connection is looked at from here */
    path_in(f, "store.db", path);
    assert_int_equal(sqlite3_open_v2(path, &raw, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3 *const handles[] = {db_handle(f->store->db), db_handle(f->reader->db)};
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *s = NULL;
        while ((s = sqlite3_next_stmt(handles[i], s))) {
            bad += check_plan(raw, sqlite3_sql(s));
            seen++;
        }
    }
    sqlite3_close(raw);
    assert_true(seen > 50);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_statement_scans_or_sorts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
