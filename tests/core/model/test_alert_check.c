#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/alert.h"

struct verdict {
    const char *text, *problem; /* a part of the problem; NULL: fine */
};

static void assert_problem(const char *text, const char *problem, const char *expected)
{
    if (!expected && problem)
        fail_msg("\"%s\" is fine, but: %s", text, problem);
    if (expected && !problem)
        fail_msg("\"%s\" passed, expected: %s", text, expected);
    if (expected && !strstr(problem, expected))
        fail_msg("\"%s\": expected \"%s\", got \"%s\"", text, expected, problem);
}

static char *repeated(const char *head, char c, size_t count)
{
    size_t len = strlen(head);
    char *text = calloc(1, len + count + 1);
    assert_non_null(text);
    memcpy(text, head, len);
    memset(text + len, c, count);
    return text;
}

static const struct verdict URLS[] = {
    {"http://h", NULL},
    {"https://hooks.example.org/services/T0/B0/x?a=b#c", NULL},
    {"HTTPS://Example.ORG", NULL},
    {"http://127.0.0.1:8080/", NULL},
    {"http://h:1", NULL},
    {"http://h:65535/x", NULL},
    {"http://a_b.c-d.e.", NULL},
    {"http://[::1]/x", NULL},
    {"http://[2001:db8::1]:8443", NULL},
    {"http://[::ffff:127.0.0.1]", NULL},
    {"https://h/a@b", NULL},
    {"https://h?x=a:b@c", NULL},
    {"https://h/%20", NULL},
    {NULL, "is required"},
    {"", "is required"},
    {"  \t ", "is required"},
    {"h", "Must start with http:// or https://"},
    {"ftp://h", "Must start with"},
    {"file:///etc/passwd", "Must start with"},
    {"http:/h", "Must start with"},
    {"http:h", "Must start with"},
    {" http://h", "Must start with"},
    {"httpss://h", "Must start with"},
    {"javascript:alert(1)", "Must start with"},
    {"http://", "host is missing"},
    {"http:///path", "host is missing"},
    {"http://?q", "host is missing"},
    {"http://#f", "host is missing"},
    {"http://:80", "host is missing"},
    {"http://h:", "1 to 65535"},
    {"http://h:0", "1 to 65535"},
    {"http://h:65536", "1 to 65535"},
    {"http://h:99999999999999999999999999", "1 to 65535"},
    {"http://h:-1", "not a number"},
    {"http://h:8x", "not a number"},
    {"http://h:80:81", "not a number"},
    {"http://[::1]:0", "1 to 65535"},
    {"http://user@h", "user name or password"},
    {"http://user:pw@h/", "user name or password"},
    {"http://good.org:80@evil.org", "user name or password"},
    {"http://@h", "user name or password"},
    {"http://h h/", "percent-encoded"},
    {"http://h/a b", "percent-encoded"},
    {"http://h/a\tb", "percent-encoded"},
    {"http://h/a\r\nX: y", "percent-encoded"},
    {"http://h/\x7f", "percent-encoded"},
    {"http://good.org\\@evil.org", "percent-encoded"},
    {"http://h/a\\b", "percent-encoded"},
    {"http://h/\xc3\xa4", "percent-encoded"},
    {"http://m\xc3\xbcller.de", "xn--"},
    {"http://h%41", "no host name has"},
    {"http://h,i", "no host name has"},
    {"http://<h>", "no host name has"},
    {"http://a]", "no host name has"},
    {"http://.", "empty part"},
    {"http://a..b", "empty part"},
    {"http://.a", "empty part"},
    {"http://[::1", "closing bracket"},
    {"http://[]", "IPv6 address"},
    {"http://[zz]", "IPv6 address"},
    {"http://[127.0.0.1]", "IPv6 address"},
    {"http://[fe80::1%25eth0]", "IPv6 address"},
    {"http://[1:2:3:4:5:6:7:8:9:0:1:2:3:4:5:6:7:8:9:0:1:2:3:4:5:6]", "IPv6 address"},
    {"http://[::1]x", "between host and port"},
};

static void url_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof URLS / sizeof *URLS; i++)
        assert_problem(URLS[i].text, alert_url_problem(URLS[i].text), URLS[i].problem);
}

