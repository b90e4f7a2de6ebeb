/* The store as a whole: its files, its thread, and what many threads ask of it. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/asset.h"
#include "core/store/file_fixture.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/aside.h"
#include "store/buckets.h"
#include "store/delivering.h"
#include "store/health.h"
#include "store/projects.h"
#include "store/sqlite/project_cache.h"
#include "store/sqlite/writer.h"

/* ---------------------------------------------------------------- files */

static void open_makes_private_files(void **state)
{
    struct store_fixture *f = *state;
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    mode_t old = umask(0);
    store_fixture_remove(f);
    store_fixture_make(f);
    add_alert(f->store, NULL);
    umask(old);
    for (size_t i = 0; i < 3; i++) {
        char path[512];
        struct stat st;
        path_in(f, names[i], path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void open_refuses_a_file_for_others(void **state)
{
    struct store_fixture *f = *state;
    char path[512], away[512];
    struct err err;
    store_fixture_close(f);
    path_in(f, "store.db", path);
    path_in(f, "away.db", away);
    assert_int_equal(chmod(path, 0644), 0);
    assert_null(open_again(f, false, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(symlink(away, path), 0);
    assert_null(open_again(f, false, &err));
    assert_int_equal(err.code, ERR_DENIED);
}

static void open_refuses_a_newer_schema(void **state)
{
    struct store_fixture *f = *state;
    struct err err;
    store_fixture_close(f);
    store_fixture_exec(f, "PRAGMA user_version = 9999");
    assert_null(open_again(f, false, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_null(open_again(f, true, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
}

static void let_tick(struct store_fixture *f)
{
    uint64_t turns = store_turns(f->store);
    while (store_turns(f->store) < turns + 2)
        usleep(10000);
}

/* A newer program was started beside this one, which may have seen it while it had nothing
 * to do. Not a mistake of whoever asks, so no refusal that an SDK takes for one. */
static void a_newer_schema_ends_all_writing(void **state)
{
    struct store_fixture *f = *state;
    struct err err = {0};
    char trouble[200];
    assert_true(step_project(f->store, "default", "p", true, NULL, NULL));
    store_fixture_exec(f, "BEGIN; PRAGMA user_version = 9999; "
                          "UPDATE projects SET name = 'q'; COMMIT");
    let_tick(f);
    for (int i = 0; i < 2; i++) {
        assert_false(step_project(f->store, "default", "r", true, NULL, &err));
        assert_int_equal(err.code, ERR_IO);
        assert_non_null(strstr(err.text, "newer opik-alerts"));
        store_trouble(f->store, trouble, sizeof trouble);
        assert_string_equal(trouble, err.text);
        let_tick(f);
    }
    assert_false(store_fits(f->store, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM projects"), 1);
}

static void exec_asset(const struct store_fixture *f, const char *name)
{
    struct span sql = asset_find(name);
    char *text = strndup(sql.at, sql.len);
    store_fixture_exec(f, text);
    free(text);
}

static void open_buckets_come_along_from_an_older_schema(void **state)
{
    static const char *const older[] = {"sql/001-store.sql", "sql/002-prompts.sql",
                                        "sql/003-thresholds.sql", "sql/004-activity.sql",
                                        "sql/005-endpoints.sql"};
    struct store_fixture *f = *state;
    char path[512];
    struct bucket_rows buckets;
    store_fixture_close(f);
    path_in(f, "store.db", path);
    assert_int_equal(truncate(path, 0), 0);
    for (size_t i = 0; i < sizeof older / sizeof *older; i++)
        exec_asset(f, older[i]);
    store_fixture_exec(
        f, "INSERT INTO buckets VALUES (7, '0190b2c0-1111-7000-8000-0000000000a1', "
           "0, 'default', 2, 1, 10, 5, 6);"
           "INSERT INTO bucket_chunks VALUES (3, 7, x'00'), (4, 7, x'01');"
           "PRAGMA user_version = 5");
    store_fixture_open(f);
    assert_true(store_bucket_list(f->reader, "default", 10, &buckets, NULL));
    assert_int_equal(buckets.count, 1);
    assert_int_equal(buckets.items[0].events, 3);
    assert_int_equal(buckets.items[0].due_at, 6);
    bucket_rows_free(&buckets);
    assert_int_equal(
        store_fixture_number(f, "SELECT count(*) FROM bucket_chunks WHERE row >> 24 = 7"),
        2);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM bucket_chunks WHERE "
                                             "row = (7 << 24) AND events = x'00' OR "
                                             "row = (7 << 24) + 1 AND events = x'01'"),
                     2);
}

static void open_refuses_what_is_no_store(void **state)
{
    struct store_fixture *f = *state;
    struct err err;
    char path[512];
    store_fixture_close(f);
    path_in(f, "store.db", path);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database ", file);
    fclose(file);
    assert_null(open_again(f, false, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.text, "damaged"));
}

static void a_path_that_is_too_long_is_said_to_be(void **state)
{
    struct store_fixture *f = *state;
    struct err err;
    char dir[512];
    size_t len = (size_t)snprintf(dir, sizeof dir, "%s/", f->dir);
    memset(dir + len, 'd', 495 - len);
    for (size_t at = len + 200; at < 490; at += 200)
        dir[at] = '/'; /* one name may have 255 bytes */
    dir[495] = '\0';
    struct store *s = open_in(f, dir, false, &err);
    if (!s)
        fail_msg("%zu: %s", strlen(dir), err.text);
    store_close(&s);
    strcat(dir, "d");
    assert_null(open_in(f, dir, false, &err));
    assert_non_null(strstr(err.text, "longer than 495 bytes"));
}

/* ---------------------------------------------------------------- the thread */

enum { THREADS = 8, REQUESTS = 150 };

static void *accept_many(void *arg)
{
    struct store *s = arg;
    for (int i = 0; i < REQUESTS; i++) {
        struct accepted got = {0};
        if (!step_accept(s, request_of(3), &got, NULL) || got.pairs != 6)
            abort();
    }
    return NULL;
}

static void accept_from_many_threads_loses_nothing(void **state)
{
    struct store_fixture *f = *state;
    pthread_t threads[THREADS];
    add_alert(f->store, NULL);
    add_alert(f->store, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, accept_many, f->store);
    for (int k = 0; k < 20; k++) {
        f->now += 30000;
        assert_true(step_close_due(f->store, f->now, 100) >= 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(store_fixture_counts(f).accepted, THREADS * REQUESTS * 6);
}

static void *toggle_many(void *arg)
{
    struct store_fixture *f = arg;
    struct alert_rows rows;
    struct store_reader *r = store_reader_open(f->store, NULL);
    assert_true(store_alert_list(r, NULL, &rows, NULL));
    for (int i = 0; i < 60; i++)
        step_alert_enable(f->store, rows.items[0].id, i & 1);
    alert_rows_free(&rows);
    store_reader_close(&r);
    return NULL;
}

static void *accept_unsure(void *arg)
{
    for (int i = 0; i < REQUESTS; i++)
        if (!step_accept(arg, request_of(2), NULL, NULL))
            abort();
    return NULL;
}

static void pairs_add_up_while_alerts_come_and_go(void **state)
{
    struct store_fixture *f = *state;
    pthread_t accepting, toggling;
    add_alert(f->store, NULL);
    add_alert(f->store, NULL);
    pthread_create(&accepting, NULL, accept_unsure, f->store);
    pthread_create(&toggling, NULL, toggle_many, f);
    for (int i = 0; i < 30; i++) {
        struct claims c;
        f->now += 30000;
        step_close_due(f->store, f->now, 10);
        assert_true(step_claim(f->store, f->now, 10, NULL, 0, &c, NULL));
        for (size_t k = 0; k < c.count; k++)
            step_record(f->store, &c.items[k], 200, DELIVERY_DELIVERED, 0, NULL);
        step_claims_free(&c);
        store_fixture_counts(f);
    }
    pthread_join(accepting, NULL);
    pthread_join(toggling, NULL);
    store_fixture_counts(f);
}

static void count_answer(void *arg, const struct err *err, const void *result)
{
    (void)result;
    if (!err)
        ++*(int *)arg;
}

static void drain_waits_for_all_answers(void **state)
{
    struct store_fixture *f = *state;
    int answered = 0;
    for (int i = 0; i < 500; i++)
        store_accept(f->store, request_of(1), count_answer, &answered);
    store_drain(f->store);
    assert_int_equal(answered, 500);
}

static void close_carries_out_what_was_asked(void **state)
{
    struct store_fixture *f = *state;
    int answered = 0;
    add_alert(f->store, NULL);
    for (int i = 0; i < 100; i++)
        store_accept(f->store, request_of(1), count_answer, &answered);
    store_fixture_close(f);
    assert_int_equal(answered, 100);
    store_fixture_open(f);
    assert_int_equal(store_fixture_counts(f).accepted, 100);
}

static void a_failed_step_leaves_its_group_alone(void **state)
{
    struct store_fixture *f = *state;
    struct alert a;
    int good = 0, bad = 0;
    add_alert(f->store, NULL);
    step_alert_make(&a, "bad", "http://127.0.0.1:9/", EVENT_TRACE_ERRORS);
    uuid_v7(a.project_id, f->now); /* no such project */
    for (int i = 0; i < 50; i++) {
        store_accept(f->store, request_of(1), count_answer, &good);
        store_alert_put(f->store, &a, STORE_CREATE, "x", count_answer, &bad);
        store_project_ensure(f->store, "default", "same", NULL, "x", true, count_answer,
                             &bad);
    }
    store_drain(f->store);
    assert_int_equal(good, 50);
    assert_int_equal(bad, 1);
    assert_int_equal(store_fixture_counts(f).accepted, 50);
    alert_free(&a);
}

/* A step that writes, counts and emits, and then fails. */
static bool fail_midway(struct step *step, struct tx *tx, struct err *err)
{
    (void)step;
    const struct project_entry *project;
    const struct project_new new = {"default", "x", NULL, span_of("half made")};
    assert_true(project_make(tx, &new, &project, err));
    const struct event_ref event = {EVENT_TRACE_ERRORS, "default", project->id};
    int64_t request = 0;
    assert_true(tx_request(tx, &request, err));
    assert_true(tx_emit(tx, &event, "x", request, span_of("{}"), err));
    tx->delta[COUNTER_DROPPED] += 7;
    return err_set(err, ERR_CONFLICT, "on purpose");
}

static void free_plain(struct step *step)
{
    free(step);
}

static void a_step_that_fails_midway_leaves_nothing(void **state)
{
    struct store_fixture *f = *state;
    struct project p;
    struct err err = {0};
    int good = 0, bad = 0;
    add_alert(f->store, NULL);
    for (int i = 0; i < 20; i++) {
        struct step *step =
            step_new(sizeof *step, fail_midway, free_plain, count_answer, &bad);
        step->undo = true;
        store_accept(f->store, request_of(1), count_answer, &good);
        writer_submit(f->store, step);
        store_accept(f->store, request_of(1), count_answer, &good);
    }
    store_drain(f->store);
    assert_int_equal(good, 40);
    assert_int_equal(bad, 0);
    assert_int_equal(store_fixture_counts(f).accepted, 40);
    assert_int_equal(store_fixture_counts(f).waiting_events, 40);
    assert_false(store_project_get(f->reader, "default", NULL, "half made", &p, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* ---------------------------------------------------------------- changes */

static void note_change(void *arg, unsigned changes)
{
    atomic_fetch_or((atomic_uint *)arg, changes);
}

static bool comes(atomic_uint *changes, unsigned wanted)
{
    time_t end = time(NULL) + 10;
    while ((atomic_load(changes) & wanted) != wanted && time(NULL) < end)
        sched_yield();
    return (atomic_load(changes) & wanted) == wanted;
}

static void subscribers_hear_what_changed(void **state)
{
    struct store_fixture *f = *state;
    atomic_uint changes = 0;
    assert_true(store_subscribe(f->store, note_change, &changes));
    add_alert(f->store, NULL);
    assert_true(comes(&changes, STORE_CHANGED_ALERTS));
    assert_false(atomic_load(&changes) & STORE_CHANGED_BUCKETS);
    pairs_of_one(f->store);
    assert_true(comes(&changes, STORE_CHANGED_BUCKETS | STORE_CHANGED_PROJECTS |
                                    STORE_CHANGED_EVENTS));
    store_drain(f->store);
    atomic_store(&changes, 0);
    pairs_of_one(f->store);
    assert_true(comes(&changes, STORE_CHANGED_EVENTS));
    assert_false(atomic_load(&changes) & STORE_CHANGED_BUCKETS);
    store_unsubscribe(f->store, note_change, &changes);
    atomic_store(&changes, 0);
    add_alert(f->store, NULL);
    assert_int_equal(atomic_load(&changes), 0);
}

static void a_lost_key_is_told_and_not_replaced(void **state)
{
    struct store_fixture *f = *state;
    char path[600], away[620];
    struct err err = {0};
    const struct store_options options = {f->dir, false, &f->clock, f->limits};
    store_fixture_close(f);
    snprintf(path, sizeof path, "%s/key", f->dir);
    snprintf(away, sizeof away, "%s/away", f->dir);
    assert_int_equal(rename(path, away), 0);
    assert_null(store_open(&options, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.text, "key file"));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(rename(away, path), 0);
    store_fixture_open(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open_makes_private_files),
        TEST(a_lost_key_is_told_and_not_replaced),
        TEST(open_refuses_a_file_for_others),
        TEST(open_refuses_a_newer_schema),
        TEST(a_newer_schema_ends_all_writing),
        TEST(open_buckets_come_along_from_an_older_schema),
        TEST(open_refuses_what_is_no_store),
        TEST(a_path_that_is_too_long_is_said_to_be),
        TEST(accept_from_many_threads_loses_nothing),
        TEST(pairs_add_up_while_alerts_come_and_go),
        TEST(drain_waits_for_all_answers),
        TEST(close_carries_out_what_was_asked),
        TEST(a_failed_step_leaves_its_group_alone),
        TEST(a_step_that_fails_midway_leaves_nothing),
        TEST(subscribers_hear_what_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
