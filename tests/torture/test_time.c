/* Time: a month in seconds, and wall clocks that jump, stand before 1970 or pass 2038. What
 * is due follows the steady clock; the wall clock is only shown. The network is a script
 * (support/scripted.h), so nothing here waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/timefmt.h"
#include "engine/engine.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/aside.h"
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/sharedclock.h"
#include "support/run.h"
#include "support/scripted.h"
#include "support/steps.h"
#include "support/torture.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, WINDOW = 30 * SECOND };
#define DAY   (INT64_C(24) * HOUR)
#define START INT64_C(1767225600000) /* 2026-01-01 */

struct scene {
    struct store_fixture f;
    _Atomic int64_t steady, wall;
    struct engine *engine;
    struct engine_policy policy;
    int64_t wait; /* for how long the engine would sleep */
    int64_t wakes;
    struct scripted_answer answers[8]; /* in their order, then the last one for ever */
    size_t answer_count, asked;
    int64_t sent_at[64]; /* steady */
    char body[4096];     /* of the last request */
    char alert[UUID_SIZE];
};

/* ---------------------------------------------------------------- the scene */

static int64_t read_steady(void *arg)
{
    return atomic_load(&((struct scene *)arg)->steady);
}

static int64_t read_wall(void *arg)
{
    return atomic_load(&((struct scene *)arg)->wall);
}

static struct scripted_answer started(void *arg, const struct send_request *r, void **tag)
{
    struct scene *s = arg;
    size_t n = s->asked++;
    *tag = NULL;
    snprintf(s->body, sizeof s->body, "%.*s", (int)r->body_len, r->body);
    if (n < sizeof s->sent_at / sizeof *s->sent_at)
        s->sent_at[n] = s->steady;
    return s->answers[n < s->answer_count ? n : s->answer_count - 1];
}

static void begin_engine(struct scene *s)
{
    struct err err = {0};
    const struct engine_options options = {
        .store = s->f.store, .clock = &s->f.clock, .policy = s->policy, .seed = 42};
    s->engine = engine_new(&options, &err);
    assert_non_null(s->engine);
}

static void settle(struct scene *s)
{
    s->wait = scripted_settle(s->engine, s->f.store, 0);
    s->wakes++;
}

static void pass(struct scene *s, int64_t ms)
{
    s->steady += ms;
    s->wall += ms;
    settle(s);
}

/* As time really goes: from one thing that happens to the next. */
static void live(struct scene *s, int64_t ms)
{
    int64_t until = s->steady + ms;
    settle(s);
    while (s->steady < until) {
        int64_t next = s->steady + s->wait, end = scripted_next_end();
        next = end < next ? end : next;
        next = next < until ? next : until;
        assert_true(next > s->steady); /* else it goes round in circles */
        pass(s, next - s->steady);
    }
}

static void jump(struct scene *s, int64_t ms)
{
    s->wall += ms;
    settle(s);
}

static void answer(struct scene *s, size_t count, const int *statuses)
{
    s->answer_count = count;
    s->asked = 0;
    for (size_t i = 0; i < count; i++)
        s->answers[i] = (struct scripted_answer){50, statuses[i], -1};
}

static void event(struct scene *s)
{
    static int made;
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_FEEDBACK_SCORE, NULL, "p", ++made);
    assert_true(step_accept(s->f.store, a, NULL, NULL));
}

/* A window that ends: its delivery is under way. */
static void deliver(struct scene *s)
{
    event(s);
    pass(s, WINDOW);
}

static int64_t count(struct scene *s, enum delivery_state state)
{
    struct store_counts c;
    assert_true(store_counts(s->f.reader, &c, NULL));
    return c.deliveries[state];
}

