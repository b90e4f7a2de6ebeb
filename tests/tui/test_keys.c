#include "keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void parse_knows_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *name, *label;
        enum key_kind kind;
        uint32_t code;
    } cases[] = {
        {"n", "n", KEY_KIND_CHAR, 'n'},
        {"D", "D", KEY_KIND_CHAR, 'D'},
        {"?", "?", KEY_KIND_CHAR, '?'},
        {"^", "^", KEY_KIND_CHAR, '^'},
        {"^s", "^S", KEY_KIND_CTRL, 's'},
        {"space", "Space", KEY_KIND_CHAR, ' '},
        {"enter", "Enter", KEY_KIND_NAMED, KEY_ENTER_},
        {"backtab", "S-Tab", KEY_KIND_NAMED, KEY_BACKTAB_},
        {"pgdn", "PgDn", KEY_KIND_NAMED, KEY_PGDN_},
        {"f1", "F1", KEY_KIND_NAMED, KEY_F1_},
        {"f10", "F10", KEY_KIND_NAMED, KEY_F10_},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct key key;
        char label[16];
        assert_true(key_parse(span_of(cases[i].name), &key));
        assert_int_equal(key.kind, cases[i].kind);
        assert_int_equal(key.code, cases[i].code);
        key_label(&key, label, sizeof label);
        assert_string_equal(label, cases[i].label);
    }
}

static void parse_refuses_what_is_no_key(void **state)
{
    (void)state;
    static const char *const names[] = {"",      " ",   "nn",       "f11", "f0",
                                        "Enter", "^ss", "\xc3\xa9", "\x7f"};
    struct key key;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(key_parse(span_of(names[i]), &key));
}

static void same_compares_kind_and_code(void **state)
{
    (void)state;
    struct key n = {.kind = KEY_KIND_CHAR, .code = 'n'},
               ctrl = {.kind = KEY_KIND_CTRL, .code = 'n'};
    struct key paste = {.kind = KEY_KIND_PASTE};
    assert_true(key_same(&n, &n));
    assert_false(key_same(&n, &ctrl));
    assert_false(key_same(&paste, &paste));
}

static void label_fits_any_size(void **state)
{
    (void)state;
    struct key key = {.kind = KEY_KIND_NAMED, .code = KEY_BACKSPACE_},
               strange = {.kind = KEY_KIND_CHAR, .code = 0x1f600};
    char label[4];
    key_label(&key, label, sizeof label);
    assert_string_equal(label, "Bac");
    key_label(&strange, label, sizeof label);
    assert_string_equal(label, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_knows_every_form),
        cmocka_unit_test(parse_refuses_what_is_no_key),
        cmocka_unit_test(same_compares_kind_and_code),
        cmocka_unit_test(label_fits_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
