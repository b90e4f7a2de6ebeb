/* When silences end, and what outlives them: ended by hand, in time, by a clock that jumps,
 * with their alert; and that restarts and other processes change nothing. */
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/silence_fixture.h"
#include "store/delivering.h"
#include "store/silences.h"

static void ended_early_it_goes_out_at_once(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence(f, alert, SILENCE_DIGEST, id);
    send(f, 2);
    f->now += 1000;
    assert_int_equal(step_close_due(f->store, f->now, 100), 0);
    assert_int_equal(step_silence_end(f->store, id), 1);
    assert_int_equal(step_close_due(f->store, f->now, 100), 1);
    assert_int_equal(delivered_events(f), 2);
    assert_int_equal(listed(f, id).state.phase, SILENCE_OVER);
    assert_int_equal(step_silence_end(f->store, id), 0);    /* once */
    assert_int_equal(step_silence_end(f->store, alert), 0); /* not there */
    send(f, 1);
    assert_int_equal(close_at(f, f->now + WINDOW), 1);
    assert_int_equal(listed(f, id).silence.held, 2);
}

/* ---------------------------------------------------------------- weeks and clocks */

/* From ten in the evening to six. The fixture's time is a Thursday, midnight UTC. */
static void silence_nights(struct store_fixture *f, const char *alert, char id[UUID_SIZE])
{
    struct silence s = {.zone = "UTC"};
    memcpy(s.alert_id, alert, UUID_SIZE);
    assert_true(silence_week_read(span_of("daily 22:00-06:00"), &s, NULL));
    assert_true(step_silence_put(f->store, &s, id, NULL));
}

static void a_weekly_silence_sends_a_digest_each_time(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    int64_t midnight = f->now;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence_nights(f, alert, id);
    for (int day = 0; day < 3; day++) {
        int64_t today = midnight + day * INT64_C(24) * HOUR;
        f->now = today + 5 * HOUR;
        send(f, 2);
        assert_int_equal(close_at(f, today + 6 * HOUR - 1), 0);
        assert_int_equal(close_at(f, today + 6 * HOUR), 1);
        f->now = today + 12 * HOUR;
        send(f, 1);
        assert_int_equal(close_at(f, f->now + WINDOW), 1);
    }
    assert_int_equal(listed(f, id).silence.held, 6);
    assert_int_equal(delivered_events(f), 9);
}

/* Nobody closed last night's bucket: it does not grow into this night's. */
static void two_nights_are_two_digests(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    int64_t midnight = f->now;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence_nights(f, alert, id);
    send(f, 2);
    f->now = midnight + 23 * HOUR;
    send(f, 5);
    assert_int_equal(step_close_due(f->store, f->now, 100), 1);
    assert_int_equal(delivered_events(f), 2);
    assert_int_equal(close_at(f, midnight + 30 * HOUR), 1);
    assert_int_equal(delivered_events(f), 7);
}

static void a_jump_of_the_wall_clock_moves_the_end(void **state)
{
    static const int64_t jumps[] = {HOUR / 2, -HOUR, 0, -HOUR * INT64_C(24) * 365 * 20};
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    int64_t end = f->now + HOUR;
    struct store_due due;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence(f, alert, SILENCE_DIGEST, id);
    send(f, 1);
    assert_true(store_next_due(f->reader, &due, NULL));
    assert_true(due.held);
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        atomic_store(&ahead, jumps[i]);
        assert_int_equal(step_silence_follow(f->store), 1);
        assert_int_equal(step_silence_follow(f->store), 0);
        assert_true(store_next_due(f->reader, &due, NULL));
        assert_int_equal(due.buckets, end - jumps[i]);
        assert_int_equal(step_close_due(f->store, f->now, 100), 0);
    }
    atomic_store(&ahead, 500);      /* less than a second is none */
    atomic_store(&ahead, 2 * HOUR); /* past the end */
    assert_int_equal(step_silence_follow(f->store), 1);
    assert_int_equal(step_close_due(f->store, f->now, 100), 1);
    send(f, 1);
    assert_int_equal(listed(f, id).silence.held, 1);
    assert_true(store_next_due(f->reader, &due, NULL));
    assert_false(due.held);
    atomic_store(&ahead, 0); /* and set back: silenced again, until the same end */
    send(f, 1);
    assert_int_equal(listed(f, id).silence.held, 2);
}

