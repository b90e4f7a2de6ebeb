/* The alerts API where the SDK does not reach: who may ask, stopping, limits. */
#include <pwd.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "core/intake/server_fixture.h"
#include "store/audit.h"
#include "support/receiver.h"

enum { NOBODY = 65534, TESTS_AT_ONCE = 16 };

#define BODY(url)                                                                                  \
    "{\"name\":\"a\",\"webhook\":{\"url\":\"" url                                                  \
    "\"},\"triggers\":[{\"event_type\":\"trace:errors\"}]}"

/* The status that another user gets: a socket is of the user whose files its thread makes. The
 * test runs as root or says nothing. */
static int status_for_nobody(struct fixture *f, const char *method, const char *path,
                             const char *headers, const char *body)
{
    int before = setfsuid(NOBODY);
    int status = ask(f, method, path, headers, body, NULL);
    setfsuid((uid_t)before);
    return status;
}

static void other_users_may_send_events_but_not_see_alerts(void **state)
{
    struct fixture *f = *state;
    if (getuid() != 0)
        return;
    assert_int_equal(status_for_nobody(f, "GET", "/v1/private/alerts", NULL, NULL), 403);
    assert_int_equal(
        status_for_nobody(f, "POST", "/v1/private/alerts", JSON, BODY("http://h/x")), 403);
    assert_int_equal(status_for_nobody(f, "POST", "/v1/private/alerts/webhooks/tests", JSON,
                                       BODY("http://h/x")),
                     403);
    assert_int_equal(
        status_for_nobody(f, "POST", "/v1/private/traces/batch", JSON, "{\"traces\":[]}"), 204);
    assert_int_equal(ask(f, "GET", "/v1/private/alerts", NULL, NULL, NULL), 200);
}

static void with_an_api_key_the_key_decides(void **state)
{
    struct fixture *f = *state;
    f->options.api_key = "the-key";
    restart(f);
    assert_int_equal(ask(f, "GET", "/v1/private/alerts", NULL, NULL, NULL), 401);
    assert_int_equal(
        ask(f, "GET", "/v1/private/alerts", "Authorization: the-key\r\n", NULL, NULL), 200);
    if (getuid() == 0)
        assert_int_equal(status_for_nobody(f, "GET", "/v1/private/alerts",
                                           "Authorization: the-key\r\n", NULL),
                         200);
}

static void all_problems_are_told_at_once(void **state)
{
    struct fixture *f = *state;
    char *answer = answer_of(f, 422, "POST", "alerts",
                             "{\"webhook\":{\"url\":\"ftp://h\",\"headers\":{\"Host\":\"x\"}},"
                             "\"triggers\":[]}");
    assert_non_null(strstr(answer, "A name is required"));
    assert_non_null(strstr(answer, "http:// or https://"));
    assert_non_null(strstr(answer, "set by opik-alerts itself"));
    free(answer);
    expect(f, 201, "POST", "alerts", "{\"name\":\"a\",\"webhook\":{\"url\":\"http://h/x\"}}");
    expect(f, 400, "POST", "alerts", "{\"name\":");
    expect(f, 400, "POST", "alerts/delete", "{\"ids\":[]}");
    expect(f, 400, "POST", "alerts/delete", "{\"ids\":[1]}");
    expect(f, 404, "GET", "alerts/nonsense", NULL);
    expect(f, 400, "GET", "alerts/webhooks/examples?alert_type=mail", NULL);
}

/* Nothing of a secret in an answer, whatever is asked. */
static void answers_hold_no_secret(void **state)
{
    struct fixture *f = *state;
    expect(f, 201, "POST", "alerts",
           "{\"name\":\"a\",\"alert_type\":\"pagerduty\",\"metadata\":{\"routing_key\":"
           "\"CANARY-routing-key\",\"signing_secret\":\"whsec_CANARYsigningCANARYsigningCANARY\"},"
           "\"webhook\":{\"url\":\"http://127.0.0.1:9/x\","
           "\"secret_token\":\"CANARY-secret-token\",\"headers\":{\"X-Key\":"
           "\"CANARY-header-value\"}},\"triggers\":[{\"event_type\":\"trace:errors\"}]}");
    char *list = answer_of(f, 200, "GET", "alerts", NULL);
    assert_null(strstr(list, "CANARY"));
    assert_non_null(strstr(list, "http://127.0.0.1:9/x")); /* clients put it back */
    free(list);
    char *tested = answer_of(
        f, 200, "POST", "alerts/webhooks/tests",
        "{\"name\":\"a\",\"alert_type\":\"pagerduty\",\"metadata\":{\"routing_key\":"
        "\"CANARY-routing-key\"},\"webhook\":{\"url\":\"http://127.0.0.1:9/x\","
        "\"secret_token\":\"CANARY-secret-token\"},\"triggers\":[]}");
    assert_null(strstr(tested, "CANARY"));
    free(tested);
}

