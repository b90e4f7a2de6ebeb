/* The engine and the store, held against a plain model (model.h) over random operations: a
 * driven clock whose wall jumps, a network that answers as a script says, restarts in the
 * middle of anything. After each drive what is counted must be the same, and now and then
 * everything is.
 *
 * SEED=… STEPS=… has a failure again; TELL=1 prints each operation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include <utlist.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/aside.h"
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "torture/world.h"

enum {
    OPEN_MAX =
        300,      /* deliveries: from there on nothing is accepted until some have ended */
    LAG_MS = 250, /* the engine's pause after a claim that found nothing */
    WHOLE_EVERY = 500,
#ifdef __SANITIZE_ADDRESS__ /* which makes it several times slower */
    IN_SHORT = 20000,
#else
    IN_SHORT = 100000,
#endif
};

static const char *const WORKSPACES[MODEL_WORKSPACES] = {"default", "other"};
static const char *const PROJECTS[MODEL_PROJECTS] = {"one", "two", "Default Project"};
static const char *const MOOD_NAMES[MOODS] = {"fine",  "flaky",   "down",      "lost",
                                              "hangs", "refuses", "slow down", "gone"};

/* ---------------------------------------------------------------- driving */

static void begin_engine(void)
{
    struct err err = {0};
    const struct engine_options options = {
        .store = w.f.store, .clock = &w.f.clock, .policy = w.policy, .seed = 1 + w.random};
    w.engine = engine_new(&options, &err);
    if (!w.engine)
        blame("no engine: %s", err.text);
}

/* Waits for what was asked of the store, and looks at the answers. */
static void take_answers(void)
{
    store_drain(w.f.store);
    for (int i = 0; i < w.asked; i++) {
        struct expected *e = &w.batch[i];
        struct err err = {0};
        bool fine = step_wait(&e->wait, &err);
        if (fine == e->refused)
            blame("a step %s: %s", fine ? "was not refused" : "was refused", err.text);
        if (fine && e->number >= 0)
            compare_number("the answer of a step", e->got_number, e->number);
        compare_number("events of a request", e->got_accepted.events, e->accepted.events);
        compare_number("pairs of a request", e->got_accepted.pairs, e->accepted.pairs);
        compare_number("unmatched of a request", e->got_accepted.unmatched,
                       e->accepted.unmatched);
    }
    if (w.asked)
        compare_log(); /* before time goes on and what it says is purged */
    w.asked = 0;
}

static void settle(void)
{
    take_answers();
    int64_t wait = scripted_settle(w.engine, w.f.store, 0), next = model_next(&w.m);
    world_take_claims();
    w.tally.settles++;
    struct model_delivery *d = model_overdue(&w.m);
    if (d && wait > LAG_MS)
        blame("%s is due since %" PRId64 " ms, its endpoint is free, and the engine sleeps",
              d->id, w.m.now - d->next_at);
    if (next != INT64_MAX && next - w.m.now + LAG_MS < wait)
        blame("sleeps for %" PRId64 " ms, something is due in %" PRId64, wait,
              next - w.m.now);
    if ((d = model_too_old(&w.m)))
        blame("%s waits though it is too old", d->id);
    compare_number("under way", (int64_t)scripted_under_way(), w.m.sending);
    compare_number("sending", w.m.deliveries[DELIVERY_SENDING] <= w.m.sending, true);
    compare_counts();
    compare_log();
    if (w.step / WHOLE_EVERY != w.settle / WHOLE_EVERY)
        compare_whole();
    w.settle = w.step;
}

static void set_time(int64_t steady, int64_t wall)
{
    atomic_store(&w.steady, steady);
    atomic_store(&w.wall, wall);
    w.m.now = steady;
    w.m.wall = wall;
}

static void pass(int64_t ms)
{
    set_time(w.m.now + ms, w.m.wall + ms);
}

/* From one thing that happens to the next, as time really goes, or at once, as after a
 * suspend. */
static void advance(int64_t ms, int stops)
{
    int64_t until = w.m.now + ms;
    for (; stops > 0 && w.m.now < until && !w.problem[0]; stops--) {
        int64_t next = model_next(&w.m), end = scripted_next_end();
        next = next < end ? next : end;
        if (next > w.m.now && next < until)
            pass(next - w.m.now);
        else
            break;
        settle();
    }
    pass(until - w.m.now);
    settle();
}

/* ---------------------------------------------------------------- operations */

static void copy_number(void *to, const void *result)
{
    *(int64_t *)to = *(const int64_t *)result;
}

