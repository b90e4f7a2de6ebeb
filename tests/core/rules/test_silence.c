/* When a silence is active: ranges, weeks, midnight, clocks that jump and go back; and
 * which one takes an event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/timefmt.h"
#include "rules/silence.h"

#define A1 "0190b2c0-1111-7000-8000-0000000000a1"
#define A2 "0190b2c0-1111-7000-8000-0000000000a2"
#define P1 "0190b2c0-1111-7000-8000-0000000000b1"
#define P2 "0190b2c0-1111-7000-8000-0000000000b2"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

static int64_t utc(const char *iso)
{
    int64_t ms;
    if (!timefmt_parse_iso(span_of(iso), &ms))
        fail_msg("%s", iso);
    return ms;
}

/* ---------------------------------------------------------------- a range */

static void a_range_has_a_start_and_an_end(void **state)
{
    static const struct {
        int64_t now;
        enum silence_phase phase;
        int64_t changes_at;
    } rows[] = {{0, SILENCE_PLANNED, 1000},      {999, SILENCE_PLANNED, 1000},
                {1000, SILENCE_ACTIVE, 2000},    {1999, SILENCE_ACTIVE, 2000},
                {2000, SILENCE_OVER, INT64_MAX}, {INT64_MAX, SILENCE_OVER, INT64_MAX}};
    (void)state;
    struct silence s = {.from = 1000, .until = 2000};
    struct silence_state at;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        silence_look(&s, NULL, rows[i].now, &at);
        assert_int_equal(at.phase, rows[i].phase);
        assert_int_equal(at.changes_at, rows[i].changes_at);
    }
    s.ended_at = 1500; /* by hand: at no time any more, whatever the clock says */
    silence_look(&s, NULL, 1200, &at);
    assert_int_equal(at.phase, SILENCE_OVER);
}

/* ---------------------------------------------------------------- a week */

