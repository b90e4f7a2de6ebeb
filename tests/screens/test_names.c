/* Names of every script in what the console says: cut by columns, where they must be cut, and never
 * within a character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/console.h"

enum { ACCENTED = 124 };

struct named {
    struct console_fixture f;
    char name[2 * ACCENTED + 2]; /* an x, then letters of two bytes: any even count cuts one */
};

static int set_up(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 200};
    struct named *n = calloc(1, sizeof *n);
    assert_non_null(n);
    strcpy(n->name, "x");
    for (size_t i = 0; i < ACCENTED; i++)
        strcat(n->name, "\xc3\xa9");
    console_fixture_start(&n->f, &options, NULL, NULL);
    terminal_wait(n->f.terminal, "running on");
    console_fixture_add_alert(&n->f, n->name, "trace:errors", "https://example.org/hook");
    terminal_wait(n->f.terminal, "x\xc3\xa9");
    *state = n;
    return 0;
}

static int tear_down(void **state)
{
    struct named *n = *state;
    console_fixture_remove(&n->f);
    free(n);
    return 0;
}

static void press(struct terminal *t, const char *keys, const char *shows)
{
    terminal_type(t, keys);
    terminal_wait(t, shows);
    assert_false(terminal_shows(t, "\\xc3")); /* half a letter */
}

static void a_toast_holds_the_whole_name(void **state)
{
    struct named *n = *state;
    char words[300];
    snprintf(words, sizeof words, "disabled %s", n->name);
    press(n->f.terminal, "o", words);
    press(n->f.terminal, "e", "Edit alert");
    snprintf(words, sizeof words, "saved %s", n->name);
    press(n->f.terminal, "\023", words);
}

static void a_question_says_that_it_was_cut(void **state)
{
    struct named *n = *state;
    press(n->f.terminal, "D", "\xc3\xa9\xe2\x80\xa6\"?"); /* é…"? */
    press(n->f.terminal, "nX", "\xc3\xa9\xe2\x80\xa6\"");
    press(n->f.terminal, "\033w", "Workspace");
    press(n->f.terminal, n->name, "x\xc3\xa9");
    press(n->f.terminal, "\r", "There is no workspace");
    press(n->f.terminal, "y", "There are no alerts yet");
}

static void a_filter_and_a_command_too(void **state)
{
    struct named *n = *state;
    char keys[400];
    snprintf(keys, sizeof keys, "/%.99s %.99s %.99s\r", n->name, n->name, n->name);
    press(n->f.terminal, keys, "1 of 1 alerts, filter x\xc3\xa9");
    assert_true(terminal_shows(n->f.terminal, "\xc3\xa9\xe2\x80\xa6"));
    snprintf(keys, sizeof keys, ":sort %s\r", n->name);
    press(n->f.terminal, keys, "\xc3\xa9\xe2\x80\xa6; there are NAME");
    snprintf(keys, sizeof keys, ":%s\r", n->name);
    press(n->f.terminal, keys, "no such command here: x\xc3\xa9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_toast_holds_the_whole_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_says_that_it_was_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_filter_and_a_command_too, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
