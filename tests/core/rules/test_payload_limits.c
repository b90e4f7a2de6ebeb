/* Slack and PagerDuty bodies against the limits that both publish, with input that strangers
 * could have written. */
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

enum {
    EVENTS = 10000,
    HEADER = 150,
    SECTION = 3000,
    BLOCKS = 50,
    SUMMARY = 1024,
    DEDUP = 255,
    EVENT_BYTES = 512 * 1024,
};

/* Words that mean harm, or that are long. */
static const char *const WORDS[] = {
    "plain",
    "",
    "<!channel> & <http://evil|click>",
    "```*_~`",
    "line\nbreak\r\tand tab",
    "\x1b[2J\x07",
    "\xf0\x9f\x94\xa5\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
    "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae, evil",
    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
    "broken \xff\xfe\xc3",
    "\"quotes\\\" and \\u0000",
};
enum { WORD_COUNT = sizeof WORDS / sizeof *WORDS };

static char *repeated(const char *word, size_t times)
{
    size_t len = strlen(word);
    char *text = malloc(len * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * len, word, len);
    text[len * times] = '\0';
    return text;
}

/* An entity whose every member is that word, with a project of its own. */
static char *entity_of(const char *word, size_t n)
{
    static const char *const keys[] = {"id",       "entity_id",   "thread_id", "prompt_id",
                                       "name",     "reason",      "project_name",
                                       "dataset_id"};
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    buf_add_format(&out, "{\"project_id\":\"p-%zu\",\"value\":%zu.125", n, n);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        buf_add_format(&out, ",\"%s\":", keys[i]);
        js_append_string(&out, span_of(word));
    }
    buf_add_char(&out, '}');
    return buf_take(&out);
}

struct made {
    struct payload_event *events;
    char **entities;
    size_t count;
};

static struct made make_events(const char *word, size_t count)
{
    struct made m = {calloc(count, sizeof *m.events), calloc(count, sizeof *m.entities), count};
    for (size_t i = 0; i < count; i++) {
        m.entities[i] = entity_of(word, i);
        m.events[i] = (struct payload_event){"0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a10",
                                             span_of("ana"), (int64_t)i / 7,
                                             span_of(m.entities[i])};
    }
    return m;
}

static void free_events(struct made *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->entities[i]);
    free(m->entities);
    free(m->events);
}

static size_t units(const char *utf8)
{
    size_t n = 0;
    for (; *utf8; utf8++)
        n += (((unsigned char)*utf8 & 0xc0) != 0x80) + ((unsigned char)*utf8 >= 0xf0);
    return n;
}

static const char *text_of(json_t *block)
{
    return json_string_value(json_object_get(json_object_get(block, "text"), "text"));
}

static struct payload_head head_of(enum event_type type, const char *name)
{
    return (struct payload_head){.delivery_id = "0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a11",
                                 .alert_id = "0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a12",
                                 .alert_name = name,
                                 .workspace = "team <a>",
                                 .type = type,
                                 .created_at = 1767323045678};
}

/* ------------------------------------------------------------------ slack */

/* Every line of the details is one of ours: nothing of a stranger begins a line, opens a link
 * or leaves a control behind. */
static void check_details(const char *text)
{
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < 0x20)
            assert_int_equal(*at, '\n');
        if (*at == '<')
            assert_true(strncmp(at, "<http://localhost:5173/team%20%3Ca%3E/", 38) == 0);
    }
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        bool ours = strncmp(line, "Trace ", 6) == 0 || strncmp(line, "Thread ", 7) == 0 ||
                    strncmp(line, "Prompt ", 7) == 0 || strncmp(line, "Experiment ", 11) == 0 ||
                    *line == '*' || *line == '`' || *line == '<' ||
                    strncmp(line, "\xe2\x80\xa2 ", 4) == 0;
        if (!ours)
            fail_msg("a line that is not ours: %s", line);
    }
}

static void check_slack(const struct payload_head *head, const struct made *m)
{
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_slack(head, m->events, m->count, &out));
    json_t *body = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    if (!body)
        fail_msg("not JSON: %.2000s", buf_text(&out));
    json_t *blocks = json_object_get(body, "blocks");
    assert_in_range(json_array_size(blocks), 2, BLOCKS);
    assert_in_range(units(text_of(json_array_get(blocks, 0))), 1, HEADER);
    for (size_t i = 1; i < json_array_size(blocks); i++)
        assert_in_range(units(text_of(json_array_get(blocks, i))), 1, SECTION);
    if (json_array_size(blocks) > 2)
        check_details(text_of(json_array_get(blocks, 2)));
    json_decref(body);
    buf_free(&out);
}

