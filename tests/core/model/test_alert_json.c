#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "model/alert_json.h"

#define A1          "0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a10"
#define W1          "0199a1c0-5b1f-7d02-8a55-0c1b7e3d4f21"
#define T1          "0199a1c0-5b20-7f6e-b3aa-77d1f0c2e9b4"
#define C1          "0199a1c0-5b22-7c01-9b22-1e2d3c4b5a6f"
#define P1          "0198ec68-6e06-7253-a20b-d35c9252b9b1"
#define P2          "0198ec68-6e06-7253-a20b-d35c9252b9b2"
#define HOOK        "\"webhook\":{\"url\":\"https://h/x\"}"
#define STAMPS_JSON "\"created_at\":\"2026-01-02T03:04:05.678Z\",\"created_by\":\"ana\""
#define UPDATED_JSON                                                                       \
    "\"last_updated_at\":\"2026-01-02T03:04:06.000Z\",\"last_updated_by\":\"bob\""

/* What Opik answers for such an alert, secrets as in `token`, `header` and `key`. */
#define WHOLE(token, header, key)                                                          \
    "{\"id\":\"" A1 "\",\"name\":\"Prod \\\"errors\\\"\",\"enabled\":false,"               \
    "\"alert_type\":\"pagerduty\",\"metadata\":{\"base_url\":\"https://o/\","              \
    "\"routing_key\":\"" key "\"},\"webhook\":{\"id\":\"" W1 "\","                         \
    "\"url\":\"https://h.org/hook\",\"secret_token\":\"" token                             \
    "\",\"headers\":{\"X-Env\":\"" header "\"}," STAMPS_JSON "," UPDATED_JSON "},"         \
    "\"triggers\":[{\"id\":\"" T1 "\",\"alert_id\":\"" A1                                  \
    "\",\"event_type\":\"trace:errors\",\"trigger_configs\":[{\"id\":\"" C1                \
    "\",\"alert_trigger_id\":\"" T1 "\",\"type\":\"scope:project\",\"config_value\":"      \
    "{\"project_ids\":\"[\\\"" P1 "\\\",\\\"" P2 "\\\"]\"}," STAMPS_JSON "," UPDATED_JSON  \
    "}]," STAMPS_JSON "},{\"alert_id\":\"" A1 "\",\"event_type\":\"prompt:deleted\","      \
    "\"trigger_configs\":[]," STAMPS_JSON "}]," STAMPS_JSON "," UPDATED_JSON "}"

static void read(const char *json, struct alert *out)
{
    struct err err = {0};
    if (!alert_from_json(span_of(json), out, &err))
        fail_msg("%s\nrefused: %s", json, err.text);
}

static char *written(const struct alert *a, enum alert_json_secrets secrets)
{
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(alert_to_json(a, secrets, &out));
    return buf_take(&out);
}

/* The stamps are the store's, no client gives them. */
static void stamp(struct alert *a)
{
    a->created_at = 1767323045678;
    a->updated_at = 1767323046000;
    assert_true(alert_set(&a->created_by, "ana") && alert_set(&a->updated_by, "bob"));
}

static void whole_alert_goes_both_ways(void **state)
{
    (void)state;
    static const char json[] = WHOLE("abc0123456789xyz", "prod", "key-of-pagerduty");
    struct alert a;
    read(json, &a);
    assert_string_equal(a.id, A1);
    assert_string_equal(a.name, "Prod \"errors\"");
    assert_false(a.enabled);
    assert_int_equal(a.destination, DESTINATION_PAGERDUTY);
    assert_string_equal(a.webhook_id, W1);
    assert_string_equal(a.url, "https://h.org/hook");
    assert_string_equal(a.token, "abc0123456789xyz");
    assert_string_equal(a.headers[0].value, "prod");
    assert_true(a.triggers[0].scoped);
    assert_string_equal(a.triggers[0].id, T1);
    assert_string_equal(a.triggers[0].scope_id, C1);
    assert_string_equal(a.triggers[0].projects[1], P2);
    assert_false(a.triggers[1].scoped);
    assert_int_equal(a.created_at, 0);
    stamp(&a);
    char *text = written(&a, ALERT_JSON_PLAIN);
    assert_string_equal(text, json);
    free(text);
    alert_free(&a);
}

