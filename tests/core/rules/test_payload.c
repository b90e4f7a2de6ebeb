#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/json.h"
#include "base/uuid.h"
#include "rules/payload.h"
#include "support/wiped.h"

#define E1 "0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a10"
#define E2 "0199a1c0-5b1f-7d02-8a55-0c1b7e3d4f21"
#define E3 "0199a1c0-5b20-7f6e-b3aa-77d1f0c2e9b4"

static const struct payload_head HEAD = {.delivery_id = "D",
                                         .alert_id = "A",
                                         .alert_name = "Prod \"x\"\n",
                                         .workspace = "team",
                                         .type = EVENT_TRACE_ERRORS,
                                         .created_at = 1767323045678};

#define HEAD_JSON                                                                          \
    "{\"id\":\"D\",\"eventType\":\"trace:errors\",\"alertId\":\"A\","                      \
    "\"alertName\":\"Prod \\\"x\\\"\\n\",\"workspaceId\":\"team\","                        \
    "\"createdAt\":\"2026-01-02T03:04:05.678Z\",\"payload\":{\"alertId\":\"A\","           \
    "\"alertName\":\"Prod \\\"x\\\"\\n\",\"eventType\":\"trace:errors\","

static struct payload_event event(const char *id, const char *user, const char *entity)
{
    return (struct payload_event){
        .id = id, .user = span_of(user), .entity = span_of(entity)};
}

static void assert_body(const struct payload_head *head, const struct payload_event *events,
                        size_t count, const char *expected)
{
    struct buf out;
    struct js_value root;
    struct err err = {0};
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_documented(head, events, count, &out));
    assert_string_equal(buf_text(&out), expected);
    assert_true(js_parse(buf_span(&out), &root, &err));
    buf_free(&out);
}

static void body_is_as_documented(void **state)
{
    (void)state;
    const struct payload_event events[] = {
        event(E1, "ana", "{\"z\":1,\"a\":123456789012345678901234567890.10}"),
        event(E2, "bob", "{ \"b\" : 1E400 }"),
        event(E3, "ana", "{}"),
    };
    assert_body(&HEAD, events, 3,
                HEAD_JSON "\"eventIds\":[\"" E1 "\",\"" E2 "\",\"" E3 "\"],"
                          "\"userNames\":[\"ana\",\"bob\"],\"eventCount\":3,"
                          "\"aggregationType\":\"consolidated\","
                          "\"message\":\"Alert 'Prod \\\"x\\\"\\n': 3 trace:errors events "
                          "aggregated\","
                          "\"metadata\":[{\"z\":1,\"a\":123456789012345678901234567890.10},"
                          "{ \"b\" : 1E400 },{}]}}");
}

static void truncated_shows_only_when_something_is_left_out(void **state)
{
    (void)state;
    struct payload_head head = HEAD;
    const struct payload_event one = event(E1, "a\x1b\"", "{}");
    head.truncated = 12345678901;
    assert_body(&head, &one, 1,
                HEAD_JSON "\"eventIds\":[\"" E1 "\"],\"userNames\":[\"a\\u001b\\\"\"],"
                          "\"eventCount\":1,\"truncated\":12345678901,"
                          "\"aggregationType\":\"consolidated\","
                          "\"message\":\"Alert 'Prod \\\"x\\\"\\n': 1 trace:errors events "
                          "aggregated\",\"metadata\":[{}]}}");
}

static void empty_bucket_and_absent_names_stay_json(void **state)
{
    (void)state;
    const struct payload_head bare = {
        .delivery_id = "D", .alert_id = "A", .type = EVENT_PROMPT_DELETED};
    const struct payload_event nobody = {.id = E1, .entity = {"{}", 2}};
    const char *head = "{\"id\":\"D\",\"eventType\":\"prompt:deleted\",\"alertId\":\"A\","
                       "\"alertName\":\"\",\"workspaceId\":\"\",\"createdAt\":"
                       "\"1970-01-01T00:00:00.000Z\",\"payload\":{\"alertId\":\"A\","
                       "\"alertName\":\"\",\"eventType\":\"prompt:deleted\",";
    char expected[640];
    snprintf(
        expected, sizeof expected,
        "%s\"eventIds\":[],\"userNames\":[],\"eventCount\":0,"
        "\"aggregationType\":\"consolidated\",\"message\":\"Alert '': 0 prompt:deleted "
        "events aggregated\",\"metadata\":[]}}",
        head);
    assert_body(&bare, NULL, 0, expected);
    snprintf(
        expected, sizeof expected,
        "%s\"eventIds\":[\"" E1 "\"],\"userNames\":[],\"eventCount\":1,"
        "\"aggregationType\":\"consolidated\",\"message\":\"Alert '': 1 prompt:deleted "
        "events aggregated\",\"metadata\":[{}]}}",
        head);
    assert_body(&bare, &nobody, 1, expected);
}