static void slack_keeps_its_limits_whatever_comes(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 3, 70};
    for (int type = 0; type < EVENT_TYPE_COUNT; type++)
        for (size_t w = 0; w < WORD_COUNT; w++)
            for (size_t c = 0; c < 3; c++) {
                char *name = repeated(WORDS[w], 5000);
                struct made m = make_events(c == 1 ? name : WORDS[w], counts[c]);
                struct payload_head head = head_of((enum event_type)type, name);
                head.truncated = c == 2 ? 5 : 0;
                check_slack(&head, &m);
                free_events(&m);
                free(name);
            }
}

/* This test has the locale of a service, which knows no letters but ASCII's. */
static void slack_keeps_the_letters_of_every_script(void **state)
{
    (void)state;
    struct made m = make_events("Pr\xc3\xbc"
                                "fung \xe6\x97\xa5",
                                1);
    struct payload_head head = head_of(EVENT_PROMPT_CREATED, "Ops");
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_slack(&head, m.events, m.count, &out));
    if (!strstr(buf_text(&out), "Pr\xc3\xbc"
                                "fung \xe6\x97\xa5"))
        fail_msg("%s", buf_text(&out));
    buf_free(&out);
    free_events(&m);
}

static void slack_takes_ten_thousand_events(void **state)
{
    (void)state;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        struct made m = make_events("x", EVENTS);
        struct payload_head head = head_of((enum event_type)type, "Many");
        struct buf out;
        check_slack(&head, &m);
        buf_init(&out, BUF_UNLIMITED);
        assert_true(payload_slack(&head, m.events, m.count, &out));
        assert_non_null(strstr(buf_text(&out), "*10000* new"));
        assert_non_null(strstr(buf_text(&out), "Not all are shown: 10000 in all."));
        buf_free(&out);
        free_events(&m);
    }
}

static void assert_slack(enum event_type type, const char *entity, const char *details)
{
    struct payload_head head = head_of(type, "Ops");
    struct payload_event e = {"E", span_of("ana"), 1, span_of(entity)};
    struct buf out;
    head.workspace = "team";
    head.base_url = "https://opik.example.org/";
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_slack(&head, &e, 1, &out));
    json_t *body = json_loadb(out.data, out.len, 0, NULL);
    json_t *blocks = json_object_get(body, "blocks");
    assert_int_equal(json_array_size(blocks), 3);
    assert_string_equal(text_of(json_array_get(blocks, 2)), details);
    json_decref(body);
    buf_free(&out);
}

#define BASE "<https://opik.example.org/team"

