/* serve: one process after the other, and what it delivers. */
#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/program.h"
#include "support/receiver.h"

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* One request on a connection of its own; the status, -1: no connection. */
static int post(const char *url, const char *path, const char *body)
{
    unsigned port = 0;
    char text[4096], answer[4096];
    int status = -1;
    assert_int_equal(sscanf(url, "http://127.0.0.1:%u/api", &port), 1);
    struct sockaddr_in at = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int len = snprintf(text, sizeof text,
                       "POST /api%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       path, port, strlen(body), body);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        send(fd, text, (size_t)len, MSG_NOSIGNAL) == len) {
        ssize_t n = recv(fd, answer, sizeof answer - 1, MSG_WAITALL);
        answer[n > 0 ? n : 0] = 0;
        if (sscanf(answer, "HTTP/1.1 %d", &status) != 1)
            status = -1;
    }
    close(fd);
    return status;
}

static void serve_says_where_and_stops_in_order(void **state)
{
    const struct program *p = *state;
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        struct run_child c;
        char url[128], line[160];
        program_serve(p, &c, "", url);
        assert_int_equal(post(url, "/v1/private/traces/batch", "{\"traces\":[]}") / 100, 2);
        kill(c.pid, signals[i]);
        assert_int_equal(run_wait_end(&c, RUN_DEADLINE_MS), 0);
        snprintf(line, sizeof line, "listening on %s\n", url);
        assert_string_equal(c.out, line);
        run_kill(&c);
    }
}

/* Its work is to receive and to deliver: that goes on, and the address is said elsewhere. */
static void serve_needs_no_standard_output(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    char command[1024];
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    snprintf(command, sizeof command,
             "exec $OPIK_ALERTS --data-dir %s --config %s serve >/dev/full", p->dir, p->config);
    run_start(&c, argv);
    program_wait_err(&c, "opik-alerts: standard output could not be written");
    program_wait_err(&c, "opik-alerts: listening on http://127.0.0.1:");
    kill(c.pid, SIGTERM);
    assert_int_equal(run_wait_end(&c, RUN_DEADLINE_MS), 0);
    run_kill(&c);
}

static void serve_on_a_busy_port_fails_in_words(void **state)
{
    const struct program *p = *state;
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    char words[100], port[20];
    struct run r;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(port, sizeof port, ": %u\n", ntohs(at.sin_port));
    snprintf(words, sizeof words, "serve --set intake.listen=127.0.0.1:%u",
             ntohs(at.sin_port));
    program_expect(p, &r, 1, NULL, words);
    assert_string_equal(r.out, "");
    assert_non_null(strstr(r.err, port));
    assert_non_null(strstr(r.err, "port in use by "));
    run_free(&r);
    close(fd);
}

static void serve_is_what_runs_without_a_terminal(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    program_start(p, &c, "");
    program_wait_out(&c, "listening on http://");
    program_wait_err(&c, "no terminal: running as serve");
    kill(c.pid, SIGTERM);
    assert_int_equal(run_wait_end(&c, RUN_DEADLINE_MS), 0);
    run_kill(&c);
}

static void standby_takes_over_from_a_killed_one(void **state)
{
    const struct program *p = *state;
    struct run_child first, second;
    char url[128], pid[40];
    program_serve(p, &first, "", url);
    program_start(p, &second, "serve");
    snprintf(pid, sizeof pid, "process %ld ", (long)first.pid);
    program_wait_err(&second, "waiting");
    program_wait_err(&second, pid);
    assert_string_equal(second.out, "");
    run_kill(&first);
    program_wait_out(&second, "\n");
    assert_int_equal(sscanf(second.out, "listening on %127s", url), 1);
    assert_int_equal(post(url, "/v1/private/traces/batch", "{\"traces\":[]}") / 100, 2);
    kill(second.pid, SIGTERM);
    assert_int_equal(run_wait_end(&second, RUN_DEADLINE_MS), 0);
    run_kill(&second);
}

static void standby_keeps_the_port_of_a_killed_one(void **state)
{
    const struct program *p = *state;
    struct run_child first, second;
    char url[128], words[100], expected[160];
    unsigned port;
    program_serve(p, &first, "", url);
    assert_int_equal(sscanf(url, "http://127.0.0.1:%u/api", &port), 1);
    snprintf(words, sizeof words, "serve --set intake.listen=127.0.0.1:%u", port);
    program_start(p, &second, words);
    program_wait_err(&second, "waiting");
    run_kill(&first);
    snprintf(expected, sizeof expected, "listening on %s\n", url);
    program_wait_out(&second, expected);
    run_kill(&second);
}

