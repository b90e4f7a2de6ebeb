/* From a bucket to its end: closing, claiming, recording, replaying, alerts that end. */
#include "core/store/delivery_fixture.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "store/log.h"

static void close_due_leaves_what_is_not_due(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct store_due due;
    add_alert(f, "a", URL, id);
    accept_events(f, 1);
    assert_int_equal(step_close_due(f->store, f->now + 29999, 10), 0);
    assert_true(store_next_due(f->reader, &due, NULL));
    assert_int_equal(due.buckets, f->now + 30000);
    f->now += 1000;
    add_alert(f, "b", URL, id);
    accept_events(f, 1); /* another bucket, due later */
    assert_true(store_next_due(f->reader, &due, NULL));
    assert_int_equal(due.buckets, f->now + 29000);
    assert_int_equal(due.deliveries, INT64_MAX);
    store_fixture_changes(f);
    close_all(f);
    assert_int_equal(store_fixture_changes(f),
                     STORE_CHANGED_BUCKETS | STORE_CHANGED_DELIVERIES);
    assert_true(store_next_due(f->reader, &due, NULL));
    assert_int_equal(due.buckets, INT64_MAX);
    assert_int_equal(due.deliveries, f->now);
}

/* However it ends, a bucket's events are gone with it, and no other's. */
static void a_bucket_takes_its_own_chunks_along(void **state)
{
    static const char chunks[] = "SELECT count(*) FROM bucket_chunks";
    enum { ALERTS = 3 };
    struct store_fixture *f = *state;
    char ids[ALERTS][UUID_SIZE];
    for (int i = 0; i < ALERTS; i++) { /* they close one after the other */
        add_alert(f, "a", URL, ids[i]);
        accept_events(f, 1);
        accept_events(f, 2);
        f->now += 1000;
    }
    assert_int_equal(store_fixture_number(f, chunks), 6 + 4 + 2);
    step_alert_enable(f->store, ids[1], false);
    assert_int_equal(store_fixture_number(f, chunks), 6 + 2);
    f->now += f->limits.window_ms - ALERTS * 1000;
    assert_int_equal(step_close_due(f->store, f->now, 10), 1);
    assert_int_equal(store_fixture_number(f, chunks), 2);
    close_all(f);
    assert_int_equal(store_fixture_number(f, chunks), 0);
    assert_int_equal(store_fixture_counts(f).events[DELIVERY_WAITING], 9 + 3);
}

static void close_due_stops_at_the_limit(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    for (int i = 0; i < 5; i++)
        add_alert(f, "a", URL, id);
    accept_events(f, 1);
    f->now += 30000;
    assert_int_equal(step_close_due(f->store, f->now, 3), 3);
    assert_int_equal(step_close_due(f->store, f->now, 3), 2);
    assert_int_equal(store_fixture_counts(f).events[DELIVERY_WAITING], 5);
}

static void claim_carries_what_a_request_needs(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    struct claim *one = &c.items[0];
    assert_string_equal(one->alert_id, alert);
    assert_string_equal(one->alert.url, URL);
    assert_string_equal(one->alert.token, "the token");
    assert_int_equal(one->alert.header_count, 1);
    assert_string_equal(one->alert.headers[0].name, "X-Key");
    assert_string_equal(one->alert.headers[0].value, "the \"value\"");
    assert_int_equal(one->n, 1);
    assert_int_equal(one->created_at, f->now);
    assert_int_equal(strlen(one->endpoint), 32);
    struct delivery d = get(f, one->id);
    assert_int_equal(d.state, DELIVERY_SENDING);
    assert_int_equal(d.body_len, one->body_len);
    assert_memory_equal(d.body, one->body, one->body_len);
    assert_int_equal(claim(f, 10).count, 0);
    delivery_free(&d);
    step_claims_free(&c);
}

