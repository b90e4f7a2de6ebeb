/* An endpoint that fails again and again is left alone; one that is gone disables its alert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/alerts.h"
#include "store/endpoints.h"
#include "store/log.h"
#include "support/rig.h"

/* The state of the only endpoint that is not well; CLOSED: there is none. */
static struct endpoint_state endpoint(struct rig *r)
{
    struct endpoint_states states;
    struct endpoint_state found = {.state = BREAKER_CLOSED};
    store_drain(r->store.store);
    assert_true(store_endpoint_list(r->store.reader, &states, NULL));
    assert_in_range(states.count, 0, 1);
    if (states.count)
        found = states.items[0];
    endpoint_states_free(&states);
    return found;
}

static size_t notices(struct rig *r, const char *text)
{
    struct log_rows rows;
    size_t count = 0;
    assert_true(store_log_list(r->store.reader, NULL, 0, INT64_MAX, 1000, &rows, NULL));
    for (size_t i = 0; i < rows.count; i++)
        count += rows.items[i].kind == LOG_NOTICE && strstr(rows.items[i].text, text);
    log_rows_free(&rows);
    return count;
}

/* Five deliveries of four attempts each, over more than a minute. */
static void fail_until_open(struct rig *r)
{
    receiver_status(r->receiver, 500);
    for (int i = 1; i <= 5; i++) {
        rig_close_one(r);
        for (size_t n = 1; n <= 4; n++) {
            rig_until_requests(r, 4 * (size_t)(i - 1) + n);
            rig_until_state(r, n < 4 ? DELIVERY_RETRYING : DELIVERY_DEAD, n < 4 ? 1 : i);
            if (n < 4)
                rig_advance(r, 12000);
        }
        assert_int_equal(endpoint(r).state, i < 5 ? BREAKER_CLOSED : BREAKER_OPEN);
    }
}

static void is_left_alone_but_for_probes(void **state)
{
    struct rig *r = *state;
    char id[UUID_SIZE];
    rig_alert(r, r->url, id);
    fail_until_open(r);
    struct endpoint_state s = endpoint(r);
    assert_string_equal(s.alert_id, id);
    assert_string_equal(s.reason, "answered 500");
    assert_int_equal(s.probe_at, rig_now(r) + BREAKER_PROBE_MS);
    assert_int_equal(notices(r, "is left alone"), 1);
    for (int i = 0; i < 3; i++)
        rig_event(r);
    rig_close_one(r); /* half a minute later: the first probe */
    rig_until_requests(r, 21);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    s = endpoint(r);
    assert_int_equal(s.probe_at, rig_now(r) + 2 * BREAKER_PROBE_MS);
    rig_advance(r, 2 * BREAKER_PROBE_MS - 1);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 21);
    rig_advance(r, 1);
    rig_until_requests(r, 22);
    assert_int_equal(notices(r, "is left alone"), 1); /* said once */
}

static void a_probe_spends_no_tries(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    fail_until_open(r);
    rig_close_one(r);
    for (size_t n = 21; n < 30; n++) {
        rig_until_requests(r, n);
        rig_until_state(r, DELIVERY_RETRYING, 1);
        rig_advance(r, BREAKER_PROBE_MAX_MS);
    }
    assert_int_equal(rig_count(r, DELIVERY_DEAD), 5);
    rig_stop(r, 0);
    store_fixture_exec(&r->store, "DELETE FROM endpoints"); /* from here on they are tries */
    rig_start(r);
    for (size_t n = 30; n < 34; n++) {
        rig_until_requests(r, n);
        rig_until_state(r, n < 33 ? DELIVERY_RETRYING : DELIVERY_DEAD, n < 33 ? 1 : 6);
        rig_advance(r, 12000);
    }
}

static void comes_back_step_by_step(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    fail_until_open(r);
    receiver_status(r->receiver, 200);
    for (int i = 1; i <= 3; i++) {
        rig_close_one(r);
        rig_until_state(r, DELIVERY_DELIVERED, i);
        struct endpoint_state s = endpoint(r);
        assert_int_equal(s.state, i < 3 ? BREAKER_RAMP : BREAKER_CLOSED);
        assert_string_equal(s.reason, i < 3 ? "answered 500" : "");
    }
    assert_int_equal(notices(r, "answers again"), 1);
    assert_int_equal(notices(r, "is well again"), 1);
}

/* Else it would be shown as recovering for ever. */
static void recovers_over_a_restart(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    fail_until_open(r);
    receiver_status(r->receiver, 200);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    assert_int_equal(endpoint(r).state, BREAKER_RAMP);
    rig_stop(r, 0);
    rig_start(r);
    for (int i = 2; i <= 3; i++) {
        rig_close_one(r);
        rig_until_state(r, DELIVERY_DELIVERED, i);
    }
    assert_int_equal(endpoint(r).state, BREAKER_CLOSED);
    assert_int_equal(notices(r, "is well again"), 1);
}

