/* One of fifty endpoints hangs: the others know nothing of it. Proved in driven time, which
 * stands still but for what a delivery is made to wait; how long it took for real is
 * printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/deliveries.h"
#include "support/rig.h"
#include "support/run.h"
#include "support/torture.h"

enum {
    OTHERS = 49,
    HANGING = 41, /* alerts on the one that hangs: in time more wait for it than are passed
                     over */
    ROUNDS_SHORT = 16,
    ROUNDS_LONG = 160,
    WINDOW_MS = 30000,
    SLOTS = 4,
};

/* Of one run: by round and endpoint. */
struct run_figures {
    int64_t *driven_ms, *real_ms;
};

struct world {
    struct rig rig;
    struct receiver *fiftieth;
    char alerts[OTHERS][UUID_SIZE];
    int64_t rounds;
    bool hangs;
};

static void make_world(struct world *w, bool hangs, int64_t rounds)
{
    char url[128], path[16];
    rig_make(&w->rig);
    w->rounds = rounds;
    w->hangs = hangs;
    w->fiftieth = receiver_start();
    w->rig.policy.timeout_ms = 600000;
    engine_set_policy(w->rig.engine, &w->rig.policy);
    if (hangs)
        receiver_answer(w->fiftieth, (struct receiver_answer){.how = RECEIVER_NEVER});
    receiver_url(w->fiftieth, "/", url, sizeof url);
    for (int i = 0; i < HANGING; i++)
        rig_alert(&w->rig, url, NULL);
    for (int i = 0; i < OTHERS; i++) {
        snprintf(path, sizeof path, "/%d", i);
        receiver_url(w->rig.receiver, path, url, sizeof url);
        rig_alert(&w->rig, url, w->alerts[i]);
    }
}

/* One delivery for every alert; no time goes by until the others have theirs. */
static void carry_round(struct world *w, int64_t round, int64_t *real_ms)
{
    struct rig *r = &w->rig;
    size_t before = receiver_count(r->receiver);
    rig_event(r);
    rig_advance(r, WINDOW_MS);
    long long due = run_now_ms();
    rig_until_state(r, DELIVERY_DELIVERED,
                    (w->hangs ? OTHERS : OTHERS + HANGING) * (round + 1));
    assert_int_equal(receiver_count(r->receiver), before + OTHERS);
    for (size_t i = 0; i < OTHERS; i++) {
        const struct receiver_request *q = receiver_request(r->receiver, before + i);
        real_ms[strtol(q->path + 1, NULL, 10)] = q->at_ms - due;
    }
}

/* From a delivery's making to its request, for each round of one alert. */
static void read_driven(struct world *w, int alert, int64_t *driven_ms)
{
    const struct delivery_filter filter = {.alert_id = w->alerts[alert], .state = -1};
    struct delivery_rows rows;
    assert_true(store_delivery_list(w->rig.store.reader, &filter, NULL, w->rounds + 1,
                                    &rows, NULL));
    assert_int_equal(rows.count, w->rounds);
    for (size_t i = 0; i < rows.count; i++) {
        struct delivery d;
        assert_true(
            store_delivery_get(w->rig.store.reader, NULL, rows.items[i].id, &d, NULL));
        assert_int_equal(d.state, DELIVERY_DELIVERED);
        assert_int_equal(d.attempt_count, 1);
        driven_ms[((int64_t)rows.count - 1 - (int64_t)i) * OTHERS + alert] =
            d.attempts[0].outcome.started_at - d.created_at;
        delivery_free(&d);
    }
    delivery_rows_free(&rows);
}

static struct run_figures run(bool hangs, int64_t rounds)
{
    struct world w;
    struct run_figures f = {calloc((size_t)rounds, OTHERS * sizeof *f.driven_ms),
                            calloc((size_t)rounds, OTHERS * sizeof *f.real_ms)};
    assert_true(f.driven_ms && f.real_ms);
    make_world(&w, hangs, rounds);
    for (int64_t round = 0; round < rounds; round++)
        carry_round(&w, round, f.real_ms + round * OTHERS);
    for (int i = 0; i < OTHERS; i++)
        read_driven(&w, i, f.driven_ms);
    if (hangs) {
        assert_int_equal(receiver_count(w.fiftieth), SLOTS);
        receiver_status(w.fiftieth, 200);
        receiver_release(w.fiftieth);
    }
    /* And what waited for it has not been lost. */
    rig_until_state(&w.rig, DELIVERY_DELIVERED, (OTHERS + HANGING) * rounds);
    receiver_stop(&w.fiftieth);
    rig_remove(&w.rig);
    return f;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int64_t p99(int64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count * 99 / 100];
}

static void one_that_hangs_delays_no_other(void **state)
{
    int64_t rounds = torture_size(ROUNDS_SHORT, ROUNDS_LONG);
    size_t count = (size_t)rounds * OTHERS;
    (void)state;
    struct run_figures before = run(false, rounds), beside = run(true, rounds);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(before.driven_ms[i], 0);
        assert_int_equal(beside.driven_ms[i], before.driven_ms[i]);
    }
    int64_t usual = p99(before.real_ms, count), then = p99(beside.real_ms, count);
    printf("p99 of %zu deliveries to the others: %lld ms, beside one that hangs %lld ms "
           "(ratio %.2f)\n",
           count, (long long)usual, (long long)then,
           (double)then / (double)(usual > 0 ? usual : 1));
    free(before.driven_ms);
    free(before.real_ms);
    free(beside.driven_ms);
    free(beside.real_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_that_hangs_delays_no_other)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
