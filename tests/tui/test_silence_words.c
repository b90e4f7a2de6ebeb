/* Silences as they are typed and shown. */
#include "silence_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/timefmt.h"
#include "store/alerts.h"
#include "support/steps.h"

static int64_t utc(const char *iso)
{
    int64_t ms;
    if (!timefmt_parse_iso(span_of(iso), &ms))
        fail_msg("%s", iso);
    return ms;
}

/* ---------------------------------------------------------------- a line */

static const char *text(const char *word)
{
    return word ? word : "-";
}

static void a_line_is_taken_apart(void **state)
{
    static const struct {
        const char *line,
            *words; /* alert project type duration from until weekly zone then comment */
    } rows[] = {
        {"2h digest", "- - - 2h - - - - digest -"},
        {"  drop   90m ", "- - - 90m - - - - drop -"},
        {"for 2h then drop", "- - - 2h - - - - drop -"},
        {"until 18:00 type:trace:errors", "- - trace:errors - - 18:00 - - - -"},
        {"until:18:00 from:17:00", "- - - - 17:00 18:00 - - - -"},
        {"mon-fri 22:00-06:00; sat 1-2 zone:Europe/Berlin",
         "- - - - - - mon-fri 22:00-06:00; sat 1-2 Europe/Berlin - -"},
        {"alert:\"Prod errors\" 2h project:a", "Prod errors a - 2h - - - - - -"},
        {"\"alert:Prod errors\" 2h", "Prod errors - - 2h - - - - - -"},
        {"2h comment:\"quiet nights\"", "- - - 2h - - - - - quiet nights"},
        {"alertness 2h", "- - - 2h - - alertness - - -"},
        {"", "- - - - - - - - - -"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[SILENCE_LINE_MAX], weekly[SILENCE_LINE_MAX], got[SILENCE_LINE_MAX * 2];
        struct silence_words w;
        snprintf(line, sizeof line, "%s", rows[i].line);
        assert_true(silence_words_split(line, weekly, &w, NULL));
        snprintf(got, sizeof got, "%s %s %s %s %s %s %s %s %s %s", text(w.alert),
                 text(w.project), text(w.type), text(w.duration), text(w.from),
                 text(w.until), text(w.weekly), text(w.zone), text(w.then),
                 text(w.comment));
        assert_string_equal(got, rows[i].words);
    }
    char line[] = "2h until", weekly[SILENCE_LINE_MAX];
    struct silence_words w;
    struct err err;
    assert_false(silence_words_split(line, weekly, &w, &err));
    assert_non_null(strstr(err.text, "\"until\" needs a value"));
}

/* ---------------------------------------------------------------- making one */

static int set_up(void **state)
{
    struct store_fixture *f = calloc(1, sizeof *f);
    struct alert a;
    char id[UUID_SIZE];
    store_fixture_make(f);
    for (int i = 0; i < 3; i++) { /* "Prod" once, "twice" twice */
        step_alert_make(&a, i ? "twice" : "Prod", "http://127.0.0.1:9/x",
                        EVENT_TRACE_ERRORS);
        assert_true(step_alert_put(f->store, &a, STORE_CREATE, NULL, NULL));
        alert_free(&a);
    }
    assert_true(step_project(f->store, "default", "shop", false, id, NULL));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    store_fixture_remove(*state);
    free(*state);
    return 0;
}

static bool make(struct store_fixture *f, const struct silence_words *w,
                 struct silence *out, struct err *err)
{
    /* Wednesday, 14:30 in Berlin, which is the machine's own zone here */
    const struct silence_maker maker = {f->reader, "default", "ann",
                                        utc("2026-11-25T13:30:00Z")};
    *err = (struct err){0};
    return silence_words_make(w, &maker, out, err);
}

static void times_are_those_of_the_zone(void **state)
{
    static const struct {
        struct silence_words w;
        const char *from, *until;
    } rows[] = {
        {{.duration = "2h"}, "2026-11-25T13:30:00Z", "2026-11-25T15:30:00Z"},
        {{.until = "18:00"}, "2026-11-25T13:30:00Z", "2026-11-25T17:00:00Z"},
        {{.until = "9:05"},
         "2026-11-25T13:30:00Z",
         "2026-11-26T08:05:00Z"}, /* the next one */
        {{.until = "14:30"}, "2026-11-25T13:30:00Z", "2026-11-26T13:30:00Z"},
        {{.until = "23:59"}, "2026-11-25T13:30:00Z", "2026-11-25T22:59:00Z"},
        {{.until = "0:00"}, "2026-11-25T13:30:00Z", "2026-11-25T23:00:00Z"},
        {{.until = "2026-12-24T9:5"}, "2026-11-25T13:30:00Z", "2026-12-24T08:05:00Z"},
        {{.until = "18:00", .zone = "UTC"}, "2026-11-25T13:30:00Z", "2026-11-25T18:00:00Z"},
        {{.until = "2026-12-24"}, "2026-11-25T13:30:00Z", "2026-12-23T23:00:00Z"},
        {{.until = "2027-07-01 08:00"}, "2026-11-25T13:30:00Z", "2027-07-01T06:00:00Z"},
        {{.until = "2026-11-25T20:00:00Z"}, "2026-11-25T13:30:00Z", "2026-11-25T20:00:00Z"},
        {{.from = "22:00", .until = "06:00"},
         "2026-11-25T21:00:00Z",
         "2026-11-26T05:00:00Z"},
        {{.from = "22:00", .duration = "30m"},
         "2026-11-25T21:00:00Z",
         "2026-11-25T21:30:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct silence_words w = rows[i].w;
        struct silence s;
        struct err err;
        w.alert = "prod"; /* whatever the case */
        if (!make(*state, &w, &s, &err))
            fail_msg("row %zu: %s", i, err.text);
        if (s.from != utc(rows[i].from) || s.until != utc(rows[i].until))
            fail_msg("row %zu: %lld to %lld", i, (long long)s.from, (long long)s.until);
        assert_true(s.alert_id[0]);
        assert_int_equal(s.mode, SILENCE_DIGEST);
        silence_free(&s);
    }
}

static void what_cannot_be_is_said(void **state)
{
    static const struct {
        struct silence_words w;
        enum err_code code;
        const char *text;
    } rows[] = {
        {{.duration = "2h"}, ERR_INVALID, "of an alert, a project"},
        {{.alert = "nope", .duration = "2h"}, ERR_NOT_FOUND, "no alert has the name nope"},
        {{.alert = "twice", .duration = "2h"}, ERR_INVALID, "2 alerts have the name twice"},
        {{.project = "nope", .duration = "2h"},
         ERR_NOT_FOUND,
         "no project has the name nope"},
        {{.type = "trace:nope", .duration = "2h"}, ERR_INVALID, "no event type"},
        {{.alert = "Prod", .then = "keep", .duration = "2h"},
         ERR_INVALID,
         "digest or drop"},
        {{.alert = "Prod", .duration = "2x"}, ERR_INVALID, "whole number"},
        {{.alert = "Prod", .duration = "0s"}, ERR_INVALID, "ten years"},
        {{.alert = "Prod", .duration = "9999d"}, ERR_INVALID, "ten years"},
        {{.alert = "Prod", .until = "25:00"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "12:00x"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "+2:00"}, ERR_INVALID, "is no time"}, /* two hours on? */
        {{.alert = "Prod", .until = "-0:30"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "18: 5"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "18:+5"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "18:"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = ":30"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "18"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "24:00"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "18:60"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "2027- 1-+1"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "2027-00-10"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "2026-13-01"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "2027-01-00"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "2027-01-01 18"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "2026-02-30"}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = ""}, ERR_INVALID, "is no time"},
        {{.alert = "Prod", .until = "2020-01-01"}, ERR_INVALID, "ends after it begins"},
        {{.alert = "Prod", .until = "18:00", .duration = "2h"}, ERR_INVALID, "either"},
        {{.alert = "Prod"}, ERR_INVALID, "an end or a weekly schedule"},
        {{.alert = "Prod", .weekly = "never"}, ERR_INVALID, "\"never\""},
        {{.alert = "Prod", .weekly = "mon 1-2", .zone = "Mars/Base"},
         ERR_INVALID,
         "Mars/Base"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct silence s;
        struct err err;
        if (make(*state, &rows[i].w, &s, &err) || err.code != rows[i].code ||
            !strstr(err.text, rows[i].text))
            fail_msg("row %zu: %d %s", i, (int)err.code, err.text);
    }
}

static void all_of_it_is_kept(void **state)
{
    const struct silence_words w = {.project = "shop",
                                    .type = "trace:errors",
                                    .weekly = "mon-fri 22:00-06:00",
                                    .zone = "Asia/Tokyo",
                                    .then = "drop",
                                    .comment = "nights"};
    struct silence s;
    struct err err;
    char when[128];
    assert_true(make(*state, &w, &s, &err));
    assert_true(s.project_id[0] && !s.alert_id[0] && s.has_type);
    assert_int_equal(s.type, EVENT_TRACE_ERRORS);
    assert_int_equal(s.mode, SILENCE_DROP);
    assert_string_equal(s.comment, "nights");
    assert_string_equal(s.created_by, "ann");
    assert_string_equal(s.workspace, "default");
    silence_words_schedule(&s, s.from, when, sizeof when);
    assert_string_equal(when, "mon-fri 22:00-06:00 Asia/Tokyo");
    s.until = utc("2026-12-24T23:00:00Z");
    silence_words_schedule(&s, s.from, when, sizeof when);
    assert_string_equal(when, "mon-fri 22:00-06:00 Asia/Tokyo, to 2026-12-25 00:00");
    s.window_count = 0;
    silence_words_schedule(&s, s.from, when, sizeof when);
    assert_string_equal(when, "2026-11-25 14:30 to 2026-12-25 00:00");
    silence_free(&s);
}

/* ---------------------------------------------------------------- showing */

static void a_state_is_said_with_its_time(void **state)
{
    static const struct {
        enum silence_phase phase;
        const char *at, *words;
        int64_t ended;
    } rows[] = {
        {SILENCE_ACTIVE, "2026-11-25T17:00:00Z", "active until 18:00", 0},
        {SILENCE_ACTIVE, "2026-11-27T05:00:00Z", "active until Fri 06:00", 0},
        {SILENCE_ACTIVE, "2026-12-24T17:00:00Z", "active until 2026-12-24", 0},
        {SILENCE_ACTIVE, "2026-12-02T08:00:00Z", "active until 2026-12-02", 0},
        {SILENCE_PLANNED, "2026-11-25T21:00:00Z", "begins 22:00", 0},
        {SILENCE_PLANNED, NULL, "its zone is not known", 0},
        {SILENCE_OVER, NULL, "over", 0},
        {SILENCE_OVER, NULL, "ended", 5},
    };
    (void)state;
    int64_t now = utc("2026-11-25T13:30:00Z");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct silence_at at = {
            .state = {rows[i].phase, now, rows[i].at ? utc(rows[i].at) : INT64_MAX}};
        char words[64];
        at.silence.ended_at = rows[i].ended;
        silence_words_state(&at, now, words, sizeof words);
        assert_string_equal(words, rows[i].words);
    }
}

static void an_alert_tells_of_what_silences_it(void **state)
{
    const unsigned errors = 1u << EVENT_TRACE_ERRORS,
                   guardrails = 1u << EVENT_GUARDRAILS_TRIGGERED;
    struct alert_row row = {.id = "0190b2c0-1111-7000-8000-0000000000a1",
                            .triggers = errors | guardrails};
    struct silence_at items[4] = {{.state = {SILENCE_ACTIVE, 0, 100}},
                                  {.state = {SILENCE_ACTIVE, 0, 50}},
                                  {.state = {SILENCE_ACTIVE, 0, 900}},
                                  {.state = {SILENCE_PLANNED, 0, 999}}};
    struct silences all = {items, 1};
    bool partly;
    (void)state;
    items[0].silence.has_type = true; /* trace:errors, of any alert */
    memcpy(items[1].silence.alert_id, row.id, UUID_SIZE);
    memcpy(items[2].silence.project_id, row.id, UUID_SIZE);
    memcpy(items[3].silence.alert_id, row.id, UUID_SIZE);
    assert_ptr_equal(silence_words_of_alert(&all, &row, &partly), &items[0]);
    assert_true(partly);
    all.count = 4; /* whole before partly; those of a project and planned ones are none */
    assert_ptr_equal(silence_words_of_alert(&all, &row, &partly), &items[1]);
    assert_false(partly);
    row.triggers = errors; /* now the first is of all that it has, and ends later */
    assert_ptr_equal(silence_words_of_alert(&all, &row, &partly), &items[0]);
    assert_false(partly);
    row.triggers = guardrails;
    all.count = 1;
    assert_null(silence_words_of_alert(&all, &row, &partly));
}

int main(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_taken_apart),
        WITH_STORE(times_are_those_of_the_zone),
        WITH_STORE(what_cannot_be_is_said),
        WITH_STORE(all_of_it_is_kept),
        cmocka_unit_test(a_state_is_said_with_its_time),
        cmocka_unit_test(an_alert_tells_of_what_silences_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