static void slack_says_what_opik_says(void **state)
{
    (void)state;
    assert_slack(EVENT_TRACE_ERRORS, "{\"id\":\"T\",\"project_id\":\"P\"}",
                 "*Traces with Errors:*\nTrace `T`, " BASE "/projects/P/traces?trace=T|View>");
    assert_slack(
        EVENT_GUARDRAILS_TRIGGERED, "{\"id\":\"G\",\"entity_id\":\"T\",\"project_id\":\"P\"}",
        "*Traces with Guardrails Triggered:*\nTrace `T`, " BASE "/projects/P/traces?trace=T|View>");
    assert_slack(EVENT_TRACE_FEEDBACK_SCORE,
                 "{\"id\":\"T\",\"project_id\":\"P\",\"name\":\"n\",\"value\":0.456}",
                 "*Traces Feedback Scores:*\nTrace Score *n* = 0.46, N/A, " BASE
                 "/projects/P/traces?trace=T&amp;traceTab=feedback_scores|View>");
    assert_slack(EVENT_THREAD_FEEDBACK_SCORE,
                 "{\"thread_id\":\"a b\",\"project_id\":\"P\",\"name\":\"n\",\"value\":1,"
                 "\"reason\":\"good\"}",
                 "*Threads Feedback Scores:*\nThread Score *n* = 1.00, good, " BASE
                 "/projects/P/traces?type=threads&amp;thread=a%20b&amp;threadTab=feedback_"
                 "scores|View>");
    assert_slack(EVENT_PROMPT_CREATED, "{\"id\":\"I\"}",
                 "*Prompts Created:*\nPrompt `I`, " BASE "/prompts/I|View>");
    assert_slack(EVENT_PROMPT_COMMITTED, "{\"id\":\"V\",\"prompt_id\":\"I\"}",
                 "*Prompts Committed:*\nPrompt `I` (version `V`), " BASE
                 "/prompts/I?activeVersionId=V|View>");
    assert_slack(EVENT_PROMPT_DELETED, "{\"id\":\"I\"}", "*Deleted Prompt IDs:*\n`I`");
    assert_slack(EVENT_EXPERIMENT_FINISHED, "{\"id\":\"X\",\"dataset_id\":\"D\"}",
                 "*Experiments Finished:*\nExperiment `X`, " BASE
                 "/experiments/D/compare?experiments=%5B%22X%22%5D|View>");
    assert_slack(EVENT_TRACE_COST,
                 "{\"metric_name\":\"trace:cost\",\"metric_value\":\"12.5\",\"threshold\":\"10\","
                 "\"window_seconds\":3600,\"project_ids\":\"\",\"project_names\":\"\"}",
                 "*Cost Alert Triggered:*\n\xe2\x80\xa2 *Current Cost value:* $12.5\n"
                 "\xe2\x80\xa2 *Threshold:* $10\n\xe2\x80\xa2 *Time Window:* 1 hour\n"
                 "\xe2\x80\xa2 *Scope:* *Workspace-wide*\n" BASE "/projects|View All Projects>");
    assert_slack(EVENT_TRACE_ERRORS,
                 "{\"metric_name\":\"trace:errors\",\"metric_value\":\"12\",\"threshold\":\"10\","
                 "\"window_seconds\":900,\"project_ids\":\"P\",\"project_names\":\"Shop\"}",
                 "*Trace Errors Alert Triggered:*\n\xe2\x80\xa2 *Current Trace Errors value:* 12\n"
                 "\xe2\x80\xa2 *Threshold:* 10\n\xe2\x80\xa2 *Time Window:* 15 minutes\n"
                 "\xe2\x80\xa2 *Scope:* *Projects:* `Shop`\n" BASE
                 "/projects/P/traces?type=traces|View Project>");
    assert_slack(
        EVENT_THREAD_FEEDBACK_SCORE,
        "{\"metric_name\":\"trace_thread:feedback_score\",\"metric_value\":\"0.4\","
        "\"threshold\":\"0.7\",\"window_seconds\":172800,\"project_ids\":\"P\","
        "\"project_names\":\"Shop\",\"feedback_score_name\":\"mood_*\"}",
        "*Thread Feedback Score Alert Triggered:*\n"
        "\xe2\x80\xa2 *Current Thread Feedback Score value:* 0.4\n"
        "\xe2\x80\xa2 *Threshold:* 0.7\n\xe2\x80\xa2 *Time Window:* 2 days\n"
        "\xe2\x80\xa2 *Feedback Score:* `mood''`\n"
        "\xe2\x80\xa2 *Scope:* *Projects:* `Shop`\n" BASE
        "/projects/P/traces?type=threads|View Project>");
    assert_slack(
        EVENT_TRACE_LATENCY,
        "{\"metric_name\":\"trace:latency\",\"metric_value\":\"3\",\"threshold\":\"2\","
        "\"window_seconds\":1,\"project_ids\":\"P,Q\",\"project_names\":\"Shop,Bar\"}",
        "*Latency Alert Triggered:*\n\xe2\x80\xa2 *Current Latency value:* 3 s\n"
        "\xe2\x80\xa2 *Threshold:* 2 s\n\xe2\x80\xa2 *Time Window:* 1 second\n"
        "\xe2\x80\xa2 *Scope:* *Projects:* `Shop,Bar`\n" BASE
        "/projects|View All Projects>");
    assert_slack(EVENT_PROMPT_CREATED, "{\"id\":12}", /* not as a string */
                 "*Prompts Created:*\nPrompt `12`, " BASE "/prompts/12|View>");
    assert_slack(EVENT_PROMPT_CREATED, "{\"id\":true}",
                 "*Prompts Created:*\nPrompt `N/A`, " BASE "/prompts/|View>");
    assert_slack(EVENT_PROMPT_CREATED, "{\"id\":\"\"}",
                 "*Prompts Created:*\nPrompt `N/A`, " BASE "/prompts/|View>");
    assert_slack(EVENT_PROMPT_DELETED, "{\"id\":\"&<a>`*_~|\\n\\u007f\"}",
                 "*Deleted Prompt IDs:*\n`&amp;&lt;a&gt;''''| \\x7f`");
}

