/* Silences as values: the weekly schedule as text, what can be kept, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "model/silence.h"

static const struct {
    const char *typed, *shown; /* NULL: the same */
} WEEKS[] = {
    {"mon-fri 22:00-06:00", NULL},
    {"  Mon-Fri   22-6 ", "mon-fri 22:00-06:00"},
    {"sat,sun 00:00-24:00", NULL},
    {"mon, wed 9:30-17:00", "mon,wed 09:30-17:00"},
    {"daily 12:00-13:00", NULL},
    {"mon-sun 12:00-13:00", "daily 12:00-13:00"},
    {"sat-mon 08:00-09:00", "mon,sat,sun 08:00-09:00"},
    {"mon-fri 00:00-08:00 18:00-24:00; sat,sun 00:00-24:00", NULL},
    {"mon-fri 00:00-08:00, mon-fri 18:00-24:00", "mon-fri 00:00-08:00 18:00-24:00"},
    {"sun 23:59-00:00", NULL},
    {"tue 10:00-10:00", NULL}, /* a whole day from then */
    {"mon-wed 10:00-21:59", NULL},
    {"mon,tue,thu-sun 10:00-20:30", NULL},
};

static void a_week_comes_back_as_it_is_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WEEKS / sizeof *WEEKS; i++) {
        struct silence s = {0};
        struct err err = {0};
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        if (!silence_week_read(span_of(WEEKS[i].typed), &s, &err))
            fail_msg("%s: %s", WEEKS[i].typed, err.text);
        assert_true(silence_week_write(&s, &out));
        assert_string_equal(buf_text(&out),
                            WEEKS[i].shown ? WEEKS[i].shown : WEEKS[i].typed);
        buf_free(&out);
    }
}

static void what_is_no_week_is_refused_and_changes_nothing(void **state)
{
    static const char *const wrong[] = {"",
                                        "   ",
                                        "mon",
                                        "22:00-06:00",
                                        "mon 22:00",
                                        "mon 25:00-06:00",
                                        "mon 24:00-06:00",
                                        "mon 22:60-06:00",
                                        "mon 1:2-3",
                                        "mon 22:00-06:00 tue",
                                        "xxx 22:00-06:00",
                                        "mon-xxx 1-2",
                                        "mon 22:00-06:00 and more",
                                        "mon 001:00-02:00",
                                        "mon :30-02:00",
                                        "mon 1:-2",
                                        "mo 1-2",
                                        "night 1-2",
                                        "mon 1-2 3-4 5-6 7-8 9-10 11-12 13-14 15-16 17-18",
                                        "mon 1-2-3",
                                        "mon -1-2"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct silence s = {.window_count = 1, .windows = {{1, 2, 3}}};
        struct err err = {0};
        if (silence_week_read(span_of(wrong[i]), &s, &err))
            fail_msg("%s", wrong[i]);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(s.window_count, 1);
        assert_int_equal(s.windows[0].start, 2);
    }
    struct silence s = {0};
    assert_false(silence_week_read((struct span){"mon\0 1-2", 8}, &s, NULL));
    for (int shift = 0; shift < 3; shift++) { /* what is quoted is cut between characters */
        char text[100] = "mon aa";
        struct err err = {0};
        text[4 + shift] = '\0';
        for (int i = 0; i < 20; i++)
            strcat(text, "\xe6\x97\xa5");
        assert_false(silence_week_read(span_of(text), &s, &err));
        assert_true(text_is_utf8(span_of(err.text)));
        assert_in_range(strlen(err.text), 80, 110);
    }
}

static bool checks(const struct silence *s, const char *words)
{
    struct err err = {0};
    if (silence_check(s, &err))
        return !words;
    return words && err.code == ERR_INVALID && strstr(err.text, words);
}

