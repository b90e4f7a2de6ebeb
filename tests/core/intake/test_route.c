/* Which path leads where, and who may ask: the pure parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "intake/guard.h"
#include "intake/route.h"

static void paths_lead_where_they_should(void **state)
{
    static const struct {
        const char *method, *path;
        enum route_found found;
        const char *allow;
    } cases[] = {
        {"POST", "/api/v1/private/traces/batch", ROUTE_SERVED, ""},
        {"POST", "/v1/private/traces/batch", ROUTE_SERVED, ""},
        {"POST", "//api/v1/private/traces/batch", ROUTE_SERVED, ""},
        {"POST", "/api/v1/private/traces/batch/", ROUTE_SERVED, ""},
        {"GET", "/v1/private/alerts/", ROUTE_SERVED, ""},
        {"GET", "/v1/private/alerts/x/", ROUTE_SERVED, ""},
        {"PUT", "/v1/private/alerts/", ROUTE_OTHER_METHOD, "GET, HEAD, POST"},
        {"GET", "/v1/private/datasets/", ROUTE_NOT_SERVED, ""},
        {"GET", "/v1/private/alerts//", ROUTE_UNKNOWN, ""},
        {"PUT", "/v1/private/traces/x/feedback-scores", ROUTE_SERVED, ""},
        {"PUT", "/v1/private/traces//feedback-scores", ROUTE_UNKNOWN, ""},
        {"PATCH", "/v1/private/traces/x", ROUTE_SERVED, ""},
        {"GET", "/v1/private/traces/x", ROUTE_NOT_SERVED, ""},
        {"GET", "/v1/private/traces", ROUTE_NOT_SERVED, ""},
        {"PUT", "/v1/private/traces", ROUTE_OTHER_METHOD, "POST"},
        {"DELETE", "/v1/private/traces/batch", ROUTE_OTHER_METHOD, "POST, PATCH"},
        {"DELETE", "/v1/private/prompts/versions", ROUTE_OTHER_METHOD, "POST, PATCH"},
        {"PATCH", "/v1/private/prompts/x", ROUTE_OTHER_METHOD, "GET, HEAD, PUT, DELETE"},
        {"OPTIONS", "/v1/private/prompts", ROUTE_OTHER_METHOD, "POST, GET, HEAD"},
        {"HEAD", "/v1/private/prompts/x", ROUTE_SERVED, ""},
        {"HEAD", "/healthz", ROUTE_SERVED, ""},
        {"HEAD", "/v1/private/traces/x", ROUTE_NOT_SERVED, ""},
        {"HEAD", "/v1/private/traces/batch", ROUTE_OTHER_METHOD, "POST, PATCH"},
        {"GET", "/v1/private/projects/x", ROUTE_SERVED, ""},
        {"GET", "/v1/private/projects/stats", ROUTE_NOT_SERVED, ""},
        {"POST", "/v1/private/prompts/retrieve-by-commits", ROUTE_NOT_SERVED, ""},
        {"GET", "/v1/private/alerts", ROUTE_SERVED, ""},
        {"PATCH", "/v1/private/datasets", ROUTE_NOT_SERVED, ""},
        {"GET", "/v1/private/nonsense", ROUTE_UNKNOWN, ""},
        {"GET", "/", ROUTE_UNKNOWN, ""},
        {"GET", "", ROUTE_UNKNOWN, ""},
        {"POST", "/api/api/v1/private/traces", ROUTE_UNKNOWN, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct route_match match;
        enum route_found found = route_find(cases[i].method, cases[i].path, &match);
        if (found != cases[i].found)
            fail_msg("%s %s: %d", cases[i].method, cases[i].path, found);
        assert_string_equal(match.allow, cases[i].allow);
        assert_true((found == ROUTE_SERVED) == (match.handler != NULL));
    }
}

static void params_are_the_segments(void **state)
{
    struct route_match match;
    (void)state;
    assert_int_equal(
        route_find("POST", "/api/v1/private/prompts/one/versions/two/restore", &match),
        ROUTE_SERVED);
    assert_true(span_is(match.params[0], "one"));
    assert_true(span_is(match.params[1], "two"));
}

static void alerts_are_for_their_owner(void **state)
{
    static const struct {
        const char *method, *path;
    } alerts[] = {{"GET", "/v1/private/alerts"},
                  {"HEAD", "/v1/private/alerts"},
                  {"POST", "/v1/private/alerts"},
                  {"GET", "/v1/private/alerts/x"},
                  {"PUT", "/v1/private/alerts/x"},
                  {"POST", "/v1/private/alerts/delete"},
                  {"POST", "/v1/private/alerts/webhooks/tests"},
                  {"GET", "/v1/private/alerts/webhooks/examples"},
                  {"GET", "/v1/private/projects/x/alerts"}};
    struct route_match match;
    (void)state;
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
        assert_int_equal(route_find(alerts[i].method, alerts[i].path, &match), ROUTE_SERVED);
        assert_true(match.owner_only);
        assert_false(match.open);
    }
    assert_int_equal(route_find("POST", "/v1/private/traces/batch", &match), ROUTE_SERVED);
    assert_false(match.owner_only);
    assert_false(match.open);
    assert_int_equal(route_find("GET", "/healthz", &match), ROUTE_SERVED);
    assert_true(match.open);
    assert_int_equal(route_find("GET", "/metrics", &match), ROUTE_SERVED);
    assert_false(match.open);
}

static void hosts_are_ours_or_refused(void **state)
{
    static const struct {
        const char *host, *listen, *extra;
        bool allowed;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1", NULL, true},
        {"127.0.0.1:5173", "127.0.0.1", NULL, true},
        {"LocalHost:1", "127.0.0.1", NULL, true},
        {"[::1]:80", "127.0.0.1", NULL, true},
        {"10.0.0.7:80", "10.0.0.7", NULL, true},
        {"[fd00::7]:80", "fd00::7", NULL, true},
        {"jump.example", "127.0.0.1", "a.example, Jump.example", true},
        {"jump.example:5173", "127.0.0.1", "jump.example", true},
        {"a.example", "127.0.0.1", "aa.example,a.example.org", false},
        {NULL, "127.0.0.1", NULL, false},
        {"", "127.0.0.1", "", false},
        {":80", "127.0.0.1", NULL, false},
        {"evil.example", "127.0.0.1", NULL, false},
        {"127.0.0.1.evil.example", "127.0.0.1", NULL, false},
        {"localhost:80@evil.example", "127.0.0.1", NULL, false},
        {"localhost:80:90", "127.0.0.1", NULL, false},
        {"[::1", "127.0.0.1", NULL, false},
        {"[]", "127.0.0.1", NULL, false},
        {"[::1]x", "127.0.0.1", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (guard_host_allowed(cases[i].host, cases[i].listen, cases[i].extra) !=
            cases[i].allowed)
            fail_msg("%s", cases[i].host ? cases[i].host : "(none)");
}

static void keys_and_content_types_are_told_apart(void **state)
{
    (void)state;
    assert_true(guard_key_matches("k", "k"));
    assert_false(guard_key_matches("Bearer k", "k"));
    assert_false(guard_key_matches("", "k"));
    assert_false(guard_key_matches(NULL, "k"));
    assert_false(guard_key_matches("kk", "k"));
    assert_true(guard_is_json("application/json"));
    assert_true(guard_is_json("Application/JSON ;charset=utf-8"));
    assert_false(guard_is_json("application/json5"));
    assert_false(guard_is_json("text/plain"));
    assert_false(guard_is_json(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_where_they_should),
        cmocka_unit_test(params_are_the_segments),
        cmocka_unit_test(alerts_are_for_their_owner),
        cmocka_unit_test(hosts_are_ours_or_refused),
        cmocka_unit_test(keys_and_content_types_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
