/* What monitors ask, and who may. */
#include <ctype.h>

#include "core/intake/server_fixture.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "store/endpoints.h"

static struct intake_engine engine;

static void tell(void *arg, struct intake_engine *out)
{
    (void)arg;
    *out = engine;
}

static int set_up_with_engine(void **state)
{
    set_up(state);
    struct fixture *f = *state;
    engine = (struct intake_engine){.running = true};
    f->options.engine = tell;
    restart(f);
    return 0;
}

static void who_may_ask(void **state)
{
    struct fixture *f = *state;
    static const char key[] = "Authorization: the-key\r\n";
    static const char *const paths[] = {"/healthz", "/readyz", "/metrics"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(f, "GET", paths[i], NULL, NULL, NULL), 200);
        assert_int_equal(ask(f, "GET", paths[i], "Origin: http://x\r\n", NULL, NULL), 403);
        assert_int_equal(ask(f, "POST", paths[i], NULL, NULL, NULL), 405);
    }
    f->options.api_key = "the-key";
    restart(f);
    assert_int_equal(ask(f, "GET", "/healthz", NULL, NULL, NULL), 200);
    assert_int_equal(ask(f, "GET", "/api/healthz", NULL, NULL, NULL), 200);
    assert_int_equal(ask(f, "POST", "/healthz", NULL, NULL, NULL), 401);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(ask(f, "GET", paths[i], NULL, NULL, NULL), 401);
        assert_int_equal(ask(f, "GET", paths[i], key, NULL, NULL), 200);
    }
}

static void expect_ready(struct fixture *f, int status, const char *words)
{
    char *answer;
    assert_int_equal(ask(f, "GET", "/readyz", NULL, NULL, &answer), status);
    if (!strstr(answer, words))
        fail_msg("%s is not in %s", words, answer);
    free(answer);
}

static void ready_says_why_not(void **state)
{
    struct fixture *f = *state;
    expect_ready(f, 200, "true");
    snprintf(engine.problem, sizeof engine.problem, "the disk is full");
    expect_ready(f, 503, "the engine waits: the disk is full");
    engine = (struct intake_engine){0};
    expect_ready(f, 503, "the engine does not run");
    f->options.engine = NULL;
    restart(f);
    expect_ready(f, 503, "the engine does not run");
}

static void ready_knows_of_commits_that_fail(void **state)
{
    struct fixture *f = *state;
    struct alert a;
    store_fixture_exec(&f->s, "ALTER TABLE audit RENAME TO away");
    step_alert_make(&a, "a", "http://h/x", EVENT_TRACE_ERRORS);
    assert_false(step_alert_put(f->s.store, &a, STORE_CREATE, NULL, NULL));
    expect_ready(f, 503, "the store cannot be written: ");
    store_fixture_exec(&f->s, "ALTER TABLE away RENAME TO audit");
    assert_true(step_alert_put(f->s.store, &a, STORE_CREATE, NULL, NULL));
    expect_ready(f, 200, "true");
    alert_free(&a);
}

/* ------------------------------------------------------------------ metrics */

static bool is_name(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalpha((unsigned char)at[i]) && at[i] != '_' && !(i && isdigit((unsigned char)at[i])))
            return false;
    return len > 0;
}

/* {name="value",...}; returns what follows, NULL: malformed. */
static const char *skip_labels(const char *at)
{
    if (*at != '{')
        return at;
    do {
        size_t len = strcspn(++at, "=");
        if (!is_name(at, len) || at[len + 1] != '"')
            return NULL;
        for (at += len + 2; *at && *at != '"'; at++)
            if (*at == '\\' && !strchr("\\\"n", *++at))
                return NULL;
        if (*at++ != '"')
            return NULL;
    } while (*at == ',');
    return *at == '}' ? at + 1 : NULL;
}

/* Of the text format 0.0.4: every sample after its TYPE, each line well formed. */
static void check_format(const char *text)
{
    char family[128] = "";
    assert_true(text[0] && text[strlen(text) - 1] == '\n');
    for (const char *line = text, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        if (*line == '#') {
            if (strncmp(line, "# TYPE ", 7) == 0)
                snprintf(family, sizeof family, "%.*s", (int)strcspn(line + 7, " "), line + 7);
            continue;
        }
        size_t len = strcspn(line, "{ ");
        const char *rest = is_name(line, len) ? skip_labels(line + len) : NULL;
        char *number_end = NULL;
        if (rest && *rest == ' ')
            strtod(rest + 1, &number_end);
        if (number_end != end || strncmp(line, family, strlen(family)) != 0)
            fail_msg("malformed, or not of %s: %.*s", family, (int)(end - line), line);
    }
}

static char *metrics(struct fixture *f)
{
    struct http_client c;
    struct http_answer a;
    http_open(&c, intake_port(f->intake));
    http_send_request(&c, "GET", "/metrics", NULL, (struct span){0});
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(buf_text(&a.head), "text/plain; version=0.0.4; charset=utf-8"));
    char *text = strdup(buf_text(&a.body));
    http_answer_free(&a);
    http_close(&c);
    check_format(text);
    return text;
}

static void holds(const char *text, const char *line)
{
    if (!strstr(text, line))
        fail_msg("%s is not in\n%s", line, text);
}