static void stays_open_over_a_restart(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    fail_until_open(r);
    int64_t probe_at = endpoint(r).probe_at;
    rig_stop(r, 0);
    rig_start(r);
    rig_event(r);
    rig_advance(r, 30000);
    assert_true(rig_now(r) > probe_at);
    rig_until_requests(r, 21); /* it was a probe: */
    rig_until_state(r, DELIVERY_RETRYING, 1);
    assert_int_equal(endpoint(r).state, BREAKER_OPEN);
    rig_advance(r, BREAKER_PROBE_MS);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 21);
}

static void other_endpoints_go_on(void **state)
{
    struct rig *r = *state;
    char other[160];
    rig_alert(r, r->url, NULL);
    fail_until_open(r);
    struct receiver *second = receiver_start();
    receiver_url(second, "/x", other, sizeof other);
    rig_alert(r, other, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    assert_int_equal(receiver_count(second), 1);
    receiver_stop(&second);
}

static void gone_disables_the_alert(void **state)
{
    struct rig *r = *state;
    struct alert_rows alerts;
    rig_alert(r, r->url, NULL);
    receiver_status(r->receiver, 500);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    receiver_status(r->receiver, 410);
    rig_advance(r, 1500);
    rig_until_state(r, DELIVERY_DEAD, 1);
    assert_true(store_alert_list(r->store.reader, NULL, &alerts, NULL));
    assert_int_equal(alerts.count, 1);
    assert_false(alerts.items[0].enabled);
    alert_rows_free(&alerts);
    assert_int_equal(notices(r, "410 Gone: the alert was disabled"), 1);
}

static void gone_is_not_held_against_a_new_url(void **state)
{
    struct rig *r = *state;
    struct alert_rows alerts;
    char id[UUID_SIZE];
    rig_alert(r, r->url, id);
    receiver_answer(r->receiver, (struct receiver_answer){.how = RECEIVER_NEVER, .status = 410});
    rig_close_one(r);
    rig_until_requests(r, 1);
    rig_change_url(r, id, "http://127.0.0.1:9/elsewhere", NULL);
    receiver_release(r->receiver);
    rig_until_state(r, DELIVERY_DEAD, 1);
    assert_true(store_alert_list(r->store.reader, NULL, &alerts, NULL));
    assert_true(alerts.items[0].enabled);
    alert_rows_free(&alerts);
}

enum { HOUR_MS = 3600 * 1000 };

/* It is judged when it is claimed, not only when all that waits is looked through. */
static void what_grew_too_old_in_a_queue_is_not_sent(void **state)
{
    struct rig *r = *state;
    r->policy.per_endpoint = 1;
    r->policy.retry.max_age_ms = 3000;
    engine_set_policy(r->engine, &r->policy);
    rig_alert(r, r->url, NULL);
    receiver_answer(r->receiver,
                    (struct receiver_answer){.how = RECEIVER_NEVER, .status = 200});
    rig_close_one(r);
    rig_until_requests(r, 1);
    rig_close_one(r); /* waits for the slot of the first */
    rig_advance(r, 4000);
    receiver_release(r->receiver);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    rig_until_state(r, DELIVERY_DEAD, 1);
    assert_int_equal(receiver_count(r->receiver), 1);
    assert_int_equal(notices(r, "too old to send"), 1);
}

static void what_is_too_old_is_not_sent(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    receiver_status(r->receiver, 500);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_stop(r, 0);
    rig_advance(r, 25 * HOUR_MS); /* a machine that slept */
    receiver_status(r->receiver, 200);
    rig_start(r);
    rig_until_state(r, DELIVERY_DEAD, 1);
    assert_int_equal(receiver_count(r->receiver), 1);
    struct delivery d = rig_delivery(r);
    assert_non_null(strstr(d.reason, "too old to send"));
    delivery_free(&d);
    assert_int_equal(notices(r, "too old to send"), 1);
    rig_close_one(r); /* what is new is sent */
    rig_until_state(r, DELIVERY_DELIVERED, 1);
}

static void what_waits_behind_an_open_breaker_ends_too(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    fail_until_open(r);
    for (size_t i = 1; i <= 3; i++) {
        rig_close_one(r); /* the first one is the probe's */
        rig_pump(r);
    }
    size_t sent = receiver_count(r->receiver);
    rig_advance(r, 23 * HOUR_MS);
    rig_pump(r);
    assert_int_equal(rig_count(r, DELIVERY_DEAD), 5);
    rig_advance(r, 2 * HOUR_MS);
    rig_until_state(r, DELIVERY_DEAD, 8);
    assert_in_range(receiver_count(r->receiver), sent, sent + 2); /* probes */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(is_left_alone_but_for_probes),
        TEST(a_probe_spends_no_tries),
        TEST(comes_back_step_by_step),
        TEST(stays_open_over_a_restart),
        TEST(recovers_over_a_restart),
        TEST(other_endpoints_go_on),
        TEST(gone_disables_the_alert),
        TEST(gone_is_not_held_against_a_new_url),
        TEST(what_grew_too_old_in_a_queue_is_not_sent),
        TEST(what_is_too_old_is_not_sent),
        TEST(what_waits_behind_an_open_breaker_ends_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