static const struct {
    const char *week, *zone, *now;
    enum silence_phase phase;
    const char *changes;
} WEEKS[] = {
    /* 2026-11-23 is a Monday. Over midnight: the window belongs to the day that it begins
       on. */
    {"mon-fri 22:00-06:00", "UTC", "2026-11-23T21:59:59Z", SILENCE_PLANNED,
     "2026-11-23T22:00:00Z"},
    {"mon-fri 22:00-06:00", "UTC", "2026-11-23T22:00:00Z", SILENCE_ACTIVE,
     "2026-11-24T06:00:00Z"},
    {"mon-fri 22:00-06:00", "UTC", "2026-11-24T05:59:59Z", SILENCE_ACTIVE,
     "2026-11-24T06:00:00Z"},
    {"mon-fri 22:00-06:00", "UTC", "2026-11-24T06:00:00Z", SILENCE_PLANNED,
     "2026-11-24T22:00:00Z"},
    {"mon-fri 22:00-06:00", "UTC", "2026-11-28T05:00:00Z", SILENCE_ACTIVE,
     "2026-11-28T06:00:00Z"},
    {"mon-fri 22:00-06:00", "UTC", "2026-11-28T22:30:00Z", SILENCE_PLANNED,
     "2026-11-30T22:00:00Z"},
    {"mon-fri 22:00-06:00", "UTC", "2026-11-23T05:00:00Z", SILENCE_PLANNED,
     "2026-11-23T22:00:00Z"},
    /* What touches is one stretch: nights and whole weekends. */
    {"mon-fri 22:00-06:00; sat,sun 00:00-24:00", "UTC", "2026-11-27T23:00:00Z",
     SILENCE_ACTIVE, "2026-11-30T00:00:00Z"},
    {"mon-thu 18:00-24:00 00:00-06:00", "UTC", "2026-11-23T18:00:00Z", SILENCE_ACTIVE,
     "2026-11-24T06:00:00Z"},
    {"mon 12:00-18:00 06:00-12:00", "UTC", "2026-11-23T07:00:00Z", SILENCE_ACTIVE,
     "2026-11-23T18:00:00Z"},
    {"daily 00:00-23:59", "UTC", "2026-11-25T23:58:00Z", SILENCE_ACTIVE,
     "2026-11-25T23:59:00Z"},
    {"daily 00:00-23:59", "UTC", "2026-11-25T23:59:00Z", SILENCE_PLANNED,
     "2026-11-26T00:00:00Z"},
    {"tue 10:00-10:00", "UTC", "2026-11-25T09:59:00Z", SILENCE_ACTIVE,
     "2026-11-25T10:00:00Z"},
    {"sun 12:00-13:00", "UTC", "2026-11-22T13:00:00Z", SILENCE_PLANNED,
     "2026-11-29T12:00:00Z"},
    /* The clock of another place. */
    {"mon 22:00-06:00", "Europe/Berlin", "2026-11-23T21:00:00Z", SILENCE_ACTIVE,
     "2026-11-24T05:00:00Z"},
    {"mon 22:00-06:00", "America/New_York", "2026-11-24T03:00:00Z", SILENCE_ACTIVE,
     "2026-11-24T11:00:00Z"},
    {"mon 00:30-01:30", "Pacific/Auckland", "2026-11-22T12:00:00Z", SILENCE_ACTIVE,
     "2026-11-22T12:30:00Z"},
    /* Spring: 02:00 to 03:00 does not come (Berlin, 2026-03-29, at 01:00 UTC). */
    {"sat 22:00-06:00", "Europe/Berlin", "2026-03-28T21:00:00Z", SILENCE_ACTIVE,
     "2026-03-29T04:00:00Z"}, /* an hour shorter */
    {"sun 02:30-04:00", "Europe/Berlin", "2026-03-29T00:59:59Z", SILENCE_PLANNED,
     "2026-03-29T01:00:00Z"},
    {"sun 02:30-04:00", "Europe/Berlin", "2026-03-29T01:00:00Z", SILENCE_ACTIVE,
     "2026-03-29T02:00:00Z"},
    {"sun 01:00-02:30", "Europe/Berlin", "2026-03-29T00:30:00Z", SILENCE_ACTIVE,
     "2026-03-29T01:00:00Z"},
    {"sun 02:10-02:50", "Europe/Berlin", "2026-03-29T00:59:00Z", SILENCE_PLANNED,
     "2026-04-05T00:10:00Z"}, /* not in that week */
    {"sun 02:10-02:50", "Europe/Berlin", "2026-03-27T12:00:00Z", SILENCE_PLANNED,
     "2026-04-05T00:10:00Z"},
    {"mon-sat 00:00-24:00; sun 00:00-02:10 02:50-24:00", "Europe/Berlin",
     "2026-03-22T01:50:00Z", SILENCE_ACTIVE,
     "2026-04-05T00:10:00Z"}, /* what it lets through was passed over once */
    /* Autumn: 02:00 to 03:00 comes twice (2026-10-25, back at 01:00 UTC). */
    {"sat 22:00-06:00", "Europe/Berlin", "2026-10-24T20:00:00Z", SILENCE_ACTIVE,
     "2026-10-25T05:00:00Z"}, /* an hour longer */
    {"sun 02:30-02:45", "Europe/Berlin", "2026-10-25T00:30:00Z", SILENCE_ACTIVE,
     "2026-10-25T01:45:00Z"}, /* from the first to the last: one stretch, one digest */
    {"sun 01:00-02:30", "Europe/Berlin", "2026-10-25T00:45:00Z", SILENCE_ACTIVE,
     "2026-10-25T01:30:00Z"},
    {"sun 02:30-04:00", "Europe/Berlin", "2026-10-25T00:29:00Z", SILENCE_PLANNED,
     "2026-10-25T00:30:00Z"},
    /* Back over midnight, 00:01 to 23:01: the window of two days ago goes on. */
    {"fri 23:45-23:30", "America/St_Johns", "2010-11-07T02:30:30Z", SILENCE_ACTIVE,
     "2010-11-07T03:00:00Z"},
    /* The first instant of all, still the day before in the west. */
    {"wed 12:00-20:00", "America/New_York", "1970-01-01T00:00:00Z", SILENCE_ACTIVE,
     "1970-01-01T01:00:00Z"},
    {"wed 22:00-23:00", "America/New_York", "1970-01-01T02:30:00Z", SILENCE_PLANNED,
     "1970-01-01T03:00:00Z"},
    /* The last second of 32 bits. */
    {"daily 03:00-04:00", "UTC", "2038-01-19T03:14:07Z", SILENCE_ACTIVE,
     "2038-01-19T04:00:00Z"},
    {"daily 03:00-04:00", "Europe/Berlin", "2039-07-01T01:30:00Z", SILENCE_ACTIVE,
     "2039-07-01T02:00:00Z"},
};

