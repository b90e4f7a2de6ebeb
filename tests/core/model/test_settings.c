#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/settings.h"
#include "support/wiped.h"

struct row {
    const char *key, *value;
    bool ok;
    int64_t number;
};

static bool read_fixed(const char *path, struct buf *out, struct err *err)
{
    if (strcmp(path, "/good") == 0)
        return buf_add_text(out, "s3cret key\r\nsecond line\n");
    if (strcmp(path, "/one") == 0)
        return buf_add_text(out, "no newline");
    if (strcmp(path, "/secret") == 0) /* read in pieces, and the second line is long */
        return buf_add_text(out, WIPED_TOKEN "\n") && buf_add_format(out, "%2000d", 1);
    if (strcmp(path, "/empty") == 0)
        return buf_add_text(out, "\nsecond\n");
    if (strcmp(path, "/control") == 0)
        return buf_add_text(out, "a\x01z\n");
    return err_set(err, ERR_IO, "%s: no such file", path);
}

static bool set(struct settings *s, const char *key, const char *value,
                enum setting_origin origin, struct err *err)
{
    return settings_set(s, span_of(key), span_of(value), origin, read_fixed, err);
}

static int init(void **state)
{
    static struct settings s;
    *state = &s;
    return settings_init(&s, NULL) ? 0 : -1;
}

static int cleanup(void **state)
{
    settings_free(*state);
    return 0;
}

static void init_gives_documented_defaults(void **state)
{
    struct settings *s = *state;
    static const struct {
        enum setting s;
        const char *key, *text;
        int64_t number;
    } rows[] = {
        {SETTING_INTAKE_LISTEN, "intake.listen", "127.0.0.1:5173", 0},
        {SETTING_INTAKE_API_KEY, "intake.api_key", "", 0},
        {SETTING_INTAKE_MAX_BODY, "intake.max_body", "32MiB", 33554432},
        {SETTING_INTAKE_MAX_HEADERS, "intake.max_headers", "32KiB", 32768},
        {SETTING_INTAKE_CONNECTIONS, "intake.connections", "1000", 1000},
        {SETTING_INTAKE_TIMEOUT, "intake.timeout", "30s", 30000},
        {SETTING_INTAKE_HOSTS, "intake.hosts", "", 0},
        {SETTING_DEBOUNCE_WINDOW, "debounce.window", "30s", 30000},
        {SETTING_BUCKET_MAX_EVENTS, "bucket.max_events", "10000", 10000},
        {SETTING_BUCKET_MAX_BYTES, "bucket.max_bytes", "8MiB", 8388608},
        {SETTING_DELIVERY_TIMEOUT, "delivery.timeout", "30s", 30000},
        {SETTING_DELIVERY_CONNECT_TIMEOUT, "delivery.connect_timeout", "5s", 5000},
        {SETTING_DELIVERY_CONCURRENCY, "delivery.concurrency", "512", 512},
        {SETTING_DELIVERY_PER_ENDPOINT, "delivery.per_endpoint", "4", 4},
        {SETTING_DELIVERY_RATE, "delivery.rate", "0", 0},
        {SETTING_DELIVERY_MAX_AGE, "delivery.max_age", "24h", 86400000},
        {SETTING_DELIVERY_REPLAY_RATE, "delivery.replay_rate", "10", 10},
        {SETTING_DELIVERY_PROXY, "delivery.proxy", "", 0},
        {SETTING_DELIVERY_CA_FILE, "delivery.ca_file", "", 0},
        {SETTING_DELIVERY_PRIVATE, "delivery.private", "allow", 0},
        {SETTING_RETRY_MAX, "retry.max", "3", 3},
        {SETTING_RETRY_INITIAL, "retry.initial", "1s", 1000},
        {SETTING_RETRY_MAX_DELAY, "retry.max_delay", "60s", 60000},
        {SETTING_PAYLOAD_STYLE, "payload.style", "documented", 0},
        {SETTING_THRESHOLD_INTERVAL, "threshold.interval", "10s", 10000},
        {SETTING_THRESHOLD_REPEAT, "threshold.repeat", "0s", 0},
        {SETTING_STORE_URL, "store.url", "", 0},
        {SETTING_LOG_RETENTION, "log.retention", "30d", 2592000000},
        {SETTING_LOG_MAX_SIZE, "log.max_size", "1GiB", (int64_t)1 << 30},
        {SETTING_AUDIT_RETENTION, "audit.retention", "365d", 31536000000},
        {SETTING_CONSOLE_BELL, "console.bell", "off", 0},
        {SETTING_CONSOLE_THEME, "console.theme", "terminal", 0},
    };
    assert_int_equal(sizeof rows / sizeof *rows, SETTING_COUNT);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        assert_string_equal(setting_info(rows[i].s)->key, rows[i].key);
        assert_string_equal(s->text[rows[i].s], rows[i].text);
        assert_int_equal(s->number[rows[i].s], rows[i].number);
        assert_int_equal(s->origin[rows[i].s], ORIGIN_DEFAULT);
        assert_true(strlen(setting_info(rows[i].s)->help) <= 70);
        assert_true(strlen(setting_info(rows[i].s)->help) > 0);
    }
    assert_true(settings_check(s, NULL));
}

