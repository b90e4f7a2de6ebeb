#include "rates.h"
#include "store/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MINUTE = 60000 };

static void add(struct rates *r, const char *alert, int64_t at, enum delivery_state state,
                int latency_ms)
{
    struct try_row row = {.at = at, .events = 2, .state = state,
                          .status = latency_ms ? 200 : 0, .latency_us = latency_ms * 1000};
    snprintf(row.alert_id, sizeof row.alert_id, "%s", alert);
    rates_add(r, &row);
}

static void counts_by_minute(void **state)
{
    (void)state;
    struct rates r = {0};
    add(&r, "a", 100 * MINUTE, DELIVERY_DELIVERED, 10);
    add(&r, "a", 100 * MINUTE + 5, DELIVERY_RETRYING, 10);
    add(&r, "a", 102 * MINUTE, DELIVERY_DEAD, 0);
    add(&r, "b", 102 * MINUTE, DELIVERY_DELIVERED, 10);
    const struct rate *a = rates_of(&r, "a");
    assert_int_equal(a->attempts[0], 1);
    assert_int_equal(a->attempts[1], 0);
    assert_int_equal(a->attempts[2], 2);
    assert_int_equal(a->failures[2], 1);
    assert_int_equal(a->events[2], 2);
    assert_int_equal(rate_sum(a->failures), 2);
    rates_advance(&r, (102 + RATES_MINUTES - 2) * (int64_t)MINUTE);
    assert_int_equal(rate_sum(rates_of(&r, "a")->attempts), 1);
    rates_advance(&r, INT64_C(1) << 50);
    assert_int_equal(rate_sum(rates_of(&r, "a")->attempts), 0);
    assert_null(rates_of(&r, "c"));
    rates_free(&r);
}

/* A clock that goes back must not write beside the slots. */
static void rows_out_of_order_are_harmless(void **state)
{
    (void)state;
    struct rates r = {0};
    add(&r, "a", 100 * MINUTE, DELIVERY_DELIVERED, 1);
    add(&r, "a", 99 * MINUTE, DELIVERY_DELIVERED, 1);
    add(&r, "a", 1 * MINUTE, DELIVERY_DELIVERED, 1);
    assert_int_equal(rate_sum(rates_of(&r, "a")->attempts), 2);
    rates_free(&r);
}

static void percentiles_are_of_the_last_answers(void **state)
{
    (void)state;
    struct rates r = {0};
    add(&r, "a", 0, DELIVERY_RETRYING, 0);
    assert_int_equal(rate_latency(rates_of(&r, "a"), 50), -1);
    for (int i = 1; i <= 100; i++)
        add(&r, "a", 0, DELIVERY_DELIVERED, i);
    assert_int_equal(rate_latency(rates_of(&r, "a"), 50), 50);
    assert_int_equal(rate_latency(rates_of(&r, "a"), 95), 95);
    for (int i = 0; i < RATES_LATENCIES; i++)
        add(&r, "a", 0, DELIVERY_DELIVERED, 7);
    assert_int_equal(rate_latency(rates_of(&r, "a"), 95), 7);
    rates_free(&r);
}

static void percentiles_are_of_the_half_hour(void **state)
{
    (void)state;
    struct rates r = {0};
    for (int i = 0; i < 10; i++)
        add(&r, "a", 0, DELIVERY_DELIVERED, 900);
    add(&r, "a", 20 * MINUTE, DELIVERY_RETRYING, 0);
    add(&r, "a", 20 * MINUTE, DELIVERY_DELIVERED, 7);
    assert_int_equal(rate_latency(rates_of(&r, "a"), 50), 900);
    rates_advance(&r, 30 * MINUTE);
    assert_int_equal(rate_latency(rates_of(&r, "a"), 95), 7);
    rates_advance(&r, 50 * MINUTE);
    assert_int_equal(rate_latency(rates_of(&r, "a"), 95), -1);
    assert_int_equal(rates_since(50 * MINUTE + 59999), 21 * MINUTE);
    rates_free(&r);
}

static void finds_each_of_many(void **state)
{
    enum { ALERTS = 1000 };
    (void)state;
    struct rates r = {0};
    char id[UUID_SIZE];
    for (int i = 0; i < 2 * ALERTS; i++) {
        snprintf(id, sizeof id, "%d", i % ALERTS);
        add(&r, id, MINUTE, DELIVERY_DELIVERED, i % ALERTS + 1);
    }
    for (int i = 0; i < ALERTS; i++) {
        snprintf(id, sizeof id, "%d", i);
        assert_int_equal(rates_of(&r, id)->attempts[0], 2);
        assert_int_equal(rate_latency(rates_of(&r, id), 50), i + 1);
    }
    rates_free(&r);
    assert_null(rates_of(&r, "1"));
}

static void minutes_share_a_bar_where_there_is_no_room(void **state)
{
    (void)state;
    int64_t slots[RATES_MINUTES] = {[0] = 16, [1] = 1, [29] = 8};
    int levels[RATES_MINUTES];
    assert_int_equal(rate_levels(slots, 40, levels), 30);
    assert_int_equal(levels[0], 8);
    assert_int_equal(levels[1], 1); /* little is not nothing */
    assert_int_equal(levels[2], 0);
    assert_int_equal(levels[29], 4);
    assert_int_equal(rate_levels(slots, 10, levels), 10);
    assert_int_equal(levels[0], 8);
    assert_int_equal(levels[1], 0);
    assert_int_equal(levels[9], 4);
    assert_int_equal(rate_levels(slots, 29, levels), 15); /* two each, and not 29 of them */
    assert_int_equal(rate_levels(slots, 1, levels), 1);
    assert_int_equal(rate_levels(slots, 0, levels), 0);
    memset(slots, 0, sizeof slots); /* nothing happened */
    assert_int_equal(rate_levels(slots, 3, levels), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(levels[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_share_a_bar_where_there_is_no_room),
        cmocka_unit_test(counts_by_minute),
        cmocka_unit_test(rows_out_of_order_are_harmless),
        cmocka_unit_test(percentiles_are_of_the_last_answers),
        cmocka_unit_test(percentiles_are_of_the_half_hour),
        cmocka_unit_test(finds_each_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
