/* Every N-th allocation fails, in the paths of the intake and of the engine: those of our own
 * objects (the linker lets them come here), SQLite's, jansson's and libcurl's.
 *
 * A request is answered 2xx only if what it brought is on disk, else 503 (or not at all, where
 * there is no memory for the request itself); the engine goes on when there is memory again, and
 * sends everything; the accounts add up. Nothing crashes, nothing leaks (the sanitizers look). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <sqlite3.h>

#include "core/intake/fixture.h"
#include "rules/silence.h"
#include "support/accounts.h"
#include "support/faultvfs.h"
#include "support/rig.h"
#include "support/run.h"
#include "support/torture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOW = 1 };
#else
enum { SLOW = 0 };
#endif

/* ---------------------------------------------------------------- allocations */

static _Thread_local bool spared; /* the test's own, and its receiver's */
static atomic_bool spare_new;
static struct {
    atomic_bool armed, stays;
    atomic_llong at, seen, failed;
} plan;

static bool strikes(void)
{
    if (spared || !atomic_load(&plan.armed))
        return false;
    long long n = atomic_fetch_add(&plan.seen, 1) + 1, at = atomic_load(&plan.at);
    bool strikes = at > 0 && (atomic_load(&plan.stays) ? n >= at : n == at);
    if (strikes)
        atomic_fetch_add(&plan.failed, 1);
    return strikes;
}

/* at 0: they are only counted. */
static void arm(int64_t at, bool stays)
{
    atomic_store(&plan.at, at);
    atomic_store(&plan.stays, stays);
    atomic_store(&plan.seen, 0);
    atomic_store(&plan.failed, 0);
    atomic_store(&plan.armed, true);
}

/* Returns how many failed. */
static int64_t heal(void)
{
    atomic_store(&plan.armed, false);
    return atomic_load(&plan.failed);
}

#define FAILING(type, name, parameters, call)                                              \
    type __real_##name parameters;                                                         \
    type __wrap_##name parameters;                                                         \
    type __wrap_##name parameters                                                          \
    {                                                                                      \
        if (!strikes())                                                                    \
            return __real_##name call;                                                     \
        errno = ENOMEM;                                                                    \
        return NULL;                                                                       \
    }
FAILING(void *, malloc, (size_t size), (size))
FAILING(void *, calloc, (size_t count, size_t size), (count, size))
FAILING(void *, realloc, (void *old, size_t size), (old, size))
FAILING(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size))
FAILING(char *, strdup, (const char *text), (text))
FAILING(char *, strndup, (const char *text, size_t size), (text, size))
FAILING(char *, realpath, (const char *path, char *out), (path, out))

struct start {
    void *(*run)(void *arg);
    void *arg;
    bool spared;
};

static void *begin_thread(void *arg)
{
    struct start start = *(struct start *)arg;
    free(arg);
    spared = start.spared;
    return start.run(start.arg);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    struct start *start = __real_malloc(sizeof *start);
    if (!start)
        abort();
    *start = (struct start){run, arg, atomic_load(&spare_new)};
    return __real_pthread_create(thread, attr, begin_thread, start);
}

static sqlite3_mem_methods below;

static void *sqlite_malloc(int size)
{
    return strikes() ? NULL : below.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return strikes() ? NULL : below.xRealloc(old, size);
}

static void wrap_libraries(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &below);
    sqlite3_mem_methods failing = below;
    failing.xMalloc = sqlite_malloc;
    failing.xRealloc = sqlite_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) != SQLITE_OK ||
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free, __wrap_realloc,
                             __wrap_strdup, __wrap_calloc) != CURLE_OK)
        abort();
    faultvfs_install(); /* no syncs */
}

/* ---------------------------------------------------------------- the intake */

struct try {
    const char *method, *path, *body; /* # in path and body: a number that is new each time */
    int status;
    int64_t pairs; /* events for the alerts */
};

#define SCORE "{\"id\":\"0193a000-0000-7000-8000-00000000000a\",\"name\":\"n\",\"value\":1"
#define NEW_ID "0193a000-0000-7000-8000-#"

