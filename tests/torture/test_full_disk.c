/* A full disk stops the intake with 503 and a sentence. What runs stays alive to say so, reads
 * what there is, and goes on by itself once there is room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "host.h"
#include "statusline.h"
#include "store/alerts.h"
#include "support/accounts.h"
#include "support/console.h"
#include "support/faultvfs.h"
#include "support/http_client.h"
#include "support/program.h"
#include "support/steps.h"
#include "tuning.h"

enum { SCORES_AT_ONCE = 20 };

#define ALERT                                                                              \
    "{\"name\":\"Scores\",\"webhook\":{\"url\":\"http://127.0.0.1:9/\"},"                       \
    "\"triggers\":[{\"event_type\":\"trace:feedback_score\"}]}"

/* ---------------------------------------------------------------- a client */

/* The status of a request; its answer must be in order. */
static int ask(const char *url, const char *method, const char *path, struct span body)
{
    struct http_client c;
    struct http_answer a;
    unsigned port;
    char full[128];
    assert_int_equal(sscanf(url, "http://127.0.0.1:%u/api", &port), 1);
    snprintf(full, sizeof full, "/api/v1/private/%s", path);
    http_open(&c, (uint16_t)port);
    assert_true(http_send_request(&c, method, full, "Content-Type: application/json\r\n", body));
    assert_true(http_read(&c, &a));
    int status = a.status;
    if (status >= 300) {
        assert_int_equal(status, 503);
        assert_non_null(strstr(buf_text(&a.body), "{\"errors\":[\"the disk is full: events are "
                                                  "not accepted until there is room\"]}"));
    }
    http_answer_free(&a);
    http_close(&c);
    return status;
}

static int send_scores(const char *url)
{
    struct buf b;
    buf_init(&b, BUF_UNLIMITED);
    buf_add_text(&b, "{\"scores\":[");
    for (int i = 0; i < SCORES_AT_ONCE; i++)
        buf_add_format(&b,
                       "%s{\"id\":\"0193a000-0000-7000-8000-00000000000a\",\"name\":\"n\","
                       "\"value\":%d,\"project_name\":\"Shop\",\"reason\":\"%01000d\"}",
                       i ? "," : "", i, i);
    buf_add_text(&b, "]}");
    int status = ask(url, "PUT", "traces/feedback-scores", buf_span(&b));
    buf_free(&b);
    return status;
}

/* Sends until nothing more goes in; returns how many events did. */
static int64_t send_until_full(const char *url)
{
    int64_t accepted = 0;
    while (send_scores(url) == 204) {
        accepted += SCORES_AT_ONCE;
        assert_true(accepted < 100000);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_scores(url), 503);
    return accepted;
}

static void expect_accounts(const char *dir, int64_t accepted)
{
    char why[300], path[512];
    sqlite3 *db;
    sqlite3_stmt *row;
    if (!accounts_add_up(dir, why, sizeof why))
        fail_msg("%s", why);
    snprintf(path, sizeof path, "%s/store.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT value FROM counters WHERE name = 0", -1, &row, NULL);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int64(row, 0), accepted);
    sqlite3_finalize(row);
    sqlite3_close(db);
}

/* ---------------------------------------------------------------- in this process */

struct house {
    char dir[256];
    struct settings settings;
    struct store *store;
    struct host *host;
};

static void wait_for(struct house *h, enum host_state state, struct host_status *status)
{
    long long until = run_now_ms() + RUN_DEADLINE_MS;
    for (host_status(h->host, status); status->state != state; host_status(h->host, status)) {
        assert_true(run_now_ms() < until);
        usleep(10000);
    }
}

