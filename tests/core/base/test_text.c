#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"

static int set_utf8(void **state)
{
    (void)state;
    return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

struct row {
    struct span in;
    const char *line, *lines; /* TEXT_LINE, TEXT_MULTILINE; NULL: the same as line */
};
#define IN(s)                                                                              \
    {                                                                                      \
        s, sizeof(s) - 1                                                                   \
    }

static const struct row ROWS[] = {
    {IN(""), "", NULL},
    {IN("plain ~ text"), "plain ~ text", NULL},
    {IN("\xc3\xa9 \xe2\x82\xac \xe6\x97\xa5 \xf0\x9f\x98\x80"),
     "\xc3\xa9 \xe2\x82\xac \xe6\x97\xa5 \xf0\x9f\x98\x80", NULL},
    {IN("a\nb\tc"), "a\\nb\\tc", "a\nb   c"},
    {IN("\t\t|"), "\\t\\t|", "        |"},
    {IN("\xe6\x97\xa5\t|"), "\xe6\x97\xa5\\t|", "\xe6\x97\xa5  |"},
    {IN("a\x1b\t|"), "a\\x1b\\t|", "a\\x1b   |"},
    {IN("abc\nd\t|"), "abc\\nd\\t|", "abc\nd   |"},
    {IN("a\r\nb"), "a\\x0d\\nb", "a\\x0d\nb"},
    {IN("\x1b[31mred\x1b]0;t\x07"), "\\x1b[31mred\\x1b]0;t\\x07", NULL},
    {IN("a\0b"), "a\\x00b", NULL},
    {IN("\x08\x7f"), "\\x08\\x7f", NULL},
    {IN("\xc2\x9b"
        "31m"),
     "\\u009b31m", NULL},
    {IN("\xc2\x85\xc2\x80"), "\\u0085\\u0080", NULL},
    {IN("\xc2\xad"), "\\u00ad", NULL},
    {IN("abc\xe2\x80\xae"
        "fed"),
     "abc\\u202efed", NULL},
    {IN("\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f"), "\\u061c\\u200e\\u200f", NULL},
    {IN("\xe2\x81\xa6\xe2\x81\xa9"), "\\u2066\\u2069", NULL},
    {IN("\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d"), "\\u200b\\u200c\\u200d", NULL},
    {IN("\xe2\x81\xa0\xef\xbb\xbf"), "\\u2060\\ufeff", NULL},
    {IN("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029", NULL},
    {IN("\xf3\xa0\x80\x81\xf3\xa0\x81\xbf"), "\\U000e0001\\U000e007f", NULL},
    {IN("\xef\xbf\xb9\xef\xbf\xbb"), "\\ufff9\\ufffb", NULL},
    {IN("\xef\xbf\xbe\xef\xb7\x90\xf0\x9f\xbf\xbf"), "\\ufffe\\ufdd0\\U0001ffff", NULL},
    {IN("\xee\x80\x80\xf4\x8f\xbf\xbd"), "\\ue000\\U0010fffd", NULL},
    {IN("\xcd\xb8"), "\\u0378", NULL}, /* unassigned */
    {IN("\x80\xff\xfe"), "\\x80\\xff\\xfe", NULL},
    {IN("\xc0\xaf"), "\\xc0\\xaf", NULL},
    {IN("\xed\xa0\x80"), "\\xed\\xa0\\x80", NULL},
    {IN("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", NULL},
    {IN("a\xe2\x82"), "a\\xe2\\x82", NULL},
    {IN("e\xcc\x81"), "e\xcc\x81", NULL},
    {IN("\xcc\x81"
        "e"),
     "\\u0301e", NULL},
    {IN("a\n\xcc\x81"), "a\\n\\u0301", "a\n\\u0301"},
    {IN("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"),
     "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\\u0301\xcc\x81", NULL},
};

static void safe_shows_controls_as_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        for (int flags = TEXT_LINE; flags <= TEXT_MULTILINE; flags++) {
            const char *want = flags && ROWS[i].lines ? ROWS[i].lines : ROWS[i].line;
            struct buf out;
            buf_init(&out, BUF_UNLIMITED);
            assert_true(text_safe(&out, ROWS[i].in, (enum text_flags)flags));
            if (strcmp(buf_text(&out), want) != 0)
                fail_msg("row %zu flags %d: %s", i, flags, buf_text(&out));
            assert_int_equal(text_is_safe(ROWS[i].in, (enum text_flags)flags),
                             span_same(ROWS[i].in, span_of(want)));
            buf_free(&out);
        }
    }
}

/* A cheap generator with a fixed start, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

static void safe_of_anything_is_safe(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a",        "\n",   "\t", "\x1b",    "\xcc\x81", "\xe2\x80\xae", "\xe6\x97\xa5",
        "\xe2\x82", "\xff", "\\", "\xc2\x9b"};
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        struct buf in, once, twice;
        enum text_flags flags = round % 2 ? TEXT_LINE : TEXT_MULTILINE;
        buf_init(&in, 1000);
        buf_init(&once, 1000);
        buf_init(&twice, 1000);
        for (uint32_t n = next_random(&seed) % 16; n > 0; n--) {
            uint32_t r = next_random(&seed);
            if (r % 4)
                buf_add_text(&in, pieces[r / 4 % (sizeof pieces / sizeof *pieces)]);
            else
                buf_add_char(&in, (char)(r >> 8));
        }
        assert_true(text_safe(&once, buf_span(&in), flags));
        assert_true(text_is_safe(buf_span(&once), flags));
        assert_true(text_is_utf8(buf_span(&once)));
        assert_true(text_safe(&twice, buf_span(&once), flags));
        assert_string_equal(buf_text(&once), buf_text(&twice));
        buf_free(&in);
        buf_free(&once);
        buf_free(&twice);
    }
}

static void safe_escapes_all_but_ascii_without_a_locale(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    setlocale(LC_ALL, "C");
    assert_true(text_safe(&out, span_of("a\xc3\xa9"), TEXT_LINE));
    setlocale(LC_ALL, "C.UTF-8");
    assert_string_equal(buf_text(&out), "a\\u00e9");
    buf_free(&out);
}

/* A service is often started without one: what it sends must not depend on it. */
static void what_is_sent_is_the_same_in_any_locale(void **state)
{
    (void)state;
    static const char text[] = "Pr\xc3\xbc"
                               "fung \xe6\x97\xa5\xf0\x9f\x98\x80 e\xcc\x81";
    struct buf out;
    buf_init(&out, 200);
    setlocale(LC_ALL, "C");
    bool safe = text_is_safe(span_of(text), TEXT_SENT);
    bool line = text_is_safe(span_of("a\nb"), TEXT_SENT);
    text_safe(&out, span_of(text), TEXT_SENT);
    text_safe(&out, span_of("\n\x1b\xe2\x80\xae\xff"), TEXT_SENT);
    setlocale(LC_ALL, "C.UTF-8");
    assert_true(safe);
    assert_false(line);
    assert_memory_equal(buf_text(&out), text, sizeof text - 1);
    assert_string_equal(buf_text(&out) + sizeof text - 1, "\\n\\x1b\\u202e\\xff");
    buf_free(&out);
}

static void safe_reports_full_buffer(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4);
    assert_false(text_safe(&out, span_of("ab\x1b"), TEXT_LINE));
    assert_string_equal(buf_text(&out), "ab");
    buf_free(&out);
}

