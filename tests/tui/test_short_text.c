#include "short_text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Without a terminal the mark is that of ASCII: ~. */
static void counts_columns_and_marks_a_cut(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        int columns;
        const char *out;
    } rows[] = {
        {"", 10, ""},
        {"Production", 10, "Production"},
        {"Production!", 10, "Productio~"},
        {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"},
        {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 3, "\xc3\xa9\xc3\xa9~"},
        {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5, "\xe6\x97\xa5\xe6\x9c\xac~"},
        {"a\033[31mb", 20, "a\\x1b[31mb"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct short_text room;
        assert_string_equal(short_text(&room, rows[i].in, rows[i].columns), rows[i].out);
    }
}

static void a_text_of_megabytes_is_short_too(void **state)
{
    (void)state;
    static char huge[1 << 20];
    struct short_text room;
    memset(huge, 'x', sizeof huge - 1);
    assert_int_equal(strlen(short_text(&room, huge, 40)), 40);
}

static int set_utf8(void **state)
{
    (void)state;
    return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_columns_and_marks_a_cut),
        cmocka_unit_test(a_text_of_megabytes_is_short_too),
    };
    return cmocka_run_group_tests(tests, set_utf8, NULL);
}
