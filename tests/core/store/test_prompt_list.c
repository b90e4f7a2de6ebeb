#include "core/store/prompt_fixture.h"

#include "store/prompts.h"
#include "store/sqlite/prompt_list.h"
#include "store/sqlite/prompt_tags.h"

/* ---------------------------------------------------------------- tags */

static void tags_merge_each_once(void **state)
{
    (void)state;
    static const struct {
        const char *old, *more, *want; /* want NULL: refused */
    } rows[] = {
        {NULL, NULL, "[]"},
        {NULL, "[\"a\",\"b\"]", "[\"a\",\"b\"]"},
        {"[\"a\"]", NULL, "[\"a\"]"},
        {"[\"a\",\"b\"]", "[\"b\",\"c\",\"c\"]", "[\"a\",\"b\",\"c\"]"},
        {"[\"a\"]", "[\"\\u0061\"]", "[\"a\"]"},
        {"[\"\"]", "[\" \"]", "[\"\",\" \"]"},
        {"[]", "{}", NULL},
        {"[]", "[1]", NULL},
        {"[]", "[null]", NULL},
        {"[]", "[", NULL},
        {"[]", "\"a\"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        struct err err = {0};
        buf_init(&out, BUF_UNLIMITED);
        assert_int_equal(prompt_tags_merge(rows[i].old, rows[i].more, &out, &err),
                         rows[i].want != NULL);
        if (rows[i].want)
            assert_string_equal(buf_text(&out), rows[i].want);
        else
            assert_int_equal(err.code, ERR_INVALID);
        buf_free(&out);
    }
}

static void tags_over_the_limit_are_refused(void **state)
{
    (void)state;
    for (int count = PROMPT_TAGS_MAX; count <= PROMPT_TAGS_MAX + 1; count++) {
        struct buf in, out;
        buf_init(&in, BUF_UNLIMITED);
        buf_init(&out, BUF_UNLIMITED);
        buf_add_char(&in, '[');
        for (int i = 0; i < count; i++)
            buf_add_format(&in, "%s\"t%d\"", i ? "," : "", i);
        buf_add_char(&in, ']');
        assert_int_equal(prompt_tags_merge(NULL, buf_text(&in), &out, NULL),
                         count == PROMPT_TAGS_MAX);
        buf_free(&in);
        buf_free(&out);
    }
}

/* ---------------------------------------------------------------- lists */

static void list_finds_by_part_of_name(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"alpha", "Beta 100%", "be_ta", "a\\b",
                                        "caf\xc3\xa9 alpha"};
    static const struct {
        const char *name;
        bool exact;
        int64_t total;
    } rows[] = {{NULL, false, 5},       {"", false, 5},           {"alpha", false, 2},
                {"ALPHA", false, 2},    {"%", false, 1},          {"_", false, 1},
                {"\\", false, 1},       {"%a%", false, 0},        {"caf\xc3\xa9", false, 1},
                {"alpha", true, 1},     {"ALPHA", true, 0},       {"alph", true, 0},
                {"Beta 100%", true, 1}, {"' OR 1=1 --", false, 0}};
    for (size_t i = 0; i < 5; i++)
        create(f, write_of(names[i], "t"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prompt_rows out;
        assert_true(
            prompt_list(f->db, "default", rows[i].name, rows[i].exact, 0, 10, &out, NULL));
        if (out.total != rows[i].total || out.count != (size_t)rows[i].total)
            fail_msg("%s: %d, %d", rows[i].name, (int)out.total, (int)out.count);
        prompt_rows_free(&out);
        assert_true(
            prompt_list(f->db, "spy", rows[i].name, rows[i].exact, 0, 10, &out, NULL));
        assert_int_equal(out.total, 0);
        prompt_rows_free(&out);
    }
}

static void list_pages_newest_first(void **state)
{
    static const struct {
        int64_t offset, limit;
        size_t count;
        const char *first;
    } rows[] = {{0, 10, 5, "p4"}, {0, 2, 2, "p4"}, {2, 2, 2, "p2"},  {4, 2, 1, "p0"},
                {5, 2, 0, NULL},  {0, 0, 0, NULL}, {0, -1, 0, NULL}, {-3, 1, 1, "p4"}};
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        create(f, write_of(name, "t"));
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prompt_rows out;
        assert_true(prompt_list(f->db, "default", NULL, false, rows[i].offset,
                                rows[i].limit, &out, NULL));
        assert_int_equal(out.total, 5);
        assert_int_equal(out.count, rows[i].count);
        if (rows[i].first)
            assert_string_equal(out.items[0].name, rows[i].first);
        prompt_rows_free(&out);
        forget_events(f);
    }
}

static void list_of_versions_is_newest_first(void **state)
{
    struct fixture *f = *state;
    struct version_rows out;
    char id[UUID_SIZE] = "";
    for (int i = 0; i < 4; i++) {
        char text[16];
        snprintf(text, sizeof text, "t%d", i);
        struct prompt_version v = commit(f, write_of("n", text));
        memcpy(id, v.prompt_id, sizeof id);
        prompt_version_free(&v);
    }
    assert_true(prompt_list_versions(f->db, "default", id, 1, 2, &out, NULL));
    assert_int_equal(out.total, 4);
    assert_int_equal(out.count, 2);
    assert_string_equal(out.items[0].tmpl, "t2");
    assert_string_equal(out.items[1].tmpl, "t1");
    version_rows_free(&out);
    assert_true(prompt_list_versions(f->db, "spy", id, 0, 9, &out, NULL));
    assert_int_equal(out.total + (int64_t)out.count, 0);
    version_rows_free(&out);
}

static void find_of_unknown_commit_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct prompt_version v;
    struct err err = {0};
    create(f, write_of("n", "t"));
    assert_false(prompt_list_find(f->db, "default", "n", "00000000", &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(prompt_list_find(f->db, "default", "m", NULL, &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(prompt_list_find(f->db, "spy", "n", NULL, &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(tags_merge_each_once),
        TEST(tags_over_the_limit_are_refused),
        TEST(list_finds_by_part_of_name),
        TEST(list_pages_newest_first),
        TEST(list_of_versions_is_newest_first),
        TEST(find_of_unknown_commit_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