static void columns_count_cells(void **state)
{
    (void)state;
    assert_int_equal(text_columns(span_of("")), 0);
    assert_int_equal(text_columns((struct span){NULL, 0}), 0);
    assert_int_equal(text_columns(span_of("abc")), 3);
    assert_int_equal(text_columns(span_of("\xe6\x97\xa5\xe6\x9c\xac")), 4);
    assert_int_equal(text_columns(span_of("e\xcc\x81x")), 2);
    assert_int_equal(text_columns(span_of("\xf0\x9f\x98\x80")), 2);
}

static void fit_never_cuts_a_character(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t columns;
        const char *more, *out;
        size_t used;
    } rows[] = {
        {"abc", 3, "~", "abc", 3},
        {"abc", 5, "~", "abc", 3},
        {"abcd", 3, "~", "ab~", 3},
        {"abcd", 1, "~", "~", 1},
        {"abcd", 0, "~", "", 0},
        {"", 0, "~", "", 0},
        {"", 4, "~", "", 0},
        {"abcd", 3, "", "abc", 3},
        {"abcd", 3, "\xe2\x80\xa6", "ab\xe2\x80\xa6", 3},
        {"\xe6\x97\xa5\xe6\x9c\xac", 4, "~", "\xe6\x97\xa5\xe6\x9c\xac", 4},
        {"\xe6\x97\xa5\xe6\x9c\xac", 3, "~", "\xe6\x97\xa5~", 3},
        {"\xe6\x97\xa5\xe6\x9c\xac", 2, "~", "~", 1},
        {"\xe6\x97\xa5", 1, "~", "~", 1},
        {"e\xcc\x81xyz", 2, "~", "e\xcc\x81~", 2},
        {"xe\xcc\x81", 2, "~", "xe\xcc\x81", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, 100);
        size_t used = text_fit(&out, span_of(rows[i].in), rows[i].columns, rows[i].more);
        if (used != rows[i].used || strcmp(buf_text(&out), rows[i].out) != 0)
            fail_msg("row %zu: %zu columns \"%s\"", i, used, buf_text(&out));
        buf_free(&out);
    }
}

