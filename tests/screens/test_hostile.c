/* 200 hostile texts wherever strangers can write: what the console in 4 terminals and 2
 * locales, in tmux, the command line, the log and exports then print is text, never a
 * control. */
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

#include "support/hostile.h"
#include "support/http_client.h"
#include "support/program.h"
#include "support/receiver.h"
#include "support/terminal.h"

struct world {
    struct program *p;
    struct receiver *receiver;
    struct run_child serve;
    char url[128];
    struct buf body, headers; /* of the receiver's answers */
    int accepted;             /* hostile texts that were taken, as names and in events */
};

/* ---------------------------------------------------------------- what strangers write */

/* A header line holds all but what ends it. */
static void make_answer(struct world *w)
{
    buf_init(&w->body, BUF_UNLIMITED);
    buf_init(&w->headers, BUF_UNLIMITED);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        struct buf text;
        buf_init(&text, BUF_UNLIMITED);
        hostile_text(i, &text);
        buf_add_span(&w->body, buf_span(&text));
        buf_add_char(&w->body, '\n');
        if (i % 4 == 0 && !strpbrk(text.data, "\r\n"))
            buf_add_format(&w->headers, "X-%03zu: %s\r\n", i, text.data);
        buf_free(&text);
    }
    w->receiver = receiver_start();
    receiver_answer(w->receiver, (struct receiver_answer){.status = 500,
                                                          .headers = buf_text(&w->headers),
                                                          .body = buf_text(&w->body)});
}

static int ask(struct world *w, const char *headers, const char *path, struct span body)
{
    struct http_client c;
    struct http_answer a;
    char all[512];
    unsigned port;
    size_t at;
    assert_int_equal(sscanf(w->url, "http://127.0.0.1:%u", &port), 1);
    snprintf(all, sizeof all, "Content-Type: application/json\r\n%s",
             headers ? headers : "");
    http_open(&c, (uint16_t)port);
    http_send_request(&c, "POST", path, all, body);
    int status = http_read(&c, &a) ? a.status : -1;
    if (status >= 400 && hostile_in_text(buf_span(&a.body), &at))
        fail_msg("%s: %s in %s", path, hostile_in_text(buf_span(&a.body), &at),
                 buf_text(&a.body));
    http_answer_free(&a);
    http_close(&c);
    return status;
}

static void make_alert(struct world *w, size_t i, const char *url)
{
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    buf_add_text(&json, "{\"name\":");
    hostile_json(i, &json);
    buf_add_format(&json,
                   ",\"webhook\":{\"url\":\"%s\",\"headers\":{\"X-Plain\":\"value\"}},"
                   "\"triggers\":[{\"event_type\":\"%s\"}]}",
                   url, i % 2 ? "trace:errors" : "trace:feedback_score");
    w->accepted += ask(w, NULL, "/api/v1/private/alerts", buf_span(&json)) == 201;
    buf_free(&json);
}

/* Names of headers and workspaces, URLs and prompts: most are refused, in words. */
static void try_others(struct world *w, size_t i)
{
    struct buf json, header;
    buf_init(&json, BUF_UNLIMITED);
    buf_init(&header, BUF_UNLIMITED);
    buf_add_text(
        &json,
        "{\"name\":\"x\",\"webhook\":{\"url\":\"http://127.0.0.1:1/\",\"headers\":{");
    hostile_json(i, &json);
    buf_add_text(&json, ":\"v\"}},\"triggers\":[]}");
    ask(w, NULL, "/api/v1/private/alerts", buf_span(&json));
    buf_clear(&json);
    buf_add_text(&json, "{\"name\":\"x\",\"webhook\":{\"url\":");
    hostile_json(i, &json);
    buf_add_text(&json, "},\"triggers\":[]}");
    ask(w, NULL, "/api/v1/private/alerts", buf_span(&json));
    buf_clear(&json);
    buf_add_text(&json, "{\"name\":");
    hostile_json(i, &json);
    buf_add_text(&json, ",\"template\":");
    hostile_json(i, &json);
    buf_add_text(&json, "}");
    ask(w, NULL, "/api/v1/private/prompts", buf_span(&json));
    buf_add_text(&header, "Comet-Workspace: ");
    hostile_text(i, &header);
    buf_add_text(&header, "\r\n");
    if (!strpbrk(header.data + 17, "\r\n") || i % 8 == 0)
        ask(w, header.data, "/api/v1/private/traces", span_of("{}"));
    buf_free(&json);
    buf_free(&header);
}

