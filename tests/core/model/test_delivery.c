#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "model/delivery.h"

static void assert_taken(struct buf *out, bool ok, const char *expected)
{
    assert_true(ok);
    assert_string_equal(buf_text(out), expected);
    buf_free(out);
}

static void state_names_go_both_ways(void **state)
{
    (void)state;
    static const char *const names[] = {"waiting", "sending", "retrying", "delivered",
                                        "dead"};
    enum delivery_state s;
    for (int i = DELIVERY_WAITING; i <= DELIVERY_DEAD; i++) {
        assert_string_equal(delivery_state_name((enum delivery_state)i), names[i]);
        assert_true(delivery_state_parse(span_of(names[i]), &s));
        assert_int_equal(s, i);
    }
    assert_false(delivery_state_parse(span_of("Dead"), &s));
    assert_false(delivery_state_parse(span_of(""), &s));
}

static void what_is_delivered_or_dead_has_ended(void **state)
{
    (void)state;
    static const bool ended[] = {false, false, false, true, true};
    for (int i = DELIVERY_WAITING; i <= DELIVERY_DEAD; i++)
        assert_int_equal(delivery_state_ended((enum delivery_state)i), ended[i]);
}

static void outcome_kinds_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"response", "network", "forbidden", "cancelled",
                                        "unknown"};
    for (int i = OUTCOME_RESPONSE; i <= OUTCOME_UNKNOWN; i++)
        assert_string_equal(outcome_kind_name((enum outcome_kind)i), names[i]);
}