static size_t put_utf8(uint32_t c, char out[4])
{
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[len] | c);
    return len;
}

/* Controls by the standard, not by our own table: C0, DEL, C1, bidirectional, zero width.
 */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

static void safe_lets_no_control_through(void **state)
{
    (void)state;
    unsigned controls = 0;
    for (uint32_t c = 0; c < 0x110000; c++) {
        if (!is_control(c))
            continue;
        char text[6] = "a";
        size_t len = put_utf8(c, text + 1);
        text[1 + len] = 'z';
        for (int flags = TEXT_LINE; flags <= TEXT_MULTILINE; flags++) {
            struct buf out;
            buf_init(&out, 64);
            if (flags == TEXT_MULTILINE && (c == '\n' || c == '\t'))
                continue;
            assert_true(
                text_safe(&out, (struct span){text, len + 2}, (enum text_flags)flags));
            assert_int_equal(buf_text(&out)[1], '\\');
            for (size_t i = 0; i < out.len; i++)
                assert_in_range((unsigned char)out.data[i], 0x20, 0x7e);
            assert_false(
                text_is_safe((struct span){text, len + 2}, (enum text_flags)flags));
            buf_free(&out);
        }
        controls++;
    }
    assert_int_equal(controls, 32 + 33 + 1 + 5 + 7 + 10 + 1);
}

/* What stands beside those that are not shown. */
static void safe_hides_no_letter(void **state)
{
    (void)state;
    static const uint32_t codes[] = {
        0xa0,   0xac,   0xae,   0x61b,  0x115e, 0x1161,  0x200a, 0x2010, 0x2027,
        0x202f, 0x205f, 0x2070, 0x3163, 0x3165, 0xf900,  0xfdcf, 0xfdf0, 0xff9f,
        0xffa1, 0xfffc, 0xfffd, 0x180d, 0x180f, 0x1d172, 0x1d17b};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char text[6] = "a";
        size_t len = put_utf8(codes[i], text + 1);
        if (!text_is_safe((struct span){text, 1 + len}, TEXT_LINE))
            fail_msg("U+%04X", codes[i]);
    }
}

/* The first and the last of each kind that stands for nothing visible. */
static void safe_hides_what_is_not_visible(void **state)
{
    (void)state;
    static const uint32_t codes[] = {0xad,    0x61c,   0x115f,  0x1160,  0x180e,  0x200b,
                                     0x200f,  0x2028,  0x202e,  0x2060,  0x206f,  0x3164,
                                     0xe000,  0xf8ff,  0xfdd0,  0xfdef,  0xfeff,  0xffa0,
                                     0xfff0,  0xfffb,  0xfffe,  0xffff,  0xe0000, 0xe0fff,
                                     0x1d173, 0x1d17a, 0x1fffe, 0xf0000, 0x10ffff};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char text[6] = "a";
        size_t len = put_utf8(codes[i], text + 1);
        if (text_is_safe((struct span){text, 1 + len}, TEXT_LINE))
            fail_msg("U+%04X", codes[i]);
    }
}

