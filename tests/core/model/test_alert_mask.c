#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/alert_json.h"

#define LONG      "0123456789abcdef"
#define LONG_MASK "012**********def"

static void mask_shows_three_at_each_end(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *mask;
    } rows[] = {
        {"", ""},
        {"a", "*"},
        {"abc", "***"},
        {"123456789012", "************"},
        {"1234567890123", "123*******123"},
        {LONG, LONG_MASK},
        {"\xc3\xa4", "*"},
        {"\xc3\xa4\xc3\xa4\xc3\xa4"
         "4567890\xc3\xbc\xc3\xbc\xc3\xbc",
         "\xc3\xa4\xc3\xa4\xc3\xa4*******\xc3\xbc\xc3\xbc\xc3\xbc"},
        {"\x80\x80", "*"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(alert_mask(rows[i].secret, &out));
        assert_string_equal(buf_text(&out), rows[i].mask);
        buf_free(&out);
    }
}

static void fill(struct alert *a, const char *url, const char *token, const char *header,
                 const char *key)
{
    alert_init(a);
    assert_true(alert_set_secret(&a->url, url) && alert_set_secret(&a->token, token) &&
                alert_set_metadata(a, ALERT_BASE_URL, "b") &&
                alert_set_metadata(a, ALERT_ROUTING_KEY, key));
    assert_true(!header || alert_add_header(a, "X-Key", header));
}

static const struct keep_row {
    const char *url, *token, *header,
        *key; /* given; stored are LONG, "short", LONG */
    const char *kept_token, *kept_header, *kept_key; /* NULL with ok: not set */
    const char *refusal;
} KEEP[] = {
    {"https://h/x", LONG_MASK, "*****", LONG_MASK, LONG, "short", LONG, NULL},
    {"https://H:443/other?q", LONG_MASK, "*****", NULL, LONG, "short", NULL, NULL},
    {"https://h/x", "new token", "new", "new", "new token", "new", "new", NULL},
    {"https://evil/x", "new token", "new", "new", "new token", "new", "new",
     NULL},
    {"https://h/x", NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    {"https://h/x", LONG, "*/*", NULL, LONG, "*/*", NULL, NULL},
    {"https://evil/x", LONG_MASK, NULL, NULL, NULL, NULL, NULL,
     "scheme, host or port changed"},
    {"http://h/x", LONG_MASK, NULL, NULL, NULL, NULL, NULL, "scheme, host or port changed"},
    {"https://h:444/x", LONG_MASK, NULL, NULL, NULL, NULL, NULL, "scheme, host or port"},
    {"https://h@evil", LONG_MASK, NULL, NULL, NULL, NULL, NULL, "scheme, host or port"},
    {NULL, LONG_MASK, NULL, NULL, NULL, NULL, NULL, "scheme, host or port changed"},
    {"https://evil/x", NULL, "*****", NULL, NULL, NULL, NULL,
     "scheme, host or port changed"},
    {"https://evil/x", NULL, NULL, LONG_MASK, NULL, NULL, NULL,
     "scheme, host or port"},
    {"https://h/x", "01***********def", NULL, NULL, NULL, NULL, NULL, "none stored"},
    {"https://h/x", "012*********cdef", NULL, NULL, "012*********cdef", NULL, NULL, NULL},
    {"https://h/x", "abc**********xyz", NULL, NULL, NULL, NULL, NULL, "none stored"},
    {"https://h/x", "****************", NULL, NULL, NULL, NULL, NULL, "none stored"},
    {"https://h/x", NULL, "****", NULL, NULL, NULL, NULL, "none stored"},
    {"https://h/x", NULL, NULL, "****", NULL, NULL, NULL, "none stored"},
};

static void assert_same(const char *text, const char *expected)
{
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
}

static void keep_gives_back_only_what_was_masked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof KEEP / sizeof *KEEP; i++) {
        const struct keep_row *r = &KEEP[i];
        struct alert stored, next;
        struct err err = {0};
        fill(&stored, "https://h/x", LONG, "short", LONG);
        fill(&next, r->url, r->token, r->header, r->key);
        bool ok = alert_keep_masked(&next, &stored, &err);
        if (!r->refusal && !ok)
            fail_msg("row %zu refused: %s", i, err.text);
        if (r->refusal && (ok || !strstr(err.text, r->refusal)))
            fail_msg("row %zu: expected %s, got %s", i, r->refusal, err.text);
        if (r->refusal)
            assert_int_equal(err.code, ERR_INVALID);
        if (ok && r->kept_token)
            assert_string_equal(next.token, r->kept_token);
        if (ok && next.header_count)
            assert_string_equal(next.headers[0].value, r->kept_header);
        if (ok)
            assert_same(alert_metadata(&next, ALERT_ROUTING_KEY), r->kept_key);
        assert_null(strstr(err.text, LONG));
        alert_free(&stored);
        alert_free(&next);
    }
}

