#include "host.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "cli/post.h"
#include "send/send.h"
#include "store/audit.h"
#include "store/datadir.h"
#include "support/http_client.h"
#include "support/receiver.h"
#include "support/run.h"
#include "tuning.h"

/* One process of a data directory: its own store and host. */
struct side {
    struct store *store;
    struct host *host;
    struct settings settings;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    unsigned changes;
};

struct world {
    char dir[256];
    struct side sides[2];
};

static void changed(void *arg)
{
    struct side *s = arg;
    pthread_mutex_lock(&s->mutex);
    s->changes++;
    pthread_cond_broadcast(&s->cond);
    pthread_mutex_unlock(&s->mutex);
}

static bool wait_state(struct side *s, enum host_state state, struct host_status *out)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RUN_DEADLINE_MS / 1000;
    for (;;) {
        pthread_mutex_lock(&s->mutex);
        unsigned seen = s->changes;
        pthread_mutex_unlock(&s->mutex);
        host_status(s->host, out);
        if (out->state == state)
            return true;
        int late = 0;
        pthread_mutex_lock(&s->mutex);
        while (!late && s->changes == seen)
            late = pthread_cond_timedwait(&s->cond, &s->mutex, &until);
        pthread_mutex_unlock(&s->mutex);
        if (late)
            return false;
    }
}

static void set(struct side *s, const char *key, const char *value)
{
    struct err err = {0};
    if (!settings_set(&s->settings, span_of(key), span_of(value), ORIGIN_CALL, NULL, &err))
        fail_msg("%s", err.text);
}

static void open_side(struct world *w, struct side *s)
{
    struct err err = {0};
    struct store_options options = {
        .dir = w->dir, .clock = clock_system(), .limits = tuning_limits(&s->settings)};
    s->store = store_open(&options, &err);
    if (!s->store)
        fail_msg("%s", err.text);
}

static void start_side(struct world *w, struct side *s)
{
    struct err err = {0};
    struct host_options options = {.dir = w->dir,
                                   .store = s->store,
                                   .clock = clock_system(),
                                   .settings = &s->settings,
                                   .changed = changed,
                                   .arg = s};
    s->host = host_start(&options, &err);
    if (!s->host)
        fail_msg("%s", err.text);
}

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err err = {0};
    run_dir_make(w->dir, sizeof w->dir);
    *state = w;
    if (!datadir_prepare(w->dir, false, &err))
        return -1;
    for (int i = 0; i < 2; i++) {
        struct side *s = &w->sides[i];
        pthread_mutex_init(&s->mutex, NULL);
        pthread_cond_init(&s->cond, NULL);
        if (!settings_init(&s->settings, &err))
            return -1;
        set(s, "intake.listen", "127.0.0.1:0");
    }
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 2; i++) {
        host_stop(&w->sides[i].host);
        if (w->sides[i].store)
            store_close(&w->sides[i].store);
        settings_free(&w->sides[i].settings);
    }
    run_dir_remove(w->dir);
    free(w);
    return 0;
}

