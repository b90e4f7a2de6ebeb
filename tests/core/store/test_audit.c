/* Who did what: a row in the same transaction as the change, or neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "rules/silence.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/audit.h"
#include "store/buckets.h"
#include "store/delivering.h"
#include "store/endpoints.h"
#include "support/steps.h"

#define URL   "https://hooks.example.org/services/CANARY-path-1"
#define TOKEN "CANARY-token-2"

static void reopen_as(struct store_fixture *f, const struct actor *actor, int64_t audit_ms)
{
    struct err err;
    struct store_options options = {f->dir, false, &f->clock, f->limits, *actor};
    options.limits.audit_ms = audit_ms;
    store_fixture_close(f);
    f->store = store_open(&options, &err);
    assert_non_null(f->store);
    f->reader = store_reader_open(f->store, &err);
    assert_non_null(f->reader);
}

static void make(struct store_fixture *f, const char *name, struct alert *made)
{
    struct alert a;
    step_alert_make(&a, name, URL, EVENT_TRACE_ERRORS);
    assert_true(alert_set_secret(&a.token, TOKEN));
    assert_true(alert_add_header(&a, "X-Key", "CANARY-header-3"));
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, made, NULL));
    alert_free(&a);
}

/* All rows, newest first, as "action name detail" lines. */
static void expect_rows(struct store_fixture *f, size_t count, const char *const *expected)
{
    const struct audit_filter all = {NULL, 0};
    struct audit_rows rows;
    char line[512];
    assert_true(store_audit_list(f->reader, &all, INT64_MAX, 100, &rows, NULL));
    for (size_t i = 0; i < rows.count && i < count; i++) {
        const struct audit_row *r = &rows.items[i];
        snprintf(line, sizeof line, "%s %s %s: %s", r->user, r->action, r->name, r->detail);
        assert_string_equal(line, expected[i]);
        assert_int_equal(r->at, atomic_load(&f->now));
    }
    assert_int_equal(rows.count, count);
    audit_rows_free(&rows);
}

static void each_change_of_an_alert_leaves_a_row(void **state)
{
    struct store_fixture *f = *state;
    struct alert a, next;
    make(f, "one", &a);
    assert_int_equal(step_alert_enable(f->store, a.id, false), 1);
    assert_int_equal(step_alert_enable(f->store, a.id, false), 1); /* changes nothing */
    assert_true(alert_copy(&next, &a));
    assert_true(alert_set_secret(&next.token, "CANARY-token-9"));
    assert_true(alert_set_secret(&next.url, "https://other.example.org/CANARY"));
    next.revision = 0;
    assert_true(step_alert_put(f->store, &next, STORE_REPLACE, NULL, NULL));
    next.revision = 0;
    assert_true(alert_set_metadata(&next, ALERT_SIGNING_SECRET, "whsec_CANARY"));
    assert_true(alert_set_metadata(&next, ALERT_TLS_CA, "/ca.pem"));
    assert_true(alert_set_metadata(&next, ALERT_TLS_INSECURE, "true"));
    assert_true(step_alert_put(f->store, &next, STORE_REPLACE, NULL, NULL));
    next.revision = 0;
    assert_true(step_alert_put(f->store, &next, STORE_REPLACE, NULL, NULL));
    assert_int_equal(step_alert_delete(f->store, a.id), 1);
    expect_rows(f, 6,
                (const char *const[]){
                    "tester alert.delete one: ",
                    "tester alert.edit one: nothing",
                    "tester alert.edit one: signature, TLS, insecure: does not verify TLS any more",
                    "tester alert.edit one: endpoint at https://other.example.org, token, enabled",
                    "tester alert.disable one: ",
                    "tester alert.create one: endpoint at https://hooks.example.org",
                });
    alert_free(&a);
    alert_free(&next);
}

