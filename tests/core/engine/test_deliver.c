/* From an event to its webhook: windows, bodies, records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/log.h"
#include "support/rig.h"
#include "support/run.h"

static void closes_a_window_just_when_it_ends(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    rig_event(r);
    rig_advance(r, 29999);
    rig_event(r); /* does not prolong it */
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 0);
    assert_int_equal(rig_count(r, DELIVERY_WAITING), 0);
    rig_advance(r, 1);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    assert_int_equal(receiver_count(r->receiver), 1);
}

static void sends_one_consolidated_post(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE];
    rig_alert(r, r->url, alert);
    for (int i = 0; i < 3; i++)
        rig_event(r);
    rig_advance(r, 30000);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    const struct receiver_request *q = receiver_request(r->receiver, 0);
    char *authorization = receiver_header(q, "Authorization");
    char *team = receiver_header(q, "X-Team");
    assert_string_equal(q->method, "POST");
    assert_string_equal(authorization, "Bearer s3cret-t0ken-0123456789");
    assert_string_equal(team, "on-call");
    json_t *body = json_loads(q->body, 0, NULL),
           *payload = json_object_get(body, "payload");
    struct delivery d = rig_delivery(r);
    assert_string_equal(json_string_value(json_object_get(body, "id")), d.id);
    assert_string_equal(json_string_value(json_object_get(body, "alertId")), alert);
    assert_int_equal(json_integer_value(json_object_get(payload, "eventCount")), 3);
    assert_int_equal(json_array_size(json_object_get(payload, "metadata")), 3);
    assert_string_equal(d.body, q->body);
    json_decref(body);
    delivery_free(&d);
    free(authorization);
    free(team);
}

/* The id stays for all attempts, the time is each attempt's, and both secrets sign until the end
 * of the old one. */
static void signs_every_attempt(void **state)
{
    struct rig *r = *state;
    static const struct receiver_answer answers[] = {{.status = 500}, {.status = 200}};
    char id[UUID_SIZE];
    struct alert a;
    receiver_script(r->receiver, answers, 2);
    rig_alert(r, r->url, id);
    assert_true(store_alert_get(r->store.reader, "default", id, &a, NULL));
    assert_true(
        alert_set_metadata(&a, ALERT_SIGNING_SECRET, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") &&
        alert_set_metadata(&a, ALERT_SIGNING_PREVIOUS,
                           "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") &&
        alert_set_metadata(&a, ALERT_SIGNING_UNTIL, "2100-01-01T00:00:00Z"));
    assert_true(step_alert_put(r->store.store, &a, STORE_REPLACE, NULL, NULL));
    alert_free(&a);
    rig_close_one(r);
    rig_until_requests(r, 1);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_advance(r, 60000);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    const struct receiver_request *first = receiver_request(r->receiver, 0),
                                  *second = receiver_request(r->receiver, 1);
    char *id1 = receiver_header(first, "webhook-id"), *id2 = receiver_header(second, "webhook-id"),
         *at1 = receiver_header(first, "webhook-timestamp"),
         *at2 = receiver_header(second, "webhook-timestamp"),
         *signature = receiver_header(second, "webhook-signature");
    struct delivery d = rig_delivery(r);
    assert_string_equal(id1, d.id);
    assert_string_equal(id2, d.id);
    assert_int_equal(strtoll(at2, NULL, 10) - strtoll(at1, NULL, 10), 60);
    assert_int_equal(strlen(signature), 2 * (3 + 44) + 1);
    assert_non_null(strstr(signature, "= v1,"));
    assert_non_null(strstr(d.attempts[1].request_headers, "webhook-signature: v1,*** v1,***\n"));
    assert_null(strstr(d.attempts[1].request_headers, signature + 3));
    delivery_free(&d);
    free(id1);
    free(id2);
    free(at1);
    free(at2);
    free(signature);
}

static void makes_a_webhook_for_each_window(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 2);
    assert_int_equal(receiver_count(r->receiver), 2);
    assert_string_not_equal(receiver_request(r->receiver, 0)->body,
                            receiver_request(r->receiver, 1)->body);
}

static void closes_many_windows_at_once(void **state)
{
    struct rig *r = *state;
    enum { ALERTS = 150 };
    for (int i = 0; i < ALERTS; i++)
        rig_alert(r, r->url, NULL);
    rig_event(r);
    rig_advance(r, 30000);
    rig_until_state(r, DELIVERY_DELIVERED, ALERTS);
    assert_int_equal(receiver_count(r->receiver), ALERTS);
}

static void accept_much(struct rig *r)
{
    enum { EVENTS = 50, LEN = 100000 };
    struct accept *a = step_request("default");
    char *entity = malloc(LEN);
    memset(entity, 'x', LEN);
    memcpy(entity, "{\"x\":\"", 6);
    entity[LEN - 1] = '"';
    for (int i = 0; i < EVENTS; i++)
        step_add_fact(a, EVENT_TRACE_FEEDBACK_SCORE, NULL, "p", i)->head =
            arena_span(&a->arena, (struct span){entity, LEN});
    free(entity);
    assert_true(step_accept(r->store.store, a, NULL, NULL));
}

