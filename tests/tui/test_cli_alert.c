/* The verbs about alerts, without a running engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/program.h"

#define NO_ID "0190b2c0-0000-7000-8000-000000000000"

static const char sample[] =
    "{\"name\":\"Errors to ops\",\"webhook\":{\"url\":\"http://127.0.0.1:9/secret-path\","
    "\"secret_token\":\"abcdefghijklmnop\",\"headers\":{\"X-Key\":\"0123456789abcdef\"}},"
    "\"triggers\":[{\"event_type\":\"trace:errors\"},{\"event_type\":\"prompt:created\"}]}";

static json_t *show(const struct program *p, const char *id)
{
    char words[400];
    snprintf(words, sizeof words, "alert show %s --json", id);
    return program_json(p, words);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

static void create_prints_the_id(void **state)
{
    const struct program *p = *state;
    char id[64], words[400];
    struct run r;
    program_create(p, sample, id);
    json_t *a = show(p, id), *list = program_json(p, "alert list --json");
    assert_string_equal(text_of(a, "name"), "Errors to ops");
    assert_string_equal(text_of(a, "id"), id);
    assert_true(json_is_true(json_object_get(a, "enabled")));
    assert_int_equal(json_array_size(json_object_get(a, "triggers")), 2);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    json_decref(a);
    run_write_file(p->file, sample, 0600);
    snprintf(words, sizeof words, "alert create %s", p->file);
    program_expect(p, &r, 0, NULL, words);
    assert_int_equal(strlen(r.out), 37);
    run_free(&r);
    list = program_json(p, "alert list --json");
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);
}

static void show_hides_secrets(void **state)
{
    static const char *const forms[] = {"alert show %s", "alert show %s --json",
                                        "alert list --json", "alert list", "alert export"};
    const struct program *p = *state;
    char id[64], words[200];
    struct run r;
    program_create(p, sample, id);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(words, sizeof words, "%s", forms[i]);
        if (strstr(forms[i], "show"))
            snprintf(words, sizeof words, "alert show %s%s", id,
                     strstr(forms[i], "json") ? " --json" : "");
        program_expect(p, &r, 0, NULL, words);
        assert_non_null(strstr(r.out, id));
        assert_null(strstr(r.out, "abcdefghijklmnop"));
        assert_null(strstr(r.out, "0123456789abcdef"));
        run_free(&r);
    }
}

static void create_refuses_bad_files(void **state)
{
    static const struct {
        const char *json, *said;
    } cases[] = {
        {"", ""},
        {"{", ""},
        {"[]", ""},
        {"{\"name\":\"x\"}", "standard input"},
        {"{\"name\":\"\",\"webhook\":{\"url\":\"http://h/\"},\"triggers\":"
         "[{\"event_type\":\"trace:errors\"}]}",
         "standard input"},
        {"{\"name\":\"x\",\"webhook\":{\"url\":\"ftp://h/\"},\"triggers\":"
         "[{\"event_type\":\"trace:errors\"}]}",
         "http"},
        {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\"},\"triggers\":"
         "[{\"event_type\":\"trace:cost\"}]}",
         "threshold"},
        {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/"
         "\",\"secret_token\":\"abc**********xyz\"},"
         "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
         "mask"},
    };
    const struct program *p = *state;
    struct run r;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        program_expect(p, &r, 1, cases[i].json, "alert create -");
        if (*r.out || strlen(r.err) < 15 || !strstr(r.err, cases[i].said))
            fail_msg("case %zu: %s%s", i, r.out, r.err);
        run_free(&r);
    }
    program_expect(p, &r, 1, NULL, "alert create /nonexistent/file");
    assert_non_null(strstr(r.err, "/nonexistent/file"));
    run_free(&r);
    json_t *list = program_json(p, "alert list --json");
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void update_keeps_masked_secrets(void **state)
{
    const struct program *p = *state;
    char id[64], words[400];
    struct run r;
    program_create(p, sample, id);
    json_t *a = show(p, id);
    json_object_set_new(a, "name", json_string("Renamed"));
    char *text = json_dumps(a, 0);
    snprintf(words, sizeof words, "alert update %s -", id);
    program_expect(p, &r, 0, text, words);
    run_free(&r);
    json_t *b = show(p, id);
    assert_string_equal(text_of(b, "name"), "Renamed");
    assert_string_equal(text_of(json_object_get(b, "webhook"), "secret_token"),
                        text_of(json_object_get(a, "webhook"), "secret_token"));
    assert_string_equal(text_of(b, "created_at"), text_of(a, "created_at"));

    /* another host must not be sent what was meant for this one */
    json_object_set_new(json_object_get(b, "webhook"), "url",
                        json_string("http://evil.example/"));
    free(text);
    text = json_dumps(b, 0);
    program_expect(p, &r, 1, text, words);
    run_free(&r);
    free(text);
    json_decref(a);
    json_decref(b);
}

