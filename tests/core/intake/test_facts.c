/* Facts out of JSON, without a server: what is refused and how it is said, what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/facts.h"
#include "store/accept.h"

#define ID    "0193a000-0000-7000-8000-00000000000a"
#define UPPER "0193A000-0000-7000-8000-00000000000A" /* the same */
#define V4    "0193a000-0000-4000-8000-00000000000a"
#define ID2   "0193a000-0000-7000-8000-00000000000b"
#define EI    "\"error_info\":{\"exception_type\":\"E\"}"

static bool trace_scores(struct facts *f, struct js_value root, struct err *err)
{
    return facts_scores(f, root, false, err);
}

static bool thread_scores(struct facts *f, struct js_value root, struct err *err)
{
    return facts_scores(f, root, true, err);
}

static bool one_trace(struct facts *f, struct js_value root, struct err *err)
{
    struct span id;
    return facts_trace(f, root, &id, err);
}

static bool one_update(struct facts *f, struct js_value root, struct err *err)
{
    return facts_trace_update(f, root, span_of(ID), err);
}

static bool one_score(struct facts *f, struct js_value root, struct err *err)
{
    return facts_score(f, root, span_of(ID), err);
}

typedef bool body_parser(struct facts *f, struct js_value root, struct err *err);

static bool parse(body_parser *parser, struct span body, struct facts *f, struct err *err)
{
    struct js_value root;
    if (!js_parse(body, &root, err))
        return false;
    assert_true(facts_init(f, "default", "admin", 1767225600000, err));
    if (parser(f, root, err))
        return true;
    facts_free(f);
    return false;
}