static void a_week_follows_the_clock_of_its_zone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WEEKS / sizeof *WEEKS; i++) {
        struct silence s = {0};
        struct silence_state at;
        char iso[TIMEFMT_ISO_SIZE];
        assert_true(silence_week_read(span_of(WEEKS[i].week), &s, NULL));
        silence_look(&s, zone_find(WEEKS[i].zone, NULL), utc(WEEKS[i].now), &at);
        timefmt_iso(at.changes_at, iso);
        if (at.phase != WEEKS[i].phase || at.changes_at != utc(WEEKS[i].changes))
            fail_msg("%s in %s at %s: %s, changes at %s", WEEKS[i].week, WEEKS[i].zone,
                     WEEKS[i].now, silence_phase_name(at.phase), iso);
    }
}

/* Minute by minute over a year with both jumps: what a look says holds until changes_at. */
static void a_look_holds_until_it_says(void **state)
{
    (void)state;
    struct silence s = {0};
    struct silence_state held, at;
    const struct zone *zone = zone_find("Europe/Berlin", NULL);
    int64_t now = utc("2026-01-01T00:00:00Z"), end = utc("2027-01-01T00:00:00Z");
    int stretches = 0;
    assert_true(
        silence_week_read(span_of("mon-fri 22:00-06:00; sun 01:30-02:30"), &s, NULL));
    silence_look(&s, zone, now, &held);
    for (; now < end; now += 10 * MINUTE) {
        silence_look(&s, zone, now, &at);
        if (now >= held.changes_at) {
            assert_int_not_equal(at.phase, held.phase);
            stretches += at.phase == SILENCE_ACTIVE;
            held = at;
        }
        assert_int_equal(at.phase, held.phase);
        assert_int_equal(at.changes_at, held.changes_at);
    }
    assert_int_equal(stretches, 261 + 52); /* week nights and Sundays of 2026 */
}

static void a_week_can_begin_and_end(void **state)
{
    (void)state;
    struct silence s = {.from = utc("2026-11-24T23:00:00Z"),
                        .until = utc("2026-11-26T23:00:00Z")};
    struct silence_state at;
    const struct zone *zone = zone_find("UTC", NULL);
    assert_true(silence_week_read(span_of("daily 22:00-02:00"), &s, NULL));
    silence_look(&s, zone, utc("2026-11-24T22:30:00Z"), &at);
    assert_int_equal(at.phase, SILENCE_PLANNED);
    assert_int_equal(at.changes_at, utc("2026-11-24T23:00:00Z"));
    silence_look(&s, zone, utc("2026-11-24T23:00:00Z"), &at);
    assert_int_equal(at.phase, SILENCE_ACTIVE);
    assert_int_equal(at.changes_at, utc("2026-11-25T02:00:00Z"));
    silence_look(&s, zone, utc("2026-11-26T22:30:00Z"), &at);
    assert_int_equal(at.phase, SILENCE_ACTIVE);
    assert_int_equal(at.changes_at, s.until);
    s.until = utc("2026-11-26T21:00:00Z"); /* before the next window */
    silence_look(&s, zone, utc("2026-11-26T20:00:00Z"), &at);
    assert_int_equal(at.phase, SILENCE_OVER);
    assert_int_equal(at.changes_at, INT64_MAX);
    s.until = utc("2026-11-26T22:00:00Z"); /* as the next window begins */
    silence_look(&s, zone, utc("2026-11-26T20:00:00Z"), &at);
    assert_int_equal(at.phase, SILENCE_OVER);
    silence_look(&s, NULL, utc("2026-11-25T00:00:00Z"), &at); /* a zone not known here */
    assert_int_not_equal(at.phase, SILENCE_ACTIVE);
    s.until = 0;
    silence_look(&s, NULL, utc("2026-11-25T00:00:00Z"), &at);
    assert_int_equal(at.phase, SILENCE_PLANNED);
}

