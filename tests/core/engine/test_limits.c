/* Requests under way: in all, to one endpoint, and beside an endpoint that hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/rig.h"
#include "support/run.h"

static void answer_never(struct receiver *receiver)
{
    receiver_answer(receiver, (struct receiver_answer){.how = RECEIVER_NEVER});
}

/* Lets what waits at the receiver go until so many are delivered. */
static void release_until(struct rig *r, int64_t delivered)
{
    receiver_status(r->receiver, 200);
    receiver_release(r->receiver);
    rig_until_state(r, DELIVERY_DELIVERED, delivered);
}

static void sends_at_most_so_many_to_one_endpoint(void **state)
{
    struct rig *r = *state;
    enum { ALERTS = 11 };
    answer_never(r->receiver);
    for (int i = 0; i < ALERTS; i++)
        rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_requests(r, 4);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 4);
    release_until(r, ALERTS);
    assert_int_equal(receiver_count(r->receiver), ALERTS);
}

static void sends_at_most_so_many_in_all(void **state)
{
    struct rig *r = *state;
    enum { ALERTS = 9 };
    r->policy.concurrency = 3;
    engine_set_policy(r->engine, &r->policy);
    answer_never(r->receiver);
    for (int i = 0; i < ALERTS; i++) {
        char path[16], url[128];
        snprintf(path, sizeof path, "/%d", i);
        receiver_url(r->receiver, path, url, sizeof url);
        rig_alert(r, url, NULL);
    }
    rig_close_one(r);
    rig_until_requests(r, 3);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 3);
    assert_int_equal(rig_count(r, DELIVERY_SENDING), 3);
    release_until(r, ALERTS);
}

/* The answer to one delivery holds back the next ones to the same URL, and
 * of no other URL. */
static void a_retry_after_pauses_the_endpoint(void **state)
{
    struct rig *r = *state;
    static const struct receiver_answer answers[] = {
        {.status = 429, .headers = "Retry-After: 20\r\n"}, {.status = 200}};
    char other[128];
    receiver_url(r->receiver, "/other", other, sizeof other);
    receiver_script(r->receiver, answers, 2);
    rig_alert(r, r->url, NULL);
    rig_alert_of(r, other, EVENT_TRACE_ERRORS, NULL);
    rig_event(r);
    rig_advance(r, 30000);
    rig_until_requests(r, 1);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    r->store.limits.window_ms = 100;
    store_set_limits(r->store.store, &r->store.limits);
    rig_event(r); /* a second delivery of it, due in the middle of the pause */
    rig_event_of(r, EVENT_TRACE_ERRORS);
    rig_advance(r, 10000);
    rig_until_state(r, DELIVERY_DELIVERED, 1); /* the other URL's */
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 2);
    rig_advance(r, 9999);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 2);
    rig_advance(r, 1);
    rig_until_state(r, DELIVERY_DELIVERED, 3);
    assert_int_equal(receiver_count(r->receiver), 4);
}

static void follows_limits_that_change(void **state)
{
    struct rig *r = *state;
    answer_never(r->receiver);
    for (int i = 0; i < 8; i++)
        rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_requests(r, 4);
    r->policy.per_endpoint = 6;
    engine_set_policy(r->engine, &r->policy);
    rig_until_requests(r, 6);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 6);
    release_until(r, 8);
}

/* Without a rate and while the endpoint is well, what waits goes in its order. */
static void the_oldest_goes_first(void **state)
{
    struct rig *r = *state;
    enum { WEBHOOKS = 6 };
    r->policy.per_endpoint = 1;
    r->policy.timeout_ms = 120000;
    engine_set_policy(r->engine, &r->policy);
    answer_never(r->receiver);
    rig_alert(r, r->url, NULL);
    for (int i = 1; i <= WEBHOOKS; i++) { /* each is known by the number of its events */
        for (int n = 1; n < i; n++)
            rig_event(r);
        rig_close_one(r);
        rig_until_requests(r, 1);
    }
    release_until(r, WEBHOOKS);
    for (int i = 1; i <= WEBHOOKS; i++) {
        char count[32];
        snprintf(count, sizeof count, "\"eventCount\":%d,", i);
        assert_non_null(strstr(receiver_request(r->receiver, (size_t)i - 1)->body, count));
    }
}