static void figures_are_those_of_the_store(void **state)
{
    struct fixture *f = *state;
    struct claims claims;
    add_alert(f, EVENT_TRACE_ERRORS);
    expect(f, 201, "POST", "traces", "{\"name\":\"t\",\"error_info\":" ERROR_INFO "}");
    f->s.now += f->s.limits.window_ms + 1500;
    char *text = metrics(f);
    holds(text, "\nopik_alerts_pairs_accepted_total 1\n");
    holds(text, "\nopik_alerts_events_waiting 1\n");
    holds(text, "\nopik_alerts_buckets_open 1\n");
    holds(text, "\nopik_alerts_bucket_overdue_seconds 1.500\n");
    holds(text, "\nopik_alerts_intake_requests_total{class=\"2xx\"} 1\n");
    free(text);
    step_close_due(f->s.store, f->s.now, 10);
    f->s.now += 2000;
    text = metrics(f);
    holds(text, "\nopik_alerts_deliveries{state=\"waiting\"} 1\n");
    holds(text, "\nopik_alerts_delivery_overdue_seconds 2.000\n");
    holds(text, "\nopik_alerts_oldest_open_delivery_seconds 2.000\n");
    free(text);
    assert_true(step_claim(f->s.store, f->s.now, 1, NULL, 0, &claims, NULL));
    assert_true(step_record(f->s.store, claims.items, 503, DELIVERY_DEAD, 0, NULL));
    step_claims_free(&claims);
    text = metrics(f);
    holds(text, "\nopik_alerts_delivery_events{state=\"dead\"} 1\n");
    holds(text, "\nopik_alerts_oldest_open_delivery_seconds 0.000\n");
    free(text);
}

/* libmicrohttpd knows nothing of an answer in the middle of a body. */
static void an_answer_before_the_body_counts(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    http_open(&c, intake_port(f->intake));
    http_send_text(&c, "POST " TRACES " HTTP/1.1\r\nHost: evil.example\r\n" JSON
                       "Content-Length: 9\r\n\r\n");
    assert_true(ages_to_its_end(f, &c, 1));
    http_close(&c);
    char *text = metrics(f);
    holds(text, "\nopik_alerts_intake_requests_total{class=\"4xx\"} 1\n");
    free(text);
}

static void figures_are_those_of_the_engine(void **state)
{
    struct fixture *f = *state;
    const struct outcome fine = {.kind = OUTCOME_RESPONSE, .status = 204, .total_us = 30000},
                         late = {.kind = OUTCOME_NETWORK, .timed_out = true, .total_us = 30000000};
    attempt_stats_add(&engine.attempts, &fine);
    attempt_stats_add(&engine.attempts, &late);
    engine.sending = 7;
    char *text = metrics(f);
    holds(text, "\nopik_alerts_requests_under_way 7\n");
    holds(text, "\nopik_alerts_attempts_total{class=\"2xx\"} 1\n");
    holds(text, "\nopik_alerts_attempts_total{class=\"timeout\"} 1\n");
    holds(text, "_bucket{le=\"0.025\"} 0\n");
    holds(text, "_bucket{le=\"0.05\"} 1\n");
    holds(text, "_bucket{le=\"10.0\"} 1\n");
    holds(text, "_bucket{le=\"+Inf\"} 2\n");
    holds(text, "_sum 30.030000\n");
    holds(text, "_count 2\n");
    free(text);
}

/* An endpoint is known by its alert, whatever that is called, and by nothing of its URL. */
static void an_endpoint_that_fails_is_named_by_its_alert(void **state)
{
    struct fixture *f = *state;
    struct alert a;
    struct claims claims;
    struct endpoint_state open = {.state = BREAKER_OPEN, .reason = "CANARY-reason"};
    struct step_wait wait = {0};
    step_alert_make(&a, "a \"b\" \\ c\nd \033[31m", "http://h/CANARY-path", EVENT_TRACE_ERRORS);
    assert_true(alert_set_secret(&a.token, "CANARY-token"));
    assert_true(step_alert_put(f->s.store, &a, STORE_CREATE, NULL, NULL));
    alert_free(&a);
    expect(f, 201, "POST", "traces", "{\"name\":\"t\",\"error_info\":" ERROR_INFO "}");
    f->s.now += f->s.limits.window_ms;
    step_close_due(f->s.store, f->s.now, 10);
    assert_true(step_claim(f->s.store, f->s.now, 1, NULL, 0, &claims, NULL));
    memcpy(open.endpoint, claims.items[0].endpoint, sizeof open.endpoint);
    step_claims_free(&claims);
    store_endpoint_note(f->s.store, &open, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    char *text = metrics(f);
    holds(text, "alert=\"a \\\"b\\\" \\\\ c");
    holds(text, "state=\"open\"} 1\n");
    assert_null(strstr(text, "CANARY"));
    assert_null(strchr(text, '\033'));
    free(text);
}

#define WITH_ENGINE(name)                                                                  \
    cmocka_unit_test_setup_teardown(name, set_up_with_engine, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENGINE(who_may_ask),
        WITH_ENGINE(ready_says_why_not),
        WITH_ENGINE(ready_knows_of_commits_that_fail),
        WITH_ENGINE(figures_are_those_of_the_store),
        TEST(an_answer_before_the_body_counts),
        WITH_ENGINE(figures_are_those_of_the_engine),
        WITH_ENGINE(an_endpoint_that_fails_is_named_by_its_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