#define KEY     "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define NEW_KEY "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA="

static json_t *updated(const struct program *p, const char *id, json_t *a)
{
    char words[200];
    struct run r;
    char *text = json_dumps(a, 0);
    snprintf(words, sizeof words, "alert update %s -", id);
    program_expect(p, &r, 0, text, words);
    run_free(&r);
    free(text);
    json_decref(a);
    return show(p, id);
}

/* What `alert show` gave goes back with one member changed; no answer holds a secret. */
static void a_signing_secret_is_made_and_rotated(void **state)
{
    const struct program *p = *state;
    char id[64], words[200];
    struct run r;
    program_create(p, sample, id);
    json_t *a = show(p, id);
    json_object_set_new(a, "metadata", json_pack("{s:s}", "signing_secret", KEY));
    a = updated(p, id, a);
    json_t *m = json_object_get(a, "metadata");
    assert_int_equal(strlen(text_of(m, "signing_secret")), strlen(KEY));
    assert_null(strstr(text_of(m, "signing_secret"), "AAEC"));
    assert_null(json_object_get(m, "signing_previous"));

    json_object_set_new(m, "signing_secret", json_string(NEW_KEY));
    a = updated(p, id, a);
    m = json_object_get(a, "metadata");
    assert_true(strncmp(text_of(m, "signing_previous"), "whs***", 6) == 0);
    assert_non_null(text_of(m, "signing_previous_until"));
    snprintf(words, sizeof words, "alert show %s", id);
    program_expect(p, &r, 0, NULL, words);
    assert_non_null(strstr(r.out, "webhook-signature"));
    assert_non_null(strstr(r.out, "the previous secret signs too, until 20"));
    assert_null(strstr(r.out, "whs"));
    run_free(&r);

    a = updated(p, id, a); /* the same again changes nothing */
    m = json_object_get(a, "metadata");
    assert_non_null(json_object_get(m, "signing_previous"));
    json_object_del(m, "signing_previous");
    json_object_set_new(m, "signing_secret", json_string("generate"));
    a = updated(p, id, a);
    m = json_object_get(a, "metadata");
    assert_true(strncmp(text_of(m, "signing_secret"), "whs***", 6) == 0);
    assert_non_null(json_object_get(m, "signing_previous"));
    json_object_del(m, "signing_secret");
    a = updated(p, id, a);
    assert_null(json_object_get(a, "metadata"));
    json_decref(a);
}