static void says_what_cannot_be_kept(void **state)
{
    char comment[SILENCE_COMMENT_MAX + 2];
    (void)state;
    struct silence s = {
        .has_type = true, .type = EVENT_TRACE_ERRORS, .from = 10, .until = 20};
    assert_true(checks(&s, NULL));
    s.has_type = false;
    assert_true(checks(&s, "of an alert, a project or an event type"));
    strcpy(s.project_id, "0190b2c0-1111-7000-8000-000000000001");
    assert_true(checks(&s, NULL));
    s.has_type = true;
    s.type = EVENT_PROMPT_CREATED;
    assert_true(checks(&s, "belong to no project"));
    s.has_type = false;
    s.until = 10;
    assert_true(checks(&s, "ends after it begins"));
    s.until = 0;
    assert_true(checks(&s, "an end or a weekly schedule"));
    assert_true(silence_week_read(span_of("daily 00:00-23:59"), &s, NULL));
    assert_true(checks(&s, NULL));
    assert_true(silence_week_read(span_of("daily 22:00-06:00 06:00-22:00"), &s, NULL));
    assert_true(checks(&s, "never lets anything through"));
    static const struct {
        const char *week;
        bool always;
    } weeks[] = {
        {"daily 22:00-06:00 06:00-21:59", false},
        {"daily 00:00-24:00", true},
        {"daily 10:00-10:00", true},
        {"tue-sun 00:00-24:00; mon 00:00-23:00", false},
        {"tue-sun 00:00-24:00; mon 01:00-24:00", false},
        {"mon-sat 00:00-24:00; sun 06:00-24:00", false},
        {"mon-sat 00:00-24:00; sun 06:00-24:00; sat 22:00-06:00", true},
        {"mon-sat 00:00-24:00; sun 06:00-24:00; sat 22:00-05:59", false},
        {"mon-sat 00:00-24:00; sun 06:00-24:00; sun 22:00-06:00", false},
        {"tue-sun 00:00-24:00; mon 06:00-24:00; sun 22:00-06:00", true},
    };
    for (size_t i = 0; i < sizeof weeks / sizeof *weeks; i++) {
        assert_true(silence_week_read(span_of(weeks[i].week), &s, NULL));
        if (!checks(&s, weeks[i].always ? "never lets anything through" : NULL))
            fail_msg("%s", weeks[i].week);
    }
    assert_true(silence_week_read(span_of("daily 22:00-06:00"), &s, NULL));
    memset(comment, 'x', sizeof comment - 1);
    comment[sizeof comment - 1] = '\0';
    s.comment = comment;
    assert_true(checks(&s, "longer than 200 bytes"));
}

static void copies_whole(void **state)
{
    (void)state;
    struct silence s = {.workspace = strdup("team"),
                        .comment = strdup("c"),
                        .created_by = strdup("ann"),
                        .alert_name = strdup("errors"),
                        .project_name = strdup("Demo"),
                        .held = 3,
                        .zone = "UTC"},
                   copy;
    assert_true(silence_copy(&copy, &s));
    silence_free(&s);
    assert_string_equal(copy.workspace, "team");
    assert_string_equal(copy.comment, "c");
    assert_string_equal(copy.created_by, "ann");
    assert_string_equal(copy.alert_name, "errors");
    assert_string_equal(copy.project_name, "Demo");
    assert_string_equal(copy.zone, "UTC");
    assert_int_equal(copy.held, 3);
    silence_free(&copy);
    s.workspace = strdup("team"); /* and nothing else */
    assert_true(silence_copy(&copy, &s));
    assert_string_equal(copy.workspace, "team");
    assert_null(copy.comment);
    assert_null(copy.created_by);
    assert_null(copy.alert_name);
    assert_null(copy.project_name);
    silence_free(&s);
    silence_free(&copy);
}