static void claim_passes_over_busy_endpoints(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    char busy[1][33];
    struct claims c = one_claimed(f, alert), none;
    memcpy(busy[0], c.items[0].endpoint, 33);
    assert_true(step_record(f->store, c.items, 500, DELIVERY_RETRYING, f->now, NULL));
    assert_true(step_claim(f->store, f->now, 10, (const char(*)[33])busy, 1, &none, NULL));
    assert_int_equal(none.count, 0);
    step_claims_free(&c);
    c = claim(f, 10);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.items[0].n, 2);
    step_claims_free(&c);
}

static void take_claims(void *to, const void *result)
{
    struct claims *from = (struct claims *)(uintptr_t)result;
    *(struct claims *)to = *from;
    *from = (struct claims){0};
}

static struct claims claim_as(struct store_fixture *f, const struct claim_wish *wish)
{
    struct claims c = {0};
    struct step_wait wait = {.copy = take_claims, .to = &c};
    store_claim(f->store, wish, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    return c;
}

/* 700 due deliveries of one busy endpoint lie before one of another. */
static void claim_gets_past_a_long_busy_queue(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], other[UUID_SIZE], busy[1][33];
    for (int i = 0; i < 700; i++)
        add_alert(f, "a", URL, id);
    accept_events(f, 1);
    close_all(f);
    struct claims c = claim(f, 1);
    memcpy(busy[0], c.items[0].endpoint, 33);
    step_claims_free(&c);
    assert_true(step_claim(f->store, f->now, 10, (const char(*)[33])busy, 1, &c, NULL));
    assert_int_equal(c.count, 0); /* nothing but the busy one's */
    step_claims_free(&c);
    f->now++;
    add_alert(f, "other", "http://127.0.0.1:9/other", other);
    accept_events(f, 1);
    f->now += 30000;
    step_close_due(f->store, f->now, 1000);
    assert_true(step_claim(f->store, f->now, 10, (const char(*)[33])busy, 1, &c, NULL));
    assert_int_equal(c.count, 1);
    assert_string_equal(c.items[0].alert_id, other);
    struct claim_room rooms[2] = {{.room = 0}, {.room = 1}};
    memcpy(rooms[0].endpoint, busy[0], sizeof busy[0]);
    memcpy(rooms[1].endpoint, c.items[0].endpoint, sizeof rooms[1].endpoint);
    step_claims_free(&c);
    for (int i = 0; i < 2; i++) {
        accept_events(f, 1);
        close_all(f);
    }
    struct claim_wish wish = {f->now, 10, false, SIZE_MAX, rooms, 2};
    c = claim_as(f, &wish); /* the older of the two, there is room for one */
    assert_int_equal(c.count, 1);
    assert_string_equal(c.items[0].alert_id, other);
    assert_int_equal(c.items[0].created_at, f->now - f->limits.window_ms);
    step_claims_free(&c);
    store_fixture_counts(f);
}

static void claim_takes_the_oldest_first(void **state)
{
    struct store_fixture *f = *state;
    char first[UUID_SIZE], second[UUID_SIZE];
    add_alert(f, "first", URL, first);
    accept_events(f, 1);
    close_all(f);
    add_alert(f, "second", "http://127.0.0.1:9/b", second);
    assert_int_equal(step_alert_enable(f->store, second, true), 1);
    accept_events(f, 1);
    close_all(f);
    struct claims c = claim(f, 1);
    assert_string_equal(c.items[0].alert_id, first);
    step_claims_free(&c);
}

static size_t of_endpoint(const struct claims *c, const char *endpoint)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += strcmp(c->items[i].endpoint, endpoint) == 0;
    return count;
}