static const struct row VALUES[] = {
    {"retry.max", "0", true, 0},
    {"retry.max", "100", true, 100},
    {"retry.max", "101", false, 0},
    {"retry.max", "-1", false, 0},
    {"retry.max", "+1", false, 0},
    {"retry.max", " 1", false, 0},
    {"retry.max", "1.5", false, 0},
    {"retry.max", "", false, 0},
    {"retry.max", "9223372036854775808", false, 0},
    {"retry.max", "18446744073709551617", false, 0},
    {"intake.connections", "0", false, 0},
    {"intake.connections", "100000", true, 100000},
    {"intake.connections", "100001", false, 0},
    {"intake.max_body", "1GiB", true, (int64_t)1 << 30},
    {"intake.max_body", "4096B", true, 4096},
    {"intake.max_body", "2KiB", true, 2048},
    {"intake.max_body", "2kib", false, 0},
    {"intake.max_body", "2KB", false, 0},
    {"intake.max_body", "4096", false, 0},
    {"intake.max_body", "MiB", false, 0},
    {"intake.max_body", "9999999999999GiB", false, 0},
    {"debounce.window", "100ms", true, 100},
    {"debounce.window", "99ms", false, 0},
    {"debounce.window", "24h", true, 86400000},
    {"debounce.window", "1d", true, 86400000},
    {"debounce.window", "25h", false, 0},
    {"debounce.window", "30", false, 0},
    {"debounce.window", "30 s", false, 0},
    {"payload.style", "documented", true, 0},
    {"payload.style", "document", false, 0},
    {"payload.style", "", false, 0},
    {"intake.listen", "127.0.0.1:0", true, 0},
    {"intake.listen", "[::1]:65535", true, 0},
    {"intake.listen", "jump-host.example.com:80", true, 0},
    {"intake.listen", "A:80", true, 0},
    {"intake.listen", "z:1", true, 0},
    {"intake.listen", "5173", false, 0},
    {"intake.listen", "127.0.0.1:000080", false, 0},
    {"intake.listen", "127.0.0.1:65536", false, 0},
    {"intake.listen", "127.0.0.1:", false, 0},
    {"intake.listen", "127.0.0.1", false, 0},
    {"intake.listen", ":80", false, 0},
    {"intake.listen", "::1:80", false, 0},
    {"intake.listen", "[]:80", false, 0},
    {"intake.listen", "[::g]:80", false, 0},
    {"intake.listen", "[127.0.0.1]:80", false, 0},
    {"intake.listen", "a b:80", false, 0},
    {"intake.listen", "*:80", false, 0},
    {"intake.listen", "", false, 0},
    {"intake.listen", "unix:/run/opik-alerts/socket", true, 0},
    {"intake.listen", "unix:socket", false, 0},
    {"intake.listen", "unix:", false, 0},
    {"intake.listen", "unix:/", false, 0},
    {"intake.listen", "unix:/run/", false, 0},
    {"intake.listen", "unix:/a b", false, 0},
    {"intake.listen", "unix:/\x1b[2J", false, 0},
    {"intake.listen", "unix:/\xc3\xa9", false, 0},
    {"intake.max_headers", "4KiB", true, 4096},
    {"intake.max_headers", "2MiB", false, 0},
    {"intake.hosts", "a.example, b.example", true, 0},
    {"intake.hosts", "", true, 0},
    {"intake.hosts", " a.example , B ", true, 0},
    {"intake.hosts", "a.example,", false, 0},
    {"intake.hosts", ",a.example", false, 0},
    {"intake.hosts", "a b", false, 0},
    {"intake.hosts", "a,,b", false, 0},
    {"intake.hosts", "http://a", false, 0},
    {"delivery.proxy", "http://127.0.0.1:3128", true, 0},
    {"delivery.proxy", "SOCKS5H://p:1080", true, 0},
    {"delivery.proxy", "", true, 0},
    {"delivery.proxy", "p:3128", false, 0},
    {"delivery.proxy", "http://", false, 0},
    {"delivery.proxy", "http://u:p@h:1", false, 0},
    {"delivery.ca_file", "/tmp/ca.pem", true, 0},
    {"delivery.ca_file", "/tmp/\x1b[2J", false, 0},
    {"delivery.ca_file", "/tmp/\xff", false, 0},
    {"delivery.ca_file", "\x01", false, 0},
    {"delivery.ca_file", "/tmp/\x7f", false, 0},
    {"delivery.private", "refuse", true, 1},
    {"delivery.private", "maybe", false, 0},
};