static void send_event(struct world *w, size_t i)
{
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(&json,
                   "{\"id\":\"0193a000-0000-7000-8000-000000000%03zu\",\"name\":", i);
    hostile_json(i, &json);
    buf_add_text(&json, ",\"project_name\":");
    hostile_json(i, &json);
    buf_add_text(&json, ",\"start_time\":\"2026-01-01T00:00:00Z\",\"input\":{\"q\":");
    hostile_json(i, &json);
    buf_add_text(&json, "},\"error_info\":{\"exception_type\":");
    hostile_json(i, &json);
    buf_add_text(&json, ",\"traceback\":");
    hostile_json(i, &json);
    buf_add_text(&json, "}}");
    w->accepted += ask(w, NULL, "/api/v1/private/traces", buf_span(&json)) == 201;
    buf_clear(&json);
    buf_add_format(
        &json,
        "{\"scores\":[{\"id\":\"0193a000-0000-7000-8000-000000000%03zu\",\"value\":1,"
        "\"source\":\"sdk\",\"name\":",
        i);
    hostile_json(i, &json);
    buf_add_text(&json, ",\"reason\":");
    hostile_json(i, &json);
    buf_add_text(&json, ",\"category_name\":");
    hostile_json(i, &json);
    buf_add_text(&json, "}]}");
    struct http_client c;
    struct http_answer a;
    unsigned port;
    sscanf(w->url, "http://127.0.0.1:%u", &port);
    http_open(&c, (uint16_t)port);
    http_send_request(&c, "PUT", "/api/v1/private/traces/feedback-scores",
                      "Content-Type: application/json\r\n", buf_span(&json));
    assert_true(http_read(&c, &a));
    w->accepted += a.status == 204;
    http_answer_free(&a);
    http_close(&c);
    buf_free(&json);
}

static int set_up(void **state)
{
    void *program;
    char url[128];
    struct world *w = calloc(1, sizeof *w);
    if (!w || program_setup(&program) != 0)
        return -1;
    w->p = program;
    make_answer(w);
    run_write_file(w->p->config,
                   "[intake]\nlisten = 127.0.0.1:0\n[debounce]\nwindow = 300ms\n"
                   "[retry]\nmax = 0\n",
                   0600);
    program_serve(w->p, &w->serve, "", w->url);
    receiver_url(w->receiver, "/hook", url, sizeof url);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        if (i % 10 == 0 || i % 10 == 5)
            make_alert(w, i, url);
        try_others(w, i);
        send_event(w, i);
    }
    *state = w;
    return 0;
}

static char *tmux(const struct world *w, const char *words)
{
    char line[1200], socket[320];
    struct run r;
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    snprintf(socket, sizeof socket, "%s/tmux", w->p->dir);
    snprintf(line, sizeof line, "tmux -S %s -f /dev/null %s", socket, words);
    run_program(&r, NULL, argv);
    free(r.err);
    return r.out;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    void *program = w->p;
    free(tmux(w, "kill-server")); /* also after a failure */
    run_kill(&w->serve);
    receiver_stop(&w->receiver);
    buf_free(&w->body);
    buf_free(&w->headers);
    program_teardown(&program);
    free(w);
    return 0;
}

/* ---------------------------------------------------------------- looking */

