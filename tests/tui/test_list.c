#include "widgets/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const struct list *l)
{
    size_t rows = l->rows > 0 ? (size_t)l->rows : 1;
    if (l->count == 0) {
        assert_int_equal(l->selected, 0);
        assert_int_equal(l->top, 0);
        return;
    }
    assert_in_range(l->selected, 0, l->count - 1);
    assert_in_range(l->selected, l->top, l->top + rows - 1);
    if (l->count >= rows)
        assert_in_range(l->top, 0, l->count - rows);
}

static void selection_stays_visible_whatever_happens(void **state)
{
    (void)state;
    static const enum action moves[] = {ACTION_UP,        ACTION_DOWN, ACTION_PAGE_UP,
                                        ACTION_PAGE_DOWN, ACTION_TOP,  ACTION_BOTTOM};
    struct list l = {0};
    uint32_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned what = seed >> 28, value = (seed >> 8) % 40;
        if (what < 12)
            assert_true(list_act(&l, moves[value % 6]));
        else if (what < 14)
            list_set_count(&l, value);
        else
            list_set_rows(&l, (int)value % 12);
        check(&l);
    }
}

static void act_leaves_other_actions_alone(void **state)
{
    (void)state;
    struct list l = {0};
    list_set_count(&l, 3);
    assert_false(list_act(&l, ACTION_OPEN));
    assert_int_equal(l.selected, 0);
}

static void page_keeps_one_row_of_the_last(void **state)
{
    (void)state;
    struct list l = {0};
    list_set_count(&l, 100);
    list_set_rows(&l, 10);
    list_act(&l, ACTION_PAGE_DOWN);
    assert_int_equal(l.selected, 9);
    list_act(&l, ACTION_PAGE_DOWN);
    assert_int_equal(l.selected, 18);
    assert_int_equal(l.top, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selection_stays_visible_whatever_happens),
        cmocka_unit_test(act_leaves_other_actions_alone),
        cmocka_unit_test(page_keeps_one_row_of_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
