#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/text.h"
#include "model/project.h"
#include "model/prompt.h"

#define AT_JSON "\"created_at\":\"1970-01-01T00:00:01.000Z\",\"created_by\":\"ana\""
#define MOD_JSON                                                                           \
    "\"last_updated_at\":\"1970-01-01T00:00:02.000Z\",\"last_updated_by\":\"bob\""
#define BIG "{\"n\": 123456789012345678901234567890, \"a\":1.10}"

static struct prompt_version version(void)
{
    return (struct prompt_version){.id = "V",
                                   .prompt_id = "P",
                                   .commit = "9c1e77ab",
                                   .tmpl = strdup("Hi {{x}}\n"),
                                   .type = strdup("jinja2"),
                                   .metadata = strdup(BIG),
                                   .change_description = strdup("why"),
                                   .tags = strdup("[\"t\"]"),
                                   .structure = strdup("chat"),
                                   .created_by = strdup("ana"),
                                   .created_at = 1000};
}

static struct prompt prompt(void)
{
    struct prompt p = {.id = "P",
                       .workspace = strdup("team"),
                       .name = strdup("bot \"1\""),
                       .description = strdup("d"),
                       .tags = strdup("[\"a\",\"b\"]"),
                       .structure = strdup("chat"),
                       .created_by = strdup("ana"),
                       .updated_by = strdup("bob"),
                       .created_at = 1000,
                       .updated_at = 2000,
                       .version_count = 3,
                       .latest = malloc(sizeof *p.latest)};
    assert_non_null(p.latest);
    *p.latest = version();
    return p;
}

static void assert_taken(struct buf *out, bool ok, const char *expected)
{
    assert_true(ok);
    assert_string_equal(buf_text(out), expected);
    buf_free(out);
}

#define PROMPT_JSON                                                                        \
    "{\"id\":\"P\",\"name\":\"bot \\\"1\\\"\",\"description\":\"d\","                      \
    "\"tags\":[\"a\",\"b\"]," AT_JSON "," MOD_JSON
#define VERSION_JSON                                                                       \
    "{\"id\":\"V\",\"prompt_id\":\"P\",\"commit\":\"9c1e77ab\",\"template\":\"Hi "         \
    "{{x}}\\n\","                                                                          \
    "\"type\":\"jinja2\",\"metadata\":" BIG ",\"change_description\":\"why\"," AT_JSON

static void prompt_events_are_as_documented(void **state)
{
    (void)state;
    struct prompt p = prompt();
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_taken(&out, prompt_event_json(&p, false, &out), PROMPT_JSON "}");
    assert_taken(&out, prompt_event_json(&p, true, &out),
                 PROMPT_JSON ",\"latest_version\":{\"id\":\"V\",\"commit\":\"9c1e77ab\","
                             "\"template\":\"Hi {{x}}\\n\",\"type\":\"jinja2\"," AT_JSON
                             "}}");
    assert_taken(&out, prompt_version_event_json(p.latest, &out), VERSION_JSON "}");
    prompt_free(&p);
    prompt_free(&p);
}

static void api_answers_hold_more(void **state)
{
    (void)state;
    struct prompt p = prompt();
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_taken(&out, prompt_version_to_json(p.latest, &out),
                 VERSION_JSON ",\"tags\":[\"t\"],\"template_structure\":\"chat\"}");
    assert_taken(&out, prompt_to_json(&p, &out),
                 PROMPT_JSON ",\"template_structure\":\"chat\",\"version_count\":3,"
                             "\"latest_version\":" VERSION_JSON
                             ",\"tags\":[\"t\"],\"template_structure\":\"chat\"}}");
    prompt_free(&p);
}