/* The store makes its body in several steps: it is asked again at once. */
static void closes_a_large_window_beside_others(void **state)
{
    struct rig *r = *state;
    char large[UUID_SIZE];
    rig_alert(r, r->url, large);
    rig_alert_of(r, r->url, EVENT_TRACE_ERRORS, NULL);
    accept_much(r);
    rig_event_of(r, EVENT_TRACE_ERRORS);
    rig_advance(r, 30000);
    rig_until_state(r, DELIVERY_DELIVERED, 2);
    const struct receiver_request *q = receiver_request(r->receiver, 0);
    if (!strstr(q->body, large))
        q = receiver_request(r->receiver, 1);
    struct delivery d = rig_delivery(r); /* the newest */
    assert_string_equal(d.alert_id, large);
    assert_int_equal(d.event_count, 50);
    assert_true(d.body_len > 50 * 100000);
    assert_int_equal(q->body_len, d.body_len);
    assert_memory_equal(q->body, d.body, d.body_len);
    delivery_free(&d);
}

static void records_the_attempt_without_secrets(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    receiver_answer(r->receiver, (struct receiver_answer){.status = 202, .body = "thanks"});
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.attempt_count, 1);
    const struct attempt *a = &d.attempts[0];
    assert_int_equal(a->n, 1);
    assert_int_equal(a->outcome.status, 202);
    assert_int_equal(a->outcome.started_at, rig_now(r));
    assert_true(a->outcome.total_us > 0);
    assert_string_equal(a->outcome.body, "thanks");
    assert_non_null(strstr(a->outcome.headers, "HTTP/1.1 202"));
    assert_non_null(strstr(a->request_headers, "Authorization: Bearer s3c*"));
    assert_null(strstr(a->request_headers, "t0ken"));
    delivery_free(&d);
}

static void writes_a_row_of_the_log_for_each_attempt(void **state)
{
    struct rig *r = *state;
    const struct receiver_answer answers[] = {{.status = 503}, {.status = 200}};
    receiver_script(r->receiver, answers, 2);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_advance(r, 2000);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    struct log_rows rows;
    assert_true(store_log_list(r->store.reader, NULL, 0, INT64_MAX, 10, &rows, NULL));
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.items[0].status, 503);
    assert_int_equal(rows.items[0].n, 1);
    assert_int_equal(rows.items[0].of, 4);
    assert_int_equal(rows.items[0].state, DELIVERY_RETRYING);
    assert_int_equal(rows.items[1].n, 2);
    assert_int_equal(rows.items[1].state, DELIVERY_DELIVERED);
    log_rows_free(&rows);
    struct engine_status status;
    engine_status(r->engine, &status);
    assert_int_equal(status.attempts.by_class[ATTEMPT_2XX], 1);
    assert_int_equal(status.attempts.by_class[ATTEMPT_5XX], 1);
}

static void uses_the_endpoint_of_the_alert_at_each_attempt(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE], url[128];
    receiver_url(r->receiver, "/moved", url, sizeof url);
    const struct receiver_answer answers[] = {{.status = 500}, {.status = 200}};
    receiver_script(r->receiver, answers, 2);
    rig_alert(r, r->url, alert);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_change_url(r, alert, url, "another-t0ken");
    rig_advance(r, 2000);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    char *authorization =
        receiver_header(receiver_request(r->receiver, 1), "Authorization");
    assert_string_equal(receiver_request(r->receiver, 0)->path, "/hook");
    assert_string_equal(receiver_request(r->receiver, 1)->path, "/moved");
    assert_string_equal(authorization, "Bearer another-t0ken");
    assert_string_equal(receiver_request(r->receiver, 0)->body,
                        receiver_request(r->receiver, 1)->body);
    free(authorization);
}

static void ends_what_waits_when_the_alert_is_disabled(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE];
    receiver_status(r->receiver, 500);
    rig_alert(r, r->url, alert);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    assert_int_equal(step_alert_enable(r->store.store, alert, false), 1);
    rig_advance(r, 3600000);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 1);
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_non_null(strstr(d.reason, "disabled"));
    delivery_free(&d);
}

static void keeps_the_end_of_one_that_was_disabled_while_under_way(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE];
    receiver_answer(r->receiver,
                    (struct receiver_answer){.how = RECEIVER_NEVER, .status = 500});
    rig_alert(r, r->url, alert);
    rig_close_one(r);
    rig_until_requests(r, 1);
    assert_int_equal(step_alert_delete(r->store.store, alert), 1);
    receiver_release(r->receiver);
    rig_until_sending(r, 0);
    rig_advance(r, 3600000);
    rig_pump(r);
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_int_equal(d.attempt_count, 1);
    assert_int_equal(receiver_count(r->receiver), 1);
    delivery_free(&d);
}

static void never_sends_to_a_metadata_address(void **state)
{
    struct rig *r = *state;
    rig_alert(r, "http://169.254.169.254/latest", NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DEAD, 1);
    struct delivery d = rig_delivery(r);
    assert_non_null(strstr(d.reason, "169.254.169.254"));
    assert_int_equal(d.attempt_count, 1);
    delivery_free(&d);
}

