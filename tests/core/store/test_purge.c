/* What is removed once it has ended, by its age and by the size of the file, and what
 * stays. */
#include "core/store/delivery_fixture.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/log.h"

static void purge_removes_only_what_is_old_and_finished(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct log_rows log;
    struct err err = {0};
    struct delivery d;
    struct claims done = one_claimed(f, alert), open;
    assert_true(step_record(f->store, done.items, 200, DELIVERY_DELIVERED, 0, NULL));
    accept_events(f, 1);
    close_all(f);
    open = claim(f, 1);
    assert_int_equal(step_purge(f->store, f->now - 30000, 100), 0);
    assert_int_equal(step_purge(f->store, f->now + 1, 100), 1);
    assert_false(store_delivery_get(f->reader, "default", done.items[0].id, &d, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    d = get(f, open.items[0].id);
    delivery_free(&d);
    assert_true(store_log_list(f->reader, NULL, 0, 0, 10, &log, NULL));
    assert_int_equal(log.count, 0);
    struct store_counts c = store_fixture_counts(f);
    assert_int_equal(c.deliveries[DELIVERY_DELIVERED], 0);
    assert_int_equal(c.events[DELIVERY_DELIVERED], 2);
    /* Rows of dropped buckets go by their own age. */
    accept_events(f, 1);
    step_alert_enable(f->store, alert, false);
    assert_int_equal(step_purge(f->store, f->now, 100), 0);
    assert_true(store_log_list(f->reader, NULL, 0, 0, 10, &log, NULL));
    assert_int_equal(log.count, 1);
    log_rows_free(&log);
    step_purge(f->store, f->now + 1, 100);
    assert_true(store_log_list(f->reader, NULL, 0, 0, 10, &log, NULL));
    assert_int_equal(log.count, 0);
    step_claims_free(&done);
    step_claims_free(&open);
}

static void purge_takes_the_oldest_first_of_what_has_ended(void **state)
{
    enum { MADE = 6 };
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], ids[MADE][UUID_SIZE];
    struct delivery d;
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < MADE; i++) {
        if (i == 1) /* which is being sent all the time */
            deliver(f, 1, 0, DELIVERY_SENDING, ids[i]);
        else if (i % 2)
            deliver(f, 1, 200, DELIVERY_DELIVERED, ids[i]);
        else
            deliver(f, 1, 500, DELIVERY_DEAD, ids[i]);
        f->now += 1000;
    }
    assert_int_equal(step_purge(f->store, f->now, 3), 3);
    for (int i = 0; i < MADE; i++) {
        bool kept = i == 1 || i > 3;
        assert_int_equal(store_delivery_get(f->reader, "default", ids[i], &d, NULL), kept);
        if (kept)
            delivery_free(&d);
    }
    struct store_counts c = store_fixture_counts(f);
    assert_int_equal(c.deliveries[DELIVERY_DELIVERED], 1);
    assert_int_equal(c.deliveries[DELIVERY_DEAD], 1);
}

/* Whoever purges asks again while one kind of what goes was as much as it may be. */
static void purge_tells_of_what_there_is_more(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    f->limits.audit_ms = 1000;
    store_set_limits(f->store, &f->limits);
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < 5; i++) { /* an audit row each, and a row of what was dropped */
        accept_events(f, 1);
        step_alert_enable(f->store, alert, false);
        step_alert_enable(f->store, alert, true);
    }
    f->now += 2000;
    static const char audited[] = "SELECT count(*) FROM audit";
    static const char dropped[] = "SELECT count(*) FROM log WHERE delivery IS NULL";
    int64_t rows = store_fixture_number(f, audited);
    assert_int_equal(rows, 11);
    assert_int_equal(store_fixture_number(f, dropped), 5);
    store_fixture_changes(f);
    assert_int_equal(step_purge(f->store, f->now, 4), 4);
    assert_int_equal(store_fixture_number(f, dropped), 1);
    assert_int_equal(store_fixture_number(f, audited), 7);
    assert_int_equal(store_fixture_changes(f), STORE_CHANGED_LOG | STORE_CHANGED_AUDIT);
    assert_int_equal(step_purge(f->store, f->now, 4), 4);
    store_fixture_changes(f);
    assert_int_equal(step_purge(f->store, f->now, 4), 3);
    assert_int_equal(store_fixture_changes(f), STORE_CHANGED_AUDIT); /* no more of the log */
    assert_int_equal(step_purge(f->store, f->now, 4), 0);
    assert_int_equal(store_fixture_changes(f), 0);
    assert_int_equal(store_fixture_number(f, audited), 0);
}

static int64_t bytes_in_use(const struct store_fixture *f)
{
    return store_fixture_number(
        f, "SELECT (page_count - freelist_count) * page_size "
           "FROM pragma_page_count, pragma_freelist_count, pragma_page_size");
}

static void trim_takes_the_oldest_that_are_finished(void **state)
{
    enum { MADE = 30, EVENTS = 400 }; /* a body of 400 events is about 40 KB */
    /* Each third, the oldest one too, is not finished. */
    static const enum delivery_state states[] = {DELIVERY_SENDING, DELIVERY_DELIVERED,
                                                 DELIVERY_DEAD};
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], ids[MADE][UUID_SIZE];
    struct delivery d;
    add_alert(f, "a", URL, alert);
    for (int i = 0; i < MADE; i++)
        deliver(f, EVENTS, 200, states[i % 3], ids[i]);
    int64_t all = bytes_in_use(f);
    assert_int_equal(step_trim(f->store, all, 100), 0);
    assert_int_equal(step_trim(f->store, all - 1, 100), 1);
    int64_t most = all * 3 / 4;
    assert_int_equal(step_trim(f->store, most, 3), 3);
    int64_t gone = 4 + step_trim(f->store, most, 100);
    assert_true(gone > 5 && gone < 18);
    assert_true(bytes_in_use(f) <= most);
    for (int i = 0, finished = 0; i < MADE; i++) {
        bool kept = i % 3 == 0 || finished++ >= gone;
        assert_int_equal(store_delivery_get(f->reader, "default", ids[i], &d, NULL), kept);
        if (kept)
            delivery_free(&d);
    }
    assert_int_equal(step_trim(f->store, 1, 100), 20 - gone);
    struct store_counts c = store_fixture_counts(f);
    assert_int_equal(c.deliveries[DELIVERY_SENDING], 10);
    assert_int_equal(c.deliveries[DELIVERY_DELIVERED] + c.deliveries[DELIVERY_DEAD], 0);
    assert_int_equal(c.events[DELIVERY_DELIVERED], 10 * EVENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(purge_removes_only_what_is_old_and_finished),
        TEST(purge_takes_the_oldest_first_of_what_has_ended),
        TEST(purge_tells_of_what_there_is_more),
        TEST(trim_takes_the_oldest_that_are_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
