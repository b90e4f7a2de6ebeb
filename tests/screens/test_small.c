/* Dialogs where there is hardly room for them: what they are about stays in sight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "support/console.h"

static int set_up(void **state)
{
    console_fixture_set_up_running(state);
    struct console_fixture *f = *state;
    console_fixture_add_alert(f, "Alpha", "trace:errors", "http://127.0.0.1:1/");
    terminal_wait(f->terminal, "Alpha");
    return 0;
}

static void a_question_keeps_its_answers(void **state)
{
    static const struct {
        int rows, columns;
    } sizes[] = {{24, 80}, {12, 40}, {9, 30}, {6, 20}};
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    terminal_press(t, "D", "Delete the alert \"Alpha\"?");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        terminal_resize(t, sizes[i].rows, sizes[i].columns);
        terminal_settle(t, 100);
        terminal_wait(t, "y yes   n no");
        assert_true(terminal_shows(t, "Delete the"));
    }
}

static void a_test_shows_its_outcome(void **state)
{
    static const struct {
        int rows, columns;
    } sizes[] = {{24, 80}, {12, 40}, {8, 40}, {5, 40}};
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    terminal_press(t, "t", "It failed: connection refused");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        terminal_resize(t, sizes[i].rows, sizes[i].columns);
        terminal_settle(t, 100);
        terminal_wait(t, "It failed: connection refused");
    }
}

static void a_choice_keeps_its_rows(void **state)
{
    static const struct {
        int rows, columns;
    } sizes[] = {{24, 80}, {12, 40}, {6, 40}, {5, 20}};
    struct terminal *t = ((struct console_fixture *)*state)->terminal;
    terminal_press(t, "n", "New alert");
    terminal_press(t, "\007", ">[ ] New error in trace");
    assert_true(terminal_shows(t, "A trace ended in an error, or got one later"));
    assert_true(terminal_shows(t, "The cost of spans in a window passed a limit "));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        terminal_resize(t, sizes[i].rows, sizes[i].columns);
        terminal_settle(t, 100);
        terminal_wait(t, ">[ ] New err");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, console_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_keeps_its_answers),
        TEST(a_test_shows_its_outcome),
        TEST(a_choice_keeps_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
