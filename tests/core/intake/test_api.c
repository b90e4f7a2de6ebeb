/* Prompts, projects and the small answers, as SDKs ask for them. */
#include "core/intake/fixture.h"

#define COMMIT "prompts/versions"

static void expect_member(const char *json, const char *key, const char *value)
{
    char *got = member(json, key);
    if (!got || strcmp(got, value) != 0)
        fail_msg("%s is %s, expected %s, in %s", key, got ? got : "absent", value, json);
    free(got);
}

/* ------------------------------------------------------------------ prompts */

static char *commit(struct fixture *f, const char *tmpl)
{
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"name\":\"bot\",\"version\":{\"template\":\"%s\",\"metadata\":{\"z\":1.0,"
        "\"a\":null},\"type\":\"mustache\",\"tags\":null},\"template_structure\":\"chat\","
        "\"project_name\":\"Shop\"}",
        tmpl);
    return answer_of(f, 200, "POST", COMMIT, body);
}

static void create_prompt_works_step_by_step(void **state)
{
    struct fixture *f = *state;
    char path[128];
    add_alert(f, EVENT_PROMPT_CREATED);
    add_alert(f, EVENT_PROMPT_COMMITTED);
    expect(f, 404, "POST", "prompts/versions/retrieve", "{\"name\":\"bot\"}");
    char *version = commit(f, "You help {{x}}");
    expect_member(version, "template", "You help {{x}}");
    expect_member(version, "type", "mustache");
    assert_non_null(strstr(version, "\"metadata\":{\"z\":1.0,\"a\":null}"));
    char *prompt_id = member(version, "prompt_id"), *hash = member(version, "commit");
    assert_int_equal(strlen(hash), 8);

    snprintf(path, sizeof path, "prompts/%s", prompt_id);
    char *prompt = answer_of(f, 200, "GET", path, NULL);
    expect_member(prompt, "id", prompt_id);
    expect_member(prompt, "name", "bot");
    expect(f, 204, "PUT", path,
           "{\"name\":\"bot\",\"description\":\"d\",\"tags\":[\"t\"]}");
    char *latest =
        answer_of(f, 200, "POST", "prompts/versions/retrieve", "{\"name\":\"bot\"}");
    expect_member(latest, "commit", hash);
    expect_member(latest, "template_structure", "chat");
    char *got = entities(f);
    assert_non_null(strstr(got, "You help"));
    free(got);
    free(latest);
    free(prompt);
    free(prompt_id);
    free(hash);
    free(version);
}

static void the_older_sdk_sends_null_for_what_it_leaves_out(void **state)
{
    struct fixture *f = *state;
    char *v =
        answer_of(f, 200, "POST", COMMIT,
                  "{\"name\":\"bot\",\"version\":{\"template\":\"t\",\"metadata\":null,"
                  "\"type\":\"mustache\",\"change_description\":null},"
                  "\"template_structure\":null}");
    expect_member(v, "template", "t");
    free(v);
}

static void a_version_is_found_by_id_and_by_commit(void **state)
{
    struct fixture *f = *state;
    char *one = commit(f, "one"), *two = commit(f, "two"), path[128], body[128];
    char *id = member(one, "id"), *hash = member(one, "commit");
    snprintf(path, sizeof path, COMMIT "/%s", id);
    snprintf(body, sizeof body, "{\"name\":\"bot\",\"commit\":\"%s\"}", hash);
    char *by_id = answer_of(f, 200, "GET", path, NULL);
    char *by_commit = answer_of(f, 200, "POST", "prompts/versions/retrieve", body);
    expect_member(by_id, "template", "one");
    expect_member(by_commit, "template", "one");
    expect(f, 404, "POST", "prompts/versions/retrieve",
           "{\"name\":\"bot\",\"commit\":\"00000000\"}");
    free(by_id);
    free(by_commit);
    free(id);
    free(hash);
    free(one);
    free(two);
}