static const struct {
    body_parser *parser;
    const char *body, *words;
} WRONG[] = {
    {facts_traces, "{}", "traces: must be an array"},
    {facts_traces, "{\"traces\":null}", "traces: must be an array"},
    {facts_traces, "{\"traces\":{}}", "traces: must be an array"},
    {facts_traces, "{\"traces\":[1]}", "traces[0]: must be an object"},
    {facts_traces, "{\"traces\":[{},null]}", "traces[1]: must be an object"},
    {facts_traces, "{\"traces\":[{\"id\":\"x\"}]}", "traces[0].id: must be a UUID"},
    {facts_traces, "{\"traces\":[{\"id\":\"\"}]}", "traces[0].id: must be a UUID"},
    {facts_traces, "{\"traces\":[{\"id\":7}]}", "traces[0].id: must be a string"},
    {facts_traces, "{\"traces\":[{\"name\":[]}]}", "traces[0].name: must be a string"},
    {facts_traces, "{\"traces\":[{\"tags\":\"x\"}]}", "traces[0].tags: must be an array"},
    {facts_traces, "{\"traces\":[{\"project_name\":1}]}",
     "traces[0].project_name: must be a string"},
    {facts_traces, "{\"traces\":[{\"project_name\":\"a\\u0000\"}]}",
     "traces[0].project_name: must not hold a NUL character"},
    {facts_traces, "{\"traces\":[{\"project_id\":\"p\"}]}",
     "traces[0].project_id: must be a UUID"},
    {one_trace, "{\"error_info\":\"x\"}", "error_info: must be an object"},
    {one_trace, "{\"start_time\":1}", "start_time: must be a string"},
    {one_update, "{\"error_info\":[]}", "error_info: must be an object"},
    {one_update, "{\"error_info\":{\"exception_type\":{\"a\":5}}}",
     "error_info.exception_type: must be a string"},
    {one_trace, "{\"error_info\":{\"message\":{}}}",
     "error_info.message: must be a string"},
    {facts_traces, "{\"traces\":[{\"error_info\":{\"x\":1,\"traceback\":[\"a\"]}}]}",
     "traces[0].error_info.traceback: must be a string"},
    {facts_trace_updates, "{\"update\":{}}", "ids: must be an array"},
    {facts_trace_updates, "{\"ids\":[],\"update\":{}}", "ids: must hold 1 to 1000 ids"},
    {facts_trace_updates, "{\"ids\":[\"" ID "\"]}", "update: must be an object"},
    {facts_trace_updates, "{\"ids\":[\"" ID "\",null],\"update\":{" EI "}}",
     "ids[1]: must be a UUID"},
    {facts_trace_updates, "{\"ids\":[\"" ID "\"],\"update\":{\"tags\":1}}",
     "update.tags: must be an array"},
    {trace_scores, "{\"scores\":1}", "scores: must be an array"},
    {trace_scores, "{\"scores\":[[]]}", "scores[0]: must be an object"},
    {trace_scores, "{\"scores\":[{\"name\":\"n\",\"value\":1}]}",
     "scores[0].id: is required: the trace's id"},
    {trace_scores, "{\"scores\":[{\"id\":\"" ID "\",\"value\":1}]}",
     "scores[0].name: is required"},
    {one_score, "{\"name\":\"\",\"value\":1}", "name: is required"},
    {one_score, "{\"name\":1,\"value\":1}", "name: must be a string"},
    {one_score, "{\"name\":\"n\"}", "value: must be a number"},
    {one_score, "{\"name\":\"n\",\"value\":null}", "value: must be a number"},
    {one_score, "{\"name\":\"n\",\"value\":NaN}", "value: must be a number"},
    {one_score, "{\"name\":\"n\",\"value\":\"1\"}", "value: must be a number"},
    {one_score, "{\"name\":\"n\",\"value\":true}", "value: must be a number"},
    {one_score, "{\"name\":\"n\",\"value\":1,\"reason\":1}", "reason: must be a string"},
    {one_score, "{\"name\":\"n\",\"value\":1,\"source\":{}}", "source: must be a string"},
    {thread_scores, "{\"scores\":[{\"name\":\"n\",\"value\":1}]}",
     "scores[0].thread_id: is required"},
    {thread_scores, "{\"scores\":[{\"thread_id\":5,\"name\":\"n\",\"value\":1}]}",
     "scores[0].thread_id: must be a string"},
    {facts_guardrails, "{}", "guardrails: must be an array"},
    {facts_guardrails, "{\"guardrails\":[{}]}",
     "guardrails[0].entity_id: is required: the trace's id"},
    {facts_guardrails,
     "{\"guardrails\":[{\"entity_id\":\"" ID "\",\"result\":\"failed\"}]}",
     "guardrails[0].name: must be a string"},
    {facts_guardrails,
     "{\"guardrails\":[{\"entity_id\":\"" ID "\",\"name\":\"PII\",\"result\":\"maybe\"}]}",
     "guardrails[0].result: must be passed or failed"},
    {facts_guardrails,
     "{\"guardrails\":[{\"entity_id\":\"" ID "\",\"name\":\"PII\",\"result\":\"passed\","
     "\"project_id\":\"x\"}]}",
     "guardrails[0].project_id: must be a UUID"},
    {facts_events, "{\"events\":[0]}", "events[0]: must be an object"},
    {facts_guardrails, "{\"guardrails\":[0]}", "guardrails[0]: must be an object"},
    {trace_scores, "{\"scores\":[0]}", "scores[0]: must be an object"},
    {thread_scores, "{\"scores\":[0]}", "scores[0]: must be an object"},
    {trace_scores, "{\"scores\":[{\"id\":\"x\"}]}", "scores[0].id: must be a UUID"},
    {trace_scores, "{\"scores\":[{\"id\":\"" ID "\",\"value\":1,\"name\":\"a\\u0000\"}]}",
     "scores[0].name: must not hold a NUL character"},
    {facts_experiments, "{\"items\":[{\"trace_id\":\"x\"}]}",
     "items[0].trace_id: must be a UUID"},
    {facts_experiments, "{\"items\":[0]}", "items[0]: must be an object"},
    {facts_experiments, "{\"items\":[],\"project_name\":1}",
     "project_name: must be a string"},
    {facts_experiments, "{\"items\":[{\"spans\":[1]}]}",
     "items[0].spans[0]: must be an object"},
    {facts_span_updates, "{\"update\":{\"total_estimated_cost\":1}}",
     "ids: must be an array"},
    {facts_span_updates, "{\"ids\":[],\"update\":{\"total_estimated_cost\":1}}",
     "ids: must hold 1 to 1000 ids"},
    {facts_span_updates, "{\"ids\":[null],\"update\":{\"total_estimated_cost\":1}}",
     "ids[0]: must be a UUID"},
    {facts_span_updates,
     "{\"ids\":[\"" ID "\"],\"update\":{\"total_estimated_cost\":1,\"trace_id\":\"x\"}}",
     "update.trace_id: must be a UUID"},
    {facts_experiments, "{\"items\":[{\"trace\":{\"error_info\":1}}]}",
     "items[0].trace.error_info: must be an object"},
    {facts_experiments, "{\"items\":[{\"trace\":{},\"feedback_scores\":{}}]}",
     "items[0].feedback_scores: must be an array"},
    {facts_experiments, "{\"items\":[{\"trace\":{},\"feedback_scores\":[{}]}]}",
     "items[0].feedback_scores[0].name: is required"},
    {facts_events, "{\"events\":[{\"event_type\":\"x\",\"entity\":{\"a\":1}}]}",
     "events[0].event_type: is no event type"},
    {facts_events, "{\"events\":[{\"event_type\":\"trace:errors\",\"entity\":[]}]}",
     "events[0].entity: must be an object"},
    {facts_events, "{\"events\":[{\"event_type\":\"trace:errors\",\"entity\":{}}]}",
     "events[0].entity: must have a member beside its project"},
};

