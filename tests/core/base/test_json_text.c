#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/json.h"
#include "support/comma.h"

static struct js_value parsed(const char *text)
{
    struct js_value root;
    struct err err = {0};
    if (!js_parse(span_of(text), &root, &err))
        fail_msg("%s: %s", text, err.text);
    return root;
}

static void assert_buf(struct buf *b, const char *text)
{
    assert_string_equal(buf_text(b), text);
    assert_int_equal(b->len, strlen(text));
    buf_free(b);
}

static void next_walks_object_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text;
        enum js_type type;
    } rows[] = {
        {"a", "1", JS_NUMBER},
        {"b", "\"x\\\"]}\"", JS_STRING},
        {"c\\n", "[ {\"d\" : \"]\"} , [] ]", JS_ARRAY},
        {"", "{ }", JS_OBJECT},
        {"t", "true", JS_TRUE},
        {"f", "false", JS_FALSE},
        {"n", "null", JS_NULL},
        {"m", "-Infinity", JS_NULL},
        {"a", "12345678901234567890123456789012345.6789", JS_NUMBER},
    };
    struct js_value root = parsed(
        " { \"a\" : 1 ,\"b\":\"x\\\"]}\",\n\"c\\n\":[ {\"d\" : \"]\"} , [] ], \"\":{ },"
        "\"t\":true,\"f\":false , \"n\":null,\"m\":-Infinity,"
        "\"a\":12345678901234567890123456789012345.6789 } ");
    struct js_iter it;
    struct js_item item;
    js_iter(&it, root);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(js_next(&it, &item));
        assert_true(span_is(item.key, rows[i].key));
        assert_true(span_is(item.value.text, rows[i].text));
        assert_int_equal(item.value.type, rows[i].type);
        assert_true(item.value.has_nan);
    }
    assert_false(js_next(&it, &item));
    assert_false(js_next(&it, &item));
    assert_int_equal(js_count(root), sizeof rows / sizeof *rows);
}

static void next_walks_array(void **state)
{
    (void)state;
    struct js_iter it;
    struct js_item item;
    js_iter(&it, parsed("[1, \"two\",[3]]"));
    static const char *const texts[] = {"1", "\"two\"", "[3]"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(js_next(&it, &item));
        assert_int_equal(item.key.len, 0);
        assert_true(span_is(item.value.text, texts[i]));
    }
    assert_false(js_next(&it, &item));
}

static void next_finds_nothing_in_scalars_and_empties(void **state)
{
    (void)state;
    static const char *const texts[] = {"[]", "{}", "[ ]", "{\n}", "1", "\"[1]\"", "null"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(js_count(parsed(texts[i])), 0);
    assert_int_equal(js_count((struct js_value){0}), 0);
}

static void get_takes_last_and_undoes_escapes(void **state)
{
    (void)state;
    struct js_value root = parsed("{\"a\":1,\"\\u0061\":2,\"b\":null,\"na\\/me\":3,\"\":4,"
                                  "\"\\ud83d\\ude00\":5,\"a\\u0000\":6}");
    assert_true(span_is(js_get(root, "a").text, "2"));
    assert_true(span_is(js_get(root, "na/me").text, "3"));
    assert_true(span_is(js_get(root, "").text, "4"));
    assert_true(span_is(js_get(root, "\xf0\x9f\x98\x80").text, "5"));
    assert_int_equal(js_get(root, "b").type, JS_NULL);
    assert_false(js_is_set(js_get(root, "b")));
    assert_int_equal(js_get(root, "c").type, JS_ABSENT);
    assert_int_equal(js_get(root, "aa").type, JS_ABSENT);
    assert_int_equal(js_get(parsed("[\"a\"]"), "a").type, JS_ABSENT);
    assert_int_equal(js_get((struct js_value){0}, "a").type, JS_ABSENT);
}

static void string_undoes_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *plain;
        size_t len;
    } rows[] = {
        {"\"\"", "", 0},
        {"\"plain \xc3\xa9\"", "plain \xc3\xa9", 8},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac", 6},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4},
        {"\"\\ud800\"", "\xef\xbf\xbd", 3},
        {"\"\\udc00x\"", "\xef\xbf\xbdx", 4},
        {"\"\\ud800\\ud800\"", "\xef\xbf\xbd\xef\xbf\xbd", 6},
        {"\"\\ud800\\u0041\"",
         "\xef\xbf\xbd"
         "A",
         4},
        {"\"\\ud800\\ue000\"", "\xef\xbf\xbd\xee\x80\x80", 6},
        {"\"\\ud800\\n\"", "\xef\xbf\xbd\n", 4},
        {"\"a\\u0000b\"", "a\0b", 3},
        {"\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf", 4},
        {"\"\\ud800\\udc00\"", "\xf0\x90\x80\x80", 4},
        {"\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
         "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 11},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(js_string(parsed(rows[i].text), &out));
        assert_int_equal(out.len, rows[i].len);
        assert_memory_equal(buf_text(&out), rows[i].plain, rows[i].len + 1);
        buf_free(&out);
    }
}