static void standby_stops_in_order(void **state)
{
    const struct program *p = *state;
    struct run_child first, second;
    char url[128];
    program_serve(p, &first, "", url);
    program_start(p, &second, "serve");
    program_wait_err(&second, "waiting");
    kill(second.pid, SIGTERM);
    assert_int_equal(run_wait_end(&second, RUN_DEADLINE_MS), 0);
    assert_string_equal(second.out, "");
    run_kill(&second);
    run_kill(&first);
}

static void hup_reads_the_settings_again(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    char url[128];
    program_serve(p, &c, "", url);
    run_write_file(p->config, "[retry]\nmax = x\n", 0600);
    kill(c.pid, SIGHUP);
    program_wait_err(&c, "config.ini:2: retry.max");
    run_write_file(p->config, "[retry]\nmax = 1\n[intake]\nlisten = localhost:0\n", 0600);
    kill(c.pid, SIGHUP);
    program_wait_err(&c, "the settings were read again");
    program_wait_err(&c, "listening on http://");
    kill(c.pid, SIGTERM);
    assert_int_equal(run_wait_end(&c, RUN_DEADLINE_MS), 0);
    assert_null(strstr(strchr(c.out, '\n') + 1, "listening"));
    run_kill(&c);
}

/* As an editor, or a console that only attaches, leaves it: a new file in the old one's place. */
static void a_changed_file_is_read_again_by_itself(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    char url[128], next[600];
    program_serve(p, &c, "", url);
    snprintf(next, sizeof next, "%s.new", p->config);
    run_write_file(next, "[retry]\nmax = x\n", 0600);
    assert_int_equal(rename(next, p->config), 0);
    program_wait_err(&c, "config.ini:2: retry.max");
    assert_null(strstr(c.err, "read again"));
    run_write_file(p->config, "[intake]\nlisten = localhost:0\n", 0600);
    program_wait_err(&c, "the settings were read again");
    program_wait_err(&c, "listening on http://");
    run_kill(&c);
}

static const char dead_end[] =
    "{\"name\":\"To nobody\",\"webhook\":{\"url\":\"http://127.0.0.1:9/\"},"
    "\"triggers\":[{\"event_type\":\"trace:errors\"}]}";
static const char failed_trace[] =
    "{\"traces\":[{\"id\":\"0190b2c0-1111-7000-8000-000000000001\",\"name\":\"t\","
    "\"start_time\":\"2026-01-02T03:04:05Z\","
    "\"error_info\":{\"exception_type\":\"E\",\"traceback\":\"t\"}}]}";

/* The member of what doctor says; it must find no difference. */
static void expect_account(const struct program *p, const char *member, int64_t value)
{
    json_t *account = program_json(p, "doctor --json");
    if (json_integer_value(json_object_get(account, member)) != value)
        fail_msg("%s is not %lld: %s", member, (long long)value, json_dumps(account, 0));
    assert_int_equal(json_integer_value(json_object_get(account, "difference")), 0);
    json_decref(account);
}

static void bucket_is_listed_while_it_waits(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    char url[128], id[64], words[100];
    struct run r;
    program_serve(p, &c, "--set debounce.window=1h", url);
    program_create(p, dead_end, id); /* a change by another process is seen at once */
    assert_int_equal(post(url, "/v1/private/traces/batch", failed_trace) / 100, 2);
    json_t *list = program_json(p, "bucket list --json");
    assert_int_equal(json_array_size(list), 1);
    json_t *bucket = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(bucket, "alert_id")), id);
    assert_int_equal(json_integer_value(json_object_get(bucket, "events")), 1);
    json_decref(list);
    program_expect(p, &r, 0, NULL, "bucket list");
    assert_non_null(strstr(r.out, "alert_bucket:"));
    run_free(&r);
    expect_account(p, "waiting", 1);
    snprintf(words, sizeof words, "alert delete %s", id);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    expect_account(p, "dropped", 1);
    run_kill(&c);
}

