#include "diagnosis.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct outcome answered(int status, const char *headers, const char *body)
{
    return (struct outcome){.kind = OUTCOME_RESPONSE,
                            .status = status,
                            .headers = (char *)(uintptr_t)headers,
                            .headers_len = strlen(headers),
                            .body = (char *)(uintptr_t)body,
                            .body_len = strlen(body)};
}

static void expect_said(const char *body, const char *want)
{
    char said[400];
    struct outcome o = answered(400, "", body);
    diagnosis_said(&o, 40, said, sizeof said);
    assert_string_equal(said, want);
}

static void what_it_said_is_one_line(void **state)
{
    (void)state;
    expect_said("", "");
    expect_said(" \r\n\t ", "");
    expect_said("no_service\n", "no_service");
    expect_said("{\n  \"error\":\t\"bad\",\r\n  \"n\": 1\n}\n",
                "{ \"error\": \"bad\", \"n\": 1 }");
    expect_said("one two three four five six seven eight nine ten",
                "one two three four five six seven eight~");
    expect_said("a\033[2Jb", "a\\x1b[2Jb");
}

/* A page of a proxy: what a browser would show of it. */
static void of_html_only_the_text_is_said(void **state)
{
    (void)state;
    expect_said("\n<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>"
                "<body><p>Cannot POST /hook</p></body></html>",
                "404 Not Found Cannot POST /hook");
    expect_said("<html><STYLE>b > a {x: 'y'}</style><script>if (a<b) c</script>no</html>",
                "no");
    expect_said("<style>never ends", "");
    expect_said("<unfinished", "");
    expect_said("1 < 2", "1 < 2"); /* that is none */
}

static void expect_phrase(const char *headers, const char *want)
{
    char phrase[200];
    struct outcome o = answered(404, headers, "");
    diagnosis_phrase(&o, phrase, sizeof phrase);
    assert_string_equal(phrase, want);
}

static void the_phrase_is_that_of_the_last_status_line(void **state)
{
    (void)state;
    expect_phrase("", "");
    expect_phrase("HTTP/1.1 404 Not Found\r\nServer: x\r\n", "Not Found");
    expect_phrase("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Nope\r\nA: b\r\n", "Nope");
    expect_phrase("HTTP/2 404 \r\nServer: x\r\n", "");
    expect_phrase("HTTP/2 404", "");
    expect_phrase("HTTP/1.1", "");
}

static const char *advice(int status, enum alert_destination destination)
{
    struct outcome o = answered(status, "", "");
    const char *text = diagnosis_advice(&o, destination);
    return text ? text : "";
}

static void advice_is_for_the_destination(void **state)
{
    (void)state;
    assert_string_equal(advice(200, DESTINATION_GENERAL), "");
    assert_string_equal(advice(299, DESTINATION_SLACK), "");
    assert_non_null(strstr(advice(404, DESTINATION_GENERAL), "behind the host"));
    assert_non_null(strstr(advice(404, DESTINATION_SLACK), "Incoming Webhooks"));
    assert_non_null(strstr(advice(404, DESTINATION_PAGERDUTY), "behind the host"));
    assert_non_null(strstr(advice(400, DESTINATION_PAGERDUTY), "routing key"));
    assert_non_null(strstr(advice(400, DESTINATION_GENERAL), "destination"));
    assert_non_null(strstr(advice(401, DESTINATION_GENERAL), "secret token"));
    assert_non_null(strstr(advice(308, DESTINATION_SLACK), "Redirects"));
    assert_non_null(strstr(advice(503, DESTINATION_PAGERDUTY), "its own log"));
    assert_string_equal(advice(418, DESTINATION_GENERAL), "");
}

static void errors_have_their_advice(void **state)
{
    (void)state;
    static const char *const known[][2] = {
        {"connection refused", "listens"},
        {"could not resolve the host name", "typing error"},
        {"could not resolve the proxy's name", "delivery.proxy"},
        {"the proxy refused the connection", "delivery.proxy"},
        {"the proxy: connection refused", "delivery.proxy"},
        {"timed out while connecting", "firewall"},
        {"timed out after 30 s (connected, no answer)", "delivery.timeout"},
        {"TLS: the certificate is self-signed", "CA file"},
        {"TLS: the receiver wants a client certificate", "Client cert"},
        {"the connection was closed without an answer", "https://"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct outcome o = {.kind = OUTCOME_NETWORK};
        snprintf(o.error, sizeof o.error, "%s", known[i][0]);
        const char *text = diagnosis_advice(&o, DESTINATION_GENERAL);
        assert_non_null(text);
        assert_non_null(strstr(text, known[i][1]));
    }
    struct outcome other = {.kind = OUTCOME_CANCELLED, .error = "not sent: out of memory"};
    assert_null(diagnosis_advice(&other, DESTINATION_GENERAL));
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_said_is_one_line),
        cmocka_unit_test(of_html_only_the_text_is_said),
        cmocka_unit_test(the_phrase_is_that_of_the_last_status_line),
        cmocka_unit_test(advice_is_for_the_destination),
        cmocka_unit_test(errors_have_their_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
