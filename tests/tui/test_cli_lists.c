/* Lists by filter, buckets, the activity and the man page, as words. */
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "actions.h"
#include "filters.h"
#include "model/settings.h"
#include "support/program.h"

static void create(const struct program *p, const char *name, const char *enabled, char id[64])
{
    char json[400];
    snprintf(json, sizeof json,
             "{\"name\":\"%s\",\"enabled\":%s,\"webhook\":{\"url\":\"http://127.0.0.1:9/x\"},"
             "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
             name, enabled);
    program_create(p, json, id);
}

static void check_count(const struct program *p, const char *words, size_t count)
{
    json_t *list = program_json(p, words);
    if (json_array_size(list) != count)
        fail_msg("%s: %zu items, not %zu", words, json_array_size(list), count);
    json_decref(list);
}

static void lists_pass_the_same_filter_as_the_console(void **state)
{
    const struct program *p = *state;
    char id[64];
    struct run r;
    create(p, "Production", "true", id);
    create(p, "Staging", "false", id);
    check_count(p, "alert list --json", 2);
    check_count(p, "alert list --json --filter enabled:no", 1);
    check_count(p, "alert list --json --filter !name~prod", 1);
    check_count(p, "alert list --json --filter last:failed", 0);
    check_count(p, "delivery list --json --filter status:dead", 0);
    program_expect(p, &r, 0, NULL, "alert list --filter name:nobody");
    assert_non_null(strstr(r.err, "no alert passes the filter")); /* there are some */
    run_free(&r);
    program_expect(p, &r, 0, NULL, "delivery list --filter status:dead");
    assert_non_null(strstr(r.err, "no delivery passes the filter"));
    run_free(&r);
    program_expect(p, &r, 2, NULL, "alert list --filter nosuch:x");
    assert_non_null(strstr(r.err, "there are name, enabled, dest"));
    run_free(&r);
    program_expect(p, &r, 2, NULL, "delivery list --filter since:never");
    run_free(&r);
    program_expect(p, &r, 2, NULL, "bucket list --filter x");
    run_free(&r);
}

/* --json: whatever a verb has done, it prints JSON. */
static void what_was_done_is_told_as_json(void **state)
{
    static const char *const calls[] = {"alert disable", "alert enable", "silence end",
                                        "alert delete"};
    const struct program *p = *state;
    char alert[64], words[200];
    struct run r;
    create(p, "Production", "true", alert);
    program_expect(p, &r, 0, NULL, "silence add --alert=Production --for=1h");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        bool silence = strncmp(calls[i], "silence", 7) == 0;
        snprintf(words, sizeof words, "%s %.36s --json", calls[i], silence ? r.out : alert);
        json_t *list = program_json(p, words);
        assert_int_equal(json_array_size(list), 1);
        const char *id = json_string_value(json_object_get(json_array_get(list, 0), "id"));
        assert_int_equal(strncmp(id, silence ? r.out : alert, 36), 0);
        json_decref(list);
    }
    run_free(&r);
}

/* All verbs of alerts and deliveries but update take ID... */
static void several_are_shown_and_tested(void **state)
{
    const struct program *p = *state;
    char one[64], two[64], words[300];
    struct run r;
    create(p, "Production", "true", one);
    create(p, "Staging", "false", two);
    snprintf(words, sizeof words, "alert show %s %s --json", one, two);
    program_expect(p, &r, 0, NULL, words);
    for (size_t i = 0, at = 0; i < 2; i++) {
        json_error_t where;
        json_t *alert = json_loads(r.out + at, JSON_DISABLE_EOF_CHECK, &where);
        assert_string_equal(json_string_value(json_object_get(alert, "id")), i ? two : one);
        at += (size_t)where.position;
        json_decref(alert);
    }
    run_free(&r);
    /* One that is not there does not hide the others. */
    snprintf(words, sizeof words, "alert show 0190b2c0-1111-7000-8000-000000000001 %s",
             two);
    program_expect(p, &r, 1, NULL, words);
    assert_non_null(strstr(r.err, "no such alert"));
    assert_non_null(strstr(r.out, "Staging"));
    run_free(&r);
    snprintf(words, sizeof words, "alert test %s %s", one, two);
    program_expect(p, &r, 1, NULL, words);
    assert_non_null(strstr(r.out, one));
    assert_non_null(strstr(r.out, two));
    run_free(&r);
}

