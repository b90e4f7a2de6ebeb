/* A storm: 100,000 events (a million at length, 100,000 a minute) from several clients over
 * HTTP to a process of its own with 100 alerts. Its memory stays flat, and every pair of an
 * accepted event and an alert that wants it is found at the receivers, or counted as left
 * out, or dead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/http_client.h"
#include "support/program.h"
#include "support/receiver.h"
#include "support/torture.h"

enum {
    SCOPED = 94,           /* alerts of one project each */
    ALL = 4,               /* of every project */
    FLAKY = SCOPED,        /* project of the alert whose receiver fails now and then */
    BAD = SCOPED + 1,      /* and of the one whose receiver refuses all */
    PROJECTS = SCOPED + 2, /* alerts: those, and ALL */
    CLIENTS = 4,
    BATCH = 100,
    EVENTS_SHORT = 100000,
    EVENTS_LONG = 1000000,
    EVENTS_A_MINUTE = 100000,
    FLAKY_FAILURES = 20,
    MEMORY_KB = 64 * 1024,
    DRAINED_MS = 300000,
};

#define TRACE "0190b2c0-1111-7000-8000-"
#define JSON  "Content-Type: application/json\r\n"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool memory_is_ours = false;
#else
static const bool memory_is_ours = true;
#endif

static struct run_child serve = {.out_fd = -1, .err_fd = -1}; /* ends with its test */

struct storm {
    const struct program *program;
    unsigned port;
    int64_t events, pace_us; /* between two batches; 0: as fast as it goes */
    long long begun_ms;
    atomic_llong next, accepted;
    struct receiver *good, *flaky, *bad;
    size_t good_read, flaky_read;
    unsigned char
        *found[1 + ALL]; /* by event: of the scoped ones, and of each of the others */
    int64_t left_out, arrived;
    long most_pss_kb, most_rss_kb;
};

/* ---------------------------------------------------------------- requests */

static int ask(struct http_client *c, const char *method, const char *path,
               const char *body, char *location, size_t size)
{
    struct http_answer a;
    struct span text = {body, strlen(body)};
    if (!http_send_request(c, method, path, JSON, text) || !http_read(c, &a))
        fail_msg("%s %s: no answer", method, path);
    if (location && !http_header(&a, "Location", location, size))
        fail_msg("%s: %d %s", path, a.status, buf_text(&a.body));
    int status = a.status;
    http_answer_free(&a);
    return status;
}

static void make_alert(struct http_client *c, const struct receiver *r, int number,
                       const char *project)
{
    char url[128], path[16], body[512], scope[128] = "";
    snprintf(path, sizeof path, "/%d", number);
    receiver_url(r, path, url, sizeof url);
    if (project)
        snprintf(scope, sizeof scope, "\"project_id\":\"%s\",", project);
    snprintf(body, sizeof body,
             "{\"name\":\"Alert %d\",%s\"webhook\":{\"url\":\"%s\"},"
             "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
             number, scope, url);
    assert_int_equal(ask(c, "POST", "/api/v1/private/alerts", body, NULL, 0), 201);
}

static void make_alerts(struct storm *s)
{
    struct http_client c;
    char body[64], location[256];
    http_open(&c, (uint16_t)s->port);
    for (int i = 0; i < PROJECTS; i++) {
        snprintf(body, sizeof body, "{\"name\":\"p%d\"}", i);
        assert_int_equal(
            ask(&c, "POST", "/api/v1/private/projects", body, location, sizeof location),
            201);
        make_alert(&c,
                   i == FLAKY ? s->flaky
                   : i == BAD ? s->bad
                              : s->good,
                   i, location + strlen(location) - 36);
    }
    for (int i = 0; i < ALL; i++)
        make_alert(&c, s->good, PROJECTS + i, NULL);
    http_close(&c);
}

static void add_trace(struct buf *b, int64_t n, int project)
{
    buf_add_format(b,
                   "{\"id\":\"" TRACE "%012lld\",\"name\":\"answer a question\","
                   "\"project_name\":\"p%d\",\"start_time\":\"2026-01-02T03:04:05.678Z\","
                   "\"input\":{\"question\":\"What is the height of the tower?\"},"
                   "\"error_info\":{\"exception_type\":\"TimeoutError\",\"message\":"
                   "\"the model did not answer\",\"traceback\":\"main.py:12 in ask\"}}",
                   (long long)n, project);
}

