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

static void iso_formats_and_clamps(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(1767323045678), "2026-01-02T03:04:05.678Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {-1, "1970-01-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[TIMEFMT_ISO_SIZE];
        timefmt_iso(rows[i].ms, out);
        assert_string_equal(out, rows[i].text);
    }
}

static void parse_iso_reads(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-01-02T03:04:05.678Z", INT64_C(1767323045678)},
        {"2026-01-02T03:04:05.678+00:00", INT64_C(1767323045678)},
        {"2026-01-02T03:04:05.678+0000", INT64_C(1767323045678)},
        {"2026-01-02T04:34:05.678+01:30", INT64_C(1767323045678)},
        {"2026-01-01T22:04:05.678-0500", INT64_C(1767323045678)},
        {"2026-01-02T09:03:05.678+05:59", INT64_C(1767323045678)},
        {"2026-01-01T03:05:05.678-23:59", INT64_C(1767323045678)},
        {"2026-01-02T03:04:05z", INT64_C(1767323045000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)}, /* a leap second */
        {"2026-01-02T03:04:05.6Z", INT64_C(1767323045600)},
        {"2026-01-02T03:04:05.678999999Z", INT64_C(1767323045678)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = -1;
        if (!timefmt_parse_iso(span_of(rows[i].text), &ms) || ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].text, (long long)ms);
    }
}

static void parse_iso_refuses_junk(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "x",
        "2026",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05Zx",
        " 2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z ",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:00Z",
        "2026-01-02T03:04:61Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05.1234567890Z",
        "2026-01-02T03:04:05+1:00",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+01:60",
        "2026-1-02T03:04:05Z",
        "-026-01-02T03:04:05Z",
        "+026-01-02T03:04:05Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "20260102T030405Z",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms;
        if (timefmt_parse_iso(span_of(rows[i]), &ms))
            fail_msg("accepted \"%s\"", rows[i]);
    }
    int64_t ms;
    assert_false(timefmt_parse_iso((struct span){NULL, 0}, &ms));
}

static void parse_iso_knows_the_days_of_each_month(void **state)
{
    (void)state;
    static const int years[] = {1999, 2000, 2024, 2026, 2100};
    for (size_t y = 0; y < sizeof years / sizeof *years; y++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 32; day++) {
                char text[80];
                int64_t ms = -1;
                struct tm t = {
                    .tm_year = years[y] - 1900, .tm_mon = month - 1, .tm_mday = day};
                int64_t expected = (int64_t)timegm(&t) * 1000;
                snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", years[y], month,
                         day);
                if (timefmt_parse_iso(span_of(text), &ms) != (t.tm_mday == day))
                    fail_msg("%s", text);
                if (t.tm_mday == day)
                    assert_true(ms == expected);
            }
}

static void parse_iso_wants_each_character(void **state)
{
    (void)state;
    static const char good[] = "2026-01-02T03:04:05.678+01:30", others[] = "/:a -";
    for (size_t i = 0; i < sizeof good - 1; i++)
        for (const char *c = others; *c; c++) {
            char text[sizeof good];
            int64_t ms;
            memcpy(text, good, sizeof good);
            text[i] = *c;
            bool sign = good[i] == '+' && *c == '-';
            if (good[i] != *c && timefmt_parse_iso(span_of(text), &ms) != sign)
                fail_msg("%s", text);
        }
}

static void parse_iso_reads_what_iso_formats(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < INT64_C(253402300799999); ms += INT64_C(86398765432)) {
        char text[TIMEFMT_ISO_SIZE];
        int64_t back = -1;
        timefmt_iso(ms, text);
        assert_true(timefmt_parse_iso(span_of(text), &back));
        assert_true(back == ms);
    }
}

static void parse_iso_never_reads_on(void **state)
{
    (void)state;
    static const char text[] = "2026-01-02T03:04:05.678+00:00";
    for (size_t len = 0; len < sizeof text - 1; len++) {
        int64_t ms;
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, text, len);
        assert_false(timefmt_parse_iso((struct span){copy, len}, &ms));
        free(copy);
    }
}

static void people_read_their_own_zone(void **state)
{
    (void)state;
    const int64_t at = INT64_C(1767323045678), day = INT64_C(86400000);
    char out[TIMEFMT_LOCAL_SIZE];
    assert_int_equal(setenv("TZ", "XYZ-5:30", 1), 0);
    tzset();
    timefmt_local(at, out);
    assert_string_equal(out, "2026-01-02 08:34:05");
    timefmt_local(INT64_MIN, out);
    assert_string_equal(out, "1970-01-01 05:30:00");
    timefmt_local(INT64_MAX, out);
    assert_string_equal(out, "10000-01-01 05:29:59");
    timefmt_row(at, at + 1000, out);
    assert_string_equal(out, "08:34:05");
    timefmt_row(at, at + day, out);
    assert_string_equal(out, "01-02");
    timefmt_row(at, at + 365 * day, out); /* the same day of another year */
    assert_string_equal(out, "01-02");
}