static struct delivery newest(struct scene *s)
{
    const struct delivery_filter all = {.state = -1};
    struct delivery_rows rows;
    struct delivery d;
    assert_true(store_delivery_list(s->f.reader, &all, NULL, 1, &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_true(store_delivery_get(s->f.reader, NULL, rows.items[0].id, &d, NULL));
    delivery_rows_free(&rows);
    return d;
}

static struct scene *scene_at(int64_t steady, int64_t wall)
{
    struct scene *s = calloc(1, sizeof *s);
    struct alert a, made;
    struct stat st;
    assert_non_null(s);
    if (!getenv("TMPDIR") && stat("/dev/shm", &st) == 0 && S_ISDIR(st.st_mode))
        setenv("TMPDIR", "/dev/shm", 1);
    s->steady = steady;
    s->wall = wall;
    store_fixture_make(&s->f);
    s->f.clock = (struct clock){read_wall, read_steady, s};
    store_set_checkpointing(s->f.store, true);
    const struct scripted_script script = {started, NULL, s};
    scripted_begin(&s->f.clock, &script);
    answer(s, 1, (const int[]){200});
    s->policy = (struct engine_policy){
        .retry = {.max = 3, .initial_ms = 1000, .max_delay_ms = MINUTE, .max_age_ms = DAY},
        .timeout_ms = 30 * SECOND,
        .connect_timeout_ms = 5 * SECOND,
        .concurrency = 512,
        .per_endpoint = 4,
        .retention_ms = 10 * DAY};
    step_alert_make(&a, "Night shift", "http://endpoint.example/hook",
                    EVENT_TRACE_FEEDBACK_SCORE);
    assert_true(step_alert_put(s->f.store, &a, STORE_CREATE, &made, NULL));
    memcpy(s->alert, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
    begin_engine(s);
    settle(s);
    return s;
}

static void scene_end(struct scene *s)
{
    engine_free(&s->engine, 0);
    store_fixture_remove(&s->f);
    free(s);
}

/* ---------------------------------------------------------------- a month */

static void thirty_days_pass(void **state)
{
    (void)state;
    enum { EVERY_MIN = 30 };
    struct scene *s = scene_at(START, START);
    uint64_t random = torture_seed("time");
    long long began = run_now_ms();
    int64_t made = 0;
    answer(s, 6, (const int[]){200, 500, 200, 503, 500, 200});
    for (int64_t t = 0; t < 30 * DAY; t += EVERY_MIN * MINUTE) {
        event(s);
        made++;
        s->asked = torture_random(&random, 6); /* another place in the script */
        live(s, EVERY_MIN * MINUTE);
    }
    struct store_counts c;
    assert_true(store_counts(s->f.reader, &c, NULL));
    assert_int_equal(c.accepted, made);
    assert_int_equal(c.events[DELIVERY_DELIVERED], made);
    assert_in_range(c.deliveries[DELIVERY_DELIVERED], made / 3 - 10,
                    made / 3 + 10); /* kept */
    /* It sleeps in between: for a delivery it wakes to close, send, hear, try again. */
    assert_in_range(s->wakes, made, 30 * made);
    printf("30 days: %" PRId64 " deliveries, %" PRId64 " wake-ups, in %lld ms\n", made,
           s->wakes, run_now_ms() - began);
    scene_end(s);
}

/* ---------------------------------------------------------------- jumps */

static void a_window_ends_when_it_should_whatever_the_wall_clock_says(void **state)
{
    (void)state;
    static const int64_t jumps[] = {HOUR, -HOUR, 400 * DAY, -400 * DAY};
    struct scene *s = scene_at(START, START);
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        int64_t opened = s->steady;
        answer(s, 1, (const int[]){200});
        event(s);
        pass(s, WINDOW / 2);
        jump(s, jumps[i]);
        live(s, WINDOW / 2 - 1);
        assert_int_equal(s->asked, 0);
        live(s, SECOND);
        assert_int_equal(s->asked, 1);
        assert_int_equal(s->sent_at[0], opened + WINDOW);
    }
    assert_int_equal(count(s, DELIVERY_DELIVERED), 4);
    scene_end(s);
}

static void a_retry_comes_when_it_should(void **state)
{
    (void)state;
    static const int64_t jumps[] = {HOUR, -HOUR, 400 * DAY, -400 * DAY};
    struct scene *s = scene_at(START, START);
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        answer(s, 2, (const int[]){500, 200});
        deliver(s);
        live(s, 60);
        jump(s, jumps[i]);
        live(s, 10 * SECOND);
        assert_int_equal(s->asked, 2);
        assert_in_range(s->sent_at[1] - s->sent_at[0], 550, 1550);
    }
    assert_int_equal(count(s, DELIVERY_DELIVERED), 4);
    scene_end(s);
}

/* A pause that a server asked for in seconds, and a probe of an endpoint that is left
 * alone. */
static void a_pause_lasts_as_long_as_it_was_asked_for(void **state)
{
    (void)state;
    struct scene *s = scene_at(START, START);
    s->answers[0] = (struct scripted_answer){50, 429, 10 * MINUTE};
    s->answers[1] = (struct scripted_answer){50, 200, -1};
    s->answer_count = 2;
    deliver(s);
    live(s, 50);
    jump(s, HOUR);
    live(s, 10 * MINUTE - 1);
    assert_int_equal(s->asked, 1);
    live(s, 1);
    assert_int_equal(s->asked, 2);
    scene_end(s);
}

static void what_is_shown_after_a_jump(void **state)
{
    (void)state;
    struct scene *s = scene_at(START, START);
    char text[TIMEFMT_ISO_SIZE];
    answer(s, 1, (const int[]){500});
    deliver(s);
    live(s, 50);
    jump(s, -HOUR);
    struct delivery d = newest(s);
    assert_int_equal(d.created_at, START + WINDOW); /* as people saw it then */
    assert_in_range(d.next_at - s->steady, 500, 1500);
    delivery_shift(&d, clock_shown_ms(&s->f.clock, 0));
    assert_in_range(d.next_at - s->wall, 500, 1500); /* as they see it now */
    assert_in_range(d.attempts[0].next_at - s->wall, 500, 1500);
    delivery_free(&d);
    event(s);
    struct bucket_rows rows;
    assert_true(store_bucket_list(s->f.reader, NULL, 10, &rows, NULL));
    bucket_shift(&rows.items[0], clock_shown_ms(&s->f.clock, 0));
    assert_int_equal(rows.items[0].opened_at, s->wall);
    assert_int_equal(rows.items[0].due_at, s->wall + WINDOW);
    bucket_rows_free(&rows);
    pass(s, WINDOW);
    timefmt_iso(START + 2 * WINDOW + 50 - HOUR, text);
    assert_non_null(strstr(s->body, text)); /* createdAt */
    scene_end(s);
}

/* ---------------------------------------------------------------- too old */

static void what_waited_a_day_is_stale(void **state)
{
    (void)state;
    struct scene *s = scene_at(START, START);
    s->answers[0] = (struct scripted_answer){50, 429, DAY - 10 * SECOND};
    s->answers[1] = (struct scripted_answer){50, 200, -1};
    s->answer_count = 2;
    deliver(s);
    live(s, 50);
    event(s);
    live(s, WINDOW);
    assert_int_equal(count(s, DELIVERY_WAITING), 1); /* behind the pause */
    jump(s, 30 * DAY);                               /* does not make it old */
    pass(s, 12 * HOUR);
    assert_int_equal(count(s, DELIVERY_DEAD), 0);
    jump(s, -60 * DAY); /* nor young */
    pass(s, 13 * HOUR); /* at once, as after a suspend */
    assert_int_equal(s->asked, 1);
    assert_int_equal(count(s, DELIVERY_DEAD), 2);
    struct delivery d = newest(s);
    assert_string_equal(d.reason,
                        "too old to send: delivery.max_age passed while it waited");
    delivery_free(&d);
    deliver(s); /* what is new is sent */
    assert_int_equal(s->asked, 2);
    scene_end(s);
}

/* ---------------------------------------------------------------- suspended */

/* The engine's sleep stands still then: the window is over, and the engine sleeps on. */
static void a_window_that_ends_in_a_suspend_is_seen_soon_after(void **state)
{
    (void)state;
    struct scene *s = scene_at(START, START);
    s->f.limits.window_ms = 6 * HOUR;
    store_set_limits(s->f.store, &s->f.limits);
    live(s, MINUTE);
    assert_true(s->wait > MINUTE); /* nothing waits: it sleeps until it purges */
    event(s);
    settle(s);
    assert_in_range(s->wait, 1, 30 * SECOND);
    s->steady += 6 * HOUR; /* suspended */
    s->wall += 6 * HOUR;
    pass(s, s->wait);
    assert_int_equal(s->asked, 1);
    live(s, 2 * MINUTE);
    assert_int_equal(count(s, DELIVERY_DELIVERED), 1);
    assert_true(s->wait > MINUTE);
    scene_end(s);
}

/* ---------------------------------------------------------------- odd wall clocks */

static void works_at(int64_t wall, const char *created)
{
    struct scene *s = scene_at(START, wall);
    answer(s, 2, (const int[]){500, 200});
    deliver(s);
    live(s, MINUTE);
    assert_int_equal(s->asked, 2);
    assert_int_equal(count(s, DELIVERY_DELIVERED), 1);
    assert_non_null(strstr(s->body, created));
    struct delivery d = newest(s);
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    assert_int_equal(d.created_at, wall + WINDOW);
    assert_true(delivery_to_json(&d, &json));
    assert_true(wall <= 0 || strstr(buf_text(&json), created) != NULL);
    buf_free(&json);
    delivery_free(&d);
    live(s, 2 * HOUR); /* the retention is looked at */
    assert_int_equal(count(s, DELIVERY_DELIVERED), 1);
    live(s, 11 * DAY);
    assert_int_equal(count(s, DELIVERY_DELIVERED), 0);
    scene_end(s);
}

static void lives_through_2038(void **state)
{
    (void)state;
    static const int64_t last = INT64_C(2147483647) * SECOND;
    works_at(last - 10 * SECOND, "2038-01-19T03:14:27.000Z");
    works_at(last + 3650 * DAY, "2048-01-17");
    struct scene *s =
        scene_at(last - 10 * SECOND, last - 10 * SECOND); /* the steady one too */
    answer(s, 2, (const int[]){500, 200});
    deliver(s);
    live(s, MINUTE);
    assert_int_equal(count(s, DELIVERY_DELIVERED), 1);
    scene_end(s);
}

static void lives_before_and_at_1970(void **state)
{
    (void)state;
    works_at(0, "1970-01-01T00:00:30.000Z");
    works_at(-WINDOW, "1970-01-01T00:00:00.000Z");
    works_at(-20 * DAY, "1970-01-01T00:00:00.000Z");
}

/* Only what is shown: the night of 29 March 2026 has no hour from two to three in Berlin.
 */
static void daylight_saving_is_only_shown(void **state)
{
    (void)state;
    static const int64_t change = INT64_C(1774746000000); /* 01:00 UTC */
    char before[16], after[16], zone[64] = "";
    if (getenv("TZ"))
        snprintf(zone, sizeof zone, "%s", getenv("TZ"));
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    struct scene *s = scene_at(change - WINDOW / 2, change - WINDOW / 2);
    answer(s, 1, (const int[]){200});
    timefmt_row(s->wall, s->wall, before);
    event(s);
    live(s, WINDOW);
    timefmt_row(s->wall, s->wall, after);
    assert_string_equal(before, "01:59:45");
    assert_string_equal(after, "03:00:15");
    assert_int_equal(s->sent_at[0], change + WINDOW / 2);
    scene_end(s);
    if (zone[0])
        setenv("TZ", zone, 1);
    else
        unsetenv("TZ");
    tzset();
}

/* ---------------------------------------------------------------- one clock for all */

static _Atomic int64_t fake_wall, fake_boot; /* ms; 0 boot: the real clocks */
int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
    bool fake = fake_boot && (id == CLOCK_REALTIME || id == CLOCK_BOOTTIME);
    if (!fake)
        return __real_clock_gettime(id, t);
    int64_t ms = id == CLOCK_REALTIME ? fake_wall : fake_boot;
    int64_t seconds = ms / SECOND - (ms % SECOND < 0);
    *t = (struct timespec){seconds, (ms - seconds * SECOND) * 1000000};
    return 0;
}