static void keep_refuses_masks_of_a_new_alert(void **state)
{
    (void)state;
    static const struct {
        const char *token, *header, *key;
        bool ok;
    } rows[] = {
        {"secret", "value", "k", true}, {NULL, NULL, NULL, true},
        {LONG_MASK, NULL, NULL, false},      {"***", NULL, NULL, false},
        {NULL, "***", NULL, false},          {NULL, NULL, LONG_MASK, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert next;
        struct err err = {0};
        fill(&next, "https://h/x", rows[i].token, rows[i].header, rows[i].key);
        assert_int_equal(alert_keep_masked(&next, NULL, &err), rows[i].ok);
        assert_int_equal(err.code, rows[i].ok ? ERR_NONE : ERR_INVALID);
        alert_free(&next);
    }
}

/* Else the alert that another has given a new secret meanwhile would get the old one back.
 */
static void keep_holds_to_what_it_read(void **state)
{
    static const struct {
        const char *url, *token, *header, *key;
        bool holds;
    } rows[] = {
        {"https://h/x", "new token", "new", "new key", false},
        {"https://h/x", NULL, NULL, NULL, false},
        {"https://h/x", "sec*************234", "new", "new key", true},
        {"https://h/x", "new token", "*****", "new key", true},
        {"https://h/x", "new token", "new", "sec*************234", true},
        {"https://h/\u2026", "new token", "new", "new key", true},
    };
    struct alert stored;
    (void)state;
    fill(&stored, "https://h/x/abc", "secret-token-001234", "short", "secret-token-001234");
    stored.revision = 7;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert next;
        struct err err = {0};
        fill(&next, rows[i].url, rows[i].token, rows[i].header, rows[i].key);
        if (!alert_keep_masked(&next, &stored, &err))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(next.revision, rows[i].holds ? 7 : 0);
        alert_free(&next);
    }
    alert_free(&stored);
}

static void keep_finds_headers_by_name_in_any_case(void **state)
{
    (void)state;
    struct alert stored, next;
    struct err err = {0};
    fill(&stored, "https://h", NULL, NULL, NULL);
    fill(&next, "https://h", NULL, NULL, NULL);
    assert_true(alert_add_header(&stored, "X-A", "one") &&
                alert_add_header(&stored, "X-B", "two"));
    assert_true(alert_add_header(&next, "x-b", "***"));
    assert_true(alert_keep_masked(&next, &stored, &err));
    assert_string_equal(next.headers[0].value, "two");
    assert_true(alert_add_header(&next, "X-Renamed", "***"));
    assert_false(alert_keep_masked(&next, &stored, &err));
    alert_free(&stored);
    alert_free(&next);
}

static void masked_json_comes_back_whole(void **state)
{
    (void)state;
    struct alert stored, next;
    struct buf json;
    struct err err = {0};
    fill(&stored, "https://h/x", LONG, "short", LONG);
    buf_init(&json, BUF_UNLIMITED);
    assert_true(alert_to_json(&stored, ALERT_JSON_MASKED, &json));
    assert_null(strstr(buf_text(&json), LONG));
    assert_true(alert_from_json(buf_span(&json), &next, &err));
    assert_true(alert_keep_masked(&next, &stored, &err));
    assert_string_equal(next.token, LONG);
    assert_string_equal(next.headers[0].value, "short");
    assert_string_equal(alert_metadata(&next, ALERT_ROUTING_KEY), LONG);
    buf_free(&json);
    alert_free(&stored);
    alert_free(&next);
}