static void fail_at(const char *where, const char *what, struct span bytes, size_t at)
{
    struct buf around;
    size_t first = at > 60 ? at - 60 : 0;
    buf_init(&around, BUF_UNLIMITED);
    for (size_t i = first; i < bytes.len && i < at + 20; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        if (c < 0x20 || c > 0x7e)
            buf_add_format(&around, "\\x%02x", c);
        else
            buf_add_char(&around, (char)c);
    }
    fail_msg("%s: %s at %zu: %s", where, what, at, buf_text(&around));
}

static void look(const char *where, const char *text)
{
    size_t at;
    const char *what = hostile_in_text(span_of(text), &at);
    if (what)
        fail_at(where, what, span_of(text), at);
}

static void call(struct world *w, const char *words)
{
    struct run r;
    program_run(w->p, &r, NULL, words);
    look(words, r.out);
    look(words, r.err);
    run_free(&r);
}

/* Until every bucket is closed and its delivery has ended. */
static void wait_for_ends(struct world *w)
{
    for (long long until = run_now_ms() + RUN_DEADLINE_MS; run_now_ms() < until;) {
        json_t *counts = program_json(w->p, "doctor --json");
        bool done = json_integer_value(json_object_get(counts, "waiting")) == 0;
        json_decref(counts);
        if (done)
            return;
        usleep(50000);
    }
    fail_msg("deliveries do not end");
}

static void the_command_line_prints_text(void **state)
{
    static const char *const words[] = {
        "alert list",
        "alert list --json",
        "alert export",
        "delivery list",
        "delivery list --json",
        "log",
        "log --json",
        "bucket list",
        "activity",
        "activity --json",
        "config",
        "doctor",
    };
    static const char *const locales[] = {"C.UTF-8", "C"};
    struct world *w = *state;
    assert_true(w->accepted >
                HOSTILE_COUNT * 3 / 2); /* the rest was refused as invalid UTF-8 */
    wait_for_ends(w);
    for (size_t l = 0; l < 2; l++) {
        char line[200];
        json_t *list, *item;
        size_t i;
        setenv("LC_ALL", locales[l], 1);
        for (i = 0; i < sizeof words / sizeof *words; i++)
            call(w, words[i]);
        list = program_json(w->p, "delivery list --json");
        assert_true(json_array_size(list) > 10);
        json_array_foreach(list, i, item)
        {
            if (i >= 4)
                break;
            snprintf(line, sizeof line, "delivery show %s",
                     json_string_value(json_object_get(item, "id")));
            call(w, line);
            snprintf(line, sizeof line, "delivery show %s --json",
                     json_string_value(json_object_get(item, "id")));
            call(w, line);
            snprintf(line, sizeof line, "alert show %s",
                     json_string_value(json_object_get(item, "alert_id")));
            call(w, line);
        }
        json_decref(list);
    }
    unsetenv("LC_ALL");
}

static void hostile_arguments_are_said_as_text(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < HOSTILE_COUNT; i += 3) {
        struct buf text;
        struct run r;
        buf_init(&text, BUF_UNLIMITED);
        hostile_text(i, &text);
        const char *const argv[] = {getenv("OPIK_ALERTS"),
                                    "--data-dir",
                                    w->p->dir,
                                    "--config",
                                    w->p->config,
                                    "alert",
                                    i % 2 ? "show" : "create",
                                    text.data,
                                    NULL};
        run_program(&r, NULL, argv);
        assert_int_not_equal(r.status, 0);
        look("alert show", r.err);
        look("alert show", r.out);
        run_free(&r);
        buf_free(&text);
    }
}

/* ---------------------------------------------------------------- the console */

static void note_shown(struct terminal *t, bool shown[HOSTILE_COUNT])
{
    const char *screen = terminal_screen(t);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        char begin[8];
        snprintf(begin, sizeof begin, "<%03zu:", i);
        shown[i] = shown[i] || strstr(screen, begin);
    }
}

static size_t count_shown(const bool shown[HOSTILE_COUNT])
{
    size_t count = 0;
    for (size_t i = 0; i < HOSTILE_COUNT; i++)
        count += shown[i];
    return count;
}

/* Through every screen, a delivery and its answer; how many of the texts were seen. On a
 * loaded machine a screen may come too late for a look at it: then once more. */