static void versions_are_restored_tagged_and_listed(void **state)
{
    struct fixture *f = *state;
    char *one = commit(f, "one"), *two = commit(f, "two"), path[160], body[160];
    char *prompt = member(one, "prompt_id"), *id = member(one, "id");
    snprintf(path, sizeof path, "prompts/%s/versions/%s/restore", prompt, id);
    char *restored = answer_of(f, 200, "POST", path, NULL);
    expect_member(restored, "template", "one");
    snprintf(body, sizeof body, "{\"ids\":[\"%s\"],\"update\":{\"tags\":[\"prod\"]}}", id);
    expect(f, 204, "PATCH", COMMIT, body);
    snprintf(body, sizeof body, "{\"ids\":[\"%s\"],\"update\":{\"tags\":null}}", id);
    expect(f, 204, "PATCH", COMMIT, body); /* they stay */
    snprintf(body, sizeof body, "{\"ids\":[\"%s\"]}", id);
    expect(f, 400, "PATCH", COMMIT, body);
    snprintf(path, sizeof path, "prompts/%s/versions?page=1&size=2", prompt);
    char *page = answer_of(f, 200, "GET", path, NULL);
    assert_int_equal(strncmp(page, "{\"page\":1,\"size\":2,\"total\":3,\"content\":[{", 41),
                     0);
    assert_non_null(strstr(page, "],\"sortable_by\":[]}"));
    free(page);
    snprintf(path, sizeof path, "prompts/%s/versions?page=2&size=2", prompt);
    page = answer_of(f, 200, "GET", path, NULL);
    assert_non_null(strstr(page, "\"tags\":[\"prod\"]"));
    free(page);
    free(restored);
    free(prompt);
    free(id);
    free(one);
    free(two);
}

static void prompts_are_listed_by_name(void **state)
{
    static const struct {
        const char *query, *total;
    } cases[] = {
        {"", "\"total\":2,"},
        {"?name=bo", "\"total\":1,"},
        {"?filters=%5B%7B%22field%22%3A%22name%22%2C%22operator%22%3A%22%3D%22%2C%22value%"
         "22"
         "%3A%22bot%22%7D%5D&size=1&project_id=x",
         "\"total\":1,"},
        {"?filters=%5B%7B%22field%22%3A%22name%22%2C%22operator%22%3A%22%3D%22%2C%22value%"
         "22"
         "%3A%22bo%22%7D%5D",
         "\"total\":0,"},
        {"?filters=%5B%7B%22field%22%3A%22name%22%2C%22operator%22%3A%22contains%22%2C%22"
         "value%22%3A%22bo%22%7D%5D",
         "\"total\":1,"},
    };
    struct fixture *f = *state;
    char path[400];
    free(commit(f, "one"));
    expect(f, 201, "POST", "prompts", "{\"name\":\"else\"}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(path, sizeof path, "prompts%s", cases[i].query);
        char *page = answer_of(f, 200, "GET", path, NULL);
        if (!strstr(page, cases[i].total))
            fail_msg("%s: %s", cases[i].query, page);
        free(page);
    }
    expect(f, 400, "GET", "prompts?filters=%5B%7B%22field%22%3A%22tags%22%7D%5D", NULL);
    expect(f, 400, "GET", "prompts?filters=%7B%7D", NULL);
    expect(f, 400, "GET", "prompts?filters=nonsense", NULL);
    /* Without a value it would be all of them, and of two the last would count. */
    expect(
        f, 400, "GET",
        "prompts?filters=%5B%7B%22field%22%3A%22name%22%2C%22operator%22%3A%22%3D%22%7D%5D",
        NULL);
    expect(f, 400, "GET",
           "prompts?filters=%5B%7B%22field%22%3A%22name%22%2C%22operator%22%3A%22%3D%22%2C%"
           "22value%"
           "22%3A%22bot%22%7D%2C%7B%22field%22%3A%22name%22%2C%22operator%22%3A%22contains%"
           "22%2C%22"
           "value%22%3A%22else%22%7D%5D",
           NULL);
}