/* Each user twice, ten thousand events: order of first appearance, each once. */
static void many_users_are_listed_once(void **state)
{
    (void)state;
    enum { EVENTS = 10000, USERS = EVENTS / 2 };
    static struct payload_event events[EVENTS];
    static char names[USERS][16];
    struct buf out;
    struct js_value root, users;
    struct js_iter it;
    struct js_item item;
    char expected[20];
    for (int i = 0; i < EVENTS; i++) {
        snprintf(names[i % USERS], sizeof names[0], "user-%d", i % USERS);
        events[i] = event(E1, names[i % USERS], "{}");
    }
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_documented(&HEAD, events, EVENTS, &out));
    assert_true(js_parse(buf_span(&out), &root, NULL));
    users = js_get(js_get(root, "payload"), "userNames");
    assert_int_equal(js_count(users), USERS);
    assert_int_equal(js_count(js_get(js_get(root, "payload"), "eventIds")), EVENTS);
    assert_int_equal(js_count(js_get(js_get(root, "payload"), "metadata")), EVENTS);
    js_iter(&it, users);
    for (int i = 0; js_next(&it, &item); i++) {
        snprintf(expected, sizeof expected, "\"user-%d\"", i);
        assert_true(span_is(item.value.text, expected));
    }
    buf_free(&out);
}

static void assert_keys(json_t *object, const char *expected)
{
    const char *key;
    json_t *value;
    struct buf keys;
    buf_init(&keys, BUF_UNLIMITED);
    json_object_foreach(object, key, value) buf_add_format(&keys, "%s,", key);
    assert_string_equal(buf_text(&keys), expected);
    buf_free(&keys);
}

static bool sample(const char *name, enum event_type type, struct buf *out)
{
    struct alert a;
    alert_init(&a);
    assert_true(alert_set(&a.name, name) && alert_set(&a.workspace, "team"));
    bool ok = payload_sample(&a, PAYLOAD_DOCUMENTED, 3, type, 5, out);
    alert_free(&a);
    return ok;
}

/* The documented objects inside, by a reader that is not ours. */
static void samples_are_json_for_others(void **state)
{
    (void)state;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        struct buf out;
        json_error_t problem;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(sample("T\xff\"", (enum event_type)type, &out));
        json_t *body = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &problem);
        if (!body)
            fail_msg("%s: %s", problem.text, buf_text(&out));
        assert_keys(body, "id,eventType,alertId,alertName,workspaceId,createdAt,payload,");
        json_t *payload = json_object_get(body, "payload");
        assert_keys(payload, "alertId,alertName,eventType,eventIds,userNames,eventCount,"
                             "aggregationType,message,metadata,");
        json_t *entity = json_array_get(json_object_get(payload, "metadata"), 0);
        if (type == EVENT_TRACE_ERRORS)
            assert_keys(json_object_get(entity, "error_info"),
                        "exception_type,message,traceback,");
        if (type == EVENT_PROMPT_DELETED)
            assert_keys(json_object_get(entity, "latest_version"),
                        "id,commit,template,type,created_at,created_by,");
        json_decref(body);
        buf_free(&out);
    }
}

/* Ten thousand events of as many users, in their order, by a reader that is not ours. */
static void every_user_of_many_is_listed_in_order(void **state)
{
    (void)state;
    enum { EVENTS = 10000 };
    static struct payload_event events[EVENTS];
    static char names[EVENTS][16], ids[EVENTS][UUID_SIZE];
    struct buf out;
    for (int i = 0; i < EVENTS; i++) {
        snprintf(names[i], sizeof names[i], "user-%d", i * 7919 % EVENTS);
        uuid_v7(ids[i], 1000 + i);
        events[i] = event(ids[i], names[i], "{\"n\":12345678901234567890123}");
    }
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_documented(&HEAD, events, EVENTS, &out));
    json_t *body = json_loadb(out.data, out.len, JSON_DECODE_INT_AS_REAL, NULL);
    json_t *payload = json_object_get(body, "payload");
    json_t *users = json_object_get(payload, "userNames");
    assert_int_equal(json_array_size(users), EVENTS);
    assert_int_equal(json_array_size(json_object_get(payload, "metadata")), EVENTS);
    assert_int_equal((int)json_number_value(json_object_get(payload, "eventCount")),
                     EVENTS);
    for (size_t i = 0; i < EVENTS; i++) {
        json_t *id = json_array_get(json_object_get(payload, "eventIds"), i);
        assert_string_equal(json_string_value(json_array_get(users, i)), names[i]);
        assert_string_equal(json_string_value(id), ids[i]);
    }
    json_decref(body);
    buf_free(&out);
}

