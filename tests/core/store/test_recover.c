/* What a process left under way when it died. */
#include "core/store/delivery_fixture.h"
#include "store/delivering.h"
#include "store/endpoints.h"
#include "store/log.h"

/* The newest row of the log tells of the n-th attempt, of all that the delivery may have: `earlier`
 * were in rounds before. */
static void assert_logged(struct store_fixture *f, int n, int earlier, enum delivery_state state)
{
    struct log_rows rows;
    struct err err;
    assert_true(store_log_list(f->reader, NULL, -1, INT64_MAX, 1, &rows, &err));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.items[0].outcome, OUTCOME_UNKNOWN);
    assert_int_equal(rows.items[0].n, n);
    assert_int_equal(rows.items[0].of, earlier + STEP_RECOVER_OF);
    assert_int_equal(rows.items[0].state, state);
    log_rows_free(&rows);
}

static void recover_takes_over_what_was_under_way(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert), again;
    assert_int_equal(step_recover(f->store), 1);
    assert_int_equal(step_recover(f->store), 0);
    assert_logged(f, 1, 0, DELIVERY_RETRYING);
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_RETRYING);
    assert_int_equal(d.attempts[0].outcome.kind, OUTCOME_UNKNOWN);
    assert_string_equal(d.attempts[0].outcome.error,
                        "outcome unknown: the process ended before it was recorded");
    delivery_free(&d);
    again = claim(f, 10);
    assert_string_equal(again.items[0].id, c.items[0].id);
    assert_int_equal(again.items[0].n, 2);
    /* The late outcome of the first attempt changes nothing of the second. */
    assert_true(step_record(f->store, c.items, 404, DELIVERY_DEAD, 0, NULL));
    d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_SENDING);
    delivery_free(&d);
    assert_true(step_record(f->store, again.items, 200, DELIVERY_DELIVERED, 0, NULL));
    d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DELIVERED);
    assert_int_equal(d.attempt_count, 3);
    delivery_free(&d);
    step_claims_free(&c);
    step_claims_free(&again);
    store_fixture_counts(f);
}

/* The alert is disabled or deleted while a request is under way, then the process dies. */
static void the_attempt_of_an_ended_delivery_is_accounted_for(void **state)
{
    struct store_fixture *f = *state;
    for (int how = 0; how < 2; how++) {
        char alert[UUID_SIZE];
        struct claims c = one_claimed(f, alert);
        if (how == 0)
            assert_int_equal(step_alert_enable(f->store, alert, false), 1);
        else
            assert_int_equal(step_alert_delete(f->store, alert), 1);
        store_fixture_close(f);
        store_fixture_open(f);
        store_fixture_changes(f);
        assert_int_equal(step_recover(f->store), 1);
        assert_int_equal(store_fixture_changes(f),
                         STORE_CHANGED_DELIVERIES | STORE_CHANGED_LOG);
        assert_int_equal(step_recover(f->store), 0);
        assert_logged(f, 1, 0, DELIVERY_DEAD);
        struct delivery d = get(f, c.items[0].id);
        assert_int_equal(d.state, DELIVERY_DEAD);
        assert_non_null(strstr(d.reason, how ? "deleted" : "disabled"));
        assert_int_equal(d.attempt_count, 1);
        assert_int_equal(d.attempts[0].outcome.kind, OUTCOME_UNKNOWN);
        assert_int_equal(d.attempts[0].n, 1);
        assert_int_equal(d.attempts[0].next_at, 0);
        delivery_free(&d);
        step_claims_free(&c);
        store_fixture_counts(f);
    }
}

static void its_outcome_is_recorded_once(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    assert_int_equal(step_alert_enable(f->store, alert, false), 1);
    assert_true(step_record(f->store, c.items, 200, DELIVERY_DELIVERED, 0, NULL));
    assert_int_equal(step_recover(f->store), 0);
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DEAD);
    assert_int_equal(d.attempt_count, 1);
    assert_int_equal(d.attempts[0].outcome.status, 200);
    delivery_free(&d);
    step_claims_free(&c);
}

/* Replayed before the process dies: the round that is open loses no try by it. */
static void a_replay_keeps_its_tries(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert), again;
    assert_int_equal(step_alert_enable(f->store, alert, false), 1);
    assert_int_equal(step_alert_enable(f->store, alert, true), 1);
    assert_int_equal(step_replay(f->store, c.items[0].id), 1);
    assert_int_equal(step_recover(f->store), 1);
    assert_logged(f, 1, 0, DELIVERY_WAITING);
    again = claim(f, 10);
    assert_int_equal(again.count, 1);
    assert_int_equal(again.items[0].n, 1);
    assert_true(step_record(f->store, again.items, 200, DELIVERY_DELIVERED, 0, NULL));
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DELIVERED);
    assert_int_equal(d.attempt_count, 2);
    delivery_free(&d);
    step_claims_free(&c);
    step_claims_free(&again);
}

