/* Alerts with a project scope, exported from one data directory and imported into another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/program.h"

#define SHOP "0190b2c0-0000-7000-8000-000000000001"
#define HOME "0190b2c0-0000-7000-8000-000000000002"
#define NAMES                                                                              \
    "\"projects\":[{\"id\":\"" SHOP "\",\"name\":\"Shop \\\"1\\\"\"},7,{\"id\":\"" HOME    \
    "\",\"name\":\"Home\"}]"

static const char by_nothing[] =
    "{\"name\":\"by nothing\",\"webhook\":{\"url\":\"http://127.0.0.1:9/\"},"
    "\"triggers\":[{\"event_type\":\"trace:errors\"}]}";
static const char by_trigger[] =
    "{\"name\":\"by trigger\",\"webhook\":{\"url\":\"http://127.0.0.1:9/\"},\"triggers\":[{"
    "\"event_type\":\"trace:errors\",\"trigger_configs\":[{\"type\":\"scope:project\","
    "\"config_value\":{\"project_ids\":\"[\\\"" SHOP "\\\",\\\"" HOME "\\\"]\"}}]}]";
static const char by_alert[] = "{\"name\":\"by alert\",\"project_id\":\"" SHOP
                               "\",\"webhook\":{\"url\":\"http://127.0.0.1:9/\"},"
                               "\"triggers\":[{\"event_type\":\"trace:errors\"}]";

/* explain says of an error in that project which alerts take it. */
static void assert_matches(const struct program *p, const char *project, size_t count)
{
    char event[200];
    struct run r;
    size_t yes = 0;
    snprintf(event, sizeof event,
             "{\"event_type\":\"trace:errors\",\"project_name\":\"%s\",\"entity\":{}}\n",
             project);
    program_expect(p, &r, 0, event, "explain");
    for (const char *at = r.out; (at = strstr(at, "  yes ")); at++)
        yes++;
    assert_int_equal(yes, count);
    run_free(&r);
}

static void seal(const struct program *p, char words[800], const char *verb)
{
    char file[320];
    snprintf(file, sizeof file, "%s.pass", p->file);
    run_write_file(file, "correct horse battery\n", 0600);
    snprintf(words, 800, "alert %s --secrets %s", verb, file);
}

static void scopes_travel_by_name(void **state)
{
    const struct program *p = *state;
    struct program other = *p;
    char text[2048], words[800];
    struct run r, again;
    snprintf(other.dir, sizeof other.dir, "%.200s/other", p->dir);
    snprintf(text, sizeof text, "[%s," NAMES "},%s," NAMES "}]", by_trigger, by_alert);
    program_expect(p, &r, 0, text, "alert import - --dry-run");
    assert_int_equal(strncmp(r.out, "create ", 7), 0);
    run_free(&r);
    assert_matches(p, "Shop \\\"1\\\"", 0);
    program_expect(p, &r, 0, text, "alert import -");
    run_free(&r);
    assert_matches(p, "Shop \\\"1\\\"", 2);
    assert_matches(p, "Home", 1);
    assert_matches(p, "Else", 0);
    seal(p, words, "export");
    program_expect(p, &r, 0, NULL, words);
    assert_null(strstr(r.out, SHOP)); /* that project has an id of its own here */
    seal(p, words, "import -");
    program_expect(&other, &again, 0, r.out, words);
    run_free(&again);
    assert_matches(&other, "Shop \\\"1\\\"", 2);
    assert_matches(&other, "Home", 1);
    assert_matches(&other, "Else", 0);
    seal(p, words, "import - --dry-run");
    program_expect(&other, &again, 0, r.out, words);
    assert_null(strstr(again.out, "create "));
    assert_null(strstr(again.out, "replace "));
    run_free(&again);
    run_free(&r);
}

static void a_project_without_a_name_is_refused(void **state)
{
    static const char *const names[] = {
        "\"projects\":7", "\"projects\":[{\"id\":\"" SHOP "\"}]",
        "\"projects\":[{\"id\":\"" SHOP "\",\"name\":\"\"}]",
        "\"projects\":[{\"id\":\"" HOME "\",\"name\":\"Shop\"}]"};
    const struct program *p = *state;
    struct run r;
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        char text[1024];
        snprintf(text, sizeof text, "[%s,%s}]", i % 2 ? by_trigger : by_alert,
                 names[i / 2]);
        program_expect(p, &r, 1, text, "alert import - --dry-run");
        assert_non_null(strstr(r.err, ": no such project"));
        run_free(&r);
        program_expect(p, &r, 1, text, "alert import -");
        assert_non_null(strstr(r.err, "nothing was imported"));
        run_free(&r);
    }
    assert_matches(p, "Shop", 0);
}

/* The dry run says it too, and of which alert. */
static void an_id_of_another_workspace_is_refused(void **state)
{
    const struct program *p = *state;
    char id[64], text[1024];
    struct run r;
    program_create(p, by_nothing, id);
    snprintf(text, sizeof text, "[%s,{\"id\":\"%s\",%s]", by_nothing, id, by_nothing + 1);
    static const char *const words[] = {"alert import - --workspace team --dry-run",
                                        "alert import - --workspace team"};
    for (size_t i = 0; i < 2; i++) {
        program_expect(p, &r, 1, text, words[i]);
        assert_string_equal(r.out, "");
        assert_non_null(
            strstr(r.err, "alert 2: an alert of workspace default has this id"));
        assert_non_null(strstr(r.err, "nothing was imported"));
        run_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)
        TEST(scopes_travel_by_name),
        TEST(a_project_without_a_name_is_refused),
        TEST(an_id_of_another_workspace_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