static void url_has_a_length(void **state)
{
    (void)state;
    static const char head[] = "http://h/";
    char *fits = repeated(head, 'x', ALERT_URL_MAX - strlen(head));
    char *over = repeated(head, 'x', ALERT_URL_MAX - strlen(head) + 1);
    char *host = repeated("http://", 'x', 254);
    assert_null(alert_url_problem(fits));
    assert_string_equal(alert_url_problem(over), "The URL is too long");
    assert_string_equal(alert_url_problem(host), "The host is too long");
    host[strlen(host) - 1] = '\0';
    assert_null(alert_url_problem(host));
    free(fits);
    free(over);
    free(host);
}

static void origin_shows_nothing_behind_the_port(void **state)
{
    (void)state;
    static const struct {
        const char *url, *origin;
    } rows[] = {
        {"https://h.org/secret/path", "https://h.org"},
        {"http://h:81?token=x", "http://h:81"},
        {"https://[::1]:9#x", "https://[::1]:9"},
        {"https://user:pw@h", "?"},
        {"nonsense", "?"},
        {"", "?"},
    };
    char out[64], little[8];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        alert_url_origin(rows[i].url, out, sizeof out);
        assert_string_equal(out, rows[i].origin);
    }
    alert_url_origin("https://h.org/x", little, sizeof little);
    assert_string_equal(little, "https:/");
}

static void same_origin_compares_scheme_host_port(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"https://h/a", "https://h/b?c", true},
        {"https://h", "HTTPS://H:443/", true},
        {"http://h:80", "http://h", true},
        {"https://h", "http://h", false},
        {"https://h:443", "http://h:443", false},
        {"https://h", "https://h:444", false},
        {"https://h", "https://hh", false},
        {"https://h", "https://i", false},
        {"https://h", "bad", false},
        {"bad", "bad", false},
        {NULL, NULL, false},
        {"https://h", NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(alert_url_same_origin(rows[i].a, rows[i].b), rows[i].same);
}

