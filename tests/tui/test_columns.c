#include "widgets/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NAME, ON, URL, NOTE, COUNT };
static const struct column COLUMNS[COUNT] = {[NAME] = {"NAME", 8, 20, 0},
                                             [ON] = {"ON", 3, 3, 1},
                                             [URL] = {"URL", 10, 30, 3},
                                             [NOTE] = {"NOTE", 6, 0, 2}};

static int sum(const int *widths)
{
    int total = 0, shown = 0;
    for (int i = 0; i < COUNT; i++) {
        total += widths[i];
        shown += widths[i] > 0;
    }
    return total + (shown > 1 ? shown - 1 : 0);
}

static void columns_never_exceed_the_width(void **state)
{
    (void)state;
    int widths[COUNT];
    for (int width = 0; width <= 500; width++) {
        columns_fit(COLUMNS, COUNT, width, widths);
        assert_in_range(sum(widths), 0, width);
        for (int i = 0; i < COUNT; i++)
            if (widths[i] < 0 || (COLUMNS[i].most && widths[i] > COLUMNS[i].most))
                fail_msg("width %d: column %d takes %d", width, i, widths[i]);
    }
}

static void columns_take_the_whole_width_when_one_may(void **state)
{
    (void)state;
    int widths[COUNT];
    for (int width = 30; width <= 500; width++) {
        columns_fit(COLUMNS, COUNT, width, widths);
        assert_int_equal(sum(widths), width);
    }
}

static void columns_go_in_order_of_priority(void **state)
{
    (void)state;
    static const struct {
        int width, want[COUNT];
    } cases[] = {
        {30, {8, 3, 10, 6}},  /* exactly the least */
        {29, {13, 3, 0, 11}}, /* URL goes first, what it leaves is shared */
        {18, {14, 3, 0, 0}},  {11, {11, 0, 0, 0}},
        {4, {4, 0, 0, 0}}, /* the first rank shrinks and never goes */
        {0, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int widths[COUNT];
        columns_fit(COLUMNS, COUNT, cases[i].width, widths);
        for (int c = 0; c < COUNT; c++)
            if (widths[c] != cases[i].want[c])
                fail_msg("width %d: column %d is %d, not %d", cases[i].width, c, widths[c],
                         cases[i].want[c]);
    }
}

static void columns_grow_together(void **state)
{
    (void)state;
    int widths[COUNT];
    columns_fit(COLUMNS, COUNT, 39, widths);
    assert_int_equal(widths[NAME], 11);
    assert_int_equal(widths[URL], 13);
    assert_int_equal(widths[NOTE], 9);
    columns_fit(COLUMNS, COUNT, 100, widths);
    assert_int_equal(widths[NAME], 20);
    assert_int_equal(widths[URL], 30);
    assert_int_equal(widths[NOTE], 44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_never_exceed_the_width),
        cmocka_unit_test(columns_take_the_whole_width_when_one_may),
        cmocka_unit_test(columns_go_in_order_of_priority),
        cmocka_unit_test(columns_grow_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
