/* The person's own editor, as a script: what it does to the console that waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/console.h"
#include "support/tempdir.h"

static int set_up(void **state)
{
    console_fixture_set_up(state);
    ((struct console_fixture *)*state)->dir = tempdir_make();
    return 0;
}

/* A dead delivery, opened; `script` is the editor, and gets the file as $1. */
static struct terminal *with_editor(struct console_fixture *f, const char *script)
{
    const struct terminal_options options = {.rows = 30, .columns = 100};
    char path[512], env[600];
    snprintf(path, sizeof path, "%s/editor.sh", f->dir);
    snprintf(env, sizeof env, "EDITOR=sh %s", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(script, file);
    fclose(file);
    console_fixture_start(f, &options, env, "--set=retry.max=0");
    terminal_wait(f->terminal, "running on");
    console_fixture_add_alert(f, "Alpha", "trace:errors", "http://127.0.0.1:1/");
    terminal_wait(f->terminal, "Alpha");
    console_fixture_send_error(f);
    terminal_press(f->terminal, "2", " dead ");
    terminal_press(f->terminal, "\r", "Delivery 0");
    return f->terminal;
}

/* ^C goes to all that the terminal runs; ^Z stops an editor for good, where nobody goes on. */
static void its_signals_are_its_own(void **state)
{
    struct terminal *t = with_editor(*state, "trap : INT\n"
                                             "kill -INT 0\n"
                                             "kill -STOP $$\n"
                                             "sed -i s/trace:errors/edited/ \"$1\"\n");
    terminal_press(t, "e", "The edited body of trace:errors");
    terminal_wait(t, "It failed: connection refused");
    terminal_press(t, "\033", "Delivery 0");
}

static void a_slip_does_not_cost_what_was_edited(void **state)
{
    struct terminal *t = with_editor(*state, "if grep -q slip \"$1\"\n"
                                             "then echo '{\"mended\": 1}' >\"$1\"\n"
                                             "else echo '{\"slip\": ' >\"$1\"\n"
                                             "fi\n");
    terminal_press(t, "e", "nothing was sent: that is no JSON; e goes on with it");
    terminal_press(t, "e", "The edited body of trace:errors");
    terminal_press(t, "\033", "Delivery 0");
    terminal_press(t, "e",
                   "that is no JSON"); /* what was sent is done with: from the start */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, console_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_signals_are_its_own),
        TEST(a_slip_does_not_cost_what_was_edited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