static int send_batch(struct http_client *c, int64_t first, int64_t count, int projects)
{
    struct buf b;
    buf_init(&b, BUF_UNLIMITED);
    buf_add_text(&b, "{\"traces\":[");
    for (int64_t n = first; n < first + count; n++) {
        if (n > first)
            buf_add_char(&b, ',');
        add_trace(&b, n, (int)(n % projects));
    }
    buf_add_text(&b, "]}");
    int status = ask(c, "POST", "/api/v1/private/traces/batch", buf_text(&b), NULL, 0);
    buf_free(&b);
    return status;
}

static void *be_client(void *arg)
{
    struct storm *s = arg;
    struct http_client c;
    int64_t first;
    http_open(&c, (uint16_t)s->port);
    while ((first = atomic_fetch_add(&s->next, BATCH)) < s->events) {
        long long at = s->begun_ms + first / BATCH * s->pace_us / 1000, now = run_now_ms();
        if (s->pace_us && at > now)
            poll(NULL, 0, (int)(at - now));
        if (send_batch(&c, first, BATCH, PROJECTS) == 204)
            atomic_fetch_add(&s->accepted, BATCH);
    }
    http_close(&c);
    return NULL;
}

/* ---------------------------------------------------------------- at the receivers */

static int64_t truncated(const char *body)
{
    const char *at = strstr(body, "\"truncated\":");
    return at ? strtoll(at + strlen("\"truncated\":"), NULL, 10) : 0;
}

/* Each event at most once for each alert. Returns how many there are. Not by strstr():
 * under AddressSanitizer it looks for the end of the body each time, which takes minutes in
 * all. */
static int64_t mark(const struct storm *s, unsigned char *found,
                    const struct receiver_request *q)
{
    static const char key[] = "\"id\":\"" TRACE;
    const char *at = q->body, *end = at + q->body_len;
    int64_t count = 0;
    for (; (at = memmem(at, (size_t)(end - at), key, sizeof key - 1)); count++) {
        at += sizeof key - 1;
        long long n = strtoll(at, NULL, 10);
        assert_in_range(n, 0, s->events - 1);
        assert_int_equal(found[n], 0);
        found[n] = 1;
    }
    return count;
}

static void read_requests(struct storm *s, struct receiver *r, size_t *from, size_t failed)
{
    for (size_t end = receiver_count(r); *from < end; receiver_forget(r, (*from)++)) {
        const struct receiver_request *q = receiver_request(r, *from);
        long alert = strtol(q->path + 1, NULL, 10);
        if (*from < 2 * failed && *from % 2 == 0)
            continue; /* this one was answered with 500 */
        s->arrived += mark(s, s->found[alert < PROJECTS ? 0 : 1 + alert - PROJECTS], q);
        s->left_out += truncated(q->body);
    }
}

static void read_receivers(struct storm *s)
{
    read_requests(s, s->good, &s->good_read, 0);
    read_requests(s, s->flaky, &s->flaky_read, FLAKY_FAILURES);
    for (size_t i = 0; i < receiver_count(s->bad); i++)
        receiver_forget(s->bad, i);
}

/* ---------------------------------------------------------------- the process */

static long number_in(const char *path, const char *key)
{
    char line[256];
    long value = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtol(line + strlen(key), NULL, 10);
    if (file)
        fclose(file);
    return value;
}

static void look_at_memory(struct storm *s)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)serve.pid);
    long pss = number_in(path, "Pss:");
    snprintf(path, sizeof path, "/proc/%d/status", (int)serve.pid);
    s->most_rss_kb = number_in(path, "VmHWM:");
    s->most_pss_kb = pss > s->most_pss_kb ? pss : s->most_pss_kb;
}

static int64_t doctor(const struct program *p, const char *key)
{
    json_t *sums = program_json(p, "doctor --json");
    int64_t value = json_integer_value(json_object_get(sums, key));
    assert_int_equal(json_integer_value(json_object_get(sums, "difference")), 0);
    json_decref(sums);
    return value;
}

/* Reads what arrives until the clients are through and nothing waits any more. */
static void watch(struct storm *s)
{
    long long looked = 0,
              end = run_now_ms() + DRAINED_MS + s->events / BATCH * s->pace_us / 1000;
    for (int64_t waiting = 1; waiting > 0;) {
        poll(NULL, 0, 200);
        look_at_memory(s);
        read_receivers(s);
        long long now = run_now_ms();
        assert_true(now < end);
        bool through = atomic_load(&s->next) >= s->events + CLIENTS * BATCH;
        if (through && now - looked > 500) {
            looked = now;
            waiting = doctor(s->program, "waiting");
        }
    }
    read_receivers(s);
}