static void wrong_bodies_are_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct facts f;
        struct err err = {0};
        if (parse(WRONG[i].parser, span_of(WRONG[i].body), &f, &err))
            fail_msg("accepted: %s", WRONG[i].body);
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.text, WRONG[i].words);
    }
}

static void what_is_remembered_or_raised(void **state)
{
    static const struct {
        body_parser *parser;
        const char *body;
        size_t facts, events;
    } cases[] = {
        {facts_traces, "{\"traces\":[]}", 0, 0},
        {one_trace, "{}", 0, 0},
        {one_trace, "{\"id\":\"" ID "\",\"input\":{\"a\":1},\"tags\":[]}", 0, 0},
        {one_trace, "{\"name\":null,\"project_name\":null,\"error_info\":null}", 0, 0},
        {one_trace, "{\"name\":\"n\"}", 1, 0},
        {one_trace, "{\"project_name\":\"p\"}", 1, 0},
        {one_trace, "{\"project_id\":\"" ID "\"}", 1, 0},
        {one_trace, "{\"error_info\":{}}", 0, 0},
        {one_trace, "{\"error_info\":{\"exception_type\":null,\"message\":null}}", 0, 0},
        {one_trace, "{\"error_info\":{\"message\":null,\"code\":7}}", 1, 1},
        {one_trace, "{\"error_info\":{\"exception_type\":500}}", 1, 1},
        {one_trace, "{" EI "}", 1, 1},
        {one_trace, "{\"error_info\":null," EI "}", 1, 1}, /* the last one stands */
        {one_trace, "{" EI ",\"error_info\":null}", 0, 0},
        {one_trace, "{\"error\\u005finfo\":{\"x\":1}}", 1, 1},
        {one_update, "{" EI "}", 1, 1},
        {facts_trace_updates, "{\"ids\":[\"" ID "\",\"" ID2 "\"],\"update\":{" EI "}}", 2,
         2},
        {facts_trace_updates, "{\"ids\":[\"" ID "\"],\"update\":{}}", 0, 0},
        {trace_scores, "{\"scores\":[]}", 0, 0},
        {facts_guardrails,
         "{\"guardrails\":[{\"entity_id\":\"" ID
         "\",\"name\":\"PII\",\"result\":\"passed\"}]}",
         0, 0},
        {facts_experiments, "{\"items\":[{},{\"trace\":null},{\"trace\":{" EI "}}]}", 1, 1},
        {facts_experiments,
         "{\"items\":[{\"trace_id\":\"" ID "\",\"feedback_scores\":"
         "[{\"name\":\"n\",\"value\":1}]},{\"trace\":{},\"feedback_scores\":"
         "[{\"name\":\"n\",\"value\":1}]}]}",
         2, 2},
        {facts_experiments,
         "{\"items\":[{\"evaluate_task_result\":{},\"feedback_scores\":"
         "[{\"name\":\"n\",\"value\":1}],\"spans\":[{},{\"total_estimated_cost\":1}]}]}",
         2, 1},
        {facts_spans, "{\"spans\":[{},{\"total_estimated_cost\":0.5}]}", 1, 0},
        {facts_span_updates,
         "{\"ids\":[\"" ID "\",\"" ID2 "\"],\"update\":{\"total_estimated_cost\":0.5}}", 2,
         0},
        {facts_span_updates, "{\"ids\":[1],\"update\":{\"tags\":[]}}", 0, 0},
        {facts_span_updates, "{}", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facts f;
        struct err err = {0};
        size_t events = 0;
        if (!parse(cases[i].parser, span_of(cases[i].body), &f, &err))
            fail_msg("%s: %s", cases[i].body, err.text);
        for (size_t k = 0; k < f.accept->count; k++)
            events += f.accept->facts[k].is_event;
        if (f.accept->count != cases[i].facts || events != cases[i].events)
            fail_msg("%s: %zu facts, %zu events", cases[i].body, f.accept->count, events);
        facts_free(&f);
    }
}

/* The fact that each body says last: text that is not named is empty. */
static const struct {
    body_parser *parser;
    const char *body, *head, *tail, *trace_id, *trace_name, *project_name, *project_id,
        *score, *once;
    double value; /* 0: nothing is measured */
    enum event_type measure;
    bool wants_trace_name;
} SAID[] = {
    {.parser = one_trace,
     .body = "{\"id\":\"" UPPER "\",\"name\":\"n\\u00e9\",\"project_name\":\"p\\n\","
             "\"thread_id\":\"t\",\"tags\":[ 1 ],\"metadata\":{\"a\":1e30},\"x\":1," EI
             ",\"output\":null,\"input\":NaN,\"end_time\":\"2025-01-01T00:00:02.500Z\","
             "\"start_time\":\"2025-01-01T00:00:01Z\"}",
     .head = "{\"id\":\"" ID "\",\"name\":\"n\\u00e9\"",
     .tail = ",\"start_time\":\"2025-01-01T00:00:01Z\",\"end_time\":\"2025-01-01T00:00:02."
             "500Z\"," EI ",\"metadata\":{\"a\":1e30},\"tags\":[ 1 ],\"thread_id\":\"t\"",
     .trace_id = ID,
     .trace_name = "\"n\\u00e9\"",
     .project_name = "p\n",
     .once = ID,
     .measure = EVENT_TRACE_LATENCY,
     .value = 1.5},
    /* a later update tells its end alone: the id says when it began */
    {.parser = one_update,
     .body = "{\"end_time\":\"2024-12-07T08:22:56.848+01:00\"," EI "}",
     .head = "{\"id\":\"" ID "\"",
     .tail = ",\"end_time\":\"2024-12-07T08:22:56.848+01:00\"," EI,
     .trace_id = ID,
     .once = ID,
     .measure = EVENT_TRACE_LATENCY,
     .value = 2,
     .wants_trace_name = true},
    {.parser = one_update, /* before the id was made */
     .body = "{\"end_time\":\"2024-12-07T07:22:54.847Z\",\"project_id\":\"" UPPER "\"}",
     .trace_id = ID,
     .project_id = ID},
    {.parser = facts_trace_updates, /* an id that does not tell its time */
     .body = "{\"ids\":[\"" V4 "\"],\"update\":{\"end_time\":\"2026-01-01T00:00:00Z\","
             "\"project_name\":\"p\"}}",
     .trace_id = V4,
     .project_name = "p"},
    {.parser = one_trace, /* over before it began */
     .body = "{\"id\":\"" ID "\",\"name\":\"n\",\"start_time\":\"2025-01-01T00:00:01Z\","
             "\"end_time\":\"2025-01-01T00:00:00Z\"}",
     .trace_id = ID,
     .trace_name = "\"n\""},
    {.parser = trace_scores,
     .body = "{\"scores\":[{\"id\":\"" ID "\",\"project_name\":\"p\",\"name\":\"a\\\"\","
             "\"value\":-0.50,\"source\":\"sdk\",\"reason\":null,\"category_name\":\"c\","
             "\"created_by\":\"x\"}]}",
     .head = "{\"id\":\"" ID "\"",
     .tail =
         ",\"name\":\"a\\\"\",\"value\":-0.50,\"category_name\":\"c\",\"source\":\"sdk\","
         "\"created_by\":\"admin\"",
     .trace_id = ID,
     .project_name = "p",
     .score = "a\"",
     .measure = EVENT_TRACE_FEEDBACK_SCORE,
     .value = -0.5},
    {.parser = thread_scores,
     .body = "{\"scores\":[{\"thread_id\":\"t\\\"\",\"name\":\"n\",\"value\":2}]}",
     .head = "{\"thread_id\":\"t\\\"\"",
     .tail = ",\"name\":\"n\",\"value\":2,\"created_by\":\"admin\"",
     .score = "n",
     .measure = EVENT_THREAD_FEEDBACK_SCORE,
     .value = 2},
    {.parser = facts_guardrails,
     .body =
         "{\"guardrails\":[{\"id\":\"" UPPER "\",\"entity_id\":\"" ID2
         "\",\"name\":\"PII\","
         "\"result\":\"failed\",\"details\":{\"b\":[]},\"config\":1,\"project_id\":\"" ID
         "\"}]}",
     .head = "{\"id\":\"" ID "\",\"entity_id\":\"" ID2 "\"",
     .tail = ",\"name\":\"PII\",\"result\":\"failed\",\"config\":1,\"details\":{\"b\":[]}",
     .trace_id = ID2,
     .project_id = ID},
    {.parser = facts_spans,
     .body = "{\"spans\":[{\"id\":\"" UPPER "\",\"trace_id\":\"" ID2
             "\",\"project_name\":\"p\",\"total_estimated_cost\":0.25}]}",
     .trace_id = ID2,
     .project_name = "p",
     .once = ID,
     .measure = EVENT_TRACE_COST,
     .value = 0.25},
    {.parser = facts_span_updates,
     .body =
         "{\"ids\":[\"" ID2 "\",\"" UPPER "\"],\"update\":{\"total_estimated_cost\":4}}",
     .once = ID,
     .measure = EVENT_TRACE_COST,
     .value = 4},
    {.parser = facts_events,
     .body = "{\"events\":[{\"event_type\":\"trace:errors\",\"entity\":{\"id\":\"" UPPER
             "\",\"project_id\":1,\"b\" : [ NaN ],\"project_name\":\"p\"}}]}",
     .head = "{\"id\":\"" UPPER "\",\"b\":[ null ]",
     .trace_id = ID,
     .project_name = "p"},
    {.parser = facts_events,
     .body = "{\"events\":[{\"event_type\":\"trace:guardrails_triggered\",\"project_id\":"
             "\"" UPPER "\",\"entity\":{\"id\":\"" ID "\",\"entity_id\":\"" ID2
             "\",\"project_name\":\"p\"}}]}",
     .head = "{\"id\":\"" ID "\",\"entity_id\":\"" ID2 "\"",
     .trace_id = ID2,
     .project_id = ID},
    {.parser = facts_events,
     .body = "{\"events\":[{\"event_type\":\"prompt:created\",\"entity\":{\"id\":\"" ID
             "\"}}]}",
     .head = "{\"id\":\"" ID "\""},
    {.parser = facts_events,
     .body = "{\"events\":[{\"event_type\":\"trace_thread:feedback_score\",\"project_"
             "name\":\"q\","
             "\"entity\":{\"id\":\"" ID "\",\"project_name\":\"p\"}}]}",
     .head = "{\"id\":\"" ID "\"",
     .project_name = "q"},
    {.parser = facts_experiments, /* what follows its trace is of the trace's project */
     .body = "{\"project_name\":\"p\",\"items\":[{\"trace\":{\"id\":\"" ID "\"," EI "}}]}",
     .head = "{\"id\":\"" ID "\"",
     .tail = "," EI,
     .trace_id = ID,
     .project_name = "p",
     .wants_trace_name = true},
};

static void assert_text(size_t row, const char *what, struct span text,
                        const char *expected)
{
    if (!span_is(text, expected ? expected : ""))
        fail_msg("row %zu, %s: %.*s", row, what, (int)text.len, text.at);
}

static void a_fact_holds_what_was_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++) {
        struct facts f;
        struct err err = {0};
        if (!parse(SAID[i].parser, span_of(SAID[i].body), &f, &err))
            fail_msg("%s: %s", SAID[i].body, err.text);
        assert_true(f.accept->count > 0);
        const struct fact *fact = &f.accept->facts[f.accept->count - 1];
        assert_int_equal(fact->is_event, SAID[i].head != NULL);
        assert_text(i, "head", fact->head, SAID[i].head);
        assert_text(i, "tail", fact->tail, SAID[i].tail);
        assert_text(i, "trace_id", fact->trace_id, SAID[i].trace_id);
        assert_text(i, "trace_name", fact->trace_name, SAID[i].trace_name);
        assert_text(i, "project_name", fact->project_name, SAID[i].project_name);
        assert_text(i, "project_id", fact->project_id, SAID[i].project_id);
        assert_text(i, "score", fact->score, SAID[i].score);
        assert_text(i, "once", fact->once, SAID[i].once);
        assert_int_equal(fact->measured, SAID[i].value != 0);
        if (fact->measured) {
            assert_int_equal(fact->measure, SAID[i].measure);
            assert_true(fact->value == SAID[i].value);
        }
        assert_int_equal(fact->wants_trace_name, SAID[i].wants_trace_name);
        facts_free(&f);
    }
}

