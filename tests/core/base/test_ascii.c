/* Letters, against what they are in ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"

static const char UPPER[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", LOWER[] = "abcdefghijklmnopqrstuvwxyz",
                  DIGITS[] = "0123456789";

static void only_ascii_has_letters(void **state)
{
    (void)state;
    for (int i = 0; i < 256; i++) {
        char c = (char)i;
        const char *upper = c ? strchr(UPPER, c) : NULL, *lower = c ? strchr(LOWER, c) : NULL;
        bool digit = c && strchr(DIGITS, c);
        assert_int_equal(ascii_lower(c), upper ? LOWER[upper - UPPER] : c);
        assert_int_equal(ascii_upper(c), lower ? UPPER[lower - LOWER] : c);
        assert_int_equal(ascii_is_lower(c), lower != NULL);
        assert_int_equal(ascii_is_alnum(c), upper || lower || digit);
    }
}

/* Two texts of a byte each, all of them. */
static void bytes_are_the_same_by_their_lower_case(void **state)
{
    (void)state;
    for (int i = 0; i < 256; i++) {
        for (int k = 0; k < 256; k++) {
            const char a[] = {(char)i, 0}, b[] = {(char)k, 0};
            int left = (unsigned char)ascii_lower(a[0]), right = (unsigned char)ascii_lower(b[0]);
            int order = ascii_order(a, b);
            assert_int_equal((order > 0) - (order < 0), (left > right) - (left < right));
            assert_int_equal(ascii_same(a, b), left == right);
            assert_int_equal(ascii_same_n(a, b, 1), left == right);
            assert_int_equal(ascii_find(a, b) != NULL, left == right || !k);
        }
    }
}

static void texts_are_compared_to_their_end(void **state)
{
    (void)state;
    assert_true(ascii_same("TRAILER", "trailer"));
    assert_false(ascii_same("Trailer", "Trailers"));
    assert_false(ascii_same("", "a"));
    assert_true(ascii_order("Ab", "aBc") < 0);
    assert_true(ascii_order("b", "AB") > 0);
    assert_int_equal(ascii_order("tItle", "TiTLE"), 0);
    assert_true(ascii_same("\xc3\x84", "\xc3\x84"));
    assert_false(ascii_same("\xc3\x84", "\xc3\xa4"));
}

static void a_beginning_is_compared_to_its_length(void **state)
{
    (void)state;
    const char unterminated[] = {'H', 'T', 'T', 'P', ':'};
    assert_true(ascii_same_n(unterminated, "http://", 5));
    assert_false(ascii_same_n("http:/x", "HTTP://", 7));
    assert_true(ascii_same_n("http:/x", "HTTP://", 6));
    assert_true(ascii_same_n("HI", "hi", 100)); /* both end */
    assert_false(ascii_same_n("hi", "hill", 3));
    assert_true(ascii_same_n("a", "b", 0));
}

static void a_part_is_found_where_it_is_first(void **state)
{
    static const char text[] = "Timeouts, then a TIMELIMIT";
    (void)state;
    assert_ptr_equal(ascii_find(text, "time"), text);
    assert_ptr_equal(ascii_find(text, "timeL"), text + 17);
    assert_ptr_equal(ascii_find(text, ""), text);
    assert_ptr_equal(ascii_find(text, "limit"), text + 21);
    assert_null(ascii_find(text, "limits"));
    assert_null(ascii_find("", "x"));
    assert_string_equal(ascii_find("aab!", "AB"), "ab!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ascii_has_letters),
        cmocka_unit_test(bytes_are_the_same_by_their_lower_case),
        cmocka_unit_test(texts_are_compared_to_their_end),
        cmocka_unit_test(a_beginning_is_compared_to_its_length),
        cmocka_unit_test(a_part_is_found_where_it_is_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
