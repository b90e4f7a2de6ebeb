/* Secrets are planted wherever the program takes one; then everything it does is done, and
 * all that left it is searched: what it printed, drew and answered, every file, /proc, its
 * memory.
 *
 * Allowed is only: the path and query of a URL in answers of the alerts API, whose clients
 * put them back; and in the memory of `serve` the API key, a setting that it needs, and what
 * OpenSSL read of a client's key file (through a buffer of stdio, which is not wiped). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "support/http_client.h"
#include "support/plant.h"
#include "support/program.h"
#include "support/terminal.h"

enum { URL_BITS = 1u << CANARY_PATH | 1u << CANARY_QUERY };

struct world {
    struct program *p;   /* data directory and config: searched */
    char plant[256];     /* where the secrets come from: not searched */
    char temporary[256]; /* TMPDIR of the programs: searched */
    char tools[256];     /* an editor and a tmux that tell what they were given: searched */
    struct receiver *echo;  /* says back all that a request carried */
    struct receiver *pages; /* the same, of a PagerDuty event */
    struct run_child serve;
    char url[128]; /* of the intake */
    struct canary_search search;
    char general[64], pager[64];
};

static void fail_on_hits(struct world *w)
{
    if (w->search.hits.len) {
        fputs(buf_text(&w->search.hits), stderr);
        fail();
    }
    print_message("%zu bytes searched\n", w->search.bytes);
}

/* ---------------------------------------------------------------- planting */

static void write_plant(const struct world *w, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", w->plant, name);
    run_write_file(path, text, 0600);
}

static void write_tool(const struct world *w, const char *name, const char *script)
{
    char path[300], text[1024];
    snprintf(path, sizeof path, "%s/%s", w->tools, name);
    snprintf(text, sizeof text, "#!/bin/sh\nout=%s/%s.out\n%s", w->tools, name, script);
    run_write_file(path, text, 0700);
}

static void write_settings(const struct world *w)
{
    char text[1024];
    snprintf(text, sizeof text,
             "[intake]\nlisten = 127.0.0.1:0\napi_key = file:%s/api-key\n"
             "[debounce]\nwindow = 100ms\n[retry]\nmax = 1\ninitial = 50ms\n"
             "[delivery]\ntimeout = 3s\n",
             w->plant);
    run_write_file(w->p->config, text, 0600);
    snprintf(text, sizeof text, "xyz%sxyz\n", CANARIES[CANARY_API_KEY].text);
    write_plant(w, "api-key", text);
    snprintf(text, sizeof text, "xyz%sxyz\n", CANARIES[CANARY_PASSPHRASE].text);
    write_plant(w, "passphrase", text);
    snprintf(text, sizeof text,
             "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n",
             CANARIES[CANARY_CLIENT].text);
    write_plant(w, "client.pem", text);
    snprintf(text, sizeof text, "xyz%sxyz\n", CANARIES[CANARY_TOKEN].text);
    write_plant(w, "token", text);
}

static int set_up(void **state)
{
    void *program;
    struct world *w = calloc(1, sizeof *w);
    if (!w || program_setup(&program) != 0)
        return -1;
    w->p = program;
    canary_init(&w->search, CANARIES, CANARY_COUNT);
    run_dir_make(w->plant, sizeof w->plant);
    run_dir_make(w->temporary, sizeof w->temporary);
    run_dir_make(w->tools, sizeof w->tools);
    setenv("TMPDIR_BEFORE", getenv("TMPDIR") ? getenv("TMPDIR") : "", 1);
    setenv("TMPDIR", w->temporary, 1);
    write_settings(w);
    write_tool(w, "editor",
               "cat /proc/$$/environ /proc/$$/cmdline \"$1\" >> $out\n"
               "ls -l \"$1\" >> $out\nexit 0\n");
    write_tool(w, "tmux", "cat /proc/$$/environ /proc/$$/cmdline - >> $out\n");
    w->echo = plant_echo();
    w->pages = plant_pages();
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    void *program = w->p;
    run_kill(&w->serve);
    receiver_stop(&w->echo);
    receiver_stop(&w->pages);
    setenv("TMPDIR", getenv("TMPDIR_BEFORE"), 1);
    if (!*getenv("TMPDIR"))
        unsetenv("TMPDIR");
    run_dir_remove(w->plant);
    run_dir_remove(w->temporary);
    run_dir_remove(w->tools);
    program_teardown(&program);
    canary_free(&w->search);
    free(w);
    return 0;
}