static void one_request_is_of_one_user(void **state)
{
    struct facts f;
    struct err err = {0};
    (void)state;
#define EVENT_OF(user) "{\"event_type\":\"trace:errors\"," user "\"entity\":{\"a\":1}}"
    assert_true(parse(facts_events,
                      span_of("{\"events\":[" EVENT_OF("\"user\":\"ana\",") "," EVENT_OF(
                          "\"user\":\"ana\",") "]}"),
                      &f, &err));
    assert_string_equal(f.accept->user, "ana");
    facts_free(&f);
    assert_true(parse(facts_events, span_of("{\"events\":[" EVENT_OF("") "]}"), &f, &err));
    assert_string_equal(f.accept->user, "admin");
    facts_free(&f);
    assert_false(
        parse(facts_events,
              span_of("{\"events\":[" EVENT_OF("\"user\":\"ana\",") "," EVENT_OF("") "]}"),
              &f, &err));
    assert_string_equal(err.text,
                        "events[1].user: must be the same for all events of a request");
}

/* A guardrail without an id, and a trace, get one of this moment. */
static void what_has_no_id_gets_one(void **state)
{
    struct facts f;
    char id[UUID_SIZE];
    (void)state;
    assert_true(parse(facts_guardrails,
                      span_of("{\"guardrails\":[{\"entity_id\":\"" ID
                              "\",\"name\":\"PII\",\"result\":\"failed\"}]}"),
                      &f, NULL));
    struct span head = f.accept->facts[0].head;
    assert_true(head.len > 43 && uuid_read((struct span){head.at + 7, UUID_SIZE - 1}, id));
    assert_true(uuid_is_v7(id));
    facts_free(&f);
    assert_true(parse(one_trace, span_of("{" EI "}"), &f, NULL));
    assert_true(uuid_read(f.accept->facts[0].trace_id, id) && uuid_is_v7(id));
    facts_free(&f);
}