static void masked_output_holds_no_secret(void **state)
{
    (void)state;
    struct alert a;
    read(WHOLE("abc0123456789xyz", "prod", "key-of-pagerduty"), &a);
    stamp(&a);
    char *text = written(&a, ALERT_JSON_MASKED);
    assert_string_equal(text, WHOLE("abc**********xyz", "****", "key**********uty"));
    free(text);
    alert_free(&a);
}

static void least_alert_gets_defaults(void **state)
{
    (void)state;
    struct alert a;
    read("{" HOOK "}", &a);
    assert_true(a.enabled);
    assert_null(a.name);
    assert_null(a.token);
    assert_string_equal(a.id, "");
    assert_int_equal(a.trigger_count, 0);
    char *text = written(&a, ALERT_JSON_MASKED);
    assert_string_equal(text, "{\"enabled\":true,\"alert_type\":\"general\"," HOOK
                              ",\"triggers\":[]}");
    free(text);
    alert_free(&a);
}

static void null_counts_as_absent(void **state)
{
    (void)state;
    struct alert a;
    read(
        "{\"id\":null,\"name\":null,\"enabled\":null,\"alert_type\":null,\"metadata\":null,"
        "\"project_id\":null,\"webhook\":{\"id\":null,\"url\":\"https://h\","
        "\"secret_token\":null,\"headers\":null},\"triggers\":[{\"id\":null,\"event_type\":"
        "\"trace:errors\",\"trigger_configs\":null},{\"event_type\":\"trace:feedback_"
        "score\","
        "\"trigger_configs\":[{\"id\":null,\"type\":\"scope:project\",\"group_index\":null,"
        "\"config_value\":null}]}]}",
        &a);
    assert_true(a.enabled);
    assert_null(a.name);
    assert_int_equal(a.metadata_count, 0);
    assert_int_equal(a.trigger_count, 2);
    assert_false(a.triggers[1].scoped);
    alert_free(&a);
    read("{" HOOK ",\"triggers\":null}", &a);
    alert_free(&a);
}

static void unknown_keys_are_ignored(void **state)
{
    (void)state;
    struct alert a;
    read("{" HOOK ",\"x\":[1,{\"y\":123456789012345678901234567890}],\"name\":\"n\"}", &a);
    assert_string_equal(a.name, "n");
    alert_free(&a);
}

static void ids_become_lower_case(void **state)
{
    (void)state;
    struct alert a;
    read("{\"id\":\"0199A1C0-5B1E-7C43-9F1A-2F6D1C9B7A10\"," HOOK "}", &a);
    assert_string_equal(a.id, A1);
    alert_free(&a);
}

#define SCOPE(ids)                                                                         \
    "{" HOOK                                                                               \
    ",\"triggers\":[{\"event_type\":\"trace:errors\",\"trigger_configs\":[{\"type\":"      \
    "\"scope:project\",\"config_value\":{\"project_ids\":\"" ids "\"}}]}]}"

static void scope_is_read_in_every_writing(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t count;
    } rows[] = {
        {SCOPE(""), 0},
        {SCOPE("[]"), 0},
        {SCOPE("[\\\"" P1 "\\\"]"), 1},
        {SCOPE(" [ \\\"" P1 "\\\" , \\\"" P2 "\\\" ] "), 2},
        {SCOPE(P1), 1},
        {SCOPE(P1 "," P2), 2},
        {SCOPE(P1 ", " P2 " "), 2},
        {SCOPE(P1 "," P1), 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert a;
        read(rows[i].json, &a);
        assert_true(a.triggers[0].scoped);
        assert_int_equal(a.triggers[0].project_count, rows[i].count);
        for (size_t p = 0; p < rows[i].count; p++)
            assert_string_equal(a.triggers[0].projects[p], p ? P2 : P1);
        alert_free(&a);
    }
}

static void scope_without_a_list_is_every_project(void **state)
{
    (void)state;
    struct alert a;
    read("{" HOOK ",\"triggers\":[{\"event_type\":\"trace:errors\",\"trigger_configs\":"
         "[{\"id\":\"" C1 "\",\"type\":\"scope:project\",\"config_value\":{}}]}]}",
         &a);
    assert_false(a.triggers[0].scoped);
    assert_string_equal(a.triggers[0].scope_id, "");
    alert_free(&a);
}

