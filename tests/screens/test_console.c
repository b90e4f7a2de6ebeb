/* The console in a real terminal, driven by keys: what an operator does on the first day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/console.h"

/* A new alert with one trigger, up to the form with everything typed. */
static void type_alert(struct terminal *t, const char *name, const char *url)
{
    terminal_type(t, "n");
    terminal_wait(t, "New alert");
    terminal_type(t, name);
    terminal_type(t, "\t\t\t");
    terminal_type(t, url);
    terminal_type(t, "\007"); /* ^G: add a trigger */
    terminal_wait(t, "Add trigger");
    terminal_type(t, "\r");
    terminal_wait(t, "all projects");
}

static void says_how_to_begin(void **state)
{
    struct console_fixture *f = *state;
    terminal_golden(f->terminal, "empty-80x24");
    terminal_resize(f->terminal, 12, 40);
    terminal_wait(f->terminal, "There are no alerts yet");
    terminal_golden(f->terminal, "empty-40x12");
}

static void creates_an_alert_by_keys(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    type_alert(t, "Production errors", "https://example.org/hook");
    terminal_type(t, "\017"); /* ^O: advanced */
    terminal_wait(t, "Secret token");
    terminal_type(t, "\ts3cret");
    assert_false(terminal_shows(t, "s3cret"));
    terminal_golden(t, "form-typed-80x24");
    terminal_type(t, "\023"); /* ^S */
    terminal_wait(t, "saved Production errors");
    terminal_wait(t, "https://example.org");
    terminal_wait_gone(t, "saved");
    terminal_golden(t, "alerts-80x24");
}

static void makes_a_signing_key_and_marks_insecure(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    type_alert(t, "Signed", "https://example.org/hook");
    terminal_type(t, "\017"); /* ^O: advanced */
    terminal_wait(t, "Enter makes one");
    terminal_type(t, "\t\t\t\r");
    terminal_wait(t, "whsec_");
    terminal_type(t, "\t");
    terminal_wait_gone(t, "whsec_");
    terminal_type(t, "\t\t\t ");
    terminal_wait(t, "INSECURE: whoever answers gets the token");
    terminal_golden(t, "form-insecure-80x24");
    terminal_type(t, "\023"); /* ^S */
    terminal_wait(t, "saved Signed");
    terminal_wait(t, "INSECURE https://e");
    terminal_wait_gone(t, "saved");
    terminal_golden(t, "alerts-insecure-80x24");
    terminal_type(t, "5");
    terminal_wait(t, "1 INSECURE; all workspaces: 0 events wait");
    terminal_type(t, "1c"); /* a copy is another endpoint's: it gets a key of its own */
    terminal_wait(t, "Signed (copy)");
    assert_true(terminal_shows(t, "INSECURE: whoever"));
    assert_false(terminal_shows(t, "generate"));
    terminal_type(t, "\023");
    terminal_wait(t, "saved Signed (copy)");
}

/* 255 characters are the limit, not 255 bytes. */
static void a_copy_keeps_a_long_name_whole(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    char name[2 * 124 + 2] = "x";
    for (size_t i = 0; i < 124; i++)
        memcpy(name + 1 + 2 * i, "\xc3\xa9", 3);
    console_fixture_add_alert(f, name, "trace:errors", "https://example.org/hook");
    terminal_wait(t, "x\xc3\xa9");
    terminal_type(t, "c");
    terminal_wait(t, "(copy)");
    assert_true(terminal_shows(t, "\xc3\xa9\xc3\xa9 (copy)"));
    terminal_type(t, "\023");
    terminal_wait(t, "saved x\xc3\xa9");
}

static void pages_on_a_threshold(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    type_alert(t, "Costs", "");
    terminal_type(t, "\030"); /* ^X takes the new trigger away again */
    terminal_wait_gone(t, "all projects");
    terminal_type(t, "\007"); /* ^G, and down to the costs */
    terminal_wait(t, "Add trigger");
    terminal_type(t, "jjjjjjjj\r");
    terminal_wait(t, "Cost threshold");
    terminal_type(t, "\031"); /* ^Y: it is under the cursor */
    terminal_wait(t, "Threshold, such as");
    terminal_type(t, "over ten in 1h\r");
    terminal_wait(t, "must be a number");
    terminal_type(t, "\025over 12.5 in 1h\r");
    terminal_wait(t, "over 12.5 in 1h, all projects");
    for (int i = 0; i < 3; i++)
        terminal_type(t, "\033[A");
    terminal_type(t, "  ");
    terminal_wait(t, "< PagerDuty >");
    terminal_type(t, "\t\tr0uting-key\t  ");
    terminal_wait(t, "< error >");
    assert_false(terminal_shows(t, "r0uting"));
    terminal_golden(t, "form-pagerduty-80x24");
    terminal_type(t, "\023");
    terminal_wait(t, "https://events.pagerdut");
}

