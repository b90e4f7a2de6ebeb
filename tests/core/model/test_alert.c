#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/alert.h"
#include "model/alert_json.h"
#include "support/wiped.h"

#define P1 "0198ec68-6e06-7253-a20b-d35c9252b9b1"
#define P2 "0198ec68-6e06-7253-a20b-d35c9252b9b2"

static void fill(struct alert *a)
{
    alert_init(a);
    snprintf(a->id, sizeof a->id, P1);
    snprintf(a->webhook_id, sizeof a->webhook_id, P2);
    snprintf(a->project_id, sizeof a->project_id, P2);
    a->enabled = false;
    a->destination = DESTINATION_PAGERDUTY;
    a->created_at = 1;
    a->updated_at = 2;
    a->revision = 3;
    assert_true(alert_set(&a->workspace, "team"));
    assert_true(alert_set(&a->name, "Errors"));
    assert_true(alert_set_metadata(a, ALERT_ROUTING_KEY, "k"));
    assert_true(alert_set_secret(&a->url, "https://host/path"));
    assert_true(alert_set_secret(&a->token, "secret"));
    assert_true(alert_set(&a->created_by, "ana"));
    assert_true(alert_set(&a->updated_by, "bob"));
    assert_true(alert_add_header(a, "X-One", "1"));
    assert_true(alert_add_header(a, "X-Two", "2"));
    struct alert_trigger *t = alert_add_trigger(a, EVENT_TRACE_ERRORS);
    t->scoped = true;
    snprintf(t->id, sizeof t->id, P1);
    snprintf(t->scope_id, sizeof t->scope_id, P2);
    assert_true(alert_trigger_add_project(t, P1));
    assert_true(alert_trigger_add_project(t, P2));
    const struct alert_condition c = {
        .kind = CONDITION_ERRORS, .threshold = (char[]){"10"}, .window_s = 900};
    assert_true(alert_trigger_add_condition(t, &c));
    assert_non_null(alert_add_trigger(a, EVENT_PROMPT_DELETED));
}

static void assert_changes(const struct alert *from, const struct alert *to,
                           const char *expected)
{
    char out[200];
    assert_int_equal(alert_same_content(from, to), strcmp(expected, "nothing") == 0);
    alert_changes(from, to, out, sizeof out);
    assert_string_equal(out, expected);
}

static void a_change_is_told_by_its_parts(void **state)
{
    (void)state;
    struct alert a, b;
    fill(&a);
    fill(&b);
    snprintf(b.id, sizeof b.id, P2); /* whose it is, is no content */
    b.created_at = b.updated_at = b.revision = 9;
    assert_true(alert_set(&b.workspace, "other"));
    assert_changes(&a, &b, "nothing");
    assert_true(alert_set(&b.name, "Other"));
    assert_changes(&a, &b, "name");
    assert_true(alert_set(&b.name, "Errors"));
    assert_true(alert_set_secret(&b.url, "https://host/another"));
    assert_changes(&a, &b, "endpoint at https://host");
    assert_true(alert_set_secret(&b.url, a.url));
    assert_true(alert_set_secret(&b.token, NULL));
    assert_changes(&a, &b, "token");
    b.enabled = true;
    assert_changes(&a, &b, "token, enabled");
    assert_changes(&b, &a, "token, disabled");
    b.enabled = false;
    assert_true(alert_set_secret(&b.token, a.token));
    b.destination = DESTINATION_SLACK;
    assert_changes(&a, &b, "destination");
    b.destination = a.destination;
    snprintf(b.project_id, sizeof b.project_id, P1);
    assert_changes(&a, &b, "project");
    alert_free(&a);
    alert_free(&b);
}