/* ---------------------------------------------------------------- calls and requests */

static void look_at_run(struct world *w, const char *words, const struct run *r)
{
    canary_in_text(&w->search, words, r->out);
    canary_in_text(&w->search, words, r->err);
}

/* A call whose output is searched; status -2: any. */
static void call(struct world *w, int status, const char *in, const char *words)
{
    struct run r;
    program_run(w->p, &r, in, words);
    if (status != -2 && r.status != status)
        fail_msg("%s: %d, not %d\n%s%s", words, r.status, status, r.out, r.err);
    look_at_run(w, words, &r);
    run_free(&r);
}

static void call_with(struct world *w, int status, const char *in, const char *format,
                      const char *argument)
{
    char words[400];
    snprintf(words, sizeof words, format, argument);
    call(w, status, in, words);
}

static void create(struct world *w, const char *json, char id[64])
{
    program_create(w->p, json, id);
    canary_in_text(&w->search, "alert create", id);
}

/* To the intake, with the key. The answer is searched: URLs may stand in those of alerts.
 */
static int ask(struct world *w, const char *method, const char *path, const char *body)
{
    struct http_client c;
    struct http_answer a;
    char headers[256], port[8];
    assert_int_equal(sscanf(w->url, "http://127.0.0.1:%7[0-9]", port), 1);
    snprintf(headers, sizeof headers, "Authorization: xyz%sxyz\r\n%s",
             CANARIES[CANARY_API_KEY].text,
             body ? "Content-Type: application/json\r\n" : "");
    http_open(&c, (uint16_t)atoi(port));
    http_send_request(&c, method, path, headers, span_of(body));
    assert_true(http_read(&c, &a));
    w->search.allowed = URL_BITS;
    canary_in(&w->search, path, buf_span(&a.head));
    canary_in(&w->search, path, buf_span(&a.body));
    w->search.allowed = 0;
    int status = a.status;
    http_answer_free(&a);
    http_close(&c);
    return status;
}

static void expect(struct world *w, int status, const char *method, const char *path,
                   const char *body)
{
    int got = ask(w, method, path, body);
    if (got != status)
        fail_msg("%s %s: %d, not %d", method, path, got, status);
}

/* ---------------------------------------------------------------- what is done */

static void echo_url(const struct world *w, char out[128])
{
    receiver_url(w->echo, "", out, 128);
}

static void make_alerts(struct world *w)
{
    char json[4096], base[128], more[700], closed[64], tls[160], id[64];
    echo_url(w, base);
    plant_alert("General", base, "", json, sizeof json);
    create(w, json, w->general);
    plant_alert("By API", base, "", json, sizeof json);
    expect(w, 201, "POST", "/api/v1/private/alerts", json);
    snprintf(closed, sizeof closed, "http://127.0.0.1:%d", receiver_closed_port());
    plant_alert("Refused", closed, "", json, sizeof json);
    create(w, json, id);
    snprintf(tls, sizeof tls, "https%s", base + strlen("http"));
    plant_alert("No TLS", tls, "", json, sizeof json);
    create(w, json, id);
    snprintf(more, sizeof more,
             ",\"tls_client_cert\":\"%s/client.pem\",\"tls_client_key\":\"%s/client.pem\"",
             w->plant, w->plant);
    plant_alert("Bad key", tls, more, json, sizeof json);
    create(w, json, id);
}

static void make_pagerduty(struct world *w)
{
    char json[4096], base[128];
    receiver_url(w->pages, "", base, sizeof base);
    plant_pagerduty(base, json, sizeof json);
    create(w, json, w->pager);
    call_with(w, 1, NULL, "alert test %s", w->pager);
}