static void insecure_is_marked_wherever_an_alert_is_shown(void **state)
{
    const struct program *p = *state;
    char id[64], other[64], words[200];
    struct run r;
    program_create(p, sample, id);
    json_t *a = show(p, id);
    program_expect(p, &r, 0, NULL, "alert list");
    assert_null(strstr(r.out, "INSECURE"));
    run_free(&r);
    json_object_set_new(a, "metadata", json_pack("{s:s,s:s}", "tls_insecure", "true",
                                                 "tls_ca_file", "/etc/ssl/own.pem"));
    json_decref(updated(p, id, a));
    program_expect(p, &r, 0, NULL, "alert list");
    assert_non_null(strstr(r.out, "INSECURE http://127.0.0.1:9"));
    run_free(&r);
    program_create(p, sample, other);
    program_expect(p, &r, 0, NULL, "alert list --filter insecure:yes");
    assert_true(strstr(r.out, id) && !strstr(r.out, other));
    run_free(&r);
    snprintf(words, sizeof words, "alert show %s", id);
    program_expect(p, &r, 0, NULL, words);
    assert_non_null(strstr(r.out, "INSECURE"));
    assert_non_null(strstr(r.out, "/etc/ssl/own.pem"));
    run_free(&r);
    snprintf(words, sizeof words, "alert test %s", id);
    program_expect(p, &r, 1, NULL, words);
    assert_non_null(strstr(r.err, "INSECURE"));
    run_free(&r);
}

static void update_refuses_another_alert(void **state)
{
    const struct program *p = *state;
    char first[64], second[64], words[400];
    struct run r;
    program_create(p, sample, first);
    program_create(p, sample, second);
    json_t *a = show(p, first);
    char *text = json_dumps(a, 0);
    snprintf(words, sizeof words, "alert update %s -", second);
    program_expect(p, &r, 1, text, words);
    assert_non_null(strstr(r.err, first));
    run_free(&r);
    snprintf(words, sizeof words, "alert update %s -", NO_ID);
    program_expect(p, &r, 1, sample, words);
    assert_non_null(strstr(r.err, "no such alert"));
    run_free(&r);
    free(text);
    json_decref(a);
}

static void enable_disable_and_delete_change_all_or_none(void **state)
{
    const struct program *p = *state;
    char ids[2][64], words[400];
    struct run r;
    program_create(p, sample, ids[0]);
    program_create(p, sample, ids[1]);
    snprintf(words, sizeof words, "alert disable %s %s", ids[0], ids[1]);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    for (int i = 0; i < 2; i++) {
        json_t *a = show(p, ids[i]);
        assert_true(json_is_false(json_object_get(a, "enabled")));
        json_decref(a);
    }
    snprintf(words, sizeof words, "alert enable %s %s", ids[0], NO_ID);
    program_expect(p, &r, 1, NULL, words);
    assert_non_null(strstr(r.err, NO_ID));
    run_free(&r);
    json_t *a = show(p, ids[0]);
    assert_true(json_is_false(json_object_get(a, "enabled")));
    json_decref(a);
    snprintf(words, sizeof words, "alert delete %s %s %s", ids[0], ids[1], ids[0]);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    json_t *list = program_json(p, "alert list --json");
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void workspace_separates(void **state)
{
    const struct program *p = *state;
    char id[64], words[200];
    struct run r;
    program_create(p, sample, id);
    json_t *list = program_json(p, "alert list --json --workspace other");
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    snprintf(words, sizeof words, "alert delete --workspace other %s", id);
    program_expect(p, &r, 1, NULL, words);
    run_free(&r);
    program_expect(p, &r, 0, sample, "alert create - --workspace other");
    run_free(&r);
    list = program_json(p, "alert list --json --workspace other");
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
}

static void export_and_import_round_trip(void **state)
{
    const struct program *p = *state;
    char id[64], words[400];
    struct run r;
    program_create(p, sample, id);
    program_create(p, sample, words);
    program_expect(p, &r, 0, NULL, "alert export");
    char *text = r.out;
    free(r.err);
    snprintf(words, sizeof words, "alert import -");
    program_expect(p, &r, 0, text, words); /* masks of what is there keep their secrets */
    assert_non_null(strstr(r.out, id));
    run_free(&r);
    json_t *list = program_json(p, "alert list --json");
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);
    snprintf(words, sizeof words, "alert export %s", id);
    list = program_json(p, words);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    free(text);
}