static void delivery_is_logged_shown_and_replayed(void **state)
{
    const struct program *p = *state;
    struct run_child c, log;
    char url[128], id[64], words[200];
    struct run r;
    program_serve(p, &c, "--set debounce.window=100ms --set retry.max=0", url);
    program_create(p, dead_end, id);
    program_start(p, &log, "log --follow --json");
    assert_int_equal(post(url, "/v1/private/traces/batch", failed_trace) / 100, 2);
    program_wait_out(&log, "\n");
    json_t *row = json_loads(log.out, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(row);
    assert_string_equal(json_string_value(json_object_get(row, "alert_id")), id);
    json_decref(row);
    json_t *list = program_json(p, "delivery list --json");
    assert_int_equal(json_array_size(list), 1);
    json_t *d = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(d, "state")), "dead");
    snprintf(id, sizeof id, "%s", json_string_value(json_object_get(d, "id")));
    snprintf(words, sizeof words, "delivery show %s --json", id);
    json_t *shown = program_json(p, words);
    assert_int_equal(json_array_size(json_object_get(shown, "attempts")), 1);
    assert_true(json_equal(d, shown)); /* the list says no less of each */
    json_decref(shown);
    json_decref(list);
    snprintf(words, sizeof words, "delivery replay %s %s --json", id, id);
    list = program_json(p, words);
    assert_int_equal(json_array_size(list), 1); /* named twice is sent once */
    json_decref(list);
    const char *second = strchr(log.out, '\n') + 1;
    size_t seen = (size_t)(second - log.out);
    while (log.out_len == seen)
        program_wait_out(&log, "\n{");
    kill(log.pid, SIGINT);
    assert_int_equal(run_wait_end(&log, RUN_DEADLINE_MS), 0);
    program_expect(p, &r, 0, NULL, "log");
    assert_non_null(strstr(r.out, "To nobody"));
    run_free(&r);
    expect_account(p, "dead", 1);
    program_expect(p, &r, 0, NULL, "delivery list");
    assert_non_null(strstr(r.out, id));
    run_free(&r);
    run_kill(&log);
    run_kill(&c);
}

/* Disabling an alert ends what waits to be tried again: the log must not promise more. */
static void a_retry_that_will_never_come_is_logged_as_dead(void **state)
{
    const struct program *p = *state;
    struct run_child c, log;
    char url[128], id[64], words[100];
    struct run r;
    program_serve(p, &c,
                  "--set debounce.window=100ms --set retry.initial=1h "
                  "--set retry.max_delay=1h",
                  url);
    program_create(p, dead_end, id);
    program_start(p, &log, "log --follow");
    assert_int_equal(post(url, "/v1/private/traces/batch", failed_trace) / 100, 2);
    program_wait_out(&log, "retrying");
    run_kill(&log);
    snprintf(words, sizeof words, "alert disable %s", id);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    program_expect(p, &r, 0, NULL, "log");
    assert_null(strstr(r.out, "retrying"));
    assert_non_null(
        strstr(r.out, "attempt 1/4  connection refused  dead: the alert was disabled"));
    run_free(&r);
    program_expect(p, &r, 0, NULL, "log --json");
    json_t *row = json_loads(r.out, JSON_DISABLE_EOF_CHECK, NULL);
    assert_string_equal(json_string_value(json_object_get(row, "state")), "dead");
    assert_null(json_object_get(row, "next_at"));
    json_decref(row);
    run_free(&r);
    run_kill(&c);
}

static void all_that_pass_a_filter_are_replayed(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    char url[128], id[64];
    struct run r;
    program_serve(p, &c, "--set debounce.window=100ms --set retry.max=0", url);
    program_create(p, dead_end, id);
    program_create(p, dead_end, id);
    assert_int_equal(post(url, "/v1/private/traces/batch", failed_trace) / 100, 2);
    json_t *dead;
    while (json_array_size(dead = program_json(p, "delivery list --filter status:dead --json")) < 2)
        json_decref(dead);
    char both[200];
    snprintf(both, sizeof both, "delivery show %s %s",
             json_string_value(json_object_get(json_array_get(dead, 0), "id")),
             json_string_value(json_object_get(json_array_get(dead, 1), "id")));
    program_expect(p, &r, 0, NULL, both);
    assert_non_null(strstr(strstr(r.out, "state        dead") + 1, "state        dead"));
    run_free(&r);
    json_decref(dead);
    dead = program_json(p, "delivery replay --filter status:dead --dry-run --json");
    assert_int_equal(json_array_size(dead), 2);
    json_decref(dead);
    json_t *list = program_json(p, "delivery list --filter status:dead --json");
    assert_int_equal(json_array_size(list), 2); /* nothing was done */
    json_decref(list);
    /* One a second: the second one is still to come when the verb answers. */
    program_expect(p, &r, 0, NULL,
                   "delivery replay --filter status:dead --set delivery.replay_rate=1");
    assert_non_null(strstr(r.out, "again in "));
    run_free(&r);
    expect_account(p, "difference", 0);
    program_expect(p, &r, 0, NULL, "delivery replay --filter alert:somebody");
    assert_non_null(strstr(r.err, "no delivery that has ended passes"));
    run_free(&r);
    program_expect(p, &r, 0, NULL, "delivery replay --filter alert:somebody --json");
    assert_string_equal(r.out, "[]\n"); /* nothing, but JSON */
    run_free(&r);
    program_expect(p, &r, 2, NULL, "delivery replay");
    run_free(&r);
    program_expect(p, &r, 2, NULL, "delivery replay --filter status:dead X");
    run_free(&r);
    run_kill(&c);
}