static void set_judges_values(void **state)
{
    struct settings *s = *state;
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        struct err err = {0};
        bool ok = set(s, VALUES[i].key, VALUES[i].value, ORIGIN_CALL, &err);
        if (ok != VALUES[i].ok)
            fail_msg("%s = \"%s\": %s", VALUES[i].key, VALUES[i].value,
                     ok ? "taken" : err.text);
        enum setting which = 0;
        while (strcmp(setting_info(which)->key, VALUES[i].key))
            which++;
        if (ok) {
            assert_int_equal(s->number[which], VALUES[i].number);
            assert_string_equal(s->text[which], VALUES[i].value);
        } else {
            assert_int_equal(err.code, ERR_INVALID);
            assert_memory_equal(err.text, VALUES[i].key, strlen(VALUES[i].key));
        }
    }
}

static void set_says_what_would_be_right(void **state)
{
    static const struct {
        const char *key, *value, *text;
    } rows[] = {
        {"retry.max", "101", "retry.max: must be a whole number, from 0 to 100"},
        {"intake.timeout", "1ms",
         "intake.timeout: must be a whole number with ms, s, m, h or d, from 1s to 1h"},
        {"log.max_size", "0",
         "log.max_size: must be a whole number with B, KiB, MiB or GiB, from 0B to "
         "1024GiB"},
        {"intake.max_body", "2GiB",
         "intake.max_body: must be a whole number with B, KiB, MiB or GiB, from 1KiB to "
         "1GiB"},
        {"payload.style", "x", "payload.style: must be documented|server"},
        {"debounce.windw", "1s",
         "unknown setting debounce.windw; did you mean debounce.window?"},
        {"RETRY.MAX", "1", "unknown setting RETRY.MAX; did you mean retry.max?"},
        {"retry_initial", "1",
         "unknown setting retry_initial; did you mean retry.initial?"},
        {"nonsense", "1", "unknown setting nonsense; `config` lists them all"},
        {"", "1", "unknown setting ; `config` lists them all"},
        {"a\x1b[2J", "1", "unknown setting a\\x1b[2J; `config` lists them all"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        assert_false(set(*state, rows[i].key, rows[i].value, ORIGIN_CALL, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.text, rows[i].text);
    }
}

static void set_unknown_long_key_is_cut(void **state)
{
    char key[5000];
    struct err err = {0};
    memset(key, 'k', sizeof key);
    assert_false(settings_set(*state, (struct span){key, sizeof key}, span_of("1"),
                              ORIGIN_FILE, NULL, &err));
    assert_non_null(strstr(err.text, "kkk…; `config`"));
}

static void set_failed_keeps_old_value(void **state)
{
    struct settings *s = *state;
    assert_true(set(s, "retry.max", "7", ORIGIN_FILE, NULL));
    assert_false(set(s, "retry.max", "x", ORIGIN_CALL, NULL));
    assert_int_equal(s->number[SETTING_RETRY_MAX], 7);
    assert_string_equal(s->text[SETTING_RETRY_MAX], "7");
    assert_int_equal(s->origin[SETTING_RETRY_MAX], ORIGIN_FILE);
}

static void set_keeps_stronger_origin(void **state)
{
    struct settings *s = *state;
    assert_true(set(s, "retry.max", "1", ORIGIN_CALL, NULL));
    assert_true(set(s, "retry.max", "2", ORIGIN_ENVIRONMENT, NULL));
    assert_true(set(s, "retry.max", "3", ORIGIN_FILE, NULL));
    assert_int_equal(s->number[SETTING_RETRY_MAX], 1);
    assert_int_equal(s->origin[SETTING_RETRY_MAX], ORIGIN_CALL);
    assert_false(set(s, "retry.max", "bad", ORIGIN_FILE, NULL));
    assert_true(set(s, "retry.max", "4", ORIGIN_CALL, NULL));
    assert_int_equal(s->number[SETTING_RETRY_MAX], 4);
    assert_true(set(s, "retry.initial", "2s", ORIGIN_FILE, NULL));
    assert_true(set(s, "retry.initial", "3s", ORIGIN_ENVIRONMENT, NULL));
    assert_int_equal(s->number[SETTING_RETRY_INITIAL], 3000);
    assert_string_equal(setting_origin_name(s->origin[SETTING_RETRY_INITIAL]),
                        "environment");
}

static void set_value_with_zero_byte_is_refused(void **state)
{
    struct span value = {"/a\0b", 4};
    assert_false(
        settings_set(*state, span_of("delivery.ca_file"), value, ORIGIN_FILE, NULL, NULL));
    assert_false(
        settings_set(*state, span_of("intake.api_key"), value, ORIGIN_FILE, NULL, NULL));
}

static bool takes(struct settings *s, const char *key, const char *lead, size_t len)
{
    char value[5000];
    memset(value, 'x', sizeof value);
    memcpy(value, lead, strlen(lead));
    return settings_set(s, span_of(key), (struct span){value, len}, ORIGIN_FILE, read_fixed,
                        NULL);
}

static void values_have_a_length(void **state)
{
    struct settings *s = *state;
    assert_true(takes(s, "delivery.ca_file", "/", 4096));
    assert_false(takes(s, "delivery.ca_file", "/", 4097));
    assert_true(takes(s, "intake.api_key", "", 4096));
    assert_false(takes(s, "intake.api_key", "", 4097));
    assert_false(takes(s, "intake.api_key", "file:/", 5 + 4096)); /* no path is that long */
    assert_true(takes(s, "intake.hosts", "", 253));
    assert_false(takes(s, "intake.hosts", "", 254));
    assert_true(takes(s, "intake.listen", "unix:/", 5 + SETTINGS_UNIX_MAX));
    assert_false(takes(s, "intake.listen", "unix:/", 5 + SETTINGS_UNIX_MAX + 1));
}

static void set_secret_judges_origin_and_file(void **state)
{
    static const struct {
        enum setting_origin origin;
        const char *value, *want; /* want NULL: refused */
    } rows[] = {
        {ORIGIN_FILE, "plain", "plain"},
        {ORIGIN_FILE, "file:/one", "no newline"},
        {ORIGIN_FILE, "", ""},
        {ORIGIN_FILE, "~ and blank", "~ and blank"},
        {ORIGIN_FILE, "file:", NULL},
        {ORIGIN_FILE, " blank first", NULL},
        {ORIGIN_FILE, "blank last ", NULL},
        {ORIGIN_FILE, "caf\xc3\xa9", NULL},
        {ORIGIN_ENVIRONMENT, "plain", NULL},
        {ORIGIN_ENVIRONMENT, "file:/good", "s3cret key"},
        {ORIGIN_CALL, "plain", NULL},
        {ORIGIN_CALL, "", NULL},
        {ORIGIN_CALL, "file:", NULL},
        {ORIGIN_CALL, "file:/empty", NULL},
        {ORIGIN_CALL, "file:/missing", NULL},
        {ORIGIN_CALL, "file:/control", NULL},
        {ORIGIN_CALL, "file:/good", "s3cret key"},
    };
    struct settings *s = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        bool ok = set(s, "intake.api_key", rows[i].value, rows[i].origin, &err);
        assert_int_equal(ok, rows[i].want != NULL);
        if (ok)
            assert_string_equal(s->text[SETTING_INTAKE_API_KEY], rows[i].want);
        else
            assert_null(strstr(err.text, "plain"));
    }
}

static void secrets_are_wiped(void **state)
{
    struct settings *s = *state, copy;
    wiped_begin();
    assert_true(set(s, "intake.api_key", WIPED_TOKEN, ORIGIN_FILE, NULL));
    assert_true(settings_copy(&copy, s, NULL));
    assert_true(set(s, "intake.api_key", "file:/good", ORIGIN_FILE, NULL));
    assert_false(set(s, "intake.api_key", WIPED_TOKEN "\n", ORIGIN_FILE, NULL));
    assert_true(set(s, "intake.api_key", "file:/secret", ORIGIN_CALL, NULL));
    assert_string_equal(s->text[SETTING_INTAKE_API_KEY], WIPED_TOKEN);
    settings_free(&copy);
    assert_int_equal(wiped_end(), 0);
}

static void show_hides_secrets(void **state)
{
    struct settings *s = *state;
    assert_string_equal(settings_show(s, SETTING_INTAKE_API_KEY), "");
    assert_true(set(s, "intake.api_key", "file:/good", ORIGIN_CALL, NULL));
    assert_string_equal(settings_show(s, SETTING_INTAKE_API_KEY), "(set)");
    assert_string_equal(settings_show(s, SETTING_RETRY_MAX), "3");
}

static void check_wants_key_off_loopback(void **state)
{
    static const struct {
        const char *listen;
        bool loopback;
    } rows[] = {
        {"127.0.0.1:1", true},       {"127.9.9.9:1", true}, {"localhost:1", true},
        {"LocalHost:1", true},       {"[::1]:1", true},     {"0.0.0.0:1", false},
        {"[::]:1", false},           {"10.0.0.1:1", false}, {"128.0.0.1:1", false},
        {"localhost.evil:1", false}, {"127.1:1", false},    {"[::ffff:127.0.0.1]:1", false},
        {"127.0.0.1.evil:1", false},
    };
    struct settings *s = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        assert_true(set(s, "intake.listen", rows[i].listen, ORIGIN_CALL, &err));
        if (settings_check(s, &err) != rows[i].loopback)
            fail_msg("%s: %s", rows[i].listen, err.text);
        if (!rows[i].loopback)
            assert_non_null(strstr(err.text, "intake.api_key"));
    }
    assert_true(set(s, "intake.api_key", "file:/good", ORIGIN_CALL, NULL));
    assert_true(settings_check(s, NULL));
}