static void string_refuses_other_types_and_full_buffer(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 3);
    assert_false(js_string(parsed("12"), &out));
    assert_false(js_string(parsed("null"), &out));
    assert_false(js_string((struct js_value){0}, &out));
    assert_true(js_string(parsed("\"abc\""), &out));
    assert_false(js_string(parsed("\"d\""), &out));
    buf_free(&out);
}

static void number_reads_doubles(void **state)
{
    (void)state;
    double d = 0;
    assert_true(js_number(parsed("-12.5e1"), &d) && d == -125.0);
    assert_true(js_number(parsed("0.5"), &d) && d == 0.5);
    assert_true(js_number(parsed("1e-999"), &d) && d == 0.0);
    assert_false(js_number(parsed("1e999"), &d));
    assert_false(js_number(parsed("NaN"), &d));
    assert_false(js_number(parsed("\"1\""), &d));
}

static void number_has_a_point_where_people_write_a_comma(void **state)
{
    (void)state;
    double d = 0;
    if (!comma_begin())
        skip();
    assert_true(js_number(parsed("0.5"), &d) && d == 0.5);
    comma_end();
}

static void int_reads_whole_numbers_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"42", true, 42},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"123456789012345678901234567890", false, 0},
        {"1.5", false, 0},
        {"1e3", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t value = 0;
        assert_int_equal(js_int(parsed(rows[i].text), &value), rows[i].ok);
        if (rows[i].ok)
            assert_true(value == rows[i].value);
    }
}

static void append_turns_nan_into_null(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"{\"b\": 1.10,\"a\":[ ]}", "{\"b\": 1.10,\"a\":[ ]}"},
        {"NaN", "null"},
        {"[NaN,Infinity,-Infinity,-1,null]", "[null,null,null,-1,null]"},
        {"{\"NaN\":NaN,\"x\\\"NaN\":\"Infinity\\\\\",\"y\":-Infinity}",
         "{\"NaN\":null,\"x\\\"NaN\":\"Infinity\\\\\",\"y\":null}"},
        {"[12345678901234567890123456789.10,NaN ]",
         "[12345678901234567890123456789.10,null ]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(js_append(&out, parsed(rows[i].in)));
        assert_buf(&out, rows[i].out);
    }
}

static void append_member_of_nan_document(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    struct js_value root = parsed("{\"a\":[NaN],\"b\":{\"c\":NaN}}");
    assert_true(js_append(&out, js_get(js_get(root, "b"), "c")));
    assert_true(js_append(&out, js_get(root, "a")));
    assert_buf(&out, "null[null]");
}