static void send_goes_through_the_running_intake(void **state)
{
    static const char events[] =
        "{\"event_type\":\"trace:errors\",\"project_name\":\"shop\",\"entity\":"
        "{\"id\":\"0190b2c0-2222-7000-8000-000000000001\",\"input\":1e400,\"n\":"
        "123456789012345678901234567890}}\n\n"
        "{\"event_type\":\"trace:errors\",\"user\":\"ana\",\"entity\":"
        "{\"id\":\"0190b2c0-2222-7000-8000-000000000002\"}}\n";
    const struct program *p = *state;
    struct run_child c;
    char url[128], id[64];
    struct run r;
    program_serve(p, &c, "--set debounce.window=1h", url);
    program_create(p, dead_end, id);
    program_expect(p, &r, 0, events, "send --json");
    assert_string_equal(r.out, "{\"events\":2}\n");
    run_free(&r);
    json_t *list = program_json(p, "bucket list --json");
    json_t *bucket = json_array_get(list, 0);
    assert_int_equal(json_integer_value(json_object_get(bucket, "events")), 2);
    json_decref(list);
    program_expect(p, &r, 1, events,
                   "send --set intake.listen=127.0.0.1:9 --data-dir /nonexistent");
    run_free(&r);
    run_kill(&c);
}

/* The users of the one webhook of what is sent. */
static json_t *users_of(const struct program *p, struct receiver *receiver, const char *events)
{
    char words[200];
    struct run r;
    program_expect(p, &r, 0, events, "send");
    run_free(&r);
    json_t *list = program_json(p, "bucket list --json");
    const char *key = json_string_value(json_object_get(json_array_get(list, 0), "key"));
    snprintf(words, sizeof words, "bucket send %s", key ? key : "");
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    json_decref(list);
    assert_true(receiver_wait(receiver, 1, RUN_DEADLINE_MS));
    json_t *body = json_loads(receiver_request(receiver, 0)->body, 0, NULL);
    json_t *users = json_incref(json_object_get(json_object_get(body, "payload"), "userNames"));
    json_decref(body);
    return users;
}

/* Who sends, where a line does not say somebody: not the intake's own name for others. */
static void what_is_sent_is_of_who_sends_it(void **state)
{
    static const char events[] =
        "{\"event_type\":\"trace:errors\",\"user\":null,\"entity\":{\"id\":\"1\"}}\n"
        "{\"event_type\":\"trace:errors\",\"entity\":{\"id\":\"2\"},\"user\":\"\"}\n"
        "{\"event_type\":\"trace:errors\",\"entity\":{\"id\":\"3\"}}\n"
        "{\"user\":\"ana\",\"event_type\":\"trace:errors\",\"entity\":{\"id\":\"4\"}}\n"
        "{\"user\":\"ana\",\"event_type\":\"trace:errors\",\"us\\u0065r\":null,"
        "\"entity\":{\"id\":\"5\"}}\n";
    const struct program *p = *state;
    const struct passwd *me = getpwuid(geteuid());
    struct receiver *receiver = receiver_start();
    struct run_child c;
    char url[128], id[64], json[300];
    receiver_url(receiver, "/hook", url, sizeof url);
    snprintf(json, sizeof json,
             "{\"name\":\"Prod\",\"webhook\":{\"url\":\"%s\"},\"triggers\":"
             "[{\"event_type\":\"trace:errors\"}]}",
             url);
    program_serve(p, &c, "--set debounce.window=1h", url);
    program_create(p, json, id);
    json_t *users = users_of(p, receiver, events);
    assert_int_equal(json_array_size(users), 2);
    if (me)
        assert_string_equal(json_string_value(json_array_get(users, 0)), me->pw_name);
    assert_string_equal(json_string_value(json_array_get(users, 1)), "ana");
    json_decref(users);
    run_kill(&c);
    receiver_stop(&receiver);
}