static void open_house(struct house *h)
{
    struct err err = {0};
    struct alert alert;
    run_dir_make(h->dir, sizeof h->dir);
    assert_true(settings_init(&h->settings, &err));
    assert_true(settings_set(&h->settings, span_of("intake.listen"), span_of("127.0.0.1:0"),
                             ORIGIN_CALL, NULL, &err));
    const struct store_options store = {
        .dir = h->dir, .clock = clock_system(), .limits = tuning_limits(&h->settings)};
    h->store = store_open(&store, &err);
    assert_non_null(h->store);
    step_alert_make(&alert, "scores", "http://127.0.0.1:9/hook", EVENT_TRACE_FEEDBACK_SCORE);
    assert_true(step_alert_put(h->store, &alert, STORE_CREATE, NULL, &err));
    alert_free(&alert);
    const struct host_options host = {
        .dir = h->dir, .store = h->store, .clock = clock_system(), .settings = &h->settings};
    h->host = host_start(&host, &err);
    assert_non_null(h->host);
}

static void close_house(struct house *h)
{
    host_stop(&h->host);
    store_close(&h->store);
    settings_free(&h->settings);
}

static void the_console_says_it_and_when_it_is_over(void **state)
{
    static const char alert[] = "{\"name\":\"a\",\"webhook\":{\"url\":\"http://127.0.0.1:9/\"}}";
    struct house h = {0};
    struct host_status status;
    char words[256], url[128];
    (void)state;
    faultvfs_install();
    open_house(&h);
    const struct console_options console = {.host = h.host};
    wait_for(&h, HOST_RUNNING, &status);
    snprintf(url, sizeof url, "%s", status.url);
    assert_int_equal(send_scores(url), 204);
    faultvfs_arm(FAULT_FULL, 1, true);
    assert_int_equal(send_scores(url), 503);
    assert_int_equal(ask(url, "POST", "alerts", span_of(alert)), 503);
    assert_int_equal(statusline_words(&console, words, sizeof words), STYLE_ERROR);
    assert_string_equal(words, "degraded: the disk is full: events are not accepted until "
                               "there is room");
    host_status(h.host, &status);
    assert_string_equal(status.url, url);
    assert_int_equal(ask(url, "GET", "alerts", (struct span){0}), 200);
    faultvfs_heal(NULL);
    wait_for(&h, HOST_RUNNING, &status); /* nobody writes: it finds out by itself */
    assert_int_equal(send_scores(url), 204);
    close_house(&h);
    expect_accounts(h.dir, 2 * SCORES_AT_ONCE);
    run_dir_remove(h.dir);
}

/* ---------------------------------------------------------------- the program */

/* A data directory of its own in `p->dir`, below `base` with the rest. */
static void make_program(struct program *p, char base[200])
{
    run_dir_make(base, 200);
    snprintf(p->dir, sizeof p->dir, "%s/data", base);
    snprintf(p->config, sizeof p->config, "%s/config.ini", base);
    assert_int_equal(mkdir(p->dir, 0700), 0);
    run_write_file(p->config, "[intake]\nlisten = 127.0.0.1:0\n", 0600);
}

/* `room` gives or takes it. */
static void fill_and_empty(const struct program *p,
                           void (*room)(const struct program *, pid_t serve, bool much))
{
    struct run_child serve;
    struct run list;
    char url[128], id[64];
    program_create(p, ALERT, id);
    program_serve(p, &serve, "--set debounce.window=1h", url);
    room(p, serve.pid, false);
    int64_t accepted = send_until_full(url);
    assert_true(accepted > 0);
    assert_true(run_wait_err(&serve, "the disk is full", RUN_DEADLINE_MS));
    program_expect(p, &list, 0, NULL, "alert list");
    assert_non_null(strstr(list.out, "Scores"));
    run_free(&list);
    room(p, serve.pid, true);
    assert_true(run_wait_err(&serve, "listening on", RUN_DEADLINE_MS));
    assert_int_equal(send_scores(url), 204);
    kill(serve.pid, SIGTERM);
    assert_int_equal(run_wait_end(&serve, RUN_DEADLINE_MS), 0);
    run_kill(&serve);
    expect_accounts(p->dir, accepted + SCORES_AT_ONCE);
}

