#include "widgets/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct column COLUMNS[] = {{"NAME", 4, 10, 0}, {"SIZE", 4, 10, 1}};

struct rows {
    const char *names[8];
    int sizes[8];
};

static const char *id(const void *arg, size_t row)
{
    return ((const struct rows *)arg)->names[row];
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    (void)width;
    (void)column;
    snprintf(out, size, "%s", id(arg, row));
    return STYLE_NORMAL;
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct rows *r = arg;
    return column ? r->sizes[a] - r->sizes[b] : strcmp(r->names[a], r->names[b]);
}

static const struct table_ops OPS = {COLUMNS, 2, id, cell, compare};
static const struct rows ROWS = {{"cat", "ant", "bee", "dog"}, {2, 3, 3, 1}};

static void check_order(const struct table *t, const char *expected)
{
    char seen[64] = "";
    for (size_t i = 0; i < t->list.count; i++) {
        strcat(seen, id(t->arg, t->order[i]));
        strcat(seen, " ");
    }
    assert_string_equal(seen, expected);
}

static void sorts_by_any_column_and_keeps_the_row(void **state)
{
    (void)state;
    struct table t;
    table_init(&t, &OPS, &ROWS);
    assert_true(table_update(&t, 4));
    table_select(&t, "bee");
    check_order(&t, "cat ant bee dog ");
    assert_true(table_act(&t, ACTION_SORT, NULL));
    check_order(&t, "ant bee cat dog ");
    assert_string_equal(t.selected, "bee");
    assert_int_equal(t.list.selected, 1);
    table_act(&t, ACTION_SORT, "size");
    check_order(&t, "dog cat ant bee "); /* equal ones as they came */
    table_act(&t, ACTION_SORT_REVERSE, NULL);
    check_order(&t, "ant bee cat dog ");
    table_act(&t, ACTION_SORT, NULL);
    check_order(&t, "cat ant bee dog ");
    table_free(&t);
}

static void selection_and_marks_follow_their_rows(void **state)
{
    (void)state;
    static const struct rows fewer = {{"zoo", "bee", "dog"}, {1, 1, 1}};
    struct table t;
    table_init(&t, &OPS, &ROWS);
    table_update(&t, 4);
    table_select(&t, "ant");
    table_act(&t, ACTION_MARK, NULL);
    table_act(&t, ACTION_MARK, NULL); /* and bee, one further */
    assert_int_equal(t.mark_count, 2);
    assert_string_equal(t.selected, "dog");
    t.arg = &fewer;
    table_update(&t, 3);
    assert_int_equal(t.mark_count, 1);
    assert_true(table_is_marked(&t, 1));
    assert_string_equal(t.selected, "dog");
    assert_int_equal(t.list.selected, 2);
    table_free(&t);
}

static void note(void *arg, size_t row)
{
    *(unsigned *)arg |= 1u << row;
}

static void ranges_and_all_are_marked(void **state)
{
    (void)state;
    struct table t;
    unsigned rows = 0;
    table_init(&t, &OPS, &ROWS);
    table_update(&t, 4);
    assert_int_equal(table_chosen(&t, note, &rows), 1);
    assert_int_equal(rows, 1);
    table_act(&t, ACTION_MARK, NULL);
    table_act(&t, ACTION_DOWN, NULL);
    table_act(&t, ACTION_MARK_RANGE, NULL);
    rows = 0;
    assert_int_equal(table_chosen(&t, note, &rows), 3);
    assert_int_equal(rows, 7);
    table_act(&t, ACTION_UNMARK, NULL);
    assert_int_equal(table_chosen(&t, NULL, NULL), 1);
    table_act(&t, ACTION_MARK_ALL, NULL);
    assert_int_equal(table_chosen(&t, NULL, NULL), 4);
    table_update(&t, 0);
    assert_int_equal(table_chosen(&t, NULL, NULL), 0);
    assert_false(table_act(&t, ACTION_QUIT, NULL));
    table_free(&t);
}

/* A range goes both ways, adds to what is marked, and marks nothing twice. */
static void marks_are_taken_away_one_by_one(void **state)
{
    (void)state;
    struct table t;
    unsigned rows = 0;
    table_init(&t, &OPS, &ROWS);
    table_update(&t, 4);
    table_act(&t, ACTION_BOTTOM, NULL);
    table_act(&t, ACTION_MARK, NULL);
    table_act(&t, ACTION_TOP, NULL);
    table_act(&t, ACTION_MARK_RANGE, NULL);
    table_act(&t, ACTION_MARK_RANGE, NULL);
    assert_int_equal(t.mark_count, 4);
    table_select(&t, "bee");
    table_act(&t, ACTION_MARK, NULL);
    assert_int_equal(t.mark_count, 3);
    assert_int_equal(table_chosen(&t, note, &rows), 3);
    assert_int_equal(rows, 1 | 2 | 8);
    table_act(&t, ACTION_MARK_ALL, NULL);
    assert_int_equal(t.mark_count, 4);
    table_free(&t);
}

