/* Outcomes that are recorded together: each as if it were alone. */
#include "core/store/delivery_fixture.h"
#include "store/accept.h"
#include "store/delivering.h"

enum { MANY = 150 };

/* How each is answered; those with 0 stay under way. */
static int status_of(size_t i)
{
    if (i % 17 == 5)
        return 500; /* tried again */
    if (i % 17 == 9)
        return 404;
    if (i % 17 == 11)
        return 202;
    return i % 5 == 3 || (i > 60 && i < 75) || i > 140 ? 0 : 200;
}

static enum delivery_state state_of(int status)
{
    return status == 0     ? DELIVERY_SENDING
           : status == 500 ? DELIVERY_RETRYING
           : status == 404 ? DELIVERY_DEAD
                           : DELIVERY_DELIVERED;
}

static void make_record(const struct claim *c, int status, int64_t next_at,
                        struct record *r)
{
    char body[16];
    snprintf(body, sizeof body, "%lld", (long long)c->row);
    *r = (struct record){.row = c->row, .n = c->n, .of = 4, .created_at = c->created_at};
    memcpy(r->id, c->id, sizeof r->id);
    memcpy(r->endpoint, c->endpoint, sizeof r->endpoint);
    r->outcome = (struct outcome){.kind = OUTCOME_RESPONSE,
                                  .status = status,
                                  .retry_after_ms = -1,
                                  .total_us = 1500,
                                  .body = strdup(body),
                                  .body_len = strlen(body)};
    r->decision.state = state_of(status);
    r->decision.next_at = next_at;
    if (status == 404)
        snprintf(r->decision.reason, sizeof r->decision.reason, "answered 404");
}

static struct claims many_claimed(struct store_fixture *f)
{
    char id[UUID_SIZE], url[64];
    struct closed c;
    for (int i = 0; i < MANY; i++) {
        snprintf(url, sizeof url, "http://127.0.0.1:9/%d", i);
        add_alert(f, "a", url, id);
    }
    accept_events(f, 1);
    f->now += f->limits.window_ms;
    assert_true(step_close_claim(f->store, f->now, MANY, 4, &c, NULL));
    assert_int_equal(c.count, MANY);
    return c.claims;
}

static void record_all(struct store_fixture *f, struct record *records, size_t count)
{
    struct step_wait wait = {0};
    store_record(f->store, records, count, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
}

static void expect(struct store_fixture *f, const struct claim *c, int status, int attempts)
{
    char body[16];
    struct delivery d = get(f, c->id);
    snprintf(body, sizeof body, "%lld", (long long)c->row);
    assert_int_equal(d.state, state_of(status));
    assert_int_equal(d.status, status);
    assert_int_equal(d.attempt_count, attempts);
    assert_int_equal(d.next_at, status == 500 ? f->now + (int64_t)c->row : 0);
    assert_int_equal(d.reason != NULL, status == 404);
    for (int i = 0; i < attempts; i++) {
        assert_int_equal(d.attempts[i].outcome.status, status);
        assert_int_equal(d.attempts[i].outcome.body_len, strlen(body));
        assert_memory_equal(d.attempts[i].outcome.body, body, strlen(body));
    }
    delivery_free(&d);
}

/* How many alerts have this delivery noted as their newest, as it is. */
static int64_t noted(struct store_fixture *f)
{
    return store_fixture_number(
        f, "SELECT count(*) FROM alert_last AS l JOIN alerts AS a ON a.row = l.alert "
           "JOIN deliveries AS d ON d.row = l.delivery AND d.alert = a.id "
           "WHERE l.state = d.state AND l.status = d.status");
}

/* The attempts of all, as the list has them. */
static size_t attempts_listed(struct store_fixture *f)
{
    const struct delivery_filter all = {.state = -1};
    struct delivery_rows rows;
    size_t attempts = 0;
    assert_true(store_delivery_list(f->reader, &all, NULL, MANY, &rows, NULL));
    for (size_t i = 0; i < rows.count; i++)
        attempts += (size_t)rows.items[i].attempt_count;
    delivery_rows_free(&rows);
    return attempts;
}

/* With gaps, in another order than their rows, and with different answers. */
static void each_gets_its_own_outcome(void **state)
{
    struct store_fixture *f = *state;
    struct claims c = many_claimed(f);
    struct record *records = calloc(MANY, sizeof *records);
    size_t count = 0;
    for (size_t k = 0; k < MANY; k++) {
        size_t i = k * 7 % MANY;
        if (status_of(i))
            make_record(&c.items[i], status_of(i), f->now + c.items[i].row,
                        &records[count++]);
    }
    record_all(f, records, count);
    int64_t in_state[DELIVERY_DEAD + 1] = {0};
    for (size_t i = 0; i < MANY; i++) {
        expect(f, &c.items[i], status_of(i), status_of(i) != 0);
        in_state[state_of(status_of(i))]++;
    }
    const struct store_counts sums = store_fixture_counts(f);
    for (int s = 0; s <= DELIVERY_DEAD; s++)
        assert_int_equal(sums.deliveries[s], in_state[s]);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM log"), count);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM alert_last"), count);
    assert_int_equal(noted(f), count);
    assert_int_equal(attempts_listed(f), count);
    step_claims_free(&c);
}

