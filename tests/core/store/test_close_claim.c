/* Buckets that are closed and claimed in one step. */
#include "core/store/delivery_fixture.h"

static struct closed close_claim(struct store_fixture *f, int64_t limit, size_t each)
{
    struct closed c;
    f->now += f->limits.window_ms;
    assert_true(step_close_claim(f->store, f->now, limit, each, &c, NULL));
    return c;
}

static int64_t in_state(struct store_fixture *f, enum delivery_state state)
{
    struct store_counts c = counts(f);
    return c.deliveries[state];
}

static void carries_what_a_request_needs(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    accept_events(f, 2);
    struct closed c = close_claim(f, 10, 4);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.claims.count, 1);
    const struct claim *one = c.claims.items;
    struct delivery d = get(f, one->id);
    assert_int_equal(d.state, DELIVERY_SENDING);
    assert_int_equal(d.next_at, 0);
    assert_int_equal(one->n, 1);
    assert_int_equal(one->created_at, f->now);
    assert_string_equal(one->alert_id, alert);
    assert_string_equal(one->alert.url, URL);
    assert_string_equal(one->alert.token, "the token");
    assert_int_equal(one->body_len, d.body_len);
    assert_memory_equal(one->body, d.body, d.body_len);
    delivery_free(&d);
    assert_true(step_record(f->store, one, 200, DELIVERY_DELIVERED, 0, NULL));
    assert_int_equal(in_state(f, DELIVERY_DELIVERED), 1);
    struct claims none = claim(f, 10);
    assert_int_equal(none.count, 0);
    step_claims_free(&none);
    step_claims_free(&c.claims);
}

static void claims_only_what_there_is_room_for(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    for (int i = 0; i < 3; i++)
        add_alert(f, "a", URL, id);
    add_alert(f, "b", "http://127.0.0.1:9/b", id);
    accept_events(f, 1);
    struct closed c = close_claim(f, 10, 2);
    assert_int_equal(c.count, 4);
    assert_int_equal(c.claims.count, 3);
    assert_int_equal(in_state(f, DELIVERY_SENDING), 3);
    assert_int_equal(in_state(f, DELIVERY_WAITING), 1);
    struct claims rest = claim(f, 10);
    assert_int_equal(rest.count, 1);
    step_claims_free(&rest);
    step_claims_free(&c.claims);
}

static void claims_no_more_than_the_limit(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], url[64];
    for (int i = 0; i < 3; i++) {
        snprintf(url, sizeof url, "http://127.0.0.1:9/%d", i);
        add_alert(f, "a", url, id);
    }
    accept_events(f, 1);
    struct closed c = close_claim(f, 2, 4);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.claims.count, 2);
    step_claims_free(&c.claims);
    assert_int_equal(step_close_due(f->store, f->now, 10), 1);
    assert_int_equal(in_state(f, DELIVERY_SENDING), 2);
    assert_int_equal(in_state(f, DELIVERY_WAITING), 1);
}

static void lets_what_waits_for_an_endpoint_go_first(void **state)
{
    struct store_fixture *f = *state;
    char a[UUID_SIZE], b[UUID_SIZE];
    add_alert(f, "a", URL, a);
    accept_events(f, 1);
    close_all(f);
    add_alert(f, "b", "http://127.0.0.1:9/b", b);
    accept_events(f, 1);
    struct closed c = close_claim(f, 10, 4);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.claims.count, 1);
    assert_string_equal(c.claims.items[0].alert_id, b);
    step_claims_free(&c.claims);
    struct claims both = claim(f, 10);
    assert_int_equal(both.count, 2);
    step_claims_free(&both);
}

static void puts_a_routing_key_only_into_the_claim(void **state)
{
    struct store_fixture *f = *state;
    struct alert a;
    step_alert_make(&a, "a", "https://events.pagerduty.com/v2/enqueue", EVENT_TRACE_ERRORS);
    a.destination = DESTINATION_PAGERDUTY;
    assert_true(alert_set_metadata(&a, ALERT_ROUTING_KEY, "0123456789abcdef0123456789abcdef"));
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, NULL, NULL));
    alert_free(&a);
    accept_events(f, 1);
    struct closed c = close_claim(f, 10, 4);
    assert_int_equal(c.claims.count, 1);
    const struct claim *one = c.claims.items;
    struct delivery d = get(f, one->id);
    assert_true(one->body_is_secret);
    assert_non_null(memmem(one->body, one->body_len, "0123456789abcdef0123456789abcdef", 32));
    assert_null(memmem(d.body, d.body_len, "0123456789abcdef0123456789abcdef", 32));
    delivery_free(&d);
    step_claims_free(&c.claims);
}

static void is_recovered_as_any_claim(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    accept_events(f, 1);
    struct closed c = close_claim(f, 10, 4);
    assert_int_equal(step_recover(f->store), 1);
    struct delivery d = get(f, c.claims.items[0].id);
    assert_int_equal(d.state, DELIVERY_RETRYING);
    assert_int_equal(d.attempt_count, 1);
    assert_int_equal(d.attempts[0].outcome.kind, OUTCOME_UNKNOWN);
    delivery_free(&d);
    step_claims_free(&c.claims);
    counts(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(carries_what_a_request_needs),
        TEST(claims_only_what_there_is_room_for),
        TEST(claims_no_more_than_the_limit),
        TEST(lets_what_waits_for_an_endpoint_go_first),
        TEST(puts_a_routing_key_only_into_the_claim),
        TEST(is_recovered_as_any_claim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