/* A socket that listens, and its port. */
static int occupy(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static bool answers(const char *url)
{
    unsigned port = 0;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(sscanf(url, "http://127.0.0.1:%u/api", &port), 1);
    at.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return done;
}

static void start_takes_lock_and_listens(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status status;
    struct datadir_holder holder;
    open_side(w, s);
    start_side(w, s);
    assert_true(wait_state(s, HOST_RUNNING, &status));
    assert_true(answers(status.url));
    assert_string_equal(status.reason, "");
    assert_true(datadir_holder(w->dir, &holder));
    assert_int_equal(holder.pid, getpid());
    assert_string_equal(holder.address, status.url);
}

static void second_stands_by_and_takes_over(void **state)
{
    struct world *w = *state;
    struct host_status first, second;
    for (int i = 0; i < 2; i++) {
        open_side(w, &w->sides[i]);
        start_side(w, &w->sides[i]);
        assert_true(wait_state(&w->sides[i], i ? HOST_STANDBY : HOST_RUNNING,
                               i ? &second : &first));
    }
    assert_int_equal(second.holder_pid, getpid());
    assert_true(second.holder_since > 0);
    assert_string_equal(second.url, first.url);

    host_stop(&w->sides[0].host);
    assert_true(wait_state(&w->sides[1], HOST_RUNNING, &second));
    assert_true(answers(second.url));
}

static void standby_stops_at_once(void **state)
{
    struct world *w = *state;
    struct host_status status;
    for (int i = 0; i < 2; i++) {
        open_side(w, &w->sides[i]);
        start_side(w, &w->sides[i]);
        assert_true(wait_state(&w->sides[i], i ? HOST_STANDBY : HOST_RUNNING, &status));
    }
    host_stop(&w->sides[1].host);
    host_status(w->sides[0].host, &status);
    assert_int_equal(status.state, HOST_RUNNING);
}

static void busy_port_degrades_until_it_is_free(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status status;
    char listen_at[32], port_text[16];
    uint16_t port;
    int fd = occupy(&port);
    snprintf(listen_at, sizeof listen_at, "127.0.0.1:%u", port);
    snprintf(port_text, sizeof port_text, ": %u", port);
    set(s, "intake.listen", listen_at);
    open_side(w, s);
    start_side(w, s);
    assert_true(wait_state(s, HOST_DEGRADED, &status));
    assert_non_null(strstr(status.reason, port_text));
    assert_non_null(strstr(status.reason, "port in use by "));
    close(fd);
    host_set_settings(s->host, &s->settings); /* tries again without the pause */
    assert_true(wait_state(s, HOST_RUNNING, &status));
    assert_string_equal(status.reason, "");
}

/* It leaves the engine to one of that version. */
static void does_not_run_the_engine_of_a_newer_store(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status status;
    char path[512];
    sqlite3 *db;
    open_side(w, s);
    snprintf(path, sizeof path, "%s/store.db", w->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 9999", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    start_side(w, s);
    assert_true(wait_state(s, HOST_STOPPED, &status));
    assert_non_null(strstr(status.reason, "newer opik-alerts"));
    struct datadir_lock *lock;
    while (!(lock = datadir_lock_try(w->dir, NULL)))
        continue;
    datadir_unlock(&lock);
}

static void set_settings_moves_the_intake(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status before, after;
    struct datadir_holder holder;
    struct err err = {0};
    char listen_at[32], found[128];
    uint16_t port;
    open_side(w, s);
    start_side(w, s);
    assert_true(wait_state(s, HOST_RUNNING, &before));
    int fd = occupy(&port);
    snprintf(listen_at, sizeof listen_at, "127.0.0.1:%u", port);
    set(s, "intake.listen", listen_at);
    host_set_settings(s->host, &s->settings);
    assert_true(wait_state(s, HOST_DEGRADED, &after));
    assert_false(answers(before.url));
    assert_true(datadir_holder(w->dir, &holder));
    assert_int_equal(holder.pid, getpid());
    assert_string_equal(holder.address, ""); /* nobody is sent to where it was, */
    assert_false(post_find(w->dir, &s->settings, found, sizeof found, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND); /* nor to who listens there */
    close(fd);
    host_set_settings(s->host, &s->settings);
    assert_true(wait_state(s, HOST_RUNNING, &after));
    assert_non_null(strstr(after.url, listen_at));
    assert_true(answers(after.url));
    assert_true(datadir_holder(w->dir, &holder));
    assert_string_equal(holder.address, after.url);
    assert_true(post_find(w->dir, &s->settings, found, sizeof found, &err));
    assert_string_equal(found, after.url);
}

/* Whether a connection test through the intake says that. */
static bool test_says(const struct host_status *status, const struct receiver *r, const char *text)
{
    struct http_client client;
    struct http_answer answer;
    char url[128], body[256];
    unsigned port = 0;
    assert_int_equal(sscanf(status->url, "http://127.0.0.1:%u/api", &port), 1);
    receiver_url(r, "/hook", url, sizeof url);
    snprintf(body, sizeof body, "{\"webhook\":{\"url\":\"%s\"}}", url);
    http_open(&client, (uint16_t)port);
    assert_true(http_send_request(&client, "POST", "/api/v1/private/alerts/webhooks/tests",
                                  "Content-Type: application/json\r\n", span_of(body)));
    assert_true(http_read(&client, &answer));
    bool says = strstr(buf_text(&answer.body), text) != NULL;
    http_answer_free(&answer);
    http_close(&client);
    return says;
}

/* On the port that it has: nobody who sends to it is cut off by that. */
static void connection_tests_follow_the_settings(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status before, after;
    struct receiver *r = receiver_start();
    open_side(w, s);
    start_side(w, s);
    assert_true(wait_state(s, HOST_RUNNING, &before));
    assert_true(test_says(&before, r, "\"success\""));
    static const char *const steps[][3] = {
        {"payload.style", "server", "\\\"max_retries\\\":3"},
        {"retry.max", "5", "\\\"max_retries\\\":5"},
        {"delivery.private", "refuse", "delivery.private = refuse"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        set(s, steps[i][0], steps[i][1]);
        host_set_settings(s->host, &s->settings);
        long long end = run_now_ms() + HTTP_DEADLINE_MS;
        while (!test_says(&before, r, steps[i][2]))
            assert_true(run_now_ms() < end);
    }
    host_status(s->host, &after);
    assert_string_equal(after.url, before.url);
    receiver_stop(&r);
}

/* What the list of alerts is answered with there; -1: nobody listens. */
static int asked(const struct host_status *status)
{
    struct http_client client;
    unsigned port = 0;
    assert_int_equal(sscanf(status->url, "http://127.0.0.1:%u/api", &port), 1);
    if (!http_try_open(&client, (uint16_t)port))
        return -1;
    int code = -1;
    if (http_send_request(&client, "GET", "/api/v1/private/alerts", NULL, (struct span){0}))
        code = http_read_status(&client);
    http_close(&client);
    return code;
}

/* Nobody who sends to it is cut off because the intake began anew. */
static void a_free_port_stays_the_same(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status before, after;
    struct err err = {0};
    open_side(w, s);
    start_side(w, s);
    assert_true(wait_state(s, HOST_RUNNING, &before));
    assert_int_equal(asked(&before), 200);
    assert_true(settings_set(&s->settings, span_of("intake.api_key"), span_of("secret"),
                             ORIGIN_FILE, NULL, &err));
    host_set_settings(s->host, &s->settings);
    long long end = run_now_ms() + HTTP_DEADLINE_MS;
    do {
        assert_true(run_now_ms() < end);
        host_status(s->host, &after);
        assert_string_equal(after.url, before.url);
    } while (asked(&before) != 401);
}

static void pause_gives_the_lock_back_and_resume_retakes_it(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status status, before;
    struct err err = {0};
    open_side(w, s);
    start_side(w, s);
    assert_true(wait_state(s, HOST_RUNNING, &before));
    host_pause(s->host);
    host_status(s->host, &status);
    assert_int_equal(status.state, HOST_STOPPED);
    struct datadir_lock *lock = datadir_lock_try(w->dir, &err);
    assert_non_null(lock);
    datadir_unlock(&lock);
    assert_true(host_resume(s->host, &err));
    assert_true(wait_state(s, HOST_RUNNING, &status));
    assert_string_equal(status.url, before.url);
}

/* ---------------------------------------------------------------- for the watchdog */

static atomic_bool hold_engine, hold_writer;

static void pause_ms(long ms)
{
    const struct timespec t = {0, ms * 1000000};
    nanosleep(&t, NULL);
}

void __real_sender_turn(struct sender *s, int64_t wait_ms);
void __wrap_sender_turn(struct sender *s, int64_t wait_ms);
void __wrap_sender_turn(struct sender *s, int64_t wait_ms)
{
    while (atomic_load(&hold_engine))
        pause_ms(1);
    __real_sender_turn(s, wait_ms);
}

static void hold(void *arg, const struct err *err, const void *result)
{
    (void)arg;
    (void)err;
    (void)result;
    while (atomic_load(&hold_writer))
        pause_ms(1);
}

/* A step, so that the writer has reason to move now and not within a second. */
static void nudge(struct side *s)
{
    const struct audit_entry entry = {.action = "nudge"};
    store_audit(s->store, &entry, "tester", hold, NULL);
}

static bool comes_to(struct side *s, bool alive)
{
    long long until = run_now_ms() + RUN_DEADLINE_MS;
    while (run_now_ms() < until) {
        nudge(s);
        pause_ms(20);
        if (host_alive(s->host) == alive)
            return true;
    }
    return false;
}

static void stays_dead(struct side *s)
{
    assert_true(comes_to(s, false));
    for (int i = 0; i < 10; i++) {
        nudge(s);
        pause_ms(10);
        assert_false(host_alive(s->host));
    }
}

static void a_thread_that_is_stuck_is_not_alive(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status status;
    open_side(w, s);
    start_side(w, s);
    assert_true(wait_state(s, HOST_RUNNING, &status));
    assert_true(comes_to(s, true));
    atomic_store(&hold_engine, true);
    stays_dead(s);
    atomic_store(&hold_engine, false);
    assert_true(comes_to(s, true));
    atomic_store(&hold_writer, true);
    stays_dead(s);
    atomic_store(&hold_writer, false);
    assert_true(comes_to(s, true));
}

/* One that sleeps for want of work is not stuck: no step is asked for here. */
static void an_idle_one_is_alive(void **state)
{
    struct world *w = *state;
    struct side *s = &w->sides[0];
    struct host_status status;
    open_side(w, s);
    start_side(w, s);
    assert_true(wait_state(s, HOST_RUNNING, &status));
    assert_true(host_alive(s->host));
    long long until = run_now_ms() + RUN_DEADLINE_MS;
    bool alive = false;
    while (!alive && run_now_ms() < until) {
        pause_ms(500);
        pause_ms(900);
        alive = host_alive(s->host);
    }
    assert_true(alive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
        TEST(start_takes_lock_and_listens),
        TEST(second_stands_by_and_takes_over),
        TEST(standby_stops_at_once),
        TEST(busy_port_degrades_until_it_is_free),
        TEST(does_not_run_the_engine_of_a_newer_store),
        TEST(set_settings_moves_the_intake),
        TEST(connection_tests_follow_the_settings),
        TEST(a_free_port_stays_the_same),
        TEST(pause_gives_the_lock_back_and_resume_retakes_it),
        TEST(a_thread_that_is_stuck_is_not_alive),
        TEST(an_idle_one_is_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
