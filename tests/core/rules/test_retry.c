#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "base/timefmt.h"
#include "rules/retry.h"

static const struct retry_policy POLICY = {
    .max = 3, .initial_ms = 1000, .max_delay_ms = 60000, .max_age_ms = 86400000};

enum { NOW = 1000000000 };

static struct outcome answer(enum outcome_kind kind, int status)
{
    return (struct outcome){.kind = kind, .status = status, .retry_after_ms = -1};
}

static void wait_doubles_with_jitter_up_to_the_longest(void **state)
{
    (void)state;
    static const struct {
        int n;
        double chance;
        int64_t wait;
    } rows[] = {
        {1, 0, 500},        {1, 0.5, 1000},      {1, 0.999, 1499},  {2, 0, 1000},
        {2, 0.5, 2000},     {2, 0.999, 2998},    {3, 0, 2000},      {3, 0.5, 4000},
        {6, 0.5, 32000},    {6, 0.999, 47968},   {7, 0, 32000},     {7, 0.4, 57600},
        {7, 0.5, 60000},    {8, 0, 60000},       {8, 0.999, 60000}, {64, 0, 60000},
        {64, 0.999, 60000}, {1000000, 0, 60000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(retry_wait_ms(&POLICY, rows[i].n, rows[i].chance), rows[i].wait);
}

static void wait_obeys_odd_policies(void **state)
{
    (void)state;
    const struct retry_policy none = {.max = 3, .initial_ms = 0, .max_delay_ms = 60000};
    const struct retry_policy capped = {.max = 3, .initial_ms = 5000, .max_delay_ms = 1000};
    const struct retry_policy zero = {.max = 3, .initial_ms = 5000, .max_delay_ms = 0};
    const struct retry_policy one = {.max = 3, .initial_ms = 1, .max_delay_ms = 60000};
    assert_int_equal(retry_wait_ms(&none, 1000000, 0.999), 0);
    assert_int_equal(retry_wait_ms(&capped, 1, 0), 1000);
    assert_int_equal(retry_wait_ms(&zero, 2, 0.5), 0);
    assert_int_equal(retry_wait_ms(&one, 4, 0.5), 8);
}

static void status_decides(void **state)
{
    (void)state;
    for (int status = 0; status < 1000; status++) {
        struct retry_decision d;
        struct outcome o = answer(OUTCOME_RESPONSE, status);
        bool again = status == 429 || status >= 500 || status < 100;
        char reason[64];
        retry_decide(&POLICY, &o, 1, NOW, NOW, 0.5, &d);
        snprintf(reason, sizeof reason, "answered %d", status);
        if (status >= 200 && status < 300) {
            assert_int_equal(d.state, DELIVERY_DELIVERED);
            assert_string_equal(d.reason, "");
        } else if (again) {
            assert_int_equal(d.state, DELIVERY_RETRYING);
            assert_int_equal(d.next_at, NOW + 1000);
        } else {
            assert_int_equal(d.state, DELIVERY_DEAD);
            assert_string_equal(d.reason, reason);
        }
        assert_true(d.state == DELIVERY_RETRYING || d.next_at == 0);
    }
}

static void kind_decides(void **state)
{
    (void)state;
    static const struct {
        enum outcome_kind kind;
        int status, n;
        enum delivery_state state;
        int64_t next_at;
        const char *error, *reason;
    } rows[] = {
        {OUTCOME_NETWORK, 0, 1, DELIVERY_RETRYING, NOW + 1000, "connection refused", ""},
        {OUTCOME_NETWORK, 200, 1, DELIVERY_RETRYING, NOW + 1000, "the answer was cut", ""},
        {OUTCOME_NETWORK, 404, 2, DELIVERY_RETRYING, NOW + 2000, "the answer was cut", ""},
        {OUTCOME_NETWORK, 0, 3, DELIVERY_RETRYING, NOW + 4000, "timed out", ""},
        {OUTCOME_NETWORK, 0, 4, DELIVERY_DEAD, 0, "connection refused",
         "4 attempts failed, the last: connection refused"},
        {OUTCOME_NETWORK, 200, 4, DELIVERY_DEAD, 0, "",
         "4 attempts failed, the last: no complete answer"},
        {OUTCOME_FORBIDDEN, 0, 1, DELIVERY_DEAD, 0, "10.0.0.1 is private",
         "10.0.0.1 is private"},
        {OUTCOME_FORBIDDEN, 0, 3, DELIVERY_DEAD, 0, "", "the endpoint is refused"},
        {OUTCOME_UNKNOWN, 0, 1, DELIVERY_RETRYING, NOW, "", ""},
        {OUTCOME_UNKNOWN, 0, 9, DELIVERY_RETRYING, NOW, "", ""},
        {OUTCOME_UNKNOWN, 200, 4, DELIVERY_RETRYING, NOW, "", ""},
        {OUTCOME_CANCELLED, 0, 4, DELIVERY_RETRYING, NOW, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct retry_decision d;
        struct outcome o = answer(rows[i].kind, rows[i].status);
        snprintf(o.error, sizeof o.error, "%s", rows[i].error);
        retry_decide(&POLICY, &o, rows[i].n, NOW, NOW, 0.5, &d);
        assert_int_equal(d.state, rows[i].state);
        assert_int_equal(d.next_at, rows[i].next_at);
        assert_string_equal(d.reason, rows[i].reason);
    }
}

static void attempts_end_after_the_last_retry(void **state)
{
    (void)state;
    struct retry_policy once = POLICY;
    struct outcome o = answer(OUTCOME_RESPONSE, 503);
    struct retry_decision d;
    retry_decide(&POLICY, &o, 3, NOW, NOW, 0, &d);
    assert_int_equal(d.state, DELIVERY_RETRYING);
    retry_decide(&POLICY, &o, 4, NOW, NOW, 0, &d);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_string_equal(d.reason, "4 attempts failed, the last: answered 503");
    once.max = 0;
    retry_decide(&once, &o, 1, NOW, NOW, 0, &d);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_string_equal(d.reason, "answered 503");
    o.status = 404; /* not for its number: what would have ended the first ends the last */
    retry_decide(&POLICY, &o, 4, NOW, NOW, 0, &d);
    assert_string_equal(d.reason, "answered 404");
}

static void a_probe_is_no_try(void **state)
{
    (void)state;
    const struct retry_policy none = {.max = 0, .initial_ms = 1000, .max_delay_ms = 60000,
                                      .max_age_ms = 86400000};
    const struct outcome o = answer(OUTCOME_RESPONSE, 500);
    struct retry_decision d;
    retry_decide(&none, &o, 0, NOW, NOW, 0.5, &d);
    assert_int_equal(d.state, DELIVERY_RETRYING);
    assert_int_equal(d.next_at, NOW + 1000);
    retry_decide(&none, &o, 1, NOW, NOW, 0.5, &d);
    assert_int_equal(d.state, DELIVERY_DEAD);
}

static void last_allowed_attempt_can_still_deliver(void **state)
{
    (void)state;
    struct outcome o = answer(OUTCOME_RESPONSE, 204);
    struct retry_decision d;
    retry_decide(&POLICY, &o, 40, 0, INT64_C(1) << 50, 0, &d);
    assert_int_equal(d.state, DELIVERY_DELIVERED);
}

static void retry_after_and_age_decide(void **state)
{
    (void)state;
    const int64_t day = POLICY.max_age_ms;
    const struct {
        int status;
        int64_t asked, age; /* asked: Retry-After; age: of the delivery */
        int64_t wait;       /* -1: dead */
        const char *reason;
    } rows[] = {
        {503, 5000, 0, 5000, ""},
        {429, 7000, 0, 7000, ""},
        {500, 5000, 0, 5000, ""},
        {503, 999, 0, 1000, ""}, /* the larger of both */
        {503, 0, 0, 1000, ""},
        {503, -1, 0, 1000, ""},
        {503, 3600000, 0, 3600000, ""}, /* in full, beyond max_delay */
        {503, day, 0, day, ""},
        {503, day + 1, 0, -1, "asked to wait beyond"},
        {503, day - 5000, 5000, day - 5000, ""},
        {503, day - 4999, 5000, -1, "asked to wait beyond"},
        {503, INT64_C(1) << 52, 0, -1, "asked to wait beyond"},
        {429, INT64_MAX, 0, -1, "asked to wait beyond"},
        {503, -1, day - 1000, 1000, ""},
        {503, -1, day - 999, -1, "older than"},
        {503, -1, day, -1, "older than"},
        {503, -1, 10 * day, -1, "older than"},
        {404, 5000, 0, -1, "answered 404"},
        {302, 5000, 0, -1, "answered 302"},
    };
    char age[24];
    duration_format(day, age);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct retry_decision d;
        struct outcome o = answer(OUTCOME_RESPONSE, rows[i].status);
        o.retry_after_ms = rows[i].asked;
        retry_decide(&POLICY, &o, 1, NOW - rows[i].age, NOW, 0.5, &d);
        assert_int_equal(d.state, rows[i].wait < 0 ? DELIVERY_DEAD : DELIVERY_RETRYING);
        assert_int_equal(d.next_at, rows[i].wait < 0 ? 0 : NOW + rows[i].wait);
        assert_non_null(strstr(d.reason, rows[i].reason));
        if (rows[i].status == 503 && d.state == DELIVERY_DEAD) {
            assert_non_null(strstr(d.reason, age));
            assert_non_null(strstr(d.reason, "answered 503"));
        }
    }
}

static void reason_is_cut_between_characters(void **state)
{
    (void)state;
    struct outcome o = answer(OUTCOME_FORBIDDEN, 0);
    struct retry_decision d;
    for (size_t shift = 0; shift < 2; shift++) {
        memset(o.error, 0, sizeof o.error);
        for (size_t i = shift; i + 2 < sizeof o.error; i += 2)
            memcpy(o.error + i, "\xc3\xa4", 2);
        memset(o.error, 'x', shift);
        retry_decide(&POLICY, &o, 4, NOW, NOW, 0, &d);
        size_t len = strlen(d.reason);
        assert_in_range(len, 80, sizeof d.reason - 1);
        assert_int_equal((unsigned char)d.reason[len - 1], 0xa4);
    }
}

/* What is not too long is told in full, around the length at which it is cut too. */
static void reason_has_the_error(void **state)
{
    (void)state;
    for (size_t len = 1; len < 120; len++) {
        struct outcome o = answer(OUTCOME_NETWORK, 0);
        struct retry_decision d;
        const char *told = d.reason + strlen("4 attempts failed, the last: ");
        memset(o.error, 'x', len);
        retry_decide(&POLICY, &o, 4, NOW, NOW, 0, &d);
        assert_memory_equal(told, o.error, strlen(told));
        assert_true(strlen(told) == len || (len > 95 && strlen(told) == 95));
    }
}

/* The longest words around the longest error: what is cut is whole characters. */
static void every_reason_is_utf8(void **state)
{
    (void)state;
    static const int64_t ages[] = {1, 86400000, 86400001, 31535999999, INT64_MAX / 4};
    struct retry_policy policy = POLICY;
    for (size_t a = 0; a < sizeof ages / sizeof *ages; a++) {
        policy.max_age_ms = ages[a];
        for (size_t shift = 0; shift < 4; shift++) {
            for (int asked = 0; asked < 2; asked++) {
                struct outcome o = answer(OUTCOME_NETWORK, 0);
                struct retry_decision d;
                o.retry_after_ms = asked ? policy.max_age_ms + 1 : -1;
                memset(o.error, 'x', shift);
                for (size_t i = shift; i + 4 < sizeof o.error; i += 4)
                    memcpy(o.error + i, "\xf0\x9f\x98\x80", 4);
                retry_decide(&policy, &o, 1, NOW - policy.max_age_ms, NOW, 0.5, &d);
                assert_int_equal(d.state, DELIVERY_DEAD);
                assert_true(text_is_utf8(span_of(d.reason)));
            }
        }
    }
}

/* Bounds of U(0.5, 1.5), whatever chance comes. */
static void wait_stays_within_its_bounds(void **state)
{
    (void)state;
    for (int n = 1; n <= 10; n++) {
        int64_t base = INT64_C(1000) << (n - 1), last = 0;
        for (int step = 0; step < 1000; step++) {
            int64_t wait = retry_wait_ms(&POLICY, n, step / 1000.0);
            int64_t least = base / 2 < 60000 ? base / 2 : 60000;
            assert_in_range(wait, least, 60000);
            assert_true(wait < base * 3 / 2 || wait == 60000);
            assert_true(wait >= last);
            last = wait;
        }
    }
}

static void retry_after_is_parsed(void **state)
{
    (void)state;
    static const int64_t now = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */
    static const int64_t longest = (INT64_C(1) << 52) / 1000 * 1000;
    static const struct {
        const char *value;
        int64_t pause;
    } rows[] = {
        {"0", 0},
        {"1", 1000},
        {"120", 120000},
        {" 7 ", 7000},
        {"\t7\r\n", 7000},
        {"007", 7000},
        {"86400", 86400000},
        {"99999999999999999999999999", longest},
        {"9223372036854775807", longest},
        {"9223372036854775", longest},
        {"Sun, 06 Nov 1994 08:50:37 GMT", 60000},
        {"Sunday, 06-Nov-94 08:50:37 GMT", 60000},
        {"Sun Nov  6 08:50:37 1994", 60000},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:36 GMT", 0},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Mon, 07 Nov 1994 08:49:37 GMT", 86400000},
        {"", -1},
        {"  ", -1},
        {"-1", -1},
        {"-0", -1},
        {"+1", -1},
        {"1.5", -1},
        {"1e3", -1},
        {"1 2", -1},
        {"5s", -1},
        {"soon", -1},
        {"120, 130", -1},
        {"0x10", -1},
        {"Sun, 06 Nov 1994 08:50:37", -1},
        {"Sun, 32 Nov 1994 08:50:37 GMT", -1},
        {"2026-01-02T03:04:05Z", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t pause = retry_after_parse(span_of(rows[i].value), now);
        if (pause != rows[i].pause)
            fail_msg("\"%s\": %lld", rows[i].value, (long long)pause);
    }
    assert_int_equal(retry_after_parse((struct span){0}, now), -1);
    assert_int_equal(retry_after_parse((struct span){"1\0", 2}, now), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_doubles_with_jitter_up_to_the_longest),
        cmocka_unit_test(wait_obeys_odd_policies),
        cmocka_unit_test(status_decides),
        cmocka_unit_test(kind_decides),
        cmocka_unit_test(attempts_end_after_the_last_retry),
        cmocka_unit_test(a_probe_is_no_try),
        cmocka_unit_test(last_allowed_attempt_can_still_deliver),
        cmocka_unit_test(retry_after_and_age_decide),
        cmocka_unit_test(reason_is_cut_between_characters),
        cmocka_unit_test(reason_has_the_error),
        cmocka_unit_test(every_reason_is_utf8),
        cmocka_unit_test(wait_stays_within_its_bounds),
        cmocka_unit_test(retry_after_is_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