static void a_schedule_can_be_full(void **state)
{
    (void)state;
    struct silence s = {0};
    struct silence_state at;
    assert_true(silence_week_read(span_of("daily 00-01 02-03 04-05 06-07 08-09 10-11 12-13 "
                                          "14-15"),
                                  &s, NULL));
    assert_int_equal(s.window_count, SILENCE_WINDOWS_MAX);
    silence_look(&s, zone_find("UTC", NULL), utc("2026-11-24T14:30:00Z"), &at);
    assert_int_equal(at.phase, SILENCE_ACTIVE);
    assert_int_equal(at.changes_at, utc("2026-11-24T15:00:00Z"));
    silence_look(&s, zone_find("UTC", NULL), at.changes_at, &at);
    assert_int_equal(at.phase, SILENCE_PLANNED);
    assert_int_equal(at.changes_at, utc("2026-11-25T00:00:00Z"));
}

/* ---------------------------------------------------------------- whom it silences */

static struct silence_at active(const char *id, const char *alert, const char *project,
                                int type, enum silence_mode mode, int64_t until)
{
    struct silence_at at = {.state = {SILENCE_ACTIVE, 0, until}};
    struct silence *s = &at.silence;
    snprintf(s->id, sizeof s->id, "%s", id);
    snprintf(s->alert_id, sizeof s->alert_id, "%s", alert ? alert : "");
    snprintf(s->project_id, sizeof s->project_id, "%s", project ? project : "");
    s->has_type = type >= 0;
    s->type = type >= 0 ? (enum event_type)type : EVENT_TRACE_ERRORS;
    s->workspace = (char *)"team";
    s->mode = mode;
    s->until = until;
    return at;
}