static void claim_takes_what_an_endpoint_has_room_for(void **state)
{
    enum { EACH = 5 };
    static const char *const urls[] = {URL, "http://127.0.0.1:9/b", "http://127.0.0.1:9/c"};
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct claim_room rooms[2] = {{.room = 3}, {.room = 0}};
    char other[33];
    for (int i = 0; i < 3; i++) {
        add_alert(f, "a", urls[i], id);
        accept_events(f, 1);
        close_all(f);
        struct claims c = claim(f, 10);
        memcpy(i < 2 ? rooms[i].endpoint : other, c.items[0].endpoint, sizeof other);
        step_claims_free(&c);
        assert_int_equal(step_alert_delete(f->store, id), 1);
    }
    for (int i = 0; i < 3 * EACH; i++)
        add_alert(f, "a", urls[i % 3], id);
    accept_events(f, 1);
    close_all(f);
    const struct claim_wish wish = {f->now, 100, false, 2, rooms, 2};
    struct claims c = claim_as(f, &wish);
    assert_int_equal(of_endpoint(&c, rooms[0].endpoint), 3);
    assert_int_equal(of_endpoint(&c, rooms[1].endpoint), 0);
    assert_int_equal(of_endpoint(&c, other), 2);
    assert_int_equal(c.count, 5);
    step_claims_free(&c);
}

static void claim_takes_the_newest_first_where_it_is_asked_to(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < 3; i++) {
        accept_events(f, 1);
        close_all(f);
    }
    const struct claim_wish wish = {f->now, 2, true, SIZE_MAX, NULL, 0};
    struct claims c = claim_as(f, &wish);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.items[0].created_at, f->now);
    assert_int_equal(c.items[1].created_at, f->now - f->limits.window_ms);
    step_claims_free(&c);
}

/* Rows that follow one another are moved together: no other's with them. */
static void claim_moves_only_what_it_claims(void **state)
{
    enum { ALERTS = 40, OTHER = 20 };
    struct store_fixture *f = *state;
    char id[UUID_SIZE], busy[1][33];
    for (int i = 0; i < ALERTS; i++)
        add_alert(f, "a", i == OTHER ? "http://127.0.0.1:9/other" : URL, id);
    accept_events(f, 1);
    close_all(f);
    struct claims c = claim(f, ALERTS);
    for (size_t i = 0; i < c.count; i++) {
        if (strcmp(c.items[i].endpoint, c.items[(i + 1) % ALERTS].endpoint) != 0 &&
            strcmp(c.items[i].endpoint, c.items[(i + 2) % ALERTS].endpoint) != 0)
            memcpy(busy[0], c.items[i].endpoint, sizeof busy[0]);
        assert_true(
            step_record(f->store, &c.items[i], 500, DELIVERY_RETRYING, f->now, NULL));
    }
    step_claims_free(&c);
    assert_true(step_claim(f->store, f->now, ALERTS, (const char(*)[33])busy, 1, &c, NULL));
    assert_int_equal(c.count, ALERTS - 1);
    step_claims_free(&c);
    struct store_counts n = store_fixture_counts(f);
    assert_int_equal(n.deliveries[DELIVERY_SENDING], ALERTS - 1);
    assert_int_equal(n.deliveries[DELIVERY_RETRYING], 1);
    assert_int_equal(
        store_fixture_number(f, "SELECT count(*) FROM deliveries WHERE state = 1"), ALERTS - 1);
    c = claim(f, ALERTS);
    assert_int_equal(c.count, 1);
    step_claims_free(&c);
}

static void record_delivers(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    assert_true(step_record(f->store, c.items, 200, DELIVERY_DELIVERED, 0, NULL));
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DELIVERED);
    assert_int_equal(d.attempt_count, 1);
    assert_int_equal(d.attempts[0].outcome.status, 200);
    assert_int_equal(d.attempts[0].outcome.total_us, 1500);
    assert_int_equal(d.attempts[0].outcome.body_len, 6);
    assert_int_equal(d.next_at, 0);
    delivery_free(&d);
    struct alert_rows rows;
    assert_true(store_alert_list(f->reader, "default", &rows, NULL));
    assert_true(rows.items[0].has_last);
    assert_int_equal(rows.items[0].last_state, DELIVERY_DELIVERED);
    assert_int_equal(rows.items[0].last_status, 200);
    alert_rows_free(&rows);
    assert_int_equal(store_fixture_counts(f).events[DELIVERY_DELIVERED], 2);
    step_claims_free(&c);
}