static void check_refuses_redis_in_words(void **state)
{
    struct err err = {0};
    assert_true(set(*state, "store.url", "redis://h:6379", ORIGIN_CALL, &err));
    assert_false(settings_check(*state, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "not there yet"));
    assert_true(set(*state, "store.url", "mysql://h", ORIGIN_CALL, &err));
    assert_false(settings_check(*state, &err));
}

static void listen_splits_host_and_port(void **state)
{
    static const struct {
        const char *value, *host;
        uint16_t port;
    } rows[] = {{"unix:/run/a:1", "unix:/run/a:1", 0},
                {"127.0.0.1:5173", "127.0.0.1", 5173},
                {"[fe80::1]:0", "fe80::1", 0},
                {"localhost:65535", "localhost", 65535}};
    struct settings *s = *state;
    char host[64];
    uint16_t port = 9;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(set(s, "intake.listen", rows[i].value, ORIGIN_CALL, NULL));
        assert_true(settings_listen(s, host, sizeof host, &port, NULL));
        assert_string_equal(host, rows[i].host);
        assert_int_equal(port, rows[i].port);
    }
    struct err err;
    assert_false(settings_listen(s, host, 9, &port, &err));
    assert_true(settings_listen(s, host, 10, &port, &err));
}

static void env_name_is_capitals_and_underscores(void **state)
{
    (void)state;
    char name[SETTING_ENV_SIZE];
    setting_env_name(SETTING_DELIVERY_CONNECT_TIMEOUT, name, sizeof name);
    assert_string_equal(name, "OPIK_ALERTS_DELIVERY_CONNECT_TIMEOUT");
    setting_env_name(SETTING_RETRY_MAX, name, 8);
    assert_string_equal(name, "OPIK_AL");
}