static void append_string_escapes(void **state)
{
    (void)state;
    static const struct {
        struct span in;
        const char *out;
    } rows[] = {
        {{NULL, 0}, "\"\""},
        {{"plain", 5}, "\"plain\""},
        {{"\"\\/", 3}, "\"\\\"\\\\/\""},
        {{"\b\t\n\v\f\r\x1b\x7f", 8}, "\"\\b\\t\\n\\u000b\\f\\r\\u001b\\u007f\""},
        {{"a\0b", 3}, "\"a\\u0000b\""},
        {{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9},
         "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {{"\xe0\xa0\x80\xf0\x90\x80\x80", 7}, "\"\xe0\xa0\x80\xf0\x90\x80\x80\""},
        {{"x\xff\xc3", 3}, "\"x\xef\xbf\xbd\xef\xbf\xbd\""},
        {{"\xe2\x82(", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd(\""},
        {{"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        struct js_value v;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(js_append_string(&out, rows[i].in));
        assert_true(js_parse(buf_span(&out), &v, NULL));
        assert_buf(&out, rows[i].out);
    }
}

static void append_string_round_trips_every_byte_pair(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char in[2] = {(char)(pair >> 8), (char)pair};
        struct buf out, back;
        struct js_value v;
        buf_init(&out, 64);
        buf_init(&back, 64);
        assert_true(js_append_string(&out, (struct span){in, 2}));
        assert_true(js_parse(buf_span(&out), &v, NULL));
        assert_true(js_string(v, &back));
        if (pair < 0x8000 && (pair & 0x80) == 0)
            assert_true(span_same(buf_span(&back), (struct span){in, 2}));
        buf_free(&out);
        buf_free(&back);
    }
}

/* Eight bytes are looked at together: each byte, wherever it stands among others, becomes
 * what it becomes alone. */
static void append_string_finds_every_byte_at_every_place(void **state)
{
    (void)state;
    static const char others[] =
        " 0a~"; /* of the bytes that are plain, from first to last */
    for (unsigned c = 0; c < 0x100; c++) {
        for (size_t round = 0; round < 4 * 17; round++) {
            char in[17];
            size_t at = round / 4;
            struct buf out, alone, expected;
            memset(in, others[round % 4], sizeof in);
            in[at] = (char)c;
            buf_init(&out, 64);
            buf_init(&alone, 64);
            buf_init(&expected, 64);
            assert_true(js_append_string(&alone, (struct span){&in[at], 1}));
            assert_true(js_append_string(&out, (struct span){in, sizeof in}));
            buf_add_char(&expected, '"');
            buf_add(&expected, in, at);
            buf_add(&expected, alone.data + 1, alone.len - 2);
            buf_add(&expected, in + at + 1, sizeof in - at - 1);
            assert_true(buf_add_char(&expected, '"'));
            assert_buf(&out, buf_text(&expected));
            buf_free(&expected);
            buf_free(&alone);
        }
    }
}

static void visit(struct js_value v, unsigned *values)
{
    struct buf out;
    struct js_iter it;
    struct js_item item;
    double number;
    int64_t whole;
    (*values)++;
    buf_init(&out, BUF_UNLIMITED);
    assert_int_equal(js_string(v, &out), v.type == JS_STRING);
    assert_true(js_append(&out, v));
    js_number(v, &number);
    js_int(v, &whole);
    js_get(v, "none");
    buf_free(&out);
    for (js_iter(&it, v); js_next(&it, &item);)
        visit(item.value, values);
}

/* Each text is a copy that ends where its memory ends, so that reading on is caught. */
static void walk_never_reads_on(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned values;
    } rows[] = {
        {"1", 1},
        {"-1.5e3", 1},
        {"123456789012345678901234567890", 1},
        {"NaN", 1},
        {"-Infinity", 1},
        {"true", 1},
        {"\"\"", 1},
        {"\"a\\\\\"", 1},
        {"\"\\ud83d\\ude00\"", 1},
        {"\"\\ud83d\"", 1},
        {"[]", 1},
        {"[1]", 2},
        {"[NaN]", 2},
        {"[ [ ] ]", 2},
        {"{}", 1},
        {"{\"\":{}}", 2},
        {"{\"a\":\"b\"}", 2},
        {"{\"\\u0061\":[1,-Infinity,\"]\",{\"b\":null}]}", 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text);
        char *copy = malloc(len);
        struct js_value root;
        struct buf out;
        unsigned values = 0;
        assert_non_null(copy);
        memcpy(copy, rows[i].text, len);
        assert_true(js_parse((struct span){copy, len}, &root, NULL));
        visit(root, &values);
        assert_int_equal(values, rows[i].values);
        buf_init(&out, BUF_UNLIMITED);
        assert_true(js_pretty(&out, (struct span){copy, len}, 2));
        buf_free(&out);
        free(copy);
    }
}

/* What goes out instead of NaN is JSON for everybody else too. */
static void append_gives_json_that_others_read(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(js_append(
        &out, parsed("{\"a\":[NaN,{\"Infinity\":-Infinity}],\"\\\\\":Infinity,\"n\":-0}")));
    json_t *tree = json_loadb(out.data, out.len, 0, NULL);
    assert_non_null(tree);
    assert_true(json_is_null(json_object_get(tree, "\\")));
    assert_true(json_is_null(json_array_get(json_object_get(tree, "a"), 0)));
    json_decref(tree);
    buf_free(&out);
}

static void pretty_lays_out(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {" 1.10 ", "1.10"},
        {"[]", "[]"},
        {"{ \n }", "{}"},
        {"[1,NaN]", "[\n  1,\n  NaN\n]"},
        {"{\"b\":{\"x\":[ ]},\"a\":[{}]}",
         "{\n  \"b\": {\n    \"x\": []\n  },\n  \"a\": [\n    {}\n  ]\n}"},
        {"{\"a,{\\\"\":\"[:]\"}", "{\n  \"a,{\\\"\": \"[:]\"\n}"},
        {"[12345678901234567890123.0,-Infinity]",
         "[\n  12345678901234567890123.0,\n  -Infinity\n]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(js_pretty(&out, span_of(rows[i].in), 2));
        assert_buf(&out, rows[i].out);
    }
}

static void pretty_leaves_other_text_alone(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_false(js_pretty(&out, span_of("{\"a\":1"), 2));
    assert_false(js_pretty(&out, span_of("<html>"), 2));
    assert_buf(&out, "{\"a\":1<html>");
}

static void pretty_stops_at_a_full_buffer(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 20);
    assert_false(js_pretty(&out, span_of("[[[[[[1,2,3,4]]]]]]"), 8));
    assert_in_range(out.len, 0, 20);
    buf_free(&out);
}

/* Everything that a walk yields, once with the index and once without it. */
static void walk_alike(struct js_value with, struct js_value without)
{
    struct js_iter a, b;
    struct js_item one, other;
    assert_true(span_same(with.text, without.text));
    assert_int_equal(with.type, without.type);
    js_iter(&a, with);
    js_iter(&b, without);
    while (js_next(&b, &other)) {
        assert_true(js_next(&a, &one));
        assert_true(span_same(one.key, other.key));
        walk_alike(one.value, other.value);
    }
    assert_false(js_next(&a, &one));
}

#define LONG "\"0123456789 0123456789 0123456789 0123456789\""

static void index_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[[],{},[" LONG "],{\"a\":" LONG "}]",
        "{\"a\":[1,{\"b\":[" LONG ",[" LONG "]]},[2]],\"c\":{},\"d\":[" LONG "]}",
        "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":[" LONG "]}}}},\"f\":[[" LONG "]]}",
        " [ { \"a\" : [ ] , \"b\" : { \"]\" : " LONG " } } , " LONG " , [ 1 ] ] ",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct js_index index = {0};
        struct js_value root;
        assert_true(js_parse_indexed(span_of(texts[i]), &index, &root, NULL));
        assert_true(index.count > 0);
        walk_alike(root, parsed(texts[i]));
        js_index_free(&index);
    }
}