static void of_one_alert_the_newest_is_noted(void **state)
{
    enum { SOME = 20 };
    struct store_fixture *f = *state;
    struct record *records = calloc(SOME, sizeof *records);
    char id[UUID_SIZE];
    add_alert(f, "a", "http://127.0.0.1:9/", id);
    for (size_t i = 0; i < SOME; i++) {
        struct closed c;
        struct accept *a = step_request("default");
        step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "p", (int)i);
        assert_true(step_accept(f->store, a, NULL, NULL));
        f->now += f->limits.window_ms;
        assert_true(step_close_claim(f->store, f->now, 1, 4, &c, NULL));
        make_record(&c.claims.items[0], i == SOME - 1 ? 202 : 200, 0,
                    &records[i * 7 % SOME]);
        step_claims_free(&c.claims);
    }
    record_all(f, records, SOME);
    assert_int_equal(noted(f), 1);
    assert_int_equal(store_fixture_number(f, "SELECT status FROM alert_last"), 202);
}

/* The second is none that is waited for any more: only its attempt is added. */
static void one_that_is_told_twice_ends_once(void **state)
{
    struct store_fixture *f = *state;
    struct claims c = many_claimed(f);
    struct record *records = calloc(2 * MANY, sizeof *records);
    for (size_t i = 0; i < 2 * MANY; i++)
        make_record(&c.items[i % MANY], 200, 0, &records[i]);
    record_all(f, records, 2 * MANY);
    for (size_t i = 0; i < MANY; i++)
        expect(f, &c.items[i], 200, 2);
    assert_int_equal(store_fixture_counts(f).deliveries[DELIVERY_DELIVERED], MANY);
    step_claims_free(&c);
}

/* The answer disables its alert and ends what that has under way: what was told before it
 * is recorded, what is told after it comes too late, whatever their rows are. */
static void one_that_is_gone_ends_its_alert(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims mine[3];
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < 3; i++) {
        struct closed c;
        accept_events(f, 1);
        f->now += f->limits.window_ms;
        assert_true(step_close_claim(f->store, f->now, 1, 4, &c, NULL));
        assert_int_equal(c.claims.count, 1);
        mine[i] = c.claims;
    }
    struct claims others = many_claimed(f);
    struct record *records = calloc(MANY + 2, sizeof *records);
    size_t count = 0;
    make_record(&mine[2].items[0], 200, 0, &records[count++]);
    make_record(&mine[1].items[0], 410, 0, &records[count]);
    records[count++].decision.state = DELIVERY_DEAD;
    make_record(&mine[0].items[0], 200, 0, &records[count++]);
    for (size_t i = 0; i < others.count; i++)
        if (strcmp(others.items[i].alert_id, alert) != 0)
            make_record(&others.items[i], 200, 0, &records[count++]);
    record_all(f, records, count);
    static const enum delivery_state ends[] = {DELIVERY_DEAD, DELIVERY_DEAD,
                                               DELIVERY_DELIVERED};
    for (int i = 0; i < 3; i++) {
        struct delivery d = get(f, mine[i].items[0].id);
        assert_int_equal(d.state, ends[i]);
        assert_int_equal(d.attempt_count, 1);
        delivery_free(&d);
        step_claims_free(&mine[i]);
    }
    assert_int_equal(
        store_fixture_number(f, "SELECT count(*) FROM alerts WHERE enabled = 0"), 1);
    step_claims_free(&others);
}

