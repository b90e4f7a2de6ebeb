/* The writer's thread: standing still, and hurrying. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/accept.h"
#include "store/aside.h"
#include "store/health.h"
#include "store/projects.h"
#include "support/steps.h"

/* ---------------------------------------------------------------- how long it waits */

static atomic_int waits_ms; /* as of the last time it was set */

int __real_sqlite3_busy_timeout(sqlite3 *db, int ms);
int __wrap_sqlite3_busy_timeout(sqlite3 *db, int ms);
int __wrap_sqlite3_busy_timeout(sqlite3 *db, int ms)
{
    atomic_store(&waits_ms, ms);
    return __real_sqlite3_busy_timeout(db, ms);
}

static void hurrying_it_waits_briefly_for_others(void **state)
{
    struct store_fixture *f = *state;
    assert_true(step_accept(f->store, step_request("default"), NULL, NULL));
    store_hurry(f->store, true);
    assert_true(step_accept(f->store, step_request("default"), NULL, NULL));
    assert_in_range(atomic_load(&waits_ms), 1, 500);
    store_set_checkpointing(f->store, true);
    assert_true(step_project(f->store, "default", "p", true, NULL, NULL));
    assert_in_range(atomic_load(&waits_ms), 1, 500);
    store_hurry(f->store, false);
    assert_true(step_accept(f->store, step_request("default"), NULL, NULL));
    assert_int_equal(atomic_load(&waits_ms), 5000);
}

/* ---------------------------------------------------------------- standing still */

static sqlite3 *open_raw(struct store_fixture *f)
{
    char path[512];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/store.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static bool answered(struct step_wait *wait)
{
    return atomic_load(&wait->answered);
}

static void parked_it_carries_nothing_out(void **state)
{
    struct store_fixture *f = *state;
    struct step_wait wait = {0};
    sqlite3 *other = open_raw(f);
    store_park(f->store);
    store_park(f->store);
    uint64_t turns = store_turns(f->store);
    store_accept(f->store, step_request("default"), step_done, &wait);
    /* Nobody else holds the file, not for a moment. */
    for (int i = 0; i < 100; i++)
        assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL),
                         SQLITE_OK);
    store_unpark(f->store);
    assert_int_equal(store_turns(f->store), turns);
    assert_false(answered(&wait));
    store_unpark(f->store);
    assert_true(step_wait(&wait, NULL));
    sqlite3_close(other);
}

static struct accept *trace(void)
{
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, "0193a000-0000-7000-8000-00000000000a", "shop", 1)
        ->is_event = false;
    return a;
}

/* What was asked for and what was put off is done before. */
static void parking_leaves_nothing_undone(void **state)
{
    struct store_fixture *f = *state;
    struct step_wait wait = {0};
    assert_true(step_project(f->store, "default", "shop", true, NULL, NULL));
    struct accept *a = trace();
    a->facts[0].trace_id = (struct span){NULL, 0};
    assert_true(step_accept(f->store, a, NULL, NULL));
    assert_true(store_accept_passing(f->store, trace()));
    store_project_ensure(f->store, "default", "late", NULL, "tester", true, step_done, &wait);
    store_park(f->store);
    assert_true(answered(&wait));
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM traces"), 1);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM projects"), 2);
    store_unpark(f->store);
    store_drain(f->store);
}

static void a_parked_one_can_be_closed(void **state)
{
    struct store_fixture *f = *state;
    struct step_wait wait = {0};
    store_park(f->store);
    store_project_ensure(f->store, "default", "late", NULL, "tester", true, step_done, &wait);
    store_fixture_close(f);
    assert_true(answered(&wait));
    store_fixture_open(f);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM projects"), 1);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hurrying_it_waits_briefly_for_others),
        TEST(parked_it_carries_nothing_out),
        TEST(parking_leaves_nothing_undone),
        TEST(a_parked_one_can_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