static void is_written_as_json(void **state)
{
    struct buf out;
    (void)state;
    struct silence s = {.id = "0190b2c0-1111-7000-8000-000000000001",
                        .workspace = (char *)"default",
                        .alert_id = "0190b2c0-1111-7000-8000-000000000002",
                        .alert_name = (char *)"a \"b\"",
                        .has_type = true,
                        .type = EVENT_TRACE_ERRORS,
                        .mode = SILENCE_DROP,
                        .from = 1000,
                        .zone = "Europe/Berlin",
                        .created_by = (char *)"ann",
                        .dropped = 4};
    const struct silence_state active = {SILENCE_ACTIVE, 1000, 60000};
    assert_true(silence_week_read(span_of("mon 1-2"), &s, NULL));
    buf_init(&out, BUF_UNLIMITED);
    assert_true(silence_to_json(&s, &active, &out));
    assert_string_equal(
        buf_text(&out),
        "{\"id\":\"0190b2c0-1111-7000-8000-000000000001\",\"workspace\":\"default\","
        "\"alert_id\":\"0190b2c0-1111-7000-8000-000000000002\",\"alert_name\":\"a "
        "\\\"b\\\"\","
        "\"event_type\":\"trace:errors\",\"then\":\"drop\",\"from\":\"1970-01-01T00:00:01."
        "000Z\","
        "\"weekly\":\"mon 01:00-02:00\",\"zone\":\"Europe/Berlin\",\"state\":\"active\","
        "\"ends_at\":\"1970-01-01T00:01:00.000Z\",\"held\":0,\"dropped\":4,"
        "\"created_by\":\"ann\"}");
    buf_clear(&out);
    assert_true(silence_subject(&s, &out));
    assert_string_equal(buf_text(&out), "alert \"a \"b\"\", trace:errors");
    buf_clear(&out);
    strcpy(s.project_id, "0190b2c0-1111-7000-8000-000000000003");
    s.alert_name = NULL; /* it is not there any more */
    assert_true(silence_subject(&s, &out));
    assert_string_equal(buf_text(&out), "alert \"0190b2c0-1111-7000-8000-000000000002\", "
                                        "project \"0190b2c0-1111-7000-8000-000000000003\", "
                                        "trace:errors");
    buf_clear(&out);
    s.alert_id[0] = '\0';
    s.has_type = false;
    s.project_name = (char *)"Demo";
    assert_true(silence_subject(&s, &out));
    assert_string_equal(buf_text(&out), "project \"Demo\"");
    buf_free(&out);
}

static void one_that_is_over_says_when(void **state)
{
    struct buf out;
    (void)state;
    const struct silence s = {.id = "0190b2c0-1111-7000-8000-000000000001",
                              .workspace = (char *)"default",
                              .project_id = "0190b2c0-1111-7000-8000-000000000002",
                              .project_name = (char *)"Demo",
                              .from = 1000,
                              .until = 9000,
                              .comment = (char *)"c",
                              .created_at = 1000,
                              .ended_at = 2000};
    const struct silence_state over = {SILENCE_OVER, 3000, INT64_MAX};
    buf_init(&out, BUF_UNLIMITED);
    assert_true(silence_to_json(&s, &over, &out));
    assert_string_equal(
        buf_text(&out),
        "{\"id\":\"0190b2c0-1111-7000-8000-000000000001\",\"workspace\":\"default\","
        "\"project_id\":\"0190b2c0-1111-7000-8000-000000000002\",\"project_name\":\"Demo\","
        "\"then\":\"digest\",\"from\":\"1970-01-01T00:00:01.000Z\","
        "\"until\":\"1970-01-01T00:00:09.000Z\",\"state\":\"over\",\"held\":0,\"dropped\":"
        "0,"
        "\"comment\":\"c\",\"created_at\":\"1970-01-01T00:00:01.000Z\","
        "\"ended_at\":\"1970-01-01T00:00:02.000Z\"}");
    buf_free(&out);
}

static void modes_have_names_both_ways(void **state)
{
    (void)state;
    for (int m = SILENCE_DIGEST; m <= SILENCE_DROP; m++) {
        enum silence_mode read = m == SILENCE_DROP ? SILENCE_DIGEST : SILENCE_DROP;
        assert_true(
            silence_mode_parse(span_of(silence_mode_name((enum silence_mode)m)), &read));
        assert_int_equal(read, m);
    }
    enum silence_mode read;
    assert_false(silence_mode_parse(span_of("Drop"), &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_week_comes_back_as_it_is_shown),
        cmocka_unit_test(what_is_no_week_is_refused_and_changes_nothing),
        cmocka_unit_test(says_what_cannot_be_kept),
        cmocka_unit_test(copies_whole),
        cmocka_unit_test(is_written_as_json),
        cmocka_unit_test(one_that_is_over_says_when),
        cmocka_unit_test(modes_have_names_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
