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

static void moves_go_by_one_a_page_or_to_an_end(void **state)
{
    static const struct {
        enum action action;
        size_t selected, top;
    } steps[] = {
        {ACTION_UP, 0, 0},          {ACTION_DOWN, 1, 0},      {ACTION_DOWN, 2, 0},
        {ACTION_UP, 1, 0},          {ACTION_BOTTOM, 99, 90},  {ACTION_DOWN, 99, 90},
        {ACTION_UP, 98, 90},        {ACTION_PAGE_UP, 89, 89}, {ACTION_PAGE_UP, 80, 80},
        {ACTION_PAGE_DOWN, 89, 80}, {ACTION_TOP, 0, 0},       {ACTION_PAGE_DOWN, 9, 0},
        {ACTION_UP, 8, 0},          {ACTION_PAGE_UP, 0, 0},
    };
    struct list l = {0};
    (void)state;
    list_set_count(&l, 100);
    list_set_rows(&l, 10);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(list_act(&l, steps[i].action));
        if (l.selected != steps[i].selected || l.top != steps[i].top)
            fail_msg("step %zu: %zu from %zu on", i, l.selected, l.top);
    }
    list_set_rows(&l, 1); /* a page of one row still moves */
    assert_true(list_act(&l, ACTION_PAGE_DOWN));
    assert_int_equal(l.selected, 1);
}

static void a_click_selects_the_row_under_it(void **state)
{
    struct list l = {.y = 5};
    bool again;
    (void)state;
    list_set_count(&l, 12);
    list_set_rows(&l, 4);
    list_select(&l, 6);
    assert_int_equal(l.top, 3);
    assert_true(list_click(&l, 5, &again));
    assert_int_equal(l.selected, 3);
    assert_false(again);
    assert_true(list_click(&l, 8, &again)); /* the last that is seen */
    assert_int_equal(l.selected, 6);
    assert_false(again);
    assert_true(list_click(&l, 8, &again));
    assert_true(again);
    assert_false(list_click(&l, 4, &again));
    assert_false(again);
    assert_false(list_click(&l, 9, &again));
    list_set_count(&l, 2); /* below the last row */
    assert_false(list_click(&l, 7, &again));
    assert_int_equal(l.selected, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selection_stays_visible_whatever_happens),
        cmocka_unit_test(act_leaves_other_actions_alone),
        cmocka_unit_test(page_keeps_one_row_of_the_last),
        cmocka_unit_test(moves_go_by_one_a_page_or_to_an_end),
        cmocka_unit_test(a_click_selects_the_row_under_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