static const struct try tries[] = {
    {"PUT", "traces/feedback-scores",
     "{\"scores\":[" SCORE ",\"project_name\":\"Shop #\",\"reason\":\"why\"}," SCORE "}]}", 204, 2},
    {"POST", "traces/batch",
     "{\"traces\":[{\"id\":\"" NEW_ID "\",\"name\":\"t\",\"project_name\":\"Shop\","
     "\"start_time\":\"2026-01-01T00:00:00Z\",\"end_time\":\"2026-01-01T00:00:01Z\","
     "\"error_info\":" ERROR_INFO "}]}",
     204, 1},
    {"POST", "traces",
     "{\"id\":\"" NEW_ID "\",\"name\":\"t\",\"start_time\":\"2026-01-01T00:00:00Z\","
     "\"error_info\":" ERROR_INFO "}",
     201, 1},
    {"PATCH", "traces/" NEW_ID, "{\"project_name\":\"Shop\",\"error_info\":" ERROR_INFO "}", 204,
     1},
    {"PUT", "traces/threads/feedback-scores",
     "{\"scores\":[{\"thread_id\":\"s #\",\"project_name\":\"Shop\",\"name\":\"n\",\"value\":2}]}",
     204, 0},
    {"GET", "alerts?size=2", NULL, 200, 0},
    {"POST", "prompts", "{\"name\":\"p #\",\"template\":\"Hello {{name}}\"}", 201, 0},
    {"GET", "prompts?name=p", NULL, 200, 0},
    {"GET", "projects", NULL, 200, 0},
    /* Last: what it makes is read again after each failure. */
    {"POST", "alerts",
     "{\"name\":\"made #\",\"enabled\":true,\"webhook\":{\"url\":\"https://ops.example.org/#\","
     "\"secret_token\":\"t0ken-t0ken\",\"headers\":{\"X-Team\":\"on-call\"}},"
     "\"triggers\":[{\"event_type\":\"prompt:deleted\"}]}",
     201, 0},
};
enum { TRIES = sizeof tries / sizeof *tries };

static unsigned next_number;

/* `text` with a number for each #; it is the same within one request. */
static char *numbered(const char *text)
{
    struct buf b;
    buf_init(&b, BUF_UNLIMITED);
    for (; text && *text; text++) {
        if (*text == '#')
            buf_add_format(&b, "%012x", next_number);
        else
            buf_add_char(&b, *text);
    }
    return text ? buf_take(&b) : NULL;
}

/* The status, 0: the connection was closed without an answer. */
static int request(struct fixture *f, const struct try *t, char **answer)
{
    struct http_client c;
    struct http_answer a;
    char full[256], *path = numbered(t->path), *body = numbered(t->body);
    next_number++;
    snprintf(full, sizeof full, "/api/v1/private/%s", path);
    http_open(&c, intake_port(f->intake));
    int status = 0;
    if (http_send_request(&c, t->method, full, body ? JSON : NULL, span_of(body)) &&
        http_read(&c, &a)) {
        status = a.status;
        *answer = strdup(buf_text(&a.body));
    } else {
        *answer = strdup("");
    }
    http_answer_free(&a);
    http_close(&c);
    free(path);
    free(body);
    return status;
}

static int64_t accepted(struct fixture *f)
{
    store_drain(f->s.store);
    return counts(f).accepted;
}

static void judge_answer(struct fixture *f, const struct try *t, int64_t at, int status,
                         const char *answer, int64_t before)
{
    int64_t pairs = accepted(f) - before;
    if (status == t->status) {
        if (pairs != t->pairs)
            fail_msg("%s %s, allocation %lld: answered %d, %lld events are there", t->method,
                     t->path, (long long)at, status, (long long)pairs);
        return;
    }
    if (status != 503 && status != 0)
        fail_msg("%s %s, allocation %lld: answered %d: %s", t->method, t->path, (long long)at,
                 status, answer);
    if (status == 503 && (strncmp(answer, "{\"errors\":[\"", 12) != 0 || !strstr(answer, "\"]}")))
        fail_msg("%s %s, allocation %lld: says %s", t->method, t->path, (long long)at, answer);
    if (pairs != 0 && pairs != t->pairs)
        fail_msg("%s %s, allocation %lld: half is there", t->method, t->path, (long long)at);
}

static void reopen(struct fixture *f)
{
    intake_stop(&f->intake, 0);
    store_fixture_close(&f->s);
    store_fixture_open(&f->s);
    start(f);
}