static void tells_how_many_are_under_way(void **state)
{
    struct rig *r = *state;
    struct engine_status status;
    answer_never(r->receiver);
    rig_alert(r, r->url, NULL);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_requests(r, 2);
    engine_status(r->engine, &status);
    assert_true(status.running);
    assert_int_equal(status.sending, 2);
    assert_string_equal(status.problem, "");
    release_until(r, 2);
    engine_status(r->engine, &status);
    assert_int_equal(status.sending, 0);
}

/* ---------------------------------------------------------------- one that hangs */

/* Twenty due deliveries for an endpoint that never answers. */
static struct receiver *make_hanging(struct rig *r)
{
    struct receiver *hanging = receiver_start();
    char url[128];
    r->policy.timeout_ms = 120000;
    engine_set_policy(r->engine, &r->policy);
    answer_never(hanging);
    receiver_url(hanging, "/", url, sizeof url);
    for (int i = 0; i < 20; i++)
        rig_alert_of(r, url, EVENT_TRACE_ERRORS, NULL);
    rig_event_of(r, EVENT_TRACE_ERRORS);
    rig_advance(r, 30000);
    rig_pump(r);
    assert_true(receiver_wait(hanging, 4, RIG_DEADLINE_MS));
    return hanging;
}

static void does_not_delay_others_beside_one_that_hangs(void **state)
{
    struct rig *r = *state;
    struct receiver *hanging = make_hanging(r);
    rig_alert(r, r->url, NULL);
    for (int64_t i = 1; i <= 3; i++) {
        rig_close_one(r);
        rig_until_state(r, DELIVERY_DELIVERED, i);
    }
    struct delivery d = rig_delivery(r);
    assert_int_equal(step_replay(r->store.store, d.id), 1);
    rig_until_requests(r, 4); /* no time went by */
    assert_int_equal(receiver_count(hanging), 4);
    delivery_free(&d);
    receiver_stop(&hanging);
}

/* Its due time comes while others, due before, cannot be sent: only time says so. */
static void does_not_delay_the_retry_of_others_either(void **state)
{
    struct rig *r = *state;
    const struct receiver_answer answers[] = {{.status = 500}, {.status = 200}};
    struct receiver *hanging = make_hanging(r);
    receiver_script(r->receiver, answers, 2);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_pump(r);
    long long before = run_now_ms();
    for (int i = 0; i < 6; i++)        /* the first ones end by timers of libcurl */
        engine_turn(r->engine, 60000); /* looks again by itself before long */
    assert_true(run_now_ms() - before < 30000);
    rig_advance(r, 1500);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    assert_int_equal(receiver_count(hanging), 4);
    receiver_stop(&hanging);
}

static void gives_one_slot_to_an_endpoint_that_timed_out(void **state)
{
    struct rig *r = *state;
    enum { ALERTS = 6 };
    r->policy.timeout_ms = 300;
    r->policy.retry.initial_ms = 10000;
    engine_set_policy(r->engine, &r->policy);
    answer_never(r->receiver);
    rig_alert_of(r, r->url, EVENT_TRACE_ERRORS, NULL);
    rig_event_of(r, EVENT_TRACE_ERRORS);
    rig_advance(r, 30000);
    rig_until_state(r, DELIVERY_RETRYING, 1);

    r->policy.timeout_ms = 5000;
    engine_set_policy(r->engine, &r->policy);
    for (int i = 0; i < ALERTS; i++)
        rig_alert(r, r->url, NULL);
    rig_event(r);
    rig_advance(r, 30000);
    rig_until_requests(r, 2);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 2);
    assert_int_equal(rig_count(r, DELIVERY_SENDING), 1); /* nor is another one held */

    receiver_release(r->receiver); /* one answer, and it has all its slots again */
    rig_until_requests(r, 2 + 4);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 2 + 4);
    release_until(r, ALERTS + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_at_most_so_many_to_one_endpoint),
        TEST(sends_at_most_so_many_in_all),
        TEST(a_retry_after_pauses_the_endpoint),
        TEST(follows_limits_that_change),
        TEST(the_oldest_goes_first),
        TEST(tells_how_many_are_under_way),
        TEST(does_not_delay_others_beside_one_that_hangs),
        TEST(does_not_delay_the_retry_of_others_either),
        TEST(gives_one_slot_to_an_endpoint_that_timed_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
