/* `silence list|add|end`, and what the other verbs say of a silence. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/program.h"

static const char EVENT[] = "{\"event_type\":\"trace:errors\",\"project_name\":\"shop\","
                            "\"entity\":{\"name\":\"t\"}}\n";

static void create(const struct program *p, char id[64])
{
    program_create(p,
                   "{\"name\":\"Prod\",\"webhook\":{\"url\":\"http://127.0.0.1:9/x\"},"
                   "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
                   id);
}

static void add(const struct program *p, const char *words, char id[64])
{
    struct run r;
    program_expect(p, &r, 0, NULL, words);
    assert_int_equal(strlen(r.out), 37);
    snprintf(id, 64, "%.36s", r.out);
    run_free(&r);
}

static const char *member(json_t *list, size_t at, const char *key)
{
    const char *text = json_string_value(json_object_get(json_array_get(list, at), key));
    return text ? text : "";
}

static int64_t number(json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void is_added_listed_and_ended(void **state)
{
    const struct program *p = *state;
    char alert[64], first[64], second[64], words[200];
    struct run r;
    create(p, alert);
    program_expect(p, &r, 0, NULL, "silence list");
    assert_non_null(strstr(r.err, "no silence in workspace default"));
    run_free(&r);
    add(p, "silence add --alert=Prod --for=2h --comment=deploy", first);
    add(p,
        "silence add --type=prompt:created --weekly=mon-fri,22:00-06:00 "
        "--zone=Europe/Berlin "
        "--then=drop",
        second);
    json_t *list = program_json(p, "silence list --json");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(member(list, 0, "id"), second);
    assert_string_equal(member(list, 0, "weekly"), "mon-fri 22:00-06:00");
    assert_string_equal(member(list, 0, "zone"), "Europe/Berlin");
    assert_string_equal(member(list, 0, "then"), "drop");
    assert_string_equal(member(list, 1, "alert_id"), alert);
    assert_string_equal(member(list, 1, "state"), "active");
    assert_string_equal(member(list, 1, "comment"), "deploy");
    json_decref(list);
    snprintf(words, sizeof words, "silence end %s %s", first, alert);
    program_expect(p, &r, 1, NULL, words);
    assert_non_null(strstr(r.err, "1 of 2 silences are ended"));
    run_free(&r);
    snprintf(words, sizeof words, "silence end %s", second);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    program_expect(p, &r, 0, NULL, "silence list");
    assert_non_null(strstr(r.out, "ended"));
    assert_null(strstr(r.out, "active"));
    assert_non_null(strstr(r.out, "alert \"Prod\": deploy"));
    run_free(&r);
}

/* As every other list of ids: in any case of letters, and each counts once. */
static void an_id_counts_once_however_it_is_written(void **state)
{
    const struct program *p = *state;
    char alert[64], id[64], words[200];
    struct run r;
    create(p, alert);
    add(p, "silence add --alert=Prod --for=2h", id);
    int len = snprintf(words, sizeof words, "silence end %s ", id);
    for (size_t i = 0; id[i]; i++)
        words[len++] = (char)toupper((unsigned char)id[i]);
    words[len] = '\0';
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    snprintf(words, sizeof words, "alert export %s %s", alert, alert);
    json_t *list = program_json(p, words);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
}

