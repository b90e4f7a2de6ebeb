/* What follows each outcome, on the wire and in driven time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/rig.h"

/* ---------------------------------------------------------------- tried again */

static const struct receiver_answer TRIED_AGAIN[] = {
    {.status = 500},
    {.status = 502},
    {.status = 503},
    {.status = 504},
    {.status = 599},
    {.status = 429},
    {.how = RECEIVER_CLOSES},
    {.how = RECEIVER_RESETS},
    {.how = RECEIVER_CUTS},
    {.how = RECEIVER_CUTS_CHUNKED},
    {.how = RECEIVER_CUTS_HEADERS},
    {.how = RECEIVER_BAD_CHUNK},
    {.how = RECEIVER_GARBAGE},
    {.how = RECEIVER_ENDLESS_HEADERS},
    {.how = RECEIVER_ENDLESS_INFORMS},
};

static void again_after(struct rig *r, struct receiver_answer first)
{
    /* One that closes: on a kept connection libcurl itself tries a closed one again. */
    const struct receiver_answer answers[] = {first, {.how = RECEIVER_HTTP10}};
    size_t before = receiver_count(r->receiver);
    int64_t delivered = rig_count(r, DELIVERY_DELIVERED);
    receiver_script(r->receiver, answers, 2);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    struct delivery d = rig_delivery(r);
    int64_t wait = d.next_at - rig_now(r);
    assert_in_range(wait, 500, 1500);
    rig_advance(r, wait - 1);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), before + 1);
    rig_advance(r, 1);
    rig_until_state(r, DELIVERY_DELIVERED, delivered + 1);
    assert_int_equal(receiver_count(r->receiver), before + 2);
    assert_string_equal(receiver_request(r->receiver, before)->body,
                        receiver_request(r->receiver, before + 1)->body);
    delivery_free(&d);
}

static void tries_again_after_each_failure(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    for (size_t i = 0; i < sizeof TRIED_AGAIN / sizeof *TRIED_AGAIN; i++)
        again_after(r, TRIED_AGAIN[i]);
}

static void tries_again_when_nobody_listens(void **state)
{
    struct rig *r = *state;
    char url[64], alert[UUID_SIZE];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", receiver_closed_port());
    rig_alert(r, url, alert);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    struct delivery d = rig_delivery(r);
    assert_string_equal(d.attempts[0].outcome.error, "connection refused");
    delivery_free(&d);
    rig_change_url(r, alert, r->url, NULL);
    rig_advance(r, 1500);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
}

static void tries_again_after_a_timeout(void **state)
{
    struct rig *r = *state;
    const struct receiver_answer answers[] = {
        {.how = RECEIVER_NEVER}, {.how = RECEIVER_DRIPS}, {.status = 200}};
    r->policy.timeout_ms = 300;
    engine_set_policy(r->engine, &r->policy);
    receiver_script(r->receiver, answers, 3);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_advance(r, 1500);
    rig_until_requests(r, 2);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_advance(r, 3000);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.attempt_count, 3);
    assert_true(d.attempts[0].outcome.timed_out && d.attempts[1].outcome.timed_out);
    assert_int_equal(d.attempts[1].outcome.status, 200);
    delivery_free(&d);
}

/* ---------------------------------------------------------------- not tried again */

static const struct {
    struct receiver_answer answer;
    enum delivery_state state;
    const char *reason;
} FINAL[] = {
    {{.status = 200}, DELIVERY_DELIVERED, NULL},
    {{.status = 204}, DELIVERY_DELIVERED, NULL},
    {{.status = 299}, DELIVERY_DELIVERED, NULL},
    {{.how = RECEIVER_ENDLESS}, DELIVERY_DELIVERED, NULL},
    {{.status = 301, .headers = "Location: /x\r\n"}, DELIVERY_DEAD, "answered 301"},
    {{.status = 304}, DELIVERY_DEAD, "answered 304"},
    {{.status = 400}, DELIVERY_DEAD, "answered 400"},
    {{.status = 401}, DELIVERY_DEAD, "answered 401"},
    {{.status = 404}, DELIVERY_DEAD, "answered 404"},
    {{.status = 410, .headers = "Retry-After: 5\r\n"}, DELIVERY_DEAD, "answered 410"},
};

static void ends_with_each_final_answer(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    for (size_t i = 0; i < sizeof FINAL / sizeof *FINAL; i++) {
        int64_t before = rig_count(r, FINAL[i].state);
        receiver_answer(r->receiver, FINAL[i].answer);
        rig_close_one(r);
        rig_until_state(r, FINAL[i].state, before + 1);
        struct delivery d = rig_delivery(r);
        assert_int_equal(d.attempt_count, 1);
        if (FINAL[i].reason)
            assert_string_equal(d.reason, FINAL[i].reason);
        delivery_free(&d);
    }
    rig_advance(r, 3600000);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), sizeof FINAL / sizeof *FINAL);
}