static void removes_old_deliveries_at_the_start_and_each_hour(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    rig_advance(r, r->policy.retention_ms + 1);
    rig_pump(r);
    assert_int_equal(rig_count(r, DELIVERY_DELIVERED), 0);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    rig_stop(r, 0);
    rig_advance(r, r->policy.retention_ms + 1);
    rig_start(r);
    rig_pump(r);
    assert_int_equal(rig_count(r, DELIVERY_DELIVERED), 0);
}

static void removes_finished_deliveries_of_a_store_that_is_too_large(void **state)
{
    struct rig *r = *state;
    const struct receiver_answer answers[] = {{.status = 500}, {.status = 200}};
    receiver_script(r->receiver, answers, 2);
    r->policy.retry.initial_ms = r->policy.retry.max_delay_ms = 3600000;
    engine_set_policy(r->engine, &r->policy);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    rig_advance(r, 120000);
    rig_pump(r);
    assert_int_equal(rig_count(r, DELIVERY_DELIVERED), 1); /* no limit */
    r->policy.max_size = 4096;
    engine_set_policy(r->engine, &r->policy);
    rig_pump(r);
    assert_int_equal(rig_count(r, DELIVERY_DELIVERED), 0);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    rig_pump(r); /* the engine has heard of it */
    rig_advance(r, 59000);
    rig_pump(r);
    assert_int_equal(rig_count(r, DELIVERY_DELIVERED), 1);
    rig_advance(r, 1000);
    rig_pump(r);
    assert_int_equal(rig_count(r, DELIVERY_DELIVERED), 0);
    assert_int_equal(rig_count(r, DELIVERY_RETRYING), 1);
}

/* In a thread of its own, with the system's clock: the window is real time. */
/* An alert on more than two errors in five minutes. */
static void add_threshold(struct rig *r)
{
    const struct alert_condition over_2 = {
        .kind = CONDITION_ERRORS, .threshold = (char[]){"2"}, .window_s = 300};
    struct alert a;
    struct err err;
    step_alert_make(&a, "measured", r->url, EVENT_TRACE_ERRORS);
    assert_true(alert_trigger_add_condition(alert_trigger_of(&a, EVENT_TRACE_ERRORS), &over_2));
    assert_true(step_alert_put(r->store.store, &a, STORE_CREATE, NULL, &err));
    alert_free(&a);
}

static void looks_at_a_threshold_again_and_again(void **state)
{
    enum { INTERVAL_MS = 10000 };
    struct rig *r = *state;
    r->policy.threshold_interval_ms = INTERVAL_MS;
    engine_set_policy(r->engine, &r->policy);
    add_threshold(r);
    for (int i = 0; i < 3; i++) { /* it is not passed */
        rig_pump(r);
        rig_advance(r, INTERVAL_MS);
    }
    rig_pump(r);
    for (int i = 0; i < 3; i++)
        rig_event_of(r, EVENT_TRACE_ERRORS);
    rig_advance(r, INTERVAL_MS);
    rig_pump(r); /* now it is: its window begins */
    rig_advance(r, 29999);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 0);
    rig_advance(r, 1);
    rig_until_requests(r, 1);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
}

static void works_in_a_thread(void **state)
{
    struct rig *r = *state;
    struct err err;
    rig_stop(r, 0);
    store_fixture_close(&r->store);
    r->store.clock = *clock_system();
    r->store.limits.window_ms = 20;
    store_fixture_open(&r->store);
    rig_start(r);
    assert_true(engine_start(r->engine, &err));
    rig_alert(r, r->url, NULL);
    for (size_t i = 1; i <= 3; i++) {
        struct accept *a = step_request("default");
        step_add_fact(a, EVENT_TRACE_FEEDBACK_SCORE, NULL, "p", (int)i);
        assert_true(step_accept(r->store.store, a, NULL, &err));
        assert_true(receiver_wait(r->receiver, i, RIG_DEADLINE_MS));
    }
    rig_stop(r, 5000);
    assert_int_equal(rig_count(r, DELIVERY_DELIVERED), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(closes_a_window_just_when_it_ends),
        TEST(sends_one_consolidated_post),
        TEST(signs_every_attempt),
        TEST(makes_a_webhook_for_each_window),
        TEST(closes_many_windows_at_once),
        TEST(closes_a_large_window_beside_others),
        TEST(records_the_attempt_without_secrets),
        TEST(writes_a_row_of_the_log_for_each_attempt),
        TEST(uses_the_endpoint_of_the_alert_at_each_attempt),
        TEST(ends_what_waits_when_the_alert_is_disabled),
        TEST(keeps_the_end_of_one_that_was_disabled_while_under_way),
        TEST(never_sends_to_a_metadata_address),
        TEST(removes_old_deliveries_at_the_start_and_each_hour),
        TEST(removes_finished_deliveries_of_a_store_that_is_too_large),
        TEST(looks_at_a_threshold_again_and_again),
        TEST(works_in_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
