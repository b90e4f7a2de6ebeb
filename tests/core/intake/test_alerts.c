/* The alerts API where the SDK does not reach: who may ask, stopping, limits. */
#include <pwd.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "core/intake/server_fixture.h"
#include "store/audit.h"
#include "support/receiver.h"

enum { NOBODY = 65534, TESTS_AT_ONCE = 16 };

#define BODY(url) "{\"name\":\"a\",\"webhook\":{\"url\":\"" url "\"},\"triggers\":[{\"event_type\":\"trace:errors\"}]}"

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
        TEST(a_connection_test_is_answered_however_long_it_takes),
        TEST(a_stop_ends_connection_tests),
        TEST(too_many_connection_tests_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