static void header_name_is_judged(void **state)
{
    (void)state;
    static const struct verdict rows[] = {
        {"X-Custom-Auth", NULL},
        {"a", NULL},
        {"Authorization", NULL},
        {"Content-Type", NULL},
        {"User-Agent", NULL},
        {"!#$%&'*+-.^_`|~0aZ", NULL},
        {"TE-X", NULL},
        {"Hosts", NULL},
        {NULL, "needs a name"},
        {"", "needs a name"},
        {" X", "letters, digits"},
        {"X ", "letters, digits"},
        {"X Y", "letters, digits"},
        {"X:", "letters, digits"},
        {":authority", "letters, digits"},
        {"X\r\nY", "letters"},
        {"X\n", "letters"},
        {"X\t", "letters"},
        {"X\x7f", "letters"},
        {"X(", "letters"},
        {"X,", "letters"},
        {"X;", "letters"},
        {"X=", "letters"},
        {"X@", "letters"},
        {"X[", "letters"},
        {"X{", "letters"},
        {"X\"", "letters"},
        {"X/", "letters"},
        {"X\\", "letters"},
        {"X\xc3\xa4", "letters"},
        {"X\x80", "letters"},
        {"Host", "set by opik-alerts itself"},
        {"host", "itself"},
        {"HOST", "itself"},
        {"Content-Length", "itself"},
        {"content-length", "itself"},
        {"Transfer-Encoding", "itself"},
        {"Connection", "itself"},
        {"Expect", "itself"},
        {"te", "itself"},
        {"TE", "itself"},
        {"Trailer", "itself"},
        {"upgrade", "itself"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_problem(rows[i].text, alert_header_name_problem(rows[i].text),
                       rows[i].problem);
    char *fits = repeated("", 'x', 256), *over = repeated("", 'x', 257);
    assert_null(alert_header_name_problem(fits));
    assert_string_equal(alert_header_name_problem(over), "The header's name is too long");
    free(fits);
    free(over);
}

static void header_value_is_judged(void **state)
{
    (void)state;
    static const struct verdict rows[] = {
        {"Bearer your-token-here", NULL},
        {"*/*", NULL},
        {"a\tb", NULL},
        {"\xc3\xa4", NULL},
        {NULL, "needs a value"},
        {"", "needs a value"},
        {"   ", "needs a value"},
        {"\t", "needs a value"},
        {"a\nb", "one line"},
        {"a\r\nX-Evil: 1", "one line"},
        {"a\r", "one line"},
        {"\x01", "one line"},
        {"a\x1b[2J", "one line"},
        {"a\x7f", "one line"},
        {" a", "begin or end"},
        {"a ", "begin or end"},
        {"a\t", "begin or end"},
        {"\xff", "UTF-8"},
        {"a\xc3", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_problem(rows[i].text, alert_header_value_problem(rows[i].text),
                       rows[i].problem);
    char *fits = repeated("", 'x', ALERT_HEADER_VALUE_MAX);
    char *over = repeated("x", 'x', ALERT_HEADER_VALUE_MAX);
    assert_null(alert_header_value_problem(fits));
    assert_string_equal(alert_header_value_problem(over), "The header's value is too long");
    free(fits);
    free(over);
}

/* ------------------------------------------------------------------ whole alerts */

static int good(void **state)
{
    struct alert *a = calloc(1, sizeof *a);
    if (!a)
        return -1;
    alert_init(a);
    *state = a;
    return alert_set(&a->name, "Errors") && alert_set_secret(&a->url, "https://h/x") &&
                   alert_add_trigger(a, EVENT_TRACE_ERRORS)
               ? 0
               : -1;
}

static int drop(void **state)
{
    alert_free(*state);
    free(*state);
    return 0;
}

static void assert_one(const struct alert *a, enum alert_field field, size_t index,
                       const char *text)
{
    struct alert_problem p[4];
    size_t count = alert_check(a, false, p, 4);
    if (count != 1)
        fail_msg("%zu problems, the first: %s", count, count ? p[0].text : "");
    assert_int_equal(p[0].field, field);
    assert_int_equal(p[0].index, index);
    assert_string_equal(p[0].text, text);
}

static void check_passes_a_good_alert(void **state)
{
    assert_int_equal(alert_check(*state, false, NULL, 0), 0);
    assert_int_equal(alert_check(*state, true, NULL, 0), 0);
}

static void check_finds_all_that_an_empty_alert_lacks(void **state)
{
    (void)state;
    struct alert a;
    struct alert_problem p[8];
    alert_init(&a);
    assert_int_equal(alert_check(&a, false, p, 8), 3);
    assert_int_equal(p[0].field, ALERT_FIELD_NAME);
    assert_string_equal(p[0].text, "A name is required");
    assert_int_equal(p[1].field, ALERT_FIELD_URL);
    assert_string_equal(p[1].text, "An endpoint URL is required");
    assert_int_equal(p[2].field, ALERT_FIELD_TRIGGERS);
    assert_string_equal(p[2].text, "Add at least one trigger");
    assert_int_equal(alert_check(&a, true, p, 8), 1);
    assert_int_equal(p[0].field, ALERT_FIELD_URL);
}

static void check_counts_beyond_the_room_given(void **state)
{
    (void)state;
    struct alert a;
    struct alert_problem p[2] = {{.index = 7}, {.index = 7}};
    alert_init(&a);
    assert_int_equal(alert_check(&a, false, p, 1), 3);
    assert_int_equal(p[0].index, 0);
    assert_int_equal(p[1].index, 7);
}

static void check_judges_the_name(void **state)
{
    struct alert *a = *state;
    static const char two[] = "\xc3\xa4";
    char name[2 * ALERT_NAME_MAX + 3] = "";
    assert_true(alert_set(&a->name, " \t\n"));
    assert_one(a, ALERT_FIELD_NAME, 0, "A name is required");
    for (size_t i = 0; i < ALERT_NAME_MAX; i++)
        memcpy(name + 2 * i, two, sizeof two);
    assert_true(alert_set(&a->name, name));
    assert_int_equal(alert_check(a, false, NULL, 0), 0);
    memcpy(name + 2 * ALERT_NAME_MAX, "x", 2);
    assert_true(alert_set(&a->name, name));
    assert_one(a, ALERT_FIELD_NAME, 0, "The name is longer than 255 characters");
    assert_true(alert_set(&a->name, "\xff"));
    assert_one(a, ALERT_FIELD_NAME, 0, "The name is not valid UTF-8");
}

static void check_judges_the_token(void **state)
{
    struct alert *a = *state;
    static const struct verdict rows[] = {
        {"s3cret", NULL},      {"two words", NULL},    {"a\nb", "one line"},
        {"a\x7f", "one line"}, {" a", "begin or end"}, {"a\t", "begin or end"},
        {"\xc3", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert_problem p = {.text = ""};
        assert_true(alert_set_secret(&a->token, rows[i].text));
        size_t count = alert_check(a, false, &p, 1);
        assert_problem(rows[i].text, count ? p.text : NULL, rows[i].problem);
        assert_true(count == 0 || p.field == ALERT_FIELD_TOKEN);
    }
    char *over = repeated("x", 'x', ALERT_TOKEN_MAX);
    assert_true(alert_set_secret(&a->token, over));
    assert_one(a, ALERT_FIELD_TOKEN, 0, "The token is longer than 4096 bytes");
    over[ALERT_TOKEN_MAX] = '\0';
    assert_true(alert_set_secret(&a->token, over));
    assert_int_equal(alert_check(a, false, NULL, 0), 0);
    free(over);
}

static void check_judges_headers_by_their_index(void **state)
{
    struct alert *a = *state;
    struct alert_problem p[4];
    assert_true(alert_add_header(a, "X-One", "1"));
    assert_true(alert_add_header(a, "Host", ""));
    assert_int_equal(alert_check(a, false, p, 4), 2);
    assert_int_equal(p[0].field, ALERT_FIELD_HEADER_NAME);
    assert_int_equal(p[0].index, 1);
    assert_int_equal(p[1].field, ALERT_FIELD_HEADER_VALUE);
    assert_int_equal(p[1].index, 1);
}

static void check_refuses_a_header_twice(void **state)
{
    struct alert *a = *state;
    assert_true(alert_add_header(a, "X-One", "1"));
    assert_true(alert_add_header(a, "x-one", "2"));
    assert_one(a, ALERT_FIELD_HEADER_NAME, 1, "This header is there already");
}

static void check_bounds_the_headers(void **state)
{
    struct alert *a = *state;
    char name[32];
    for (int i = 0; i < ALERT_HEADERS_MAX; i++) {
        snprintf(name, sizeof name, "X-%d", i);
        assert_true(alert_add_header(a, name, "1"));
    }
    assert_int_equal(alert_check(a, false, NULL, 0), 0);
    assert_true(alert_add_header(a, "X-More", "1"));
    assert_one(a, ALERT_FIELD_HEADER_NAME, ALERT_HEADERS_MAX,
               "Too many headers: at most 64");
}

static void check_judges_the_scope(void **state)
{
    struct alert *a = *state;
    char id[UUID_SIZE];
    struct alert_trigger *t = alert_add_trigger(a, EVENT_GUARDRAILS_TRIGGERED);
    t->scoped = true;
    assert_one(a, ALERT_FIELD_SCOPE, 1, "Choose at least one project, or all");
    for (int i = 0; i < ALERT_SCOPE_MAX; i++) {
        snprintf(id, sizeof id, "%d", i);
        assert_true(alert_trigger_add_project(t, id));
    }
    assert_int_equal(alert_check(a, false, NULL, 0), 0);
    assert_true(alert_trigger_add_project(t, "more"));
    assert_one(a, ALERT_FIELD_SCOPE, 1, "Too many projects: at most 1000");
    alert_remove_trigger(a, EVENT_GUARDRAILS_TRIGGERED);
    alert_add_trigger(a, EVENT_PROMPT_CREATED)->scoped = true;
    assert_one(a, ALERT_FIELD_SCOPE, 1, "Prompt events are workspace-wide");
}

#define KEY_24 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void check_judges_signing_secrets(void **state)
{
    struct alert *a = *state;
    static const struct {
        const char *secret;
        bool fine;
    } rows[] = {
        {KEY_24, true},
        {"generate", true}, /* one is made when it is stored */
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", true},
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
         "AAAAAAAAAAAAAA==", true}, /* 64 bytes */
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
         "AAAAAAAAAAAAAAA=", false}, /* 65 */
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false}, /* 23 */
        {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false},
        {"WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false},
        {"whsec_", false},
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", false},
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*", false},
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-", false}, /* another alphabet */
        {"whsec_MfKQ9r8GKYqr TwjUPD8ILPZIo2LaLaSw", false},
        {KEY_24 "\n", false},
        {"generated", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(alert_set_metadata(a, ALERT_SIGNING_SECRET, rows[i].secret));
        size_t count = alert_check(a, false, NULL, 0);
        if ((count == 0) != rows[i].fine)
            fail_msg("%s: %zu problems", rows[i].secret, count);
    }
    assert_one(a, ALERT_FIELD_SIGNING, 0,
               "A signing secret is whsec_ and the base64 of 24 to 64 bytes");
    assert_true(alert_set_metadata(a, ALERT_SIGNING_SECRET, KEY_24));
    assert_true(alert_set_metadata(a, ALERT_SIGNING_PREVIOUS, "generate"));
    assert_one(a, ALERT_FIELD_SIGNING, 0,
               "A signing secret is whsec_ and the base64 of 24 to 64 bytes");
    assert_true(alert_set_metadata(a, ALERT_SIGNING_PREVIOUS, KEY_24));
    assert_true(alert_set_metadata(a, ALERT_SIGNING_UNTIL, "soon"));
    assert_one(a, ALERT_FIELD_METADATA, 0, "metadata.signing_previous_until must be a time");
}

static void check_keeps_the_headers_of_a_signature(void **state)
{
    struct alert *a = *state;
    assert_true(alert_add_header(a, "Webhook-ID", "1"));
    assert_int_equal(alert_check(a, false, NULL, 0), 0);
    assert_true(alert_set_metadata(a, ALERT_SIGNING_SECRET, KEY_24));
    assert_one(a, ALERT_FIELD_HEADER_NAME, 0, "This header is set by the signature");
}

static void check_judges_the_files_of_tls(void **state)
{
    struct alert *a = *state;
    static const struct {
        const char *key, *value;
        enum alert_field field;
        const char *problem; /* NULL: fine */
    } rows[] = {
        {ALERT_TLS_CA, "/etc/ssl/own.pem", 0, NULL},
        {ALERT_TLS_CERT, "/etc/ssl/client.pem", 0, NULL},
        {ALERT_TLS_INSECURE, "true", 0, NULL},
        {ALERT_TLS_INSECURE, "false", 0, NULL},
        {ALERT_TLS_INSECURE, "yes", ALERT_FIELD_METADATA,
         "metadata.tls_insecure must be true or false"},
        {ALERT_TLS_CA, "own.pem", ALERT_FIELD_TLS_CA,
         "Must be an absolute path on this host, as /etc/ssl/own-ca.pem"},
        {ALERT_TLS_CERT, "file:/x", ALERT_FIELD_TLS_CERT,
         "Must be an absolute path on this host, as /etc/ssl/own-ca.pem"},
        {ALERT_TLS_CA, "/a\x1b[2J", ALERT_FIELD_TLS_CA,
         "Is not a path: too long, control characters, or not UTF-8"},
        {ALERT_TLS_CA, "/\xff", ALERT_FIELD_TLS_CA,
         "Is not a path: too long, control characters, or not UTF-8"},
        {ALERT_TLS_KEY, "/etc/ssl/client.key", ALERT_FIELD_TLS_KEY,
         "A client key needs its certificate"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(alert_set_metadata(a, rows[i].key, rows[i].value));
        if (rows[i].problem)
            assert_one(a, rows[i].field, 0, rows[i].problem);
        else
            assert_int_equal(alert_check(a, false, NULL, 0), 0);
        assert_int_equal(alert_is_insecure(a), strcmp(rows[i].value, "true") == 0);
        assert_true(alert_set_metadata(a, rows[i].key, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_is_judged),
        cmocka_unit_test(url_has_a_length),
        cmocka_unit_test(origin_shows_nothing_behind_the_port),
        cmocka_unit_test(same_origin_compares_scheme_host_port),
        cmocka_unit_test(header_name_is_judged),
        cmocka_unit_test(header_value_is_judged),
        cmocka_unit_test_setup_teardown(check_passes_a_good_alert, good, drop),
        cmocka_unit_test(check_finds_all_that_an_empty_alert_lacks),
        cmocka_unit_test(check_counts_beyond_the_room_given),
        cmocka_unit_test_setup_teardown(check_judges_the_name, good, drop),
        cmocka_unit_test_setup_teardown(check_judges_the_token, good, drop),
        cmocka_unit_test_setup_teardown(check_judges_headers_by_their_index, good, drop),
        cmocka_unit_test_setup_teardown(check_refuses_a_header_twice, good, drop),
        cmocka_unit_test_setup_teardown(check_bounds_the_headers, good, drop),
        cmocka_unit_test_setup_teardown(check_judges_the_scope, good, drop),
        cmocka_unit_test_setup_teardown(check_judges_signing_secrets, good, drop),
        cmocka_unit_test_setup_teardown(check_keeps_the_headers_of_a_signature, good, drop),
        cmocka_unit_test_setup_teardown(check_judges_the_files_of_tls, good, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