static void a_wrong_call_says_what_is_wrong(void **state)
{
    static const struct {
        int status;
        const char *words, *says;
    } rows[] = {
        {2, "silence add --for=2h", "of an alert, a project or an event type"},
        {2, "silence add --alert=Prod", "an end or a weekly schedule"},
        {1, "silence add --alert=Nope --for=2h", "no alert has the name Nope"},
        {2, "silence add --alert=Prod --for=2", "whole number"},
        {2, "silence add --alert=Prod --weekly=mon,25-26", "25-26"},
        {2, "silence add --alert=Prod --weekly=daily,0-24", "never lets anything through"},
        {2, "silence add --alert=Prod --weekly=mon,1-2 --zone=../../etc/passwd",
         "Europe/Berlin"},
        {2, "silence add --alert=Prod --for=2h --then=keep", "digest or drop"},
        {2, "silence add --alert=0190b2c0-1111-7000-8000-000000000001 --for=2h",
         "no alert with id"},
        {2, "silence add --alert=Prod --for=2h --read-only", "--read-only"},
        {2, "silence end 0190b2c0-1111-7000-8000-000000000001 --read-only", "--read-only"},
        {2, "silence end x", "is no id"},
        {2, "silence end", "usage"},
        {2, "silence list --for=2h", "takes no --for"},
        {2, "silence", "needs one more word"},
    };
    const struct program *p = *state;
    char alert[64];
    create(p, alert);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run r;
        program_expect(p, &r, rows[i].status, NULL, rows[i].words);
        if (!strstr(r.err, rows[i].says))
            fail_msg("%s: %s", rows[i].words, r.err);
        run_free(&r);
    }
    json_t *list = program_json(p, "silence list --json --read-only");
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void send_events(const struct program *p, int count)
{
    for (int i = 0; i < count; i++) {
        struct run r;
        program_expect(p, &r, 0, EVENT, "send");
        run_free(&r);
    }
}

/* Changes of this process are seen by the next request of the one that serves. */
static void others_say_that_it_is_silenced(void **state)
{
    const struct program *p = *state;
    struct run_child serve, log;
    struct run r;
    char alert[64], digest[64], drop[64], words[200];
    create(p, alert);
    program_start(p, &serve,
                  "serve --set intake.listen=127.0.0.1:0 --set debounce.window=1h");
    program_wait_out(&serve, "listening on");
    send_events(p, 1); /* makes the project, and opens a bucket */
    add(p, "silence add --project=shop --for=2h --then=drop", drop);
    send_events(p, 3);
    program_expect(p, &r, 0, EVENT, "explain");
    assert_non_null(strstr(r.out, "yes"));
    assert_non_null(strstr(r.out, "Prod: silenced until 2"));
    assert_non_null(strstr(r.out, "dropped, and counted"));
    run_free(&r);
    add(p, "silence add --alert=Prod --for=1h", digest);
    send_events(p, 2);
    json_t *list = program_json(p, "activity --json"), *newest = json_array_get(list, 0);
    json_t *verdict = json_array_get(json_object_get(newest, "alerts"), 0);
    assert_int_equal(number(newest, "matched"), 1);
    assert_non_null(strstr(json_string_value(json_object_get(verdict, "reason")),
                           "kept for the digest"));
    assert_non_null(json_object_get(verdict, "silenced_until"));
    json_decref(list);
    list = program_json(p, "bucket list --json");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(member(list, 0, "silence_id"), "");
    assert_string_equal(member(list, 1, "silence_id"), digest);
    json_decref(list);
    json_t *doctor = program_json(p, "doctor --json");
    assert_int_equal(number(doctor, "accepted"), 6);
    assert_int_equal(number(doctor, "waiting"), 3);
    assert_int_equal(number(doctor, "dropped"), 3);
    assert_int_equal(number(doctor, "silenced"), 3);
    assert_int_equal(number(doctor, "difference"), 0);
    json_decref(doctor);
    snprintf(words, sizeof words, "silence end %s", drop);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    program_start(p, &log, "log --follow");
    program_wait_out(&log, "3 events  dropped: silenced by ");
    run_kill(&log);
    run_kill(&serve);
    program_expect(p, &r, 0, NULL, "doctor");
    assert_non_null(strstr(r.out, "3   of them by a silence"));
    run_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_added_listed_and_ended),
        TEST(an_id_counts_once_however_it_is_written),
        TEST(a_wrong_call_says_what_is_wrong),
        TEST(others_say_that_it_is_silenced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