#define ONE_TRIGGER(t) "{" HOOK ",\"triggers\":[" t "]}"
#define CONFIG(type, rest)                                                                 \
    ONE_TRIGGER("{\"event_type\":\"trace:errors\",\"trigger_configs\":[{\"type\":\"" type  \
                "\"" rest "}]}")

static const struct refusal {
    const char *json;
    enum err_code code;
    const char *text;
} REFUSALS[] = {
    {"", ERR_INVALID, "not valid JSON"},
    {"{", ERR_INVALID, "not valid JSON"},
    {"{" HOOK "} x", ERR_INVALID, "not valid JSON"},
    {"{\"name\":NaN}", ERR_INVALID, "not valid JSON"},
    {"{\"name\":\"\xff\"}", ERR_INVALID, "not valid JSON"},
    {"{\"name\":\"a\\u0000b\"," HOOK "}", ERR_INVALID, "NUL"},
    {"[]", ERR_INVALID, "an alert must be a JSON object"},
    {"null", ERR_INVALID, "an alert must be a JSON object"},
    {"\"alert\"", ERR_INVALID, "an alert must be a JSON object"},
    {"{}", ERR_INVALID, "webhook: is required"},
    {"{\"webhook\":null}", ERR_INVALID, "webhook: is required"},
    {"{\"webhook\":[]}", ERR_INVALID, "webhook: must be an object"},
    {"{\"webhook\":{}}", ERR_INVALID, "webhook.url: is required"},
    {"{\"webhook\":{\"url\":1}}", ERR_INVALID, "webhook.url: must be a string"},
    {"{\"webhook\":{\"url\":\"u\",\"secret_token\":1}}", ERR_INVALID,
     "webhook.secret_token: must be a string"},
    {"{\"webhook\":{\"url\":\"u\",\"headers\":[]}}", ERR_INVALID,
     "webhook.headers: must be an object of strings"},
    {"{\"webhook\":{\"url\":\"u\",\"headers\":{\"a\":1}}}", ERR_INVALID, "webhook.headers"},
    {"{\"webhook\":{\"url\":\"u\",\"headers\":{\"a\":null}}}", ERR_INVALID,
     "webhook.headers"},
    {"{\"webhook\":{\"url\":\"u\",\"id\":\"1\"}}", ERR_INVALID,
     "webhook.id: must be a version 7 UUID"},
    {"{\"id\":\"550e8400-e29b-41d4-a716-446655440000\"," HOOK "}", ERR_INVALID,
     "id: must be a version 7 UUID"},
    {"{\"id\":7," HOOK "}", ERR_INVALID, "id: must be a string"},
    {"{\"name\":1," HOOK "}", ERR_INVALID, "name: must be a string"},
    {"{\"enabled\":\"yes\"," HOOK "}", ERR_INVALID, "enabled: must be true or false"},
    {"{\"enabled\":1," HOOK "}", ERR_INVALID, "enabled: must be true or false"},
    {"{\"alert_type\":\"mail\"," HOOK "}", ERR_INVALID,
     "alert_type: must be general, slack or pagerduty"},
    {"{\"project_id\":\"x\"," HOOK "}", ERR_INVALID, "project_id: must be a UUID"},
    {"{\"metadata\":[]," HOOK "}", ERR_INVALID, "metadata: must be an object of strings"},
    {"{\"metadata\":{\"a\":1}," HOOK "}", ERR_INVALID, "metadata: must be an object"},
    {"{" HOOK ",\"triggers\":{}}", ERR_INVALID, "triggers: must be an array"},
    {ONE_TRIGGER("1"), ERR_INVALID, "triggers[0]: must be an object"},
    {ONE_TRIGGER("null"), ERR_INVALID, "triggers[0]: must be an object"},
    {ONE_TRIGGER("{}"), ERR_INVALID, "triggers[0].event_type: is required"},
    {ONE_TRIGGER("{\"event_type\":1}"), ERR_INVALID, "event_type: must be a string"},
    {ONE_TRIGGER("{\"event_type\":\"x\"}"), ERR_UNSUPPORTED,
     "triggers[0].event_type: unknown event type \"x\""},
    {ONE_TRIGGER("{\"event_type\":\"a\\u001b[2Jb\"}"), ERR_UNSUPPORTED, "\"a\\x1b[2Jb\""},
    {ONE_TRIGGER("{\"event_type\":\"span:guardrails_triggered\"}"), ERR_UNSUPPORTED,
     "unknown event type"},
    {ONE_TRIGGER("{\"event_type\":\"trace:errors\"},{\"event_type\":\"trace:errors\"}"),
     ERR_INVALID, "triggers[1].event_type: this event type has a trigger already"},
    {ONE_TRIGGER("{\"event_type\":\"trace:errors\",\"id\":\"x\"}"), ERR_INVALID,
     "triggers[0].id: must be a version 7 UUID"},
    {ONE_TRIGGER("{\"event_type\":\"trace:errors\",\"trigger_configs\":{}}"), ERR_INVALID,
     "triggers[0].trigger_configs: must be an array"},
    {ONE_TRIGGER("{\"event_type\":\"trace:errors\",\"trigger_configs\":[1]}"), ERR_INVALID,
     "triggers[0].trigger_configs[0]: must be an object"},
    {ONE_TRIGGER("{\"event_type\":\"trace:errors\",\"trigger_configs\":[{}]}"), ERR_INVALID,
     "triggers[0].trigger_configs[0].type: is required"},
    {CONFIG("filter:guardrail_type", ""), ERR_UNSUPPORTED, "filter:guardrail_type"},
    {CONFIG("new", ""), ERR_UNSUPPORTED, "not \"new\""},
    {CONFIG("scope:project", ",\"group_index\":0"), ERR_UNSUPPORTED, "group_index"},
    {CONFIG("scope:project", ",\"id\":\"x\""), ERR_INVALID, "configs[0].id: must be"},
    {CONFIG("scope:project", ",\"config_value\":[]"), ERR_INVALID, "config_value: must be"},
    {CONFIG("scope:project", ",\"config_value\":{\"project_ids\":[]}"), ERR_INVALID,
     "config_value: must be an object of strings"},
    {CONFIG("scope:project", "},{\"type\":\"scope:project\""), ERR_INVALID,
     "trigger_configs[1].type: a trigger has one project scope at most"},
    {SCOPE("["), ERR_INVALID, "must hold a JSON array"},
    {SCOPE("[\\\"x\\\"]"), ERR_INVALID, "must hold UUIDs"},
    {SCOPE("[1]"), ERR_INVALID, "must hold UUIDs"},
    {SCOPE("[[]]"), ERR_INVALID, "must hold UUIDs"},
    {SCOPE(","), ERR_INVALID, "must hold UUIDs"},
    {SCOPE("all"), ERR_INVALID, "must hold UUIDs"},
    {ONE_TRIGGER("{\"event_type\":\"prompt:created\",\"trigger_configs\":[{\"type\":"
                 "\"scope:project\"}]}"),
     ERR_INVALID, "take no project scope"},
    {"{\"project_id\":\"" P1 "\"," HOOK ",\"triggers\":[{\"event_type\":\"trace:errors\","
     "\"trigger_configs\":[{\"type\":\"scope:project\"}]}]}",
     ERR_INVALID, "project_id: cannot be given together with a scope:project config"},
};