static void record_keeps_what_is_known_of_an_attempt(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    struct record *r = calloc(1, sizeof *r);
    *r = (struct record){.row = c.items[0].row,
                         .n = 1,
                         .of = 4,
                         .created_at = c.items[0].created_at,
                         .decision = {.state = DELIVERY_RETRYING, .next_at = f->now + 8},
                         .request_headers = strdup("X: 1")};
    memcpy(r->id, c.items[0].id, sizeof r->id);
    r->outcome = (struct outcome){.kind = OUTCOME_NETWORK,
                                  .status = 503,
                                  .timed_out = true,
                                  .error = "too slow",
                                  .address = "127.0.0.1:9",
                                  .started_at = f->now - 9,
                                  .total_us = 5,
                                  .dns_us = 11,
                                  .connect_us = 2,
                                  .tls_us = 3,
                                  .first_us = 4,
                                  .retry_after_ms = 6,
                                  .headers = strdup("Y: 2"),
                                  .headers_len = 4,
                                  .body_total = 7};
    const struct outcome sent = r->outcome;
    struct step_wait wait = {0};
    store_record(f->store, r, 1, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    struct delivery d = get(f, c.items[0].id);
    const struct outcome *o = &d.attempts[0].outcome;
    assert_int_equal(o->kind, OUTCOME_NETWORK);
    assert_int_equal(o->status, sent.status);
    assert_true(o->timed_out);
    assert_string_equal(o->error, sent.error);
    assert_string_equal(o->address, sent.address);
    assert_int_equal(o->started_at, sent.started_at);
    assert_int_equal(o->total_us, sent.total_us);
    assert_int_equal(o->dns_us, sent.dns_us);
    assert_int_equal(o->connect_us, sent.connect_us);
    assert_int_equal(o->tls_us, sent.tls_us);
    assert_int_equal(o->first_us, sent.first_us);
    assert_int_equal(o->retry_after_ms, sent.retry_after_ms);
    assert_int_equal(o->headers_len, sent.headers_len);
    assert_memory_equal(o->headers, "Y: 2", 4);
    assert_int_equal(o->body_len, 0);
    assert_int_equal(o->body_total, sent.body_total);
    assert_string_equal(d.attempts[0].request_headers, "X: 1");
    assert_int_equal(d.attempts[0].next_at, f->now + 8);
    assert_int_equal(d.created_at, f->now);
    delivery_free(&d);
    struct log_rows log;
    assert_true(store_log_list(f->reader, NULL, 0, 0, 10, &log, NULL));
    assert_int_equal(log.count, 1);
    assert_int_equal(log.items[0].outcome, OUTCOME_NETWORK);
    assert_int_equal(log.items[0].status, sent.status);
    assert_int_equal(log.items[0].latency_us, sent.total_us);
    assert_string_equal(log.items[0].text, sent.error);
    log_rows_free(&log);
    struct try_rows tries;
    assert_true(store_try_list(f->reader, NULL, 0, 0, 10, &tries, NULL));
    assert_int_equal(tries.count, 1);
    assert_int_equal(tries.items[0].latency_us, sent.total_us);
    try_rows_free(&tries);
    step_claims_free(&c);
}

static void record_retries_at_its_time(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    assert_true(step_record(f->store, c.items, 0, DELIVERY_RETRYING, f->now + 700, NULL));
    step_claims_free(&c);
    assert_int_equal(claim(f, 10).count, 0);
    f->now += 700;
    c = claim(f, 10);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.items[0].n, 2);
    assert_true(step_record(f->store, c.items, 404, DELIVERY_DEAD, 0, NULL));
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_string_equal(d.reason, "answered 404");
    assert_int_equal(d.attempt_count, 2);
    assert_string_equal(d.attempts[0].outcome.error, "connection refused");
    assert_int_equal(d.attempts[0].next_at, f->now);
    delivery_free(&d);
    step_claims_free(&c);
}