static void the_chosen_are_told_by_their_ids(void **state)
{
    (void)state;
    struct table t;
    size_t count;
    table_init(&t, &OPS, &ROWS);
    table_update(&t, 4);
    table_act(&t, ACTION_SORT, NULL);
    table_act(&t, ACTION_MARK_ALL, NULL);
    table_select(&t, "cat");
    table_act(&t, ACTION_MARK, NULL); /* not any more */
    const char **ids = table_chosen_ids(&t, &count);
    assert_int_equal(count, 3);
    assert_string_equal(ids[0], "ant");
    assert_string_equal(ids[1], "bee");
    assert_string_equal(ids[2], "dog");
    free(ids);
    table_update(&t, 0);
    ids = table_chosen_ids(&t, &count);
    assert_int_equal(count, 0);
    free(ids);
    table_free(&t);
}

static void orders_numbers_and_texts(void **state)
{
    (void)state;
    assert_true(table_by_number(INT64_MIN, INT64_MAX) < 0);
    assert_true(table_by_number(2, 1) > 0);
    assert_int_equal(table_by_number(7, 7), 0);
    assert_true(table_by_text("ant", "Bee") < 0);
    assert_int_equal(table_by_text(NULL, ""), 0);
    assert_true(table_by_text("a", NULL) > 0);
}

static size_t asked;
static int64_t count_asked(const void *arg, size_t row)
{
    (void)arg;
    asked++;
    return (int64_t)row;
}

/* Thousands are marked and read again ten times a second: no row is asked for each mark. */
static void marking_all_of_many_asks_each_row_a_few_times(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static const struct table_ops ops = {COLUMNS, 2, NULL, cell, NULL, count_asked};
    struct table t;
    table_init(&t, &ops, NULL);
    table_update(&t, MANY);
    asked = 0;
    table_act(&t, ACTION_MARK_ALL, NULL);
    table_update(&t, MANY - 1);
    assert_int_equal(table_chosen(&t, NULL, NULL), MANY - 1);
    assert_true(asked < 10 * MANY);
    assert_string_equal(t.selected, "0");
    assert_false(table_is_at_end(&t, MANY - 1));
    table_act(&t, ACTION_BOTTOM, NULL);
    assert_string_equal(t.selected, "2998");
    assert_true(table_is_at_end(&t, MANY - 1));
    assert_false(table_is_at_end(&t, MANY)); /* fewer than were asked for: that is all */
    table_free(&t);
}

/* Newest first: who stands on the newest wants to see the newest. */
/* Asked of the rows as they were read again, before the table is told. */
static void says_what_an_update_would_lose(void **state)
{
    (void)state;
    static const struct rows newer = {{"new", "cat", "ant", "bee"}, {0}};
    struct table t;
    table_init(&t, &OPS, &ROWS);
    assert_false(table_misses(&t, 4)); /* nothing is selected yet */
    table_update(&t, 4);
    table_select(&t, "ant");
    t.arg = &newer;
    assert_false(table_misses(&t, 3));
    assert_true(table_misses(&t, 2));
    t.arg = &ROWS;
    table_select(&t, "bee");
    table_act(&t, ACTION_MARK, NULL);
    table_select(&t, "cat");
    t.arg = &newer;
    assert_false(table_misses(&t, 4));
    assert_true(table_misses(&t, 3)); /* the mark */
    table_act(&t, ACTION_UNMARK, NULL);
    assert_false(table_misses(&t, 3));
    t.follows = true; /* the first row stays the first */
    assert_false(table_misses(&t, 1));
    table_free(&t);
}

static void at_the_top_it_follows(void **state)
{
    (void)state;
    static const struct rows more = {{"new", "cat", "ant"}, {0, 0, 0}};
    struct table t;
    table_init(&t, &OPS, &ROWS);
    t.follows = true;
    table_update(&t, 2);
    t.arg = &more;
    table_update(&t, 3);
    assert_string_equal(t.selected, "new");
    table_act(&t, ACTION_DOWN, NULL);
    t.arg = &ROWS;
    table_update(&t, 4);
    assert_string_equal(t.selected, "cat");
    table_free(&t);
}

static void columns_go_by_name_and_never_all(void **state)
{
    (void)state;
    struct table t;
    table_init(&t, &OPS, &ROWS);
    assert_int_equal(table_column(&t, "size"), 1);
    assert_int_equal(table_column(&t, "nosuch"), -1);
    table_hide(&t, 1);
    assert_int_equal(t.hidden, 2);
    table_hide(&t, 0);
    assert_int_equal(t.hidden, 0);
    table_hide(&t, 1);
    table_hide(&t, 1);
    assert_int_equal(t.hidden, 0);
    table_free(&t);
}

