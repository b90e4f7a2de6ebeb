#include "widgets/textview.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void rows_count_what_wraps(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int indent, columns;
        bool wraps;
        size_t want;
    } cases[] = {
        {"", 0, 10, true, 1},
        {"ten column", 0, 10, true, 1},
        {"one two three", 0, 10, true, 2},  /* one two / three */
        {"one two three", 0, 3, true, 4},   /* one / two / thr / ee */
        {"one two three", 0, 10, false, 2}, /* one two th / ree */
        {"abcdefghij", 0, 4, true, 3},
        {"a\nb\n\nc", 0, 10, true, 4},
        {"- one two three", 2, 9, true, 2}, /* - one two / ..three */
        {"- one two three", 4, 9, true, 2},
        {"- one two three", 5, 9, true, 2},           /* an indent over half is none */
        {"\u6771\u4eac\u6771\u4eac", 0, 4, false, 2}, /* two columns each */
        {"\u6771\u4eac\u6771\u4eac", 0, 1, false, 4}, /* at least one character in a row */
        {"one    two", 0, 5, true, 2},                /* blanks at a break go */
        {"x", 0, 0, true, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct textview v;
        textview_init(&v);
        textview_add(&v, STYLE_NORMAL, cases[i].indent, cases[i].wraps,
                     span_of(cases[i].text));
        if (textview_rows(&v, cases[i].columns) != cases[i].want)
            fail_msg("\"%s\" in %d columns: %zu rows", cases[i].text, cases[i].columns,
                     textview_rows(&v, cases[i].columns));
        textview_free(&v);
    }
}

static void added_text_is_made_safe(void **state)
{
    (void)state;
    struct textview v;
    textview_init(&v);
    textview_add(&v, STYLE_ERROR, 0, true, span_of("\033]0;x\a\n\xff\u202e"));
    textview_format(&v, STYLE_OK, "%s", "\r");
    assert_int_equal(v.count, 3);
    assert_string_equal(v.lines[0].text, "\\x1b]0;x\\x07");
    assert_string_equal(v.lines[1].text, "\\xff\\u202e");
    assert_string_equal(v.lines[2].text, "\\x0d");
    assert_int_equal(v.lines[0].style, STYLE_ERROR);
    assert_int_equal(v.lines[2].style, STYLE_OK);
    assert_false(v.failed);
    textview_free(&v);
}

static void a_format_is_as_long_as_it_gets(void **state)
{
    (void)state;
    struct textview v;
    char name[2001];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    textview_init(&v);
    textview_format(&v, STYLE_NORMAL, "Name %s.", name);
    assert_int_equal(strlen(v.lines[0].text), 5 + 2000 + 1);
    textview_free(&v);
}

static void fill(struct textview *v, int lines, int visible)
{
    textview_init(v);
    for (int i = 0; i < lines; i++)
        textview_format(v, STYLE_NORMAL, "line %d", i);
    v->rows = textview_rows(v, 20);
    v->visible = visible;
}

static void scrolling_stays_within(void **state)
{
    (void)state;
    struct textview v;
    fill(&v, 50, 10);
    static const struct {
        enum action action;
        size_t top;
    } steps[] = {
        {ACTION_UP, 0},         {ACTION_DOWN, 1},    {ACTION_PAGE_DOWN, 10},
        {ACTION_PAGE_UP, 1},    {ACTION_BOTTOM, 40}, {ACTION_DOWN, 40},
        {ACTION_PAGE_DOWN, 40}, {ACTION_UP, 39},     {ACTION_TOP, 0},
        {ACTION_PAGE_UP, 0},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(textview_act(&v, steps[i].action));
        assert_int_equal(v.top, steps[i].top);
    }
    assert_false(textview_act(&v, ACTION_OPEN));
    textview_free(&v);
}

static void short_text_does_not_scroll(void **state)
{
    (void)state;
    struct textview v;
    fill(&v, 3, 10);
    textview_act(&v, ACTION_BOTTOM);
    assert_int_equal(v.top, 0);
    textview_act(&v, ACTION_DOWN);
    assert_int_equal(v.top, 0);
    textview_free(&v);
}