static void the_same_is_values_and_origins(void **state)
{
    struct settings *s = *state, copy;
    assert_true(settings_copy(&copy, s, NULL));
    assert_true(settings_same(s, &copy));
    assert_true(
        set(&copy, "retry.max", "3", ORIGIN_FILE, NULL)); /* the default, but said */
    assert_false(settings_same(s, &copy));
    assert_true(set(s, "retry.max", "3", ORIGIN_FILE, NULL));
    assert_true(settings_same(s, &copy));
    assert_true(set(s, "console.theme", "dark", ORIGIN_FILE, NULL));
    assert_true(set(&copy, "console.theme", "terminal", ORIGIN_FILE, NULL));
    assert_false(settings_same(s, &copy));
    assert_true(set(&copy, "console.theme", "dark", ORIGIN_FILE, NULL));
    assert_true(set(s, "intake.listen", "localhost:1", ORIGIN_FILE, NULL));
    assert_true(set(&copy, "intake.listen", "localhost:2", ORIGIN_FILE, NULL));
    assert_false(settings_same(s, &copy));
    settings_free(&copy);
}

static void a_secret_is_refused_where_others_see_it(void **state)
{
    struct err err = {0};
    assert_false(set(*state, "intake.api_key", "plain", ORIGIN_CALL, &err));
    assert_string_equal(err.text, "intake.api_key: --set takes a secret only as file:PATH, "
                                  "where other users cannot see it");
    assert_false(set(*state, "intake.api_key", "plain", ORIGIN_ENVIRONMENT, &err));
    assert_string_equal(err.text, "intake.api_key: the environment takes a secret only as "
                                  "file:PATH, where other users cannot see it");
    assert_false(set(*state, "intake.api_key", "file:", ORIGIN_FILE, &err));
    assert_string_equal(err.text,
                        "intake.api_key: after file: must follow the path of a file");
}