static void copy_accepted(void *to, const void *result)
{
    *(struct accepted *)to = *(const struct accepted *)result;
}

static struct expected *expect(void)
{
    if (w.asked == BATCH)
        take_answers();
    struct expected *e = &w.batch[w.asked++];
    *e = (struct expected){.number = -1};
    return e;
}

static struct expected *expect_number(int64_t number)
{
    struct expected *e = expect();
    e->number = number;
    e->wait.copy = copy_number;
    e->wait.to = &e->got_number;
    return e;
}

/* An error counts once for each trace; some come again. */
static void add_error(struct accept *a, int workspace, const char *project, bool *first)
{
    char trace[UUID_SIZE];
    int number = w.traces[workspace];
    *first = number == 0 || chance(8) != 0;
    if (*first)
        number = ++w.traces[workspace];
    else
        number -= (int)chance(number < 50 ? number : 50);
    snprintf(trace, sizeof trace, "%08x-0000-7000-8000-%012x", (unsigned)number,
             (unsigned)workspace);
    step_add_fact(a, EVENT_TRACE_ERRORS, trace, project, w.made);
}

static void do_accept(void)
{
    int workspace = (int)chance(MODEL_WORKSPACES), count = 1 + (int)chance(3);
    struct accept *a = step_request(WORKSPACES[workspace]);
    struct expected *e = expect();
    e->wait.copy = copy_accepted;
    e->wait.to = &e->got_accepted;
    for (int i = 0; i < count; i++) {
        int type = (int)chance(MODEL_TYPES), project = (int)chance(MODEL_PROJECTS);
        bool default_project = project == MODEL_PROJECTS - 1, first = true;
        w.made++;
        if (TYPES[type] == EVENT_TRACE_ERRORS)
            add_error(a, workspace, PROJECTS[project], &first);
        else
            step_add_fact(a, TYPES[type], NULL, default_project ? NULL : PROJECTS[project],
                          w.made);
        if (!first)
            continue;
        int pairs = model_event(&w.m, workspace, type, project, w.made);
        e->accepted.events++;
        e->accepted.pairs += pairs;
        e->accepted.unmatched += pairs == 0;
    }
    tell("accept %d facts in %s, the last is %d: %" PRId64 " pairs", count,
         WORKSPACES[workspace], w.made, e->accepted.pairs);
    store_accept(w.f.store, a, step_done, &e->wait);
}

/* One that names a project that is none is refused whole. */
static void do_accept_refused(void)
{
    struct accept *a = step_request(WORKSPACES[0]);
    struct expected *e = expect();
    step_add_fact(a, TYPES[1], NULL, PROJECTS[0], -1);
    step_add_fact(a, TYPES[1], NULL, NULL, -1)->project_id =
        span_of("00000000-0000-7000-8000-000000000000");
    e->refused = true;
    tell("accept what is refused");
    store_accept(w.f.store, a, step_done, &e->wait);
}

static void make_alert(const struct model_alert *m, struct alert *a)
{
    char url[64];
    snprintf(url, sizeof url, "http://endpoint-%d.example/hook", m->url);
    alert_init(a);
    memcpy(a->id, m->id, UUID_SIZE);
    a->enabled = m->enabled;
    if (!alert_set(&a->workspace, WORKSPACES[m->workspace]) ||
        !alert_set(&a->name, "an alert") || !alert_set_secret(&a->url, url))
        abort();
    for (int type = 0; type < MODEL_TYPES; type++) {
        struct alert_trigger *t = m->wants[type] ? alert_add_trigger(a, TYPES[type]) : NULL;
        if (!t || m->scope[type] == ~0u)
            continue;
        t->scoped = true;
        for (int i = 0; i < MODEL_PROJECTS; i++)
            if (m->scope[type] >> i & 1 &&
                !alert_trigger_add_project(t, w.projects[m->workspace][i]))
                abort();
    }
}