static void let_files_grow(const struct program *p, pid_t serve, bool much)
{
    struct rlimit limit = {much ? RLIM_INFINITY : 600000, RLIM_INFINITY};
    (void)p;
    assert_int_equal(prlimit(serve, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void serve_outlives_files_that_may_not_grow(void **state)
{
    struct program p;
    char base[200];
    (void)state;
    make_program(&p, base);
    fill_and_empty(&p, let_files_grow);
    run_dir_remove(base);
}

/* Where the main thread writes, the signal of a file that may not grow would be the end. */
static void a_verb_says_it(void **state)
{
    struct rlimit small = {4096, RLIM_INFINITY}, before;
    struct program p;
    struct run r;
    char base[200];
    (void)state;
    make_program(&p, base);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    program_run(&p, &r, ALERT, "alert create -");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.err, "the disk is full"));
    run_free(&r);
    run_dir_remove(base);
}

/* A console in a terminal, that holds the engine. */
static void the_console_stays_alive(void **state)
{
    const struct terminal_options options = {.rows = 24, .columns = 140};
    struct console_fixture c = {0};
    char url[64], file[300], words[320];
    unsigned port = 0;
    (void)state;
    console_fixture_start(&c, &options, NULL, NULL);
    snprintf(file, sizeof file, "%s/alert.json", c.dir);
    run_write_file(file, ALERT, 0600);
    snprintf(words, sizeof words, "alert create %s", file);
    assert_int_equal(console_fixture_run(&c, words), 0);
    terminal_wait(c.terminal, "running on 127.0.0.1:");
    const char *at = strstr(terminal_screen(c.terminal), "127.0.0.1:");
    assert_int_equal(sscanf(at, "127.0.0.1:%u", &port), 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/api", port);
    assert_int_equal(send_scores(url), 204);
    let_files_grow(NULL, terminal_pid(c.terminal), false);
    send_until_full(url);
    terminal_wait(c.terminal, "degraded: the disk is full: events are not accepted until there "
                              "is room");
    terminal_send(c.terminal, "3");
    terminal_wait(c.terminal, "trace:feedback_score"); /* the bucket that is open */
    let_files_grow(NULL, terminal_pid(c.terminal), true);
    terminal_wait(c.terminal, "running on 127.0.0.1:");
    assert_int_equal(send_scores(url), 204);
    console_fixture_remove(&c);
}

static void let_disk_grow(const struct program *p, pid_t serve, bool much)
{
    (void)serve;
    assert_int_equal(mount("none", p->dir, "tmpfs", MS_REMOUNT,
                           much ? "size=64m,mode=700" : "size=1500k,mode=700"),
                     0);
}

static bool write_map(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

/* A small disk, seen by this process and what it starts. False: not here. */
static bool mount_disk(const struct program *p)
{
    char uids[32], gids[32];
    snprintf(uids, sizeof uids, "0 %u 1", (unsigned)geteuid());
    snprintf(gids, sizeof gids, "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_map("/proc/self/setgroups", "deny") &&
           write_map("/proc/self/uid_map", uids) && write_map("/proc/self/gid_map", gids) &&
           mount("none", p->dir, "tmpfs", 0, "size=64m,mode=700") == 0;
}

enum { NOT_HERE = 77 };

static void serve_outlives_a_full_disk(void **state)
{
    struct program p;
    char base[200];
    int status;
    (void)state;
    make_program(&p, base);
    pid_t pid = fork();
    if (pid == 0) {
        if (!mount_disk(&p))
            _exit(NOT_HERE);
        fill_and_empty(&p, let_disk_grow);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    run_dir_remove(base);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE) {
        print_message("no small disk can be mounted here\n");
        skip();
    }
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serve_outlives_files_that_may_not_grow),
        cmocka_unit_test(the_console_says_it_and_when_it_is_over),
        cmocka_unit_test(a_verb_says_it),
        cmocka_unit_test(the_console_stays_alive),
        cmocka_unit_test(serve_outlives_a_full_disk), /* last: it goes on in a child */
    };
    signal(SIGXFSZ, SIG_DFL); /* what started us may have it ignored */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
