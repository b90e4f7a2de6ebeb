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

#define ID  "0193a000-0000-7000-8000-00000000000a"
#define ID2 "0193a000-0000-7000-8000-00000000000b"
#define EI  "\"error_info\":{\"exception_type\":\"E\"}"

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
        cmocka_unit_test(updates_of_many_traces_share_what_is_the_same),
        cmocka_unit_test(ids_of_the_path_are_copied),
        cmocka_unit_test(many_facts_keep_their_order),
        cmocka_unit_test(damaged_bodies_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