static void do_put(int slot)
{
    struct model_alert m = w.m.alerts[slot];
    bool is_new = !m.exists;
    if (is_new) {
        m = (struct model_alert){.exists = true, .enabled = true};
        m.workspace = (int)chance(MODEL_WORKSPACES);
        uuid_v7(m.id, w.m.wall);
    } else if (chance(8) == 0) {
        m.enabled = !m.enabled;
    }
    m.url = (int)chance(MODEL_URLS);
    for (int type = 0; type < MODEL_TYPES; type++) {
        bool scoped = type < MODEL_TYPES - 1 && chance(3) == 0;
        m.wants[type] = chance(4) != 0;
        m.scope[type] = scoped ? (unsigned)chance(1 << MODEL_PROJECTS) : ~0u;
    }
    struct alert a;
    make_alert(&m, &a);
    tell("%s alert %d (%s) to URL %d%s", is_new ? "create" : "replace", slot, m.id, m.url,
         m.enabled ? "" : ", disabled");
    store_alert_put(w.f.store, &a, is_new ? STORE_CREATE : STORE_REPLACE, "tester",
                    step_done, &expect()->wait);
    model_put(&w.m, slot, &m);
    alert_free(&a);
}

static void do_alert(void)
{
    int slot = (int)chance(MODEL_ALERTS);
    const struct model_alert *m = &w.m.alerts[slot];
    const char *id = m->id, *workspace = WORKSPACES[m->workspace];
    int64_t what = chance(10);
    if (!m->exists || what < 5) {
        do_put(slot);
    } else if (what < 9) {
        bool on = !m->enabled;
        tell("%s alert %d", on ? "enable" : "disable", slot);
        store_alert_enable(w.f.store, workspace, &id, 1, on, "tester", step_done,
                           &expect_number(1)->wait);
        model_enable(&w.m, slot, on);
    } else {
        tell("delete alert %d", slot);
        store_alert_delete(w.f.store, workspace, &id, 1, "tester", step_done,
                           &expect_number(1)->wait);
        model_delete(&w.m, slot);
    }
}

static void do_send_now(void)
{
    int slot = (int)chance(MODEL_ALERTS), type = (int)chance(MODEL_TYPES);
    const struct model_alert *m = &w.m.alerts[slot];
    char key[128];
    const char *keys = key;
    if (!m->exists)
        return;
    snprintf(key, sizeof key, "alert_bucket:%s:%s", m->id, event_type_name(TYPES[type]));
    bool there = model_send_now(&w.m, slot, type);
    tell("send now alert %d, type %d", slot, type);
    store_bucket_send_now(w.f.store, WORKSPACES[m->workspace], &keys, 1, step_done,
                          &expect_number(there)->wait);
}

static void do_replay(void)
{
    enum { MANY = 5 };
    const char *ids[MANY];
    struct model_delivery *d, *next, *picked[MANY];
    int64_t ended = w.m.deliveries[DELIVERY_DELIVERED] + w.m.deliveries[DELIVERY_DEAD];
    int64_t spacing = PICK(0, 0, 100, 10 * SECOND), replayed = 0;
    size_t count = 0;
    int workspace = (int)chance(MODEL_WORKSPACES);
    if (ended == 0)
        return;
    int64_t skip = chance(ended);
    DL_FOREACH_SAFE(w.m.ended, d, next)
    {
        bool here = d->alert >= 0 && w.m.alerts[d->alert].workspace == workspace;
        if (skip-- > 0 || !here || !d->id[0] || count >= MANY)
            continue;
        picked[count++] = d;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = picked[i]->id;
        replayed += model_replay(&w.m, picked[i], spacing, replayed);
    }
    w.tally.replays += replayed;
    tell("replay %zu from %s, %" PRId64 " of them can be", count, count ? ids[0] : "-",
         replayed);
    store_replay(w.f.store, WORKSPACES[workspace], ids, count, spacing, step_done,
                 &expect_number(replayed)->wait);
}

static void set_policy(void)
{
    const struct engine_policy *p = &w.policy;
    w.m.policy = (struct model_policy){.retries = p->retry.max,
                                       .initial_ms = p->retry.initial_ms,
                                       .max_delay_ms = p->retry.max_delay_ms,
                                       .max_age_ms = p->retry.max_age_ms,
                                       .concurrency = p->concurrency,
                                       .per_endpoint = p->per_endpoint,
                                       .rate = p->rate};
    w.m.policy_at = w.m.now;
    w.m.window_ms = w.f.limits.window_ms;
    w.m.bucket_events = (int)w.f.limits.bucket_events;
}