static void a_prompt_is_made_once_and_deleted_both_ways(void **state)
{
    struct fixture *f = *state;
    char path[128], body[128];
    add_alert(f, EVENT_PROMPT_DELETED);
    expect(f, 201, "POST", "prompts",
           "{\"id\":\"" TRACE_ID
           "\",\"name\":\"a\",\"template\":\"t\",\"description\":null}");
    expect(f, 201, "POST", "prompts", /* an SDK's retry */
           "{\"id\":\"" TRACE_ID "\",\"name\":\"a\",\"template\":\"t\"}");
    expect(f, 409, "POST", "prompts", "{\"name\":\"a\"}");
    expect(f, 201, "POST", "prompts", "{\"id\":\"" OTHER_ID "\",\"name\":\"b\"}");
    snprintf(path, sizeof path, "prompts/%s", TRACE_ID);
    expect(f, 204, "DELETE", path, NULL);
    expect(f, 404, "GET", path, NULL);
    snprintf(body, sizeof body, "{\"ids\":[\"%s\",\"%s\"]}", TRACE_ID, OTHER_ID);
    expect(f, 204, "POST", "prompts/delete", body);
    char *got = entities(f);
    const char *a = strstr(got, "\"name\":\"a\""), *b = strstr(got, "\"name\":\"b\"");
    assert_true(a && b && a < b);
    free(got);
}

static void prompts_with_wrong_members_are_refused(void **state)
{
    static const struct {
        const char *method, *path, *body, *words;
    } cases[] = {
        {"POST", "prompts", "{}", "name: is required"},
        {"POST", "prompts", "{\"name\":1}", "name: must be a string"},
        {"POST", "prompts", "{\"name\":\"a\\u0000b\"}",
         "name: must not hold a NUL character"},
        {"POST", "prompts", "{\"name\":\"a\",\"tags\":[1]}",
         "tags: must be an array of strings"},
        {"POST", "prompts", "{\"name\":\"a\",\"id\":\"x\"}",
         "id: must be a version 7 UUID"},
        {"POST", "prompts", "{\"name\":\"a\",\"type\":\"perl\"}",
         "type: is none that is known"},
        {"POST", "prompts", "{\"name\":\"a\",\"template_structure\":\"x\"}",
         "template_structure: is none that is known"},
        {"POST", COMMIT, "{\"name\":\"a\"}", "version: must be an object"},
        {"POST", COMMIT, "{\"name\":\"a\",\"version\":{}}",
         "version.template: is required"},
        {"POST", "prompts/delete", "{\"ids\":[]}",
         "ids: must be an array of 1 to 1000 ids"},
        {"POST", "prompts/delete", "{\"ids\":[\"x\"]}", "ids: must hold UUIDs"},
        {"PATCH", COMMIT, "{\"ids\":\"x\"}", "ids: must be an array of 1 to 1000 ids"},
        {"POST", "prompts", "[]", "the body must be a JSON object"},
        {"POST", "projects", "{\"name\":\"\"}", "name: is required"},
        {"POST", "projects/retrieve", "{}", "name: is required"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *answer = answer_of(f, 400, cases[i].method, cases[i].path, cases[i].body);
        char expected[160];
        snprintf(expected, sizeof expected, "{\"errors\":[\"%s\"]}", cases[i].words);
        assert_string_equal(answer, expected);
        free(answer);
    }
    expect(f, 404, "GET", "prompts/nonsense", NULL);
    expect(f, 404, "PUT", "prompts/" TRACE_ID, "{\"name\":\"x\"}");
    expect(f, 404, "GET", "projects/" TRACE_ID, NULL);
}

/* ------------------------------------------------------------------ projects */

static void projects_are_made_found_and_listed(void **state)
{
    struct fixture *f = *state;
    char path[128];
    expect(f, 404, "POST", "projects/retrieve", "{\"name\":\"Shop\"}");
    expect(f, 201, "POST", "projects", "{\"name\":\"Shop\",\"description\":\"d\"}");
    expect(f, 409, "POST", "projects", "{\"name\":\"Shop\"}");
    expect(f, 204, "PUT", "traces/feedback-scores",
           "{\"scores\":[{\"id\":\"" TRACE_ID "\",\"project_name\":\"By score\","
           "\"name\":\"n\",\"value\":1}]}");
    char *found = answer_of(f, 200, "POST", "projects/retrieve", "{\"name\":\"By score\"}");
    char *id = member(found, "id");
    snprintf(path, sizeof path, "projects/%s", id);
    char *again = answer_of(f, 200, "GET", path, NULL);
    expect_member(again, "name", "By score");
    char *page = answer_of(f, 200, "GET", "projects?name=sHo&size=5", NULL);
    assert_int_equal(strncmp(page, "{\"page\":1,\"size\":1,\"total\":1,\"content\":[{", 41),
                     0);
    free(page);
    page = answer_of(f, 200, "GET", "projects?page=2&size=1", NULL);
    assert_non_null(strstr(page, "\"name\":\"Shop\""));
    assert_null(strstr(page, "By score"));
    assert_non_null(strstr(page, "\"total\":2,"));
    free(page);
    free(again);
    free(id);
    free(found);
}

static void a_page_that_cannot_be_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const lists[] = {"alerts", "prompts", "projects",
                                        "prompts/" TRACE_ID "/versions",
                                        "projects/" TRACE_ID "/alerts"};
    static const char *const wrong[] = {"page=0", "page=-1", "page=x", "page=1.5",
                                        "size=0", "size=-1", "size=x", "page=1&size=10a"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char path[128];
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++) {
            snprintf(path, sizeof path, "%s?%s", lists[i], wrong[j]);
            char *answer = answer_of(f, 400, "GET", path, NULL);
            assert_non_null(strstr(answer, ": must be a whole number from 1\"]"));
            free(answer);
        }
        snprintf(path, sizeof path, "%s?page=&size=", lists[i]);
        expect(f, 200, "GET", path, NULL);
        snprintf(path, sizeof path, "%s?page=99999999999&size=99999999999", lists[i]);
        expect(f, 200, "GET", path, NULL);
    }
}

