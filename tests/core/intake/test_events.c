/* Requests that raise events: what the entity looks like, all or nothing, once. */
#include <sched.h>

#include "core/intake/fixture.h"
#include "store/accept.h"

static void expect_entities(struct fixture *f, const char *expected)
{
    char *got = entities(f);
    mask_project(got);
    assert_string_equal(got, expected);
    free(got);
}

static void errors_carry_the_documented_members(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS);
    expect(f, 204, "POST", "traces/batch",
           "{\"traces\":[{\"id\":\"" TRACE_ID
           "\",\"name\":\"answer\",\"project_name\":\"Shop\","
           "\"start_time\":\"2026-01-02T03:04:05.678Z\",\"end_time\":null,\"unknown\":1,"
           "\"input\":{\"b\":123456789012345678901234567890,\"a\":[ 1.50 ]},"
           "\"error_info\":" ERROR_INFO
           ",\"tags\":[\"x\"],\"thread_id\":\"t\",\"ttft\":1}]}");
    expect_entities(
        f, "{\"id\":\"" TRACE_ID "\",\"name\":\"answer\",\"project_id\":\"P\","
           "\"project_name\":\"Shop\",\"start_time\":\"2026-01-02T03:04:05.678Z\","
           "\"input\":{\"b\":123456789012345678901234567890,\"a\":[ 1.50 ]},"
           "\"error_info\":" ERROR_INFO ",\"tags\":[\"x\"],\"thread_id\":\"t\"}\n");
}

static void a_trace_without_an_error_is_no_event(void **state)
{
    static const char *const bodies[] = {
        "{\"id\":\"" TRACE_ID "\"}",
        "{\"id\":\"" TRACE_ID
        "\",\"name\":\"n\",\"project_name\":\"p\",\"error_info\":null}",
        "{\"id\":\"" TRACE_ID "\",\"error_info\":{}}",
    };
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect(f, 201, "POST", "traces", bodies[i]);
    expect_entities(f, "");
    assert_int_equal(counts(f).unmatched, 0);
}

static void an_error_by_patch_takes_name_and_project_of_its_trace(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS);
    expect(f, 204, "POST", "traces/batch",
           "{\"traces\":[{\"id\":\"" TRACE_ID
           "\",\"name\":\"late \\u00e9\",\"project_name\":\"Shop\"}]}");
    expect(f, 204, "PATCH", "traces/" TRACE_ID, "{\"error_info\":" ERROR_INFO "}");
    expect_entities(f, "{\"id\":\"" TRACE_ID "\",\"name\":\"late \\u00e9\","
                       "\"project_id\":\"P\",\"project_name\":\"Shop\","
                       "\"error_info\":" ERROR_INFO "}\n");
}

struct hold {
    atomic_bool held, go;
};

static void stand_still(void *arg, const struct err *err, const void *result)
{
    struct hold *h = arg;
    (void)err;
    (void)result;
    atomic_store(&h->held, true);
    while (!atomic_load(&h->go))
        sched_yield();
}

/* The writer stands still, so that what is answered meanwhile was not waited for. */
static void an_ordinary_trace_is_answered_before_it_is_carried_out(void **state)
{
    static const char batch[] =
        "{\"traces\":[{\"id\":\"" TRACE_ID "\",\"name\":\"late\",\"project_name\":\"Shop\","
        "\"start_time\":\"2026-01-02T03:04:05Z\",\"end_time\":\"2026-01-02T03:04:07Z\"}]}";
    struct fixture *f = *state;
    struct hold hold = {0};
    struct http_client c;
    struct http_answer a;
    add_alert(f, EVENT_TRACE_ERRORS);
    expect(f, 204, "POST", "traces/batch",
           "{\"traces\":[{\"id\":\"" OTHER_ID "\",\"name\":\"other\",\"project_name\":\"Shop\","
           "\"start_time\":\"2026-01-02T03:04:05Z\",\"end_time\":\"2026-01-02T03:04:07Z\"}]}");
    store_accept(f->s.store, step_request("default"), stand_still, &hold);
    while (!atomic_load(&hold.held))
        sched_yield();
    expect(f, 204, "POST", "traces/batch", batch);
    expect(f, 400, "POST", "traces/batch", "{\"traces\":[{\"id\":1}]}");
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, "PATCH", "/v1/private/traces/" TRACE_ID, JSON,
                      span_of("{\"error_info\":" ERROR_INFO "}"));
    expect(f, 204, "POST", "traces/batch", batch);
    atomic_store(&hold.go, true);
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 204);
    http_answer_free(&a);
    http_close(&c);
    expect_entities(f, "{\"id\":\"" TRACE_ID "\",\"name\":\"late\","
                       "\"project_id\":\"P\",\"project_name\":\"Shop\","
                       "\"error_info\":" ERROR_INFO "}\n");
}