static void urls_are_masked_after_their_host(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"https://hooks.slack.com/services/T0/B0/abcdWXYZ", "https://hooks.slack.com/\u2026WXYZ"},
        {"http://127.0.0.1:9000/webhook/x", "http://127.0.0.1:9000/\u2026"},
        {"http://127.0.0.1:9000/hookhookhoo", "http://127.0.0.1:9000/\u2026khoo"},
        {"http://h?key=a", "http://h/\u2026"},
        {"http://h/", "http://h/"},
        {"http://h", "http://h"},
        {"http://u:password@h/x", "?"},
        {"ftp://h/secret", "?"},
        {"", "?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf mask;
        buf_init(&mask, BUF_UNLIMITED);
        assert_true(alert_url_mask(rows[i][0], &mask));
        assert_string_equal(buf_text(&mask), rows[i][1]);
        buf_free(&mask);
    }
}

static void a_hidden_url_comes_back_whole_and_stands_for_no_other(void **state)
{
    (void)state;
    struct alert stored, next;
    struct buf json;
    struct err err = {0};
    fill(&stored, "https://h/services/secret-WXYZ", LONG, NULL, NULL);
    buf_init(&json, BUF_UNLIMITED);
    assert_true(alert_to_json(&stored, ALERT_JSON_HIDDEN, &json));
    assert_null(strstr(buf_text(&json), "secret-WXYZ"));
    assert_null(strstr(buf_text(&json), LONG));
    assert_true(alert_from_json(buf_span(&json), &next, &err));
    assert_true(alert_keep_masked(&next, &stored, &err));
    assert_string_equal(next.url, stored.url);
    assert_string_equal(next.token, LONG);
    assert_true(alert_set_secret(&next.url, "https://h/\u2026ABCD"));
    assert_false(alert_keep_masked(&next, &stored, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_false(alert_keep_masked(&next, NULL, &err));
    assert_non_null(strstr(err.text, "a masked URL"));
    buf_free(&json);
    alert_free(&stored);
    alert_free(&next);
}

static void secrets_of_the_metadata_are_masked_and_kept(void **state)
{
    (void)state;
    static const char *const secrets[] = {ALERT_ROUTING_KEY, ALERT_SIGNING_SECRET,
                                          ALERT_SIGNING_PREVIOUS};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        struct alert stored, next;
        struct buf json;
        struct err err = {0};
        fill(&stored, "https://h/x", NULL, NULL, NULL);
        assert_true(alert_metadata_is_secret(secrets[i]));
        assert_true(
            alert_set_metadata(&stored, ALERT_BASE_URL, NULL) && /* it comes first */
            alert_set_metadata(&stored, secrets[i], LONG) &&
            alert_set_metadata(&stored, ALERT_TLS_CA, "/etc/ssl/own.pem"));
        buf_init(&json, BUF_UNLIMITED);
        assert_true(alert_to_json(&stored, ALERT_JSON_MASKED, &json));
        assert_null(strstr(buf_text(&json), LONG));
        assert_non_null(strstr(buf_text(&json), "/etc/ssl/own.pem"));
        assert_true(alert_from_json(buf_span(&json), &next, &err));
        assert_true(alert_keep_masked(&next, &stored, &err));
        assert_string_equal(alert_metadata(&next, secrets[i]), LONG);
        assert_true(alert_set_metadata(&next, secrets[i], LONG_MASK) &&
                    alert_set_secret(&next.url, "https://evil/x"));
        assert_false(alert_keep_masked(&next, &stored, &err));
        buf_free(&json);
        alert_free(&stored);
        alert_free(&next);
    }
    assert_false(alert_metadata_is_secret(ALERT_TLS_CA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mask_shows_three_at_each_end),
        cmocka_unit_test(keep_gives_back_only_what_was_masked),
        cmocka_unit_test(keep_refuses_masks_of_a_new_alert),
        cmocka_unit_test(keep_holds_to_what_it_read),
        cmocka_unit_test(keep_finds_headers_by_name_in_any_case),
        cmocka_unit_test(masked_json_comes_back_whole),
        cmocka_unit_test(urls_are_masked_after_their_host),
        cmocka_unit_test(a_hidden_url_comes_back_whole_and_stands_for_no_other),
        cmocka_unit_test(secrets_of_the_metadata_are_masked_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
