#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/json.h"

/* Bytes with their length, for rows that hold zero bytes. */
#define TEXT(s)                                                                            \
    {                                                                                      \
        s, sizeof(s) - 1                                                                   \
    }

static const struct span VALID[] = {
    TEXT("null"),
    TEXT("true"),
    TEXT("false"),
    TEXT("0"),
    TEXT("-0"),
    TEXT("-1"),
    TEXT("123"),
    TEXT("1.5"),
    TEXT("1e5"),
    TEXT("1E+5"),
    TEXT("1e-5"),
    TEXT("0.1e007"),
    TEXT("-0.0"),
    TEXT("1e999"),
    TEXT("123456789012345678901234567890.123456789012345678901234567890"),
    TEXT("\"\""),
    TEXT("\"a\""),
    TEXT(" \t\r\n1 \t\r\n"),
    TEXT("[]"),
    TEXT("[ ]"),
    TEXT("{}"),
    TEXT("{ }"),
    TEXT("[1]"),
    TEXT("[1,2]"),
    TEXT("[ 1 , 2 ]"),
    TEXT("[[],{}]"),
    TEXT("{\"\":1}"),
    TEXT("{\"a\":{\"a\":[]},\"a\":2}"),
    TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    TEXT("\"\\u0000\\uD834\\udd1e\""),
    TEXT("\"\\ud800\""),
    TEXT("\"\x7f\""),
    TEXT("\"\xc2\x80\xdf\xbf\""),
    TEXT("\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\""),
    TEXT("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
    TEXT("\"12345678\xc3\xa9 1234567890\""),
};

static const struct {
    struct span text;
    const char *problem;
} INVALID[] = {
    {TEXT(""), "empty"},
    {TEXT(" "), "too early"},
    {TEXT("nul"), "expected a value"},
    {TEXT("nulL"), "expected a value"},
    {TEXT("True"), "expected a value"},
    {TEXT("truex"), "something follows"},
    {TEXT("1 2"), "byte 2: something follows"},
    {TEXT("01"), "byte 1: something follows"},
    {TEXT("-01"), "something follows"},
    {TEXT("+1"), "expected a value"},
    {TEXT(".5"), "expected a value"},
    {TEXT("1."), "digit"},
    {TEXT("1.e1"), "digit"},
    {TEXT("1e"), "digit"},
    {TEXT("1e+"), "digit"},
    {TEXT("-"), "digit"},
    {TEXT("--1"), "digit"},
    {TEXT("- 1"), "digit"},
    {TEXT("0x1"), "something follows"},
    {TEXT("1_0"), "something follows"},
    {TEXT("-NaN"), "digit"},
    {TEXT("nan"), "expected a value"},
    {TEXT("Inf"), "expected a value"},
    {TEXT("[1,]"), "byte 3: expected a value"},
    {TEXT("[,1]"), "expected a value"},
    {TEXT("[1 2]"), "expected ',' or ']'"},
    {TEXT("[1}"), "expected ',' or ']'"},
    {TEXT("["), "too early"},
    {TEXT("]"), "expected a value"},
    {TEXT("[]]"), "something follows"},
    {TEXT("{"), "name in quotes"},
    {TEXT("{\"a\"}"), "expected ':'"},
    {TEXT("{\"a\" 1}"), "expected ':'"},
    {TEXT("{\"a\":}"), "expected a value"},
    {TEXT("{\"a\":1,}"), "name in quotes"},
    {TEXT("{,}"), "name in quotes"},
    {TEXT("{a:1}"), "name in quotes"},
    {TEXT("{'a':1}"), "name in quotes"},
    {TEXT("{1:1}"), "name in quotes"},
    {TEXT("{\"a\":1]"), "byte 6: expected ',' or '}'"},
    {TEXT("{\"a\":1 \"b\":2}"), "byte 7: expected ',' or '}'"},
    {TEXT("{\"a\":1"), "too early"},
    {TEXT("[1]//c"), "something follows"},
    {TEXT("\""), "unfinished"},
    {TEXT("\"\\"), "unfinished"},
    {TEXT("\"\\\""), "unfinished"},
    {TEXT("\"\\a\""), "unknown escape"},
    {TEXT("\"\\\0\""), "unknown escape"},
    {TEXT("\"\\u12g4\""), "four hex"},
    {TEXT("\"\\u123"), "four hex"},
    {TEXT("\"\\U0041\""), "unknown escape"},
    {TEXT("\"a\nb\""), "control character"},
    {TEXT("\"a\tb\""), "control character"},
    {TEXT("\"a\0b\""), "control character"},
    {TEXT("\"\x1f\""), "control character"},
    {TEXT("\"1234567\x1f"
          "89012345678\""),
     "byte 8: a control character"},
    {TEXT("1\0"), "something follows"},
    {TEXT("\xef\xbb\xbf{}"), "byte 0: expected a value"},
    {TEXT("\xc2\xa0"
          "1"),
     "expected a value"},
    {TEXT("\f1"), "expected a value"},
    {TEXT("\"\x80\""), "UTF-8"},
    {TEXT("\"\xff\""), "UTF-8"},
    {TEXT("\"\xc0\xaf\""), "UTF-8"},
    {TEXT("\"\xc1\xbf\""), "UTF-8"},
    {TEXT("\"\xc3\""), "UTF-8"},
    {TEXT("\"\xc3("), "UTF-8"},
    {TEXT("\"\xe0\x9f\xbf\""), "UTF-8"},
    {TEXT("\"\xed\xa0\x80\""), "UTF-8"},
    {TEXT("\"\xe2\x82\""), "UTF-8"},
    {TEXT("\"\xf0\x8f\xbf\xbf\""), "UTF-8"},
    {TEXT("\"\xf4\x90\x80\x80\""), "UTF-8"},
    {TEXT("\"\xf5\x80\x80\x80\""), "UTF-8"},
    {TEXT("\"\xf0\x9f\x98"), "UTF-8"},
};

static const char DOCUMENT[] =
    "{\"id\":\"a\\u00e9\\n\\ud83d\\ude00\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\", "
    "\"long string without anything special\": [1, -2.5e+10, true, false, null, NaN, "
    "Infinity, -Infinity, {}, [], {\"n\" : {\"m\": [[0]]}}]}";

/* Parses a copy that ends where the memory ends, so that reading on is caught. */
static bool parse_exact(struct span text, struct err *err)
{
    char *copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    if (text.len)
        memcpy(copy, text.at, text.len);
    struct js_value root;
    bool ok = js_parse((struct span){copy, text.len}, &root, err);
    assert_int_equal(ok, root.type != JS_ABSENT);
    free(copy);
    return ok;
}

static void parse_accepts_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof VALID / sizeof *VALID; i++) {
        struct err err = {0};
        if (!parse_exact(VALID[i], &err))
            fail_msg("row %zu \"%s\": %s", i, VALID[i].at, err.text);
    }
}