static void an_error_of_a_trace_fires_once(void **state)
{
    struct fixture *f = *state;
    const char *trace = "{\"id\":\"" TRACE_ID "\",\"error_info\":" ERROR_INFO "}";
    add_alert(f, EVENT_TRACE_ERRORS);
    expect(f, 201, "POST", "traces", trace);
    expect(f, 201, "POST", "traces", trace);
    expect(f, 204, "PATCH", "traces/" TRACE_ID, "{\"error_info\":" ERROR_INFO "}");
    expect(f, 204, "PATCH", "traces/batch",
           "{\"ids\":[\"" TRACE_ID "\",\"" OTHER_ID "\"],"
           "\"update\":{\"project_name\":\"Q\",\"error_info\":" ERROR_INFO "}}");
    expect_entities(f,
                    "{\"id\":\"" TRACE_ID "\",\"project_id\":\"P\",\"project_name\":"
                    "\"Default Project\",\"error_info\":" ERROR_INFO "}\n"
                    "{\"id\":\"" OTHER_ID "\",\"project_id\":\"P\",\"project_name\":\"Q\","
                    "\"error_info\":" ERROR_INFO "}\n");
}

static void a_trace_without_an_id_gets_one(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
    char location[128], id[UUID_SIZE];
    add_alert(f, EVENT_TRACE_ERRORS);
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, "POST", "/api/v1/private/traces", JSON,
                      span_of("{\"error_info\":" ERROR_INFO "}"));
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 201);
    assert_true(http_header(&a, "Location", location, sizeof location));
    static const char prefix[] = "/api/v1/private/traces/";
    assert_int_equal(strncmp(location, prefix, strlen(prefix)), 0);
    assert_true(uuid_read(span_of(location + strlen(prefix)), id));
    assert_true(uuid_is_v7(id));
    char *got = entities(f), *made = member(got, "id");
    assert_string_equal(made, id);
    free(made);
    free(got);
    http_answer_free(&a);
    http_close(&c);
}

static void scores_carry_the_documented_members(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_FEEDBACK_SCORE);
    expect(f, 204, "PUT", "traces/feedback-scores",
           "{\"scores\":[{\"id\":\"" TRACE_ID
           "\",\"project_name\":\"Shop\",\"name\":\"tone\","
           "\"value\":0.42000000000000000001,\"source\":\"sdk\",\"author\":\"me\","
           "\"category_name\":null,\"reason\":\"off \\\"topic\\\"\"},"
           "{\"id\":\"" TRACE_ID "\",\"name\":\"tone\",\"value\":1,\"source\":\"ui\"}]}");
    expect_entities(
        f, "{\"id\":\"" TRACE_ID "\",\"project_id\":\"P\",\"project_name\":\"Shop\","
           "\"name\":\"tone\",\"value\":0.42000000000000000001,"
           "\"reason\":\"off \\\"topic\\\"\",\"source\":\"sdk\","
           "\"created_by\":\"admin\"}\n"
           "{\"id\":\"" TRACE_ID "\",\"project_id\":\"P\",\"project_name\":\"Shop\","
           "\"name\":\"tone\",\"value\":1,\"source\":\"ui\","
           "\"created_by\":\"admin\"}\n");
}