static void parse_http_reads_three_forms(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = 0;
        assert_true(timefmt_parse_http(span_of(rows[i]), &ms));
        assert_true(ms == INT64_C(784111777000));
    }
}

static void parse_http_reads_what_was_written(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
    /* two digits are of 1970 to 2069 */
    for (time_t at = 0; at < INT64_C(3155760000); at += 86400 * 9 + 12345) {
        struct tm t;
        gmtime_r(&at, &t);
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            char text[80];
            int64_t ms = -1;
            strftime(text, sizeof text, forms[f], &t);
            if (!timefmt_parse_http(span_of(text), &ms) || ms != (int64_t)at * 1000)
                fail_msg("%s: %lld", text, (long long)ms);
        }
    }
}

static void parse_http_refuses_junk(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "Sun",
        "120",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun Nox  6 08:49:37 1994",
        "Su, 06 Nov 1994 08:49:37 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Su Nov  6 08:49:37 1994",
        "Sun, 06-Nov 94 08:49:37 GMT",
        "Sun, 06 Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06-Nov 1994 08:49:37 GMT",
        "Sun Nov 06 08:49:37",
        "Sun,",
        "Sun, 06 N",
        "06 Nov 1994 08:49:37 GMT",
        "2026-01-02T03:04:05Z",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms;
        if (timefmt_parse_http(span_of(rows[i]), &ms))
            fail_msg("accepted \"%s\"", rows[i]);
    }
    int64_t ms;
    assert_false(timefmt_parse_http((struct span){NULL, 0}, &ms));
}

static void duration_parse_reads_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"0s", 0},
        {"1500ms", 1500},
        {"30s", 30000},
        {"5m", 300000},
        {"24h", 86400000},
        {"7d", 604800000},
        {"9223372036854775807ms", INT64_MAX},
        {"007s", 7000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = -1;
        assert_true(duration_parse(span_of(rows[i].text), &ms, NULL));
        assert_true(ms == rows[i].ms);
    }
}

static void duration_parse_refuses_junk(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "s",
        "30",
        "-1s",
        "+1s",
        " 1s",
        "1s ",
        "1 s",
        "1.5s",
        "1S",
        "1sec",
        "1w",
        "1m30s",
        "9223372036854775808ms",
        "9223372036854775807s",
        "99999999999999999999d",
        "106751991168d",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms;
        struct err err = {0};
        if (duration_parse(span_of(rows[i]), &ms, &err))
            fail_msg("accepted \"%s\"", rows[i]);
        assert_int_equal(err.code, ERR_INVALID);
        assert_true(err.text[0] != '\0');
    }
}

static void duration_format_is_exact_and_shortest(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0s"},         {1, "1ms"},
        {1500, "1500ms"},  {30000, "30s"},
        {60000, "1m"},     {90000, "90s"},
        {3600000, "1h"},   {90000000, "25h"},
        {172800000, "2d"}, {INT64_MAX, "9223372036854775807ms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[24];
        int64_t back = -1;
        duration_format(rows[i].ms, out);
        assert_string_equal(out, rows[i].text);
        assert_true(duration_parse(span_of(out), &back, NULL) && back == rows[i].ms);
    }
}

static void duration_human_rounds(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {-5, "0 ms"},
        {0, "0 ms"},
        {12, "12 ms"},
        {999, "999 ms"},
        {1000, "1 s"},
        {1049, "1 s"},
        {1050, "1.1 s"},
        {1234, "1.2 s"},
        {1960, "2 s"},
        {4000, "4 s"},
        {9949, "9.9 s"},
        {9950, "10 s"},
        {10499, "10 s"},
        {10500, "11 s"},
        {59499, "59 s"},
        {59500, "1 m 00 s"},
        {59999, "1 m 00 s"},
        {60000, "1 m 00 s"},
        {185000, "3 m 05 s"},
        {3599999, "59 m 59 s"},
        {3600000, "1 h 00 m"},
        {7800000, "2 h 10 m"},
        {172799999, "47 h 59 m"},
        {172800000, "2 d"},
        {INT64_MAX, "106751991167 d"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[24];
        duration_human(rows[i].ms, out);
        assert_string_equal(out, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_formats_and_clamps),
        cmocka_unit_test(parse_iso_reads),
        cmocka_unit_test(parse_iso_refuses_junk),
        cmocka_unit_test(parse_iso_knows_the_days_of_each_month),
        cmocka_unit_test(parse_iso_wants_each_character),
        cmocka_unit_test(parse_iso_reads_what_iso_formats),
        cmocka_unit_test(parse_iso_never_reads_on),
        cmocka_unit_test(people_read_their_own_zone),
        cmocka_unit_test(parse_http_reads_three_forms),
        cmocka_unit_test(parse_http_reads_what_was_written),
        cmocka_unit_test(parse_http_refuses_junk),
        cmocka_unit_test(duration_parse_reads_units),
        cmocka_unit_test(duration_parse_refuses_junk),
        cmocka_unit_test(duration_format_is_exact_and_shortest),
        cmocka_unit_test(duration_human_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
