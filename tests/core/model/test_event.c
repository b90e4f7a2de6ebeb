#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "model/event.h"

static const struct {
    enum event_type type;
    const char *name, *title;
    bool observability;
} DOCUMENTED[] = {
    {EVENT_TRACE_ERRORS, "trace:errors", "New error in trace", true},
    {EVENT_TRACE_FEEDBACK_SCORE, "trace:feedback_score", "New score added to trace", true},
    {EVENT_THREAD_FEEDBACK_SCORE, "trace_thread:feedback_score",
     "New score added to thread", true},
    {EVENT_GUARDRAILS_TRIGGERED, "trace:guardrails_triggered", "Guardrails triggered",
     true},
    {EVENT_PROMPT_CREATED, "prompt:created", "New prompt added", false},
    {EVENT_PROMPT_COMMITTED, "prompt:committed", "New prompt version created", false},
    {EVENT_PROMPT_DELETED, "prompt:deleted", "Prompt deleted", false},
    {EVENT_EXPERIMENT_FINISHED, "experiment:finished", "Experiment finished", false},
    {EVENT_TRACE_COST, "trace:cost", "Cost threshold", true},
    {EVENT_TRACE_LATENCY, "trace:latency", "Latency threshold", true},
};

static void table_holds_the_documented_types(void **state)
{
    (void)state;
    assert_int_equal(sizeof DOCUMENTED / sizeof *DOCUMENTED, EVENT_TYPE_COUNT);
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
        const struct event_type_info *info = event_type_info(DOCUMENTED[i].type);
        assert_string_equal(info->name, DOCUMENTED[i].name);
        assert_string_equal(event_type_name(DOCUMENTED[i].type), DOCUMENTED[i].name);
        assert_string_equal(info->title, DOCUMENTED[i].title);
        assert_int_equal(info->observability, DOCUMENTED[i].observability);
        assert_int_equal(info->measured, i >= EVENT_TRACE_COST);
        assert_in_range(text_columns(span_of(info->description)), 20, 60);
        assert_true(text_is_safe(span_of(info->description), TEXT_LINE));
    }
}

static void a_workspace_has_a_name_that_a_header_can_carry(void **state)
{
    (void)state;
    char name[2 * WORKSPACE_MAX + 2] = "";
    assert_true(workspace_fits("default"));
    assert_true(workspace_fits("d"));
    assert_true(workspace_fits("Team Süd"));
    assert_false(workspace_fits(""));
    assert_false(workspace_fits("a\nb"));
    assert_false(workspace_fits("\x1b[31m"));
    assert_false(workspace_fits("\xff"));
    for (int i = 0; i < WORKSPACE_MAX; i++)
        strcat(name, "ü");
    assert_true(workspace_fits(name));
    strcat(name, "x");
    assert_false(workspace_fits(name));
}

static void parse_finds_every_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
        enum event_type type = EVENT_TYPE_COUNT;
        assert_true(event_type_parse(span_of(DOCUMENTED[i].name), &type));
        assert_int_equal(type, DOCUMENTED[i].type);
    }
}

static void parse_refuses_other_names(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        "trace",
                                        "trace:errors ",
                                        "TRACE:ERRORS",
                                        "span:guardrails_triggered",
                                        "trace:error"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum event_type type = EVENT_TYPE_COUNT;
        assert_false(event_type_parse(span_of(names[i]), &type));
        assert_int_equal(type, EVENT_TYPE_COUNT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_holds_the_documented_types),
        cmocka_unit_test(a_workspace_has_a_name_that_a_header_can_carry),
        cmocka_unit_test(parse_finds_every_name),
        cmocka_unit_test(parse_refuses_other_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