static void a_score_by_trace_id_takes_the_traces_project(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_FEEDBACK_SCORE);
    expect(f, 201, "POST", "traces",
           "{\"id\":\"" TRACE_ID "\",\"project_name\":\"Search\"}");
    expect(f, 204, "PUT", "traces/" TRACE_ID "/feedback-scores",
           "{\"name\":\"direct\",\"value\":-3e2}");
    expect_entities(f, "{\"id\":\"" TRACE_ID "\",\"project_id\":\"P\",\"project_name\":"
                       "\"Search\",\"name\":\"direct\",\"value\":-3e2,"
                       "\"created_by\":\"admin\"}\n");
}

static void thread_scores_carry_the_thread(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_THREAD_FEEDBACK_SCORE);
    expect(f, 204, "PUT", "traces/threads/feedback-scores",
           "{\"scores\":[{\"thread_id\":\"s \\u0031\",\"project_name\":\"Shop\","
           "\"name\":\"helpful\",\"value\":1,\"source\":\"ui\"}]}");
    expect_entities(f,
                    "{\"thread_id\":\"s 1\",\"project_id\":\"P\",\"project_name\":\"Shop\","
                    "\"name\":\"helpful\",\"value\":1,\"source\":\"ui\","
                    "\"created_by\":\"admin\"}\n");
}

static void only_failed_guardrails_are_events(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_GUARDRAILS_TRIGGERED);
    expect(f, 204, "POST", "guardrails",
           "{\"guardrails\":[{\"entity_id\":\"" TRACE_ID "\",\"name\":\"TOPIC\","
           "\"result\":\"passed\"},{\"id\":\"" OTHER_ID "\",\"entity_id\":\"" TRACE_ID "\","
           "\"secondary_id\":\"" TRACE_ID "\",\"project_name\":\"Shop\",\"name\":\"PII\","
           "\"result\":\"failed\",\"config\":{\"k\":1},\"details\":{\"z\":[],\"a\":0}}]}");
    expect_entities(f, "{\"id\":\"" OTHER_ID "\",\"entity_id\":\"" TRACE_ID "\","
                       "\"project_id\":\"P\",\"project_name\":\"Shop\",\"name\":\"PII\","
                       "\"result\":\"failed\",\"config\":{\"k\":1},"
                       "\"details\":{\"z\":[],\"a\":0}}\n");
}

static void experiment_items_bring_traces_and_scores(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS);
    add_alert(f, EVENT_TRACE_FEEDBACK_SCORE);
    expect(f, 204, "PUT", "experiments/items/bulk",
           "{\"experiment_name\":\"e\",\"dataset_name\":\"d\",\"items\":["
           "{\"dataset_item_id\":\"" OTHER_ID "\",\"trace\":{\"id\":\"" TRACE_ID "\","
           "\"project_name\":\"Eval\",\"error_info\":" ERROR_INFO "},"
           "\"feedback_scores\":[{\"name\":\"s\",\"value\":1}]}]}");
    expect_entities(f, "{\"id\":\"" TRACE_ID "\",\"project_id\":\"P\",\"project_name\":"
                       "\"Eval\",\"error_info\":" ERROR_INFO "}\n"
                       "{\"id\":\"" TRACE_ID "\",\"project_id\":\"P\",\"project_name\":"
                       "\"Eval\",\"name\":\"s\",\"value\":1,\"created_by\":\"admin\"}\n");
}

/* Traces and scores that name no project are of the request's, but scores of their trace's.
 * An item that has a result and no trace is one of Opik's own making. */
