/* The traces that raised an error: once each, over commits, rollbacks, restarts and the
 * bound; and the set of hashes that they are found in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/sqlite/store_impl.h"
#include "store/sqlite/thread.h"
#include "support/steps.h"

enum { BOUND = 1000000 };

struct rig {
    struct store_fixture f;
    struct db *db;
    struct errored e;
};

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    store_fixture_make(&r->f);
    writer_stop(r->f.store); /* its connection is used from here */
    r->db = r->f.store->db;
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    errored_free(&r->e);
    store_fixture_remove(&r->f);
    free(r);
    return 0;
}

static bool add(struct rig *r, const char *workspace, int i)
{
    const struct trace_space in = trace_space_of(span_of(workspace));
    unsigned char trace[TRACE_BYTES] = {0};
    struct trace_key key;
    bool first;
    memcpy(trace, &i, sizeof i);
    trace_key_make(&key, &in, trace);
    assert_true(errored_add(&r->e, r->db, &key, &first, NULL));
    return first;
}

static void save(struct rig *r)
{
    assert_true(errored_save(&r->e, r->db, NULL));
    errored_saved(&r->e);
}

static int64_t number(struct rig *r, const char *sql)
{
    int64_t n;
    assert_true(db_number(r->db, sql, DB_NO_ARGS, 0, &n, NULL));
    return n;
}

static void a_trace_is_first_once_in_its_workspace(void **state)
{
    struct rig *r = *state;
    assert_true(add(r, "a", 1));
    assert_false(add(r, "a", 1));
    assert_true(add(r, "b", 1));
    assert_true(add(r, "a", 2));
    save(r);
    assert_false(add(r, "a", 1));
    assert_false(add(r, "b", 1));
    assert_true(add(r, "a", 3));
}

/* One row for what a commit brings of one workspace. */
static void runs_are_saved_and_loaded(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 3000; i++)
        assert_true(add(r, i < 2000 ? "a" : "b", i));
    save(r);
    assert_true(add(r, "b", 3000));
    save(r);
    save(r); /* nothing more */
    assert_int_equal(number(r, "SELECT count(*) FROM errored"), 3);
    assert_int_equal(number(r, "SELECT max(seq) FROM errored"), 3001);
    assert_null(r->e.oldest.data); /* nothing is old yet, so nothing is read */
    errored_free(&r->e);
    for (int i = 0; i <= 3000; i++)
        assert_false(add(r, i < 2000 ? "a" : "b", i));
    assert_true(add(r, "b", 1));
}

static void what_is_undone_comes_again(void **state)
{
    struct rig *r = *state;
    assert_true(add(r, "a", 1));
    save(r);
    for (int i = 1; i < 100; i++)
        assert_int_equal(add(r, i < 50 ? "a" : "b", i), i != 1);
    assert_true(db_run(r->db, "BEGIN", DB_NO_ARGS, NULL));
    assert_true(errored_save(&r->e, r->db, NULL));
    errored_undo(&r->e);
    assert_true(db_run(r->db, "ROLLBACK", DB_NO_ARGS, NULL));
    r->e.check = true;
    assert_false(add(r, "a", 1));
    for (int i = 2; i < 100; i++)
        assert_true(add(r, i < 50 ? "a" : "b", i));
    save(r);
    assert_int_equal(number(r, "SELECT max(seq) FROM errored"), 99);
}

static void what_another_process_saved_is_seen(void **state)
{
    struct rig *r = *state;
    assert_true(add(r, "a", 1));
    save(r);
    assert_true(db_run(r->db,
                       "INSERT INTO errored (seq, workspace, trace) "
                       "SELECT 50, 'b', trace FROM errored",
                       DB_NO_ARGS, NULL));
    r->e.check = true;
    assert_false(add(r, "b", 1));
    assert_false(add(r, "a", 1));
    assert_true(add(r, "a", 2));
    save(r);
    assert_int_equal(number(r, "SELECT max(seq) FROM errored"), 51);
}

