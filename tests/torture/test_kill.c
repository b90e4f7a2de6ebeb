/* kill -9 at random moments, while several clients send and a receiver answers this and
 * that: what was accepted arrives, is sent again only if it was under way, and the sums are
 * right. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "store/datadir.h"
#include "support/siege.h"
#include "support/torture.h"

enum {
    KILLS = 200,
    KILLS_AT_LENGTH = 10000,
    KILLS_OF_ONE = 200, /* of one data directory */
    CLIENTS = 4,
    LIFE_US = 40000,
    START_US = 25000, /* about what a start takes */
    FROZEN_US = 600000,
    TAKEOVER_US = 600000, /* in which a standby notices */
};

struct kills {
    struct siege siege;
    struct run_child *holder, *standby;
    int64_t takeovers, slowest_ms, kills;
};

static int64_t chance(struct kills *k, int64_t bound)
{
    return (int64_t)torture_random(&k->siege.random, (uint64_t)bound);
}

static void rest(int64_t us)
{
    const struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

static void kill_one(struct kills *k, struct run_child **c, bool alone)
{
    siege_kill(&k->siege, c, alone);
    k->kills++;
}

/* While somebody holds the directory nobody else can. */
static void expect_held(struct kills *k)
{
    struct err err = {0};
    assert_null(datadir_lock_try(k->siege.program->dir, &err));
    assert_int_equal(err.code, ERR_BUSY);
}

static void expect_listening(struct kills *k)
{
    if (!siege_listens(&k->siege, k->holder, RUN_DEADLINE_MS))
        fail_msg("serve does not start: %s%s", k->holder->out, k->holder->err);
}

/* ---------------------------------------------------------------- with a standby */

/* Even one that stands still keeps its place. */
static void freeze(struct kills *k)
{
    kill(k->holder->pid, SIGSTOP);
    rest(FROZEN_US);
    assert_false(run_wait_out(k->standby, "\n", 1));
    expect_held(k);
}

static void take_over(struct kills *k)
{
    long long killed = run_now_ms();
    k->holder = k->standby;
    k->standby = NULL;
    expect_listening(k);
    int64_t took = run_now_ms() - killed;
    k->takeovers++;
    k->slowest_ms = took > k->slowest_ms ? took : k->slowest_ms;
}

static void kill_before_a_standby(struct kills *k)
{
    k->standby = siege_serve(&k->siege, "");
    assert_true(run_wait_err(k->standby, "waiting", RUN_DEADLINE_MS));
    rest(chance(k, LIFE_US));
    if (chance(k, 10) == 0)
        freeze(k);
    if (!k->standby->out_len)
        assert_false(run_wait_out(k->standby, "\n", 1));
    kill_one(k, &k->holder, false);
    if (chance(k, 4) > 0) {
        take_over(k);
        return;
    }
    rest(chance(k, TAKEOVER_US)); /* while it takes over */
    kill_one(k, &k->standby, true);
}

/* ---------------------------------------------------------------- alone */

/* Perhaps before it listens. */
static void kill_a_young_one(struct kills *k)
{
    long long until = run_now_ms() + chance(k, START_US * 2) / 1000;
    long long left;
    if (siege_listens(&k->siege, k->holder, (int)(until - run_now_ms())) &&
        (left = until - run_now_ms()) > 0)
        rest(left * 1000);
    kill_one(k, &k->holder, true);
}

static void one_life(struct kills *k)
{
    if (!k->holder)
        k->holder = siege_serve(&k->siege, "");
    if (chance(k, 5) == 0) {
        kill_a_young_one(k);
        return;
    }
    expect_listening(k);
    siege_check(&k->siege);
    expect_held(k);
    if (chance(k, 8) == 0) {
        kill_before_a_standby(k);
        return;
    }
    rest(chance(k, LIFE_US));
    kill_one(k, &k->holder, true);
}

static void nothing_accepted_is_lost(void **state)
{
    (void)state;
    int64_t goal = torture_size(KILLS, KILLS_AT_LENGTH);
    struct kills k = {.siege.random = torture_seed("kill")};
    while (k.kills < goal) {
        int64_t until = k.kills + KILLS_OF_ONE < goal ? k.kills + KILLS_OF_ONE : goal;
        siege_begin(&k.siege, CLIENTS);
        while (k.kills < until)
            one_life(&k);
        if (!k.holder)
            k.holder = siege_serve(&k.siege, "");
        expect_listening(&k);
        siege_check(&k.siege);
        siege_end(&k.siege, k.holder);
        k.holder = NULL;
        siege_tell(&k.siege, "kill");
    }
    printf("a standby took over %lld times, at most %lld ms after the kill\n",
           (long long)k.takeovers, (long long)k.slowest_ms);
    assert_true(k.takeovers > 0 && k.siege.all.unknown > 0 && k.siege.all.dead > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_accepted_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
