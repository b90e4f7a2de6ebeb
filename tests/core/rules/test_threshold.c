/* Conditions: values, comparison, when they fire, what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rules/threshold.h"

static struct alert_condition condition(enum condition_kind kind, const char *threshold)
{
    return (struct alert_condition){
        .kind = kind, .threshold = (char *)(uintptr_t)threshold, .window_s = 900};
}

static void values_are_counts_sums_or_averages(void **state)
{
    (void)state;
    static const struct {
        enum condition_kind kind;
        struct threshold_sum sum;
        bool known;
        double value;
    } rows[] = {
        {CONDITION_ERRORS, {0, 0}, true, 0},     {CONDITION_ERRORS, {7, 0}, true, 7},
        {CONDITION_COST, {0, 0}, true, 0},       {CONDITION_COST, {3, 1.5}, true, 1.5},
        {CONDITION_FEEDBACK, {0, 0}, false, 0},  {CONDITION_FEEDBACK, {4, 2}, true, 0.5},
        {CONDITION_LATENCY, {0, 0}, false, 0},   {CONDITION_LATENCY, {2, 9}, true, 4.5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct alert_condition c = condition(rows[i].kind, "1");
        double value = -1;
        assert_int_equal(threshold_value(&c, &rows[i].sum, &value), rows[i].known);
        if (rows[i].known)
            assert_true(value == rows[i].value);
    }
}

static void equal_is_neither_over_nor_under(void **state)
{
    (void)state;
    struct alert_condition c = condition(CONDITION_FEEDBACK, "0.5");
    assert_true(threshold_met(&c, 0.51));
    assert_false(threshold_met(&c, 0.5));
    assert_false(threshold_met(&c, 0.49));
    c.below = true;
    assert_true(threshold_met(&c, 0.49));
    assert_false(threshold_met(&c, 0.5));
}

static void fires_when_it_becomes_true_and_not_while_it_stays(void **state)
{
    (void)state;
    struct threshold_state s = {0};
    assert_false(threshold_step(&s, false, 0, 0));
    assert_true(threshold_step(&s, true, 10, 0));
    assert_false(threshold_step(&s, true, 1000000000, 0));
    assert_false(threshold_step(&s, false, 1000000001, 0));
    assert_true(threshold_step(&s, true, 1000000002, 0));
}

static void repeats_only_when_it_is_asked_to(void **state)
{
    (void)state;
    struct threshold_state s = {0};
    assert_true(threshold_step(&s, true, 1000, 300));
    assert_false(threshold_step(&s, true, 1299, 300));
    assert_true(threshold_step(&s, true, 1300, 300));
    assert_false(threshold_step(&s, true, 1599, 300));
    assert_true(threshold_step(&s, true, 5000, 300));
}

static void says_what_opik_says(void **state)
{
    (void)state;
    struct alert_condition c = condition(CONDITION_ERRORS, "10");
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(threshold_entity(EVENT_TRACE_ERRORS, &c, 15, "a,b", "Shop,\"x\"", &out));
    assert_string_equal(buf_text(&out),
                        "{\"event_type\":\"TRACE_ERRORS\",\"metric_name\":\"trace:errors\","
                        "\"metric_value\":\"15\",\"threshold\":\"10\",\"window_seconds\":900,"
                        "\"project_ids\":\"a,b\",\"project_names\":\"Shop,\\\"x\\\"\"}");
    buf_clear(&out);
    c = condition(CONDITION_FEEDBACK, "0.7");
    c.name = (char[]){"relevance"};
    c.below = true;
    assert_true(threshold_entity(EVENT_THREAD_FEEDBACK_SCORE, &c, 0.42, "", "", &out));
    assert_string_equal(
        buf_text(&out),
        "{\"event_type\":\"TRACE_THREAD_FEEDBACK_SCORE\","
        "\"metric_name\":\"trace_thread:feedback_score\",\"metric_value\":\"0.42\","
        "\"threshold\":\"0.7\",\"window_seconds\":900,\"project_ids\":\"\","
        "\"project_names\":\"\",\"feedback_score_name\":\"relevance\",\"operator\":\"<\"}");
    buf_clear(&out);
    c.name = NULL;
    c.below = false;
    assert_true(threshold_entity(EVENT_TRACE_FEEDBACK_SCORE, &c, 0.8, "", "", &out));
    assert_non_null(
        strstr(buf_text(&out), ",\"feedback_score_name\":\"\",\"operator\":\">\"}"));
    buf_free(&out);
}

static void texts_are_short_decimals(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0, "0"},
                {15, "15"},
                {0.1, "0.1"},
                {1.0 / 3, "0.333333333"},
                {100, "100"},
                {12.50, "12.5"},
                {1e28, "9999999999999999583119736832"},
                {2e29, "2e+29"}, /* one more digit than there is room for */
                {-1.5e300, "-1.5e+300"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[THRESHOLD_TEXT_SIZE];
        threshold_text(rows[i].value, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_counts_sums_or_averages),
        cmocka_unit_test(equal_is_neither_over_nor_under),
        cmocka_unit_test(fires_when_it_becomes_true_and_not_while_it_stays),
        cmocka_unit_test(repeats_only_when_it_is_asked_to),
        cmocka_unit_test(says_what_opik_says),
        cmocka_unit_test(texts_are_short_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
