/* Silences in the store: what is held and sent as one digest, what is dropped and counted,
 * ends before and in time, clocks that jump, restarts, other processes, and that all adds
 * up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/asset.h"
#include "base/timefmt.h"
#include "support/steps.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, WINDOW = 30000 };

static _Atomic int64_t ahead; /* of the wall clock before the steady one */

static int64_t jumping_wall(void *arg)
{
    return atomic_load((_Atomic int64_t *)arg) + atomic_load(&ahead);
}

static int set_up(void **state)
{
    struct store_fixture *f = calloc(1, sizeof *f);
    store_fixture_make(f);
    atomic_store(&ahead, 0);
    f->clock.wall_ms = jumping_wall;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    store_fixture_remove(*state);
    free(*state);
    return 0;
}

static void add_alert(struct store_fixture *f, enum event_type type, char id[UUID_SIZE])
{
    struct alert a, made;
    step_alert_make(&a, "alert", "http://127.0.0.1:9/hook", type);
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, &made, NULL));
    memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

static void send_of(struct store_fixture *f, enum event_type type, const char *project,
                    int count)
{
    struct accept *a = step_request("default");
    struct accepted got;
    for (int i = 0; i < count; i++)
        step_add_fact(a, type, NULL, project, i);
    assert_true(step_accept(f->store, a, &got, NULL));
    assert_int_equal(got.events, count);
}

static void send(struct store_fixture *f, int count)
{
    send_of(f, EVENT_TRACE_ERRORS, "p", count);
}

static int64_t delivered_events(struct store_fixture *f)
{
    return store_fixture_counts(f).events[DELIVERY_WAITING];
}

static int64_t close_at(struct store_fixture *f, int64_t now)
{
    f->now = now;
    return step_close_due(f->store, now, 100);
}

/* Of an alert, for an hour from now. */
static void silence(struct store_fixture *f, const char *alert, enum silence_mode mode,
                    char id[UUID_SIZE])
{
    struct silence s = {.mode = mode,
                        .from = f->now,
                        .until = f->now + HOUR,
                        .comment = (char *)(uintptr_t) "deploy"};
    struct err err = {0};
    memcpy(s.alert_id, alert, UUID_SIZE);
    if (!step_silence_put(f->store, &s, id, &err))
        fail_msg("%s", err.text);
}

static struct silence_at listed(struct store_fixture *f, const char *id)
{
    struct silences all;
    struct silence_at found = {0};
    assert_true(
        store_silence_list(f->reader, "default", jumping_wall(&f->now), &all, NULL));
    for (size_t i = 0; i < all.count; i++)
        if (strcmp(all.items[i].silence.id, id) == 0) {
            found = all.items[i];
            found.silence.workspace = found.silence.comment = found.silence.created_by =
                NULL;
            found.silence.alert_name = found.silence.project_name = NULL;
        }
    silences_free(&all);
    return found;
}

/* The rows of the log that say dropped; the text of the last one. */
static int64_t dropped_in_log(struct store_fixture *f, int *rows, char text[320])
{
    struct log_rows log;
    int64_t events = 0;
    *rows = 0;
    assert_true(store_log_list(f->reader, NULL, 0, INT64_MAX, 1000, &log, NULL));
    for (size_t i = 0; i < log.count; i++)
        if (log.items[i].kind == LOG_DROPPED) {
            events += log.items[i].events;
            ++*rows;
            snprintf(text, 320, "%s", log.items[i].text);
        }
    log_rows_free(&log);
    return events;
}

/* ---------------------------------------------------------------- digest */

static void a_digest_is_one_delivery_at_the_end(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    int64_t start = f->now;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence(f, alert, SILENCE_DIGEST, id);
    for (int i = 0; i < 5; i++) {
        send(f, 2);
        assert_int_equal(close_at(f, f->now + 5 * MINUTE), 0); /* many windows pass */
    }
    assert_int_equal(listed(f, id).silence.held, 10);
    assert_int_equal(listed(f, id).state.phase, SILENCE_ACTIVE);
    assert_int_equal(store_fixture_counts(f).open_buckets, 1);
    assert_int_equal(close_at(f, start + HOUR - 1), 0);
    assert_int_equal(close_at(f, start + HOUR), 1);
    assert_int_equal(store_fixture_counts(f).deliveries[DELIVERY_WAITING], 1);
    assert_int_equal(delivered_events(f), 10);
    assert_int_equal(listed(f, id).state.phase, SILENCE_OVER);
    send(f, 1); /* as ever, from here on */
    assert_int_equal(close_at(f, f->now + WINDOW), 1);
}