static void all_that_is_given_must_match(void **state)
{
    static const struct {
        const char *alert, *project;
        int type;
        const char *of_alert, *of_project, *workspace;
        enum event_type of_type;
        bool covered;
    } rows[] = {
        {A1, NULL, -1, A1, P1, "team", EVENT_TRACE_ERRORS, true},
        {A1, NULL, -1, A2, P1, "team", EVENT_TRACE_ERRORS, false},
        {A1, NULL, -1, A1, P1, "other", EVENT_TRACE_ERRORS, false},
        {NULL, P1, -1, A2, P1, "team", EVENT_TRACE_ERRORS, true},
        {NULL, P1, -1, A2, P2, "team", EVENT_TRACE_ERRORS, false},
        {NULL, P1, -1, A2, NULL, "team", EVENT_PROMPT_CREATED, false}, /* no project */
        {NULL, NULL, EVENT_PROMPT_CREATED, A2, NULL, "team", EVENT_PROMPT_CREATED, true},
        {NULL, NULL, EVENT_PROMPT_CREATED, A2, NULL, "team", EVENT_PROMPT_DELETED, false},
        {A1, P1, EVENT_TRACE_ERRORS, A1, P1, "team", EVENT_TRACE_ERRORS, true},
        {A1, P1, EVENT_TRACE_ERRORS, A2, P1, "team", EVENT_TRACE_ERRORS, false},
        {A1, P1, EVENT_TRACE_ERRORS, A1, P2, "team", EVENT_TRACE_ERRORS, false},
        {A1, P1, EVENT_TRACE_ERRORS, A1, P1, "team", EVENT_GUARDRAILS_TRIGGERED, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct silence_at at =
            active(A1, rows[i].alert, rows[i].project, rows[i].type, SILENCE_DROP, 10);
        const struct event_ref event = {rows[i].of_type, rows[i].workspace,
                                        rows[i].of_project};
        if (silence_covers(&at.silence, rows[i].of_alert, &event) != rows[i].covered)
            fail_msg("row %zu", i);
    }
}

static const char *picked(struct silence_at *items, size_t count)
{
    const struct silences all = {items, count};
    const struct event_ref event = {EVENT_TRACE_ERRORS, "team", P1};
    const struct silence_at *at = silences_pick(&all, A1, &event);
    return at ? at->silence.id : "";
}

static void a_digest_goes_before_a_drop_and_the_longer_before_the_shorter(void **state)
{
    (void)state;
    struct silence_at items[] = {active("1", A1, NULL, -1, SILENCE_DROP, 900),
                                 active("2", NULL, P1, -1, SILENCE_DIGEST, 100),
                                 active("3", A1, NULL, -1, SILENCE_DIGEST, 200),
                                 active("4", A1, NULL, -1, SILENCE_DIGEST, 200),
                                 active("5", A2, NULL, -1, SILENCE_DIGEST, 999)};
    assert_string_equal(picked(items, 5), "3");
    assert_string_equal(picked(items, 2), "2");
    assert_string_equal(picked(items, 1), "1");
    assert_string_equal(picked(items + 4, 1), "");
    items[0].state.phase = SILENCE_PLANNED;
    assert_string_equal(picked(items, 1), "");
    assert_string_equal(picked(items, 0), "");
}

/* A state is looked at again when it holds no more, also when the clock was set back. */
static void looks_again_only_when_needed(void **state)
{
    (void)state;
    struct silence_at item = {.silence = {.from = 1000, .until = 2000},
                              .state = {.looked_at = INT64_MAX}};
    struct silences all = {&item, 1};
    silences_look(&all, 500);
    assert_int_equal(item.state.phase, SILENCE_PLANNED);
    silences_look(&all, 1000);
    assert_int_equal(item.state.phase, SILENCE_ACTIVE);
    silences_look(&all, 1700);
    assert_int_equal(item.state.looked_at, 1000);
    silences_look(&all, 5000);
    assert_int_equal(item.state.phase, SILENCE_OVER);
    silences_look(&all, 1600);
    assert_int_equal(item.state.phase, SILENCE_ACTIVE);
}

static void freeing_leaves_none(void **state)
{
    (void)state;
    struct silences all = {calloc(2, sizeof *all.items), 2};
    assert_non_null(all.items);
    for (size_t i = 0; i < all.count; i++)
        assert_non_null(all.items[i].silence.workspace = strdup("team"));
    silences_free(&all);
    assert_null(all.items);
    assert_int_equal(all.count, 0);
}

static void a_silenced_match_is_a_verdict_of_its_own(void **state)
{
    struct alert alert;
    struct silence_at items[] = {active("1", A1, NULL, -1, SILENCE_DROP, 900),
                                 active("2", A1, NULL, -1, SILENCE_DIGEST, 800)};
    struct silences all = {items, 1};
    const struct event_ref event = {EVENT_TRACE_ERRORS, "team", P1};
    int64_t until;
    char words[MATCH_WORDS_SIZE];
    (void)state;
    alert_init(&alert);
    snprintf(alert.id, sizeof alert.id, "%s", A1);
    assert_true(alert_set(&alert.workspace, "team"));
    assert_int_equal(silences_judge(&all, &alert, &event, &until), MATCH_NO_TRIGGER);
    assert_int_equal(until, 0);
    assert_non_null(alert_add_trigger(&alert, EVENT_TRACE_ERRORS));
    assert_int_equal(silences_judge(&all, &alert, &event, &until), MATCH_DROPPED);
    assert_int_equal(until, 900);
    all.count = 2;
    assert_int_equal(silences_judge(&all, &alert, &event, &until), MATCH_HELD);
    assert_int_equal(until, 800);
    assert_true(match_takes(MATCH_HELD) && match_takes(MATCH_DROPPED) &&
                match_takes(MATCH_YES));
    assert_false(match_takes(MATCH_MEASURED));
    match_verdict_words(MATCH_HELD, "18:00", words);
    assert_string_equal(words, "silenced until 18:00: kept for the digest");
    match_verdict_words(MATCH_DROPPED, "18:00", words);
    assert_string_equal(words, "silenced until 18:00: dropped, and counted");
    alert_free(&alert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_has_a_start_and_an_end),
        cmocka_unit_test(a_week_follows_the_clock_of_its_zone),
        cmocka_unit_test(a_look_holds_until_it_says),
        cmocka_unit_test(a_week_can_begin_and_end),
        cmocka_unit_test(a_schedule_can_be_full),
        cmocka_unit_test(all_that_is_given_must_match),
        cmocka_unit_test(a_digest_goes_before_a_drop_and_the_longer_before_the_shorter),
        cmocka_unit_test(looks_again_only_when_needed),
        cmocka_unit_test(freeing_leaves_none),
        cmocka_unit_test(a_silenced_match_is_a_verdict_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