/* Sealed under a passphrase, into another data directory; the wrong one opens nothing. */
static void sealed_secrets_travel(void **state)
{
    const struct program *p = *state;
    char id[64], words[800], good[320], bad[320];
    struct run r;
    snprintf(good, sizeof good, "%s.good", p->file);
    snprintf(bad, sizeof bad, "%s.bad", p->file);
    run_write_file(good, "correct horse battery\n", 0600);
    run_write_file(bad, "wrong\n", 0600);
    program_create(p, sample, id);
    snprintf(words, sizeof words, "alert export %s --secrets %s", id, good);
    program_expect(p, &r, 0, NULL, words);
    char *text = r.out;
    free(r.err);
    json_t *told = program_json(p, "audit --json --filter action:cli.alert.export");
    assert_int_equal(json_array_size(told), 1);
    json_decref(told);
    snprintf(words, sizeof words, "alert export %s --secrets %s --read-only", id, good);
    program_expect(p, &r, 2, NULL, words); /* it could not be told */
    assert_string_equal(r.out, "");
    run_free(&r);
    assert_null(strstr(text, "abcdefghijklmnop"));
    assert_non_null(strstr(text, "sealed:1:"));
    snprintf(words, sizeof words, "alert delete %s", id);
    program_expect(p, &r, 0, NULL, words);
    run_free(&r);
    program_expect(p, &r, 1, text, "alert import -");
    assert_non_null(strstr(r.err, "--secrets"));
    run_free(&r);
    snprintf(words, sizeof words, "alert import - --secrets %s", bad);
    program_expect(p, &r, 1, text, words);
    assert_non_null(strstr(r.err, "passphrase"));
    run_free(&r);
    snprintf(words, sizeof words, "alert import - --secrets %s", good);
    program_expect(p, &r, 0, text, words);
    run_free(&r);
    json_t *a = show(p, id), *webhook = json_object_get(a, "webhook");
    assert_string_equal(text_of(webhook, "secret_token"), "abc**********nop");
    json_decref(a);
    run_write_file(good, "x\n", 0644);
    program_expect(p, &r, 1, text, words);
    assert_non_null(strstr(r.err, "others can read it"));
    run_free(&r);
    unlink(good);
    unlink(bad);
    free(text);
}

static void a_secret_can_stand_as_a_file(void **state)
{
    const struct program *p = *state;
    char token[320], text[1024];
    struct run r;
    snprintf(token, sizeof token, "%s.token", p->file);
    run_write_file(token, "abcdefghijklmnop\n", 0600);
    snprintf(text, sizeof text,
             "{\"name\":\"by file\",\"webhook\":{\"url\":\"http://127.0.0.1:9/x\","
             "\"secret_token\":\"file:%s\"},\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
             token);
    program_expect(p, &r, 0, text, "alert import -");
    json_t *list = program_json(p, "alert list --json");
    json_t *webhook = json_object_get(json_array_get(list, 0), "webhook");
    assert_string_equal(text_of(webhook, "secret_token"), "abc**********nop");
    json_decref(list);
    run_free(&r);
    unlink(token);
    program_expect(p, &r, 1, text, "alert import -");
    run_free(&r);
}