/* One by one, though they are in runs; a row goes once its newest trace does. */
static void the_oldest_are_forgotten(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 10; i++)
        add(r, "a", i);
    save(r); /* 1 to 10 */
    for (int i = 10; i < 20; i++)
        add(r, "a", i);
    save(r); /* 11 to 20 */
    for (int i = 20; i < BOUND; i++)
        add(r, "a", i);
    save(r); /* to 1,000,000 */
    assert_false(add(r, "a", 0));
    assert_true(add(r, "a", BOUND));
    save(r);
    assert_true(add(r, "a", 0));
    assert_false(add(r, "a", 1));
    save(r); /* to 1,000,002 */
    assert_int_equal(number(r, "SELECT min(seq) FROM errored"), 10);
    errored_free(&r->e); /* what was forgotten of a run is not read again */
    assert_true(add(r, "a", 1));
    assert_false(add(r, "a", 2));
    save(r);
    for (int i = 0; i < 12; i++) /* over two runs */
        assert_true(add(r, "b", i));
    save(r); /* to 1,000,015 */
    assert_int_equal(number(r, "SELECT min(seq) FROM errored"), 20);
    assert_true(add(r, "a", 14));
    assert_false(add(r, "a", 15));
    assert_false(add(r, "a", 0));
    save(r);
    errored_free(&r->e);
    assert_true(add(r, "a", 15));
    assert_false(add(r, "a", 16));
    assert_true(r->e.seen.room * sizeof(uint64_t) < 12 << 20);
}

static void undoing_keeps_what_was_to_be_forgotten(void **state)
{
    struct rig *r = *state;
    add(r, "a", 1);
    save(r);
    r->e.last = BOUND; /* as if as many had come since */
    assert_true(db_run(r->db, "BEGIN", DB_NO_ARGS, NULL));
    assert_true(add(r, "a", 2));
    assert_true(errored_save(&r->e, r->db, NULL));
    errored_undo(&r->e);
    assert_true(db_run(r->db, "ROLLBACK", DB_NO_ARGS, NULL));
    assert_false(add(r, "a", 1));
    assert_true(add(r, "a", 2));
    save(r);
    assert_true(add(r, "a", 1));
}

static void rows_of_an_older_store_stay_known(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 3; i++)
        add(r, "a", i);
    save(r);
    static const char sql[] =
        "CREATE TABLE old (seq INTEGER PRIMARY KEY, trace BLOB NOT NULL, "
        "workspace TEXT NOT NULL, UNIQUE (trace, workspace)) STRICT;"
        "INSERT INTO old SELECT 7, substr(trace, 1, 16), workspace FROM errored;"
        "INSERT INTO old SELECT 9, substr(trace, 17, 16), 'b' FROM errored;"
        "DROP TABLE errored; ALTER TABLE old RENAME TO errored;"
        "ALTER TABLE bucket_chunks ADD COLUMN bucket INTEGER;"
        "CREATE INDEX deliveries_open ON deliveries (alert, state); DROP TABLE body_parts;"
        "ALTER TABLE bodies DROP COLUMN size; ALTER TABLE bodies RENAME TO delivery_bodies;"
        "PRAGMA user_version = 9;";
    assert_int_equal(sqlite3_exec(db_handle(r->db), sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(db_migrate(r->db, NULL));
    errored_free(&r->e);
    assert_false(add(r, "a", 0));
    assert_false(add(r, "b", 1));
    assert_true(add(r, "a", 1));
    save(r);
    assert_int_equal(number(r, "SELECT max(seq) FROM errored"), 10);
}

/* ---------------------------------------------------------------- the set */

/* Hashes that crowd together, at the end of the slots too. */
static uint64_t crowded(unsigned i)
{
    return i % 2 ? UINT64_MAX - i : (uint64_t)i + 1;
}

static void a_set_finds_what_was_added_and_not_removed(void **state)
{
    enum { MANY = 3000 };
    struct hash_set s = {0};
    (void)state;
    assert_false(hash_set_has(&s, 1));
    hash_set_remove(&s, 1);
    for (unsigned i = 0; i < MANY; i++)
        assert_true(hash_set_add(&s, crowded(i)));
    for (unsigned i = 0; i < MANY; i += 3)
        hash_set_remove(&s, crowded(i));
    hash_set_remove(&s, crowded(0));
    assert_int_equal(s.count, MANY - (MANY + 2) / 3);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(hash_set_has(&s, crowded(i)), i % 3 != 0);
    for (unsigned i = 0; i < MANY; i++)
        hash_set_remove(&s, crowded(i));
    assert_int_equal(s.count, 0);
    for (size_t i = 0; i < s.room; i++)
        assert_int_equal(s.slots[i], 0);
    hash_set_free(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_trace_is_first_once_in_its_workspace),
        TEST(runs_are_saved_and_loaded),
        TEST(what_is_undone_comes_again),
        TEST(what_another_process_saved_is_seen),
        TEST(the_oldest_are_forgotten),
        TEST(undoing_keeps_what_was_to_be_forgotten),
        TEST(rows_of_an_older_store_stay_known),
        cmocka_unit_test(a_set_finds_what_was_added_and_not_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