static void refusals_name_place_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
        const struct refusal *r = &REFUSALS[i];
        struct alert a;
        struct err err = {0};
        if (alert_from_json(span_of(r->json), &a, &err))
            fail_msg("%s\npassed, expected: %s", r->json, r->text);
        if (err.code != r->code || !strstr(err.text, r->text))
            fail_msg("%s\nexpected %d %s\ngot %d %s", r->json, r->code, r->text, err.code,
                     err.text);
        assert_null(a.url);
        assert_int_equal(a.trigger_count, 0);
    }
}

static void project_of_the_alert_goes_both_ways(void **state)
{
    (void)state;
    struct alert a;
    read("{\"project_id\":\"0198EC68-6E06-7253-A20B-D35C9252B9B1\"," HOOK "}", &a);
    assert_string_equal(a.project_id, P1);
    char *text = written(&a, ALERT_JSON_PLAIN);
    assert_string_equal(text, "{\"enabled\":true,\"alert_type\":\"general\","
                              "\"project_id\":\"" P1 "\"," HOOK ",\"triggers\":[]}");
    free(text);
    alert_free(&a);
}

/* A stranger's longest words: the refusal stays one readable line, whatever they are. */
static void refusals_stay_readable(void **state)
{
    (void)state;
    static const char *const words[] = {"x",
                                        "\xc3\xa4",
                                        "\xe6\x97\xa5",
                                        "e\xcc\x81\xcc\x82",
                                        "\xf0\x9f\x98\x80",
                                        "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
                                        "\xe2\x80\xae"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        struct buf json;
        struct alert a;
        struct err err = {0};
        buf_init(&json, BUF_UNLIMITED);
        buf_add_text(&json, "{" HOOK ",\"triggers\":[{\"event_type\":\"");
        for (int i = 0; i < 1000; i++)
            buf_add_text(&json, words[w]);
        buf_add_text(&json, "\"}]}");
        assert_false(alert_from_json(buf_span(&json), &a, &err));
        assert_int_equal(err.code, ERR_UNSUPPORTED);
        assert_true(text_is_safe(span_of(err.text), TEXT_LINE));
        assert_non_null(strstr(err.text, "~\""));
        buf_free(&json);
    }
}

