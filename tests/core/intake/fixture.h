/* An intake on a free port with a store of its own, requests to it, and what it brought. */
#ifndef TESTS_INTAKE_FIXTURE_H
#define TESTS_INTAKE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "intake/intake.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "support/http_client.h"
#include "support/steps.h"

#define TRACE_ID "0193a000-0000-7000-8000-00000000000a"
#define OTHER_ID "0193a000-0000-7000-8000-00000000000b"
#define JSON     "Content-Type: application/json\r\n"
#define ERROR_INFO                                                                         \
    "{\"exception_type\":\"TimeoutError\",\"message\":\"late\",\"traceback\":\"at f()\"}"

struct fixture {
    struct store_fixture s;
    struct intake_options options;
    struct intake *intake;
};

static inline void start(struct fixture *f)
{
    struct err err;
    f->options.store = f->s.store;
    f->options.clock = &f->s.clock;
    f->intake = intake_start(&f->options, &err);
    if (!f->intake)
        fail_msg("%s", err.text);
}

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    store_fixture_make(&f->s);
    f->options = (struct intake_options){
        .host = "127.0.0.1",
        .max_body = 64 * 1024,
        .max_headers = 32 * 1024,
        .connections = 512,
        .timeout_ms = 30000,
        .send_timeout_ms = 20000,
        .send_connect_timeout_ms = 5000,
        .retries = 3,
    };
    start(f);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    intake_stop(&f->intake, 0);
    store_fixture_remove(&f->s);
    free(f);
    return 0;
}

/* With other options: change f->options, then call this. */
static inline void restart(struct fixture *f)
{
    intake_stop(&f->intake, 0);
    start(f);
}

/* One request on a connection of its own. The answer's body, if wanted, is malloc'ed. */
static inline int ask(struct fixture *f, const char *method, const char *path,
                      const char *headers, const char *body, char **out)
{
    struct http_client c;
    struct http_answer a;
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, method, path, headers, span_of(body));
    int status = http_read(&c, &a) ? a.status : -1;
    if (out)
        *out = strdup(buf_text(&a.body));
    http_answer_free(&a);
    http_close(&c);
    return status;
}

static inline int send_json(struct fixture *f, const char *method, const char *path,
                            const char *body)
{
    char full[256];
    snprintf(full, sizeof full, "/api/v1/private/%s", path);
    return ask(f, method, full, JSON, body, NULL);
}

/* The status must be that; a wrong one is shown with its answer. */
static inline void expect(struct fixture *f, int status, const char *method,
                          const char *path, const char *body)
{
    char full[256], *answer;
    snprintf(full, sizeof full, "/api/v1/private/%s", path);
    int got = ask(f, method, full, body ? JSON : NULL, body, &answer);
    if (got != status)
        fail_msg("%s %s: %d, expected %d: %s", method, path, got, status, answer);
    free(answer);
}

/* The answer to a request that must come with that status; free it. */
static inline char *answer_of(struct fixture *f, int status, const char *method,
                              const char *path, const char *body)
{
    char full[512], *answer;
    snprintf(full, sizeof full, "/api/v1/private/%s", path);
    int got = ask(f, method, full, body ? JSON : NULL, body, &answer);
    if (got != status)
        fail_msg("%s %s: %d, expected %d: %s", method, path, got, status, answer);
    return answer;
}

/* The string member at the top of a JSON object, malloc'ed; NULL: none. */
static inline char *member(const char *json, const char *key)
{
    struct js_value root;
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    if (!js_parse(span_of(json), &root, NULL))
        fail_msg("not JSON: %s", json);
    bool found = js_string(js_get(root, key), &text);
    char *out = found ? strdup(buf_text(&text)) : NULL;
    buf_free(&text);
    return out;
}

static inline void add_alert(struct fixture *f, enum event_type type)
{
    struct alert a;
    step_alert_make(&a, event_type_name(type), "http://127.0.0.1:9/hook", type);
    assert_true(step_alert_put(f->s.store, &a, STORE_CREATE, NULL, NULL));
    alert_free(&a);
}

/* The entities of all that waits, each on a line, in the order of arrival; free it. */
static inline char *entities(struct fixture *f)
{
    struct claims claims;
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    buf_add_text(&out, "");
    f->s.now += f->s.limits.window_ms;
    step_close_due(f->s.store, f->s.now, 100);
    assert_true(step_claim(f->s.store, f->s.now, 100, NULL, 0, &claims, NULL));
    for (size_t i = 0; i < claims.count; i++) {
        struct js_value root;
        struct js_iter it;
        struct js_item item;
        assert_true(js_parse(span_of(claims.items[i].body), &root, NULL));
        js_iter(&it, js_get(js_get(root, "payload"), "metadata"));
        while (js_next(&it, &item)) {
            buf_add_span(&out, item.value.text);
            buf_add_char(&out, '\n');
        }
    }
    step_claims_free(&claims);
    return buf_take(&out);
}

static inline struct store_counts counts(struct fixture *f)
{
    return store_fixture_counts(&f->s);
}

/* An entity with its project id replaced by P: ids of projects are new in every run. */
static inline void mask_project(char *text)
{
    static const char key[] = "\"project_id\":\"";
    for (char *at = text; (at = strstr(at, key));) {
        at += sizeof key - 1;
        memmove(at + 1, at + 36, strlen(at + 36) + 1);
        *at = 'P';
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