/* ------------------------------------------------------------------ the small ones */

static void the_small_answers_are_there(void **state)
{
    struct fixture *f = *state;
    char *out;
    assert_int_equal(ask(f, "GET", "/is-alive/ping", NULL, NULL, NULL), 200);
    assert_int_equal(ask(f, "GET", "/api/is-alive/ver", NULL, NULL, &out), 200);
    expect_member(out, "version", VERSION);
    free(out);
    expect(f, 204, "POST", "auth", "{}");
    assert_int_equal(ask(f, "GET", "/api/v1/private/auth/workspace",
                         "Comet-Workspace: team \"a\"\r\n", NULL, &out),
                     200);
    assert_string_equal(out, "{\"workspace_name\":\"team \\\"a\\\"\"}");
    free(out);
    out = answer_of(f, 200, "GET", "toggles", NULL);
    assert_non_null(strstr(out, "\"opikAIEnabled\":false"));
    assert_null(strstr(out, "true"));
    free(out);
    expect(f, 415, "POST", "otel/v1/traces", "{}");
}

static void a_thread_is_answered_with_its_project(void **state)
{
    struct fixture *f = *state;
    expect(f, 404, "POST", "traces/threads/retrieve",
           "{\"thread_id\":\"t\",\"project_name\":\"Shop\"}");
    expect(f, 400, "POST", "traces/threads/retrieve", "{\"project_name\":\"Shop\"}");
    expect(f, 201, "POST", "projects", "{\"name\":\"Shop\"}");
    char *answer = answer_of(f, 200, "POST", "traces/threads/retrieve",
                             "{\"thread_id\":\"t \\\"1\\\"\",\"project_name\":\"Shop\"}");
    expect_member(answer, "id", "t \"1\"");
    char *project = member(answer, "project_id");
    assert_non_null(project);
    free(project);
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_thread_is_answered_with_its_project),
        TEST(create_prompt_works_step_by_step),
        TEST(the_older_sdk_sends_null_for_what_it_leaves_out),
        TEST(a_version_is_found_by_id_and_by_commit),
        TEST(versions_are_restored_tagged_and_listed),
        TEST(prompts_are_listed_by_name),
        TEST(a_prompt_is_made_once_and_deleted_both_ways),
        TEST(prompts_with_wrong_members_are_refused),
        TEST(projects_are_made_found_and_listed),
        TEST(a_page_that_cannot_be_is_refused),
        TEST(the_small_answers_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