/* ---------------------------------------------------------------- what is gone */

static void a_deleted_alert_takes_its_silences_along(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], other[UUID_SIZE], held[UUID_SIZE], dropped[UUID_SIZE], text[320];
    int rows;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    add_alert(f, EVENT_TRACE_ERRORS, other);
    silence(f, alert, SILENCE_DIGEST, held);
    silence(f, other, SILENCE_DROP, dropped);
    send(f, 3);
    step_alert_delete(f->store, alert);
    assert_int_equal(listed(f, held).state.phase, SILENCE_OVER);
    assert_int_equal(listed(f, dropped).state.phase, SILENCE_ACTIVE);
    struct store_counts c = store_fixture_counts(f);
    assert_int_equal(c.dropped, 6);
    assert_int_equal(c.silenced, 3);
    assert_int_equal(dropped_in_log(f, &rows, text), 3);
    assert_string_equal(text, "the alert was deleted");
    step_alert_enable(f->store, other, false);
    assert_int_equal(dropped_in_log(f, &rows, text), 6);
    assert_string_equal(text, "silenced by ann: deploy"); /* they were, before that */
    assert_int_equal(store_fixture_counts(f).dropped, 6);
    assert_int_equal(store_fixture_counts(f).open_buckets, 0);
}

static void those_that_are_over_are_purged_later(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], kept[UUID_SIZE], gone[UUID_SIZE];
    int64_t end = f->now + HOUR;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence(f, alert, SILENCE_DIGEST, kept);
    send(f, 1);
    silence(f, alert, SILENCE_DROP, gone);
    step_purge(f->store, end - 1, 10);
    assert_string_equal(listed(f, gone).silence.id, gone);
    step_purge(f->store, end + 1, 10);
    assert_string_equal(listed(f, gone).silence.id, "");
    assert_string_equal(listed(f, kept).silence.id, kept); /* its bucket is not closed */
    close_at(f, end);
    step_purge(f->store, end + 1, 10);
    assert_string_equal(listed(f, kept).silence.id, "");
}

/* ---------------------------------------------------------------- other processes */

static void a_restart_changes_nothing(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    int64_t end = f->now + HOUR;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence(f, alert, SILENCE_DIGEST, id);
    send(f, 2);
    store_fixture_close(f);
    f->now += MINUTE;
    store_fixture_open(f);
    send(f, 3);
    assert_int_equal(listed(f, id).silence.held, 5);
    assert_int_equal(close_at(f, end), 1);
    assert_int_equal(delivered_events(f), 5);
}

static void in_another_process(struct store_fixture *f, const char *alert, const char *end)
{
    pid_t pid = store_fixture_fork(f);
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store_fixture other = {.dir = f->dir, .now = f->now, .limits = f->limits};
        other.clock = clock_driven(&other.now);
        store_fixture_open(&other);
        char id[UUID_SIZE];
        if (end)
            step_silence_end(other.store, end);
        else
            silence(&other, alert, SILENCE_DIGEST, id);
        store_fixture_close(&other);
        _exit(0);
    }
    int status = 1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void the_next_request_sees_what_another_process_did(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct silences all;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    send(f, 1); /* the caches are filled */
    in_another_process(f, alert, NULL);
    send(f, 2);
    assert_true(store_silence_list(f->reader, "default", f->now, &all, NULL));
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].silence.held, 2);
    assert_string_equal(all.items[0].silence.alert_name, "alert");
    in_another_process(f, alert, all.items[0].silence.id);
    send(f, 4);
    silences_free(&all);
    assert_int_equal(step_close_due(f->store, f->now, 100), 1); /* what was held */
    assert_int_equal(delivered_events(f), 2);
    assert_int_equal(close_at(f, f->now + WINDOW), 1);
    assert_int_equal(delivered_events(f), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ended_early_it_goes_out_at_once),
        TEST(a_weekly_silence_sends_a_digest_each_time),
        TEST(two_nights_are_two_digests),
        TEST(a_jump_of_the_wall_clock_moves_the_end),
        TEST(a_deleted_alert_takes_its_silences_along),
        TEST(those_that_are_over_are_purged_later),
        TEST(a_restart_changes_nothing),
        TEST(the_next_request_sees_what_another_process_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
