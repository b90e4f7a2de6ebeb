#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rules/match.h"

#define P1 "0198ec68-6e06-7253-a20b-d35c9252b9b1"
#define P2 "0198ec68-6e06-7253-a20b-d35c9252b9b2"

/* An alert of "team" on trace:errors and prompt:created. */
static int make(void **state)
{
    struct alert *a = calloc(1, sizeof *a);
    if (!a)
        return -1;
    alert_init(a);
    *state = a;
    return alert_set(&a->workspace, "team") && alert_add_trigger(a, EVENT_TRACE_ERRORS) &&
                   alert_add_trigger(a, EVENT_PROMPT_CREATED)
               ? 0
               : -1;
}

static int drop(void **state)
{
    alert_free(*state);
    free(*state);
    return 0;
}

static enum match_verdict match(const struct alert *a, enum event_type type,
                                const char *workspace, const char *project)
{
    const struct event_ref e = {type, workspace, project};
    return match_alert(a, &e);
}

static void first_reason_wins(void **state)
{
    struct alert *a = *state;
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", P1), MATCH_YES);
    assert_int_equal(match(a, EVENT_PROMPT_DELETED, "team", NULL), MATCH_NO_TRIGGER);
    const struct alert_condition errors = {
        .kind = CONDITION_ERRORS, .threshold = (char[]){"5"}, .window_s = 300};
    assert_true(
        alert_trigger_add_condition(alert_trigger_of(a, EVENT_TRACE_ERRORS), &errors));
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", P1), MATCH_MEASURED);
    a->enabled = false;
    assert_int_equal(match(a, EVENT_PROMPT_DELETED, "team", NULL), MATCH_DISABLED);
    assert_int_equal(match(a, EVENT_PROMPT_DELETED, "other", NULL), MATCH_OTHER_WORKSPACE);
    assert_int_equal(match(a, EVENT_PROMPT_DELETED, "Team", NULL), MATCH_OTHER_WORKSPACE);
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, NULL, NULL), MATCH_OTHER_WORKSPACE);
    assert_true(alert_set(&a->workspace, NULL));
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", NULL), MATCH_OTHER_WORKSPACE);
}

static void scope_takes_its_projects_only(void **state)
{
    struct alert *a = *state;
    struct alert_trigger *t = alert_trigger_of(a, EVENT_TRACE_ERRORS);
    t->scoped = true;
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", P1), MATCH_OUT_OF_SCOPE);
    assert_true(alert_trigger_add_project(t, P1));
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", P1), MATCH_YES);
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", P2), MATCH_OUT_OF_SCOPE);
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", NULL), MATCH_OUT_OF_SCOPE);
    assert_true(alert_trigger_add_project(t, P2));
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", P2), MATCH_YES);
    t->scoped = false; /* the list is kept for the form, but counts no more */
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", NULL), MATCH_YES);
}

static void project_of_the_alert_scopes_observability_only(void **state)
{
    struct alert *a = *state;
    snprintf(a->project_id, sizeof a->project_id, P1);
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", P1), MATCH_YES);
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", P2), MATCH_OUT_OF_SCOPE);
    assert_int_equal(match(a, EVENT_TRACE_ERRORS, "team", NULL), MATCH_OUT_OF_SCOPE);
    assert_int_equal(match(a, EVENT_PROMPT_CREATED, "team", NULL), MATCH_YES);
    assert_int_equal(match(a, EVENT_PROMPT_CREATED, "team", P2), MATCH_YES);
}

static void every_verdict_has_words(void **state)
{
    (void)state;
    char words[MATCH_DROPPED + 1][MATCH_WORDS_SIZE];
    for (int v = MATCH_YES; v <= MATCH_DROPPED; v++) {
        match_verdict_words((enum match_verdict)v, "18:00", words[v]);
        for (int w = MATCH_YES; w < v; w++)
            assert_string_not_equal(words[v], words[w]);
    }
    assert_string_equal(words[MATCH_DISABLED], "is disabled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_reason_wins, make, drop),
        cmocka_unit_test_setup_teardown(scope_takes_its_projects_only, make, drop),
        cmocka_unit_test_setup_teardown(project_of_the_alert_scopes_observability_only,
                                        make, drop),
        cmocka_unit_test(every_verdict_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