static void refusal_does_not_quote_the_body(void **state)
{
    (void)state;
    struct alert a;
    struct err err = {0};
    assert_false(alert_from_json(
        span_of("{\"webhook\":{\"secret_token\":\"s3cr3t\" \"s3cr3t\"}}"), &a, &err));
    assert_null(strstr(err.text, "s3cr3t"));
}

static void too_many_of_anything_is_refused(void **state)
{
    (void)state;
    struct alert a;
    struct err err = {0};
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    for (int more = 0; more < 2; more++) {
        buf_clear(&json);
        buf_add_text(&json, "{\"webhook\":{\"url\":\"u\",\"headers\":{\"a\":\"b\"");
        for (int i = 1; i < ALERT_HEADERS_MAX + more; i++)
            buf_add_format(&json, ",\"h%d\":\"1\"", i);
        buf_add_text(&json, "}}}");
        assert_int_equal(alert_from_json(buf_span(&json), &a, &err), !more);
        if (!more)
            alert_free(&a);
    }
    assert_string_equal(err.text, "webhook.headers: too many headers: at most 64");
    for (int more = 0; more < 2; more++) {
        buf_clear(&json);
        buf_add_text(&json, "{" HOOK ",\"metadata\":{\"a\":\"b\"");
        for (int i = 1; i < ALERT_METADATA_MAX + more; i++)
            buf_add_format(&json, ",\"m%d\":\"1\"", i);
        buf_add_text(&json, "}}");
        assert_int_equal(alert_from_json(buf_span(&json), &a, &err), !more);
        if (!more)
            alert_free(&a);
    }
    assert_string_equal(err.text, "metadata: too many members: at most 64");
    buf_clear(&json);
    buf_add_text(&json, "{" HOOK ",\"triggers\":[{\"event_type\":\"trace:errors\","
                        "\"trigger_configs\":[{\"type\":\"scope:project\",\"config_value\":"
                        "{\"project_ids\":\"");
    for (int i = 0; i <= ALERT_SCOPE_MAX; i++)
        buf_add_format(&json, "%s0198ec68-6e06-7253-a20b-%012d", i ? "," : "", i);
    buf_add_text(&json, "\"}}]}]}");
    assert_false(alert_from_json(buf_span(&json), &a, &err));
    assert_non_null(strstr(err.text, "at most 1000 projects"));
    buf_free(&json);
}

static void output_is_json_whatever_the_text(void **state)
{
    (void)state;
    struct alert a;
    alert_init(&a);
    assert_true(alert_set(&a.name, "a\x1b\x01\xff"));
    assert_true(alert_set_secret(&a.url, "https://h"));
    assert_true(alert_add_header(&a, "X\xff", ""));
    char *text = written(&a, ALERT_JSON_PLAIN);
    assert_string_equal(text,
                        "{\"name\":\"a\\u001B\\u0001\xef\xbf\xbd\",\"enabled\":true,"
                        "\"alert_type\":\"general\",\"webhook\":{\"url\":\"https://h\","
                        "\"headers\":{\"X\xef\xbf\xbd\":\"\"}},\"triggers\":[]}");
    free(text);
    alert_free(&a);
}

