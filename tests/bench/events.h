/* The event that all servers are given: about 430 bytes of JSON, the same for each. */
#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

#define EVENTS_PATH   "/api/v1/private/traces/batch"
#define EVENTS_PREFIX "{\"traces\":["
#define EVENTS_SUFFIX "]}"

#define EVENTS_TRACE                                                                       \
    "{\"id\":\"0193a000-0000-7000-8000-{N}\",\"project_name\":\"chat\",\"name\":\"ask\","  \
    "\"start_time\":\"2026-01-02T03:04:05.678Z\",\"end_time\":\"2026-01-02T03:04:07."      \
    "012Z\","                                                                              \
    "\"input\":{\"question\":\"What is the refund policy for orders that are older than "  \
    "thirty days and were paid by invoice?\"},"                                            \
    "\"tags\":[\"prod\",\"eu\"],\"metadata\":{\"model\":\"gpt-4o\",\"tokens\":1234567}"
#define EVENTS_PASSED EVENTS_TRACE "}"
#define EVENTS_FAILED                                                                      \
    EVENTS_TRACE ",\"error_info\":{\"exception_type\":\"TimeoutError\",\"message\":"       \
                 "\"the model did not answer\"}}"

/* Without a start: an old one is sent at once. */
#define EVENTS_MANAGER_PATH "/api/v2/alerts"
#define EVENTS_MANAGER                                                                     \
    "{\"labels\":{\"alertname\":\"trace_error\",\"id\":\"{N}\"},\"annotations\":{"         \
    "\"trace\":"                                                                           \
    "\"0193a000-0000-7000-8000-00000000000a project chat name ask start "                  \
    "2026-01-02T03:04:05Z "                                                                \
    "What is the refund policy for orders older than thirty days? prod eu gpt-4o 1234567 " \
    "TimeoutError: the model did not answer, 5 attempts, 30 s each, chat, ask, first of "  \
    "3\"}}"

#endif