static void says_what_is_wrong_beside_the_field(void **state)
{
    struct console_fixture *f = *state;
    terminal_type(f->terminal, "n");
    terminal_wait(f->terminal, "New alert");
    terminal_type(f->terminal, "\t\t\tftp://x\023");
    terminal_wait(f->terminal, "A name is required");
    assert_true(terminal_shows(f->terminal, "Must start with http:// or https://"));
    assert_true(terminal_shows(f->terminal, "Add at least one trigger"));
}

static void tests_a_connection_without_saving(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    type_alert(t, "Unsaved", "http://127.0.0.1:1/hook");
    terminal_type(t, "\024"); /* ^T */
    terminal_wait(t, "It failed: connection refused");
    terminal_type(t, "q");
    terminal_wait_gone(t, "It failed");
    terminal_type(t, "\033");
    terminal_wait(t, "Leave without saving?");
    terminal_type(t, "y");
    terminal_wait(t, "There are no alerts yet");
}

static void deletes_after_a_question_that_names_the_alert(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = f->terminal;
    type_alert(t, "Short lived", "https://example.org/hook");
    terminal_type(t, "\023");
    terminal_wait(t, "https://example.org");
    terminal_type(t, "D");
    terminal_wait(t, "Delete the alert \"Short lived\"?");
    terminal_type(t, "\r"); /* is no yes */
    assert_true(terminal_shows(t, "Delete the alert"));
    terminal_type(t, "n");
    terminal_wait_gone(t, "Delete the alert");
    terminal_type(t, "Dy");
    terminal_wait(t, "gone in 10 s");
    terminal_type(t, "jjj"); /* and any key takes the message away */
    terminal_wait(t, "Quit");
}

static void opens_the_help(void **state)
{
    struct console_fixture *f = *state;
    terminal_type(f->terminal, "\033OP"); /* F1 */
    terminal_wait(f->terminal, "Getting started");
    terminal_type(f->terminal, "j\r");
    terminal_wait(f->terminal, "Make an alert");
    terminal_type(f->terminal, "\033");
    terminal_settle(f->terminal, 100);
    terminal_type(f->terminal, "\033");
    terminal_wait(f->terminal, "There are no alerts yet");
}

/* The keys of the place one came from stand first; q goes back, step by step. */
static void the_help_begins_where_one_was(void **state)
{
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    terminal_press(t, "9", "Nobody has changed anything yet");
    terminal_press(t, "\033OP", "In the audit"); /* F1 */
    terminal_press(t, "\r", "Back");
    terminal_press(t, "q", "Close");
    terminal_press(t, "q", "Nobody has changed anything yet");
}

/* A page that is read has the width that the screens drawn in it need. */
static void a_page_shows_drawn_screens_whole(void **state)
{
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    terminal_press(t, "\033OP", "Getting started"); /* F1 */
    terminal_type(t, "jjj\r");
    terminal_wait(
        t,
        " Production errors  yes http://10.0.0.8:8080     errors            delivered 200");
    terminal_resize(t, 24, 120);
    terminal_wait(t, "\342\224\202      Production errors  yes");
    terminal_press(t, "q", "Close");
}

static void survives_every_size(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 5}, {5, 20}, {12, 40}, {60, 200}, {24, 80}};
    struct console_fixture *f = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        terminal_resize(f->terminal, sizes[i][0], sizes[i][1]);
        terminal_settle(f->terminal, 100);
    }
    terminal_wait(f->terminal, "There are no alerts yet");
}

static void leaves_in_order_on_sigterm(void **state)
{
    struct console_fixture *f = *state;
    kill(terminal_pid(f->terminal), SIGTERM);
    assert_int_equal(terminal_exit(f->terminal), 0);
}

int main(void)
{
#define IN_CONSOLE(test)                                                                   \
    cmocka_unit_test_setup_teardown(test, console_fixture_set_up_running,                  \
                                    console_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        IN_CONSOLE(says_how_to_begin),
        IN_CONSOLE(creates_an_alert_by_keys),
        IN_CONSOLE(makes_a_signing_key_and_marks_insecure),
        IN_CONSOLE(a_copy_keeps_a_long_name_whole),
        IN_CONSOLE(pages_on_a_threshold),
        IN_CONSOLE(says_what_is_wrong_beside_the_field),
        IN_CONSOLE(tests_a_connection_without_saving),
        IN_CONSOLE(deletes_after_a_question_that_names_the_alert),
        IN_CONSOLE(opens_the_help),
        IN_CONSOLE(the_help_begins_where_one_was),
        IN_CONSOLE(a_page_shows_drawn_screens_whole),
        IN_CONSOLE(survives_every_size),
        IN_CONSOLE(leaves_in_order_on_sigterm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