static void do_limits(void)
{
    take_answers();
    struct engine_policy *p = &w.policy;
    p->retry.max = (int)PICK(0, 3, 3, 5);
    p->retry.initial_ms = PICK(1000, 1000, 100);
    p->retry.max_age_ms = PICK(DAY, DAY, HOUR);
    p->timeout_ms = PICK(30 * SECOND, 5 * SECOND);
    p->concurrency = (size_t)PICK(512, 512, 3);
    p->per_endpoint = (size_t)PICK(4, 4, 2, 1);
    p->rate = PICK(0, 0, 0, 1, 3);
    p->retention_ms = PICK(2 * HOUR, 12 * HOUR, DAY);
    w.f.limits.window_ms = PICK(30 * SECOND, 30 * SECOND, SECOND, 5 * MINUTE);
    w.f.limits.bucket_events = PICK(40, 40, 3, 1);
    tell("limits: %d retries of %" PRId64 " ms, age %" PRId64 " h, time-out %" PRId64
         ", %zu in all, %zu each, rate %" PRId64 ", window %" PRId64 ", %" PRId64 " events",
         p->retry.max, p->retry.initial_ms, p->retry.max_age_ms / HOUR, p->timeout_ms,
         p->concurrency, p->per_endpoint, p->rate, w.f.limits.window_ms,
         w.f.limits.bucket_events);
    store_set_limits(w.f.store, &w.f.limits);
    engine_set_policy(w.engine, p);
    set_policy();
}

static void do_mood(void)
{
    int url = (int)chance(MODEL_URLS);
    w.moods[url] = (enum mood)(chance(3) ? chance(MOODS) : FINE);
    tell("URL %d is %s", url, MOOD_NAMES[w.moods[url]]);
}

/* In the middle of anything: with what was asked of the store unanswered, claims not yet
 * sent, requests under way. */
static void do_restart(void)
{
    bool crash = chance(2), reopen = chance(4) == 0;
    int turns = (int)chance(8);
    tell("%s after %d turns%s, %zu under way", crash ? "crash" : "stop", turns,
         reopen ? ", the store too" : "", scripted_under_way());
    take_answers();
    if (turns)
        scripted_settle(w.engine, w.f.store, turns);
    w.crashed = crash;
    engine_free(&w.engine, 0);
    w.crashed = false;
    world_take_claims();
    if (!crash)
        compare_number("sending after a stop", w.m.deliveries[DELIVERY_SENDING], 0);
    model_restart(&w.m);
    if (reopen) {
        store_fixture_close(&w.f);
        store_fixture_open(&w.f);
        store_set_checkpointing(w.f.store, true);
    }
    begin_engine();
    w.tally.restarts++;
    w.tally.crashes += crash;
    settle();
}

static void do_wall_jump(void)
{
    take_answers();
    int64_t by = PICK(HOUR, -HOUR, HOUR, -HOUR, 10 * DAY, -10 * DAY, 400 * DAY, -400 * DAY);
    tell("the wall clock jumps by %" PRId64 " h", by / HOUR);
    set_time(w.m.now, w.m.wall + by);
    w.tally.wall_jumps++;
}

static void do_purge(void)
{
    int64_t before = w.m.wall - w.policy.retention_ms - chance(2 * HOUR);
    tell("purge what is older than %" PRId64 " min", (w.m.wall - before) / MINUTE);
    store_purge(w.f.store, before, 100000, step_done, &expect()->wait);
}

static void do_advance(void)
{
    int64_t how = chance(40);
    int64_t ms = how < 8                  ? chance(300)
                 : how < 20               ? chance(5 * SECOND)
                 : how < 34               ? chance(40 * SECOND)
                 : how < 38               ? chance(10 * MINUTE)
                 : how < 39 || chance(20) ? chance(2 * HOUR)
                                          : chance(30) * HOUR;
    int stops = chance(4) == 0 ? (int)chance(6) : 0;
    tell("%" PRId64 " ms go by in at most %d stops", ms, stops + 1);
    take_answers();
    if (chance(4) == 0)
        settle();
    advance(ms, stops);
}

static void operate(void)
{
    int64_t what = chance(1000);
    bool full =
        w.m.deliveries[DELIVERY_WAITING] + w.m.deliveries[DELIVERY_RETRYING] > OPEN_MAX;
    if (what < 570 && !full)
        do_accept();
    else if (what < 575)
        do_accept_refused();
    else if (what < 650)
        do_alert();
    else if (what < 700)
        do_send_now();
    else if (what < 740)
        do_replay();
    else if (what < 750)
        do_limits();
    else if (what < 800)
        do_mood();
    else if (what < 810)
        do_restart();
    else if (what < 830)
        do_wall_jump();
    else if (what < 835)
        do_purge();
    else
        do_advance();
}

/* ---------------------------------------------------------------- a run */

static int64_t read_steady(void *arg)
{
    (void)arg;
    return atomic_load(&w.steady);
}