static void a_bucket_that_was_open_goes_out_when_it_would_have(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    struct bucket_rows buckets;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    send(f, 3);
    f->now += 1000;
    silence(f, alert, SILENCE_DIGEST, id);
    send(f, 4);
    assert_true(store_bucket_list(f->reader, "default", 10, &buckets, NULL));
    assert_int_equal(buckets.count, 2);
    assert_string_equal(buckets.items[0].silence_id, "");
    assert_string_equal(buckets.items[1].silence_id, id);
    assert_non_null(strstr(buckets.items[1].key, id));
    bucket_rows_free(&buckets);
    assert_int_equal(close_at(f, f->now - 1000 + WINDOW), 1);
    assert_int_equal(delivered_events(f), 3);
}

static void a_digest_keeps_to_the_limits_of_a_bucket(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    f->limits.bucket_events = 3;
    store_set_limits(f->store, &f->limits);
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence(f, alert, SILENCE_DIGEST, id);
    send(f, 5);
    send(f, 5);
    struct silence_at s = listed(f, id);
    assert_int_equal(s.silence.held, 3);
    assert_int_equal(s.silence.dropped, 7);
    assert_int_equal(store_fixture_counts(f).silenced, 0); /* dropped by the limit */
    assert_int_equal(close_at(f, f->now + HOUR), 1);
    struct delivery_rows d;
    const struct delivery_filter all = {.state = -1};
    assert_true(store_delivery_list(f->reader, &all, NULL, 1, &d, NULL));
    assert_int_equal(d.items[0].event_count, 3);
    assert_int_equal(d.items[0].truncated, 7);
    delivery_rows_free(&d);
}

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

static void count_event(void *arg, const struct payload_event *e)
{
    (void)e;
    ++*(int *)arg;
}

static void what_is_held_can_be_sent_now(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE], key[128];
    const char *keys[] = {key};
    struct step_wait wait = {0};
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    send(f, 1);
    silence(f, alert, SILENCE_DIGEST, id);
    send(f, 2);
    snprintf(key, sizeof key, "alert_bucket:%s:trace:errors:%s", alert, id);
    int seen = 0;
    assert_true(store_bucket_events(f->reader, "default", key, 10, count_event, &seen, NULL));
    assert_int_equal(seen, 2); /* not that of the bucket beside it */
    store_bucket_send_now(f->store, "default", keys, 1, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    assert_int_equal(step_silence_follow(f->store), 0); /* it stays due */
    send(f, 4); /* silenced as before: not into what is let go */
    assert_int_equal(step_close_due(f->store, f->now, 100), 1);
    assert_int_equal(delivered_events(f), 2);
    snprintf(key, sizeof key, "alert_bucket:%s:trace:errors:%s", alert, alert);
    struct step_wait other = {0};
    store_bucket_send_now(f->store, "default", keys, 1, step_done, &other);
    assert_true(step_wait(&other, NULL));
    assert_int_equal(step_close_due(f->store, f->now, 100), 0); /* no silence is named so */
}

/* ---------------------------------------------------------------- drop */

static void a_drop_is_counted_and_told_once(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE], text[320];
    struct bucket_rows buckets;
    int rows;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence(f, alert, SILENCE_DROP, id);
    send(f, 3);
    send(f, 4);
    struct store_counts c = store_fixture_counts(f);
    assert_int_equal(c.dropped, 7);
    assert_int_equal(c.silenced, 7);
    assert_int_equal(c.waiting_events, 0);
    assert_int_equal(c.open_buckets, 0);
    assert_int_equal(listed(f, id).silence.dropped, 7);
    assert_true(store_bucket_list(f->reader, NULL, 10, &buckets, NULL));
    assert_int_equal(buckets.count, 0); /* nothing waits in it */
    bucket_rows_free(&buckets);
    assert_int_equal(dropped_in_log(f, &rows, text), 0);
    close_at(f, f->now + HOUR);
    assert_int_equal(dropped_in_log(f, &rows, text), 7);
    assert_int_equal(rows, 1);
    assert_string_equal(text, "silenced by ann: deploy");
    c = store_fixture_counts(f);
    assert_int_equal(c.dropped, 7);
    assert_int_equal(c.open_buckets, 0);
    assert_int_equal(c.deliveries[DELIVERY_WAITING], 0);
}

static void a_digest_wins_over_a_drop(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], drop[UUID_SIZE], digest[UUID_SIZE];
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    silence(f, alert, SILENCE_DROP, drop);
    f->now += MINUTE;
    silence(f, alert, SILENCE_DIGEST, digest);
    send(f, 2);
    assert_int_equal(listed(f, digest).silence.held, 2);
    assert_int_equal(listed(f, drop).silence.dropped, 0);
    step_silence_end(f->store, digest);
    send(f, 3);
    assert_int_equal(listed(f, drop).silence.dropped, 3);
    store_fixture_counts(f);
}