/* Where nothing else says where links lead; and one that would end a link is encoded. */
static void slack_has_links_that_hold(void **state)
{
    (void)state;
    static const struct {
        const char *base, *workspace, *link;
    } rows[] = {
        {NULL, NULL, "<http://localhost:5173/default/prompts/I|View>"},
        {"", "a b", "<http://localhost:5173/a%20b/prompts/I|View>"},
        {"https://o/x//", "w", "<https://o/x/w/prompts/I|View>"},
        {"https://o/<a|b>\" ", "w", "<https://o/%3Ca%7Cb%3E%22%20/w/prompts/I|View>"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct payload_head head = head_of(EVENT_PROMPT_CREATED, NULL);
        struct payload_event e = {"E", span_of("ana"), 1, span_of("{\"id\":\"I\"}")};
        struct buf out;
        head.base_url = rows[i].base;
        head.workspace = rows[i].workspace;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(payload_slack(&head, &e, 1, &out));
        if (!strstr(buf_text(&out), rows[i].link))
            fail_msg("%s", buf_text(&out));
        assert_non_null(strstr(buf_text(&out), "\"text\":\"Alert\"")); /* it has no name */
        assert_non_null(strstr(buf_text(&out), "*1* new Prompt Created event happened"));
        buf_free(&out);
    }
}

static size_t words_in(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)); text += strlen(word))
        count++;
    return count;
}

static void slack_cuts_where_its_limits_are(void **state)
{
    (void)state;
    static const char fire[] = "\xf0\x9f\x94\xa5"; /* two units */
    for (size_t n = 74; n < 78; n++) {
        char *name = repeated(fire, n);
        struct payload_head head = head_of(EVENT_PROMPT_DELETED, name);
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(payload_slack(&head, NULL, 0, &out));
        assert_int_equal(words_in(buf_text(&out), fire), n < 75 ? n : 75);
        buf_free(&out);
        free(name);
    }
    for (size_t n = 199; n < 202; n++) { /* a word of a stranger */
        char *word = repeated("Q", n);
        struct made m = make_events(word, 1);
        struct payload_head head = head_of(EVENT_PROMPT_DELETED, "Ops");
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(payload_slack(&head, m.events, 1, &out));
        assert_int_equal(words_in(buf_text(&out), "Q"), n < 200 ? n : 200);
        assert_int_equal(words_in(buf_text(&out), "Q...`"), n > 200);
        buf_free(&out);
        free_events(&m);
        free(word);
    }
}

/* All lines where they fit 3000 units; else the whole ones up to 2950, and a word about it.
 */
static void slack_shows_whole_lines(void **state)
{
    (void)state;
    static const size_t heading = sizeof "*Deleted Prompt IDs:*" - 1, line = 100;
    for (size_t last = 0; last < 100; last++) { /* 2921 units, and one more line */
        struct made m = make_events("x", 30);
        struct payload_head head = head_of(EVENT_PROMPT_DELETED, "Ops");
        struct buf out;
        for (size_t i = 0; i < 30; i++) {
            size_t len = i < 29 ? line - 3 : last;
            char *id = repeated("i", len);
            free(m.entities[i]);
            m.entities[i] = entity_of(id, i);
            m.events[i].entity = span_of(m.entities[i]);
            free(id);
        }
        size_t all = heading + 29 * line + 1 + (last ? last : 3) + 2;
        bool fits = all <= SECTION;
        buf_init(&out, BUF_UNLIMITED);
        check_slack(&head, &m);
        assert_true(payload_slack(&head, m.events, m.count, &out));
        json_t *body = json_loadb(out.data, out.len, 0, NULL);
        json_t *blocks = json_object_get(body, "blocks");
        assert_int_equal(json_array_size(blocks), fits ? 3 : 4);
        assert_int_equal(units(text_of(json_array_get(blocks, 2))),
                         fits ? all : heading + 29 * line);
        json_decref(body);
        buf_free(&out);
        free_events(&m);
    }
}