static void copy_is_independent(void **state)
{
    struct settings *s = *state, copy;
    assert_true(set(s, "intake.api_key", "file:/good", ORIGIN_CALL, NULL));
    assert_true(settings_copy(&copy, s, NULL));
    assert_true(set(s, "retry.max", "9", ORIGIN_CALL, NULL));
    assert_string_equal(copy.text[SETTING_RETRY_MAX], "3");
    assert_string_equal(copy.text[SETTING_INTAKE_API_KEY], "s3cret key");
    assert_int_equal(copy.origin[SETTING_INTAKE_API_KEY], ORIGIN_CALL);
    settings_free(&copy);
    assert_null(copy.text[0]);
    settings_free(&copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, init, cleanup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(init_gives_documented_defaults),
        TEST(set_judges_values),
        TEST(set_says_what_would_be_right),
        TEST(set_unknown_long_key_is_cut),
        TEST(set_failed_keeps_old_value),
        TEST(set_keeps_stronger_origin),
        TEST(set_value_with_zero_byte_is_refused),
        TEST(values_have_a_length),
        TEST(set_secret_judges_origin_and_file),
        TEST(a_secret_is_refused_where_others_see_it),
        TEST(secrets_are_wiped),
        TEST(show_hides_secrets),
        TEST(check_wants_key_off_loopback),
        TEST(check_refuses_redis_in_words),
        TEST(listen_splits_host_and_port),
        TEST(env_name_is_capitals_and_underscores),
        TEST(the_same_is_values_and_origins),
        TEST(copy_is_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