static void output_reports_a_full_buffer(void **state)
{
    (void)state;
    struct alert a;
    struct buf out;
    read("{" HOOK "}", &a);
    buf_init(&out, 20);
    assert_false(alert_to_json(&a, ALERT_JSON_PLAIN, &out));
    buf_free(&out);
    alert_free(&a);
}

#define MEASURED(type, kind, value)                                                        \
    ONE_TRIGGER("{\"event_type\":\"" type "\",\"trigger_configs\":[{\"type\":\"" kind          \
                "\",\"config_value\":" value "}]}")

#define ERRORS_OVER(threshold)                                                             \
    "{\"id\":\"0193a000-0000-7000-8000-00000000000a\",\"type\":\"threshold:errors\","      \
    "\"config_value\":{\"threshold\":\"" threshold "\",\"window\":\"60\"}}"

static void conditions_go_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum condition_kind kind;
        const char *threshold;
        int64_t window;
        bool below;
        const char *name;
    } rows[] = {
        {MEASURED("trace:errors", "threshold:errors",
                  "{\"threshold\":\"10\",\"window\":\"900\",\"name\":\"no score\"}"),
         CONDITION_ERRORS, "10", 900, false, NULL},
        {MEASURED("trace:cost", "threshold:cost",
                  "{\"threshold\":\"0.5\",\"window_seconds\":\"60\"}"),
         CONDITION_COST, "0.5", 60, false, NULL},
        {MEASURED("trace:latency", "threshold:latency",
                  "{\"threshold\":\"3\",\"window\":\"60\",\"operator\":\">\"}"),
         CONDITION_LATENCY, "3", 60, false, NULL},
        {MEASURED("trace_thread:feedback_score", "threshold:feedback_score",
                  "{\"threshold\":\".7\",\"window\":\"60\",\"operator\":\"less_than\","
                  "\"name\":\"helpful\"}"),
         CONDITION_FEEDBACK, ".7", 60, true, "helpful"},
        {MEASURED("trace:feedback_score", "threshold:feedback_score",
                  "{\"threshold\":\"1\",\"window\":\"1\",\"operator\":\">\","
                  "\"name\":\"helpful\"}"),
         CONDITION_FEEDBACK, "1", 1, false, "helpful"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert a, b;
        read(rows[i].json, &a);
        assert_int_equal(a.triggers[0].condition_count, 1);
        const struct alert_condition *c = &a.triggers[0].conditions[0];
        assert_int_equal(c->kind, rows[i].kind);
        assert_string_equal(c->threshold, rows[i].threshold);
        assert_int_equal(c->window_s, rows[i].window);
        assert_int_equal(c->below, rows[i].below);
        assert_true(!c->name == !rows[i].name);
        char *text = written(&a, ALERT_JSON_PLAIN);
        read(text, &b);
        assert_true(alert_same_content(&a, &b));
        free(text);
        alert_free(&a);
        alert_free(&b);
    }
}

static void refuses_too_many_conditions(void **state)
{
    (void)state;
    struct alert a;
    struct err err = {0};
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    buf_add_text(&json, "{" HOOK ",\"triggers\":[{\"event_type\":\"trace:errors\","
                        "\"trigger_configs\":[");
    for (int i = 0; i <= ALERT_CONDITIONS_MAX; i++)
        buf_add_format(&json,
                       "%s{\"type\":\"threshold:errors\",\"config_value\":"
                       "{\"threshold\":\"%d\",\"window\":\"60\"}}",
                       i ? "," : "", i);
    buf_add_text(&json, "]}]}");
    assert_false(alert_from_json(buf_span(&json), &a, &err));
    assert_string_equal(err.text, "triggers[0].trigger_configs[16].type: a trigger has at "
                                  "most 16 thresholds");
    buf_free(&json);
}

