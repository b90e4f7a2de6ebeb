/* Stops, kills and a store that fails: nothing is lost, and ids stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <sqlite3.h>

#include "store/delivering.h"
#include "support/rig.h"
#include "support/run.h"

static void answer_never(struct rig *r)
{
    receiver_answer(r->receiver, (struct receiver_answer){.how = RECEIVER_NEVER});
}

/* ---------------------------------------------------------------- stopping */

static void goes_on_with_a_retry_after_a_restart(void **state)
{
    struct rig *r = *state;
    const struct receiver_answer answers[] = {{.status = 500}, {.status = 200}};
    receiver_script(r->receiver, answers, 2);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    struct delivery d = rig_delivery(r);
    rig_stop(r, 0);
    store_fixture_close(&r->store);
    store_fixture_open(&r->store);
    rig_start(r);
    rig_advance(r, d.next_at - rig_now(r) - 1);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 1);
    rig_advance(r, 1);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    assert_string_equal(receiver_request(r->receiver, 0)->body,
                        receiver_request(r->receiver, 1)->body);
    delivery_free(&d);
}

/* The pause is the endpoint's: a delivery that never tried waits for its end too. */
static void keeps_away_from_an_endpoint_that_asked_for_it(void **state)
{
    struct rig *r = *state;
    const struct receiver_answer answers[] = {
        {.status = 429, .headers = "Retry-After: 600\r\n"}, {.status = 200}, {.status = 200}};
    receiver_script(r->receiver, answers, 3);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    int64_t ends = rig_now(r) + 600000;
    rig_stop(r, 0);
    store_fixture_close(&r->store);
    store_fixture_open(&r->store);
    rig_start(r);
    rig_close_one(r);
    rig_advance(r, ends - rig_now(r) - 1);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 1);
    rig_advance(r, 1);
    rig_until_state(r, DELIVERY_DELIVERED, 2);
}

static void closes_a_window_that_ended_meanwhile(void **state)
{
    struct rig *r = *state;
    rig_alert(r, r->url, NULL);
    rig_event(r);
    rig_stop(r, 0);
    rig_advance(r, 3600000);
    rig_start(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
}

static void records_what_the_grace_was_too_short_for_as_unknown(void **state)
{
    struct rig *r = *state;
    answer_never(r);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_requests(r, 1);
    rig_stop(r, 0);
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.state, DELIVERY_RETRYING);
    assert_int_equal(d.next_at, rig_now(r));
    assert_int_equal(d.attempts[0].outcome.kind, OUTCOME_UNKNOWN);
    assert_string_equal(d.attempts[0].outcome.error,
                        "outcome unknown: the engine stopped before the answer came");
    delivery_free(&d);
    receiver_status(r->receiver, 200);
    rig_start(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    assert_string_equal(receiver_request(r->receiver, 0)->body,
                        receiver_request(r->receiver, 1)->body);
}

static void *release_soon(void *arg)
{
    receiver_release(arg);
    return NULL;
}

static void waits_for_requests_under_way(void **state)
{
    struct rig *r = *state;
    pthread_t thread;
    answer_never(r);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_requests(r, 1);
    assert_int_equal(pthread_create(&thread, NULL, release_soon, r->receiver), 0);
    rig_stop(r, RIG_DEADLINE_MS);
    pthread_join(thread, NULL);
    assert_int_equal(rig_count(r, DELIVERY_DELIVERED), 1);
}

static void starts_nothing_new_once_it_stops(void **state)
{
    struct rig *r = *state;
    enum { ALERTS = 12 };
    answer_never(r);
    for (int i = 0; i < ALERTS; i++)
        rig_alert(r, r->url, NULL);
    rig_event(r);
    rig_advance(r, 30000);
    rig_until_requests(r, 4);
    rig_stop(r, 0);
    assert_int_equal(receiver_count(r->receiver), 4);
    assert_int_equal(rig_count(r, DELIVERY_SENDING), 0);
    receiver_status(r->receiver, 200);
    rig_start(r);
    rig_until_state(r, DELIVERY_DELIVERED, ALERTS);
    assert_int_equal(receiver_count(r->receiver), 4 + ALERTS);
}

/* Three under way and four more due: only one is claimed. What waits for a slot is not under way,
 * and goes to where its alert points when the slot is free. */
static void claims_no_more_than_there_are_slots(void **state)
{
    struct rig *r = *state;
    char other[128], id[UUID_SIZE];
    receiver_url(r->receiver, "/other", other, sizeof other);
    answer_never(r);
    for (int i = 0; i < 3; i++)
        rig_alert_of(r, r->url, EVENT_TRACE_ERRORS, NULL);
    rig_event_of(r, EVENT_TRACE_ERRORS);
    rig_advance(r, 30000);
    rig_until_requests(r, 3);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_requests(r, 4);
    rig_alert(r, r->url, id);
    rig_close_one(r);
    assert_int_equal(rig_count(r, DELIVERY_SENDING), 4);
    assert_int_equal(rig_count(r, DELIVERY_WAITING), 2);
    rig_stop(r, 0);
    assert_int_equal(rig_count(r, DELIVERY_WAITING), 2); /* no attempt "outcome unknown" */
    rig_change_url(r, id, other, "t");
    receiver_status(r->receiver, 200);
    rig_start(r);
    rig_until_state(r, DELIVERY_DELIVERED, 6);
    struct delivery last = rig_delivery(r);
    assert_int_equal(last.attempt_count, 1);
    delivery_free(&last);
}

/* With a step of the store just asked for and not answered, whichever it is. */
static void stops_in_order_at_any_moment(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 4; i++)
        rig_alert(r, r->url, NULL);
    for (int round = 0; round < 40; round++) {
        int64_t delivered = rig_count(r, DELIVERY_DELIVERED);
        rig_event(r);
        rig_advance(r, 30000);
        for (int i = 0; i < round % 5; i++) {
            store_drain(r->store.store);
            engine_turn(r->engine, 0);
        }
        rig_stop(r, 0);
        assert_int_equal(rig_count(r, DELIVERY_SENDING), 0);
        rig_start(r);
        rig_until_state(r, DELIVERY_DELIVERED, delivered + 4);
    }
}