static void dry_run_tells_and_changes_nothing(void **state)
{
    const struct program *p = *state;
    char id[64], text[2048];
    struct run r;
    program_create(p, sample, id);
    program_expect(p, &r, 0, NULL, "alert export");
    snprintf(text, sizeof text, "%s", r.out);
    run_free(&r);
    program_expect(p, &r, 0, text, "alert import - --dry-run");
    assert_int_equal(strncmp(r.out, "keep ", 5), 0);
    run_free(&r);
    char *name = strstr(text, "Errors to ops");
    memcpy(name, "Errors to me!", 13);
    program_expect(p, &r, 0, text, "alert import - --dry-run");
    assert_int_equal(strncmp(r.out, "replace ", 8), 0);
    assert_non_null(strstr(r.out, id));
    run_free(&r);
    program_expect(p, &r, 0, sample, "alert import - --dry-run --json");
    assert_non_null(strstr(r.out, "\"action\":\"create\""));
    run_free(&r);
    json_t *list = program_json(p, "alert list --json");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "name"), "Errors to ops");
    json_decref(list);
    program_expect(p, &r, 2, NULL, "alert list --dry-run");
    run_free(&r);
}

static void show_tells_thresholds_as_they_are_typed(void **state)
{
    const struct program *p = *state;
    char id[64], words[200];
    struct run r;
    program_create(p,
                   "{\"name\":\"t\",\"webhook\":{\"url\":\"http://h/\"},\"triggers\":[{"
                   "\"event_type\":\"trace:errors\",\"trigger_configs\":[{\"type\":"
                   "\"threshold:errors\",\"config_value\":{\"threshold\":\"10\",\"window\":"
                   "\"900\"}}]}]}",
                   id);
    snprintf(words, sizeof words, "alert show %s", id);
    program_expect(p, &r, 0, NULL, words);
    assert_non_null(strstr(r.out, "over 10 in 15m"));
    run_free(&r);
}

static void what_cannot_be_imported_is_named(void **state)
{
    static const char *const rows[][2] = {
        {"[{\"name\":", "standard input: invalid JSON at byte 9"},
        {"7", "standard input: must be an array of alerts"},
        {"[1]", "alert 1: must be an object"},
    };
    const struct program *p = *state;
    struct run r;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        program_expect(p, &r, 1, rows[i][0], "alert import -");
        if (!strstr(r.err, rows[i][1]) || *r.out)
            fail_msg("%s: %s%s", rows[i][0], r.out, r.err);
        run_free(&r);
    }
    program_expect(p, &r, 0, "[]", "alert import - --json");
    assert_string_equal(r.out, "[]\n"); /* nothing, but JSON */
    run_free(&r);
}

static void import_is_all_or_nothing(void **state)
{
    const struct program *p = *state;
    char text[2048];
    struct run r;
    snprintf(text, sizeof text, "[%s,{\"name\":\"no webhook\"}]", sample);
    program_expect(p, &r, 1, text, "alert import -");
    assert_non_null(strstr(r.err, "alert 2"));
    assert_non_null(strstr(r.err, "nothing was imported"));
    run_free(&r);
    json_t *list = program_json(p, "alert list --json");
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    snprintf(text, sizeof text, "[%s,%s]", sample, sample);
    program_expect(p, &r, 0, text, "alert import - --json");
    json_t *ids = json_loads(r.out, 0, NULL);
    assert_int_equal(json_array_size(ids), 2);
    json_decref(ids);
    run_free(&r);
}

static void hostile_names_are_printed_safely(void **state)
{
    static const char hostile[] =
        "{\"name\":\"\\u001b]0;owned\\u0007\\u009b31m\\u202eevil\\n\\u007f\","
        "\"webhook\":{\"url\":\"http://127.0.0.1:9/\"},"
        "\"triggers\":[{\"event_type\":\"trace:errors\"}]}";
    const struct program *p = *state;
    char id[64], words[200];
    struct run r;
    program_run(p, &r, hostile, "alert create -");
    if (r.status == 1) { /* a name that is not accepted is as good */
        for (const char *c = r.err; *c; c++)
            assert_true((unsigned char)*c >= ' ' || *c == '\n');
        run_free(&r);
        return;
    }
    snprintf(id, sizeof id, "%.36s", r.out);
    run_free(&r);
    for (int i = 0; i < 4; i++) {
        snprintf(words, sizeof words, i & 1 ? "alert show %s %s" : "alert list %.0s %s", id,
                 i & 2 ? "--json" : "");
        program_expect(p, &r, 0, NULL, words);
        for (const char *c = r.out; *c; c++)
            assert_true((unsigned char)*c >= ' ' || *c == '\n');
        assert_null(strstr(r.out, "\xc2\x9b"));
        assert_null(strstr(r.out, "\xe2\x80\xae"));
        assert_null(strstr(r.out, "\x7f"));
        run_free(&r);
    }
    json_t *a = show(p, id); /* in JSON the value stays what it was */
    assert_non_null(strstr(text_of(a, "name"), "\xe2\x80\xae"
                                               "evil"));
    json_decref(a);
}

