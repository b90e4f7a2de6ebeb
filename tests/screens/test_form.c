/* The alert form as a screen: mouse, example, and that nothing typed is lost without a question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/console.h"

static void click(struct terminal *t, int row, int column, const char *shows)
{
    char report[64];
    snprintf(report, sizeof report, "\033[<0;%d;%dM\033[<0;%d;%dm", column, row, column, row);
    terminal_press(t, report, shows);
}

/* A new alert with a name, and one trigger. */
static struct terminal *typed(struct console_fixture *f)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    console_fixture_start(f, &options, NULL, NULL);
    terminal_wait(f->terminal, "running on");
    terminal_press(f->terminal, "n", "Create alert");
    terminal_press(f->terminal, "Typed name", "Typed name");
    terminal_press(f->terminal, "\007", "Add trigger");
    terminal_press(f->terminal, "\r", "all projects");
    return f->terminal;
}

static void a_project_is_named_without_the_blanks_around_it(void **state)
{
    struct terminal *t = typed(*state);
    terminal_press(t, "\020", "Project scope");
    terminal_press(t, "n", "Name of the project");
    terminal_press(t, "  shop \r", "[x] shop  ");
    terminal_press(t, "\r", "only shop");
}

static void nothing_typed_is_lost_without_a_question(void **state)
{
    struct terminal *t = typed(*state);
    terminal_press(t, "\033OP", "Help"); /* F1; its pages know the keys of the screens */
    terminal_press(t, "j\r", "Make an alert");
    terminal_press(t, "2", "is not saved. Leave it?");
    terminal_press(t, "n", "Make an alert");
    terminal_press(t, ":deliveries status:dead\r", "is not saved. Leave it?");
    terminal_press(t, "n\033\033", "Typed name");
    terminal_press(t, "\003", "Quit? What you changed in the form is not saved."); /* ^C */
    terminal_press(t, "n", "Typed name");
    terminal_press(t, "\033OPj\r:deliveries status:dead\r", "Leave it?");
    terminal_press(t, "y", "filter status:dead");
    terminal_press(t, "1", "There are no alerts yet");
}

/* Also what Enter does there. */
static void an_empty_field_says_what_belongs_into_it(void **state)
{
    struct terminal *t = typed(*state);
    terminal_press(t, "\017\t", "Secret token   sent as Authorization"); /* ^O */
    terminal_press(t, "\t\t", "Signing key    Enter makes one: whsec_...");
    assert_true(terminal_shows(t, "Secret token sent as Authorization"));
    terminal_type(t, "x");
    terminal_wait_gone(t, "Enter makes one");
}

/* "< Slack >" looks as if arrows moved it. The focus is on the trigger. */
static void arrows_turn_choices_and_go_along_the_buttons(void **state)
{
    struct terminal *t = typed(*state);
    int row, cancel, still;
    terminal_type(t, "\t\t\033[C\033[C");
    terminal_cursor(t, &row, &cancel);
    terminal_type(t, "\033[C"); /* there is none beside it */
    terminal_cursor(t, &row, &still);
    assert_int_equal(still, cancel);
    terminal_press(t, "\033[D\r", "not sent: see the lines marked"); /* at the URL */
    terminal_press(t, "\033[A\033[D", "< PagerDuty >");
    terminal_press(t, "\033[D", "< Slack >");
    terminal_press(t, "\033[C\033[C", "< General >");
    terminal_press(t, "x", "this is no field to type in");
}

/* What one made is what one goes on with: its test, its copy. */
static void what_was_saved_is_selected(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    struct console_fixture *f = *state;
    console_fixture_start(f, &options, NULL, NULL);
    struct terminal *t = f->terminal;
    terminal_wait(t, "running on");
    terminal_press(t, "nBeta\t\t\thttp://127.0.0.1:1/\007\r\023",
                   ">Beta "); /* ^G, Enter, ^S */
    terminal_press(t, "nGamma\t\t\thttp://127.0.0.1:1/\007\r\023", ">Gamma ");
    terminal_press(t, "nAlpha\t\t\thttp://127.0.0.1:1/\007\r\023", ">Alpha ");
    terminal_press(t, "e\033[F again\023", ">Alpha again ");
    terminal_press(t, "/name~Alpha\rnHidden\t\t\thttp://127.0.0.1:1/\007\r\023",
                   "saved Hidden");
    assert_true(terminal_shows(t, ">Alpha again ")); /* it does not pass the filter */
}

static void shows_the_example_on_a_small_screen(void **state)
{
    struct terminal *t = typed(*state);
    terminal_press(t, "\026", "\"eventType\": \"trace:errors\""); /* ^V */
    assert_true(terminal_shows(t, "\"alertName\": \"Typed name\""));
    terminal_press(t, "\033", "Create alert");
}

static void the_mouse_goes_to_fields_and_presses_buttons(void **state)
{
    struct terminal *t = typed(*state);
    int row, column;
    click(t, 5, 30, "Typed name"); /* the URL */
    terminal_cursor(t, &row, &column);
    assert_int_equal(row, 4);
    terminal_press(t, "http://127.0.0.1:1/x", "http://127.0.0.1:1/x");
    click(t, 3, 18, "[ ] no");
    click(t, 4, 18, "< Slack >");
    click(t, 7, 5, "Secret token");
    click(t, 7, 5, "(Enter opens)");
    click(t, 11, 5, "Space checks");
    terminal_press(t, "\033", "Create alert");
    click(t, 10, 5, "all projects"); /* a trigger: the focus first */
    click(t, 10, 5, "Project scope");
    terminal_press(t, "\033", "Create alert");
    click(t, 13, 45, "Leave without saving?"); /* Cancel */
}

int main(void)
{
#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, console_fixture_set_up, console_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_project_is_named_without_the_blanks_around_it),
        TEST(nothing_typed_is_lost_without_a_question),
        TEST(an_empty_field_says_what_belongs_into_it),
        TEST(arrows_turn_choices_and_go_along_the_buttons),
        TEST(what_was_saved_is_selected),
        TEST(shows_the_example_on_a_small_screen),
        TEST(the_mouse_goes_to_fields_and_presses_buttons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