/* ---------------------------------------------------------------- a kill */

/* The child's life: an engine on that directory that has a request under way when it is
 * killed. It waits for the URL, as it was forked before any thread was. */
static void deliver_until_killed(const char *dir, int url_fd)
{
    struct rig r = {.seed = 42};
    char url[128] = "";
    if (read(url_fd, url, sizeof url - 1) <= 0)
        _exit(1);
    r.policy = (struct engine_policy){.retry = {3, 1000, 60000, 86400000},
                                      .timeout_ms = 60000,
                                      .connect_timeout_ms = 2000,
                                      .concurrency = 8,
                                      .per_endpoint = 4,
                                      .retention_ms = 86400000};
    r.store.dir = (char *)(uintptr_t)dir;
    atomic_store(&r.store.now, 1767225600000);
    r.store.clock = clock_driven(&r.store.now);
    r.store.limits = (struct store_limits){30000, 10000, 8 << 20};
    store_fixture_open(&r.store);
    rig_start(&r);
    rig_alert(&r, url, NULL);
    rig_event(&r);
    rig_advance(&r, 30000);
    for (;;)
        engine_turn(r.engine, 1000);
}

static void sends_again_with_the_same_id_after_a_kill(void **state)
{
    (void)state;
    char dir[256];
    int to_child[2];
    struct rig r;
    run_dir_make(dir, sizeof dir);
    assert_int_equal(pipe(to_child), 0);
    pid_t child = fork();
    if (child == 0)
        deliver_until_killed(dir, to_child[0]);
    assert_true(child > 0);

    rig_make(&r);
    answer_never(&r);
    assert_true(write(to_child[1], r.url, strlen(r.url)) > 0);
    bool came = receiver_wait(r.receiver, 1, RIG_DEADLINE_MS);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(came);

    rig_stop(&r, 0);
    store_fixture_remove(&r.store);
    r.store.dir = strdup(dir);
    rig_advance(&r, 31000);
    store_fixture_open(&r.store);
    assert_int_equal(rig_count(&r, DELIVERY_SENDING), 1);
    receiver_status(r.receiver, 200);
    rig_start(&r);
    rig_until_state(&r, DELIVERY_DELIVERED, 1);
    assert_string_equal(receiver_request(r.receiver, 0)->body,
                        receiver_request(r.receiver, 1)->body);
    struct delivery d = rig_delivery(&r);
    assert_int_equal(d.attempt_count, 2);
    assert_int_equal(d.attempts[0].outcome.kind, OUTCOME_UNKNOWN);
    assert_int_equal(d.attempts[1].outcome.status, 200);
    delivery_free(&d);
    rig_remove(&r);
    close(to_child[0]);
    close(to_child[1]);
}