static void fit_stays_within_every_width(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "plain text that is longer than some widths",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e and \xf0\x9f\x98\x80\xf0\x9f\x98\x80 and "
        "more",
        "a\xe6\x97\xa5"
        "e\xcc\x81\xcc\x82\xf0\x9f\x98\x80\x1b[2J\xff\n",
        "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"
        "f\xcc\x81",
    };
    static const char *const ends[] = {"\xe2\x80\xa6", "~", "", "..."};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        struct buf safe;
        buf_init(&safe, 1000);
        assert_true(text_safe(&safe, span_of(texts[t]), TEXT_LINE));
        size_t whole = text_columns(buf_span(&safe));
        for (size_t columns = 0; columns <= whole + 2; columns++) {
            for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
                struct buf out;
                buf_init(&out, 1000);
                size_t used = text_fit(&out, buf_span(&safe), columns, ends[e]);
                assert_true(used <= columns);
                assert_int_equal(used, text_columns(buf_span(&out)));
                assert_true(text_is_utf8(buf_span(&out)));
                if (columns >= whole)
                    assert_string_equal(buf_text(&out), buf_text(&safe));
                else if (strlen(ends[e]) && columns >= 3)
                    assert_string_equal(buf_text(&out) + out.len - strlen(ends[e]),
                                        ends[e]);
                buf_free(&out);
            }
        }
        buf_free(&safe);
    }
}

static void next_steps_over_whole_characters(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t len, columns;
    } rows[] = {
        {"", 0, 0},
        {"ab", 1, 1},
        {"\xe6\x97\xa5x", 3, 2},
        {"e\xcc\x81\xcc\x82x", 5, 1},
        {"\xff\xff", 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t columns = 99;
        assert_int_equal(text_next(span_of(rows[i].in), &columns), rows[i].len);
        assert_int_equal(columns, rows[i].columns);
    }
}

static void is_utf8_follows_the_rfc(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool valid;
    } rows[] = {
        {"", true},
        {"ascii", true},
        {"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true},
        {"\x80", false},
        {"\xc1\xbf", false},
        {"\xe0\x9f\xbf", false},
        {"\xed\xbf\xbf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf8\x88\x80\x80\x80", false},
        {"\xe2\x82", false},
        {"\xc3(", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(text_is_utf8(span_of(rows[i].in)), rows[i].valid);
}

static void first_counts_characters_and_not_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t characters, bytes;
    } rows[] = {
        {"", 3, 0},
        {"abc", 0, 0},
        {"abc", 2, 2},
        {"abc", 9, 3},
        {"a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x9a\x80x", 2, 3},
        {"a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x9a\x80x", 3, 6},
        {"a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x9a\x80x", 4, 10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(text_first(rows[i].in, rows[i].characters), rows[i].bytes);
}

static void whole_takes_half_a_character_back(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"abc", "abc"},
        {"a\xc3\xa9", "a\xc3\xa9"},
        {"a\xc3", "a"},
        {"a\xe6\x97", "a"},
        {"\xe6\x97\xa5\xe6", "\xe6\x97\xa5"},
        {"a\xf0\x9f\x9a", "a"},
        {"a\xf0\x9f\x9a\x80", "a\xf0\x9f\x9a\x80"},
        {"\x80\x80", "\x80\x80"}, /* no character at all: not ours to mend */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[16];
        strcpy(text, rows[i].in);
        text_whole(text);
        assert_string_equal(text, rows[i].out);
    }
}

static void a_copy_is_only_of_what_is_there(void **state)
{
    (void)state;
    static const char *const none[] = {NULL, ""};
    char text[] = "text", *copy;
    for (int i = 0; i < 2; i++) {
        copy = text;
        assert_true(text_copy(&copy, none[i]));
        assert_null(copy);
    }
    assert_true(text_copy(&copy, text));
    assert_ptr_not_equal(copy, text);
    assert_string_equal(copy, "text");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(safe_shows_controls_as_text),
        cmocka_unit_test(safe_of_anything_is_safe),
        cmocka_unit_test(safe_escapes_all_but_ascii_without_a_locale),
        cmocka_unit_test(what_is_sent_is_the_same_in_any_locale),
        cmocka_unit_test(safe_reports_full_buffer),
        cmocka_unit_test(columns_count_cells),
        cmocka_unit_test(fit_never_cuts_a_character),
        cmocka_unit_test(safe_lets_no_control_through),
        cmocka_unit_test(safe_hides_no_letter),
        cmocka_unit_test(safe_hides_what_is_not_visible),
        cmocka_unit_test(fit_stays_within_every_width),
        cmocka_unit_test(next_steps_over_whole_characters),
        cmocka_unit_test(is_utf8_follows_the_rfc),
        cmocka_unit_test(first_counts_characters_and_not_bytes),
        cmocka_unit_test(whole_takes_half_a_character_back),
        cmocka_unit_test(a_copy_is_only_of_what_is_there),
    };
    return cmocka_run_group_tests(tests, set_utf8, NULL);
}