/* Of the machine's own user, or of whoever has the key. */
static void changes_are_told_with_the_name_of_who_asked(void **state)
{
    struct fixture *f = *state;
    const struct passwd *me = getpwuid(geteuid());
    const struct audit_filter all = {NULL, 0};
    struct audit_rows rows;
    expect(f, 201, "POST", "alerts", BODY("http://h/CANARY-path"));
    free(answer_of(f, 200, "GET", "alerts", NULL)); /* changes nothing */
    f->options.api_key = "the-key";
    restart(f);
    if (getuid() == 0)
        assert_int_equal(status_for_nobody(f, "POST", "/v1/private/alerts",
                                           JSON "Authorization: the-key\r\n",
                                           BODY("http://h/x")),
                         201);
    assert_true(store_audit_list(f->s.reader, &all, INT64_MAX, 10, &rows, NULL));
    assert_int_equal(rows.count, getuid() == 0 ? 2 : 1);
    const struct audit_row *first = &rows.items[rows.count - 1];
    assert_string_equal(first->action, "alert.create");
    assert_string_equal(first->via, "api");
    assert_string_equal(first->user, me ? me->pw_name : "unknown");
    assert_true(strncmp(first->place, "127.0.0.1:", 10) == 0);
    assert_null(strstr(first->detail, "CANARY"));
    if (getuid() == 0 && getpwuid(NOBODY))
        assert_string_equal(rows.items[0].user, getpwuid(NOBODY)->pw_name);
    audit_rows_free(&rows);
}

/* ------------------------------------------------------------------ lists */

/* As a part of a query. */
static void add_encoded(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_add_format(out, "%%%02x", (unsigned char)*text);
}

static char *list_of(struct fixture *f, int status, const char *path, const char *filters,
                     const char *sorting)
{
    struct buf full;
    char *answer;
    buf_init(&full, BUF_UNLIMITED);
    buf_add_format(&full, "/api/v1/private/%s", path);
    buf_add_text(&full, strchr(path, '?') ? "&filters=" : "?filters=");
    add_encoded(&full, filters);
    buf_add_text(&full, "&sorting=");
    add_encoded(&full, sorting);
    int got = ask(f, "GET", buf_text(&full), NULL, NULL, &answer);
    if (got != status)
        fail_msg("%s %s %s: %d: %s", path, filters, sorting, got, answer);
    buf_free(&full);
    return answer;
}

/* The names of a page, in its order: "a,b"; free it. */
static char *names_of(const char *page)
{
    struct js_value root;
    struct js_iter it;
    struct js_item item;
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(js_parse(span_of(page), &root, NULL));
    js_iter(&it, js_get(root, "content"));
    while (js_next(&it, &item)) {
        if (out.len)
            buf_add_char(&out, ',');
        assert_true(js_string(js_get(item.value, "name"), &out));
    }
    char *names = strdup(buf_text(&out));
    buf_free(&out);
    return names;
}

static void expect_names(struct fixture *f, const char *path, const char *filters,
                         const char *sorting, const char *names)
{
    char *page = list_of(f, 200, path, filters, sorting), *got = names_of(page);
    if (strcmp(got, names) != 0)
        fail_msg("%s %s %s: %s, not %s", path, filters, sorting, got, names);
    free(got);
    free(page);
}

/* Each a second after the one before. */
static void add_three(struct fixture *f)
{
    static const char *const bodies[] = {
        "{\"id\":\"" TRACE_ID
        "\",\"name\":\"beta\",\"webhook\":{\"url\":\"http://a.example/Two\"}}",
        ("{\"name\":\"Alpha\",\"alert_type\":\"slack\","
         "\"webhook\":{\"url\":\"http://c.example/one\"}}"),
        "{\"name\":\"gamma\",\"webhook\":{\"url\":\"http://b.example/two\"}}"};
    for (size_t i = 0; i < 3; i++) {
        f->s.now += 1000;
        expect(f, 201, "POST", "alerts", bodies[i]);
    }
}