/* Of every destination: the whole body, or none. */
static void full_buffer_is_reported(void **state)
{
    (void)state;
    static const char *const begins[] = {"{\"id\":", "{\"blocks\":[", "{\"event_action\":"};
    const struct payload_event e = event(E1, "ana", "{\"id\":\"I\"}");
    for (int d = DESTINATION_GENERAL; d <= DESTINATION_PAGERDUTY; d++) {
        struct payload_head head = HEAD;
        struct buf whole, out;
        head.alert_name = NULL;
        head.destination = (enum alert_destination)d;
        buf_init(&whole, BUF_UNLIMITED);
        assert_true(payload_body(&head, &e, 1, &whole));
        assert_memory_equal(whole.data, begins[d], strlen(begins[d]));
        for (size_t max = 0; max < whole.len; max++) {
            buf_init(&out, max);
            assert_false(payload_body(&head, &e, 1, &out));
            buf_free(&out);
        }
        buf_init(&out, whole.len);
        assert_true(payload_body(&head, &e, 1, &out));
        assert_string_equal(buf_text(&out), buf_text(&whole));
        buf_free(&out);
        buf_free(&whole);
    }
}

static const char *const KEYS[EVENT_TYPE_COUNT] = {
    [EVENT_TRACE_ERRORS] =
        "id,name,project_id,project_name,start_time,end_time,input,output,"
        "error_info,metadata,tags,thread_id,",
    [EVENT_TRACE_FEEDBACK_SCORE] = "id,project_id,project_name,name,value,reason,"
                                   "category_name,source,created_by,",
    [EVENT_THREAD_FEEDBACK_SCORE] = "thread_id,project_id,project_name,name,value,reason,"
                                    "category_name,source,created_by,",
    [EVENT_GUARDRAILS_TRIGGERED] =
        "id,entity_id,project_id,project_name,name,result,config,"
        "details,",
    [EVENT_PROMPT_CREATED] = "id,name,description,tags,created_at,created_by,"
                             "last_updated_at,last_updated_by,",
    [EVENT_PROMPT_COMMITTED] = "id,prompt_id,commit,template,type,metadata,"
                               "change_description,created_at,created_by,",
    [EVENT_PROMPT_DELETED] = "id,name,description,tags,created_at,created_by,"
                             "last_updated_at,last_updated_by,latest_version,",
    [EVENT_EXPERIMENT_FINISHED] = "id,name,dataset_id,dataset_name,metadata,type,created_at,"
                                  "created_by,",
    [EVENT_TRACE_COST] = "event_type,metric_name,metric_value,threshold,window_seconds,"
                         "project_ids,project_names,",
    [EVENT_TRACE_LATENCY] = "event_type,metric_name,metric_value,threshold,window_seconds,"
                            "project_ids,project_names,",
};

static void samples_have_the_documented_keys(void **state)
{
    (void)state;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        struct js_value root;
        struct js_iter it;
        struct js_item item;
        struct buf keys;
        struct err err = {0};
        const char *entity = payload_sample_entity((enum event_type)type);
        if (!js_parse(span_of(entity), &root, &err))
            fail_msg("%s: %s", entity, err.text);
        buf_init(&keys, BUF_UNLIMITED);
        for (js_iter(&it, root); js_next(&it, &item); buf_add_char(&keys, ','))
            buf_add_span(&keys, item.key);
        assert_string_equal(buf_text(&keys), KEYS[type]);
        buf_free(&keys);
    }
}

static void sample_is_a_whole_body(void **state)
{
    (void)state;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        struct buf out;
        struct js_value root, payload;
        char id[UUID_SIZE];
        buf_init(&out, BUF_UNLIMITED);
        assert_true(sample("Test", (enum event_type)type, &out));
        assert_true(js_parse(buf_span(&out), &root, NULL));
        payload = js_get(root, "payload");
        assert_true(
            span_is(js_get(root, "createdAt").text, "\"1970-01-01T00:00:00.005Z\""));
        assert_true(span_is(js_get(payload, "userNames").text, "[\"test-user\"]"));
        assert_true(span_is(js_get(payload, "eventCount").text, "1"));
        struct span quoted = js_get(root, "id").text;
        assert_true(uuid_read((struct span){quoted.at + 1, quoted.len - 2}, id));
        assert_true(uuid_is_v7(id));
        struct span metadata = js_get(payload, "metadata").text;
        assert_true(span_is((struct span){metadata.at + 1, metadata.len - 2},
                            payload_sample_entity((enum event_type)type)));
        buf_free(&out);
    }
}