static void headers_and_options_are_compared_whole(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *changes;
    } rows[] = {
        {ALERT_ROUTING_KEY, "l", "routing key"},
        {ALERT_ROUTING_KEY, NULL, "routing key"},
        {ALERT_SIGNING_PREVIOUS, "w", "signature"},
        {ALERT_TLS_KEY, "/k", "TLS"},
        {ALERT_TLS_INSECURE, "true", "insecure: does not verify TLS any more"},
        {"team", "x", "options"},
    };
    struct alert a, b;
    fill(&a);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fill(&b);
        assert_true(alert_set_metadata(&b, rows[i].key, rows[i].value));
        assert_changes(&a, &b, rows[i].changes);
        assert_changes(&b, &a, i == 4 ? "verifies TLS again" : rows[i].changes);
        alert_free(&b);
    }
    fill(&b);
    assert_true(alert_set_metadata(&b, ALERT_ROUTING_KEY, NULL)); /* another one instead */
    assert_true(alert_set_metadata(&b, "team", "k"));
    assert_changes(&a, &b, "routing key, options");
    alert_free(&b);
    fill(&b);
    assert_true(alert_set_secret(&b.headers[1].value, "3"));
    assert_changes(&a, &b, "headers");
    assert_true(alert_set_secret(&b.headers[1].value, "2"));
    assert_true(alert_set(&b.headers[0].name, "x-one")); /* names have no letter case */
    assert_changes(&a, &b, "nothing");
    assert_true(alert_set(&b.headers[0].name, "X-On"));
    assert_changes(&a, &b, "headers");
    alert_free(&b);
    fill(&b);
    assert_true(alert_add_header(&b, "X-Three", "3"));
    assert_changes(&a, &b, "headers");
    alert_free(&a);
    alert_free(&b);
}

static void triggers_are_compared_whole(void **state)
{
    (void)state;
    struct alert a, b;
    fill(&a);
    for (int i = 0; i < 8; i++) {
        fill(&b);
        struct alert_trigger *t = &b.triggers[0];
        struct alert_condition *c = t->conditions;
        const struct alert_condition more = {.kind = CONDITION_ERRORS, .window_s = 60};
        switch (i) {
        case 0: /* the ids are no content */
            t->id[0] = c->id[0] = '\0';
            break;
        case 1:
            alert_remove_trigger(&b, EVENT_PROMPT_DELETED);
            assert_non_null(alert_add_trigger(&b, EVENT_PROMPT_CREATED));
            break;
        case 2:
            t->scoped = false;
            break;
        case 3:
            snprintf(t->projects[0], UUID_SIZE, "other");
            break;
        case 4:
            assert_true(alert_trigger_add_project(t, "third"));
            break;
        case 5:
            c->window_s++;
            break;
        case 6:
            c->threshold[1] = '1';
            break;
        default:
            assert_true(alert_trigger_add_condition(t, &more));
            break;
        }
        assert_changes(&a, &b, i ? "triggers" : "nothing");
        alert_free(&b);
    }
    fill(&b);
    assert_non_null(alert_add_trigger(&b, EVENT_PROMPT_CREATED));
    assert_changes(&a, &b, "triggers");
    alert_free(&a);
    alert_free(&b);
}

/* What does not fit is left out. */
static void changes_are_cut_to_their_room(void **state)
{
    (void)state;
    struct alert a, b;
    char out[8];
    fill(&a);
    alert_init(&b);
    alert_changes(&a, &b, out, sizeof out);
    assert_string_equal(out, "name, e");
    alert_free(&a);
}

static void metadata_is_set_replaced_and_removed(void **state)
{
    (void)state;
    struct alert a;
    alert_init(&a);
    assert_true(alert_set_metadata(&a, "one", "1") && alert_set_metadata(&a, "two", "2") &&
                alert_set_metadata(&a, "three", "3"));
    assert_true(alert_set_metadata(&a, "one", ""));
    assert_true(alert_set_metadata(&a, "one", NULL)); /* there is none */
    assert_int_equal(a.metadata_count, 2);
    assert_null(alert_metadata(&a, "one"));
    assert_string_equal(alert_metadata(&a, "two"), "2");
    assert_true(alert_set_metadata(&a, "three", "33"));
    assert_string_equal(alert_metadata(&a, "three"), "33");
    assert_int_equal(a.metadata_count, 2);
    assert_true(alert_metadata_is_secret(ALERT_SIGNING_SECRET));
    assert_false(alert_metadata_is_secret(ALERT_BASE_URL));
    alert_free(&a);
}