#define FILTER(field, op, value)                                                           \
    "{\"field\":\"" field "\",\"operator\":\"" op "\",\"value\":\"" value "\"}"
#define ORDER(field, direction) "{\"field\":\"" field "\",\"direction\":\"" direction "\"}"

static void alerts_are_found_and_ordered(void **state)
{
    static const struct {
        const char *filters, *sorting, *names;
    } rows[] = {
        {"", "", "gamma,Alpha,beta"}, /* the newest first */
        {"[]", "[]", "gamma,Alpha,beta"},
        {"[" FILTER("name", "=", "beta") "]", "", "beta"},
        {"[" FILTER("name", "=", "alpha") "]", "", ""},
        {"[" FILTER("name", "!=", "beta") "]", "", "gamma,Alpha"},
        {"[" FILTER("name", "contains", "LPH") "]", "", "Alpha"},
        {"[" FILTER("name", "not_contains", "ALPH") "]", "", "gamma,beta"},
        {"[" FILTER("name", "starts_with", "GA") "]", "", "gamma"},
        {"[" FILTER("name", "starts_with", "amma") "]", "", ""},
        {"[" FILTER("name", "ends_with", "TA") "]", "", "beta"},
        {"[" FILTER("name", "ends_with", "bet") "]", "", ""},
        {"[" FILTER("name", "ends_with", "a whole beta") "]", "", ""},
        {"[" FILTER("alert_type", "=", "slack") "]", "", "Alpha"},
        {"[" FILTER("alert_type", "!=", "slack") "]", "", "gamma,beta"},
        {"[" FILTER("webhook_url", "contains", "/two") "]", "", "gamma,beta"},
        {"[" FILTER("webhook_url", "starts_with", "http://c.") "]", "", "Alpha"},
        {"[" FILTER("created_by", "=", "admin") "]", "", "gamma,Alpha,beta"},
        {"[" FILTER("last_updated_by", "!=", "admin") "]", "", ""},
        {"[" FILTER("id", "ends_with", "z") "]", "", ""},
        {"[" FILTER("webhook_url", "contains", "two") "," FILTER("name", "contains",
                                                                 "b") "]",
         "", "beta"},
        {"", "[" ORDER("name", "ASC") "]", "Alpha,beta,gamma"},
        {"", "[" ORDER("name", "desc") "]", "gamma,beta,Alpha"},
        {"", "[{\"field\":\"name\"}]", "Alpha,beta,gamma"},
        {"", "[" ORDER("webhook_url", "ASC") "]", "beta,gamma,Alpha"},
        {"", "[" ORDER("created_at", "ASC") "]", "beta,Alpha,gamma"},
        {"", "[" ORDER("last_updated_at", "DESC") "]", "beta,gamma,Alpha"},
        {"", "[" ORDER("alert_type", "DESC") "," ORDER("name", "DESC") "]",
         "Alpha,gamma,beta"},
        {"", "[" ORDER("created_by", "ASC") "]", "gamma,Alpha,beta"},
    };
    struct fixture *f = *state;
    add_three(f);
    f->s.now += 1000;
    expect(f, 204, "PUT", "alerts/" TRACE_ID,
           "{\"name\":\"beta\",\"webhook\":{\"url\":\"http://a.example/Two\"}}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_names(f, "alerts", rows[i].filters, rows[i].sorting, rows[i].names);
}

static void alerts_are_found_by_their_times(void **state)
{
    static const struct {
        const char *operator, * names;
    } rows[] = {{"=", "Alpha"},        {"!=", "gamma,beta"}, {">", "gamma"},
                {">=", "gamma,Alpha"}, {"<", "beta"},        {"<=", "Alpha,beta"}};
    static const char *const fields[] = {"created_at", "last_updated_at"};
    struct fixture *f = *state;
    add_three(f);
    char *page = list_of(f, 200, "alerts", "[" FILTER("name", "=", "Alpha") "]", "");
    const char *created = strstr(page, "\"created_at\":\"");
    assert_non_null(created);
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        char filters[200];
        snprintf(filters, sizeof filters,
                 "[{\"field\":\"%s\",\"operator\":\"%s\",\"value\":\"%.24s\"}]",
                 fields[i % 2], rows[i / 2].operator,
                 created + strlen("\"created_at\":\""));
        expect_names(f, "alerts", filters, "", rows[i / 2].names);
    }
    free(page);
}