static void start(struct storm *s, const struct program *p)
{
    static struct receiver_answer answers[2 * FLAKY_FAILURES];
    char url[128];
    for (size_t i = 0; i < 2 * FLAKY_FAILURES; i++)
        answers[i].status = i % 2 ? 200 : 500;
    s->program = p;
    s->good = receiver_start();
    s->flaky = receiver_start();
    s->bad = receiver_start();
    receiver_script(s->flaky, answers, 2 * FLAKY_FAILURES);
    receiver_status(s->bad, 400);
    for (int i = 0; i <= ALL; i++) {
        s->found[i] = calloc((size_t)s->events, 1);
        assert_non_null(s->found[i]);
    }
    program_serve(p, &serve,
                  "--set debounce.window=1s --set retry.initial=50ms --set retry.max=50",
                  url);
    assert_int_equal(sscanf(url, "http://127.0.0.1:%u/api", &s->port), 1);
    make_alerts(s);
}

static void stop(struct storm *s)
{
    kill(serve.pid, SIGTERM);
    assert_int_equal(run_wait_end(&serve, RUN_DEADLINE_MS), 0);
    receiver_stop(&s->good);
    receiver_stop(&s->flaky);
    receiver_stop(&s->bad);
    for (int i = 0; i <= ALL; i++)
        free(s->found[i]);
}

/* ---------------------------------------------------------------- the sums */

/* What project n's alert must have got, and what was dead instead. */
static void check_scoped(const struct storm *s)
{
    for (int64_t n = 0; n < s->events; n++)
        if (s->found[0][n] != (n % PROJECTS != BAD))
            fail_msg("event %lld: %s", (long long)n,
                     s->found[0][n] ? "not refused" : "lost");
}

static void check_sums(const struct storm *s)
{
    int64_t refused = (s->events - BAD + PROJECTS - 1) / PROJECTS;
    assert_int_equal(atomic_load(&s->accepted), s->events);
    check_scoped(s);
    assert_int_equal(s->arrived + s->left_out + refused, (1 + ALL) * s->events);
    assert_int_equal(doctor(s->program, "accepted"), (1 + ALL) * s->events);
    assert_int_equal(doctor(s->program, "delivered"), s->arrived);
    assert_int_equal(doctor(s->program, "dropped"), s->left_out);
    assert_int_equal(doctor(s->program, "dead"), refused);
    assert_int_equal(doctor(s->program, "unmatched"), 0);
}

static void a_storm_is_accounted_for_in_flat_memory(void **state)
{
    static struct storm s;
    pthread_t clients[CLIENTS];
    bool at_length = torture_size(0, 1);
    s.events = torture_size(EVENTS_SHORT, EVENTS_LONG);
    s.pace_us = at_length ? INT64_C(60000000) * BATCH / EVENTS_A_MINUTE : 0;
    start(&s, *state);
    s.begun_ms = run_now_ms();
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, be_client, &s), 0);
    watch(&s);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    printf(
        "%lld events in %lld ms: %lld pairs arrived, %lld left out; at most %ld kB of Pss, "
        "%ld kB resident\n",
        (long long)s.events, run_now_ms() - s.begun_ms, (long long)s.arrived,
        (long long)s.left_out, s.most_pss_kb, s.most_rss_kb);
    check_sums(&s);
    if (memory_is_ours)
        assert_true(s.most_pss_kb < MEMORY_KB && s.most_rss_kb < MEMORY_KB);
    stop(&s);
}

/* ---------------------------------------------------------------- full buckets */

enum { KEPT = 100, FLOOD = 1000, FULL = 40, FULL_EVENTS = 8000 };

/* The store may be busy for longer than a call waits: then it says so, and is called again.
 */
