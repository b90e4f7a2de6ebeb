/* The made-up entities of payload.h, in the shapes of the document. */
#include "rules/payload.h"

#define PROJECT                                                                            \
    "\"project_id\":\"0198ec68-6e06-7253-a20b-d35c9252b9ba\",\"project_name\":\"Demo "     \
    "Project\""
#define PROJECTS                                                                           \
    "\"project_ids\":\"0198ec68-6e06-7253-a20b-d35c9252b9ba\",\"project_names\":\"Demo "  \
    "Project\""
#define STAMPS "\"created_at\":\"2026-01-02T10:00:00.000Z\",\"created_by\":\"test-user\""

static const char *const ENTITIES[EVENT_TYPE_COUNT] = {
    [EVENT_TRACE_ERRORS] =
        "{\"id\":\"0199a2f0-0b1c-7d2e-8f3a-4b5c6d7e8f90\",\"name\":\"answer_"
        "question\"," PROJECT ",\"start_time\":\"2026-01-02T10:29:45.000Z\",\"end_time\":"
        "\"2026-01-02T10:29:50.000Z\","
        "\"input\":{\"question\":\"What is the price?\"},\"output\":{\"answer\":null},"
        "\"error_info\":{\"exception_type\":\"TimeoutError\",\"message\":\"upstream timed "
        "out\","
        "\"traceback\":\"Traceback (most recent call last): ...\"},"
        "\"metadata\":{\"customer\":\"c-12\"},\"tags\":[\"production\"],\"thread_id\":"
        "\"session-8812\"}",
    [EVENT_TRACE_FEEDBACK_SCORE] =
        "{\"id\":\"0199a2f0-0b1c-7d2e-8f3a-4b5c6d7e8f90\"," PROJECT
        ",\"name\":\"relevance\",\"value\":0.4,\"reason\":\"off topic\","
        "\"category_name\":\"low\",\"source\":\"sdk\",\"created_by\":\"test-user\"}",
    [EVENT_THREAD_FEEDBACK_SCORE] =
        "{\"thread_id\":\"session-8812\"," PROJECT
        ",\"name\":\"helpful\",\"value\":1,\"reason\":\"solved\","
        "\"category_name\":\"high\",\"source\":\"ui\",\"created_by\":\"test-user\"}",
    [EVENT_GUARDRAILS_TRIGGERED] =
        "{\"id\":\"0199a310-2c3d-7e4f-8a5b-6c7d8e9f0a1b\","
        "\"entity_id\":\"0199a2f0-0b1c-7d2e-8f3a-4b5c6d7e8f90\"," PROJECT
        ",\"name\":\"PII\",\"result\":\"failed\",\"config\":{\"entities\":[\"EMAIL\"]},"
        "\"details\":{\"detected_entities\":[\"EMAIL\"]}}",
    [EVENT_PROMPT_CREATED] =
        "{\"id\":\"0199a300-1a2b-7c3d-8e4f-5a6b7c8d9e0f\",\"name\":\"support-bot\","
        "\"description\":\"Answers customers\",\"tags\":[\"production\"]," STAMPS
        ",\"last_updated_at\":\"2026-01-02T10:00:00.000Z\",\"last_updated_by\":\"test-"
        "user\"}",
    [EVENT_PROMPT_COMMITTED] =
        "{\"id\":\"0199a301-3b4c-7d5e-8f6a-7b8c9c1e77ab\","
        "\"prompt_id\":\"0199a300-1a2b-7c3d-8e4f-5a6b7c8d9e0f\",\"commit\":\"9c1e77ab\","
        "\"template\":\"You help with {{topic}}\",\"type\":\"mustache\","
        "\"metadata\":{\"model\":\"m1\"},\"change_description\":\"Shorter\"," STAMPS "}",
    [EVENT_PROMPT_DELETED] =
        "{\"id\":\"0199a300-1a2b-7c3d-8e4f-5a6b7c8d9e0f\",\"name\":\"support-bot\","
        "\"description\":\"Answers customers\",\"tags\":[\"production\"]," STAMPS
        ",\"last_updated_at\":\"2026-01-02T10:00:00.000Z\",\"last_updated_by\":\"test-"
        "user\","
        "\"latest_version\":{\"id\":\"0199a301-3b4c-7d5e-8f6a-7b8c9c1e77ab\","
        "\"commit\":\"9c1e77ab\",\"template\":\"You help with "
        "{{topic}}\",\"type\":\"mustache\"," STAMPS "}}",
    [EVENT_EXPERIMENT_FINISHED] =
        "{\"id\":\"0199a320-4c5d-7e6f-8a7b-8c9d0e1f2a3b\",\"name\":\"run-17\","
        "\"dataset_id\":\"0199a31f-5d6e-7f80-9a8b-9c0d1e2f3a4b\",\"dataset_name\":"
        "\"support-questions\",\"metadata\":{\"model\":\"m1\"},\"type\":\"regular\"," STAMPS
        "}",
    [EVENT_TRACE_COST] =
        "{\"event_type\":\"TRACE_COST\",\"metric_name\":\"trace:cost\",\"metric_value\":"
        "\"12.5\",\"threshold\":\"10\",\"window_seconds\":3600," PROJECTS "}",
    [EVENT_TRACE_LATENCY] =
        "{\"event_type\":\"TRACE_LATENCY\",\"metric_name\":\"trace:latency\",\"metric_"
        "value\":\"4.2\",\"threshold\":\"3\",\"window_seconds\":900," PROJECTS "}",
};

const char *payload_sample_entity(enum event_type type)
{
    return ENTITIES[type];
}