static void slack_says_that_there_are_more(void **state)
{
    (void)state;
    static const struct {
        enum event_type type;
        const char *text;
    } rows[] = {
        {EVENT_PROMPT_DELETED, "Not all are shown: 2 in all."},
        {EVENT_PROMPT_CREATED, "Not all are shown: 2 in all. " BASE "/prompts|View All>"},
        {EVENT_TRACE_ERRORS, "Not all are shown: 2 in all. " BASE "/projects|View All>"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct payload_head head = head_of(rows[i].type, "Ops");
        struct payload_event e = {"E", span_of("ana"), 1, span_of("{\"id\":\"I\"}")};
        struct buf out;
        head.truncated = 1;
        head.workspace = "team";
        head.base_url = "https://opik.example.org/";
        buf_init(&out, BUF_UNLIMITED);
        assert_true(payload_slack(&head, &e, 1, &out));
        json_t *body = json_loadb(out.data, out.len, 0, NULL);
        json_t *blocks = json_object_get(body, "blocks");
        assert_int_equal(json_array_size(blocks), 4);
        assert_string_equal(text_of(json_array_get(blocks, 3)), rows[i].text);
        json_decref(body);
        buf_free(&out);
    }
}

static void slack_names_a_trace_once(void **state)
{
    (void)state;
    struct payload_head head = head_of(EVENT_GUARDRAILS_TRIGGERED, "Ops");
    const char *one = "{\"id\":\"G1\",\"entity_id\":\"T\",\"project_id\":\"P\"}";
    struct payload_event events[] = {{"E", span_of("a"), 1, span_of(one)},
                                     {"E", span_of("a"), 1, span_of(one)}};
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_slack(&head, events, 2, &out));
    const char *first = strstr(buf_text(&out), "Trace `T`");
    assert_non_null(first);
    assert_null(strstr(first + 1, "Trace `T`"));
    assert_non_null(strstr(buf_text(&out), "*2* new Guardrail Triggered events happened"));
    buf_free(&out);
}

/* ------------------------------------------------------------------ pagerduty */

static void check_pagerduty(const struct payload_head *head, const struct made *m)
{
    struct buf out, whole;
    buf_init(&out, BUF_UNLIMITED);
    buf_init(&whole, BUF_UNLIMITED);
    assert_true(payload_pagerduty(head, m->events, m->count, &out));
    assert_true(payload_wants_routing_key(buf_span(&out)));
    assert_true(payload_add_routing_key(buf_span(&out), "key \"1\"", &whole));
    assert_in_range(whole.len, 1, EVENT_BYTES);
    json_t *body = json_loadb(whole.data, whole.len, JSON_REJECT_DUPLICATES, NULL);
    if (!body)
        fail_msg("not JSON: %.2000s", buf_text(&whole));
    json_t *payload = json_object_get(body, "payload");
    json_t *details = json_object_get(json_object_get(payload, "custom_details"), "payload");
    assert_string_equal(json_string_value(json_object_get(body, "routing_key")), "key \"1\"");
    assert_string_equal(json_string_value(json_object_get(body, "event_action")), "trigger");
    assert_in_range(strlen(json_string_value(json_object_get(body, "dedup_key"))), 1, DEDUP);
    assert_in_range(units(json_string_value(json_object_get(payload, "summary"))), 1,
                    2 * SUMMARY);
    assert_true(m->count ==
                (size_t)json_integer_value(json_object_get(details, "eventCount")) +
                    (size_t)json_integer_value(json_object_get(details, "truncated")));
    json_decref(body);
    buf_free(&out);
    buf_free(&whole);
}

static void pagerduty_keeps_its_limits_whatever_comes(void **state)
{
    (void)state;
    for (size_t w = 0; w < WORD_COUNT; w++) {
        char *name = repeated(WORDS[w], 5000);
        struct made few = make_events(WORDS[w], 3), many = make_events(WORDS[w], EVENTS);
        struct payload_head head = head_of(EVENT_TRACE_ERRORS, name);
        check_pagerduty(&head, &few);
        check_pagerduty(&head, &many);
        free_events(&few);
        free_events(&many);
        free(name);
    }
    char *huge = repeated("x", 600000);
    struct made one = make_events(huge, 1);
    struct payload_head head = head_of(EVENT_TRACE_ERRORS, "Huge");
    check_pagerduty(&head, &one);
    free_events(&one);
    free(huge);
}

