/* The memory of traces: bounds, names, saving and loading. */
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
#include "support/torture.h"

enum { BOUND = 65536 };

struct rig {
    struct store_fixture f;
    struct db *db;
    struct trace_memory m;
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
    trace_memory_free(&r->m);
    store_fixture_remove(&r->f);
    free(r);
    return 0;
}

static struct trace_key key_of(const char *workspace, int i)
{
    const struct trace_space in = trace_space_of(span_of(workspace));
    unsigned char trace[TRACE_BYTES];
    char id[UUID_SIZE];
    struct trace_key key;
    snprintf(id, UUID_SIZE, "0193a000-0000-7000-8000-%012x", (unsigned)i);
    uuid_bytes(id, trace);
    trace_key_make(&key, &in, trace);
    return key;
}

static void put(struct rig *r, const char *workspace, int i, int64_t project,
                const char *name)
{
    const struct trace_key key = key_of(workspace, i);
    const struct trace_known known = {project, span_of(name)};
    assert_true(trace_memory_put(&r->m, r->db, &key, &known, NULL));
}

static bool find(struct rig *r, const char *workspace, int i, struct trace_known *out)
{
    const struct trace_key key = key_of(workspace, i);
    bool found;
    assert_true(trace_memory_find(&r->m, r->db, &key, &found, out, NULL));
    return found;
}

static void save(struct rig *r)
{
    assert_true(trace_memory_save(&r->m, r->db, NULL));
    trace_memory_saved(&r->m);
    assert_false(trace_memory_dirty(&r->m));
}

static void remember_keeps_workspaces_apart(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    put(r, "a", 1, 10, "\"one\"");
    put(r, "b", 1, 20, NULL);
    assert_true(find(r, "a", 1, &known));
    assert_int_equal(known.project, 10);
    assert_true(span_is(known.name, "\"one\""));
    assert_true(find(r, "b", 1, &known));
    assert_int_equal(known.project, 20);
    assert_int_equal(known.name.len, 0);
    assert_false(find(r, "c", 1, &known));
}

static void remember_keeps_a_name_that_is_not_repeated(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    put(r, "a", 1, 10, "\"one\"");
    put(r, "a", 1, 11, NULL);
    assert_true(find(r, "a", 1, &known));
    assert_int_equal(known.project, 11);
    assert_true(span_is(known.name, "\"one\""));
    put(r, "a", 1, 11, "\"two\"");
    assert_true(find(r, "a", 1, &known));
    assert_true(span_is(known.name, "\"two\""));
}

static void remember_forgets_the_oldest(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    for (int i = 0; i < BOUND + 100; i++)
        put(r, "a", i, i + 1, i % 7 ? "\"common\"" : NULL);
    assert_false(find(r, "a", 0, &known));
    assert_false(find(r, "a", 99, &known));
    assert_true(find(r, "a", 100, &known));
    assert_true(find(r, "a", BOUND + 99, &known));
    assert_int_equal(known.project, BOUND + 100);
}

static void names_stay_within_their_bound(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    char name[1001];
    for (int i = 0; i < 10000; i++) {
        memset(name, 'x', sizeof name);
        snprintf(name, sizeof name, "\"%d", i);
        name[strlen(name)] = 'x';
        name[999] = '"';
        name[1000] = 0;
        put(r, "a", i, 1, name);
        assert_true(r->m.name_bytes <= (4 << 20) + 2000);
    }
    assert_false(find(r, "a", 0, &known));
    assert_true(find(r, "a", 9999, &known));
    assert_int_equal(known.name.len, 1000);
}

static void a_name_too_long_is_not_kept(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    char *name = calloc(1, 5000);
    memset(name, 'x', 4999);
    put(r, "a", 1, 1, name);
    assert_true(find(r, "a", 1, &known));
    assert_int_equal(known.name.len, 0);
    free(name);
}

static void save_and_load_keep_what_is_remembered(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    int64_t rows;
    assert_true(db_run(r->db, "BEGIN IMMEDIATE", DB_NO_ARGS, NULL));
    for (int i = 0; i < BOUND + 10; i++) {
        put(r, "a", i, i + 1, "\"n\"");
        if (i % 20000 == 0)
            save(r);
    }
    put(r, "a", BOUND, 7, "\"changed\"");
    save(r);
    assert_true(db_run(r->db, "COMMIT", DB_NO_ARGS, NULL));
    assert_true(
        db_number(r->db, "SELECT count(*) FROM traces", DB_NO_ARGS, 0, &rows, NULL));
    assert_in_range(rows, BOUND - 10, BOUND);
    trace_memory_free(&r->m);
    assert_false(find(r, "a", 10, &known));
    assert_true(find(r, "a", 11, &known));
    assert_int_equal(known.project, 12);
    assert_true(find(r, "a", BOUND, &known));
    assert_int_equal(known.project, 7);
    assert_true(span_is(known.name, "\"changed\""));
}

