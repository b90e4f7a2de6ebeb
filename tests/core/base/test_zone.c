/* Time zones of the system's database: offsets, clocks that jump and that go back, the rule
 * after the last row, names that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/timefmt.h"
#include "base/zone.h"

static int64_t utc(const char *iso)
{
    int64_t ms;
    if (!timefmt_parse_iso(span_of(iso), &ms))
        fail_msg("%s", iso);
    return ms;
}

static const struct zone *zone(const char *name)
{
    struct err err = {0};
    const struct zone *z = zone_find(name, &err);
    if (!z)
        fail_msg("%s: %s", name, err.text);
    return z;
}

/* Local times are written as if they were in UTC. */
static const struct {
    const char *zone, *instant, *local;
} CLOCKS[] = {
    {"UTC", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"},
    {"Europe/Berlin", "2026-01-01T12:00:00.250Z", "2026-01-01T13:00:00.250Z"},
    {"Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59Z"},
    {"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"},
    {"Europe/Berlin", "2026-10-25T00:59:59Z", "2026-10-25T02:59:59Z"},
    {"Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"},
    /* after the last row of any file, by the rule of its footer: 2038 and later */
    {"Europe/Berlin", "2050-03-27T00:59:59Z", "2050-03-27T01:59:59Z"},
    {"Europe/Berlin", "2050-03-27T01:00:00Z", "2050-03-27T03:00:00Z"},
    {"Europe/Berlin", "2050-10-30T00:59:59Z", "2050-10-30T02:59:59Z"},
    {"Europe/Berlin", "2050-10-30T01:00:00Z", "2050-10-30T02:00:00Z"},
    /* a summer over the turn of the year */
    {"Australia/Sydney", "2045-01-01T00:00:00Z", "2045-01-01T11:00:00Z"},
    {"Australia/Sydney", "2045-07-01T00:00:00Z", "2045-07-01T10:00:00Z"},
    {"Australia/Sydney", "2045-04-01T15:59:59Z", "2045-04-02T02:59:59Z"},
    {"Australia/Sydney", "2045-04-01T16:00:00Z", "2045-04-02T02:00:00Z"},
    {"Australia/Sydney", "2045-09-30T15:59:59Z", "2045-10-01T01:59:59Z"},
    {"Australia/Sydney", "2045-09-30T16:00:00Z", "2045-10-01T03:00:00Z"},
    {"America/New_York", "2040-07-01T00:00:00Z", "2040-06-30T20:00:00Z"},
    {"Asia/Kathmandu", "2040-07-01T00:00:00Z", "2040-07-01T05:45:00Z"},
    {"Europe/Berlin", "1880-01-01T00:00:00Z", NULL}, /* before the first row: no fault */
};

static void a_clock_shows_the_time_of_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CLOCKS / sizeof *CLOCKS; i++) {
        if (!CLOCKS[i].local) {
            zone_local(zone(CLOCKS[i].zone), INT64_C(-2840140800000));
            continue;
        }
        int64_t local = zone_local(zone(CLOCKS[i].zone), utc(CLOCKS[i].instant));
        if (local != utc(CLOCKS[i].local))
            fail_msg("%s at %s: %lld", CLOCKS[i].zone, CLOCKS[i].instant, (long long)local);
    }
}

/* 1916-04-30, at 23:00: the first summer time, to the millisecond. */
static void a_clock_showed_times_before_1970(void **state)
{
    (void)state;
    const int64_t at = INT64_C(-1693706400000), hour = 3600000;
    const struct zone *z = zone("Europe/Berlin");
    assert_true(zone_local(z, at - 1) == at - 1 + hour);
    assert_true(zone_local(z, at) == at + 2 * hour);
    assert_true(zone_instant(z, at - 1 + hour, true) == at - 1);
    assert_true(zone_instant(z, at + hour + 1, false) == at); /* passed over */
    assert_true(zone_instant(z, at + 2 * hour + 1, false) == at + 1);
}

