#include "model/attempt_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void each_outcome_counts_in_its_class(void **state)
{
    (void)state;
    static const struct {
        enum outcome_kind kind;
        int status;
        bool timed_out;
        enum attempt_class wanted;
    } cases[] = {
        {OUTCOME_RESPONSE, 200, false, ATTEMPT_2XX},
        {OUTCOME_RESPONSE, 299, false, ATTEMPT_2XX},
        {OUTCOME_RESPONSE, 302, false, ATTEMPT_3XX},
        {OUTCOME_RESPONSE, 404, false, ATTEMPT_4XX},
        {OUTCOME_RESPONSE, 503, false, ATTEMPT_5XX},
        {OUTCOME_RESPONSE, 199, false, ATTEMPT_OTHER},
        {OUTCOME_RESPONSE, 600, false, ATTEMPT_OTHER},
        {OUTCOME_NETWORK, 0, true, ATTEMPT_TIMEOUT},
        {OUTCOME_NETWORK, 200, false, ATTEMPT_NETWORK},
        {OUTCOME_FORBIDDEN, 0, false, ATTEMPT_REFUSED},
        {OUTCOME_CANCELLED, 0, false, ATTEMPT_CLASSES},
        {OUTCOME_UNKNOWN, 0, false, ATTEMPT_CLASSES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct attempt_stats s = {0};
        const struct outcome o = {
            .kind = cases[i].kind, .status = cases[i].status, .timed_out = cases[i].timed_out};
        attempt_stats_add(&s, &o);
        for (int c = 0; c < ATTEMPT_CLASSES; c++)
            assert_int_equal(s.by_class[c], c == (int)cases[i].wanted);
    }
}

static void a_duration_falls_into_the_first_bound_that_holds(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        int wanted;
    } cases[] = {{0, 0},       {5000, 0},       {5001, 1},         {1000000, 7},
                 {1000001, 8}, {10000000, 10}, {10000001, 11}, {3600000000, 11}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct attempt_stats s = {0};
        const struct outcome o = {.kind = OUTCOME_RESPONSE, .status = 200, .total_us = cases[i].us};
        attempt_stats_add(&s, &o);
        assert_int_equal(s.within[cases[i].wanted], 1);
        assert_int_equal(s.total_us, cases[i].us);
    }
    for (int b = 0; b < ATTEMPT_BOUNDS; b++) {
        assert_true(b == 0 || ATTEMPT_BOUND[b].us > ATTEMPT_BOUND[b - 1].us);
        assert_int_equal(ATTEMPT_BOUND[b].us,
                         strtod(ATTEMPT_BOUND[b].seconds, NULL) * 1e6 + 0.5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_outcome_counts_in_its_class),
        cmocka_unit_test(a_duration_falls_into_the_first_bound_that_holds),
    };
    return cmocka_run_group_tests_name("attempt_stats", tests, NULL, NULL);
}