static void serves_and_sends_through_a_unix_socket(void **state)
{
    static const char event[] =
        "{\"event_type\":\"trace:errors\",\"entity\":{\"id\":\"1\"}}\n";
    const struct program *p = *state;
    struct run_child c;
    struct run r;
    char words[400], url[128], want[340];
    snprintf(want, sizeof want, "unix:%s/intake.sock", p->dir);
    snprintf(words, sizeof words, "--set intake.listen=%s", want);
    program_serve(p, &c, words, url);
    assert_string_equal(url, want);
    program_expect(p, &r, 0, event, "send"); /* it finds what was announced */
    run_free(&r);
    kill(c.pid, SIGKILL); /* leaves the socket behind */
    run_kill(&c);
    snprintf(words, sizeof words, "send --set intake.listen=%s", want);
    program_expect(p, &r, 1, event, words);
    assert_non_null(strstr(r.err, want));
    assert_non_null(strstr(r.err, "opik-alerts serve"));
    run_free(&r);
    snprintf(words, sizeof words, "--set intake.listen=%s", want);
    program_serve(p, &c, words, url);
    program_expect(p, &r, 0, event, "send");
    run_free(&r);
    kill(c.pid, SIGTERM);
    assert_int_equal(run_wait_end(&c, RUN_DEADLINE_MS), 0);
    assert_int_equal(access(want + strlen("unix:"), F_OK), -1);
    run_kill(&c);
}

static void send_without_an_intake_fails_in_words(void **state)
{
    static const char event[] = "{\"event_type\":\"trace:errors\",\"entity\":{}}\n";
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 1, event, "send");
    assert_non_null(strstr(r.err, "opik-alerts serve"));
    run_free(&r);
    program_expect(p, &r, 1, event, "send --set intake.listen=127.0.0.1:9");
    assert_non_null(strstr(r.err, "opik-alerts serve"));
    run_free(&r);
    program_expect(p, &r, 1, "{\"event_type\":\"trace:errors\"}\n", "send");
    assert_non_null(strstr(r.err, "line 1: entity must be an object; nothing was sent"));
    run_free(&r);
}

static void demo_is_alive_and_leaves_nothing(void **state)
{
    const struct program *p = *state;
    struct run_child c;
    char tmp[300];
    struct run r;
    const char *ls[] = {"/bin/ls", tmp, NULL};
    snprintf(tmp, sizeof tmp, "%s/tmp", p->dir);
    const char *mkdir_[] = {"/bin/mkdir", tmp, NULL};
    run_program(&r, NULL, mkdir_);
    run_free(&r);
    setenv("TMPDIR", tmp, 1);
    program_start(p, &c, "demo");
    bool alive = run_wait_out(&c, "delivered", RUN_DEADLINE_MS);
    kill(c.pid, SIGTERM);
    int status = run_wait_end(&c, RUN_DEADLINE_MS);
    unsetenv("TMPDIR");
    if (!alive || status != 0)
        fail_msg("demo: %d\n%s%s", status, c.out, c.err);
    run_program(&r, NULL, ls);
    assert_string_equal(r.out, "");
    run_free(&r);
    run_kill(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)
        TEST(serve_says_where_and_stops_in_order),
        TEST(serve_needs_no_standard_output),
        TEST(serve_on_a_busy_port_fails_in_words),
        TEST(serve_is_what_runs_without_a_terminal),
        TEST(standby_takes_over_from_a_killed_one),
        TEST(standby_keeps_the_port_of_a_killed_one),
        TEST(standby_stops_in_order),
        TEST(hup_reads_the_settings_again),
        TEST(a_changed_file_is_read_again_by_itself),
        TEST(bucket_is_listed_while_it_waits),
        TEST(delivery_is_logged_shown_and_replayed),
        TEST(a_retry_that_will_never_come_is_logged_as_dead),
        TEST(all_that_pass_a_filter_are_replayed),
        TEST(send_goes_through_the_running_intake),
        TEST(what_is_sent_is_of_who_sends_it),
        TEST(serves_and_sends_through_a_unix_socket),
        TEST(send_without_an_intake_fails_in_words),
        TEST(demo_is_alive_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