static void init_gives_enabled_general_alert(void **state)
{
    (void)state;
    struct alert a;
    alert_init(&a);
    assert_true(a.enabled);
    assert_int_equal(a.destination, DESTINATION_GENERAL);
    assert_string_equal(a.id, "");
    assert_null(a.name);
    assert_int_equal(alert_first_type(&a), EVENT_TRACE_ERRORS); /* of none */
    assert_non_null(alert_add_trigger(&a, EVENT_PROMPT_DELETED));
    assert_int_equal(alert_first_type(&a), EVENT_PROMPT_DELETED);
    alert_free(&a);
    alert_free(&a);
}

static void copy_holds_everything_on_its_own(void **state)
{
    (void)state;
    struct alert a, b;
    fill(&a);
    assert_true(alert_copy(&b, &a));
    alert_free(&a);
    assert_string_equal(b.id, P1);
    assert_string_equal(b.webhook_id, P2);
    assert_string_equal(b.project_id, P2);
    assert_false(b.enabled);
    assert_int_equal(b.destination, DESTINATION_PAGERDUTY);
    assert_string_equal(b.workspace, "team");
    assert_string_equal(b.name, "Errors");
    assert_string_equal(alert_metadata(&b, ALERT_ROUTING_KEY), "k");
    assert_int_equal(b.triggers[0].condition_count, 1);
    assert_string_equal(b.triggers[0].conditions[0].threshold, "10");
    assert_true(alert_same_content(&b, &b));
    assert_string_equal(b.url, "https://host/path");
    assert_string_equal(b.token, "secret");
    assert_string_equal(b.created_by, "ana");
    assert_string_equal(b.updated_by, "bob");
    assert_int_equal(b.created_at + 10 * b.updated_at + 100 * b.revision, 321);
    assert_int_equal(b.header_count, 2);
    assert_string_equal(b.headers[1].name, "X-Two");
    assert_string_equal(b.headers[1].value, "2");
    assert_int_equal(b.trigger_count, 2);
    assert_true(b.triggers[0].scoped);
    assert_string_equal(b.triggers[0].id, P1);
    assert_string_equal(b.triggers[0].scope_id, P2);
    assert_int_equal(b.triggers[0].project_count, 2);
    assert_string_equal(b.triggers[0].projects[1], P2);
    assert_false(b.triggers[1].scoped);
    alert_free(&b);
}

static void ids_of_what_is_the_same_are_kept(void **state)
{
    (void)state;
    struct alert stored, next;
    struct alert_condition c = {
        .kind = CONDITION_ERRORS, .threshold = (char[]){"10"}, .window_s = 900};
    fill(&stored);
    fill(&next);
    alert_forget_ids(&next);
    snprintf(stored.triggers[0].conditions[0].id, UUID_SIZE, P1);
    struct alert_trigger *t = &next.triggers[0];
    assert_true(alert_trigger_add_condition(t, &c)); /* the same again is another one */
    c.window_s = 60;
    assert_true(alert_trigger_add_condition(t, &c));
    snprintf(next.triggers[1].id, UUID_SIZE, P1); /* its own stays */
    assert_non_null(alert_add_trigger(&next, EVENT_TRACE_COST)); /* not stored yet */
    alert_keep_ids(&next, &stored);
    assert_string_equal(next.triggers[2].id, "");
    t = &next.triggers[0];
    assert_string_equal(next.id, ""); /* that is for the store */
    assert_string_equal(next.webhook_id, P2);
    assert_string_equal(t->id, P1);
    assert_string_equal(t->scope_id, P2);
    assert_string_equal(t->conditions[0].id, P1);
    assert_string_equal(t->conditions[1].id, "");
    assert_string_equal(t->conditions[2].id, "");
    assert_string_equal(next.triggers[1].id, P1);
    alert_free(&stored);
    alert_free(&next);
}