/* ---------------------------------------------------------------- a store that fails */

static void damage_buckets(struct rig *r)
{
    char path[512];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/store.db", r->store.dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, RIG_DEADLINE_MS);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE bucket_chunks SET events = x'00'", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

/* Files of this process cannot grow (beyond what they are) while it is so. */
static void fill_disk(bool full)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = full ? 4096 : limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void backs_off_while_the_disk_is_full(void **state)
{
    struct rig *r = *state;
    struct engine_status status;
    rig_alert(r, r->url, NULL);
    rig_event(r);
    rig_advance(r, 30000);
    fill_disk(true);
    rig_pump(r);
    engine_status(r->engine, &status);
    fill_disk(false);
    assert_true(status.problem[0]);
    rig_pump(r); /* not before its time */
    assert_int_equal(rig_count(r, DELIVERY_WAITING) + rig_count(r, DELIVERY_SENDING) +
                         rig_count(r, DELIVERY_DELIVERED),
                     0);
    rig_advance(r, 2000);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    engine_status(r->engine, &status);
    assert_string_equal(status.problem, "");
}

/* A bucket whose events are damaged can never be sent: it ends, and is accounted for. */
static void drops_a_bucket_that_cannot_be_read(void **state)
{
    struct rig *r = *state;
    const struct receiver_answer answers[] = {{.status = 500}, {.status = 200}};
    struct engine_status status;
    receiver_script(r->receiver, answers, 2);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    rig_event(r);
    damage_buckets(r);
    rig_advance(r, 30000);
    for (int i = 0; i < 100 && receiver_count(r->receiver) < 2; i++) {
        rig_pump(r);
        rig_advance(r, 100);
    }
    rig_until_requests(r, 2);
    engine_status(r->engine, &status);
    assert_string_equal(status.problem, "");
    struct store_counts counts;
    assert_true(store_counts(r->store.reader, &counts, NULL));
    assert_int_equal(counts.open_buckets, 0);
    assert_int_equal(counts.dropped, 1);
}

static void records_the_outcome_once_there_is_room_again(void **state)
{
    struct rig *r = *state;
    struct engine_status status = {.problem = ""};
    answer_never(r);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_requests(r, 1);
    fill_disk(true);
    receiver_release(r->receiver);
    rig_until_sending(r, 0);
    rig_pump(r);
    engine_status(r->engine, &status);
    fill_disk(false);
    assert_true(status.problem[0]);
    assert_int_equal(rig_count(r, DELIVERY_SENDING), 1);
    rig_advance(r, 2000);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    assert_int_equal(receiver_count(r->receiver), 1); /* it was not sent again */
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.attempts[0].outcome.status, 200);
    delivery_free(&d);
}

static void recovers_later_when_it_cannot_at_the_start(void **state)
{
    struct rig *r = *state;
    struct claims claims;
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    rig_stop(r, 0);
    rig_event(r);
    rig_advance(r, 30000);
    assert_int_equal(step_close_due(r->store.store, rig_now(r), 1), 1);
    assert_true(step_claim(r->store.store, rig_now(r), 1, NULL, 0, &claims, NULL));
    assert_int_equal(claims.count, 1);
    step_claims_free(&claims);
    fill_disk(true);
    rig_start(r);
    rig_pump(r);
    fill_disk(false);
    assert_int_equal(rig_count(r, DELIVERY_SENDING), 1);
    rig_advance(r, 2000);
    rig_until_state(r, DELIVERY_DELIVERED, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            sends_again_with_the_same_id_after_a_kill), /* forks: no thread yet */
        TEST(goes_on_with_a_retry_after_a_restart),
        TEST(keeps_away_from_an_endpoint_that_asked_for_it),
        TEST(closes_a_window_that_ended_meanwhile),
        TEST(records_what_the_grace_was_too_short_for_as_unknown),
        TEST(waits_for_requests_under_way),
        TEST(starts_nothing_new_once_it_stops),
        TEST(claims_no_more_than_there_are_slots),
        TEST(stops_in_order_at_any_moment),
        TEST(backs_off_while_the_disk_is_full),
        TEST(drops_a_bucket_that_cannot_be_read),
        TEST(records_the_outcome_once_there_is_room_again),
        TEST(recovers_later_when_it_cannot_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