/* False: there are fewer allocations. */
static bool try_one(struct fixture *f, const struct try *t, int64_t at, bool stays, int *unanswered)
{
    char *answer;
    int64_t before = accepted(f);
    arm(at, stays);
    int status = request(f, t, &answer);
    bool struck = heal() > 0;
    judge_answer(f, t, at, status, answer, before);
    *unanswered += status == 0;
    free(answer);
    return struck;
}

static void check_accounts(const char *dir)
{
    char why[300];
    if (!accounts_add_up(dir, why, sizeof why))
        fail_msg("%s", why);
}

/* Scores are held for a digest: what keeps them back is read, and looked at, on the way. */
static void add_silence(struct fixture *f)
{
    struct silence s = {.has_type = true, .type = EVENT_TRACE_FEEDBACK_SCORE,
                        .zone = "Europe/Berlin"};
    struct err err = {0};
    char id[UUID_SIZE];
    if (!silence_week_read(span_of("daily 00:00-23:59"), &s, &err) ||
        !step_silence_put(f->s.store, &s, id, &err))
        fail_msg("%s", err.text);
}

static struct fixture *open_intake(void)
{
    void *f;
    set_up(&f);
    add_alert(f, EVENT_TRACE_FEEDBACK_SCORE);
    add_alert(f, EVENT_TRACE_ERRORS);
    add_silence(f);
    return f;
}

static void close_intake(struct fixture *f)
{
    void *state = f;
    intake_stop(&f->intake, 0);
    store_fixture_close(&f->s);
    check_accounts(f->s.dir);
    store_fixture_open(&f->s);
    start(f);
    tear_down(&state);
}

/* The statements are prepared, the caches are warm. */
static void each_allocation_of_a_request_fails(void **state)
{
    uint64_t seed = torture_seed("request");
    int64_t once = torture_size(SLOW ? 5 : 1, 1), stays = torture_size(SLOW ? 19 : 7, 1);
    struct fixture *f = open_intake();
    (void)state;
    for (int i = 0; i < TRIES; i++) {
        int unanswered = 0, ignored = 0;
        int64_t at = 1 + (int64_t)torture_random(&seed, (uint64_t)once), n = 0;
        for (; try_one(f, &tries[i], at, false, &unanswered); at += once)
            n++;
        printf("%s %s: %lld allocations, %d not answered\n", tries[i].method, tries[i].path,
               (long long)at - 1, unanswered);
        assert_true(n > 1 && unanswered <= 2);
        at = 1 + (int64_t)torture_random(&seed, (uint64_t)stays);
        for (; try_one(f, &tries[i], at, true, &ignored); at += stays)
            continue;
    }
    close_intake(f);
}

/* The first request of a process. */
static void each_allocation_of_a_first_request_fails(void **state)
{
    uint64_t seed = torture_seed("first request");
    int64_t stride = torture_size(SLOW ? 97 : 29, 1);
    struct fixture *f = open_intake();
    (void)state;
    for (int i = 0; i < TRIES; i++) {
        int unanswered = 0;
        int64_t at = 1 + (int64_t)torture_random(&seed, (uint64_t)stride);
        for (reopen(f); try_one(f, &tries[i], at, false, &unanswered); reopen(f))
            at += stride;
    }
    close_intake(f);
}

/* ---------------------------------------------------------------- starting */

static bool start_all(struct store_fixture *f, const struct fixture *like)
{
    struct err err = {0};
    const struct store_options options = {f->dir, false, &f->clock, f->limits};
    struct intake_options intake_options = like->options;
    struct engine_options engine_options = {.clock = &f->clock, .seed = 1};
    struct engine *engine = NULL;
    struct intake *intake = NULL;
    f->store = store_open(&options, &err);
    if (f->store) {
        engine_options.policy.concurrency = intake_options.connections = 4;
        engine_options.store = intake_options.store = f->store;
        intake_options.clock = &f->clock;
        intake = intake_start(&intake_options, &err);
        engine = intake ? engine_new(&engine_options, &err) : NULL;
    }
    bool fine = engine != NULL;
    if (!fine && (err.code != ERR_MEMORY && err.code != ERR_IO))
        fail_msg("error %d: %s", (int)err.code, err.text);
    if (engine)
        engine_free(&engine, 0);
    if (intake)
        intake_stop(&intake, 0);
    store_close(&f->store);
    return fine;
}