/* Many short values would take many times their own memory. */
static void index_is_dropped_where_it_would_be_large(void **state)
{
    (void)state;
    struct buf text;
    struct js_index index = {0};
    struct js_value root;
    buf_init(&text, BUF_UNLIMITED);
    buf_add_text(&text, "{\"a\":[{\"b\":" LONG "}");
    for (int i = 0; i < 5000; i++)
        buf_add_text(&text, ",1");
    buf_add_text(&text, "]}");
    assert_true(js_parse_indexed(buf_span(&text), &index, &root, NULL));
    assert_int_equal(index.count, 0);
    assert_true(index.room * 8 <= text.len);
    walk_alike(root, parsed(buf_text(&text)));
    js_index_free(&index);
    buf_free(&text);
}

/* It is what the walk goes by, not only kept. */
static void index_is_what_skips(void **state)
{
    (void)state;
    char text[] = "[[" LONG "],7]";
    struct js_index index = {0};
    struct js_value root;
    struct js_iter it;
    struct js_item item;
    assert_true(js_parse_indexed(span_of(text), &index, &root, NULL));
    text[3] = ']'; /* a walk would end here */
    js_iter(&it, root);
    assert_true(js_next(&it, &item));
    assert_int_equal(item.value.text.len, strlen(LONG) + 2);
    js_index_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_walks_object_in_order),
        cmocka_unit_test(next_walks_array),
        cmocka_unit_test(next_finds_nothing_in_scalars_and_empties),
        cmocka_unit_test(get_takes_last_and_undoes_escapes),
        cmocka_unit_test(string_undoes_escapes),
        cmocka_unit_test(string_refuses_other_types_and_full_buffer),
        cmocka_unit_test(number_reads_doubles),
        cmocka_unit_test(number_has_a_point_where_people_write_a_comma),
        cmocka_unit_test(int_reads_whole_numbers_in_range),
        cmocka_unit_test(append_turns_nan_into_null),
        cmocka_unit_test(append_member_of_nan_document),
        cmocka_unit_test(append_string_escapes),
        cmocka_unit_test(append_string_round_trips_every_byte_pair),
        cmocka_unit_test(append_string_finds_every_byte_at_every_place),
        cmocka_unit_test(walk_never_reads_on),
        cmocka_unit_test(append_gives_json_that_others_read),
        cmocka_unit_test(index_changes_nothing),
        cmocka_unit_test(index_is_dropped_where_it_would_be_large),
        cmocka_unit_test(index_is_what_skips),
        cmocka_unit_test(pretty_lays_out),
        cmocka_unit_test(pretty_leaves_other_text_alone),
        cmocka_unit_test(pretty_stops_at_a_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