/* What is said of a secret that is given wrongly must not repeat it. */
static void make_mistakes(struct world *w)
{
    char json[1024], victim[64];
    create(w, "{\"name\":\"Victim\",\"webhook\":{\"url\":\"http://h/\"}}", victim);
    for (size_t i = 0; plant_mistake(i, json, sizeof json); i++) {
        call(w, -2, json, "alert create -");
        call(w, -2, json, "alert import -");
        call_with(w, -2, json, "alert update %s -", victim);
        ask(w, "POST", "/api/v1/private/alerts", json);
        ask(w, "POST", "/api/v1/private/alerts/webhooks/tests", json);
    }
    snprintf(json, sizeof json, "--set=intake.api_key=%s config",
             CANARIES[CANARY_API_KEY].text);
    struct run r;
    program_expect(w->p, &r, 2, NULL, json);
    look_at_run(w, "--set=intake.api_key", &r);
    run_free(&r);
    snprintf(json, sizeof json, "config --set=delivery.proxy=http://u:%s@127.0.0.1:1",
             CANARIES[CANARY_USERINFO].text);
    call(w, -2, NULL, json);
}

static void send_events(struct world *w, int round)
{
    char json[512];
    for (int i = 0; i < 3; i++) {
        snprintf(json, sizeof json,
                 "{\"traces\":[{\"id\":\"0193a000-0000-7000-8000-0000000%03d%02d\","
                 "\"name\":\"t\",\"start_time\":\"2026-01-01T00:00:00Z\","
                 "\"error_info\":{\"exception_type\":\"E\",\"traceback\":\"t\"}}]}",
                 round, i);
        expect(w, 204, "POST", "/api/v1/private/traces/batch", json);
    }
}

/* Until nothing waits and nothing is to be sent. */
static void wait_for_ends(struct world *w)
{
    for (int i = 0; i < 400; i++) {
        json_t *counts = program_json(w->p, "doctor --json");
        bool done = json_integer_value(json_object_get(counts, "waiting")) == 0 &&
                    json_integer_value(json_object_get(counts, "accepted")) > 0;
        json_decref(counts);
        if (done)
            return;
        usleep(50000);
    }
    fail_msg("deliveries do not end");
}

static void look_at_deliveries(struct world *w)
{
    char path[80];
    json_t *list = program_json(w->p, "delivery list --json"), *item;
    size_t i;
    assert_true(json_array_size(list) >= 6);
    json_array_foreach(list, i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));
        call_with(w, 0, NULL, "delivery show %s", id);
        call_with(w, 0, NULL, "delivery show %s --json", id);
        snprintf(path, sizeof path, "delivery replay %s", id);
        if (i == 0)
            call(w, 0, NULL, path);
    }
    json_decref(list);
}