static void test_says_what_came(void **state)
{
    const struct program *p = *state;
    char id[64], words[200];
    struct run r;
    program_create(p, sample, id); /* nobody listens on port 9 */
    snprintf(words, sizeof words, "alert test %s", id);
    program_expect(p, &r, 1, NULL, words);
    assert_non_null(strstr(r.err, "Nothing listens on that host and port"));
    run_free(&r);
    snprintf(words, sizeof words, "alert test %s --json", id);
    program_expect(p, &r, 1, NULL, words);
    json_t *answer = json_loads(r.out, 0, NULL);
    assert_string_equal(text_of(answer, "error_message"), "connection refused");
    assert_non_null(strstr(text_of(answer, "advice"), "Nothing listens"));
    assert_string_equal(text_of(answer, "status"), "failure");
    assert_non_null(strstr(text_of(answer, "request_body"), id));
    json_decref(answer);
    run_free(&r);
}

static void explain_gives_every_verdict(void **state)
{
    static const char events[] = "{\"event_type\":\"trace:errors\",\"project_name\":"
                                 "\"shop\",\"entity\":{\"id\":1}}\n"
                                 "\n"
                                 "{\"event_type\":\"prompt:deleted\",\"entity\":{}}\n";
    const struct program *p = *state;
    char id[64];
    struct run r;
    program_create(p, sample, id);
    program_expect(p, &r, 0, events, "explain");
    assert_non_null(strstr(r.out, "line 1: trace:errors in shop"));
    assert_non_null(strstr(r.out, "  yes "));
    assert_non_null(strstr(r.out, "line 3: prompt:deleted"));
    assert_non_null(strstr(r.out, "  no "));
    run_free(&r);
    program_expect(p, &r, 0, events, "explain --json");
    json_t *first = json_loads(r.out, JSON_DISABLE_EOF_CHECK, NULL);
    json_t *verdict = json_array_get(json_object_get(first, "alerts"), 0);
    assert_string_equal(text_of(verdict, "alert_id"), id);
    assert_true(json_is_true(json_object_get(verdict, "matches")));
    json_decref(first);
    run_free(&r);
    program_expect(p, &r, 1, "{\"event_type\":\"nope\",\"entity\":{}}\n", "explain");
    assert_non_null(strstr(r.err, "line 1: event_type"));
    run_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)
        TEST(create_prints_the_id),
        TEST(show_hides_secrets),
        TEST(create_refuses_bad_files),
        TEST(update_keeps_masked_secrets),
        TEST(a_signing_secret_is_made_and_rotated),
        TEST(insecure_is_marked_wherever_an_alert_is_shown),
        TEST(update_refuses_another_alert),
        TEST(enable_disable_and_delete_change_all_or_none),
        TEST(workspace_separates),
        TEST(export_and_import_round_trip),
        TEST(show_tells_thresholds_as_they_are_typed),
        TEST(sealed_secrets_travel),
        TEST(a_secret_can_stand_as_a_file),
        TEST(dry_run_tells_and_changes_nothing),
        TEST(what_cannot_be_imported_is_named),
        TEST(import_is_all_or_nothing),
        TEST(hostile_names_are_printed_safely),
        TEST(test_says_what_came),
        TEST(explain_gives_every_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
