/* Silences in the store: what is held and sent as one digest, what is dropped and counted,
 * whom they silence, and that all adds up. When they end: test_silence_ends.c. */
#include "core/store/silence_fixture.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/silences.h"
#include "store/sqlite/store_impl.h"

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

/* The newest first, each as it was put. */
static void what_is_put_is_listed(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], first[UUID_SIZE], second[UUID_SIZE];
    struct silences all;
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    struct silence nights = {.mode = SILENCE_DROP, .zone = "Asia/Tokyo"};
    memcpy(nights.alert_id, alert, UUID_SIZE);
    assert_true(silence_week_read(span_of("daily 22:00-06:00"), &nights, NULL));
    assert_true(step_silence_put(f->store, &nights, first, NULL));
    f->now += MINUTE;
    struct silence s = {.has_type = true,
                        .type = EVENT_PROMPT_DELETED,
                        .from = f->now + 1000,
                        .until = f->now + HOUR,
                        .comment = (char *)(uintptr_t) "why"};
    assert_true(step_silence_put(f->store, &s, second, NULL));
    assert_true(store_silence_list(f->reader, "default", f->now, &all, NULL));
    assert_int_equal(all.count, 2);
    const struct silence *one = &all.items[0].silence, *other = &all.items[1].silence;
    assert_string_equal(one->id, second);
    assert_true(one->has_type);
    assert_int_equal(one->type, EVENT_PROMPT_DELETED);
    assert_int_equal(one->from, f->now + 1000);
    assert_int_equal(one->until, f->now + HOUR);
    assert_int_equal(one->created_at, f->now);
    assert_string_equal(one->created_by, "ann");
    assert_string_equal(one->comment, "why");
    assert_int_equal(all.items[0].state.phase, SILENCE_PLANNED);
    assert_string_equal(other->id, first);
    assert_int_equal(other->mode, SILENCE_DROP);
    assert_string_equal(other->zone, "Asia/Tokyo");
    assert_string_equal(other->alert_name, "alert");
    assert_int_equal(other->created_at, f->now - MINUTE);
    /* Nine in the morning there: between two nights. */
    assert_int_equal(all.items[1].state.phase, SILENCE_PLANNED);
    silences_free(&all);
    assert_true(store_silence_list(f->reader, "other", f->now, &all, NULL));
    assert_int_equal(all.count, 0);
    silences_free(&all);
}

/* What is over is read again only when the wall clock is put back. */
static void one_that_is_over_is_not_looked_at(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], id[UUID_SIZE], other[UUID_SIZE];
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    struct silence longer = {.mode = SILENCE_DROP, .until = f->now + 9 * HOUR};
    memcpy(longer.alert_id, alert, UUID_SIZE);
    assert_true(step_silence_put(f->store, &longer, other, NULL));
    silence(f, alert, SILENCE_DIGEST, id);
    atomic_store(&ahead, 2 * HOUR);
    assert_int_equal(step_silence_end(f->store, other), 1); /* they are read again */
    send(f, 1);
    assert_int_equal(f->store->silences.all.count, 0);
    assert_int_equal(listed(f, id).silence.held, 0);
    atomic_store(&ahead, 0);
    send(f, 1);
    assert_int_equal(f->store->silences.all.count, 1);
    assert_int_equal(listed(f, id).silence.held, 1);
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
    assert_true(
        store_bucket_events(f->reader, "default", key, 10, count_event, &seen, NULL));
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

/* In the middle of a character it would be no UTF-8. */
static void a_long_name_is_cut_between_characters(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE], name[80], text[320], wanted[320];
    struct step_wait wait = {0};
    int rows;
    snprintf(name, sizeof name, "%063d", 0);
    snprintf(wanted, sizeof wanted, "silenced by %s: why", name);
    strcat(name, "\u00e9");
    add_alert(f, EVENT_TRACE_ERRORS, alert);
    struct silence s = {.mode = SILENCE_DROP,
                        .until = f->now + HOUR,
                        .workspace = (char *)(uintptr_t) "default",
                        .comment = (char *)(uintptr_t) "why",
                        .created_by = name};
    memcpy(s.alert_id, alert, UUID_SIZE);
    store_silence_put(f->store, &s, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    send(f, 1);
    assert_int_equal(close_at(f, f->now + HOUR), 1);
    assert_int_equal(dropped_in_log(f, &rows, text), 1);
    assert_string_equal(text, wanted);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_digest_is_one_delivery_at_the_end),
        TEST(a_bucket_that_was_open_goes_out_when_it_would_have),
        TEST(a_digest_keeps_to_the_limits_of_a_bucket),
        TEST(what_is_held_can_be_sent_now),
        TEST(a_drop_is_counted_and_told_once),
        TEST(a_long_name_is_cut_between_characters),
        TEST(a_digest_wins_over_a_drop),
        TEST(a_project_is_silenced_and_the_others_are_not),
        TEST(an_event_type_is_silenced_for_every_alert),
        TEST(a_threshold_is_silenced_by_its_only_project),
        TEST(what_is_put_is_listed),
        TEST(one_that_is_over_is_not_looked_at),
        TEST(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