static void parse_refuses_invalid(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof INVALID / sizeof *INVALID; i++) {
        struct err err = {0};
        if (parse_exact(INVALID[i].text, &err))
            fail_msg("row %zu \"%s\" was accepted", i, INVALID[i].text.at);
        assert_int_equal(err.code, ERR_INVALID);
        if (!strstr(err.text, INVALID[i].problem))
            fail_msg("row %zu \"%s\": %s", i, INVALID[i].text.at, err.text);
    }
    assert_false(parse_exact(span_of("["), NULL));
}

static void parse_refuses_every_truncation(void **state)
{
    (void)state;
    size_t whole = sizeof DOCUMENT - 1;
    for (size_t len = 0; len < whole; len++)
        if (parse_exact((struct span){DOCUMENT, len}, NULL))
            fail_msg("accepted when cut at byte %zu", len);
    assert_true(parse_exact((struct span){DOCUMENT, whole}, NULL));
}

static void parse_survives_every_changed_byte(void **state)
{
    (void)state;
    size_t whole = sizeof DOCUMENT - 1;
    char copy[sizeof DOCUMENT];
    unsigned accepted = 0;
    for (size_t at = 0; at < whole; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(copy, DOCUMENT, sizeof copy);
            copy[at] = (char)byte;
            struct span text = {copy, whole};
            struct js_value root;
            if (!js_parse(text, &root, NULL))
                continue;
            struct buf out;
            buf_init(&out, BUF_UNLIMITED);
            assert_true(js_pretty(&out, text, 2));
            assert_true(parse_exact(buf_span(&out), NULL));
            buf_free(&out);
            accepted++;
        }
    }
    assert_in_range(accepted, whole, whole * 256 - 1);
}

static bool parse_nested(size_t depth, char open, const char *inner)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    for (size_t i = 0; i < depth; i++)
        buf_add_text(&text, open == '[' || i % 2 ? "[" : "{\"a\":");
    buf_add_text(&text, inner);
    for (size_t i = depth; i-- > 0;)
        buf_add_char(&text, open == '[' || i % 2 ? ']' : '}');
    struct err err = {0};
    bool ok = parse_exact(buf_span(&text), &err);
    assert_true(ok || strstr(err.text, "nested too deep"));
    buf_free(&text);
    return ok;
}

static void parse_limits_depth(void **state)
{
    (void)state;
    for (const char *open = "[{"; *open; open++) {
        assert_true(parse_nested(JS_MAX_DEPTH, *open, "1"));
        assert_true(parse_nested(JS_MAX_DEPTH - 1, *open, "{}"));
        assert_false(parse_nested(JS_MAX_DEPTH, *open, "[]"));
        assert_false(parse_nested(JS_MAX_DEPTH + 1, *open, "1"));
        assert_false(parse_nested(1000 * 1000, *open, "1"));
    }
}

static void parse_matches_brackets_at_every_depth(void **state)
{
    (void)state;
    char text[2 * 200 + 1];
    for (size_t wrong = 0; wrong < 200; wrong++) {
        memset(text, '[', 200);
        memset(text + 200, ']', 200);
        text[200 + wrong] = '}';
        assert_false(parse_exact((struct span){text, 400}, NULL));
    }
}

static void parse_flags_nan(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool nan;
    } rows[] = {
        {"NaN", true},
        {"Infinity", true},
        {"-Infinity", true},
        {"[1,NaN]", true},
        {"{\"a\":-Infinity}", true},
        {"\"NaN\"", false},
        {"[\"Infinity\"]", false},
        {"{\"NaN\":1}", false},
        {"null", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct js_value root;
        assert_true(js_parse(span_of(rows[i].text), &root, NULL));
        assert_int_equal(root.has_nan, rows[i].nan);
    }
}

static void parse_checks_every_string_offset(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x01", "\x80", "\xed\xa0\x80", "\\x", "\n", "\x1f"};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        for (size_t before = 0; before < 20; before++) {
            char text[64];
            snprintf(text, sizeof text, "\"%.*s%s0123456789\"", (int)before,
                     "abcdefghijklmnopqrstuvwxyz", bad[b]);
            assert_false(parse_exact(span_of(text), NULL));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_accepts_valid),
        cmocka_unit_test(parse_refuses_invalid),
        cmocka_unit_test(parse_refuses_every_truncation),
        cmocka_unit_test(parse_survives_every_changed_byte),
        cmocka_unit_test(parse_limits_depth),
        cmocka_unit_test(parse_matches_brackets_at_every_depth),
        cmocka_unit_test(parse_flags_nan),
        cmocka_unit_test(parse_checks_every_string_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