static void sample_of_a_threshold_says_what_it_would(void **state)
{
    (void)state;
    struct alert a;
    struct buf out;
    alert_init(&a);
    const struct alert_condition c = {
        .kind = CONDITION_ERRORS, .threshold = (char[]){"10"}, .window_s = 900};
    assert_true(alert_trigger_add_condition(alert_add_trigger(&a, EVENT_TRACE_ERRORS), &c));
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_sample(&a, PAYLOAD_DOCUMENTED, 3, EVENT_TRACE_ERRORS, 5, &out));
    assert_non_null(strstr(buf_text(&out),
                           "\"metric_value\":\"11\",\"threshold\":\"10\","
                           "\"window_seconds\":900"));
    buf_clear(&out);
    a.triggers[0].conditions[0].below = true;
    assert_true(payload_sample(&a, PAYLOAD_DOCUMENTED, 3, EVENT_TRACE_ERRORS, 5, &out));
    assert_non_null(strstr(buf_text(&out), "\"metric_value\":\"9\",\"threshold\":\"10\""));
    buf_free(&out);
    alert_free(&a);
}

static void a_head_takes_from_its_alert(void **state)
{
    (void)state;
    struct alert a;
    struct payload_head head = {.delivery_id = "D", .created_at = 5};
    alert_init(&a);
    payload_head_of(&a, &head);
    assert_string_equal(head.alert_name, "");
    assert_string_equal(head.workspace, "default");
    assert_null(head.base_url);
    assert_null(head.severity);
    assert_false(head.dedup_delivery);
    snprintf(a.id, sizeof a.id, "%s", E1);
    a.destination = DESTINATION_SLACK;
    assert_true(alert_set(&a.name, "Ops") && alert_set(&a.workspace, "team") &&
                alert_set_metadata(&a, ALERT_BASE_URL, "https://o") &&
                alert_set_metadata(&a, ALERT_SEVERITY, "critical") &&
                alert_set_metadata(&a, ALERT_DEDUP, "delivery"));
    payload_head_of(&a, &head);
    assert_string_equal(head.alert_id, E1);
    assert_string_equal(head.alert_name, "Ops");
    assert_string_equal(head.workspace, "team");
    assert_string_equal(head.base_url, "https://o");
    assert_string_equal(head.severity, "critical");
    assert_int_equal(head.destination, DESTINATION_SLACK);
    assert_true(head.dedup_delivery);
    assert_true(alert_set_metadata(&a, ALERT_DEDUP, "alert"));
    payload_head_of(&a, &head);
    assert_false(head.dedup_delivery);
    assert_string_equal(head.delivery_id, "D"); /* that is not the alert's */
    alert_free(&a);
}

static void with_key(const struct alert *a, const char *bare, const char *body,
                     const char *shown)
{
    struct buf made, told;
    buf_init(&made, BUF_UNLIMITED);
    buf_init(&told, BUF_UNLIMITED);
    assert_true(payload_with_key(a, span_of(bare), &made, &told));
    assert_string_equal(buf_text(&made), body);
    assert_string_equal(buf_text(&told), shown);
    buf_free(&made);
    buf_free(&told);
}

static void a_routing_key_is_sent_and_its_mask_shown(void **state)
{
    (void)state;
    static const char rest[] = "\"event_action\":\"trigger\",\"dedup_key\":\"d\"}";
    char bare[100], body[200], shown[200];
    struct alert a;
    alert_init(&a);
    snprintf(bare, sizeof bare, "{%s", rest);
    snprintf(body, sizeof body, "{\"routing_key\":\"\",%s", rest);
    with_key(&a, bare, body, body);
    assert_true(alert_set_metadata(&a, ALERT_ROUTING_KEY, "R0123456789\"xyz"));
    snprintf(body, sizeof body, "{\"routing_key\":\"R0123456789\\\"xyz\",%s", rest);
    snprintf(shown, sizeof shown, "{\"routing_key\":\"R01*********xyz\",%s", rest);
    with_key(&a, bare, body, shown);
    with_key(&a, "{\"id\":1}", "{\"id\":1}", "{\"id\":1}"); /* it wants none */
    with_key(&a, "", "", "");
    alert_free(&a);
}