static void unknown_fields_are_left_out(void **state)
{
    (void)state;
    const struct prompt p = {.id = "P", .name = (char *)(uintptr_t) "n"};
    const struct prompt_version v = {.id = "V", .prompt_id = "P", .commit = "c"};
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_taken(&out, prompt_event_json(&p, true, &out), "{\"id\":\"P\",\"name\":\"n\"}");
    assert_taken(&out, prompt_to_json(&p, &out),
                 "{\"id\":\"P\",\"name\":\"n\",\"template_structure\":\"text\","
                 "\"version_count\":0}");
    assert_taken(&out, prompt_version_event_json(&v, &out),
                 "{\"id\":\"V\",\"prompt_id\":\"P\",\"commit\":\"c\",\"template\":\"\","
                 "\"type\":\"mustache\"}");
    assert_taken(&out, prompt_version_to_json(&v, &out),
                 "{\"id\":\"V\",\"prompt_id\":\"P\",\"commit\":\"c\",\"template\":\"\","
                 "\"type\":\"mustache\",\"template_structure\":\"text\"}");
    struct prompt_version latest = v;
    const struct prompt with = {
        .id = "P", .name = (char *)(uintptr_t) "n", .latest = &latest};
    assert_taken(&out, prompt_event_json(&with, true, &out),
                 "{\"id\":\"P\",\"name\":\"n\",\"latest_version\":{\"id\":\"V\","
                 "\"commit\":\"c\",\"template\":\"\",\"type\":\"mustache\"}}");
}

static void full_buffer_is_reported(void **state)
{
    (void)state;
    struct prompt p = prompt();
    struct buf out;
    for (size_t max = 0; max < 180; max += 7) {
        buf_init(&out, max);
        assert_false(prompt_to_json(&p, &out));
        buf_clear(&out);
        assert_false(prompt_version_to_json(p.latest, &out));
        buf_free(&out);
    }
    prompt_free(&p);
}

static json_t *read_back(struct buf *out, bool ok)
{
    json_error_t problem;
    assert_true(ok);
    json_t *tree = json_loadb(out->data, out->len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &problem);
    if (!tree)
        fail_msg("%s: %s", problem.text, buf_text(out));
    buf_free(out);
    return tree;
}

/* Texts that look like the end of an object or the start of one, and no text at all. */
static void hostile_texts_stay_json(void **state)
{
    (void)state;
    static const char *const texts[] = {"",         "{",           "{\"",     "\"}}",
                                        "\\",       "\x1b[2J\x7f", "\xff{",   "a\xe2\x82",
                                        "\xc2\x9b", "{{x}}\n{",    "[1,2],{", ","};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = strdup(texts[i]), big[] = BIG, tags[] = "[\"{\"]";
        assert_non_null(text);
        struct prompt_version v = {.id = "V",
                                   .prompt_id = "P",
                                   .tmpl = text,
                                   .type = text,
                                   .metadata = big,
                                   .change_description = text,
                                   .tags = tags,
                                   .created_by = text};
        struct prompt p = {.id = "P",
                           .name = text,
                           .description = text,
                           .tags = tags,
                           .created_by = text,
                           .updated_by = text,
                           .latest = &v};
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        json_decref(read_back(&out, prompt_event_json(&p, false, &out)));
        json_decref(read_back(&out, prompt_event_json(&p, true, &out)));
        json_decref(read_back(&out, prompt_version_event_json(&v, &out)));
        json_decref(read_back(&out, prompt_version_to_json(&v, &out)));
        json_t *tree = read_back(&out, prompt_to_json(&p, &out));
        json_t *latest = json_object_get(tree, "latest_version");
        assert_int_equal(json_object_size(tree), 9);
        if (text_is_utf8(span_of(text)))
            assert_string_equal(json_string_value(json_object_get(latest, "template")),
                                texts[i]);
        json_decref(tree);
        free(text);
    }
}

static void project_is_written(void **state)
{
    (void)state;
    struct project p = {.id = "P",
                        .workspace = strdup("team"),
                        .name = strdup("a\"\xff"),
                        .description = strdup("d"),
                        .created_by = strdup("ana"),
                        .created_at = 1000};
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_taken(&out, project_to_json(&p, &out),
                 "{\"id\":\"P\",\"name\":\"a\\\"\xef\xbf\xbd\",\"description\":\"d\","
                 "\"visibility\":\"private\"," AT_JSON
                 ",\"last_updated_at\":\"1970-01-01T00:00:01.000Z\","
                 "\"last_updated_by\":\"ana\"}");
    project_free(&p);
    project_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompt_events_are_as_documented),
        cmocka_unit_test(api_answers_hold_more),
        cmocka_unit_test(unknown_fields_are_left_out),
        cmocka_unit_test(full_buffer_is_reported),
        cmocka_unit_test(hostile_texts_stay_json),
        cmocka_unit_test(project_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