/* As table_draw() leaves them: the head in line 3, four rows below, columns 4 and 6 wide.
 */
static void drawn(struct table *t)
{
    t->head_y = 3;
    t->list.y = 4;
    t->widths[0] = 4;
    t->widths[1] = 6;
    list_set_rows(&t->list, 4);
}

static void a_click_on_the_head_sorts_and_turns_round(void **state)
{
    (void)state;
    struct table t;
    bool again = true;
    table_init(&t, &OPS, &ROWS);
    table_update(&t, 4);
    assert_false(table_click(&t, 3, 2, &again)); /* not drawn yet */
    drawn(&t);
    table_select(&t, "bee");
    assert_true(table_click(&t, 3, 1, &again)); /* its first place */
    assert_false(again);
    check_order(&t, "ant bee cat dog ");
    assert_int_equal(t.list.selected, 1);
    assert_true(table_click(&t, 3, 4, &again)); /* its last one */
    check_order(&t, "dog cat bee ant ");
    assert_int_equal(t.list.selected, 2);
    assert_true(table_click(&t, 3, 5, &again)); /* between two */
    check_order(&t, "dog cat bee ant ");
    assert_true(table_click(&t, 3, 6, &again));
    check_order(&t, "dog cat ant bee "); /* another column begins upwards */
    assert_true(table_click(&t, 3, 11, &again));
    check_order(&t, "ant bee cat dog ");
    assert_true(table_click(&t, 3, 12, &again)); /* beside the last */
    check_order(&t, "ant bee cat dog ");
    assert_true(table_click(&t, 3, 1, &again));
    assert_true(table_click(&t, 3, 1, &again));
    check_order(&t, "dog cat bee ant "); /* the first column turns round too */
    table_hide(&t, 0);
    t.widths[0] = 0;
    assert_true(table_click(&t, 3, 1, &again)); /* what stands there now */
    check_order(&t, "dog cat ant bee ");
    table_free(&t);
}

static void a_click_on_a_row_selects_it(void **state)
{
    (void)state;
    struct table t;
    bool again;
    table_init(&t, &OPS, &ROWS);
    table_update(&t, 3);
    drawn(&t);
    assert_true(table_click(&t, 6, 1, &again));
    assert_string_equal(t.selected, "bee");
    assert_false(again);
    assert_true(table_click(&t, 6, 1, &again));
    assert_true(again);
    assert_true(table_click(&t, 7, 1, &again)); /* below the last row, but in the table */
    assert_string_equal(t.selected, "bee");
    assert_false(again);
    assert_false(table_click(&t, 2, 1, &again));
    assert_false(table_click(&t, 8, 1, &again));
    table_free(&t);
}

static void sorting_passes_over_what_is_hidden(void **state)
{
    (void)state;
    struct table t;
    table_init(&t, &OPS, &ROWS);
    table_update(&t, 4);
    table_act(&t, ACTION_SORT, NULL);
    assert_int_equal(t.sort, 0);
    table_hide(&t, 0);
    table_act(&t, ACTION_SORT, NULL);
    assert_int_equal(t.sort, 1);
    table_act(&t, ACTION_SORT, NULL);
    assert_int_equal(t.sort, -1);
    table_act(&t, ACTION_SORT, NULL);
    assert_int_equal(t.sort, 1); /* the first that is seen */
    table_act(&t, ACTION_SORT_REVERSE, NULL);
    assert_true(t.descending);
    table_act(&t, ACTION_SORT, "size");
    assert_false(t.descending);
    table_act(&t, ACTION_SORT, NULL);
    table_act(&t, ACTION_SORT_REVERSE, NULL); /* as they come has no other way round */
    assert_false(t.descending);
    check_order(&t, "cat ant bee dog ");
    table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_by_any_column_and_keeps_the_row),
        cmocka_unit_test(selection_and_marks_follow_their_rows),
        cmocka_unit_test(ranges_and_all_are_marked),
        cmocka_unit_test(marks_are_taken_away_one_by_one),
        cmocka_unit_test(the_chosen_are_told_by_their_ids),
        cmocka_unit_test(orders_numbers_and_texts),
        cmocka_unit_test(marking_all_of_many_asks_each_row_a_few_times),
        cmocka_unit_test(says_what_an_update_would_lose),
        cmocka_unit_test(at_the_top_it_follows),
        cmocka_unit_test(columns_go_by_name_and_never_all),
        cmocka_unit_test(a_click_on_the_head_sorts_and_turns_round),
        cmocka_unit_test(a_click_on_a_row_selects_it),
        cmocka_unit_test(sorting_passes_over_what_is_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