static void a_bucket_is_named_by_its_key(void **state)
{
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 2, NULL, "bucket send");
    run_free(&r);
    program_expect(p, &r, 2, NULL, "bucket send nonsense");
    assert_non_null(strstr(r.err, "is no key of a bucket"));
    run_free(&r);
    program_expect(p, &r, 1, NULL,
                   "bucket send alert_bucket:0190b2c0-0000-7000-8000-000000000000:trace:errors");
    assert_non_null(strstr(r.err, "0 of 1 buckets"));
    run_free(&r);
    program_expect(p, &r, 2, NULL, "bucket send x --read-only");
    run_free(&r);
}

static void audit_says_who_did_what(void **state)
{
    const struct program *p = *state;
    const struct passwd *me = getpwuid(geteuid());
    char id[64], words[200], host[65] = "";
    struct run r;
    gethostname(host, sizeof host - 1);
    program_expect(p, &r, 0, NULL, "audit");
    assert_non_null(strstr(r.err, "nothing was changed in this workspace"));
    run_free(&r);
    create(p, "Production", "true", id);
    snprintf(words, sizeof words, "alert disable %s", id);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    snprintf(words, sizeof words, "alert delete %s", id);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    json_t *list = program_json(p, "audit --json");
    assert_int_equal(json_array_size(list), 3);
    const json_t *last = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(last, "action")), "alert.delete");
    assert_string_equal(json_string_value(json_object_get(last, "object_id")), id);
    assert_string_equal(json_string_value(json_object_get(last, "object_name")), "Production");
    assert_string_equal(json_string_value(json_object_get(last, "via")), "command line");
    assert_string_equal(json_string_value(json_object_get(last, "host")), host);
    if (me)
        assert_string_equal(json_string_value(json_object_get(last, "user")), me->pw_name);
    assert_true(strncmp(json_string_value(json_object_get(last, "from")), "pid ", 4) == 0);
    json_decref(list);
    check_count(p, "audit --json --filter action:alert.create", 1);
    check_count(p, "audit --json --since 1h", 3);
    check_count(p, "audit --json --since=1h --filter !action~delete", 2);
    check_count(p, "audit --json --filter user:nobody-of-that-name", 0);
    check_count(p, "audit --json --workspace other", 0);
    program_expect(p, &r, 0, NULL, "audit");
    assert_non_null(strstr(r.out, "alert.disable"));
    run_free(&r);
    program_expect(p, &r, 2, NULL, "audit --since yesterday");
    run_free(&r);
    program_expect(p, &r, 2, NULL, "alert list --since 1h");
    run_free(&r);
}