static int64_t read_wall(void *arg)
{
    (void)arg;
    return atomic_load(&w.wall);
}

/* Memory is enough of a disk here: what a power cut does is proven elsewhere. */
static void choose_directory(void)
{
    struct stat st;
    if (!getenv("TMPDIR") && stat("/dev/shm", &st) == 0 && S_ISDIR(st.st_mode))
        setenv("TMPDIR", "/dev/shm", 1);
}

static void make_world(void)
{
    struct err err = {0};
    pthread_mutex_init(&w.lock, NULL);
    set_time(INT64_C(1767225600000), INT64_C(1767225600000));
    choose_directory();
    store_fixture_make(&w.f);
    store_set_checkpointing(w.f.store, true);
    w.f.clock = (struct clock){read_wall, read_steady, NULL};
    scripted_begin(&w.f.clock, &world_network);
    for (int i = 0; i < MODEL_WORKSPACES; i++)
        for (int k = 0; k < MODEL_PROJECTS; k++)
            if (!step_project(w.f.store, WORKSPACES[i], PROJECTS[k], false,
                              w.projects[i][k], &err))
                blame("no project: %s", err.text);
    w.policy = (struct engine_policy){
        .retry = {.max = 3, .initial_ms = 1000, .max_delay_ms = MINUTE, .max_age_ms = DAY},
        .timeout_ms = 30 * SECOND,
        .connect_timeout_ms = 5 * SECOND,
        .concurrency = 512,
        .per_endpoint = 4,
        .retention_ms = 12 * HOUR};
    begin_engine();
    set_policy();
    for (int i = 0; i < 4; i++)
        do_put(i);
}

/* Everything gets well again: then every pair must have come to its one end. */
static void let_all_end(void)
{
    for (int i = 0; i < MODEL_URLS; i++)
        w.moods[i] = FINE;
    for (int i = 0;
         i < 5000 && !w.problem[0] && (w.m.open || w.m.open_buckets || w.m.sending); i++)
        advance(MINUTE, 4);
    compare_number("pairs that have not ended", w.m.accepted,
                   w.m.dropped + w.m.events[DELIVERY_DELIVERED] +
                       w.m.events[DELIVERY_DEAD]);
    compare_whole();
}

static void show_tally(void)
{
    const struct tally *t = &w.tally;
    printf("%" PRId64 " steps, %" PRId64 " drives: %" PRId64 " pairs in %" PRId64
           " deliveries, %" PRId64 " requests (%" PRId64 " delivered, %" PRId64
           " failed, %" PRId64 " of them timed out, %" PRId64 " probes, %" PRId64
           " strays, %" PRId64 " times 410), %" PRId64 " replays, %" PRId64
           " stale, %" PRId64 " dropped, %" PRId64 " purged, %" PRId64 " restarts, %" PRId64
           " of them crashes, %" PRId64 " wall jumps\n",
           w.step, t->settles, w.m.accepted, w.m.made, t->requests, t->delivered,
           t->failures, t->time_outs, t->probes, t->strays, t->gone, t->replays, t->stale,
           w.m.dropped, t->purged, t->restarts, t->crashes, t->wall_jumps);
}

static void report(void)
{
    printf("the model disagrees at step %" PRId64 ": %s\n", w.step, w.problem);
    for (int64_t i = w.tells > TOLD ? w.tells - TOLD : 0; i < w.tells; i++)
        printf("  %s\n", w.told[i % TOLD]);
    printf("again: SEED=%" PRIu64 " STEPS=%" PRId64 " build/tests/torture/test_model\n",
           w.seed, w.step + 1);
    fail();
}

static void engine_and_model_agree(void **state)
{
    const char *given = getenv("STEPS");
    (void)state;
    w.steps = given ? strtoll(given, NULL, 10) : torture_size(IN_SHORT, 10000000);
    w.random = w.seed = torture_seed("model");
    make_world();
    for (; w.step < w.steps && !w.problem[0]; w.step++)
        operate();
    settle();
    let_all_end();
    if (w.problem[0])
        report();
    show_tally();
    if (w.steps >= IN_SHORT) {
        const struct tally *t = &w.tally;
        assert_true(t->probes && t->stale && t->gone && t->time_outs && t->strays &&
                    t->purged && t->crashes && w.m.dropped);
    }
    engine_free(&w.engine, 0);
    store_fixture_remove(&w.f);
    model_free(&w.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(engine_and_model_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
