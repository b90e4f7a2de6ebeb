#include "model/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NAME, ON, CODE, SINCE };
static const struct filter_key KEYS[] = {
    [NAME] = {"name", FILTER_TEXT, NULL, "the name"},
    [ON] = {"enabled", FILTER_CHOICE, "yes|no", "whether it is on"},
    [CODE] = {"code", FILTER_CODE, NULL, "a status"},
    [SINCE] = {"since", FILTER_SINCE, NULL, "how long ago"},
};
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS, NOW = 10000000 };

struct row {
    const char *name, *on;
    int code;
    int64_t at;
};

static const char *text(const void *row, int key, char *out, size_t size)
{
    const struct row *r = row;
    switch (key) {
    case NAME:
        return r->name;
    case ON:
        return r->on;
    case CODE:
        snprintf(out, size, "%d", r->code);
        return out;
    default:
        snprintf(out, size, "%lld", (long long)r->at);
        return out;
    }
}

static const struct row PROD = {"Production errors", "yes", 503, NOW - 1000};
static const struct row STAGING = {"Staging", "no", 200, NOW - 7200000};

static bool passes(const char *filter, const struct row *row)
{
    struct filter f;
    struct err err;
    if (!filter_parse(&f, KEYS, KEY_COUNT, span_of(filter), &err))
        fail_msg("%s: %s", filter, err.text);
    return filter_match(&f, text, row, NOW);
}

static void check(const char *filter, bool prod, bool staging)
{
    if (passes(filter, &PROD) != prod || passes(filter, &STAGING) != staging)
        fail_msg("\"%s\" does not pass what it should", filter);
}

static void terms_say_what_passes(void **state)
{
    (void)state;
    check("", true, true);
    check("   ", true, true);
    check("enabled:no", false, true);
    check("!enabled:no", true, false);
    check("name:staging", false, true);
    check("name:prod", false, false);
    check("name~PROD", true, false);
    check("name:\"Production errors\"", true, false);
    check("errors", true, false);
    check("!errors", false, true);
    check("yes", true, false);
    check("code:5xx", true, false);
    check("code:503", true, false);
    check("code:50x !code:503", false, false);
    check("since:1h", true, false);
    check("since:2h", true, true);
    check("enabled:yes name~stag", false, false);
    check("  enabled:YES  ", true, false);
    const struct row unknown = {"x", NULL, 0, 0}; /* it has no such text */
    assert_false(passes("enabled:no", &unknown));
    assert_true(passes("!enabled:no", &unknown));
}

static void refuse(const char *filter, const char *why)
{
    struct filter f;
    struct err err = {0};
    assert_false(filter_parse(&f, KEYS, KEY_COUNT, span_of(filter), &err));
    assert_non_null(strstr(err.text, why));
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    char many[200] = "", longer[300];
    refuse("nmae:x", "there are name, enabled, code, since");
    refuse("enabled:maybe", "one of yes|no");
    refuse("enabled:na", "one of yes|no");
    refuse("enabled:yesterday", "one of yes|no");
    refuse("enabled:n", "one of yes|no");
    refuse("code:5xxx", "503 or 5xx");
    refuse("code:five", "503 or 5xx");
    refuse("code:5x", "503 or 5xx");
    refuse("since:yesterday", "30m, 1h or 2d");
    memset(longer, 'x', sizeof longer - 1);
    memcpy(longer + sizeof longer - 3, ":y", 3);
    refuse(longer, "there are name, enabled, code, since");
    refuse("name:", "needs a value");
    refuse("!", "needs a value");
    refuse("name:\"\"", "needs a value");
    for (int i = 0; i <= FILTER_TERMS_MAX; i++)
        strcat(many, "a ");
    refuse(many, "at most 16 terms");
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    refuse(longer, "at most 127 bytes");
}

/* A colon in a text is no key. */
static void texts_with_colons_stay_texts(void **state)
{
    (void)state;
    static const struct row url = {"see http://x", "yes", 0, 0};
    assert_true(passes("\"http://x\"", &url));
    assert_true(passes("://x", &url));
}

static void an_index_may_answer_only_exact_terms(void **state)
{
    (void)state;
    struct filter f;
    assert_true(filter_parse(&f, KEYS, KEY_COUNT, span_of("!code:500 name~x enabled:no"), NULL));
    assert_null(filter_exact(&f, "code"));
    assert_null(filter_exact(&f, "name"));
    assert_string_equal(filter_exact(&f, "enabled")->value, "no");
    assert_true(filter_parse(&f, KEYS, KEY_COUNT, span_of("name:\"a b\" word"), NULL));
    assert_string_equal(filter_exact(&f, "name")->value, "a b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_say_what_passes),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(texts_with_colons_stay_texts),
        cmocka_unit_test(an_index_may_answer_only_exact_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