/* Traces that have all but their ids in common share a row, up to 1,024 of them. */
static void save_keeps_runs_together(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    int64_t rows;
    for (int i = 0; i < 3000; i++)
        put(r, i < 2500 ? "a" : "b", i, i < 2000 ? 1 : 2, "\"n\"");
    save(r);
    assert_true(
        db_number(r->db, "SELECT count(*) FROM traces", DB_NO_ARGS, 0, &rows, NULL));
    assert_int_equal(rows, 2 + 1 + 1);
    trace_memory_free(&r->m);
    for (int i = 0; i < 3000; i++) {
        assert_true(find(r, i < 2500 ? "a" : "b", i, &known));
        assert_int_equal(known.project, i < 2000 ? 1 : 2);
        assert_true(span_is(known.name, "\"n\""));
    }
    put(r, "a", 3000, 3, NULL);
    save(r);
    trace_memory_free(&r->m);
    assert_true(find(r, "a", 3000, &known) && find(r, "b", 2999, &known));
}

/* What was saved in the transaction that came to nothing is saved again. */
static void undo_forgets_what_came_to_nothing(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    put(r, "a", 1, 1, "\"kept\"");
    trace_memory_settle(&r->m);
    for (int i = 2; i < 100; i++)
        put(r, "a", i, 2, "\"lost\"");
    put(r, "a", 1, 2, "");
    assert_true(sqlite3_exec(db_handle(r->db), "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
    assert_true(trace_memory_save(&r->m, r->db, NULL));
    assert_true(sqlite3_exec(db_handle(r->db), "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    trace_memory_undo(&r->m);
    for (int i = 1; i < 100; i++)
        assert_false(find(r, "a", i, &known));
    put(r, "a", 3, 3, "\"new\"");
    trace_memory_settle(&r->m);
    trace_memory_undo(&r->m);
    save(r);
    trace_memory_free(&r->m);
    assert_true(find(r, "a", 3, &known));
    assert_int_equal(known.project, 3);
    assert_false(find(r, "a", 2, &known));
}

static void load_takes_what_another_process_saved(void **state)
{
    struct rig *r = *state;
    struct trace_known known;
    put(r, "a", 1, 10, NULL);
    save(r);
    assert_true(db_run(r->db,
                       "INSERT INTO traces (seq, trace, workspace, project) "
                       "SELECT 50, trace, 'b', 99 FROM traces",
                       DB_NO_ARGS, NULL));
    r->m.check = true;
    assert_true(find(r, "b", 1, &known));
    assert_int_equal(known.project, 99);
    put(r, "a", 2, 11, NULL);
    save(r);
    int64_t last;
    assert_true(
        db_number(r->db, "SELECT max(seq) FROM traces", DB_NO_ARGS, 0, &last, NULL));
    assert_int_equal(last, 51);
}

/* ---------------------------------------------------------------- the index */

enum { SLOTS = 4000, HOMES = 64 };

/* Hashes that crowd together over the end of the places, some with all 32 bits alike. */
static uint64_t crowded(uint64_t *seed)
{
    uint64_t home = TRACE_INDEX_PLACES - HOMES / 2 + torture_random(seed, HOMES);
    return torture_random(seed, 1 << 16) << 32 | torture_random(seed, 4) << 20 |
           home % TRACE_INDEX_PLACES;
}

static void assert_finds(const struct trace_index *x, uint64_t hash, uint32_t slot, bool there)
{
    uint32_t place = trace_index_home(hash), at;
    bool found = false;
    while ((at = trace_index_next(x, hash, &place))) {
        assert_false(found && at == slot + 1);
        found |= at == slot + 1;
    }
    assert_int_equal(found, there);
}

static void the_index_finds_what_is_in_it(void **state)
{
    uint64_t seed = torture_seed("the index"), hashes[SLOTS] = {0};
    bool in[SLOTS] = {false};
    struct trace_index x;
    (void)state;
    assert_true(trace_index_init(&x));
    for (int i = 0; i < 20000; i++) {
        uint32_t slot = (uint32_t)torture_random(&seed, SLOTS / (i % 2 ? 1 : 20));
        if (in[slot]) {
            trace_index_remove(&x, hashes[slot], slot);
        } else {
            hashes[slot] = crowded(&seed);
            trace_index_add(&x, hashes[slot], slot);
        }
        in[slot] = !in[slot];
        assert_finds(&x, hashes[slot], slot, in[slot]);
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        assert_finds(&x, hashes[slot], slot, in[slot]);
    trace_index_free(&x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(remember_keeps_workspaces_apart),
        TEST(remember_keeps_a_name_that_is_not_repeated),
        TEST(remember_forgets_the_oldest),
        TEST(names_stay_within_their_bound),
        TEST(a_name_too_long_is_not_kept),
        TEST(save_and_load_keep_what_is_remembered),
        TEST(save_keeps_runs_together),
        TEST(undo_forgets_what_came_to_nothing),
        TEST(load_takes_what_another_process_saved),
        cmocka_unit_test(the_index_finds_what_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