static void the_next_time_has_a_reason(void **state)
{
    (void)state;
    static const struct {
        struct attempt attempt;
        const char *why;
    } rows[] = {
        {{.outcome = {.kind = OUTCOME_RESPONSE, .status = 200, .retry_after_ms = -1}}, ""},
        {{.outcome = {.kind = OUTCOME_RESPONSE, .status = 500, .retry_after_ms = -1},
          .next_at = 1},
         "the wait doubles with each attempt"},
        {{.outcome = {.kind = OUTCOME_RESPONSE, .status = 429, .retry_after_ms = 120000},
          .next_at = 1},
         "the answer asked to wait 2 m 00 s"},
        {{.outcome = {.kind = OUTCOME_RESPONSE, .status = 503, .retry_after_ms = 0},
          .next_at = 1},
         "the wait doubles with each attempt"},
        {{.outcome = {.kind = OUTCOME_RESPONSE, .status = 429, .retry_after_ms = 120000}},
         ""},
        {{.outcome = {.kind = OUTCOME_UNKNOWN, .retry_after_ms = -1}, .next_at = 1},
         "nobody knows what came of it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[80] = "x";
        attempt_why_next(&rows[i].attempt, why, sizeof why);
        assert_string_equal(why, rows[i].why);
    }
}

/* From one clock to another: what is not set stays so. */
static void times_are_shifted(void **state)
{
    (void)state;
    struct attempt attempts[] = {{.next_at = 5}, {.next_at = 0}, {.next_at = 7}};
    struct delivery d = {.next_at = 10, .attempts = attempts, .attempt_count = 3};
    struct bucket b = {.opened_at = 1, .due_at = 2};
    struct log_row r = {.next_at = 3};
    bucket_shift(&b, 100);
    assert_int_equal(b.opened_at, 101);
    assert_int_equal(b.due_at, 102);
    delivery_shift(&d, 100);
    assert_int_equal(d.next_at, 110);
    assert_int_equal(attempts[0].next_at, 105);
    assert_int_equal(attempts[1].next_at, 0);
    assert_int_equal(attempts[2].next_at, 107);
    log_row_shift(&r, -3);
    assert_int_equal(r.next_at, 0);
    d = (struct delivery){.attempt_count = 3}; /* of a list */
    delivery_shift(&d, 100);
    assert_int_equal(d.next_at, 0);
}

static void bucket_is_written(void **state)
{
    (void)state;
    struct buf out;
    struct bucket b = {.key = "alert_bucket:A:trace:errors",
                       .alert_id = "A",
                       .alert_name = strdup("n"),
                       .workspace = strdup("team"),
                       .type = EVENT_TRACE_ERRORS,
                       .events = 3,
                       .opened_at = 1000,
                       .due_at = 31000};
    buf_init(&out, BUF_UNLIMITED);
    assert_taken(
        &out, bucket_to_json(&b, &out),
        "{\"key\":\"alert_bucket:A:trace:errors\",\"alert_id\":\"A\","
        "\"alert_name\":\"n\",\"workspace\":\"team\",\"event_type\":\"trace:errors\","
        "\"events\":3,\"opened_at\":\"1970-01-01T00:00:01.000Z\","
        "\"due_at\":\"1970-01-01T00:00:31.000Z\"}");
    strcpy(b.silence_id, "0190b2c0-1111-7000-8000-000000000001");
    assert_true(bucket_to_json(&b, &out));
    assert_non_null(
        strstr(buf_text(&out),
               "31.000Z\",\"silence_id\":\"0190b2c0-1111-7000-8000-000000000001\"}"));
    buf_free(&out);
    bucket_free(&b);
    bucket_free(&b);
}

static void delivery_with_attempts_is_written(void **state)
{
    (void)state;
    struct buf out;
    struct delivery d = {.id = "D",
                         .alert_id = "A",
                         .alert_name = strdup("n"),
                         .workspace = strdup("team"),
                         .type = EVENT_PROMPT_DELETED,
                         .state = DELIVERY_DEAD,
                         .event_count = 2,
                         .truncated = 4,
                         .created_at = 1,
                         .attempt_count = 2,
                         .reason = strdup("answered 404"),
                         .attempts = calloc(2, sizeof *d.attempts)};
    assert_non_null(d.attempts);
    d.attempts[0] = (struct attempt){.n = 1,
                                     .next_at = 3000,
                                     .outcome = {.kind = OUTCOME_NETWORK,
                                                 .started_at = 2000,
                                                 .total_us = 1999,
                                                 .error = "a\"\x1b\xff",
                                                 .headers = strdup("h"),
                                                 .body = strdup("b")}};
    d.attempts[1] =
        (struct attempt){.n = 2,
                         .request_headers = strdup("r"),
                         .outcome = {.status = 404, .started_at = 3000, .total_us = 12000}};
    buf_init(&out, BUF_UNLIMITED);
    assert_taken(
        &out, delivery_to_json(&d, &out),
        "{\"id\":\"D\",\"alert_id\":\"A\",\"alert_name\":\"n\","
        "\"event_type\":\"prompt:deleted\",\"workspace\":\"team\",\"state\":\"dead\","
        "\"event_count\":2,\"truncated\":4,\"created_at\":\"1970-01-01T00:00:00.001Z\","
        "\"reason\":\"answered 404\",\"attempts\":[{\"n\":1,"
        "\"at\":\"1970-01-01T00:00:02.000Z\",\"latency_ms\":1,"
        "\"error\":\"a\\\"\\u001B\xef\xbf\xbd\","
        "\"next_at\":\"1970-01-01T00:00:03.000Z\"},{\"n\":2,"
        "\"at\":\"1970-01-01T00:00:03.000Z\",\"status\":404,\"latency_ms\":12}]}");
    delivery_free(&d);
    delivery_free(&d);
}

static void delivery_of_a_list_has_no_attempts(void **state)
{
    (void)state;
    struct buf out;
    const struct delivery d = {.id = "D",
                               .alert_id = "A",
                               .type = EVENT_TRACE_ERRORS,
                               .state = DELIVERY_RETRYING,
                               .event_count = 1,
                               .created_at = 1,
                               .next_at = 1000,
                               .attempt_count = 3};
    buf_init(&out, BUF_UNLIMITED);
    assert_taken(&out, delivery_to_json(&d, &out),
                 "{\"id\":\"D\",\"alert_id\":\"A\",\"event_type\":\"trace:errors\","
                 "\"state\":\"retrying\",\"event_count\":1,"
                 "\"created_at\":\"1970-01-01T00:00:00.001Z\","
                 "\"next_at\":\"1970-01-01T00:00:01.000Z\",\"attempts\":[]}");
}

static void log_rows_are_written(void **state)
{
    (void)state;
    struct buf out;
    struct log_row r = {.seq = 7,
                        .at = 1000,
                        .alert_id = "A",
                        .alert_name = strdup("n"),
                        .workspace = strdup("team"),
                        .type = EVENT_TRACE_ERRORS,
                        .events = 3,
                        .delivery_id = "D",
                        .n = 1,
                        .of = 4,
                        .status = 503,
                        .latency_us = 2500,
                        .state = DELIVERY_RETRYING,
                        .next_at = 2000,
                        .text = strdup("late")};
    buf_init(&out, BUF_UNLIMITED);
    assert_taken(
        &out, log_row_to_json(&r, &out),
        "{\"seq\":7,\"kind\":\"attempt\",\"at\":\"1970-01-01T00:00:01.000Z\","
        "\"alert_id\":\"A\",\"alert_name\":\"n\",\"workspace\":\"team\","
        "\"event_type\":\"trace:errors\",\"events\":3,\"delivery_id\":\"D\",\"n\":1,"
        "\"of\":4,\"status\":503,\"latency_ms\":2,\"state\":\"retrying\","
        "\"next_at\":\"1970-01-01T00:00:02.000Z\",\"text\":\"late\"}");
    r.ended = strdup("gone"); /* the retry will never come */
    assert_taken(
        &out, log_row_to_json(&r, &out),
        "{\"seq\":7,\"kind\":\"attempt\",\"at\":\"1970-01-01T00:00:01.000Z\","
        "\"alert_id\":\"A\",\"alert_name\":\"n\",\"workspace\":\"team\","
        "\"event_type\":\"trace:errors\",\"events\":3,\"delivery_id\":\"D\",\"n\":1,"
        "\"of\":4,\"status\":503,\"latency_ms\":2,\"state\":\"dead\","
        "\"reason\":\"gone\",\"text\":\"late\"}");
    r.kind = LOG_DROPPED;
    r.delivery_id[0] = '\0';
    assert_taken(&out, log_row_to_json(&r, &out),
                 "{\"seq\":7,\"kind\":\"dropped\",\"at\":\"1970-01-01T00:00:01.000Z\","
                 "\"alert_id\":\"A\",\"alert_name\":\"n\",\"workspace\":\"team\","
                 "\"event_type\":\"trace:errors\",\"events\":3,\"text\":\"late\"}");
    r.kind = LOG_NOTICE;
    assert_taken(&out, log_row_to_json(&r, &out),
                 "{\"seq\":7,\"kind\":\"notice\",\"at\":\"1970-01-01T00:00:01.000Z\","
                 "\"alert_id\":\"A\",\"alert_name\":\"n\",\"workspace\":\"team\","
                 "\"text\":\"late\"}");
    log_row_free(&r);
    log_row_free(&r);
}

/* Parses what was written with a reader that is not ours. */
static json_t *read_back(struct buf *out, bool ok)
{
    json_error_t problem;
    assert_true(ok);
    json_t *tree = json_loadb(out->data, out->len, JSON_REJECT_DUPLICATES, &problem);
    if (!tree)
        fail_msg("%s: %s", problem.text, buf_text(out));
    for (size_t i = 0; i < out->len; i++)
        assert_in_range((unsigned char)out->data[i], 0x20, 0xff);
    buf_free(out);
    return tree;
}

static const struct hostile {
    const char *text, *read; /* read NULL: as it was written */
} HOSTILE[] = {
    {"\"}],\"state\":\"delivered", NULL},
    {"back\\slash\\", NULL},
    {"\x1b[2J\x1b]0;t\x07\r\n\t\x7f", NULL},
    {"\xc2\x9b\xe2\x80\xae\xef\xbb\xbf\xe2\x80\xa8", NULL},
    {"\xf0\x9f\x98\x80", NULL},
    {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
};

static void assert_member(json_t *tree, const char *key, const struct hostile *h)
{
    assert_string_equal(json_string_value(json_object_get(tree, key)),
                        h->read ? h->read : h->text);
}

static void hostile_texts_stay_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof HOSTILE / sizeof *HOSTILE; i++) {
        const struct hostile *h = &HOSTILE[i];
        char *text = strdup(h->text);
        struct attempt one = {.n = 1};
        const struct bucket b = {.key = "k", .alert_name = text, .workspace = text};
        const struct delivery d = {.alert_name = text,
                                   .workspace = text,
                                   .reason = text,
                                   .attempt_count = 1,
                                   .attempts = &one};
        const struct log_row r = {.alert_name = text, .workspace = text, .text = text};
        struct buf out;
        assert_non_null(text);
        snprintf(one.outcome.error, sizeof one.outcome.error, "%s", h->text);
        buf_init(&out, BUF_UNLIMITED);
        json_t *tree = read_back(&out, bucket_to_json(&b, &out));
        assert_member(tree, "alert_name", h);
        assert_member(tree, "workspace", h);
        json_decref(tree);
        tree = read_back(&out, delivery_to_json(&d, &out));
        assert_member(tree, "alert_name", h);
        assert_member(tree, "workspace", h);
        assert_member(tree, "reason", h);
        assert_member(json_array_get(json_object_get(tree, "attempts"), 0), "error", h);
        json_decref(tree);
        tree = read_back(&out, log_row_to_json(&r, &out));
        assert_member(tree, "alert_name", h);
        assert_member(tree, "text", h);
        json_decref(tree);
        free(text);
    }
}