static void lists_and_names_have_a_length(void **state)
{
    (void)state;
    static const struct {
        body_parser *parser;
        const char *before, *words;
    } rows[] = {
        {facts_trace_updates, "{\"update\":{},\"ids\":[", "ids: must hold 1 to 1000 ids"},
        {facts_span_updates, "{\"update\":{\"total_estimated_cost\":1},\"ids\":[",
         "ids: must hold 1 to 1000 ids"},
    };
    struct buf body;
    struct facts f;
    struct err err = {0};
    buf_init(&body, BUF_UNLIMITED);
    for (int more = 0; more < 2; more++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            buf_clear(&body);
            buf_add_text(&body, rows[i].before);
            for (int id = 0; id < FACTS_IDS_MAX + more; id++)
                buf_add_format(&body, "%s\"" ID "\"", id ? "," : "");
            buf_add_text(&body, "]}");
            assert_int_equal(parse(rows[i].parser, buf_span(&body), &f, &err), !more);
            if (more)
                assert_string_equal(err.text, rows[i].words);
            else
                facts_free(&f);
        }
    for (int len = 1024; len < 1026; len++) {
        buf_clear(&body);
        buf_add_format(&body, "{\"items\":[],\"project_name\":\"%0*d\"}", len, 1);
        assert_int_equal(parse(facts_experiments, buf_span(&body), &f, &err), len == 1024);
        if (len == 1024)
            facts_free(&f);
        else
            assert_string_equal(err.text, "project_name: is too long");
        err = (struct err){0};
        buf_clear(&body);
        buf_add_format(&body, "{\"name\":\"n\",\"project_name\":\"%0*d\"}", len, 1);
        assert_int_equal(parse(one_trace, buf_span(&body), &f, &err), len == 1024);
        if (len == 1024)
            facts_free(&f);
    }
    assert_string_equal(err.text, "project_name: is too long");
    buf_free(&body);
}