/* Through an event, its bucket, a delivery and its failure. */
static void deliver(struct store_fixture *f, int status, enum delivery_state state,
                    char id[UUID_SIZE])
{
    struct claims claims;
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "shop", 1);
    assert_true(step_accept(f->store, a, NULL, NULL));
    atomic_fetch_add(&f->now, 30000);
    step_close_due(f->store, atomic_load(&f->now), 10);
    assert_true(step_claim(f->store, atomic_load(&f->now), 1, NULL, 0, &claims, NULL));
    assert_int_equal(claims.count, 1);
    memcpy(id, claims.items[0].id, UUID_SIZE);
    assert_true(step_record(f->store, &claims.items[0], status, state, 0, NULL));
    step_claims_free(&claims);
}

static void newest(struct store_fixture *f, struct audit_rows *rows)
{
    const struct audit_filter all = {NULL, 0};
    assert_true(store_audit_list(f->reader, &all, INT64_MAX, 1, rows, NULL));
    assert_int_equal(rows->count, 1);
}

static void a_replay_and_a_bucket_sent_now_leave_a_row(void **state)
{
    struct store_fixture *f = *state;
    struct alert a;
    struct audit_rows rows;
    struct step_wait wait = {0};
    char id[UUID_SIZE], key[128];
    const char *pointer = key;
    make(f, "one", &a);
    deliver(f, 500, DELIVERY_DEAD, id);
    assert_int_equal(step_replay(f->store, id), 1);
    assert_int_equal(step_replay(f->store, id), 0); /* it waits: not replayed */
    newest(f, &rows);
    assert_string_equal(rows.items[0].action, "delivery.replay");
    assert_string_equal(rows.items[0].object, id);
    assert_string_equal(rows.items[0].name, "one");
    assert_string_equal(rows.items[0].workspace, "default");
    audit_rows_free(&rows);

    struct accept *events = step_request("default");
    step_add_fact(events, EVENT_TRACE_ERRORS, NULL, "shop", 1);
    assert_true(step_accept(f->store, events, NULL, NULL));
    snprintf(key, sizeof key, "alert_bucket:%s:trace:errors", a.id);
    store_bucket_send_now(f->store, "default", &pointer, 1, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    newest(f, &rows);
    assert_string_equal(rows.items[0].action, "bucket.send");
    assert_string_equal(rows.items[0].object, key);
    assert_string_equal(rows.items[0].name, "one");
    audit_rows_free(&rows);
    alert_free(&a);
}

static void a_silence_leaves_a_row_when_it_is_made_and_ended(void **state)
{
    struct store_fixture *f = *state;
    struct audit_rows rows;
    struct silence s = {.mode = SILENCE_DROP,
                        .has_type = true,
                        .type = EVENT_TRACE_ERRORS,
                        .from = atomic_load(&f->now),
                        .until = atomic_load(&f->now) + 3600000};
    struct alert a;
    char id[UUID_SIZE];
    make(f, "one", &a);
    memcpy(s.alert_id, a.id, UUID_SIZE);
    assert_true(step_silence_put(f->store, &s, id, NULL));
    newest(f, &rows);
    assert_string_equal(rows.items[0].user, "ann");
    assert_string_equal(rows.items[0].action, "silence.add");
    assert_string_equal(rows.items[0].object, id);
    assert_string_equal(rows.items[0].name, "alert \"one\", trace:errors");
    assert_string_equal(rows.items[0].detail, "drop until 2026-01-01T01:00:00.000Z");
    audit_rows_free(&rows);
    assert_int_equal(step_silence_end(f->store, id), 1);
    assert_int_equal(step_silence_end(f->store, id), 0);
    newest(f, &rows);
    assert_string_equal(rows.items[0].action, "silence.end");
    assert_string_equal(rows.items[0].object, id);
    assert_string_equal(rows.items[0].name, "alert \"one\", trace:errors");
    assert_int_equal(rows.items[0].seq, 3);
    audit_rows_free(&rows);
    alert_free(&a);
}

static void what_the_engine_decides_is_told_too(void **state)
{
    struct store_fixture *f = *state;
    struct alert a;
    struct audit_rows rows;
    struct step_wait wait = {0};
    struct claims claims;
    struct endpoint_state open = {.state = BREAKER_OPEN, .probe_at = 1, .reason = "refused"};
    make(f, "one", &a);
    struct accept *events = step_request("default");
    step_add_fact(events, EVENT_TRACE_ERRORS, NULL, "shop", 1);
    assert_true(step_accept(f->store, events, NULL, NULL));
    atomic_fetch_add(&f->now, 30000);
    step_close_due(f->store, atomic_load(&f->now), 10);
    assert_true(step_claim(f->store, atomic_load(&f->now), 1, NULL, 0, &claims, NULL));
    memcpy(open.endpoint, claims.items[0].endpoint, sizeof open.endpoint);
    for (int i = 0; i < 2; i++) { /* the second time it is open already */
        store_endpoint_note(f->store, &open, step_done, &wait);
        assert_true(step_wait(&wait, NULL));
        wait = (struct step_wait){0};
    }
    assert_true(step_record(f->store, &claims.items[0], 410, DELIVERY_DEAD, 0, NULL));
    step_claims_free(&claims);
    const struct audit_filter all = {NULL, 0};
    assert_true(store_audit_list(f->reader, &all, INT64_MAX, 100, &rows, NULL));
    assert_int_equal(rows.count, 3);
    assert_string_equal(rows.items[0].action, "alert.disable");
    assert_string_equal(rows.items[0].detail, "answered 410 Gone");
    assert_string_equal(rows.items[0].user, "system");
    assert_string_equal(rows.items[0].via, "engine");
    assert_string_equal(rows.items[1].action, "endpoint.left_alone");
    assert_string_equal(rows.items[1].object, a.id);
    assert_string_equal(rows.items[1].detail, "refused");
    audit_rows_free(&rows);
    alert_free(&a);
}

static void a_row_says_from_where(void **state)
{
    struct store_fixture *f = *state;
    const struct actor process = {"alice", "console", "pid 7 on pts/3"};
    const struct actor peer = {"bob", "api", "127.0.0.1:40000"};
    const struct audit_entry shown = {"form.reveal", "an id", "a name", "default", "the token"};
    struct audit_rows rows;
    struct step_wait wait = {0};
    struct alert a;
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    reopen_as(f, &process, 0);
    store_audit(f->store, &shown, NULL, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    newest(f, &rows);
    assert_string_equal(rows.items[0].user, "alice");
    assert_string_equal(rows.items[0].via, "console");
    assert_string_equal(rows.items[0].place, "pid 7 on pts/3");
    assert_string_equal(rows.items[0].host, host);
    assert_string_equal(rows.items[0].object, "an id");
    audit_rows_free(&rows);

    store_act_as(&peer);
    make(f, "theirs", &a);
    store_act_as(NULL);
    newest(f, &rows);
    assert_string_equal(rows.items[0].user, "bob");
    assert_string_equal(rows.items[0].via, "api");
    assert_string_equal(rows.items[0].place, "127.0.0.1:40000");
    audit_rows_free(&rows);
    alert_free(&a);
    make(f, "ours", &a);
    newest(f, &rows);
    assert_string_equal(rows.items[0].user, "tester");
    assert_string_equal(rows.items[0].via, "console");
    audit_rows_free(&rows);
    alert_free(&a);
}

static void a_change_that_cannot_be_told_is_not_made(void **state)
{
    struct store_fixture *f = *state;
    struct alert a, b;
    struct alert_rows rows;
    char id[UUID_SIZE];
    make(f, "one", &a);
    deliver(f, 500, DELIVERY_DEAD, id);
    store_fixture_exec(f, "ALTER TABLE audit RENAME TO away");
    step_alert_make(&b, "two", URL, EVENT_TRACE_ERRORS);
    assert_false(step_alert_put(f->store, &b, STORE_CREATE, NULL, NULL));
    assert_int_equal(step_alert_enable(f->store, a.id, false), -1);
    assert_int_equal(step_alert_delete(f->store, a.id), -1);
    assert_int_equal(step_replay(f->store, id), -1);
    assert_true(store_alert_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_true(rows.items[0].enabled);
    alert_rows_free(&rows);
    store_fixture_exec(f, "ALTER TABLE away RENAME TO audit");
    assert_int_equal(step_replay(f->store, id), 1);
    alert_free(&a);
    alert_free(&b);
}

static void a_change_that_fails_leaves_no_row(void **state)
{
    struct store_fixture *f = *state;
    struct alert a;
    make(f, "one", &a);
    assert_false(step_alert_put(f->store, &a, STORE_CREATE, NULL, NULL)); /* the id exists */
    expect_rows(f, 1,
                (const char *const[]){
                    "tester alert.create one: endpoint at https://hooks.example.org"});
    alert_free(&a);
}

static void rows_go_after_their_own_time(void **state)
{
    struct store_fixture *f = *state;
    const struct actor process = {"alice", "console", ""};
    struct alert a;
    struct audit_rows rows;
    const struct audit_filter all = {NULL, 0}, recent = {NULL, atomic_load(&f->now) + 1};
    reopen_as(f, &process, 3600000);
    make(f, "old", &a);
    alert_free(&a);
    atomic_fetch_add(&f->now, 3600000);
    make(f, "new", &a);
    alert_free(&a);
    step_purge(f->store, 0, 100);
    assert_true(store_audit_list(f->reader, &all, INT64_MAX, 10, &rows, NULL));
    assert_int_equal(rows.count, 2);
    audit_rows_free(&rows);
    assert_true(store_audit_list(f->reader, &recent, INT64_MAX, 10, &rows, NULL));
    assert_int_equal(rows.count, 1);
    audit_rows_free(&rows);
    atomic_fetch_add(&f->now, 1);
    step_purge(f->store, 0, 100);
    assert_true(store_audit_list(f->reader, &all, INT64_MAX, 10, &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.items[0].name, "new");
    audit_rows_free(&rows);
}

static void a_workspace_sees_its_own_rows_and_those_of_all(void **state)
{
    struct store_fixture *f = *state;
    const struct audit_entry theirs = {.action = "a", .workspace = "other"},
                             ours = {.action = "b", .workspace = "default"},
                             of_all = {.action = "setting.change"};
    const struct audit_entry *const entries[] = {&theirs, &ours, &of_all};
    const struct audit_filter filter = {"default", 0};
    struct audit_rows rows;
    for (int i = 0; i < 3; i++) {
        struct step_wait wait = {0};
        store_audit(f->store, entries[i], "x", step_done, &wait);
        assert_true(step_wait(&wait, NULL));
    }
    assert_true(store_audit_list(f->reader, &filter, INT64_MAX, 10, &rows, NULL));
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.items[0].action, "setting.change");
    assert_string_equal(rows.items[1].action, "b");
    audit_rows_free(&rows);
}

static void no_secret_stands_in_a_row(void **state)
{
    struct store_fixture *f = *state;
    each_change_of_an_alert_leaves_a_row(state);
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *row;
    snprintf(path, sizeof path, "%s/store.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*), sum(instr(user || host || via || "
                                            "place || object || name || detail, 'CANARY')) "
                                            "FROM audit", -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(row, 0), 6);
    assert_int_equal(sqlite3_column_int(row, 1), 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_change_of_an_alert_leaves_a_row),
        TEST(a_replay_and_a_bucket_sent_now_leave_a_row),
        TEST(a_silence_leaves_a_row_when_it_is_made_and_ended),
        TEST(what_the_engine_decides_is_told_too),
        TEST(a_row_says_from_where),
        TEST(a_change_that_cannot_be_told_is_not_made),
        TEST(a_change_that_fails_leaves_no_row),
        TEST(rows_go_after_their_own_time),
        TEST(a_workspace_sees_its_own_rows_and_those_of_all),
        TEST(no_secret_stands_in_a_row),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