static size_t walk(struct terminal *t)
{
    bool shown[HOSTILE_COUNT] = {false};
    static const char *const keys[] = {
        "\033",    "jjj",     "\t",      "jjj",     "\t",      "2",       "jj",
        "\r",      "\033[6~", "\033[6~", "\033[6~", "\t",      "\033[6~", "\033[6~",
        "\033[6~", "\033[6~", "\033[6~", "\033[6~", "\033[6~", "q",       "3",
        "4",       "\033[6~", "\r",      "\033",    "5",       "6",       "\033[6~",
        "\033[6~", "1",       "e",
    };
    for (int round = 0; round < 10 && count_shown(shown) < HOSTILE_COUNT; round++) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            terminal_send(t, keys[i]);
            terminal_settle(t, 30);
            note_shown(t, shown);
        }
        terminal_settle(t, 60);
    }
    return count_shown(shown);
}

static void console_in(struct world *w, const char *term, const char *locale)
{
    char data[300], config[340], where[80];
    size_t at;
    snprintf(data, sizeof data, "--data-dir=%s", w->p->dir);
    snprintf(config, sizeof config, "--config=%s", w->p->config);
    snprintf(where, sizeof where, "%s, %s", term, locale);
    char *const argv[] = {getenv("OPIK_ALERTS"), data, config, NULL};
    const struct terminal_options options = {
        .rows = 60, .columns = 200, .term = term, .locale = locale, .keep = true};
    struct terminal *t = terminal_start(&options, argv);
    terminal_wait(t, "standby");
    size_t shown = walk(t);
    kill(terminal_pid(t), SIGTERM);
    terminal_exit(t);
    struct span sent = terminal_bytes(t);
    const char *what = hostile_in_terminal(sent, strcmp(locale, "C") != 0, &at);
    if (what)
        fail_at(where, what, sent, at);
    print_message("%s: %zu bytes, %zu texts shown\n", where, sent.len, shown);
    assert_int_equal(shown, HOSTILE_COUNT); /* so each was tried */
    terminal_free(&t);
}

static void the_console_draws_text(void **state)
{
    static const char *const terms[] = {"xterm-256color", "screen-256color",
                                        "tmux-256color", "linux"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        console_in(*state, terms[i], "C.UTF-8");
        console_in(*state, terms[i], "C");
    }
}

/* ---------------------------------------------------------------- tmux */

static void tmux_shows_text(void **state)
{
    static const char *const keys[] = {"2", "j", "Enter", "PPage", "NPage", "Tab", "NPage",
                                       "q", "4", "NPage", "6",     "NPage", "1"};
    struct world *w = *state;
    char words[900];
    snprintf(words, sizeof words,
             "new-session -d -s x -x 200 -y 60 '%s --data-dir=%s --config=%s'",
             getenv("OPIK_ALERTS"), w->p->dir, w->p->config);
    free(tmux(w, words));
    bool shown = false;
    for (int i = 0; i < 200 && !shown; i++) {
        char *screen = tmux(w, "capture-pane -p -t x");
        shown = strstr(screen, "standby") != NULL;
        free(screen);
        usleep(50000);
    }
    assert_true(shown);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(words, sizeof words, "send-keys -t x %s", keys[i]);
        free(tmux(w, words));
        usleep(60000);
        char *screen = tmux(w, "capture-pane -p -t x"), *title;
        look("tmux's pane", screen);
        title = tmux(
            w, "display-message -p -t x '#{pane_title} #{window_name} #{cursor_flag}'");
        look("tmux's titles", title);
        assert_null(strstr(title, "owned"));
        free(screen);
        free(title);
    }
    char *buffers = tmux(w, "list-buffers");
    assert_string_equal(buffers, "");
    free(buffers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_line_prints_text),
        cmocka_unit_test(hostile_arguments_are_said_as_text),
        cmocka_unit_test(the_console_draws_text),
        cmocka_unit_test(tmux_shows_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