/* A trigger that takes the id of another one's condition leaves none for that. */
static void no_two_conditions_keep_one_id(void **state)
{
    (void)state;
    struct alert stored, next;
    struct alert_condition c = {
        .kind = CONDITION_COST, .threshold = (char[]){"5"}, .window_s = 60, .id = P1};
    fill(&stored);
    fill(&next);
    alert_forget_ids(&next);
    assert_true(
        alert_trigger_add_condition(alert_add_trigger(&stored, EVENT_TRACE_COST), &c));
    snprintf(next.triggers[0].conditions[0].id, UUID_SIZE, P1);
    c.id[0] = '\0';
    struct alert_trigger *costs = alert_add_trigger(&next, EVENT_TRACE_COST);
    assert_true(alert_trigger_add_condition(costs, &c));
    alert_keep_ids(&next, &stored);
    assert_string_equal(next.triggers[0].conditions[0].id, P1);
    assert_string_equal(costs->conditions[0].id, "");
    alert_free(&stored);
    alert_free(&next);
}

static void secrets_are_wiped(void **state)
{
    (void)state;
    static const char json[] =
        "{\"name\":\"n\",\"metadata\":{\"" ALERT_ROUTING_KEY "\":\"" WIPED_TOKEN
        "\"},\"webhook\":{\"url\":\"https://h/" WIPED_TOKEN
        "\",\"secret_token\":\"" WIPED_TOKEN "\",\"headers\":{\"X-A\":\"" WIPED_TOKEN
        "\"}}}";
    struct alert a, b;
    struct buf out;
    wiped_begin();
    assert_true(alert_from_json(span_of(json), &a, NULL));
    assert_true(alert_copy(&b, &a));
    alert_free(&b);
    assert_false(alert_from_json(
        span_of("{\"webhook\":{\"url\":1,\"secret_token\":\"" WIPED_TOKEN "\"}}"), &b,
        NULL));
    buf_init_secret(&out, BUF_UNLIMITED);
    assert_true(alert_to_json(&a, ALERT_JSON_PLAIN, &out));
    buf_free(&out);
    assert_true(alert_set_secret(&a.token, "other") && alert_set_secret(&a.url, NULL));
    assert_true(alert_set_metadata(&a, ALERT_ROUTING_KEY, "other"));
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_SECRET, WIPED_TOKEN));
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_SECRET, NULL));
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_PREVIOUS, WIPED_TOKEN));
    assert_true(alert_set_secret(&a.token, WIPED_TOKEN));
    assert_true(alert_set_secret(&a.url, "https://h/" WIPED_TOKEN));
    alert_free(&a);
    assert_int_equal(wiped_end(), 0);
}

static void forget_ids_leaves_content(void **state)
{
    (void)state;
    struct alert a;
    fill(&a);
    snprintf(a.triggers[0].conditions[0].id, UUID_SIZE, P1);
    alert_forget_ids(&a);
    assert_string_equal(a.triggers[0].conditions[0].id, "");
    assert_string_equal(a.id, "");
    assert_string_equal(a.webhook_id, "");
    assert_string_equal(a.triggers[0].id, "");
    assert_string_equal(a.triggers[0].scope_id, "");
    assert_int_equal(a.created_at + a.updated_at + a.revision, 0);
    assert_string_equal(a.triggers[0].projects[0], P1);
    assert_string_equal(a.project_id, P2); /* whose events it wants is content */
    assert_string_equal(a.token, "secret");
    alert_free(&a);
}

