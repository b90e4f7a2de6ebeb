/* What actions are about when rows come and go, and how many at once: marks, questions, filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/console.h"

static int set_up(void **state)
{
    struct console_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct console_fixture *f = *state;
    console_fixture_remove(f);
    free(f);
    return 0;
}

static struct terminal *start(struct console_fixture *f, const char *argument)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    console_fixture_start(f, &options, NULL, argument);
    terminal_wait(f->terminal, "running on");
    return f->terminal;
}

static void press(struct terminal *t, const char *keys, const char *shows)
{
    terminal_type(t, keys);
    terminal_wait(t, shows);
}

static void add_alert(struct console_fixture *f, const char *name, const char *url)
{
    console_fixture_add_alert(f, name, "trace:errors", url);
    terminal_wait(f->terminal, name);
}

/* Another process deletes the alert while the question stands. */
static void the_answer_is_about_what_was_asked(void **state)
{
    struct console_fixture *f = *state;
    struct terminal *t = start(f, NULL);
    char words[1024];
    add_alert(f, "Alpha", "https://example.org/a");
    add_alert(f, "Beta", "https://example.org/b");
    add_alert(f, "Gamma", "https://example.org/c");
    press(t, "jD", "Delete the alert \"Beta\"?");
    snprintf(words, sizeof words,
             "alert delete $($OPIK_ALERTS --data-dir=%s/data alert list --filter name:Beta | "
             "sed -n '2s_ .*__p')",
             f->dir);
    assert_int_equal(console_fixture_run(f, words), 0);
    terminal_settle(t, 1500); /* other processes are looked at once a second */
    press(t, "y", "1 alert is gone in 10 s");
    terminal_type(t, "k");
    terminal_wait_gone(t, "Beta");
    assert_true(terminal_shows(t, "Alpha"));
    assert_true(terminal_shows(t, "Gamma"));
    assert_false(terminal_shows(t, "gone in")); /* neither of those that are left */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_answer_is_about_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