static void lists_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *filters, *sorting, *words;
    } rows[] = {
        {"{}", "", "filters: must be a JSON array of at most 16 items"},
        {"[", "", "filters: must be a JSON array of at most 16 items"},
        {"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "",
         "filters: must be a JSON array of at most 16 items"},
        {"", "1", "sorting: must be a JSON array of at most 16 items"},
        {"[1]", "", "filters: alerts have no field (none) to filter by"},
        {"[" FILTER("colour", "=", "x") "]", "", "filters: alerts have no field colour"},
        {"[" FILTER("name", "~", "x") "]", "",
         "filters: name does not take the operator ~"},
        {"[" FILTER("name", ">", "x") "]", "",
         "filters: name does not take the operator >"},
        {"[" FILTER("alert_type", "contains", "x") "]", "",
         "filters: alert_type does not take the operator contains"},
        {"[" FILTER("created_at", "contains", "x") "]", "",
         "filters: created_at does not take the operator contains"},
        {"[" FILTER("created_at", ">", "x") "]", "",
         "created_at: the value must be a time"},
        {"[{\"field\":\"name\",\"operator\":\"=\"}]", "", "filters: name has no value"},
        {"", "[" ORDER("colour", "ASC") "]", "sorting: alerts have no field colour"},
        {"", "[" ORDER("name", "UP") "]", "sorting: the direction must be ASC or DESC"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *answer = list_of(f, 400, "alerts", rows[i].filters, rows[i].sorting);
        if (!strstr(answer, rows[i].words))
            fail_msg("row %zu: %s", i, answer);
        free(answer);
    }
}

static void alerts_come_in_pages(void **state)
{
    struct fixture *f = *state;
    add_three(f);
    char *page = answer_of(f, 200, "GET", "alerts?page=2&size=2", NULL);
    assert_int_equal(strncmp(page, "{\"page\":2,\"size\":1,\"total\":3,\"content\":[{", 41),
                     0);
    free(page);
    expect_names(f, "alerts?page=1&size=2", "", "", "gamma,Alpha");
    expect_names(f, "alerts?page=2&size=2", "", "", "beta");
    expect_names(f, "alerts?page=3&size=2", "", "", "");
    char *other;
    assert_int_equal(
        ask(f, "GET", "/v1/private/alerts", "Comet-Workspace: other\r\n", NULL, &other),
        200);
    assert_int_equal(
        strncmp(other, "{\"page\":1,\"size\":0,\"total\":0,\"content\":[]", 41), 0);
    free(other);
}

/* Its own scope goes before that of its triggers. */
static void alerts_of_a_project_are_listed(void **state)
{
    struct fixture *f = *state;
    char body[600], path[100], *ids[2];
    static const char *const names[] = {"Shop", "Desk"};
    add_three(f);
    for (int i = 0; i < 2; i++) {
        snprintf(body, sizeof body, "{\"name\":\"%s\"}", names[i]);
        expect(f, 201, "POST", "projects", body);
        char *found = answer_of(f, 200, "POST", "projects/retrieve", body);
        ids[i] = member(found, "id");
        free(found);
    }
    f->s.now += 1000;
    snprintf(
        body, sizeof body,
        "{\"name\":\"own\",\"project_id\":\"%s\",\"webhook\":{\"url\":\"http://h/x\"}}",
        ids[0]);
    expect(f, 201, "POST", "alerts", body);
    f->s.now += 1000;
    snprintf(body, sizeof body,
             "{\"name\":\"scoped\",\"webhook\":{\"url\":\"http://h/"
             "x\"},\"triggers\":[{\"event_type\":"
             "\"trace:errors\",\"trigger_configs\":[{\"type\":\"scope:project\",\"config_"
             "value\":"
             "{\"project_ids\":\"[\\\"%s\\\",\\\"%s\\\"]\"}}]}]}",
             ids[1], ids[0]);
    expect(f, 201, "POST", "alerts", body);
    snprintf(path, sizeof path, "projects/%s/alerts", ids[0]);
    expect_names(f, path, "", "", "scoped,own");
    snprintf(path, sizeof path, "projects/%s/alerts", ids[1]);
    expect_names(f, path, "", "", "scoped");
    expect_names(f, "projects/" TRACE_ID "/alerts", "", "", "");
    for (int i = 0; i < 2; i++)
        free(ids[i]);
}

