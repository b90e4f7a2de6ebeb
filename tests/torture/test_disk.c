/* Every N-th call of the disk fails: reads, writes, a full disk, short writes, fsync, locks.
 *
 * A script goes through the life of a store. It is run once to count the calls that a kind of
 * failure can befall, and then again for each of them. What was answered as done is there
 * afterwards, what was answered as failed is there as a whole or not at all (a commit whose sync
 * failed may be found by the next start), the accounts add up, the words are a sentence, and the
 * same store goes on once the disk works again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/run.h"
#include "support/tempdir.h"
#include "support/torture.h"
#include "torture/disk_life.h"

enum { WORKERS = 2 };

struct proof {
    const char *grown_up; /* NULL: from nothing */
    void (*script)(struct life *l);
    int64_t runs;
    uint64_t chance;
};

/* Returns how many calls the failure could have befallen. */
static int64_t try(struct proof *p, enum fault fault, int64_t at, enum mode mode)
{
    struct life l;
    int64_t failed, seen;
    life_begin(&l, p->grown_up);
    l.what = fault_name(fault);
    l.fault = fault;
    l.at = at;
    l.mode = mode;
    faultvfs_arm(fault, at, mode != ONCE);
    p->script(&l);
    if (mode != UNTIL_HEALED)
        life_close(&l);
    seen = faultvfs_heal(&failed);
    if (mode == UNTIL_HEALED) {
        life_go_on(&l);
        life_close(&l);
    }
    life_end(&l, p->grown_up != NULL);
    p->runs++;
    return failed || at == 0 ? seen : 0;
}

/* How far apart the calls are that a worker lets fail. */
static int64_t stride_of(enum mode mode)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return torture_size(mode == ONCE ? 8 : 40, 1);
#else
    return torture_size(mode == ONCE ? 1 : 20, 1);
#endif
}

static void try_all(struct proof *p, enum fault fault, int worker)
{
    for (int mode = 0; mode < MODES; mode++) {
        int64_t stride = stride_of((enum mode)mode);
        int64_t first = 1 + (int64_t)torture_random(&p->chance, (uint64_t)stride);
        int64_t at = first + worker * stride;
        while (try(p, fault, at, (enum mode)mode) > 0)
            at += WORKERS * stride;
    }
}

static void try_every_kind(struct proof *p, int worker)
{
    for (int fault = 0; fault < FAULT_KINDS; fault++) {
        int64_t calls = try(p, (enum fault)fault, 0, ONCE);
        if (worker == 0)
            printf("%s: %lld calls\n", fault_name((enum fault)fault), (long long)calls);
        try_all(p, (enum fault)fault, worker);
    }
}

/* The work is shared out among processes, which also tells a crash from a failure. */
static void in_workers(struct proof *p, const char *name,
                       void (*work)(struct proof *p, int worker))
{
    pid_t workers[WORKERS];
    long long started = run_now_ms();
    p->chance = torture_seed(name);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        assert_true(workers[i] >= 0);
        if (workers[i] > 0)
            continue;
        work(p, i);
        printf("%s: worker %d, %lld runs, %lld ms\n", name, i, (long long)p->runs,
               run_now_ms() - started);
        exit(0);
    }
    bool fine = true;
    for (int i = 0; i < WORKERS; i++) {
        int status;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        if (WIFSIGNALED(status))
            print_error("worker %d: signal %d\n", i, WTERMSIG(status));
        fine &= status == 0;
    }
    assert_true(fine);
}

static void each_call_fails_in_a_life(void **state)
{
    struct proof p = {.grown_up = *state, .script = life_live};
    in_workers(&p, "a life", try_every_kind);
}

static void each_call_fails_from_nothing(void **state)
{
    struct proof p = {.script = life_be_born};
    (void)state;
    in_workers(&p, "from nothing", try_every_kind);
}

static void try_by_chance(struct proof *p, int64_t i)
{
    struct life l;
    life_begin(&l, p->grown_up);
    l.what = "by chance";
    l.by_chance = true;
    l.at = i;
    faultvfs_arm_random(torture_random(&p->chance, UINT64_MAX),
                        2 + torture_random(&p->chance, 40));
    p->script(&l);
    if (l.f.store && i % 2)
        p->script(&l);
    if (i % 3)
        life_close(&l);
    faultvfs_heal(NULL);
    if (i % 3 == 0)
        life_go_on(&l);
    life_close(&l);
    life_end(&l, p->grown_up != NULL);
    p->runs++;
}

static void try_many_by_chance(struct proof *p, int worker)
{
    p->chance += (uint64_t)worker;
    for (int64_t i = torture_size(100, 20000); i > 0; i--)
        try_by_chance(p, i);
}

static void many_fail_by_chance(void **state)
{
    struct proof p = {.grown_up = *state, .script = life_live};
    in_workers(&p, "by chance", try_many_by_chance);
}

static int set_up(void **state)
{
    faultvfs_install();
    *state = life_make_grown_up();
    return 0;
}

static int tear_down(void **state)
{
    tempdir_remove(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_fails_in_a_life),
        cmocka_unit_test(each_call_fails_from_nothing),
        cmocka_unit_test(many_fail_by_chance),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
