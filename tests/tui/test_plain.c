/* The console as lines: through pipes, as a screen reader or a script has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/program.h"

static const char calling[] = "--plain --set intake.listen=127.0.0.1:0";

static void says_the_screens_as_lines(void **state)
{
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 0, "7\nj\n:alerts\n", calling);
    assert_non_null(strstr(r.out, "There are no alerts yet"));
    assert_non_null(strstr(r.out, "\nretry.max 3 default attempts after the first one\n"));
    assert_non_null(strstr(r.out, "\n> intake.api_key "));
    assert_null(strchr(r.out, '\033'));
    assert_null(strstr(r.out, "\xe2\x94")); /* no frames */
    /* What was said is not said again: the second screen of settings does not come twice. */
    const char *first = strstr(r.out, "intake.max_body");
    assert_non_null(first);
    assert_null(strstr(first + 1, "intake.max_body"));
    run_free(&r);
}

static void a_dialog_is_said_without_what_it_covers(void **state)
{
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 0, "?\n", calling);
    const char *dialog = strstr(r.out, "What can be done here");
    assert_non_null(dialog);
    assert_non_null(strstr(dialog, "\nalert edit e, Enter no: nothing is selected"));
    assert_null(strstr(dialog, "There are no alerts"));
    run_free(&r);
}

static void an_alert_is_made_by_typing_lines(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    char words[200];
    snprintf(words, sizeof words, "%s", calling);
    program_start(p, &c, words); /* standard input is empty: it ends by itself */
    assert_int_equal(run_wait_end(&c, RUN_DEADLINE_MS), 0);
    run_kill(&c);
    struct run r;
    program_expect(p, &r, 0,
                   "nSpoken<tab><tab><tab>http://127.0.0.1:1/x<^g>\n\n<^s>\n7\n1\n", calling);
    run_free(&r);
    json_t *list = program_json(p, "alert list --json");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "name")),
                        "Spoken");
    json_decref(list);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, program_setup, program_teardown)
    const struct CMUnitTest tests[] = {
        TEST(says_the_screens_as_lines),
        TEST(a_dialog_is_said_without_what_it_covers),
        TEST(an_alert_is_made_by_typing_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