static void each_allocation_of_the_start_fails(void **state)
{
    uint64_t seed = torture_seed("start");
    int64_t stride = torture_size(SLOW ? 29 : 7, 1);
    int64_t at = 1 + (int64_t)torture_random(&seed, (uint64_t)stride);
    struct fixture *f = open_intake();
    bool struck = true;
    (void)state;
    intake_stop(&f->intake, 0);
    store_fixture_close(&f->s);
    for (; struck; at += stride) {
        arm(at, false);
        spared = false;
        bool fine = start_all(&f->s, f);
        spared = true;
        struck = heal() > 0;
        assert_true(struck || fine);
    }
    printf("start: %lld allocations, each %lld.\n", (long long)(at - stride), (long long)stride);
    store_fixture_open(&f->s);
    start(f);
    close_intake(f);
}

/* ---------------------------------------------------------------- the engine */

static void turn(struct rig *r)
{
    spared = false;
    engine_turn(r->engine, 1);
    spared = true;
    store_drain(r->store.store);
}

static int64_t open_deliveries(struct rig *r)
{
    return rig_count(r, DELIVERY_WAITING) + rig_count(r, DELIVERY_SENDING) +
           rig_count(r, DELIVERY_RETRYING);
}

static int64_t open_buckets(struct rig *r)
{
    struct store_counts c;
    struct err err = {0};
    if (!store_counts(r->store.reader, &c, &err))
        fail_msg("%s", err.text);
    return c.open_buckets;
}

/* One delivery, answered 500 and then 200, while an allocation fails. False: there are fewer. */
static bool deliver_one(struct rig *r, int64_t at, bool stays, int64_t *made)
{
    const struct receiver_answer answers[] = {{.status = 500}, {.status = 200}};
    long long end = run_now_ms() + RIG_DEADLINE_MS;
    receiver_script(r->receiver, answers, 2);
    rig_event(r);
    ++*made;
    rig_advance(r, 30000);
    arm(at, stays);
    for (int i = 0; i < 40 && (open_buckets(r) || open_deliveries(r)); i++) {
        turn(r);
        rig_advance(r, 100);
    }
    bool struck = heal() > 0;
    for (int i = 0; open_buckets(r) || open_deliveries(r); i++) {
        if (run_now_ms() > end)
            fail_msg("allocation %lld%s: the engine does not go on: %lld buckets, %lld waiting, "
                     "%lld sending, %lld retrying",
                     (long long)at, stays ? " and all others" : "", (long long)open_buckets(r),
                     (long long)rig_count(r, DELIVERY_WAITING),
                     (long long)rig_count(r, DELIVERY_SENDING),
                     (long long)rig_count(r, DELIVERY_RETRYING));
        turn(r);
        rig_advance(r, 500);
    }
    if (rig_count(r, DELIVERY_DELIVERED) != *made) {
        struct delivery d = rig_delivery(r);
        fail_msg("allocation %lld: %lld delivered of %lld; the newest is %s: %s", (long long)at,
                 (long long)rig_count(r, DELIVERY_DELIVERED), (long long)*made,
                 delivery_state_name(d.state), d.reason ? d.reason : "");
    }
    return struck;
}

static void each_allocation_of_the_engine_fails(void **state)
{
    struct rig r;
    int64_t made = 0;
    uint64_t seed = torture_seed("engine");
    (void)state;
    atomic_store(&spare_new, true); /* the receiver's */
    rig_make(&r);
    rig_stop(&r, 0);
    store_fixture_close(&r.store);
    atomic_store(&spare_new, false);
    store_fixture_open(&r.store);
    rig_start(&r);
    rig_alert(&r, r.url, NULL);
    for (int stays = 0; stays < 2; stays++) {
        int64_t stride = torture_size(stays || SLOW ? 7 : 1, 1);
        int64_t at = 1 + (int64_t)torture_random(&seed, (uint64_t)stride);
        while (deliver_one(&r, at, stays, &made))
            at += stride;
        printf("engine: %lld allocations, each %lld.\n", (long long)at - 1, (long long)stride);
        assert_true(at > 50);
    }
    rig_stop(&r, 0);
    store_fixture_close(&r.store);
    check_accounts(r.store.dir);
    store_fixture_open(&r.store);
    rig_start(&r);
    rig_remove(&r);
}

int main(void)
{
    spared = true;
    wrap_libraries();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_of_the_start_fails),
        cmocka_unit_test(each_allocation_of_a_request_fails),
        cmocka_unit_test(each_allocation_of_a_first_request_fails),
        cmocka_unit_test(each_allocation_of_the_engine_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
