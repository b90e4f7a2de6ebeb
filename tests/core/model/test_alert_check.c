#include <stdio.h>

#include "core/model/alert_fixture.h"
#include "model/alert.h"

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

static void check_judges_conditions(void **state)
{
    struct alert *a = *state;
    const struct {
        enum event_type type;
        struct alert_condition c;
        const char *problem; /* NULL: fine */
    } rows[] = {
        {EVENT_TRACE_COST, {"", CONDITION_COST, (char[]){"10"}, 1, false, NULL}, NULL},
        {EVENT_TRACE_COST, {"", CONDITION_COST, (char[]){"10"}, ALERT_WINDOW_MAX_S}, NULL},
        {EVENT_TRACE_FEEDBACK_SCORE,
         {"", CONDITION_FEEDBACK, (char[]){"-0.7"}, 60, true, (char[]){"r"}},
         NULL},
        {EVENT_TRACE_COST,
         {"", CONDITION_LATENCY, (char[]){"10"}, 60},
         "This threshold does not belong to this event type"},
        {EVENT_PROMPT_CREATED,
         {"", CONDITION_COST, (char[]){"10"}, 60},
         "This threshold does not belong to this event type"},
        {EVENT_TRACE_COST, {"", CONDITION_COST, NULL, 60}, "A threshold is required"},
        {EVENT_TRACE_COST,
         {"", CONDITION_COST, (char[]){"10"}, 0},
         "A window is required, in whole seconds"},
        {EVENT_TRACE_COST,
         {"", CONDITION_COST, (char[]){"10"}, ALERT_WINDOW_MAX_S + 1},
         "The window is longer than 31 days"},
        {EVENT_TRACE_FEEDBACK_SCORE,
         {"", CONDITION_FEEDBACK, (char[]){"1"}, 60, false, (char[]){" "}},
         "A feedback score's name is required"},
        {EVENT_TRACE_COST,
         {"", CONDITION_COST, (char[]){"10"}, 60, true},
         "Only feedback scores can be compared with <"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert_trigger *t = alert_add_trigger(a, rows[i].type);
        assert_true(alert_trigger_add_condition(t, &rows[i].c));
        if (rows[i].problem)
            assert_one(a, ALERT_FIELD_CONDITION, 1, rows[i].problem);
        else
            assert_int_equal(alert_check(a, false, NULL, 0), 0);
        alert_remove_trigger(a, rows[i].type);
    }
}

static void check_counts_conditions(void **state)
{
    struct alert *a = *state;
    const struct alert_condition c = {
        .kind = CONDITION_COST, .threshold = (char[]){"1"}, .window_s = 60};
    struct alert_trigger *t = alert_add_trigger(a, EVENT_TRACE_COST);
    assert_one(a, ALERT_FIELD_CONDITION, 1,
               "This event type needs a threshold and a window");
    assert_int_equal(alert_check(a, true, NULL, 0), 0);
    for (int i = 0; i < ALERT_CONDITIONS_MAX; i++)
        assert_true(alert_trigger_add_condition(t, &c));
    assert_int_equal(alert_check(a, false, NULL, 0), 0);
    assert_true(alert_trigger_add_condition(t, &c));
    assert_one(a, ALERT_FIELD_CONDITION, 1, "Too many conditions: at most 16");
}

static void threshold_is_judged(void **state)
{
    (void)state;
    static const struct verdict rows[] = {
        {"10", NULL},
        {"0.7", NULL},
        {".5", NULL},
        {"5.", NULL},
        {"-0.5", NULL},
        {"123456789012345.123456789", NULL},
        {NULL, "is required"},
        {"", "is required"},
        {"-", "must be a number"},
        {".", "must be a number"},
        {"ten", "must be a number"},
        {"1e3", "must be a number"},
        {"1,5", "must be a number"},
        {"--1", "must be a number"},
        {"1.2.3", "must be a number"},
        {"1234567890123456", "too many digits"},
        {"1.1234567890", "too many digits"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_problem(rows[i].text, alert_threshold_problem(rows[i].text),
                       rows[i].problem);
}

static void check_judges_metadata(void **state)
{
    struct alert *a = *state;
    static const struct {
        const char *key, *value;
        enum alert_field field;
        const char *problem; /* NULL: fine */
    } rows[] = {
        {ALERT_SEVERITY, "critical", 0, NULL},
        {ALERT_SEVERITY, "info", 0, NULL},
        {ALERT_SEVERITY, "fatal", ALERT_FIELD_SEVERITY,
         "Must be critical, error, warning or info"},
        {ALERT_DEDUP, "alert", 0, NULL},
        {ALERT_DEDUP, "delivery", 0, NULL},
        {ALERT_DEDUP, "event", ALERT_FIELD_METADATA,
         "metadata.dedup must be alert or delivery"},
        {ALERT_BASE_URL, "https://opik.example.org/", 0, NULL},
        {ALERT_BASE_URL, "opik", ALERT_FIELD_BASE_URL,
         "Must start with http:// or https://"},
        {ALERT_ROUTING_KEY, "R0", 0, NULL},
        {ALERT_ROUTING_KEY, "a\nb", ALERT_FIELD_ROUTING_KEY,
         "A routing key is one line of at most 4096 bytes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(alert_set_metadata(a, rows[i].key, rows[i].value));
        if (rows[i].problem)
            assert_one(a, rows[i].field, 0, rows[i].problem);
        else
            assert_int_equal(alert_check(a, false, NULL, 0), 0);
        assert_true(alert_set_metadata(a, rows[i].key, NULL));
    }
    for (int i = 0; i <= ALERT_METADATA_MAX; i++) {
        char key[20];
        assert_int_equal(alert_check(a, false, NULL, 0), 0);
        snprintf(key, sizeof key, "m%d", i);
        assert_true(alert_set_metadata(a, key, "x"));
    }
    assert_one(a, ALERT_FIELD_METADATA, 0, "Too many members of metadata: at most 64");
    assert_true(alert_set_metadata(a, "m0", NULL) && alert_set_metadata(a, "m1", NULL));
    a->destination = DESTINATION_PAGERDUTY;
    assert_one(a, ALERT_FIELD_ROUTING_KEY, 0, "A routing key is required for PagerDuty");
    assert_int_equal(alert_check(a, true, NULL, 0), 0);
    char *over = repeated("x", 'x', ALERT_TOKEN_MAX);
    assert_true(alert_set_metadata(a, ALERT_ROUTING_KEY, over));
    assert_one(a, ALERT_FIELD_ROUTING_KEY, 0,
               "A routing key is one line of at most 4096 bytes");
    assert_true(alert_set_metadata(a, ALERT_ROUTING_KEY, over + 1));
    assert_int_equal(alert_check(a, false, NULL, 0), 0);
    free(over);
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
        cmocka_unit_test_setup_teardown(check_judges_conditions, good, drop),
        cmocka_unit_test_setup_teardown(check_counts_conditions, good, drop),
        cmocka_unit_test(threshold_is_judged),
        cmocka_unit_test_setup_teardown(check_judges_metadata, good, drop),
        cmocka_unit_test_setup_teardown(check_judges_signing_secrets, good, drop),
        cmocka_unit_test_setup_teardown(check_keeps_the_headers_of_a_signature, good, drop),
        cmocka_unit_test_setup_teardown(check_judges_the_files_of_tls, good, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