static void every_type_and_state_is_named(void **state)
{
    (void)state;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        for (int s = DELIVERY_WAITING; s <= DELIVERY_DEAD; s++) {
            const struct delivery d = {.type = (enum event_type)type,
                                       .state = (enum delivery_state)s,
                                       .event_count = INT64_MAX,
                                       .created_at = INT64_MAX};
            struct buf out;
            buf_init(&out, BUF_UNLIMITED);
            json_t *tree = read_back(&out, delivery_to_json(&d, &out));
            assert_string_equal(json_string_value(json_object_get(tree, "event_type")),
                                event_type_name((enum event_type)type));
            assert_string_equal(json_string_value(json_object_get(tree, "state")),
                                delivery_state_name((enum delivery_state)s));
            assert_true(json_integer_value(json_object_get(tree, "event_count")) ==
                        INT64_MAX);
            json_decref(tree);
        }
    }
}

static void full_buffer_is_reported(void **state)
{
    (void)state;
    struct buf out;
    const struct bucket b = {.key = "k"};
    const struct delivery d = {.id = "D"};
    const struct log_row r = {.seq = 1};
    buf_init(&out, 10);
    assert_false(bucket_to_json(&b, &out));
    buf_clear(&out);
    assert_false(delivery_to_json(&d, &out));
    buf_clear(&out);
    assert_false(log_row_to_json(&r, &out));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_names_go_both_ways),
        cmocka_unit_test(what_is_delivered_or_dead_has_ended),
        cmocka_unit_test(outcome_kinds_have_names),
        cmocka_unit_test(the_next_time_has_a_reason),
        cmocka_unit_test(times_are_shifted),
        cmocka_unit_test(bucket_is_written),
        cmocka_unit_test(delivery_with_attempts_is_written),
        cmocka_unit_test(delivery_of_a_list_has_no_attempts),
        cmocka_unit_test(log_rows_are_written),
        cmocka_unit_test(hostile_texts_stay_json),
        cmocka_unit_test(every_type_and_state_is_named),
        cmocka_unit_test(full_buffer_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