static const struct {
    const char *zone, *local, *first, *last; /* last NULL: the same */
} INSTANTS[] = {
    {"Europe/Berlin", "2026-01-01T13:00:00Z", "2026-01-01T12:00:00Z", NULL},
    {"Europe/Berlin", "2026-07-01T14:00:00.5Z", "2026-07-01T12:00:00.5Z", NULL},
    /* 02:00 to 03:00 is passed over in spring, and comes twice in autumn */
    {"Europe/Berlin", "2026-03-29T01:59:00Z", "2026-03-29T00:59:00Z", NULL},
    {"Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z", NULL},
    {"Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z", NULL},
    {"Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z", NULL},
    {"Europe/Berlin", "2026-10-25T01:59:00Z", "2026-10-24T23:59:00Z", NULL},
    {"Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z",
     "2026-10-25T01:30:00Z"},
    {"Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z", NULL},
    {"America/New_York", "2026-03-08T02:15:00Z", "2026-03-08T07:00:00Z", NULL},
    {"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z",
     NULL}, /* no such day */
};

static void a_time_of_the_clock_is_an_instant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof INSTANTS / sizeof *INSTANTS; i++) {
        const struct zone *z = zone(INSTANTS[i].zone);
        int64_t first = zone_instant(z, utc(INSTANTS[i].local), false);
        int64_t last = zone_instant(z, utc(INSTANTS[i].local), true);
        const char *expected = INSTANTS[i].last ? INSTANTS[i].last : INSTANTS[i].first;
        if (first != utc(INSTANTS[i].first) || last != utc(expected))
            fail_msg("%s at %s: %lld, %lld", INSTANTS[i].zone, INSTANTS[i].local,
                     (long long)first, (long long)last);
    }
}

static void move_to(const char *name)
{
    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
}

/* The rows of the file and the rule of its footer against libc, which knows one zone. Rules
 * of every form: summers over the turn of the year and reversed ones, offsets and changes
 * that are no whole hours, before midnight, after it, and a day later. */
static void agrees_with_libc(void **state)
{
    (void)state;
    static const char *const names[] = {
        "America/Santiago", "Europe/Berlin",  "Europe/Dublin",    "Australia/Lord_Howe",
        "Pacific/Chatham",  "Pacific/Apia",   "America/Nuuk",     "Asia/Jerusalem",
        "America/Havana",   "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca"};
    const int64_t step =
        (INT64_C(29) * 60 + 7) * 60000 + 250; /* meets every minute of a day */
    const struct zone *own = zone("");
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const struct zone *named = zone(names[n]);
        move_to(names[n]);
        for (int64_t at = INT64_C(-90) * 366 * 86400000; at < INT64_C(90) * 366 * 86400000;
             at += step) {
            int64_t local = zone_local(named, at);
            if (zone_local(own, at) != local)
                fail_msg("%s at %lld", names[n], (long long)at);
            int64_t first = zone_instant(named, local, false);
            int64_t last = zone_instant(named, local, true);
            if (first > at || last < at || zone_local(named, first) != local ||
                zone_local(named, last) != local)
                fail_msg("%s at %lld: %lld, %lld", names[n], (long long)at,
                         (long long)first, (long long)last);
        }
    }
}

static void what_is_no_zone_is_refused(void **state)
{
    static const char *const names[] = {
        "Mars/Base",
        "../../etc/passwd",
        "/etc/passwd",
        "/UTC",
        "Europe",
        "Europe/Berlin ",
        "zone.tab",
        "a\nb",
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
         "AAAAAAAAAAAAAAAAAAA")};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct err err = {0};
        assert_null(zone_find(names[i], &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_true(err.text[0]);
    }
    assert_ptr_equal(zone("Europe/Berlin"), zone("Europe/Berlin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_shows_the_time_of_its_place),
        cmocka_unit_test(a_clock_showed_times_before_1970),
        cmocka_unit_test(a_time_of_the_clock_is_an_instant),
        cmocka_unit_test(agrees_with_libc),
        cmocka_unit_test(what_is_no_zone_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