static void look_at_all(struct world *w)
{
    static const char *const words[] = {
        "alert list", "alert list --json", "delivery list", "delivery list --json", "log",
        "log --json", "bucket list", "bucket list --json", "activity", "activity --json",
        "doctor", "doctor --json", "audit", "audit --json", "silence list", "config",
        "config --json", "alert export", "alert export --json", "--help", "man",
        "explain --help"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        call(w, 0, NULL, words[i]);
    call_with(w, 0, NULL, "alert show %s", w->general);
    call_with(w, 0, NULL, "alert show %s --json", w->general);
    call_with(w, 0, NULL, "alert show %s --json", w->pager);
    call(w, 0, "{\"event_type\":\"trace:errors\",\"entity\":{}}", "explain");
    call(w, 0, "{\"event_type\":\"trace:errors\",\"entity\":{}}", "explain --json");
    call_with(w, 1, NULL, "alert test %s", w->general);
    call_with(w, 1, NULL, "alert test %s --json", w->general);
    look_at_deliveries(w);
}

static void ask_all(struct world *w)
{
    char path[128], json[4096], base[128];
    echo_url(w, base);
    snprintf(path, sizeof path, "/api/v1/private/alerts/%s", w->general);
    expect(w, 200, "GET", path, NULL);
    expect(w, 200, "GET", "/api/v1/private/alerts?size=100", NULL);
    plant_alert("General", base, "", json, sizeof json);
    expect(w, 204, "PUT", path, json);
    expect(w, 200, "POST", "/api/v1/private/alerts/webhooks/tests", json);
    expect(w, 200, "GET", "/api/v1/private/alerts/webhooks/examples", NULL);
    expect(w, 200, "GET", "/metrics", NULL);
    expect(w, 200, "GET", "/readyz", NULL);
}

/* Sealed under the passphrase, and back into the same store. */
static void export_and_import(struct world *w)
{
    struct run r;
    char words[800], file[400];
    snprintf(words, sizeof words, "alert export --secrets=%s/passphrase", w->plant);
    program_expect(w->p, &r, 0, NULL, words);
    look_at_run(w, "alert export --secrets", &r);
    snprintf(file, sizeof file, "%s/exported.json", w->p->dir);
    run_write_file(file, r.out, 0600);
    snprintf(words, sizeof words, "alert import %s --dry-run --secrets=%s/passphrase", file,
             w->plant);
    call(w, 0, NULL, words);
    snprintf(words, sizeof words, "alert import %s --secrets=%s/passphrase", file,
             w->plant);
    call(w, 0, NULL, words);
    snprintf(words, sizeof words, "alert import %s", file);
    call(w, 1, NULL, words);
    snprintf(words, sizeof words, "alert import %s --secrets=%s/token", file, w->plant);
    call(w, 1, NULL, words); /* a wrong passphrase */
    run_free(&r);
    snprintf(file, sizeof file,
             "{\"name\":\"By file\",\"webhook\":{\"url\":\"http://127.0.0.1:1/\","
             "\"secret_token\":\"file:%s/token\"}}",
             w->plant);
    call(w, 0, file, "alert import -");
}

/* ---------------------------------------------------------------- the console */

static void start_console(struct world *w, struct terminal **t, bool in_tmux)
{
    char path[600], editor[300], home[300], data[300], config[340], temporary[300];
    snprintf(path, sizeof path, "PATH=%s:%s", w->tools, getenv("PATH"));
    snprintf(editor, sizeof editor, "EDITOR=%s/editor", w->tools);
    snprintf(home, sizeof home, "HOME=%s", w->temporary);
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", w->temporary);
    snprintf(data, sizeof data, "--data-dir=%s", w->p->dir);
    snprintf(config, sizeof config, "--config=%s", w->p->config);
    const char *env[] = {path, editor, home, temporary, in_tmux ? "TMUX=/none,1,0" : NULL,
                         NULL};
    char *const argv[] = {getenv("OPIK_ALERTS"), data, config, NULL};
    const struct terminal_options options = {
        .rows = 50, .columns = 200, .env = env, .keep = true};
    *t = terminal_start(&options, argv);
    terminal_wait(*t, "standby");
}

static void walk_through(struct terminal *t)
{
    static const char *const screens[] = {"2", "3", "4", "5", "6", "7", "1"};
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++)
        terminal_type(t, screens[i]);
    terminal_wait(t, "General");
    terminal_type(t, "/name~General\r");
    terminal_type(t, "e"); /* the form of an alert with every secret, opened and left */
    terminal_wait(t, "Endpoint URL");
    terminal_wait(t, "Secret token");
    for (int i = 0; i < 12; i++)
        terminal_type(t, "\t");
    terminal_type(t, "\024"); /* ^T */
    terminal_wait(t, "500");
    terminal_type(t, "q");
    terminal_type(t, "\033");
    terminal_settle(t, 100);
    terminal_wait(t, "General");
    terminal_type(t, "t");
    terminal_wait(t, "500");
    terminal_type(t, "q");
}

static void open_delivery(struct terminal *t)
{
    terminal_type(t, "2");
    terminal_settle(t, 100);
    terminal_type(t, "/status:dead alert:General\r");
    terminal_settle(t, 200);
    terminal_type(t, "\r");
    terminal_wait(t, "Cannot POST");
    terminal_type(t, "c");
    terminal_wait(t, "curl");
    terminal_type(t, "y");
    terminal_settle(t, 200);
    terminal_type(t, "e");
    terminal_settle(t, 500);
    terminal_type(t, "\033");
    terminal_settle(t, 100);
}