/* What came of the request before is not what came of the replay's. */
static void a_replay_waits_for_its_own_outcome(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert), again;
    f->now += 1000;
    assert_int_equal(step_alert_enable(f->store, alert, false), 1);
    assert_int_equal(step_alert_enable(f->store, alert, true), 1);
    assert_int_equal(step_replay(f->store, c.items[0].id), 1);
    again = claim(f, 10);
    assert_int_equal(again.count, 1);
    assert_true(step_record(f->store, c.items, 500, DELIVERY_RETRYING, f->now, NULL));
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_SENDING);
    assert_int_equal(d.attempt_count, 1);
    delivery_free(&d);
    assert_true(step_record(f->store, again.items, 200, DELIVERY_DELIVERED, 0, NULL));
    d = get(f, c.items[0].id);
    assert_int_equal(d.state, DELIVERY_DELIVERED);
    assert_int_equal(d.attempt_count, 2);
    delivery_free(&d);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM orphans"), 0);
    step_claims_free(&c);
    step_claims_free(&again);
}

static void a_replay_is_numbered_on(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert), again;
    assert_true(step_record(f->store, c.items, 404, DELIVERY_DEAD, 0, NULL));
    assert_int_equal(step_replay(f->store, c.items[0].id), 1);
    again = claim(f, 10);
    assert_int_equal(again.items[0].n, 1);
    assert_int_equal(step_recover(f->store), 1);
    assert_logged(f, 2, 1, DELIVERY_RETRYING);
    step_claims_free(&again);
    again = claim(f, 10);
    assert_int_equal(step_alert_delete(f->store, alert), 1);
    assert_int_equal(step_recover(f->store), 1);
    assert_logged(f, 3, 1, DELIVERY_DEAD);
    step_claims_free(&c);
    step_claims_free(&again);
}

static void note_open(struct store_fixture *f, const char *endpoint)
{
    struct endpoint_state state = {.state = BREAKER_OPEN, .probe_at = f->now + 1000};
    struct step_wait wait = {0};
    snprintf(state.endpoint, sizeof state.endpoint, "%s", endpoint);
    snprintf(state.reason, sizeof state.reason, "answered 500");
    store_endpoint_note(f->store, &state, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
}

static void note_endpoint(struct store_fixture *f, const struct endpoint_state *state)
{
    struct step_wait wait = {0};
    store_endpoint_note(f->store, state, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
}

static void expect_endpoint(struct store_fixture *f, const struct endpoint_state *wanted)
{
    struct endpoint_states all;
    assert_true(store_endpoint_list(f->reader, &all, NULL));
    assert_int_equal(all.count, wanted != NULL);
    if (wanted) {
        const struct endpoint_state *e = &all.items[0];
        assert_string_equal(e->endpoint, wanted->endpoint);
        assert_string_equal(e->alert_id, wanted->alert_id);
        assert_string_equal(e->alert_name, wanted->alert_name);
        assert_int_equal(e->state, wanted->state);
        assert_int_equal(e->since, wanted->since);
        assert_int_equal(e->probe_at, wanted->probe_at);
        assert_int_equal(e->paused_until, wanted->paused_until);
        assert_string_equal(e->reason, wanted->reason);
    }
    endpoint_states_free(&all);
}

/* Since when: the state alone counts, not what else is known of it. */
static void an_endpoint_is_kept_as_it_is(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    struct endpoint_state s = {.state = BREAKER_OPEN, .probe_at = f->now + 70, .reason = "why"};
    memcpy(s.endpoint, c.items[0].endpoint, sizeof s.endpoint);
    note_endpoint(f, &s);
    struct endpoint_state wanted = s;
    memcpy(wanted.alert_id, alert, UUID_SIZE);
    snprintf(wanted.alert_name, sizeof wanted.alert_name, "a");
    wanted.since = f->now;
    expect_endpoint(f, &wanted);
    f->now += 1000;
    s.probe_at = wanted.probe_at = f->now + 80;
    s.paused_until = wanted.paused_until = f->now + 90;
    s.reason[0] = '\0'; /* as it was */
    note_endpoint(f, &s);
    expect_endpoint(f, &wanted);
    s.state = wanted.state = BREAKER_RAMP;
    wanted.since = f->now;
    snprintf(s.reason, sizeof s.reason, "another");
    snprintf(wanted.reason, sizeof wanted.reason, "another");
    note_endpoint(f, &s);
    expect_endpoint(f, &wanted);
    f->now += 1000;
    s.state = wanted.state = BREAKER_CLOSED;
    wanted.since = f->now;
    note_endpoint(f, &s);
    expect_endpoint(f, &wanted); /* it asked for a pause */
    s.paused_until = 0;
    note_endpoint(f, &s);
    expect_endpoint(f, NULL);
    step_claims_free(&c);
}

static void endpoints_that_nobody_sends_to_are_forgotten(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    note_open(f, c.items[0].endpoint);
    note_open(f, "nobodys");
    step_recover(f->store);
    static const char endpoints[] = "SELECT count(*) FROM endpoints";
    assert_int_equal(store_fixture_number(f, endpoints), 1);
    assert_int_equal(step_alert_delete(f->store, alert), 1);
    step_recover(f->store);
    assert_int_equal(store_fixture_number(f, endpoints), 0);
    step_claims_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(recover_takes_over_what_was_under_way),
        TEST(the_attempt_of_an_ended_delivery_is_accounted_for),
        TEST(its_outcome_is_recorded_once),
        TEST(an_endpoint_is_kept_as_it_is),
        TEST(endpoints_that_nobody_sends_to_are_forgotten),
        TEST(a_replay_keeps_its_tries),
        TEST(a_replay_waits_for_its_own_outcome),
        TEST(a_replay_is_numbered_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
