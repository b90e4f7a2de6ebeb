#include "screens/reveal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void ten_seconds_and_no_longer(void **state)
{
    (void)state;
    struct field token, other;
    struct reveal r = {0};
    field_init(&token, 100, true);
    field_init(&other, 100, true);
    assert_int_equal(reveal_left(&r, 5), -1);
    reveal_begin(&r, &token, 1000);
    assert_true(token.revealed);
    assert_int_equal(reveal_left(&r, 1000), 10000);
    assert_int_equal(reveal_left(&r, 10999), 1);
    assert_true(token.revealed);
    assert_int_equal(reveal_left(&r, 11000), -1);
    assert_false(token.revealed);
    reveal_begin(&r, &token, 20000);
    reveal_begin(&r, &other, 20001); /* one at a time */
    assert_false(token.revealed);
    assert_true(other.revealed);
    reveal_end(&r);
    reveal_end(&r);
    assert_false(other.revealed);
    field_free(&token);
    field_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_seconds_and_no_longer),
    };
    return cmocka_run_group_tests_name("reveal", tests, NULL, NULL);
}
