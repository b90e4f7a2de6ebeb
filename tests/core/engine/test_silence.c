/* A silence and the engine: the digest goes out when it ends, also when the wall clock
 * jumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rules/silence.h"
#include "store/delivering.h"
#include "support/rig.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static _Atomic int64_t ahead; /* of the wall clock before the steady one */

static int64_t jumping_wall(void *arg)
{
    return atomic_load((_Atomic int64_t *)arg) + atomic_load(&ahead);
}

static int init(void **state)
{
    rig_set_up(state);
    atomic_store(&ahead, 0);
    ((struct rig *)*state)->store.clock.wall_ms = jumping_wall;
    return 0;
}

static void silence(struct rig *r, const char *alert, const char *week, char id[UUID_SIZE])
{
    struct silence s = {.from = rig_now(r) - 3 * HOUR, .zone = "UTC"};
    struct err err = {0};
    snprintf(s.alert_id, sizeof s.alert_id, "%s", alert);
    if (week)
        assert_true(silence_week_read(span_of(week), &s, NULL));
    else
        s.until = rig_now(r) + HOUR;
    if (!step_silence_put(r->store.store, &s, id, &err))
        fail_msg("%s", err.text);
}

static void one_digest_goes_out_when_it_ends(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    rig_alert(r, r->url, alert);
    silence(r, alert, NULL, id);
    for (int i = 0; i < 6; i++) {
        rig_event(r);
        rig_advance(r, 9 * MINUTE);
        rig_pump(r);
    }
    assert_int_equal(receiver_count(r->receiver), 0);
    rig_advance(r, 6 * MINUTE - 1);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 0);
    rig_advance(r, 1);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    assert_int_equal(receiver_count(r->receiver), 1);
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.event_count, 6);
    delivery_free(&d);
}

static void ended_by_hand_it_goes_out_at_once(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    rig_alert(r, r->url, alert);
    silence(r, alert, NULL, id);
    rig_event(r);
    rig_advance(r, MINUTE);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 0);
    assert_int_equal(step_silence_end(r->store.store, id), 1);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
}

static int64_t first_due(struct rig *r)
{
    struct store_due due;
    assert_true(store_next_due(r->store.reader, &due, NULL));
    return due.buckets;
}

/* The engine looks at the wall clock every half a minute while something is held. */
static void a_jump_of_the_wall_clock_is_followed(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    int64_t end = rig_now(r) + HOUR;
    rig_alert(r, r->url, alert);
    silence(r, alert, NULL, id);
    rig_event(r);
    rig_pump(r);
    atomic_store(&ahead, -2 * HOUR); /* back: it must not go out an hour too early */
    rig_advance(r, HOUR);
    rig_pump(r);
    assert_int_equal(first_due(r), end + 2 * HOUR);
    assert_int_equal(receiver_count(r->receiver), 0);
    atomic_store(&ahead,
                 HOUR); /* and forward, past the end: no event waits for the old time */
    rig_advance(r, 30 * 1000);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
}

/* After a restart the steady clock begins again at the wall clock's time. */
static void a_restart_sets_what_is_held_by_the_wall_clock(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    int64_t end = rig_now(r) + HOUR;
    rig_alert(r, r->url, alert);
    silence(r, alert, NULL, id);
    atomic_store(&ahead, -HOUR); /* before the event: due two hours from now */
    rig_event(r);
    assert_int_equal(first_due(r), end + HOUR);
    rig_stop(r, 0);
    r->store.now -= HOUR;
    atomic_store(&ahead, 0);
    rig_start(r);
    rig_pump(r);
    assert_int_equal(first_due(r), end);
}

/* A month of nights in driven time: each a digest, each day as ever, and all adds up. */
static void a_month_of_nights(void **state)
{
    struct rig *r = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    struct store_counts c;
    enum { DAYS = 30 };
    rig_alert(r, r->url, alert);
    silence(r, alert, "daily 22:00-06:00", id);
    for (int hour = 0; hour < DAYS * 24; hour += 3) { /* 00, 03, .. 21 */
        rig_event(r);
        rig_advance(r, 3 * HOUR);
        rig_pump(r);
    }
    /* Of a day: one digest of 00 and 03, and 06, 09, 12, 15, 18, 21 alone. */
    rig_until_state(r, DELIVERY_DELIVERED, DAYS * 7);
    assert_true(store_counts(r->store.reader, &c, NULL));
    assert_int_equal(c.accepted, DAYS * 8);
    assert_int_equal(c.events[DELIVERY_DELIVERED], DAYS * 8);
    assert_int_equal(c.dropped, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, init, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_digest_goes_out_when_it_ends),
        TEST(ended_by_hand_it_goes_out_at_once),
        TEST(a_jump_of_the_wall_clock_is_followed),
        TEST(a_restart_sets_what_is_held_by_the_wall_clock),
        TEST(a_month_of_nights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