static void an_edited_url_is_followed_by_what_waits(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct alert edited, a;
    struct claims c = one_claimed(f, alert), again;
    assert_true(step_record(f->store, c.items, 0, DELIVERY_RETRYING, f->now, NULL));
    assert_true(store_alert_get(f->reader, "default", alert, &edited, NULL));
    assert_true(alert_set_secret(&edited.url, "http://127.0.0.1:9/new"));
    assert_true(step_alert_put(f->store, &edited, STORE_REPLACE, NULL, NULL));
    again = claim(f, 10);
    assert_int_equal(again.count, 1);
    assert_string_equal(again.items[0].alert.url, "http://127.0.0.1:9/new");
    assert_string_not_equal(again.items[0].endpoint, c.items[0].endpoint);
    assert_string_equal(again.items[0].body, c.items[0].body);
    step_claims_free(&c);
    assert_true(store_alert_get(f->reader, "default", alert, &a, NULL));
    assert_true(alert_set_secret(&a.url, URL)); /* while it is being sent */
    assert_true(step_alert_put(f->store, &a, STORE_REPLACE, NULL, NULL));
    alert_free(&a);
    assert_true(step_record(f->store, again.items, 0, DELIVERY_RETRYING, f->now, NULL));
    c = claim(f, 10);
    assert_int_equal(c.count, 1);
    assert_string_not_equal(c.items[0].endpoint, again.items[0].endpoint);
    alert_free(&edited);
    step_claims_free(&c);
    step_claims_free(&again);
}

static void disable_ends_what_waits(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct log_rows log;
    struct claims c = one_claimed(f, alert);
    accept_events(f, 3);
    assert_int_equal(step_alert_enable(f->store, alert, false), 1);
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_non_null(strstr(d.reason, "disabled"));
    delivery_free(&d);
    struct store_counts sums = store_fixture_counts(f);
    assert_int_equal(sums.dropped, 3);
    assert_int_equal(sums.open_buckets, 0);
    assert_int_equal(sums.events[DELIVERY_DEAD], 2);
    assert_true(store_log_list(f->reader, "default", 0, 0, 10, &log, NULL));
    assert_int_equal(log.count, 1);
    assert_int_equal(log.items[0].kind, LOG_DROPPED);
    assert_int_equal(log.items[0].events, 3);
    assert_string_equal(log.items[0].alert_name, "a");
    log_rows_free(&log);
    /* The request that was under way ends now: the attempt is added, the end stays. */
    assert_true(step_record(f->store, c.items, 200, DELIVERY_DELIVERED, 0, NULL));
    d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_int_equal(d.attempt_count, 1);
    delivery_free(&d);
    store_fixture_counts(f);
    accept_events(f, 1);
    assert_int_equal(store_fixture_counts(f).waiting_events, 0);
    step_claims_free(&c);
}

