/* Buckets that are closed and claimed in one step. */
#include "core/store/delivery_fixture.h"
#include "store/alerts.h"
#include "store/delivering.h"

static struct closed close_claim(struct store_fixture *f, int64_t limit, size_t each)
{
    struct closed c;
    f->now += f->limits.window_ms;
    assert_true(step_close_claim(f->store, f->now, limit, each, &c, NULL));
    return c;
}

static int64_t in_state(struct store_fixture *f, enum delivery_state state)
{
    struct store_counts c = store_fixture_counts(f);
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

static void take_closed(void *to, const void *result)
{
    struct closed *from = (struct closed *)(uintptr_t)result;
    *(struct closed *)to = *from;
    from->claims = (struct claims){0};
}

static void closes_more_than_may_be_claimed(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], url[64];
    struct closed c;
    struct step_wait wait = {.copy = take_closed, .to = &c};
    for (int i = 0; i < 3; i++) {
        snprintf(url, sizeof url, "http://127.0.0.1:9/%d", i);
        add_alert(f, "a", url, id);
    }
    accept_events(f, 1);
    f->now += f->limits.window_ms;
    const struct claim_wish wish = {f->now, 1, false, 4, NULL, 0};
    store_close_claim(f->store, 10, &wish, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    assert_int_equal(c.count, 3);
    assert_int_equal(c.claims.count, 1);
    assert_int_equal(in_state(f, DELIVERY_SENDING), 1);
    assert_int_equal(in_state(f, DELIVERY_WAITING), 2);
    step_claims_free(&c.claims);
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
    store_fixture_counts(f);
}

/* More than one statement holds, and not a multiple of it. */
static void many_are_written_as_one_is(void **state)
{
    enum { MANY = 19 };
    struct store_fixture *f = *state;
    char ids[MANY][UUID_SIZE];
    for (int i = 0; i < MANY; i++)
        add_alert(f, i % 3 ? "a" : "b", i % 5 ? URL : "http://127.0.0.1:9/b", ids[i]);
    accept_events(f, 2);
    struct closed c = close_claim(f, MANY, 6);
    assert_int_equal(c.count, MANY);
    assert_int_equal(c.claims.count, 4 + 6);
    for (size_t i = 0; i < c.claims.count; i++) {
        const struct claim *one = &c.claims.items[i];
        struct delivery d = get(f, one->id);
        assert_int_equal(d.state, DELIVERY_SENDING);
        assert_string_equal(d.alert_id, one->alert_id);
        assert_int_equal(one->body_len, d.body_len);
        assert_memory_equal(one->body, d.body, d.body_len);
        assert_non_null(strstr(d.body, one->id));
        assert_non_null(strstr(d.body, one->alert_id));
        assert_true(step_record(f->store, one, 200, DELIVERY_DELIVERED, 0, NULL));
        delivery_free(&d);
    }
    struct claims rest = claim(f, MANY);
    assert_int_equal(rest.count, MANY - c.claims.count);
    for (size_t i = 0; i < rest.count; i++) {
        struct delivery d = get(f, rest.items[i].id);
        assert_string_equal(d.alert_id, rest.items[i].alert_id);
        assert_non_null(strstr(d.body, d.id));
        delivery_free(&d);
    }
    assert_int_equal(store_fixture_counts(f).open_buckets, 0);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM bucket_chunks"), 0);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM buckets"), 0);
    step_claims_free(&rest);
    step_claims_free(&c.claims);
}

/* ---------------------------------------------------------------- the newest of an alert */

static void expect_last(struct store_fixture *f, enum delivery_state last, int status, int64_t at)
{
    struct alert_rows rows;
    assert_true(store_alert_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_true(rows.items[0].has_last);
    assert_int_equal(rows.items[0].last_state, last);
    assert_int_equal(rows.items[0].last_status, status);
    assert_int_equal(rows.items[0].last_at, at);
    alert_rows_free(&rows);
}

static struct closed one_sent(struct store_fixture *f)
{
    accept_events(f, 1);
    struct closed c = close_claim(f, 10, 4);
    assert_int_equal(c.claims.count, 1);
    return c;
}

/* Though nothing notes it before its outcome. */
static void the_list_of_alerts_tells_what_is_sent(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, "a", URL, id);
    struct closed first = one_sent(f);
    int64_t at = f->now;
    expect_last(f, DELIVERY_SENDING, 0, at);
    assert_true(step_record(f->store, first.claims.items, 500, DELIVERY_RETRYING, at + 1, NULL));
    expect_last(f, DELIVERY_RETRYING, 500, at);
    f->now += 1000;
    struct claims again = claim(f, 1);
    assert_int_equal(again.count, 1);
    expect_last(f, DELIVERY_SENDING, 500, at);
    step_claims_free(&again);
    step_claims_free(&first.claims);
}

static void a_newer_one_stays_the_newest(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, "a", URL, id);
    struct closed old = one_sent(f), new = one_sent(f);
    int64_t at = f->now;
    f->now += 1000;
    assert_true(step_record(f->store, old.claims.items, 200, DELIVERY_DELIVERED, 0, NULL));
    expect_last(f, DELIVERY_SENDING, 0, at);
    assert_true(step_record(f->store, new.claims.items, 404, DELIVERY_DEAD, 0, NULL));
    expect_last(f, DELIVERY_DEAD, 404, f->now);
    int64_t then = f->now;
    f->now += 1000;
    assert_int_equal(step_replay(f->store, old.claims.items[0].id), 1);
    expect_last(f, DELIVERY_DEAD, 404, then);
    step_claims_free(&new.claims);
    step_claims_free(&old.claims);
}

static void what_is_ended_while_it_is_sent_is_the_newest(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, "a", URL, id);
    struct closed first = one_sent(f);
    assert_true(step_record(f->store, first.claims.items, 200, DELIVERY_DELIVERED, 0, NULL));
    struct closed second = one_sent(f);
    step_alert_enable(f->store, id, false);
    expect_last(f, DELIVERY_DEAD, 0, f->now);
    step_claims_free(&second.claims);
    step_claims_free(&first.claims);
}

/* Once all deliveries are purged, their rows are numbered from 1 again. */
static void a_new_one_is_the_newest_though_its_row_is_lower(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, "a", URL, id);
    for (int i = 0; i < 3; i++) {
        struct closed c = one_sent(f);
        assert_true(step_record(f->store, c.claims.items, 200, DELIVERY_DELIVERED, 0, NULL));
        step_claims_free(&c.claims);
    }
    assert_int_equal(step_purge(f->store, f->now + 1, 10), 3);
    struct closed c = one_sent(f);
    assert_int_equal(c.claims.items[0].row, 1);
    expect_last(f, DELIVERY_SENDING, 0, f->now);
    assert_true(step_record(f->store, c.claims.items, 404, DELIVERY_DEAD, 0, NULL));
    expect_last(f, DELIVERY_DEAD, 404, f->now);
    step_claims_free(&c.claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(carries_what_a_request_needs),
        TEST(claims_only_what_there_is_room_for),
        TEST(claims_no_more_than_the_limit),
        TEST(closes_more_than_may_be_claimed),
        TEST(lets_what_waits_for_an_endpoint_go_first),
        TEST(puts_a_routing_key_only_into_the_claim),
        TEST(is_recovered_as_any_claim),
        TEST(many_are_written_as_one_is),
        TEST(the_list_of_alerts_tells_what_is_sent),
        TEST(a_newer_one_stays_the_newest),
        TEST(what_is_ended_while_it_is_sent_is_the_newest),
        TEST(a_new_one_is_the_newest_though_its_row_is_lower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
