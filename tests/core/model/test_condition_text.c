/* Conditions as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/condition_text.h"

static const struct {
    enum event_type type;
    const char *typed, *shown; /* NULL: the same */
} ROWS[] = {
    {EVENT_TRACE_ERRORS, "over 10 in 15m", NULL},
    {EVENT_TRACE_ERRORS, "  > 10   in  900s ", "over 10 in 15m"},
    {EVENT_TRACE_COST, "above 12.5 in 1d", "over 12.5 in 1d"},
    {EVENT_TRACE_FEEDBACK_SCORE, "relevance under 0.7 in 1h", NULL},
    {EVENT_TRACE_FEEDBACK_SCORE, "mood under -0.5 in 1h", NULL},
    {EVENT_THREAD_FEEDBACK_SCORE, "answer in time < 0.7 in 1h OR other > .9 in 90s",
     "answer in time under 0.7 in 1h or other over .9 in 90s"},
    {EVENT_TRACE_ERRORS, "over 1 in 1s", NULL},
    {EVENT_TRACE_ERRORS, "over 1 in 31d", NULL},
    /* What SDKs call their scores can be anything. */
    {EVENT_TRACE_FEEDBACK_SCORE, "x over 1 in 1h", NULL},
    {EVENT_TRACE_FEEDBACK_SCORE, "above average under 0.7 in 1h or over over 1 in 1m",
     NULL},
    {EVENT_TRACE_FEEDBACK_SCORE, "two  blanks\tand a tab under 0.7 in 1h", NULL},
    {EVENT_TRACE_ERRORS, "   ", ""},
};

static void comes_back_as_it_is_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct alert_trigger t = {.type = ROWS[i].type};
        struct err err = {0};
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        if (!condition_text_read(span_of(ROWS[i].typed), &t, &err))
            fail_msg("%s: %s", ROWS[i].typed, err.text);
        assert_true(condition_text_write(&t, &out));
        assert_string_equal(buf_text(&out), ROWS[i].shown ? ROWS[i].shown : ROWS[i].typed);
        alert_trigger_clear_conditions(&t);
        buf_free(&out);
    }
}

static void what_cannot_be_is_told_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        enum event_type type;
        const char *typed, *words;
    } rows[] = {
        {EVENT_TRACE_ERRORS, "10", "over 10 in 15m"},
        {EVENT_TRACE_ERRORS, "over 10", "over 10 in 15m"},
        {EVENT_TRACE_ERRORS, "over 10 in", "over 10 in 15m"},
        {EVENT_TRACE_ERRORS, "name over 10 in 15m", "over 10 in 15m"},
        {EVENT_TRACE_ERRORS, "over ten in 15m", "must be a number"},
        {EVENT_TRACE_ERRORS, "under 10 in 15m", "only scores"},
        {EVENT_TRACE_ERRORS, "over 10 in 15", "such as 15m"},
        {EVENT_TRACE_ERRORS, "over 10 in 500ms", "whole seconds"},
        {EVENT_TRACE_ERRORS, "over 10 in 1500ms", "whole seconds"},
        {EVENT_TRACE_ERRORS, "over 10 within 15m", "over 10 in 15m"},
        {EVENT_TRACE_ERRORS, "over 10 in 32d", "31 days"},
        {EVENT_TRACE_ERRORS, "over 10 in 15m or", "over 10 in 15m"},
        {EVENT_TRACE_ERRORS, "over 10 in 15m and over 2 in 1m", "over 10 in 15m"},
        {EVENT_TRACE_FEEDBACK_SCORE, "under 0.7 in 1h", "relevance under"},
        {EVENT_PROMPT_CREATED, "over 1 in 1h", "no threshold"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert_trigger t = {.type = rows[i].type};
        struct err err = {0};
        const struct alert_condition was = {.threshold = (char[]){"1"}, .window_s = 60};
        assert_true(alert_trigger_add_condition(&t, &was));
        if (condition_text_read(span_of(rows[i].typed), &t, &err))
            fail_msg("taken: %s", rows[i].typed);
        if (!strstr(err.text, rows[i].words))
            fail_msg("%s: %s", rows[i].typed, err.text);
        assert_int_equal(t.condition_count, 1);
        alert_trigger_clear_conditions(&t);
    }
}

/* Said twice, two would have one. */
static void ids_are_left_to_the_store(void **state)
{
    (void)state;
    struct alert_trigger t = {.type = EVENT_TRACE_ERRORS};
    struct err err = {0};
    assert_true(condition_text_read(span_of("over 9 in 1m"), &t, &err));
    snprintf(t.conditions[0].id, sizeof t.conditions[0].id, "the-first");
    assert_true(condition_text_read(span_of("over 9 in 1m or over 9 in 1m"), &t, &err));
    assert_int_equal(t.condition_count, 2);
    assert_string_equal(t.conditions[0].id, "");
    assert_string_equal(t.conditions[1].id, "");
    alert_trigger_clear_conditions(&t);
    assert_int_equal(t.condition_count, 0);
}

static void a_line_has_an_end(void **state)
{
    (void)state;
    struct alert_trigger t = {.type = EVENT_TRACE_ERRORS};
    struct err err = {0};
    char line[1000] = "";
    for (int i = 0; i < 130; i++)
        strcat(line, "x ");
    assert_false(condition_text_read(span_of(line), &t, &err));
    assert_string_equal(err.text, "too many words for a threshold");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_is_shown),
        cmocka_unit_test(what_cannot_be_is_told_and_changes_nothing),
        cmocka_unit_test(ids_are_left_to_the_store),
        cmocka_unit_test(a_line_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