static void updates_of_many_traces_share_what_is_the_same(void **state)
{
    struct facts f;
    (void)state;
    assert_true(parse(facts_trace_updates,
                      span_of("{\"ids\":[\"" ID "\",\"" ID2 "\"],\"update\":{" EI "}}"), &f,
                      NULL));
    const struct fact *facts = f.accept->facts;
    assert_ptr_equal(facts[0].tail.at, facts[1].tail.at);
    assert_true(span_is(facts[0].trace_id, ID));
    assert_true(span_is(facts[1].trace_id, ID2));
    facts_free(&f);
}

static void ids_of_the_path_are_copied(void **state)
{
    struct facts f;
    struct js_value score, update;
    char id[] = ID;
    (void)state;
    assert_true(js_parse(span_of("{\"name\":\"n\",\"value\":1}"), &score, NULL));
    assert_true(js_parse(span_of("{" EI "}"), &update, NULL));
    assert_true(facts_init(&f, "default", "admin", 0, NULL));
    assert_true(facts_score(&f, score, span_of(id), NULL));
    assert_true(facts_trace_update(&f, update, span_of(id), NULL));
    memset(id, 'x', sizeof id);
    assert_true(span_is(f.accept->facts[0].trace_id, ID));
    assert_true(span_is(f.accept->facts[1].trace_id, ID));
    facts_free(&f);
}