/* Ended and purged while it was under way, as another's id may have its row by then. */
static void one_that_is_no_longer_there_is_passed_over(void **state)
{
    enum { GONE = 5, RENAMED = 7 };
    struct store_fixture *f = *state;
    char sql[80];
    struct claims c = many_claimed(f);
    struct record *records = calloc(MANY, sizeof *records);
    for (size_t i = 0; i < MANY; i++)
        make_record(&c.items[i], 200, 0, &records[i]);
    records[RENAMED].id[0] ^= 1;
    snprintf(sql, sizeof sql, "DELETE FROM deliveries WHERE row = %lld",
             (long long)c.items[GONE].row);
    store_fixture_exec(f, sql);
    record_all(f, records, MANY);
    for (size_t i = 0; i < MANY; i++)
        if (i != GONE)
            expect(f, &c.items[i], i == RENAMED ? 0 : 200, i != RENAMED);
    assert_int_equal(store_fixture_counts(f).deliveries[DELIVERY_DELIVERED], MANY - 2);
    step_claims_free(&c);
}

/* No row stays behind that names one that is gone; while its request is under way, all of
 * it stays. */
static void all_of_it_goes_in_the_end(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    assert_true(step_record(f->store, c.items, 500, DELIVERY_RETRYING, f->now, NULL));
    step_claims_free(&c);
    c = claim(f, 1);
    step_alert_enable(f->store, alert, false);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM orphans"), 1);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM attempts"), 1);
    assert_int_equal(step_purge(f->store, f->now + 1, 10), 0);
    assert_int_equal(step_trim(f->store, 1, 10), 0);
    assert_true(step_record(f->store, c.items, 200, DELIVERY_DELIVERED, 0, NULL));
    assert_int_equal(step_purge(f->store, f->now + 1, 10), 1);
    assert_int_equal(step_alert_delete(f->store, alert), 1);
    static const char *const tables[] = {"deliveries",
                                         "bodies",
                                         "body_parts",
                                         "attempts",
                                         "orphans",
                                         "alert_last",
                                         "pragma_foreign_key_check"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        assert_int_equal(store_fixture_number(f, sql), 0);
    }
    step_claims_free(&c);
}

/* A probe asks about the endpoint: its delivery keeps the tries that it has. */
static void a_probe_counts_as_no_try(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct claims c = one_claimed(f, alert);
    for (int i = 0; i < 3; i++) {
        struct step_wait wait = {0};
        struct record *r = calloc(1, sizeof *r);
        assert_int_equal(c.items[0].n, 1);
        *r = (struct record){.row = c.items[0].row,
                             .n = 1,
                             .of = 4,
                             .created_at = c.items[0].created_at,
                             .probe = true};
        memcpy(r->id, c.items[0].id, sizeof r->id);
        r->outcome =
            (struct outcome){.kind = OUTCOME_RESPONSE, .status = 500, .retry_after_ms = -1};
        r->decision = (struct retry_decision){.state = DELIVERY_RETRYING, .next_at = f->now};
        store_record(f->store, r, 1, step_done, &wait);
        assert_true(step_wait(&wait, NULL));
        step_claims_free(&c);
        c = claim(f, 10);
        assert_int_equal(c.count, 1);
    }
    assert_int_equal(c.items[0].n, 1);
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(d.attempt_count, 3);
    delivery_free(&d);
    step_claims_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_gets_its_own_outcome),
        TEST(of_one_alert_the_newest_is_noted),
        TEST(one_that_is_told_twice_ends_once),
        TEST(one_that_is_gone_ends_its_alert),
        TEST(one_that_is_no_longer_there_is_passed_over),
        TEST(all_of_it_goes_in_the_end),
        TEST(a_probe_counts_as_no_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