/* The longest key, and one that takes much more than itself. */
static void a_routing_key_leaves_no_copy(void **state)
{
    (void)state;
    char key[ALERT_TOKEN_MAX + 1] = WIPED_TOKEN;
    struct buf body, shown;
    struct alert a;
    alert_init(&a);
    memset(key + strlen(key), '\x7f', sizeof key - 1 - strlen(key));
    assert_true(alert_set_metadata(&a, ALERT_ROUTING_KEY, key));
    buf_init_secret(&body, BUF_UNLIMITED);
    buf_init(&shown, BUF_UNLIMITED);
    wiped_begin();
    assert_true(payload_with_key(
        &a, span_of("{\"event_action\":\"trigger\",\"dedup_key\":\"d\"}"), &body, &shown));
    assert_non_null(strstr(buf_text(&body), WIPED_TOKEN));
    buf_free(&body);
    buf_free(&shown);
    assert_int_equal(wiped_end(), 0);
    alert_free(&a);
}

static void the_id_of_a_body_is_the_one_that_it_names(void **state)
{
    (void)state;
    static const char *const others[] = {"{\"id\":1}", "{\"id\":\"x\"}", "{}", "", "[]"};
    char id[UUID_SIZE];
    payload_id(span_of("{\"a\":{\"id\":1},\"id\":\"" E1 "\"}"), 5, id);
    assert_string_equal(id, E1);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        payload_id(span_of(others[i]), 1767323045678, id);
        assert_true(uuid_is_v7(id));
        assert_string_not_equal(id, E1);
    }
}

static void a_sample_has_the_alert_s_own_id(void **state)
{
    (void)state;
    struct alert a;
    struct buf out;
    alert_init(&a);
    snprintf(a.id, sizeof a.id, "%s", E1);
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_sample(&a, PAYLOAD_DOCUMENTED, 3, EVENT_TRACE_COST, 5, &out));
    assert_non_null(strstr(buf_text(&out), "\"alertId\":\"" E1 "\""));
    buf_free(&out);
    alert_free(&a);
}

/* Left open it would take in what happens in earnest, and nobody would be called. */
static void a_test_is_an_incident_of_its_own(void **state)
{
    (void)state;
    struct alert a;
    struct buf sample, test;
    char own[100];
    alert_init(&a);
    a.destination = DESTINATION_PAGERDUTY;
    snprintf(a.id, sizeof a.id, "0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a10");
    buf_init(&sample, BUF_UNLIMITED);
    buf_init(&test, BUF_UNLIMITED);
    assert_true(payload_sample(&a, PAYLOAD_DOCUMENTED, 3, EVENT_TRACE_ERRORS, 5, &sample));
    assert_true(payload_test(&a, PAYLOAD_DOCUMENTED, 3, EVENT_TRACE_ERRORS, 5, &test));
    assert_non_null(
        strstr(buf_text(&sample), "\"dedup_key\":\"opik-alerts:0199a1c0-5b1e-7c43-"));
    const char *key = strstr(buf_text(&test), "\"dedup_key\":\"");
    assert_non_null(key);
    snprintf(own, sizeof own, "\"custom_details\":{\"id\":%.38s",
             key + strlen("\"dedup_key\":"));
    assert_non_null(strstr(buf_text(&test), own));
    buf_free(&sample);
    buf_free(&test);
    alert_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_is_as_documented),
        cmocka_unit_test(truncated_shows_only_when_something_is_left_out),
        cmocka_unit_test(empty_bucket_and_absent_names_stay_json),
        cmocka_unit_test(many_users_are_listed_once),
        cmocka_unit_test(samples_are_json_for_others),
        cmocka_unit_test(every_user_of_many_is_listed_in_order),
        cmocka_unit_test(full_buffer_is_reported),
        cmocka_unit_test(samples_have_the_documented_keys),
        cmocka_unit_test(sample_is_a_whole_body),
        cmocka_unit_test(sample_of_a_threshold_says_what_it_would),
        cmocka_unit_test(a_head_takes_from_its_alert),
        cmocka_unit_test(a_routing_key_is_sent_and_its_mask_shown),
        cmocka_unit_test(a_routing_key_leaves_no_copy),
        cmocka_unit_test(the_id_of_a_body_is_the_one_that_it_names),
        cmocka_unit_test(a_sample_has_the_alert_s_own_id),
        cmocka_unit_test(a_test_is_an_incident_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
