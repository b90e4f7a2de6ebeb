#include "widgets/field.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void press(struct field *f, enum key_kind kind, uint32_t code)
{
    struct key key = {.kind = kind, .code = code};
    field_key(f, &key);
}

static void paste(struct field *f, const char *text)
{
    struct key key = {.kind = KEY_KIND_PASTE, .text = span_of(text)};
    assert_true(field_key(f, &key));
}

/* Keys as letters: < > left and right, ( ) home and end, ~ backspace, ! delete, capitals
 * Ctrl. */
static void keys(struct field *f, const char *keys)
{
    static const char signs[] = "<>()~!";
    static const enum key_name names[] = {KEY_LEFT_, KEY_RIGHT_,     KEY_HOME_,
                                          KEY_END_,  KEY_BACKSPACE_, KEY_DELETE_};
    for (; *keys; keys++) {
        const char *sign = strchr(signs, *keys);
        if (sign)
            press(f, KEY_KIND_NAMED, names[sign - signs]);
        else if (*keys >= 'A' && *keys <= 'Z')
            press(f, KEY_KIND_CTRL, (uint32_t)(*keys + 32));
        else
            press(f, KEY_KIND_CHAR, (unsigned char)*keys);
    }
}

static void what_is_typed_takes_the_place_of_an_offer(void **state)
{
    (void)state;
    static const struct {
        const char *text, *keys, *want;
    } cases[] = {
        {"abc", "xy", "xy"},     {"abc", "<x", "abxc"}, {"abc", ")x", "abcx"}, {"abc", "~x", "abx"},
        {"abc", "Ex", "abcx"},   {"abc", "", "abc"},    {"", "x", "x"},        {"abc", "Ux", "x"},
    };
    struct field f;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        field_init(&f, 100, false);
        assert_true(field_offer(&f, cases[i].text));
        keys(&f, cases[i].keys);
        assert_string_equal(field_text(&f), cases[i].want);
        field_free(&f);
    }
    field_init(&f, 100, false);
    assert_true(field_offer(&f, "abc"));
    paste(&f, "pasted");
    assert_string_equal(field_text(&f), "pasted");
    assert_true(field_set(&f, "abc")); /* no offer any more */
    keys(&f, "x");
    assert_string_equal(field_text(&f), "abcx");
    field_free(&f);
}

static void editing_follows_the_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text, *keys, *want;
        size_t cursor;
    } cases[] = {
        {"", "abc", "abc", 3},
        {"abc", "<x", "abxc", 3},
        {"abc", "(x", "xabc", 1},
        {"abc", "(!", "bc", 0},
        {"abc", "!", "abc", 3},
        {"abc", "~~~~", "", 0},
        {"abc", "(~", "abc", 0},
        {"abc", "<<<<<>x", "axbc", 2},
        {"abc", ">>x", "abcx", 4},
        {"abc def", "A>K", "a", 1},
        {"abc def", "<<U", "ef", 0},
        {"abc def  ", "W", "abc ", 4},
        {"abc", "WW", "", 0},
        {"abc def", "<<<W", "def", 0},
        {"abc", "AEx", "abcx", 4},
        {"z\u00fcrich", "(>>~", "zrich", 1}, /* two bytes */
        {"\u6771\u4eac", "<~", "\u4eac", 0}, /* three bytes, two columns */
        {"e\u0301x", "<~", "x", 0},          /* a letter with its mark goes whole */
        {"e\u0301x", "(>a",
         "e\u0301"
         "ax",
         4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct field f;
        field_init(&f, 100, false);
        assert_true(field_set(&f, cases[i].text));
        keys(&f, cases[i].keys);
        assert_string_equal(field_text(&f), cases[i].want);
        assert_int_equal(f.cursor, cases[i].cursor);
        field_free(&f);
    }
}

static void typing_takes_every_character(void **state)
{
    (void)state;
    struct field f;
    field_init(&f, 100, false);
    press(&f, KEY_KIND_CHAR, 'a');
    press(&f, KEY_KIND_CHAR, 0xfc);
    press(&f, KEY_KIND_CHAR, 0x6771);
    press(&f, KEY_KIND_CHAR, 0x1f600);
    assert_string_equal(field_text(&f), "a\u00fc\u6771\U0001f600");
    field_free(&f);
}

static void paste_becomes_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *pasted, *want;
    } cases[] = {
        {"https://x\n", "a https://x"}, /* the break that ends a copied line goes */
        {"one\ntwo\r\n", "a one two"},
        {"\033[31mred\a", "a [31mred"},
        {"t\tab\rc", "a t ab c"},
        {"", "a "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct field f;
        field_init(&f, 100, false);
        field_set(&f, "a ");
        paste(&f, cases[i].pasted);
        assert_string_equal(field_text(&f), cases[i].want);
        field_free(&f);
    }
}

static void what_was_set_into_a_url_cannot_be_edited_unseen(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *want;
        bool typed;
    } cases[] = {
        {"<<()", "https://h/secret", false}, {"x", "x", true}, {"~", "", true},
        {"U", "", true},                     {"W", "", true},  {"<K", "", true},
        {"(!", "", true},                    {"xyz~", "xy", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct field f;
        field_init_url(&f, 100);
        assert_true(f.typed);
        field_set(&f, "https://h/secret");
        keys(&f, cases[i].keys);
        assert_string_equal(field_text(&f), cases[i].want);
        assert_int_equal(f.typed, cases[i].typed);
        field_free(&f);
    }
    struct field f;
    field_init_url(&f, 100);
    field_set(&f, "https://h/secret");
    f.revealed = true;
    keys(&f, "~x");
    assert_string_equal(field_text(&f), "https://h/secrex");
    assert_false(f.typed); /* and is hidden again afterwards */
    f.revealed = false;
    paste(&f, "http://new\n");
    assert_string_equal(field_text(&f), "http://new");
    assert_true(f.typed);
    field_free(&f);
}