static void refuses_conditions_that_could_never_fire(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {MEASURED("trace:errors", "threshold:errors", "{\"window\":\"900\"}"),
         "threshold is required"},
        {MEASURED("trace:errors", "threshold:errors", "null"),
         "config_value: must be an object of strings"},
        {MEASURED("trace:errors", "threshold:errors",
                  "{\"threshold\":1,\"window\":\"900\"}"),
         "config_value: must be an object of strings"},
        {MEASURED("trace:errors", "threshold:errors",
                  "{\"threshold\":\"x\",\"window\":\"900\"}"),
         "must be a number"},
        {MEASURED("trace:errors", "threshold:errors", "{\"threshold\":\"1\"}"),
         "config_value.window: is required"},
        {MEASURED("trace:errors", "threshold:errors",
                  "{\"threshold\":\"1\",\"window_in_seconds\":\"900\"}"),
         "config_value.window: is required"},
        {MEASURED("trace:errors", "threshold:errors",
                  "{\"threshold\":\"1\",\"window\":\"15m\"}"),
         "whole seconds"},
        {MEASURED("trace:errors", "threshold:errors",
                  "{\"threshold\":\"1\",\"window\":\"0\"}"),
         "more than 0"},
        {MEASURED("trace:errors", "threshold:cost",
                  "{\"threshold\":\"1\",\"window\":\"60\"}"),
         "does not belong to this event type"},
        {MEASURED("prompt:created", "threshold:errors",
                  "{\"threshold\":\"1\",\"window\":\"60\"}"),
         "does not belong to this event type"},
        {MEASURED("trace:feedback_score", "threshold:feedback_score",
                  "{\"threshold\":\"1\",\"window\":\"60\",\"operator\":\">\"}"),
         "config_value.name: is required"},
        {MEASURED(
             "trace:feedback_score", "threshold:feedback_score",
             "{\"threshold\":\"1\",\"window\":\"60\",\"name\":\"n\",\"operator\":\"=\"}"),
         "operator: must be > or <"},
        {MEASURED("trace:latency", "threshold:latency",
                  "{\"threshold\":\"1\",\"window\":\"60\",\"operator\":\"<\"}"),
         "only scores"},
        {"{" HOOK ",\"triggers\":[{\"event_type\":\"trace:errors\",\"trigger_configs\":"
         "[" ERRORS_OVER(
             "1") "]},{\"event_type\":\"trace:cost\",\"trigger_configs\":[{\"id\":\""
                  "0193a000-0000-7000-8000-00000000000a\",\"type\":\"threshold:cost\","
                  "\"config_value\":"
                  "{\"threshold\":\"1\",\"window\":\"60\"}}]}]}",
         "triggers[1].trigger_configs[0].id: another threshold has it already"},
        {"{" HOOK ",\"triggers\":[{\"event_type\":\"trace:errors\",\"trigger_configs\":"
         "[" ERRORS_OVER("1") "," ERRORS_OVER("9") "]}]}",
         "triggers[0].trigger_configs[1].id: another threshold has it already"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert a;
        struct err err = {0};
        if (alert_from_json(span_of(rows[i][0]), &a, &err))
            fail_msg("%s\npassed, expected: %s", rows[i][0], rows[i][1]);
        if (!strstr(err.text, rows[i][1]))
            fail_msg("%s\nexpected %s\ngot %s", rows[i][0], rows[i][1], err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_alert_goes_both_ways),
        cmocka_unit_test(masked_output_holds_no_secret),
        cmocka_unit_test(least_alert_gets_defaults),
        cmocka_unit_test(null_counts_as_absent),
        cmocka_unit_test(unknown_keys_are_ignored),
        cmocka_unit_test(ids_become_lower_case),
        cmocka_unit_test(scope_is_read_in_every_writing),
        cmocka_unit_test(scope_without_a_list_is_every_project),
        cmocka_unit_test(refusals_name_place_and_reason),
        cmocka_unit_test(project_of_the_alert_goes_both_ways),
        cmocka_unit_test(refusals_stay_readable),
        cmocka_unit_test(refusal_does_not_quote_the_body),
        cmocka_unit_test(too_many_of_anything_is_refused),
        cmocka_unit_test(output_is_json_whatever_the_text),
        cmocka_unit_test(output_reports_a_full_buffer),
        cmocka_unit_test(conditions_go_both_ways),
        cmocka_unit_test(refuses_too_many_conditions),
        cmocka_unit_test(refuses_conditions_that_could_never_fire),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