/* ------------------------------------------------------------------ connection tests */

/* A connection test whose receiver has got it and says nothing. */
static struct receiver *begin_test(struct fixture *f, struct http_client *c)
{
    struct receiver *r = receiver_start();
    const struct receiver_answer never = {.how = RECEIVER_NEVER};
    char url[128], body[512];
    receiver_script(r, &never, 1);
    receiver_url(r, "/hook", url, sizeof url);
    snprintf(body, sizeof body, "{\"name\":\"a\",\"webhook\":{\"url\":\"%s\"},\"triggers\":[]}",
             url);
    http_open(c, intake_port(f->intake));
    assert_true(http_send_request(c, "POST", "/v1/private/alerts/webhooks/tests", JSON,
                                  span_of(body)));
    assert_true(receiver_wait(r, 1, HTTP_DEADLINE_MS));
    return r;
}

/* What the receiver takes is not the client's time. */
static void a_connection_test_is_answered_however_long_it_takes(void **state)
{
    struct fixture *f = *state;
    struct http_client c, idle;
    struct http_answer a;
    struct receiver *r = begin_test(f, &c);
    http_open(&idle, intake_port(f->intake));
    assert_true(ages_to_its_end(f, &idle, f->options.timeout_ms));
    http_close(&idle);
    receiver_release(r);
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(buf_text(&a.body), "\"status\":\"success\""));
    http_answer_free(&a);
    http_close(&c);
    receiver_stop(&r);
}

static void a_stop_ends_connection_tests(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    struct http_answer a;
    struct receiver *r = begin_test(f, &c);
    intake_stop(&f->intake, 100);
    assert_true(http_read(&c, &a));
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(buf_text(&a.body), "\"status\":\"failure\""));
    http_answer_free(&a);
    http_close(&c);
    receiver_stop(&r);
    start(f);
}

static void too_many_connection_tests_are_refused(void **state)
{
    struct fixture *f = *state;
    struct receiver *r = receiver_start();
    const struct receiver_answer never = {.how = RECEIVER_NEVER};
    struct http_client clients[TESTS_AT_ONCE];
    char url[128], body[512];
    receiver_script(r, &never, 1);
    receiver_url(r, "/hook", url, sizeof url);
    snprintf(body, sizeof body, "{\"name\":\"a\",\"webhook\":{\"url\":\"%s\"},\"triggers\":[]}",
             url);
    for (int i = 0; i < TESTS_AT_ONCE; i++) {
        http_open(&clients[i], intake_port(f->intake));
        assert_true(http_send_request(&clients[i], "POST", "/v1/private/alerts/webhooks/tests",
                                      JSON, span_of(body)));
    }
    assert_true(receiver_wait(r, TESTS_AT_ONCE, HTTP_DEADLINE_MS));
    char *answer = answer_of(f, 503, "POST", "alerts/webhooks/tests", body);
    assert_non_null(strstr(answer, "try again later"));
    free(answer);
    for (int i = 0; i < TESTS_AT_ONCE; i++)
        http_close(&clients[i]);
    intake_stop(&f->intake, 0);
    receiver_stop(&r);
    start(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(other_users_may_send_events_but_not_see_alerts),
        TEST(with_an_api_key_the_key_decides),
        TEST(all_problems_are_told_at_once),
        TEST(answers_hold_no_secret),
        TEST(changes_are_told_with_the_name_of_who_asked),
        TEST(alerts_are_found_and_ordered),
        TEST(alerts_are_found_by_their_times),
        TEST(lists_that_make_no_sense_are_refused),
        TEST(alerts_come_in_pages),
        TEST(alerts_of_a_project_are_listed),
        TEST(a_connection_test_is_answered_however_long_it_takes),
        TEST(a_stop_ends_connection_tests),
        TEST(too_many_connection_tests_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