static void experiment_items_are_of_their_project(void **state)
{
    static const char *const parts[] = {
        ",\"project_id\":\"P\",\"project_name\":\"Eval\",\"name\":\"result\",",
        TRACE_ID "\",\"project_id\":\"P\",\"project_name\":\"Eval\",\"error_info\"",
        TRACE_ID "\",\"project_id\":\"P\",\"project_name\":\"Eval\",\"name\":\"bulk\"",
        OTHER_ID "\",\"project_id\":\"P\",\"project_name\":\"Own\",\"error_info\"",
        OTHER_ID "\",\"project_id\":\"P\",\"project_name\":\"Own\",\"name\":\"own\"",
    };
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS);
    add_alert(f, EVENT_TRACE_FEEDBACK_SCORE);
    expect(f, 204, "PUT", "experiments/items/bulk",
           "{\"experiment_name\":\"e\",\"dataset_name\":\"d\",\"project_name\":\"Eval\","
           "\"items\":["
           "{\"dataset_item_id\":\"" OTHER_ID "\",\"evaluate_task_result\":{\"a\":1},"
           "\"feedback_scores\":[{\"name\":\"result\",\"value\":1}]},"
           "{\"dataset_item_id\":\"" OTHER_ID "\",\"trace\":{\"id\":\"" TRACE_ID "\","
           "\"project_name\":\"\",\"error_info\":" ERROR_INFO "},"
           "\"feedback_scores\":[{\"name\":\"bulk\",\"value\":1}]},"
           "{\"dataset_item_id\":\"" OTHER_ID "\",\"trace\":{\"id\":\"" OTHER_ID "\","
           "\"project_name\":\"Own\",\"error_info\":" ERROR_INFO "},"
           "\"feedback_scores\":[{\"name\":\"own\",\"value\":1}]}]}");
    char *got = entities(f);
    mask_project(got);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(got, parts[i]))
            fail_msg("%s is not in %s", parts[i], got);
    free(got);
}

static void one_bad_item_takes_the_whole_batch_with_it(void **state)
{
    static const struct {
        const char *method, *path, *body;
    } cases[] = {
        {"POST", "traces/batch",
         "{\"traces\":[{\"id\":\"" TRACE_ID "\",\"error_info\":" ERROR_INFO "},"
         "{\"id\":\"" OTHER_ID "\",\"error_info\":\"no\"}]}"},
        {"PUT", "traces/feedback-scores",
         "{\"scores\":[{\"id\":\"" TRACE_ID "\",\"name\":\"n\",\"value\":1},"
         "{\"id\":\"" TRACE_ID "\",\"name\":\"n\",\"value\":null}]}"},
        {"PUT",
         "traces/feedback-scores", /* the store refuses the second: no such project */
         "{\"scores\":[{\"id\":\"" TRACE_ID "\",\"name\":\"n\",\"value\":1},"
         "{\"id\":\"" TRACE_ID "\",\"name\":\"n\",\"value\":1,\"project_id\":\"" OTHER_ID
         "\"}]}"},
        {"PATCH", "traces/batch",
         "{\"ids\":[\"" TRACE_ID "\",1],\"update\":{\"error_info\":" ERROR_INFO "}}"},
    };
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS);
    add_alert(f, EVENT_TRACE_FEEDBACK_SCORE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(f, 400, cases[i].method, cases[i].path, cases[i].body);
    expect_entities(f, "");
    assert_int_equal(counts(f).unmatched, 0);
}

static void errors_name_the_place(void **state)
{
    struct fixture *f = *state;
    char *answer = answer_of(f, 400, "POST", "traces/batch",
                             "{\"traces\":[{},{},{\"error_info\":[]}]}");
    assert_string_equal(answer,
                        "{\"errors\":[\"traces[2].error_info: must be an object\"]}");
    free(answer);
}

static void each_workspace_sees_its_own(void **state)
{
    struct fixture *f = *state;
    const char *trace = "{\"id\":\"" TRACE_ID "\",\"error_info\":" ERROR_INFO "}";
    add_alert(f, EVENT_TRACE_ERRORS);
    assert_int_equal(ask(f, "POST", "/api/v1/private/traces",
                         JSON "Comet-Workspace: other\r\n", trace, NULL),
                     201);
    assert_int_equal(counts(f).unmatched, 1);
    assert_int_equal(
        ask(f, "POST", "/v1/private/traces", JSON "Comet-Workspace: \r\n", trace, NULL),
        201);
    assert_int_equal(counts(f).waiting_events, 1);
}