/* Secrets typed as a person would, and an export into a file. */
static void type_secrets(struct world *w, struct terminal *t)
{
    char text[300];
    terminal_type(t, "1n");
    terminal_wait(t, "New alert");
    terminal_type(t, "Typed\t\t\thttp://127.0.0.1:1/hook\007");
    terminal_wait(t, "Add trigger");
    terminal_type(t, "\r");
    terminal_wait(t, "all projects");
    terminal_type(t, "\017"); /* ^O: advanced */
    terminal_wait(t, "Secret token");
    snprintf(text, sizeof text, "\txyz%sxyz", CANARIES[CANARY_TOKEN].text);
    terminal_type(t, text);
    terminal_type(t, "\023"); /* ^S */
    terminal_wait(t, "saved Typed");
    snprintf(text, sizeof text, "X\025%s/out.json\r", w->p->dir);
    terminal_type(t, text);
    terminal_wait(t, "written to");
    snprintf(text, sizeof text, "%s/out.json", w->p->dir);
    assert_int_equal(access(text, R_OK), 0);
}

static void use_console(struct world *w, bool in_tmux)
{
    struct terminal *t;
    start_console(w, &t, in_tmux);
    walk_through(t);
    open_delivery(t);
    if (in_tmux)
        type_secrets(w, t);
    canary_in_process(&w->search, terminal_pid(t));
    kill(terminal_pid(t), SIGSEGV);
    assert_int_equal(terminal_exit(t), 128 + SIGSEGV);
    canary_in(&w->search, in_tmux ? "the console in tmux" : "the console",
              terminal_bytes(t));
    terminal_free(&t);
}

/* ---------------------------------------------------------------- afterwards */

static void look_at_files(struct world *w)
{
    assert_true(canary_in_tree(&w->search, w->p->dir) >= 3);
    canary_in_tree(&w->search, w->temporary);
    assert_true(canary_in_tree(&w->search, w->tools) >=
                4); /* both told what they were given */
}

static void delete_all(struct world *w)
{
    struct buf words;
    json_t *list = program_json(w->p, "alert list --json"), *item;
    size_t i;
    buf_init(&words, BUF_UNLIMITED);
    buf_add_text(&words, "alert delete");
    json_array_foreach(list, i, item)
    {
        buf_add_char(&words, ' ');
        buf_add_text(&words, json_string_value(json_object_get(item, "id")));
    }
    call(w, 0, NULL, buf_text(&words));
    buf_free(&words);
    json_decref(list);
}

static void vacuum(const struct world *w)
{
    sqlite3 *db;
    char path[300];
    snprintf(path, sizeof path, "%s/store.db", w->p->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "VACUUM", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* The alerts are gone, and soon their secrets from where they were used. */
static void look_at_memory(struct world *w)
{
    struct canary_search memory;
    canary_init(&memory, CANARIES, CANARY_COUNT);
    memory.allowed = 1u << CANARY_API_KEY | 1u << CANARY_CLIENT;
    for (int i = 0; i < 100; i++) {
        buf_clear(&memory.hits);
        if (!canary_in_memory(&memory, w->serve.pid))
            print_message("memory of another process cannot be read here\n");
        if (!memory.hits.len)
            break;
        usleep(50000);
    }
    buf_add_span(&w->search.hits, buf_span(&memory.hits));
    canary_free(&memory);
}

static void nothing_leaves(void **state)
{
    struct world *w = *state;
    struct run_child follow;
    program_serve(w->p, &w->serve, "", w->url);
    program_start(w->p, &follow, "log --follow");
    make_alerts(w);
    make_pagerduty(w);
    make_mistakes(w);
    send_events(w, 1);
    wait_for_ends(w);
    look_at_all(w);
    ask_all(w);
    export_and_import(w);
    use_console(w, true);
    use_console(w, false);
    canary_in_process(&w->search, w->serve.pid);
    look_at_files(w);
    delete_all(w);
    look_at_files(w);
    kill(follow.pid, SIGTERM);
    run_wait_end(&follow, RUN_DEADLINE_MS);
    canary_in_text(&w->search, "log --follow", follow.out);
    run_kill(&follow);
    look_at_memory(w);
    kill(w->serve.pid, SIGTERM);
    assert_int_equal(run_wait_end(&w->serve, RUN_DEADLINE_MS), 0);
    canary_in_text(&w->search, "serve", w->serve.out);
    canary_in_text(&w->search, "serve's errors", w->serve.err);
    look_at_files(w);
    call(w, 0, NULL, "rekey");
    vacuum(w);
    look_at_files(w);
    fail_on_hits(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_leaves, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