/* ---------------------------------------------------------------- whom */

static void a_project_is_silenced_and_the_others_are_not(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], prompts[UUID_SIZE], id[UUID_SIZE];
    struct silence s = {.from = f->now, .until = f->now + HOUR};
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    add_alert(f, EVENT_PROMPT_CREATED, prompts);
    assert_true(step_project(f->store, "default", "noisy", false, s.project_id, NULL));
    assert_true(step_silence_put(f->store, &s, id, NULL));
    send_of(f, EVENT_TRACE_ERRORS, "noisy", 2);
    send_of(f, EVENT_TRACE_ERRORS, "calm", 3);
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_PROMPT_CREATED, NULL, NULL, 1); /* of no project */
    assert_true(step_accept(f->store, a, NULL, NULL));
    assert_int_equal(close_at(f, f->now + WINDOW), 2);
    assert_int_equal(delivered_events(f), 4);
    assert_int_equal(listed(f, id).silence.held, 2);
}

static void an_event_type_is_silenced_for_every_alert(void **state)
{
    struct store_fixture *f = *state;
    char one[UUID_SIZE], two[UUID_SIZE], id[UUID_SIZE];
    struct silence s = {.has_type = true,
                        .type = EVENT_TRACE_ERRORS,
                        .until = f->now + HOUR,
                        .mode = SILENCE_DROP};
    add_alert(f, EVENT_TRACE_ERRORS, one);
    add_alert(f, EVENT_TRACE_ERRORS, two);
    assert_true(step_silence_put(f->store, &s, id, NULL));
    send(f, 3);
    assert_int_equal(store_fixture_counts(f).silenced, 6); /* pairs */
    char text[320];
    int rows;
    close_at(f, f->now + HOUR);
    assert_int_equal(dropped_in_log(f, &rows, text), 6);
    assert_int_equal(rows, 2);
}

