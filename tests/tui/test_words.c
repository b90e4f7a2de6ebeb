#include "screens/words.h"
#include "store/alerts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1000000 };

static void next_says_what_follows(void **state)
{
    (void)state;
    static const struct {
        struct log_row row;
        const char *want;
        enum style style;
    } cases[] = {
        {{.state = DELIVERY_DELIVERED}, "delivered", STYLE_OK},
        {{.state = DELIVERY_DEAD, .text = "answered 404"},
         "gave up: answered 404",
         STYLE_ERROR},
        {{.state = DELIVERY_DEAD, .status = 404}, "gave up", STYLE_ERROR},
        {{.state = DELIVERY_RETRYING, .next_at = NOW + 3200, .waits = true},
         "retry in 4 s",
         STYLE_WARN},
        {{.state = DELIVERY_RETRYING, .next_at = NOW + 3200}, "retry", STYLE_WARN},
        {{.state = DELIVERY_RETRYING,
          .next_at = NOW + 3200,
          .text = "refused",
          .ended = (char *)(uintptr_t) "the alert was disabled"},
         "gave up: the alert was disabled",
         STYLE_ERROR},
        {{.state = DELIVERY_RETRYING, .next_at = NOW + 1, .text = "refused", .waits = true},
         "retry in 1 s: refused",
         STYLE_WARN},
        {{.state = DELIVERY_RETRYING, .next_at = NOW, .text = "refused", .waits = true},
         "retry: refused",
         STYLE_WARN},
        {{.state = DELIVERY_RETRYING, .next_at = NOW - 99999}, "retry", STYLE_WARN},
        {{.kind = LOG_DROPPED, .text = "alert disabled"},
         "dropped: alert disabled",
         STYLE_WARN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        assert_int_equal(words_next(&cases[i].row, NOW, 80, out, sizeof out),
                         cases[i].style);
        assert_string_equal(out, cases[i].want);
    }
}

/* The wait stands elsewhere too, the reason only here. */
static void next_says_rather_why_than_when(void **state)
{
    (void)state;
    char out[64];
    const struct log_row row = {.state = DELIVERY_RETRYING,
                                .next_at = NOW + 1,
                                .text = (char *)(uintptr_t) "refused",
                                .waits = true};
    words_next(&row, NOW, 21, out, sizeof out);
    assert_string_equal(out, "retry in 1 s: refused");
    words_next(&row, NOW, 20, out, sizeof out);
    assert_string_equal(out, "retry: refused");
}

static void last_names_state_and_status(void **state)
{
    (void)state;
    char out[32];
    struct alert_row row = {0};
    words_last(&row, out, sizeof out);
    assert_string_equal(out, "-");
    row = (struct alert_row){
        .has_last = true, .last_state = DELIVERY_DELIVERED, .last_status = 200};
    assert_int_equal(words_last(&row, out, sizeof out), STYLE_OK);
    assert_string_equal(out, "delivered 200");
    row.last_state = DELIVERY_DEAD;
    row.last_status = 0;
    words_last(&row, out, sizeof out);
    assert_string_equal(out, "dead");
}

static void triggers_fit_their_column(void **state)
{
    (void)state;
    const unsigned errors = 1u << EVENT_TRACE_ERRORS,
                   guardrails = 1u << EVENT_GUARDRAILS_TRIGGERED,
                   created = 1u << EVENT_PROMPT_CREATED;
    static const char all[] =
        "errors, trace scores, thread scores, guardrails, prompt created, "
        "prompt committed, prompt deleted";
    const struct {
        unsigned triggers, scoped;
        int columns;
        const char *want;
    } cases[] = {
        {0, 0, 20, "none"},
        {errors, 0, 20, "errors"},
        {errors, errors, 20, "errors (scoped)"},
        {errors | guardrails, 0, 18, "errors, guardrails"},
        {errors | guardrails, 0, 17, "errors +1"},
        {guardrails | created, guardrails, 12, "guardrails +1"},
        {errors, errors, 3, "errors (scoped)"}, /* one is cut where it is drawn */
        {0x7f, 0, 200, all},
        {0x7f, 0, 20, "errors +6"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[160];
        words_triggers(cases[i].triggers, cases[i].scoped, cases[i].columns, out,
                       sizeof out);
        assert_string_equal(out, cases[i].want);
    }
}

static void wait_never_says_zero_while_it_waits(void **state)
{
    (void)state;
    char out[24];
    words_wait(1, out);
    assert_string_equal(out, "1 s");
    words_wait(1001, out);
    assert_string_equal(out, "2 s");
}

static void duration_keeps_its_greater_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        int columns;
        const char *want;
    } cases[] = {
        {525, 7, "525 ms"},       {525, 3, "525 ms"},     {60000, 8, "1 m 00 s"},
        {60000, 7, "1 m"},        {754000, 9, "12 m 34 s"}, {754000, 8, "12 m"},
        {3900000, 7, "1 h"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[24];
        words_duration(cases[i].ms, cases[i].columns, out);
        assert_string_equal(out, cases[i].want);
    }
}

static void count_keeps_its_size_in_a_narrow_column(void **state)
{
    (void)state;
    static const struct {
        int64_t count;
        int columns;
        const char *want;
    } cases[] = {
        {0, 1, "0"},         {10000, 5, "10000"},   {10000, 4, "10k"},
        {181499, 5, "181k"}, {181499, 6, "181499"}, {1999999, 5, "1999k"},
        {1999999, 4, "1M"},  {1000000, 5, "1000k"}, {25000000000, 3, "25G"},
        {999, 2, "999"},     {1000, 2, "1k"},       {INT64_MAX, 5, "9223372036G"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[24];
        words_count(cases[i].count, cases[i].columns, out);
        assert_string_equal(out, cases[i].want);
    }
}

static void left_alone_keeps_its_time_in_a_narrow_column(void **state)
{
    (void)state;
    static const struct {
        bool open;
        int64_t ms;
        int columns;
        const char *want;
    } cases[] = {
        {false, 19500, 12, "paused, 20 s"},
        {false, 19500, 11, "wait 20 s"},
        {true, 19500, 19, "open, probe in 20 s"},
        {true, 19500, 18, "open 20 s"},
        {false, 65000, 13, "wait 1 m 05 s"},
        {false, 65000, 12, "wait 1 m"},
        {true, 290000, 10, "open 4 m"},
        {true, -1, 19, "open, probe in 0 ms"}, /* due, and not yet begun */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        words_left_alone(cases[i].open, cases[i].ms, cases[i].columns, out, sizeof out);
        assert_string_equal(out, cases[i].want);
    }
}

/* Where nobody verifies who answers, both the name and the endpoint say so. */
static void insecure_is_loud(void **state)
{
    struct alert_row row = {.name = "prod", .origin = "https://h"};
    char out[64];
    (void)state;
    assert_int_equal(words_name(&row, out, sizeof out), STYLE_NORMAL);
    assert_string_equal(out, "prod");
    assert_int_equal(words_endpoint(&row, out, sizeof out), STYLE_NORMAL);
    assert_string_equal(out, "https://h");
    row.insecure = true;
    assert_int_equal(words_name(&row, out, sizeof out), STYLE_ERROR);
    assert_string_equal(out, "! prod");
    assert_int_equal(words_endpoint(&row, out, sizeof out), STYLE_ERROR);
    assert_string_equal(out, "INSECURE https://h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_says_what_follows),
        cmocka_unit_test(next_says_rather_why_than_when),
        cmocka_unit_test(insecure_is_loud),
        cmocka_unit_test(last_names_state_and_status),
        cmocka_unit_test(triggers_fit_their_column),
        cmocka_unit_test(duration_keeps_its_greater_unit),
        cmocka_unit_test(count_keeps_its_size_in_a_narrow_column),
        cmocka_unit_test(left_alone_keeps_its_time_in_a_narrow_column),
        cmocka_unit_test(wait_never_says_zero_while_it_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