/* Through a running intake, so that the events are those of an application. */
static void activity_says_why_and_why_not(void **state)
{
    const struct program *p = *state;
    struct run_child serve;
    struct run r;
    char yes[64], no[64];
    create(p, "Takes it", "true", yes);
    create(p, "Is off", "false", no);
    program_start(p, &serve,
                  "serve --set intake.listen=127.0.0.1:0 --set debounce.window=1h");
    program_wait_out(&serve, "listening on");
    program_expect(p, &r, 0,
                   "{\"event_type\":\"trace:errors\",\"project_name\":\"shop\","
                   "\"entity\":{\"name\":\"t\"}}\n",
                   "send");
    run_free(&r);
    json_t *list = program_json(p, "activity --json");
    assert_int_equal(json_array_size(list), 1);
    json_t *event = json_array_get(list, 0), *alerts = json_object_get(event, "alerts");
    assert_int_equal(json_integer_value(json_object_get(event, "matched")), 1);
    assert_string_equal(json_string_value(json_object_get(event, "project_name")), "shop");
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(alerts, 0), "alert_id")), yes);
    assert_true(json_is_true(json_object_get(json_array_get(alerts, 0), "matches")));
    assert_false(json_is_true(json_object_get(json_array_get(alerts, 1), "matches")));
    json_decref(list);
    program_expect(p, &r, 0, NULL, "activity");
    assert_non_null(strstr(r.out, "Is off: "));
    run_free(&r);
    list = program_json(p, "bucket list --json");
    char words[300];
    const char *key = json_string_value(json_object_get(json_array_get(list, 0), "key"));
    snprintf(words, sizeof words, "bucket send %s %s --json", key, key);
    json_decref(list);
    list = program_json(p, words);
    assert_int_equal(json_array_size(list), 1); /* named twice is sent once */
    assert_non_null(json_object_get(json_array_get(list, 0), "key"));
    json_decref(list);
    run_kill(&serve);
}

/* As the intake takes it: an empty name is none, and belongs to the default project. */
static void an_event_without_a_project_is_of_the_default_one(void **state)
{
    static const char events[] =
        "{\"event_type\":\"trace:errors\",\"project_name\":\"\",\"entity\":{\"id\":\"1\"}}"
        "\n"
        "{\"event_type\":\"trace:errors\",\"entity\":{\"id\":\"2\"}}\n";
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 0, events, "explain");
    assert_non_null(strstr(r.out, "line 1: trace:errors in Default Project\n"));
    assert_non_null(strstr(r.out, "line 2: trace:errors in Default Project\n"));
    run_free(&r);
}

static void strip_roff(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++)
        if (*at != '\\')
            *to++ = *at;
        else if (at[1] == 'e')
            *to++ = '\\', at++;
        else if (at[1] == '&')
            at++;
        else if (at[1] == 'f')
            at += 2;
    *to = '\0';
}

/* Every verb, action, option and setting of the tables, and nothing that roff would choke on. */
static void the_man_page_holds_the_whole_tables(void **state)
{
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 0, NULL, "man");
    strip_roff(r.out);
    for (size_t i = 0; i < action_count; i++) {
        const char *what = action_table[i].verb ? action_table[i].verb : action_table[i].help;
        if (!strstr(r.out, what))
            fail_msg("%s is not in the man page", what);
    }
    for (int i = 0; i < SETTING_COUNT; i++)
        assert_non_null(strstr(r.out, setting_info((enum setting)i)->key));
    for (size_t i = 0; i < filters_audit_count; i++)
        if (!strstr(r.out, filters_audit[i].help))
            fail_msg("the filter %s is not in the man page", filters_audit[i].name);
    assert_non_null(strstr(r.out, "--filter"));
    run_free(&r);
}

/* A key means another thing in each place, and a form takes no words. */
static void the_man_page_says_where_a_key_holds(void **state)
{
    const struct program *p = *state;
    struct run r;
    program_expect(p, &r, 0, NULL, "man");
    strip_roff(r.out);
    for (size_t i = 0; i < action_place_count; i++)
        if (!strstr(r.out, action_places[i].title))
            fail_msg("%s is not in the man page", action_places[i].title);
    assert_non_null(strstr(r.out, "alert create\n"));
    assert_null(strstr(r.out, "form save"));
    assert_null(strstr(r.out, "line accept"));
    assert_non_null(strstr(r.out, ".SH FILES"));
    run_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_pass_the_same_filter_as_the_console),
        TEST(what_was_done_is_told_as_json),
        TEST(several_are_shown_and_tested),
        TEST(a_bucket_is_named_by_its_key),
        TEST(audit_says_who_did_what),
        TEST(activity_says_why_and_why_not),
        TEST(an_event_without_a_project_is_of_the_default_one),
        TEST(the_man_page_holds_the_whole_tables),
        TEST(the_man_page_says_where_a_key_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