static void pagerduty_is_as_the_events_api_wants_it(void **state)
{
    (void)state;
    struct payload_head head = head_of(EVENT_TRACE_ERRORS, "Ops");
    struct payload_event e = {"0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a10", span_of("ana"), 1,
                              span_of("{}")};
    struct buf out, general;
    char expected[2048];
    buf_init(&out, BUF_UNLIMITED);
    buf_init(&general, BUF_UNLIMITED);
    assert_true(payload_documented(&head, &e, 1, &general));
    assert_true(payload_pagerduty(&head, &e, 1, &out));
    snprintf(expected, sizeof expected,
             "{\"event_action\":\"trigger\",\"dedup_key\":\"opik-alerts:0199a1c0-5b1e-7c43-9f1a-"
             "2f6d1c9b7a12:trace:errors\",\"payload\":{\"summary\":\"Ops\",\"source\":\"Opik\","
             "\"severity\":\"error\",\"timestamp\":\"2026-01-02T03:04:05.678Z\","
             "\"custom_details\":%s}}",
             buf_text(&general));
    assert_string_equal(buf_text(&out), expected);
    buf_clear(&out);
    head.severity = "critical";
    head.dedup_delivery = true;
    assert_true(payload_pagerduty(&head, &e, 1, &out));
    assert_non_null(strstr(buf_text(&out), "\"severity\":\"critical\""));
    assert_non_null(
        strstr(buf_text(&out), "\"dedup_key\":\"0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a11\""));
    buf_clear(&out);
    head = head_of(EVENT_PROMPT_CREATED, "");
    assert_true(payload_pagerduty(&head, &e, 1, &out));
    assert_non_null(strstr(buf_text(&out), "\"summary\":\"Alert\""));
    assert_non_null(strstr(buf_text(&out), "\"severity\":\"info\""));
    buf_free(&out);
    buf_free(&general);
}

/* ------------------------------------------------------------------ the server's style */

static void server_has_one_element_for_each_request(void **state)
{
    (void)state;
    struct payload_head head = head_of(EVENT_TRACE_ERRORS, "Ops");
    struct payload_event events[] = {
        {"A", span_of("ana"), 1, span_of("{\"n\":1}")},
        {"B", span_of("ana"), 1, span_of("{\"n\":2}")},
        {"C", span_of("ana"), 2, span_of("{\"n\":3}")},
        {"D", span_of("system"), 3, span_of("{\"metric_name\":\"trace:errors\"}")},
    };
    struct buf out;
    head.style = PAYLOAD_SERVER;
    head.retries = 3;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(payload_body(&head, events, 4, &out));
    assert_string_equal(
        buf_text(&out),
        "{\"id\":\"0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a11\",\"event_type\":\"trace:errors\","
        "\"alert_id\":\"0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a12\",\"alert_name\":\"Ops\","
        "\"workspace_id\":\"team <a>\",\"workspace_name\":\"team <a>\",\"payload\":{"
        "\"alertId\":\"0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a12\",\"alertName\":\"Ops\","
        "\"eventType\":\"trace:errors\",\"eventIds\":[\"A\",\"C\",\"D\"],\"userNames\":[\"ana\","
        "\"ana\",\"system\"],\"eventCount\":3,\"aggregationType\":\"consolidated\",\"message\":"
        "\"Alert 'Ops': 3 trace:errors events aggregated\",\"metadata\":[[{\"n\":1},{\"n\":2}],"
        "[{\"n\":3}],{\"metric_name\":\"trace:errors\"}]},"
        "\"created_at\":\"2026-01-02T03:04:05.678Z\",\"max_retries\":3}");
    buf_clear(&out);
    head.type = EVENT_PROMPT_COMMITTED;
    assert_true(payload_body(&head, events, 2, &out));
    assert_non_null(strstr(buf_text(&out), "\"metadata\":[{\"n\":1},{\"n\":2}]"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack_keeps_its_limits_whatever_comes),
        cmocka_unit_test(slack_keeps_the_letters_of_every_script),
        cmocka_unit_test(slack_takes_ten_thousand_events),
        cmocka_unit_test(slack_says_what_opik_says),
        cmocka_unit_test(slack_has_links_that_hold),
        cmocka_unit_test(slack_cuts_where_its_limits_are),
        cmocka_unit_test(slack_shows_whole_lines),
        cmocka_unit_test(slack_says_that_there_are_more),
        cmocka_unit_test(slack_names_a_trace_once),
        cmocka_unit_test(pagerduty_keeps_its_limits_whatever_comes),
        cmocka_unit_test(pagerduty_is_as_the_events_api_wants_it),
        cmocka_unit_test(server_has_one_element_for_each_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