static void a_threshold_is_silenced_by_its_only_project(void **state)
{
    struct store_fixture *f = *state;
    const struct alert_condition over = {
        .kind = CONDITION_ERRORS, .threshold = (char[]){"0"}, .window_s = 300};
    char id[UUID_SIZE], project[UUID_SIZE];
    struct alert a;
    assert_true(step_project(f->store, "default", "p", false, project, NULL));
    for (int scoped = 1; scoped >= 0; scoped--) {
        step_alert_make(&a, "measured", "http://127.0.0.1:9/hook", EVENT_TRACE_ERRORS);
        struct alert_trigger *t = alert_trigger_of(&a, EVENT_TRACE_ERRORS);
        assert_true(alert_trigger_add_condition(t, &over));
        t->scoped = scoped;
        assert_true(!scoped || alert_trigger_add_project(t, project));
        assert_true(step_alert_put(f->store, &a, STORE_CREATE, NULL, NULL));
        alert_free(&a);
    }
    struct silence s = {.until = f->now + HOUR};
    memcpy(s.project_id, project, UUID_SIZE);
    assert_true(step_silence_put(f->store, &s, id, NULL));
    send(f, 1);
    struct step_wait wait = {0};
    store_check_conditions(f->store, MINUTE, 0, 100, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    assert_int_equal(store_fixture_counts(f).waiting_events, 2);
    assert_int_equal(listed(f, id).silence.held, 1); /* that of all projects is not its */
}

static void what_does_not_fit_is_refused(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    struct silence s = {.until = f->now + HOUR};
    struct err err = {0};
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    assert_false(step_silence_put(f->store, &s, id, &err));
    assert_int_equal(err.code, ERR_INVALID);
    snprintf(s.alert_id, UUID_SIZE, "0190b2c0-1111-7000-8000-000000000001");
    assert_false(step_silence_put(f->store, &s, id, &err));
    assert_non_null(strstr(err.text, "no alert with id"));
    snprintf(s.project_id, UUID_SIZE, "%s", s.alert_id);
    memcpy(s.alert_id, alert, UUID_SIZE);
    assert_false(step_silence_put(f->store, &s, id, &err));
    assert_non_null(strstr(err.text, "no project with id"));
    s.project_id[0] = '\0';
    s.until = f->now;
    assert_false(step_silence_put(f->store, &s, id, &err));
    assert_non_null(strstr(err.text, "is past"));
    assert_true(silence_week_read(span_of("mon 1-2"), &s, NULL));
    s.until = 0;
    snprintf(s.zone, sizeof s.zone, "Mars/Base");
    assert_false(step_silence_put(f->store, &s, id, &err));
    assert_non_null(strstr(err.text, "Mars/Base"));
    s.zone[0] = '\0';
    for (int i = 0; i < STORE_SILENCES_MAX; i++)
        assert_true(step_silence_put(f->store, &s, id, NULL));
    assert_false(step_silence_put(f->store, &s, id, &err));
    assert_non_null(strstr(err.text, "already"));
    assert_int_equal(step_silence_end(f->store, id), 1);
    assert_true(step_silence_put(f->store, &s, id, NULL));
}

/* ---------------------------------------------------------------- weeks and clocks */

/* The fixture's time is a Thursday, midnight UTC. */
static void a_weekly_silence_sends_a_digest_each_time(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE];
    struct silence s = {.zone = "UTC"};
    int64_t midnight = f->now;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    memcpy(s.alert_id, alert, UUID_SIZE);
    assert_true(silence_week_read(span_of("daily 22:00-06:00"), &s, NULL));
    assert_true(step_silence_put(f->store, &s, id, NULL));
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
    struct silence s = {.zone = "UTC"};
    int64_t midnight = f->now;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    memcpy(s.alert_id, alert, UUID_SIZE);
    assert_true(silence_week_read(span_of("daily 22:00-06:00"), &s, NULL));
    assert_true(step_silence_put(f->store, &s, id, NULL));
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

/* ---------------------------------------------------------------- alerts that go, purging
 */

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

/* ---------------------------------------------------------------- restarts, other
 * processes */

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
    pid_t pid = store_fixture_fork();
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

/* ---------------------------------------------------------------- an older file */

static void run_sql(sqlite3 *raw, struct span sql)
{
    char *text = strndup(sql.at, sql.len), *why = NULL;
    if (sqlite3_exec(raw, text, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    free(text);
}

static void open_buckets_come_along_from_an_older_schema(void **state)
{
    static const char *const older[] = {"sql/001-store.sql", "sql/002-prompts.sql",
                                        "sql/003-thresholds.sql", "sql/004-activity.sql",
                                        "sql/005-endpoints.sql"};
    struct store_fixture *f = *state;
    char path[512];
    sqlite3 *raw;
    struct bucket_rows buckets;
    store_fixture_close(f);
    snprintf(path, sizeof path, "%s/store.db", f->dir);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    for (size_t i = 0; i < sizeof older / sizeof *older; i++)
        run_sql(raw, asset_find(older[i]));
    run_sql(
        raw,
        span_of("INSERT INTO buckets VALUES (7, '0190b2c0-1111-7000-8000-0000000000a1', "
                "0, 'default', 2, 1, 10, 5, 6);"
                "INSERT INTO bucket_chunks VALUES (3, 7, x'00'), (4, 7, x'01');"
                "PRAGMA user_version = 5"));
    sqlite3_close(raw);
    store_fixture_open(f);
    assert_true(store_bucket_list(f->reader, "default", 10, &buckets, NULL));
    assert_int_equal(buckets.count, 1);
    assert_int_equal(buckets.items[0].events, 3);
    assert_int_equal(buckets.items[0].due_at, 6);
    bucket_rows_free(&buckets);
    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    sqlite3_stmt *row;
    assert_int_equal(
        sqlite3_prepare_v2(raw,
                           "SELECT row - (row >> 24 << 24), events FROM bucket_chunks "
                           "WHERE row >> 24 = 7 ORDER BY row",
                           -1, &row, NULL),
        SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sqlite3_step(row), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(row, 0), i);
        assert_int_equal(*(const char *)sqlite3_column_blob(row, 1), i);
    }
    assert_int_equal(sqlite3_step(row), SQLITE_DONE);
    sqlite3_finalize(row);
    sqlite3_close(raw);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_digest_is_one_delivery_at_the_end),
        TEST(a_bucket_that_was_open_goes_out_when_it_would_have),
        TEST(a_digest_keeps_to_the_limits_of_a_bucket),
        TEST(ended_early_it_goes_out_at_once),
        TEST(what_is_held_can_be_sent_now),
        TEST(a_drop_is_counted_and_told_once),
        TEST(a_digest_wins_over_a_drop),
        TEST(a_project_is_silenced_and_the_others_are_not),
        TEST(an_event_type_is_silenced_for_every_alert),
        TEST(a_threshold_is_silenced_by_its_only_project),
        TEST(what_does_not_fit_is_refused),
        TEST(a_weekly_silence_sends_a_digest_each_time),
        TEST(two_nights_are_two_digests),
        TEST(a_jump_of_the_wall_clock_moves_the_end),
        TEST(a_deleted_alert_takes_its_silences_along),
        TEST(those_that_are_over_are_purged_later),
        TEST(a_restart_changes_nothing),
        TEST(the_next_request_sees_what_another_process_did),
        TEST(open_buckets_come_along_from_an_older_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