/* The system's clock, as a process that starts now finds it. */
static int64_t steady_of_a_new_process(const char *dir)
{
    static int made;
    char name[16];
    struct err err = {0};
    const struct store_options options = {
        dir, false, clock_system(), {WINDOW, 100, 1 << 20}};
    clock_set_anchor((fake_wall > 0 ? fake_wall : 1) - fake_boot);
    struct store *s = store_open(&options, &err);
    assert_non_null(s);
    snprintf(name, sizeof name, "p%d", made++);
    assert_true(
        step_project(s, "default", name, true, NULL, &err)); /* something is committed */
    store_close(&s);
    return clock_steady_ms(clock_system());
}

static void all_processes_of_a_boot_share_a_clock(void **state)
{
    (void)state;
    char dir[256], file[300];
    run_dir_make(dir, sizeof dir);
    snprintf(file, sizeof file, "%s/clock", dir);
    fake_wall = START;
    fake_boot = 1000 * SECOND;
    assert_int_equal(steady_of_a_new_process(dir), START);
    fake_boot += 5 * SECOND;
    fake_wall += 5 * SECOND + HOUR; /* it jumps */
    assert_int_equal(steady_of_a_new_process(dir), START + 5 * SECOND);
    fake_wall -= 2 * HOUR;
    assert_int_equal(steady_of_a_new_process(dir), START + 5 * SECOND);
    /* Another boot: time is the wall clock's again, but does not go back. */
    run_write_file(file, "another-boot 77\n", 0600);
    fake_boot = 10 * SECOND;
    assert_int_equal(fake_wall, START + 5 * SECOND - HOUR);
    assert_int_equal(steady_of_a_new_process(dir), START + 5 * SECOND);
    run_write_file(file, "another-boot 77\n", 0600);
    fake_wall = START + DAY;
    assert_int_equal(steady_of_a_new_process(dir), START + DAY);
    run_write_file(file, "", 0600); /* a crash while it was written */
    assert_int_equal(steady_of_a_new_process(dir), START + DAY);
    fake_boot = 0;
    run_dir_remove(dir);
}

static void a_wall_clock_before_1970_begins_at_1970(void **state)
{
    (void)state;
    char dir[256];
    run_dir_make(dir, sizeof dir);
    fake_wall = -400 * DAY;
    fake_boot = 10 * SECOND;
    assert_int_equal(steady_of_a_new_process(dir), 1);
    fake_boot = 0;
    run_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirty_days_pass),
        cmocka_unit_test(a_window_ends_when_it_should_whatever_the_wall_clock_says),
        cmocka_unit_test(a_retry_comes_when_it_should),
        cmocka_unit_test(a_pause_lasts_as_long_as_it_was_asked_for),
        cmocka_unit_test(what_is_shown_after_a_jump),
        cmocka_unit_test(what_waited_a_day_is_stale),
        cmocka_unit_test(a_window_that_ends_in_a_suspend_is_seen_soon_after),
        cmocka_unit_test(lives_through_2038),
        cmocka_unit_test(lives_before_and_at_1970),
        cmocka_unit_test(daylight_saving_is_only_shown),
        cmocka_unit_test(all_processes_of_a_boot_share_a_clock),
        cmocka_unit_test(a_wall_clock_before_1970_begins_at_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
