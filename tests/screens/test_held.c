/* Deletes that are held back for ten seconds of a clock that is driven, wherever one is then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/driven.h"
#include "support/tempdir.h"

static int set_up(void **state)
{
    static struct driven d;
    d = (struct driven){0};
    d.f.dir = tempdir_make();
    console_fixture_add_alert(&d.f, "Alpha", "trace:errors", "https://example.org/a");
    driven_start(&d);
    terminal_wait(d.f.terminal, "Alpha");
    *state = &d;
    return 0;
}

static int tear_down(void **state)
{
    console_fixture_remove(&((struct driven *)*state)->f);
    return 0;
}

static bool is_stored(struct driven *d)
{
    return console_fixture_run(&d->f, "alert list 2>/dev/null | grep -q Alpha") == 0;
}

/* `keys` lead to a screen that shows `there`. */
static void goes_in_time(struct driven *d, const char *keys, const char *there)
{
    struct terminal *t = d->f.terminal;
    terminal_type(t, "D");
    terminal_wait(t, "Delete the alert \"Alpha\"?");
    terminal_type(t, "y");
    terminal_wait(t, "gone in 10 s");
    terminal_type(t, keys);
    terminal_wait(t, there);
    atomic_fetch_add(d->now, 9999);
    driven_draw_again(d, 101);
    assert_true(is_stored(d));
    atomic_fetch_add(d->now, 1);
    driven_draw_again(d, 100);
    terminal_wait(t, "deleted");
    assert_false(is_stored(d));
}

static void also_while_another_list_is_looked_at(void **state)
{
    goes_in_time(*state, "2", "0 deliveries");
}

static void also_while_a_form_is_open(void **state)
{
    goes_in_time(*state, "n", "New alert");
}

int main(int argc, char **argv)
{
    int status;
    if (driven_runs(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(also_while_another_list_is_looked_at, set_up, tear_down),
        cmocka_unit_test_setup_teardown(also_while_a_form_is_open, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