static void set_takes_its_own_text_and_unsets(void **state)
{
    (void)state;
    char *field = NULL;
    assert_true(alert_set(&field, "one"));
    assert_true(alert_set(&field, field));
    assert_string_equal(field, "one");
    assert_true(alert_set(&field, ""));
    assert_null(field);
    assert_true(alert_set_secret(&field, "two"));
    assert_true(alert_set_secret(&field, NULL));
    assert_null(field);
}

static void add_trigger_has_one_of_each_type(void **state)
{
    (void)state;
    struct alert a;
    alert_init(&a);
    for (int round = 0; round < 2; round++)
        for (int t = 0; t < EVENT_TYPE_COUNT; t++)
            assert_int_equal(alert_add_trigger(&a, (enum event_type)t)->type, t);
    assert_int_equal(a.trigger_count, EVENT_TYPE_COUNT);
    alert_remove_trigger(&a, EVENT_TRACE_ERRORS);
    alert_remove_trigger(&a, EVENT_TRACE_ERRORS);
    alert_remove_trigger(&a, EVENT_PROMPT_DELETED);
    assert_int_equal(a.trigger_count, EVENT_TYPE_COUNT - 2);
    assert_null(alert_trigger_of(&a, EVENT_TRACE_ERRORS));
    assert_non_null(alert_trigger_of(&a, EVENT_PROMPT_CREATED));
    alert_free(&a);
}

static void remove_trigger_frees_its_projects_only(void **state)
{
    (void)state;
    struct alert a;
    fill(&a);
    struct alert_trigger *t = alert_add_trigger(&a, EVENT_TRACE_FEEDBACK_SCORE);
    assert_true(alert_trigger_add_project(t, P2));
    alert_remove_trigger(&a, EVENT_TRACE_ERRORS);
    t = alert_trigger_of(&a, EVENT_TRACE_FEEDBACK_SCORE);
    assert_string_equal(t->projects[0], P2);
    alert_free(&a);
}

static void add_project_keeps_each_once(void **state)
{
    (void)state;
    struct alert a;
    alert_init(&a);
    struct alert_trigger *t = alert_add_trigger(&a, EVENT_TRACE_ERRORS);
    assert_true(alert_trigger_add_project(t, P1));
    assert_true(alert_trigger_add_project(t, P2));
    assert_true(alert_trigger_add_project(t, P1));
    assert_true(alert_trigger_add_project(t, "short"));
    assert_int_equal(t->project_count, 3);
    assert_string_equal(t->projects[2], "short");
    alert_free(&a);
}

static void destination_names_go_both_ways(void **state)
{
    (void)state;
    static const char *const names[] = {"general", "slack", "pagerduty"};
    enum alert_destination d;
    for (int i = 0; i < 3; i++) {
        assert_string_equal(alert_destination_name((enum alert_destination)i), names[i]);
        assert_true(alert_destination_parse(span_of(names[i]), &d));
        assert_int_equal(d, i);
    }
    assert_false(alert_destination_parse(span_of("Slack"), &d));
    assert_false(alert_destination_parse(span_of(""), &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_gives_enabled_general_alert),
        cmocka_unit_test(a_change_is_told_by_its_parts),
        cmocka_unit_test(headers_and_options_are_compared_whole),
        cmocka_unit_test(triggers_are_compared_whole),
        cmocka_unit_test(changes_are_cut_to_their_room),
        cmocka_unit_test(metadata_is_set_replaced_and_removed),
        cmocka_unit_test(copy_holds_everything_on_its_own),
        cmocka_unit_test(ids_of_what_is_the_same_are_kept),
        cmocka_unit_test(no_two_conditions_keep_one_id),
        cmocka_unit_test(secrets_are_wiped),
        cmocka_unit_test(forget_ids_leaves_content),
        cmocka_unit_test(set_takes_its_own_text_and_unsets),
        cmocka_unit_test(add_trigger_has_one_of_each_type),
        cmocka_unit_test(remove_trigger_frees_its_projects_only),
        cmocka_unit_test(add_project_keeps_each_once),
        cmocka_unit_test(destination_names_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