/* A new token pasted over the dots of the old one is not put behind it. */
static void what_was_set_and_is_masked_cannot_be_edited_unseen(void **state)
{
    (void)state;
    struct field f;
    field_init(&f, 100, true);
    field_set(&f, "old");
    assert_true(field_is_unseen(&f));
    keys(&f, "<(");
    assert_string_equal(field_text(&f), "old");
    paste(&f, "new\n");
    assert_string_equal(field_text(&f), "new");
    assert_false(field_is_unseen(&f)); /* one knows what one typed */
    keys(&f, "er~");
    assert_string_equal(field_text(&f), "newe");
    field_set(&f, "old");
    f.revealed = true;
    keys(&f, "er");
    assert_string_equal(field_text(&f), "older");
    f.revealed = false;
    keys(&f, "~");
    assert_string_equal(field_text(&f), "");
    assert_false(field_is_unseen(&f));
    field_free(&f);
}

static void length_never_exceeds_the_maximum(void **state)
{
    (void)state;
    struct field f;
    field_init(&f, 8, false);
    keys(&f, "abcdefgh");
    keys(&f, "i");
    assert_string_equal(field_text(&f), "abcdefgh");
    keys(&f, "~x");
    assert_string_equal(field_text(&f), "abcdefgx");
    keys(&f, "~");
    press(&f, KEY_KIND_CHAR, 0x6771); /* never half a character */
    assert_string_equal(field_text(&f), "abcdefg");
    field_free(&f);
}

static void what_has_no_room_is_refused_whole(void **state)
{
    (void)state;
    struct field f;
    field_init(&f, 8, true);
    paste(&f, "123456789"); /* a secret that is cut is another one */
    assert_true(f.refused);
    assert_string_equal(field_text(&f), "");
    paste(&f, "12345678\n");
    assert_false(f.refused);
    assert_string_equal(field_text(&f), "12345678");
    paste(&f, "9");
    assert_true(f.refused);
    keys(&f, "<");
    assert_false(f.refused);
    assert_string_equal(field_text(&f), "12345678");
    field_free(&f);
    field_init_url(&f, 16);
    field_set(&f, "http://old/abc");
    paste(&f, "https://new.example.org");
    assert_true(f.refused); /* and what it would have replaced is still there */
    assert_string_equal(field_text(&f), "http://old/abc");
    paste(&f, "https://new/abcd");
    assert_string_equal(field_text(&f), "https://new/abcd");
    field_free(&f);
}

static void keys_that_do_not_edit_are_left(void **state)
{
    (void)state;
    static const struct key others[] = {
        {.kind = KEY_KIND_NAMED, .code = KEY_ENTER_},
        {.kind = KEY_KIND_NAMED, .code = KEY_TAB_},
        {.kind = KEY_KIND_NAMED, .code = KEY_ESC_},
        {.kind = KEY_KIND_NAMED, .code = KEY_UP_},
        {.kind = KEY_KIND_CTRL, .code = 's'},
        {.kind = KEY_KIND_RESIZE},
    };
    struct field f;
    field_init(&f, 8, true);
    field_set(&f, "abc");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(field_key(&f, &others[i]));
    assert_string_equal(field_text(&f), "abc");
    field_free(&f);
}

/* Random keys on random text: the cursor stays on a boundary and nothing is torn. */
static void editing_survives_anything(void **state)
{
    (void)state;
    static const uint32_t letters[] = {'a', ' ', 0xfc, 0x301, 0x6771, 0x1f600, 0x202e};
    static const char moves[] = "<>()~!KUW";
    struct field f;
    uint32_t seed = 1;
    field_init(&f, 40, false);
    for (int i = 0; i < 50000; i++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned what = (seed >> 16) % 16;
        char one[2] = {moves[what % (sizeof moves - 1)], 0};
        if (what < 9)
            press(&f, KEY_KIND_CHAR, letters[what % 7]);
        else
            keys(&f, one);
        assert_in_range(f.cursor, 0, f.text.len);
        assert_in_range(f.text.len, 0, 40);
        if (f.cursor < f.text.len)
            assert_int_not_equal(f.text.data[f.cursor] & 0xc0, 0x80);
    }
    field_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(editing_follows_the_keys),
        cmocka_unit_test(what_is_typed_takes_the_place_of_an_offer),
        cmocka_unit_test(typing_takes_every_character),
        cmocka_unit_test(paste_becomes_one_line),
        cmocka_unit_test(what_was_set_into_a_url_cannot_be_edited_unseen),
        cmocka_unit_test(what_was_set_and_is_masked_cannot_be_edited_unseen),
        cmocka_unit_test(what_has_no_room_is_refused_whole),
        cmocka_unit_test(length_never_exceeds_the_maximum),
        cmocka_unit_test(keys_that_do_not_edit_are_left),
        cmocka_unit_test(editing_survives_anything),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
