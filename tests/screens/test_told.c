/* What the console tells in its last line, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "support/console.h"

static int set_up(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 80};
    struct console_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    console_fixture_start(f, &options, NULL, NULL);
    terminal_wait(f->terminal, "running on");
    console_fixture_add_alert(f, "Alpha", "trace:errors", "https://example.org/a");
    terminal_wait(f->terminal, "Alpha");
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

static void press(struct terminal *t, const char *keys, const char *shows)
{
    terminal_type(t, keys);
    terminal_wait(t, shows);
}

/* The first entry of the key bar is "n New". */
static void a_click_on_it_takes_it_away_and_does_nothing_else(void **state)
{
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    press(t, "m", "mouse off");
    press(t, "m", "mouse on");
    press(t, "\033[<0;3;24M\033[<0;3;24m", "n New");
    assert_false(terminal_shows(t, "New alert"));
    press(t, "\033[<0;3;24M\033[<0;3;24m", "New alert");
}

static void a_new_size_leaves_it(void **state)
{
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    press(t, "m", "mouse off");
    terminal_resize(t, 20, 70);
    terminal_settle(t, 100);
    assert_true(terminal_shows(t, "mouse off"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_click_on_it_takes_it_away_and_does_nothing_else),
        TEST(a_new_size_leaves_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