static void delete_ends_what_waits(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    assert_true(step_record(f->store, c.items, 0, DELIVERY_RETRYING, f->now, NULL));
    accept_events(f, 3);
    assert_int_equal(step_alert_delete(f->store, alert), 1);
    assert_int_equal(step_alert_delete(f->store, alert), 0);
    assert_int_equal(claim(f, 10).count, 0);
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_non_null(strstr(d.reason, "deleted"));
    assert_string_equal(d.alert_name, "a");
    delivery_free(&d);
    assert_int_equal(store_fixture_counts(f).dropped, 3);
    struct err err = {0};
    struct alert gone;
    assert_false(store_alert_get(f->reader, "default", alert, &gone, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(step_replay(f->store, c.items[0].id), 0);
    step_claims_free(&c);
}

/* The log numbers attempts as the delivery does: through all its rounds. */
static void expect_logged(struct store_fixture *f, int n, int of)
{
    struct log_rows log;
    assert_true(store_log_list(f->reader, NULL, -1, INT64_MAX, 1, &log, NULL));
    assert_int_equal(log.count, 1);
    assert_int_equal(log.items[0].n, n);
    assert_int_equal(log.items[0].of, of);
    log_rows_free(&log);
}

static void replay_starts_anew_with_the_same_body(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert), again;
    assert_int_equal(step_replay(f->store, c.items[0].id), 0); /* not finished */
    assert_true(step_record(f->store, c.items, 404, DELIVERY_DEAD, 0, NULL));
    expect_logged(f, 1, 4);
    f->now += 3600000;
    assert_int_equal(step_replay(f->store, c.items[0].id), 1);
    again = claim(f, 10);
    assert_int_equal(again.count, 1);
    assert_string_equal(again.items[0].id, c.items[0].id);
    assert_string_equal(again.items[0].body, c.items[0].body);
    assert_int_equal(again.items[0].n, 1);
    assert_int_equal(again.items[0].created_at, f->now);
    assert_true(step_record(f->store, again.items, 200, DELIVERY_DELIVERED, 0, NULL));
    expect_logged(f, 2, 5);
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DELIVERED);
    assert_int_equal(d.attempt_count, 2);
    assert_int_equal(d.attempts[1].n, 2);
    assert_null(d.reason);
    delivery_free(&d);
    store_fixture_counts(f);
    step_claims_free(&c);
    step_claims_free(&again);
}

static void expect_status(struct store_fixture *f, const char *id, int status)
{
    struct delivery d = get(f, id);
    struct alert_rows rows;
    assert_int_equal(d.status, status);
    assert_true(store_alert_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.items[0].last_status, status);
    alert_rows_free(&rows);
    delivery_free(&d);
}

/* The status is the last attempt's, also where that had none; what ends a delivery without
 * an attempt leaves it. */
static void an_attempt_without_an_answer_has_no_status(void **state)
{
    static const int statuses[] = {503, 0, 500, 0, 502};
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        assert_true(
            step_record(f->store, c.items, statuses[i], DELIVERY_RETRYING, f->now, NULL));
        expect_status(f, c.items[0].id, statuses[i]);
        step_claims_free(&c);
        c = claim(f, 1);
    }
    assert_int_equal(step_recover(f->store), 1);
    expect_status(f, c.items[0].id, 0);
    step_claims_free(&c);
    c = claim(f, 1);
    assert_true(step_record(f->store, c.items, 500, DELIVERY_RETRYING, f->now, NULL));
    assert_int_equal(step_alert_enable(f->store, alert, false), 1);
    expect_status(f, c.items[0].id, 500);
    step_claims_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(close_due_leaves_what_is_not_due),
        TEST(a_bucket_takes_its_own_chunks_along),
        TEST(close_due_stops_at_the_limit),
        TEST(an_attempt_without_an_answer_has_no_status),
        TEST(claim_carries_what_a_request_needs),
        TEST(claim_passes_over_busy_endpoints),
        TEST(claim_gets_past_a_long_busy_queue),
        TEST(claim_takes_the_oldest_first),
        TEST(claim_takes_what_an_endpoint_has_room_for),
        TEST(claim_takes_the_newest_first_where_it_is_asked_to),
        TEST(claim_moves_only_what_it_claims),
        TEST(record_delivers),
        TEST(record_keeps_what_is_known_of_an_attempt),
        TEST(record_retries_at_its_time),
        TEST(an_edited_url_is_followed_by_what_waits),
        TEST(disable_ends_what_waits),
        TEST(delete_ends_what_waits),
        TEST(replay_starts_anew_with_the_same_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
