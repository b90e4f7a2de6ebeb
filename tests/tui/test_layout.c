#include "screens/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void panes_share_all_rows_at_any_size(void **state)
{
    (void)state;
    for (int rows = 0; rows <= 500; rows++)
        for (int alerts = 0; alerts <= 1000; alerts += alerts < 40 ? 1 : 160)
            for (int buckets = 0; buckets <= 20; buckets++) {
                struct layout l = layout_panes(rows, alerts, buckets);
                int sum = l.alerts + (l.waiting + 1) + (l.log + 1);
                if (sum != rows || l.alerts < 0 || l.waiting < -1 || l.log < -1)
                    fail_msg("%d rows, %d alerts, %d buckets: %d + %d + %d", rows, alerts,
                             buckets, l.alerts, l.waiting, l.log);
                if (l.waiting > buckets)
                    fail_msg("%d rows waiting for %d buckets", l.waiting, buckets);
                if (l.log >= 0 && l.log < 3)
                    fail_msg("%d rows, %d alerts, %d buckets: a log of %d", rows, alerts, buckets,
                             l.log);
                if (buckets > 3 && l.alerts != layout_panes(rows, alerts, 3).alerts)
                    fail_msg("%d rows, %d alerts: %d buckets take rows of the list", rows, alerts,
                             buckets);
            }
}

static void panes_follow_what_there_is(void **state)
{
    (void)state;
    static const struct {
        int rows, alerts, buckets;
        struct layout want;
    } cases[] = {
        {22,
         2,
         0,
         {.alerts = 4, .waiting = 0, .log = 16}}, /* 80x24, few alerts: a long log */
        {22,
         100,
         0,
         {.alerts = 12, .waiting = 0, .log = 8}},           /* many: at most three fifths */
        {22, 2, 9, {.alerts = 4, .waiting = 4, .log = 12}}, /* buckets take of a long log */
        {22, 100, 9, {.alerts = 10, .waiting = 3, .log = 7}}, /* and three of a short one */
        {48, 3, 20, {.alerts = 4, .waiting = 13, .log = 29}}, /* 160x50 */
        {48, 3, 5, {.alerts = 4, .waiting = 5, .log = 37}},
        {10, 2, 1, {.alerts = 4, .waiting = 1, .log = 3}},  /* 40x12 has all three panes */
        {8, 50, 5, {.alerts = 4, .waiting = -1, .log = 3}}, /* no room for what waits */
        {7, 50, 5, {.alerts = 7, .waiting = -1, .log = -1}}, /* nor for the log */
        {1, 1, 1, {.alerts = 1, .waiting = -1, .log = -1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct layout l = layout_panes(cases[i].rows, cases[i].alerts, cases[i].buckets);
        assert_int_equal(l.alerts, cases[i].want.alerts);
        assert_int_equal(l.waiting, cases[i].want.waiting);
        assert_int_equal(l.log, cases[i].want.log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panes_share_all_rows_at_any_size),
        cmocka_unit_test(panes_follow_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
