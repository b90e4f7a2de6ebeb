/* Alerts and projects: written, read, refused, listed; secrets sealed at rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "store/alerts.h"
#include "store/projects.h"
#include "support/steps.h"

static void put(struct store_fixture *f, const char *name, const char *workspace,
                struct alert *made)
{
    struct alert a;
    step_alert_make(&a, name, "http://127.0.0.1:9/canary-path", EVENT_TRACE_ERRORS);
    assert_true(alert_set(&a.workspace, workspace));
    assert_true(alert_set_secret(&a.token, "canary-token"));
    assert_true(alert_add_header(&a, "X-Key", "canary-header"));
    assert_true(alert_set_metadata(&a, ALERT_ROUTING_KEY, "canary-routing"));
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_SECRET, "canary-signing"));
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_PREVIOUS, "canary-previous"));
    assert_true(alert_set_metadata(&a, ALERT_TLS_INSECURE, "true"));
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, made, NULL));
    alert_free(&a);
}

static void put_makes_ids_and_stamps(void **state)
{
    struct store_fixture *f = *state;
    struct alert made, read;
    put(f, "one", "default", &made);
    assert_true(uuid_is_v7(made.id));
    assert_true(uuid_is_v7(made.webhook_id));
    assert_true(uuid_is_v7(made.triggers[0].id));
    assert_int_equal(made.revision, 1);
    assert_int_equal(made.created_at, f->now);
    assert_string_equal(made.created_by, "tester");
    assert_true(store_alert_get(f->reader, "default", made.id, &read, NULL));
    assert_string_equal(read.url, "http://127.0.0.1:9/canary-path");
    assert_string_equal(read.token, "canary-token");
    assert_string_equal(read.headers[0].value, "canary-header");
    assert_string_equal(alert_metadata(&read, ALERT_ROUTING_KEY), "canary-routing");
    assert_string_equal(alert_metadata(&read, ALERT_SIGNING_SECRET), "canary-signing");
    assert_string_equal(alert_metadata(&read, ALERT_SIGNING_PREVIOUS), "canary-previous");
    assert_string_equal(alert_metadata(&read, ALERT_TLS_INSECURE), "true");
    assert_string_equal(read.triggers[0].id, made.triggers[0].id);
    assert_string_equal(read.webhook_id, made.webhook_id);
    assert_true(read.enabled);
    alert_free(&made);
    alert_free(&read);
}

static void put_replaces_and_keeps_who_made_it(void **state)
{
    struct store_fixture *f = *state;
    struct alert made, changed;
    put(f, "one", "default", &made);
    f->now += 5000;
    assert_true(alert_set(&made.name, "two"));
    assert_true(alert_set(&made.created_by, "forged"));
    made.created_at = 1;
    assert_true(step_alert_put(f->store, &made, STORE_REPLACE, &changed, NULL));
    assert_string_equal(changed.name, "two");
    assert_string_equal(changed.created_by, "tester");
    assert_int_equal(changed.created_at, f->now - 5000);
    assert_int_equal(changed.updated_at, f->now);
    assert_int_equal(changed.revision, 2);
    struct alert_rows rows;
    assert_true(store_alert_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.items[0].created_at, f->now - 5000);
    assert_int_equal(rows.items[0].updated_at, f->now);
    alert_rows_free(&rows);
    alert_free(&made);
    alert_free(&changed);
}

static void put_refuses_what_does_not_fit(void **state)
{
    struct store_fixture *f = *state;
    struct alert made, again;
    struct err err = {0};
    put(f, "one", "default", &made);
    assert_false(step_alert_put(f->store, &made, STORE_CREATE, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_true(step_alert_put(f->store, &made, STORE_PUT, NULL, NULL));
    assert_false(step_alert_put(f->store, &made, STORE_PUT, NULL, &err)); /* revision 1 */
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.text, "changed meanwhile"));
    assert_true(alert_copy(&again, &made));
    uuid_v7(again.id, f->now);
    assert_false(step_alert_put(f->store, &again, STORE_REPLACE, NULL, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    again.triggers[0].scoped = true;
    assert_true(alert_trigger_add_project(&again.triggers[0], again.id));
    assert_false(step_alert_put(f->store, &again, STORE_CREATE, NULL, &err));
    assert_int_equal(err.code, ERR_INVALID);
    alert_free(&again);
    alert_free(&made);
}

static void put_leaves_other_workspaces_alone(void **state)
{
    struct store_fixture *f = *state;
    struct alert made, read;
    struct err err = {0};
    put(f, "one", "theirs", &made);
    assert_int_equal(step_alert_delete(f->store, made.id), 0);
    assert_int_equal(step_alert_enable(f->store, made.id, false), 0);
    assert_false(store_alert_get(f->reader, "default", made.id, &read, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(alert_set(&made.workspace, "default"));
    assert_false(step_alert_put(f->store, &made, STORE_PUT, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(step_alert_put(f->store, &made, STORE_REPLACE, NULL, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    alert_free(&made);
}

static void put_keeps_a_scope_over_a_restart(void **state)
{
    struct store_fixture *f = *state;
    struct alert a, made, read;
    char project[UUID_SIZE];
    assert_true(step_project(f->store, "default", "p", true, project, NULL));
    step_alert_make(&a, "scoped", "http://127.0.0.1:9/", EVENT_TRACE_ERRORS);
    a.triggers[0].scoped = true;
    assert_true(alert_trigger_add_project(&a.triggers[0], project));
    assert_true(alert_add_trigger(&a, EVENT_PROMPT_CREATED) != NULL);
    assert_true(alert_add_trigger(&a, EVENT_GUARDRAILS_TRIGGERED) != NULL);
    alert_trigger_of(&a, EVENT_GUARDRAILS_TRIGGERED)->scoped = true; /* matches nothing */
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, &made, NULL));
    store_fixture_close(f);
    store_fixture_open(f);
    assert_true(store_alert_get(f->reader, "default", made.id, &read, NULL));
    assert_int_equal(read.trigger_count, 3);
    const struct alert_trigger *t = alert_trigger_of(&read, EVENT_TRACE_ERRORS);
    assert_true(t->scoped);
    assert_int_equal(t->project_count, 1);
    assert_string_equal(t->projects[0], project);
    assert_true(uuid_is_v7(t->scope_id));
    t = alert_trigger_of(&read, EVENT_GUARDRAILS_TRIGGERED);
    assert_true(t->scoped);
    assert_int_equal(t->project_count, 0);
    assert_false(alert_trigger_of(&read, EVENT_PROMPT_CREATED)->scoped);
    struct alert_rows rows;
    assert_true(store_alert_list(f->reader, NULL, &rows, NULL));
    assert_int_equal(rows.items[0].triggers, 1 << EVENT_TRACE_ERRORS |
                                                 1 << EVENT_PROMPT_CREATED |
                                                 1 << EVENT_GUARDRAILS_TRIGGERED);
    assert_int_equal(rows.items[0].scoped,
                     1 << EVENT_TRACE_ERRORS | 1 << EVENT_GUARDRAILS_TRIGGERED);
    alert_rows_free(&rows);
    alert_free(&a);
    alert_free(&made);
    alert_free(&read);
}

static void list_orders_by_name_whatever_its_case(void **state)
{
    struct store_fixture *f = *state;
    const char *const names[] = {"beta", "Alpha", "ALPHA2", "gamma"};
    const char *const order[] = {"Alpha", "ALPHA2", "beta", "gamma"};
    for (size_t i = 0; i < 4; i++)
        put(f, names[i], i == 3 ? "other" : "default", NULL);
    struct alert_rows rows;
    assert_true(store_alert_list(f->reader, NULL, &rows, NULL));
    assert_int_equal(rows.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(rows.items[i].name, order[i]);
    assert_string_equal(rows.items[0].origin, "http://127.0.0.1:9");
    assert_true(rows.items[0].insecure);
    assert_false(rows.items[0].has_last);
    alert_rows_free(&rows);
    assert_true(store_alert_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.count, 3);
    alert_rows_free(&rows);
    struct alerts all;
    assert_true(store_alerts_all(f->reader, &all, NULL));
    assert_int_equal(all.count, 4);
    assert_null(all.items[0].url);
    assert_null(all.items[0].token);
    alerts_free(&all);
}

static void enable_counts_and_raises_the_revision(void **state)
{
    struct store_fixture *f = *state;
    struct alert made, read;
    put(f, "one", "default", &made);
    assert_int_equal(step_alert_enable(f->store, made.id, false), 1);
    assert_int_equal(step_alert_enable(f->store, made.id, false), 1);
    assert_true(store_alert_get(f->reader, "default", made.id, &read, NULL));
    assert_false(read.enabled);
    assert_int_equal(read.revision, 2);
    alert_free(&made);
    alert_free(&read);
}

static void ensure_makes_a_project_once(void **state)
{
    struct store_fixture *f = *state;
    char first[UUID_SIZE], second[UUID_SIZE], other[UUID_SIZE];
    struct err err = {0};
    struct project p;
    assert_true(step_project(f->store, "default", "p", false, first, NULL));
    assert_true(step_project(f->store, "default", "p", false, second, NULL));
    assert_string_equal(first, second);
    assert_true(step_project(f->store, "other", "p", true, other, NULL));
    assert_string_not_equal(first, other);
    assert_false(step_project(f->store, "default", "p", true, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(step_project(f->store, "default", "", false, NULL, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_true(store_project_get(f->reader, "default", first, NULL, &p, NULL));
    assert_string_equal(p.name, "p");
    project_free(&p);
    assert_true(store_project_get(f->reader, "other", NULL, "p", &p, NULL));
    assert_string_equal(p.id, other);
    project_free(&p);
    assert_false(store_project_get(f->reader, "other", first, NULL, &p, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void read_file(const char *dir, const char *name, struct buf *out)
{
    char path[512], piece[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    size_t got;
    while (file && (got = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(out, piece, got);
    if (file)
        fclose(file);
}

static void secrets_are_in_no_file(void **state)
{
    struct store_fixture *f = *state;
    struct buf all;
    put(f, "canary-name", "default", NULL);
    buf_init(&all, BUF_UNLIMITED);
    read_file(f->dir, "store.db", &all);
    read_file(f->dir, "store.db-wal", &all);
    assert_non_null(memmem(all.data, all.len, "canary-name", 11));
    assert_null(memmem(all.data, all.len, "canary-token", 12));
    assert_null(memmem(all.data, all.len, "canary-header", 13));
    assert_null(memmem(all.data, all.len, "canary-path", 11));
    assert_null(memmem(all.data, all.len, "canary-routing", 14));
    assert_null(memmem(all.data, all.len, "canary-signing", 14));
    assert_null(memmem(all.data, all.len, "canary-previous", 15));
    buf_free(&all);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(put_makes_ids_and_stamps),
        TEST(put_replaces_and_keeps_who_made_it),
        TEST(put_refuses_what_does_not_fit),
        TEST(put_leaves_other_workspaces_alone),
        TEST(put_keeps_a_scope_over_a_restart),
        TEST(list_orders_by_name_whatever_its_case),
        TEST(enable_counts_and_raises_the_revision),
        TEST(ensure_makes_a_project_once),
        TEST(secrets_are_in_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