static void send_now(const struct program *p, size_t count, int64_t events)
{
    char words[256];
    struct run r;
    json_t *buckets = program_json(p, "bucket list --json");
    assert_int_equal(json_array_size(buckets), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *bucket = json_array_get(buckets, i);
        assert_int_equal(json_integer_value(json_object_get(bucket, "events")), events);
        snprintf(words, sizeof words, "bucket send %s",
                 json_string_value(json_object_get(bucket, "key")));
        for (long long until = run_now_ms() + RUN_DEADLINE_MS;;) {
            program_run(p, &r, NULL, words);
            int status = r.status;
            if (status != 0 && (!strstr(r.err, "try again") || run_now_ms() > until))
                fail_msg("%s: %s", words, r.err);
            run_free(&r);
            if (status == 0)
                break;
        }
    }
    json_decref(buckets);
}

static void a_bucket_over_its_limit_carries_the_first(void **state)
{
    struct storm s = {.events = FLOOD, .good = receiver_start()};
    struct http_client c;
    char url[128], count[32];
    program_serve(*state, &serve, "--set debounce.window=1h --set bucket.max_events=100",
                  url);
    assert_int_equal(sscanf(url, "http://127.0.0.1:%u/api", &s.port), 1);
    http_open(&c, (uint16_t)s.port);
    make_alert(&c, s.good, 0, NULL);
    for (int64_t n = 0; n < FLOOD; n += BATCH)
        assert_int_equal(send_batch(&c, n, BATCH, 1), 204);
    http_close(&c);
    send_now(*state, 1, FLOOD);
    assert_true(receiver_wait(s.good, 1, RUN_DEADLINE_MS));
    const char *body = receiver_request(s.good, 0)->body;
    s.found[0] = calloc(FLOOD, 1);
    assert_non_null(s.found[0]);
    assert_int_equal(mark(&s, s.found[0], receiver_request(s.good, 0)), KEPT);
    for (int n = 0; n < FLOOD; n++)
        assert_int_equal(s.found[0][n], n < KEPT);
    snprintf(count, sizeof count, "\"eventCount\":%d", KEPT);
    assert_non_null(strstr(body, count));
    assert_int_equal(truncated(body), FLOOD - KEPT);
    assert_int_equal(doctor(*state, "dropped"), FLOOD - KEPT);
    kill(serve.pid, SIGTERM);
    assert_int_equal(run_wait_end(&serve, RUN_DEADLINE_MS), 0);
    free(s.found[0]);
    receiver_stop(&s.good);
}

/* Bodies of megabytes to endpoints that all hang: none is kept waiting for another, nor are
 * all of them in memory. */
static void full_buckets_fit_into_flat_memory(void **state)
{
    struct storm s = {.program = *state, .events = FULL_EVENTS, .good = receiver_start()};
    struct http_client c;
    char url[128];
    program_serve(*state, &serve, "--set debounce.window=1h", url);
    assert_int_equal(sscanf(url, "http://127.0.0.1:%u/api", &s.port), 1);
    receiver_answer(s.good, (struct receiver_answer){.how = RECEIVER_NEVER});
    http_open(&c, (uint16_t)s.port);
    for (int i = 0; i < FULL; i++)
        make_alert(&c, s.good, i, NULL);
    for (int64_t n = 0; n < FULL_EVENTS; n += BATCH)
        assert_int_equal(send_batch(&c, n, BATCH, 1), 204);
    http_close(&c);
    look_at_memory(&s);
    long before = s.most_rss_kb;
    send_now(*state, FULL, FULL_EVENTS);
    assert_true(receiver_wait(s.good, FULL, 3 * RUN_DEADLINE_MS));
    look_at_memory(&s);
    int64_t bytes = 0;
    for (size_t i = 0; i < FULL; i++)
        bytes += (int64_t)receiver_request(s.good, i)->body_len;
    printf("%d requests of %lld kB under way at once: at most %ld kB resident, before %ld "
           "kB\n",
           FULL, (long long)bytes / FULL / 1000, s.most_rss_kb, before);
    if (memory_is_ours)
        assert_true(s.most_rss_kb < MEMORY_KB);
    receiver_status(s.good, 200);
    receiver_release(s.good);
    kill(serve.pid, SIGTERM);
    assert_int_equal(run_wait_end(&serve, RUN_DEADLINE_MS), 0);
    assert_int_equal(doctor(*state, "delivered"), FULL * FULL_EVENTS);
    receiver_stop(&s.good);
}

static int end(void **state)
{
    run_kill(&serve);
    return program_teardown(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, program_setup, end)
    const struct CMUnitTest tests[] = {
        TEST(a_storm_is_accounted_for_in_flat_memory),
        TEST(a_bucket_over_its_limit_carries_the_first),
        TEST(full_buckets_fit_into_flat_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
