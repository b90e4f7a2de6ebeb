/* kill -9 at each named step: this program runs as opik-alerts itself (doomed.h), with
 * functions between the steps wrapped by the linker (kill_plan.h), and ends itself by
 * SIGKILL when the k-th call of a step is reached. Then it runs again without, and all must
 * be as if it had gone on: nothing accepted lost, ids and bodies as they were, only what
 * was under way sent again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/siege.h"
#include "support/torture.h"
#include "torture/doomed.h"
#include "torture/lives.h"
#include "torture/migrations.h"

enum {
    KILLS = 3,
    KILLS_AT_LENGTH = 50,
    CLIENTS = 2,
};

static int64_t call_of(struct siege *s, const struct point *point, int64_t kill)
{
    return 1 + (point->calls == 2 ? kill % 2 : lives_chance(s, point->calls));
}

static void kill_at_each(const struct points *points, struct ledger_sums *sums)
{
    struct siege s = {.random = torture_seed("steps")};
    int64_t kills = torture_size(KILLS, KILLS_AT_LENGTH);
    struct run_child *c = NULL;
    siege_begin(&s, CLIENTS);
    for (size_t i = 0; i < points->count; i++) {
        for (int64_t k = 0; k < kills; k++) {
            if (c)
                siege_kill(&s, &c, true);
            const struct point *p = &points->items[i];
            p->life(&s, p, call_of(&s, p, k));
            c = lives_serve(&s);
            siege_check(&s);
            lives_rest_ms(lives_chance(&s, LIFE_MS));
        }
    }
    siege_end(&s, c);
    siege_tell(&s, "steps");
    *sums = s.all;
}

static void at_each_step_of_an_event(void **state)
{
    struct ledger_sums sums;
    (void)state;
    kill_at_each(&lives_events, &sums);
    assert_true(sums.unanswered > 0 && sums.unknown > 0);
}

static void at_each_change_by_a_person(void **state)
{
    struct ledger_sums sums;
    (void)state;
    kill_at_each(&lives_changes, &sums);
}

static void while_old_deliveries_go(void **state)
{
    struct ledger_sums sums;
    (void)state;
    kill_at_each(&lives_purges, &sums);
    assert_true(sums.purged > 0);
}

static void while_the_file_is_brought_up_to_date(void **state)
{
    (void)state;
    struct siege s = {.random = torture_seed("migration")};
    int64_t kills = torture_size(KILLS, KILLS_AT_LENGTH);
    siege_begin(&s, CLIENTS);
    struct run_child *c = lives_serve(&s);
    for (int64_t k = 0; k < kills; k++) {
        int from = 1 + (int)lives_chance(&s, migrations_newest() - 1);
        lives_rest_ms(LOADED_MS);
        lives_stop(&s, &c);
        migrations_downgrade(s.program->dir, from);
        lives_serve_until(&s, "migration", 1 + lives_chance(&s, migrations_calls(from)));
        c = lives_serve(&s);
        siege_check(&s);
    }
    siege_end(&s, c);
    siege_tell(&s, "migration");
}

static void while_a_new_file_is_made(void **state)
{
    (void)state;
    uint64_t random = torture_seed("new file");
    int64_t kills = torture_size(KILLS, KILLS_AT_LENGTH), calls = migrations_calls(0);
    for (int64_t k = 0; k < kills; k++) {
        void *made;
        assert_int_equal(program_setup(&made), 0);
        struct program *p = made;
        int64_t call = 1 + (int64_t)torture_random(&random, (uint64_t)calls);
        lives_run_until(p, "migration", call, "doctor");
        json_decref(program_json(p, "doctor --json"));
        ledger_check_file(p->dir);
        program_teardown(&made);
    }
}

int main(int argc, char **argv)
{
    char itself[512];
    if (argc > 1)
        return doomed_main(argc, argv);
    ssize_t len = readlink("/proc/self/exe", itself, sizeof itself - 1);
    itself[len > 0 ? len : 0] = 0;
    if (setenv("OPIK_ALERTS", itself, 1) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_each_step_of_an_event),
        cmocka_unit_test(at_each_change_by_a_person),
        cmocka_unit_test(while_old_deliveries_go),
        cmocka_unit_test(while_the_file_is_brought_up_to_date),
        cmocka_unit_test(while_a_new_file_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