static void clear_keeps_the_place(void **state)
{
    (void)state;
    struct textview v;
    fill(&v, 50, 10);
    textview_act(&v, ACTION_PAGE_DOWN);
    textview_clear(&v);
    assert_int_equal(v.count, 0);
    assert_int_equal(v.top, 9);
    textview_free(&v);
}

static void finds_lines_round_the_end(void **state)
{
    (void)state;
    struct textview v;
    textview_init(&v);
    textview_add(&v, STYLE_NORMAL, 0, true, span_of("Alpha\nbeta\ngamma alpha\ndelta"));
    v.visible = 2;
    assert_true(textview_find(&v, "ALPHA", false));
    assert_int_equal(v.found, 1);
    assert_true(textview_find(&v, "alpha", false));
    assert_int_equal(v.found, 3);
    assert_int_equal(v.top, 1);
    assert_true(textview_find(&v, "alpha", false));
    assert_int_equal(v.found, 1);
    assert_true(textview_find(&v, "alpha", true));
    assert_int_equal(v.found, 3);
    assert_true(textview_find(&v, "alpha", true));
    assert_int_equal(v.found, 1);
    assert_false(textview_find(&v, "omega", false));
    assert_int_equal(v.found, 1); /* what was found stays found */
    assert_false(textview_find(&v, "", false));
    assert_int_equal(v.found, 0);
    assert_true(textview_find(&v, "a", true));
    assert_int_equal(v.found, 4);
    textview_free(&v);
}

static void a_line_is_replaced_and_wrapped_anew(void **state)
{
    (void)state;
    struct textview v;
    textview_init(&v);
    textview_add(&v, STYLE_STRONG, 0, true, span_of("one\ntwo"));
    textview_set_line(&v, 1, span_of("two and\x1b[2J more"));
    assert_string_equal(v.lines[0].text, "one");
    assert_null(strchr(v.lines[1].text, '\x1b'));
    assert_int_equal(v.lines[1].style, STYLE_STRONG);
    assert_true(textview_rows(&v, 8) > 2);
    textview_set_line(&v, 2, span_of("there is none"));
    assert_int_equal(v.count, 2);
    textview_free(&v);
}

/* Counts the rows of JSON at each step of folding and unfolding. */
static void json_folds_from_the_inside(void **state)
{
    static const char json[] =
        "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": [\n      2\n    ]\n  }\n}";
    static const struct {
        enum action action;
        size_t rows; /* a mark stands for what is folded away */
    } steps[] = {
        {ACTION_FOLD, 9}, /* 2 */
        {ACTION_FOLD, 6}, /* b and c, whose end is as deep as they are */
        {ACTION_FOLD, 4}, /* all within the outermost */
        {ACTION_FOLD, 4}, /* which stays */
        {ACTION_UNFOLD, 6}, {ACTION_UNFOLD, 9}, {ACTION_UNFOLD, 9}, {ACTION_UNFOLD, 9},
    };
    struct textview v;
    (void)state;
    textview_init(&v);
    v.visible = 4;
    textview_add(&v, STYLE_NORMAL, 0, true, span_of("before"));
    textview_add_json(&v, span_of(json));
    assert_int_equal(textview_rows(&v, 40), 9);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(textview_act(&v, steps[i].action));
        if (textview_rows(&v, 40) != steps[i].rows)
            fail_msg("step %zu: %zu rows", i, textview_rows(&v, 40));
        assert_int_equal(v.rows, steps[i].rows);
    }
    assert_true(textview_act(&v, ACTION_FOLD));
    assert_true(textview_act(&v, ACTION_FOLD));
    assert_true(textview_find(&v, "\"c\"", false)); /* what is found is shown */
    assert_int_equal(v.fold, 0);
    assert_in_range(4, v.top, v.top + 3);
    textview_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_lines_round_the_end),
        cmocka_unit_test(rows_count_what_wraps),
        cmocka_unit_test(added_text_is_made_safe),
        cmocka_unit_test(a_format_is_as_long_as_it_gets),
        cmocka_unit_test(scrolling_stays_within),
        cmocka_unit_test(short_text_does_not_scroll),
        cmocka_unit_test(clear_keeps_the_place),
        cmocka_unit_test(a_line_is_replaced_and_wrapped_anew),
        cmocka_unit_test(json_folds_from_the_inside),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