static void spans_and_thread_states_are_taken_and_not_kept(void **state)
{
    static const char *const cases[][2] = {
        {"POST", "spans/batch"},
        {"POST", "spans"},
        {"PATCH", "spans/batch"},
        {"PATCH", "spans/" TRACE_ID},
        {"PUT", "spans/feedback-scores"},
        {"PUT", "spans/" TRACE_ID "/feedback-scores"},
        {"PUT", "traces/threads/open"},
        {"PUT", "traces/threads/close"},
        {"POST", "traces/" TRACE_ID "/feedback-scores/delete"},
        {"POST", "traces/threads/feedback-scores/delete"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(f, 204, cases[i][0], cases[i][1], "{\"error_info\":" ERROR_INFO "}");
        expect(f, 400, cases[i][0], cases[i][1], "{\"broken\":");
    }
    assert_int_equal(counts(f).unmatched, 0);
}

static void a_span_is_taken_whatever_its_project(void **state)
{
    static const char body[] = "{\"id\":\"" OTHER_ID "\",\"trace_id\":\"" TRACE_ID
                               "\",\"project_id\":\"0193a000-0000-7000-8000-000000000001\","
                               "\"total_estimated_cost\":0.5}";
    struct fixture *f = *state;
    char batch[512];
    snprintf(batch, sizeof batch, "{\"spans\":[%s]}", body);
    expect(f, 204, "POST", "spans/batch", batch);
    expect(f, 204, "POST", "spans", body);
    expect(f, 204, "PATCH", "spans/" OTHER_ID, body);
    expect(f, 400, "POST", "traces", body);
}

static void events_of_the_send_command_go_out_as_they_are(void **state)
{
    struct fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS);
    expect(f, 204, "POST", "opik-alerts/events",
           "{\"events\":[{\"event_type\":\"trace:errors\",\"project_name\":\"Shop\","
           "\"user\":\"kim\",\"entity\":{\"id\":\"made up\",\"x\":[1]}}]}");
    expect_entities(f, "{\"id\":\"made up\",\"x\":[1],\"project_id\":\"P\","
                       "\"project_name\":\"Shop\"}\n");
    expect(f, 400, "POST", "opik-alerts/events",
           "{\"events\":[{\"event_type\":\"trace:errors\",\"user\":\"a\",\"entity\":{\"x\":"
           "1}},"
           "{\"event_type\":\"trace:errors\",\"user\":\"b\",\"entity\":{\"x\":1}}]}");
    expect_entities(f, "");
}

static void a_store_that_cannot_write_accepts_nothing(void **state)
{
    struct fixture *f = *state;
    intake_stop(&f->intake, 0);
    store_fixture_close(&f->s);
    const struct store_options options = {f->s.dir, true, &f->s.clock, f->s.limits};
    f->s.store = store_open(&options, NULL);
    assert_non_null(f->s.store);
    start(f);
    expect(f, 403, "POST", "traces", "{\"error_info\":" ERROR_INFO "}");
    expect(f, 403, "POST", "prompts", "{\"name\":\"n\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(errors_carry_the_documented_members),
        TEST(a_trace_without_an_error_is_no_event),
        TEST(an_error_by_patch_takes_name_and_project_of_its_trace),
        TEST(an_ordinary_trace_is_answered_before_it_is_carried_out),
        TEST(an_error_of_a_trace_fires_once),
        TEST(a_trace_without_an_id_gets_one),
        TEST(scores_carry_the_documented_members),
        TEST(a_score_by_trace_id_takes_the_traces_project),
        TEST(thread_scores_carry_the_thread),
        TEST(only_failed_guardrails_are_events),
        TEST(experiment_items_bring_traces_and_scores),
        TEST(experiment_items_are_of_their_project),
        TEST(one_bad_item_takes_the_whole_batch_with_it),
        TEST(errors_name_the_place),
        TEST(each_workspace_sees_its_own),
        TEST(spans_and_thread_states_are_taken_and_not_kept),
        TEST(a_span_is_taken_whatever_its_project),
        TEST(events_of_the_send_command_go_out_as_they_are),
        TEST(a_store_that_cannot_write_accepts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