static void many_facts_keep_their_order(void **state)
{
    struct facts f;
    struct buf body;
    (void)state;
    buf_init(&body, BUF_UNLIMITED);
    buf_add_text(&body, "{\"scores\":[");
    for (int i = 0; i < 1000; i++)
        buf_add_format(&body,
                       "%s{\"id\":\"0193a000-0000-7000-8000-%012x\",\"name\":\"n\","
                       "\"value\":%d}",
                       i ? "," : "", i, i);
    buf_add_text(&body, "]}");
    assert_true(parse(trace_scores, buf_span(&body), &f, NULL));
    assert_int_equal(f.accept->count, 1000);
    for (int i = 0; i < 1000; i++) {
        char id[UUID_SIZE];
        snprintf(id, sizeof id, "0193a000-0000-7000-8000-%012x", i);
        assert_true(span_is(f.accept->facts[i].trace_id, id));
    }
    facts_free(&f);
    buf_free(&body);
}

/* Under the sanitizers: no byte of a body may lead astray. */
static void damaged_bodies_do_no_harm(void **state)
{
    static const char body[] =
        "{\"traces\":[{\"id\":\"" ID "\",\"name\":\"n\\u00e9\",\"project_name\":\"p\"," EI
        ",\"tags\":[\"x\"]}],\"scores\":[{\"id\":\"" ID "\",\"thread_id\":\"t\",\"name\":"
        "\"n\",\"value\":-1.5e3}],\"guardrails\":[{\"entity_id\":\"" ID
        "\",\"name\":\"PII\","
        "\"result\":\"failed\",\"details\":{}}],\"items\":[{\"trace\":{},\"feedback_"
        "scores\":"
        "[]}],\"ids\":[\"" ID "\"],\"update\":{\"total_estimated_cost\":1," EI
        "},\"spans\":["
        "{\"id\":\"" ID "\",\"total_estimated_cost\":1}],\"events\":[{\"event_type\":"
        "\"trace:errors\",\"entity\":{\"id\":\"\",\"a\":1}}]}";
    static body_parser *const parsers[] = {
        facts_traces,      trace_scores, thread_scores,       facts_guardrails,
        facts_experiments, facts_events, facts_trace_updates, one_trace,
        one_score,         facts_spans,  facts_span_updates};
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char *copy =
            malloc(sizeof body - 1); /* exact, so that reading over the end is seen */
        size_t len = sizeof body - 1;
        struct facts f;
        memcpy(copy, body, len);
        for (int change = 0; change < 1 + round % 3; change++) {
            seed = seed * 1664525 + 1013904223;
            copy[(seed >> 8) % len] = "\"{}[],:\\0ent\xff\0"[seed % 15];
        }
        if (parse(parsers[round % 11], (struct span){copy, len}, &f, NULL))
            facts_free(&f);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_bodies_are_refused_in_words),
        cmocka_unit_test(what_is_remembered_or_raised),
        cmocka_unit_test(a_fact_holds_what_was_said),
        cmocka_unit_test(one_request_is_of_one_user),
        cmocka_unit_test(what_has_no_id_gets_one),
        cmocka_unit_test(lists_and_names_have_a_length),
        cmocka_unit_test(updates_of_many_traces_share_what_is_the_same),
        cmocka_unit_test(ids_of_the_path_are_copied),
        cmocka_unit_test(many_facts_keep_their_order),
        cmocka_unit_test(damaged_bodies_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
