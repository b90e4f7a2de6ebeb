/* The breaker: when it opens, probes, ramps and closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules/breaker.h"

enum { SLOTS = 4, EVERY_MS = 4000 };

/* 20 failures of `deliveries` deliveries, every `step` ms from `from`; the time of the last. */
static int64_t fail_20(struct breaker *b, int deliveries, int64_t from, int64_t step)
{
    int64_t now = from;
    for (int i = 0; i < BREAKER_FAILURES; i++) {
        now = from + i * step;
        breaker_note(b, -1, 1 + i % deliveries, SLOTS, now);
    }
    return now;
}

static void opens_after_failures_deliveries_and_time(void **state)
{
    (void)state;
    struct breaker b = {0};
    fail_20(&b, 5, 1000, EVERY_MS);
    assert_int_equal(b.state, BREAKER_OPEN);
    b = (struct breaker){0};
    fail_20(&b, 4, 1000, EVERY_MS); /* four deliveries */
    assert_int_equal(b.state, BREAKER_CLOSED);
    b = (struct breaker){0};
    int64_t last = fail_20(&b, 5, 1000, 3000); /* 57 s */
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_false(breaker_note(&b, -1, 1, SLOTS, last + 2999));
    assert_true(breaker_note(&b, -1, 1, SLOTS, last + 3000)); /* 60 s since the first */
    assert_int_equal(b.state, BREAKER_OPEN);
}

static void a_success_starts_the_count_anew(void **state)
{
    (void)state;
    struct breaker b = {0};
    for (int i = 0; i < 100; i++)
        assert_false(breaker_note(&b, i % 19 == 18 ? 1 : -1, i, SLOTS, i * 10000));
    assert_int_equal(b.state, BREAKER_CLOSED);
    for (int i = 0; i < 100; i++) /* what says nothing changes nothing */
        assert_false(breaker_note(&b, 0, i, SLOTS, i * 10000));
}

static void probes_one_at_a_time_with_a_growing_wait(void **state)
{
    (void)state;
    struct breaker b = {0};
    int64_t now = fail_20(&b, 5, 0, EVERY_MS), wait = BREAKER_PROBE_MS;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(b.probe_at, now + wait);
        assert_int_equal(breaker_slots(&b, SLOTS, b.probe_at - 1), 0);
        assert_int_equal(breaker_slots(&b, SLOTS, b.probe_at), 1);
        assert_false(breaker_note(&b, -1, 9, SLOTS, b.probe_at - 1)); /* an old one lands */
        now = b.probe_at + i % 2 * 5;
        assert_true(breaker_note(&b, -1, 9, SLOTS, now));
        wait = 2 * wait < BREAKER_PROBE_MAX_MS ? 2 * wait : BREAKER_PROBE_MAX_MS;
    }
    assert_int_equal(b.probe_wait_ms, BREAKER_PROBE_MAX_MS);
}

static void ramps_up_and_closes(void **state)
{
    (void)state;
    struct breaker b = {0};
    fail_20(&b, 5, 0, EVERY_MS);
    int64_t now = b.probe_at;
    assert_true(breaker_note(&b, 1, 1, SLOTS, now));
    assert_int_equal(b.state, BREAKER_RAMP);
    assert_int_equal(breaker_slots(&b, SLOTS, now), 1);
    assert_false(breaker_note(&b, 1, 2, SLOTS, now));
    assert_int_equal(breaker_slots(&b, SLOTS, now), 2);
    assert_int_equal(breaker_slots(&b, 1, now), 1); /* it has fewer now */
    assert_true(breaker_note(&b, 1, 3, SLOTS, now));
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_int_equal(breaker_slots(&b, SLOTS, now), SLOTS);
    assert_int_equal(b.failures, 0);
}

static void a_failure_in_the_ramp_opens_it_again(void **state)
{
    (void)state;
    struct breaker b = {0};
    fail_20(&b, 5, 0, EVERY_MS);
    int64_t now = b.probe_at;
    breaker_note(&b, 1, 1, SLOTS, now);
    assert_true(breaker_note(&b, -1, 2, SLOTS, now));
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_int_equal(b.probe_at, now + 2 * BREAKER_PROBE_MS);
}

static void goes_on_after_a_restart(void **state)
{
    (void)state;
    struct breaker b = {.failures = 3};
    breaker_restore(&b, BREAKER_CLOSED, 0);
    assert_int_equal(b.failures, 0);
    breaker_restore(&b, BREAKER_OPEN, 5000);
    assert_int_equal(breaker_slots(&b, SLOTS, 4999), 0);
    assert_int_equal(breaker_slots(&b, SLOTS, 5000), 1);
    assert_true(breaker_note(&b, -1, 1, SLOTS, 5000)); /* the wait begins anew */
    assert_int_equal(b.probe_at, 5000 + 2 * BREAKER_PROBE_MS);
    breaker_restore(&b, BREAKER_RAMP, 0);
    assert_int_equal(breaker_slots(&b, SLOTS, 0), 1);
    breaker_note(&b, 1, 1, SLOTS, 1);
    assert_true(breaker_note(&b, 1, 1, SLOTS, 2));
    assert_int_equal(b.state, BREAKER_CLOSED);
}

static void judges_outcomes(void **state)
{
    (void)state;
    static const struct {
        enum outcome_kind kind;
        int status, verdict;
    } rows[] = {
        {OUTCOME_RESPONSE, 200, 1},   {OUTCOME_RESPONSE, 404, 1}, {OUTCOME_RESPONSE, 301, 1},
        {OUTCOME_RESPONSE, 500, -1},  {OUTCOME_RESPONSE, 429, -1}, {OUTCOME_RESPONSE, 999, -1},
        {OUTCOME_RESPONSE, 499, 1},   {OUTCOME_RESPONSE, 100, 1}, {OUTCOME_RESPONSE, 99, -1},
        {OUTCOME_NETWORK, 0, -1},     {OUTCOME_NETWORK, 200, -1}, {OUTCOME_UNKNOWN, 0, 0},
        {OUTCOME_CANCELLED, 0, 0},    {OUTCOME_FORBIDDEN, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct outcome o = {.kind = rows[i].kind, .status = rows[i].status};
        assert_int_equal(breaker_judge(&o), rows[i].verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_after_failures_deliveries_and_time),
        cmocka_unit_test(a_success_starts_the_count_anew),
        cmocka_unit_test(probes_one_at_a_time_with_a_growing_wait),
        cmocka_unit_test(ramps_up_and_closes),
        cmocka_unit_test(a_failure_in_the_ramp_opens_it_again),
        cmocka_unit_test(goes_on_after_a_restart),
        cmocka_unit_test(judges_outcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