static void dies_after_four_attempts(void **state)
{
    struct rig *r = *state;
    receiver_status(r->receiver, 503);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    for (size_t n = 1; n <= 3; n++) {
        rig_until_requests(r, n);
        rig_until_state(r, DELIVERY_RETRYING, 1);
        struct delivery d = rig_delivery(r);
        int64_t wait = d.next_at - rig_now(r), base = INT64_C(1000) << (n - 1);
        assert_in_range(wait, base / 2, base * 3 / 2);
        rig_advance(r, wait);
        delivery_free(&d);
    }
    rig_until_state(r, DELIVERY_DEAD, 1);
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.attempt_count, 4);
    assert_string_equal(d.reason, "4 attempts failed, the last: answered 503");
    delivery_free(&d);
    rig_advance(r, 86400000);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 4);
}

static void follows_a_policy_that_changes(void **state)
{
    struct rig *r = *state;
    r->policy.retry.max = 0;
    engine_set_policy(r->engine, &r->policy);
    receiver_status(r->receiver, 503);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DEAD, 1);
    assert_int_equal(receiver_count(r->receiver), 1);
}

/* ---------------------------------------------------------------- Retry-After */

static void waits_as_long_as_retry_after_says(void **state)
{
    struct rig *r = *state;
    static const int statuses[] = {429, 503};
    rig_alert(r, r->url, NULL);
    for (size_t i = 0; i < 2; i++) {
        const struct receiver_answer answers[] = {
            {.status = statuses[i], .headers = "Retry-After: 7200\r\n"}, {.status = 200}};
        receiver_script(r->receiver, answers, 2);
        rig_close_one(r);
        rig_until_state(r, DELIVERY_RETRYING, 1);
        rig_advance(r, 7199999);
        rig_pump(r);
        assert_int_equal(receiver_count(r->receiver), 2 * i + 1);
        rig_advance(r, 1);
        rig_until_state(r, DELIVERY_DELIVERED, (int64_t)i + 1);
    }
}

static void dies_when_retry_after_is_beyond_its_age(void **state)
{
    struct rig *r = *state;
    receiver_answer(r->receiver, (struct receiver_answer){
                                     .status = 503, .headers = "Retry-After: 86401\r\n"});
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DEAD, 1);
    assert_int_equal(receiver_count(r->receiver), 1);
}

/* ---------------------------------------------------------------- chance */

static void spreads_the_waits_within_their_bounds(void **state)
{
    struct rig *r = *state;
    enum { SEEDS = 24 };
    int64_t least = INT64_MAX, most = 0;
    r->policy.retry.initial_ms = 3600000; /* so that none comes due meanwhile */
    r->policy.retry.max_delay_ms = 36000000;
    receiver_status(r->receiver, 500);
    rig_alert(r, r->url, NULL);
    for (int i = 1; i <= SEEDS; i++) {
        rig_stop(r, 0);
        r->seed = (uint64_t)i * 7919;
        rig_start(r);
        rig_close_one(r);
        rig_until_state(r, DELIVERY_RETRYING, i);
        struct delivery d = rig_delivery(r);
        int64_t wait = d.next_at - rig_now(r);
        assert_in_range(wait, 1800000, 5400000);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
        delivery_free(&d);
    }
    assert_in_range(least, 1800000, 2700000);
    assert_in_range(most, 4500000, 5400000);
}

static int64_t first_wait(uint64_t seed)
{
    struct rig r;
    rig_make(&r);
    rig_stop(&r, 0);
    r.seed = seed;
    rig_start(&r);
    receiver_status(r.receiver, 500);
    rig_alert(&r, r.url, NULL);
    rig_close_one(&r);
    rig_until_state(&r, DELIVERY_RETRYING, 1);
    struct delivery d = rig_delivery(&r);
    int64_t wait = d.next_at - rig_now(&r);
    delivery_free(&d);
    rig_remove(&r);
    return wait;
}

static void repeats_with_the_same_seed(void **state)
{
    (void)state;
    assert_int_equal(first_wait(7), first_wait(7));
    assert_int_not_equal(first_wait(7), first_wait(8));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tries_again_after_each_failure),
        TEST(tries_again_when_nobody_listens),
        TEST(tries_again_after_a_timeout),
        TEST(ends_with_each_final_answer),
        TEST(dies_after_four_attempts),
        TEST(follows_a_policy_that_changes),
        TEST(waits_as_long_as_retry_after_says),
        TEST(dies_when_retry_after_is_beyond_its_age),
        TEST(spreads_the_waits_within_their_bounds),
        cmocka_unit_test(repeats_with_the_same_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
