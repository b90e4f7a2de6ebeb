/* store_accept: projects, remembered traces, errors once, matching, limits, accounting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/log.h"
#include "store/projects.h"
#include "support/steps.h"

#define TRACE "0193a000-0000-7000-8000-%012x"

static void add_alert(struct store_fixture *f, const char *name, enum event_type type,
                      char id[UUID_SIZE])
{
    struct alert a, made;
    struct err err;
    step_alert_make(&a, name, "http://127.0.0.1:9/hook", type);
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, &made, &err));
    if (id)
        memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

static struct accepted accept_one(struct store_fixture *f, enum event_type type,
                                  const char *trace, const char *project)
{
    struct accept *a = step_request("default");
    struct accepted got = {-1, -1, -1};
    step_add_fact(a, type, trace, project, 1);
    assert_true(step_accept(f->store, a, &got, NULL));
    return got;
}

/* Closes every bucket and returns the only body; the caller frees it. */
static char *only_body(struct store_fixture *f)
{
    struct claims claims;
    struct err err;
    f->now += f->limits.window_ms;
    assert_int_equal(step_close_due(f->store, f->now, 100), 1);
    assert_true(step_claim(f->store, f->now, 10, NULL, 0, &claims, &err));
    assert_int_equal(claims.count, 1);
    char *body = strdup(claims.items[0].body);
    step_claims_free(&claims);
    return body;
}

static void accept_counts_unmatched_events(void **state)
{
    struct store_fixture *f = *state;
    struct accepted got = accept_one(f, EVENT_TRACE_ERRORS, NULL, "p");
    assert_int_equal(got.events, 1);
    assert_int_equal(got.pairs, 0);
    assert_int_equal(got.unmatched, 1);
    /* Written with the commit that made the project. */
    assert_int_equal(store_fixture_counts(f).unmatched, 1);
    store_fixture_close(f);
    store_fixture_open(f);
    accept_one(f, EVENT_TRACE_ERRORS, NULL, "p");
    store_fixture_close(f);
    store_fixture_open(f);
    assert_int_equal(store_fixture_counts(f).unmatched, 2); /* with the close */
}

static void accept_makes_a_named_project_once(void **state)
{
    struct store_fixture *f = *state;
    struct project_rows rows;
    accept_one(f, EVENT_TRACE_ERRORS, NULL, "shop");
    accept_one(f, EVENT_TRACE_ERRORS, NULL, "shop");
    assert_true(store_project_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.items[0].name, "shop");
    assert_string_equal(rows.items[0].created_by, "admin");
    project_rows_free(&rows);
}

static void accept_without_project_uses_the_default(void **state)
{
    struct store_fixture *f = *state;
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    accept_one(f, EVENT_TRACE_ERRORS, NULL, NULL);
    char *body = only_body(f);
    assert_non_null(strstr(body, "\"project_name\":\"Default Project\""));
    free(body);
}

static void accept_takes_the_id_before_the_name(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    assert_true(step_project(f->store, "default", "by id", false, id, NULL));
    struct accept *a = step_request("default");
    struct fact *fact = step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "by name", 1);
    fact->project_id = arena_span(&a->arena, span_of(id));
    assert_true(step_accept(f->store, a, NULL, NULL));
    char *body = only_body(f);
    assert_non_null(strstr(body, "\"project_name\":\"by id\""));
    assert_non_null(strstr(body, id));
    free(body);
}

static void accept_refuses_an_unknown_id_as_a_whole(void **state)
{
    struct store_fixture *f = *state;
    struct err err = {0};
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "made in vain", 1);
    struct fact *fact = step_add_fact(a, EVENT_TRACE_ERRORS, NULL, NULL, 2);
    fact->project_id = span_of("0193a000-0000-7000-8000-000000000001");
    assert_false(step_accept(f->store, a, NULL, &err));
    assert_int_equal(err.code, ERR_INVALID);
    struct project_rows rows;
    assert_true(store_project_list(f->reader, "default", &rows, NULL));
    assert_int_equal(rows.count, 0);
    project_rows_free(&rows);
    assert_int_equal(store_fixture_counts(f).accepted, 0);
}

static void accept_does_not_know_ids_of_other_workspaces(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct err err = {0};
    assert_true(step_project(f->store, "theirs", "p", false, id, NULL));
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, NULL, NULL, 1)->project_id =
        arena_span(&a->arena, span_of(id));
    assert_false(step_accept(f->store, a, NULL, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void accept_raises_an_error_once_per_trace(void **state)
{
    struct store_fixture *f = *state;
    char trace[UUID_SIZE];
    snprintf(trace, sizeof trace, TRACE, 1);
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    assert_int_equal(accept_one(f, EVENT_TRACE_ERRORS, trace, "p").pairs, 1);
    struct accepted again = accept_one(f, EVENT_TRACE_ERRORS, trace, "p");
    assert_int_equal(again.events, 0);
    assert_int_equal(again.pairs, 0);
    store_fixture_close(f);
    store_fixture_open(f);
    assert_int_equal(accept_one(f, EVENT_TRACE_ERRORS, trace, "p").events, 0);
    assert_int_equal(store_fixture_counts(f).waiting_events, 1);
}

static void accept_raises_scores_of_a_trace_each_time(void **state)
{
    struct store_fixture *f = *state;
    char trace[UUID_SIZE];
    snprintf(trace, sizeof trace, TRACE, 1);
    add_alert(f, "a", EVENT_TRACE_FEEDBACK_SCORE, NULL);
    accept_one(f, EVENT_TRACE_FEEDBACK_SCORE, trace, "p");
    assert_int_equal(accept_one(f, EVENT_TRACE_FEEDBACK_SCORE, trace, "p").pairs, 1);
}

static void remember(struct store_fixture *f, const char *trace, const char *project,
                     const char *name)
{
    struct accept *a = step_request("default");
    struct fact *fact = step_add_fact(a, EVENT_TRACE_ERRORS, trace, project, 0);
    fact->is_event = false;
    fact->trace_name = arena_span(&a->arena, span_of(name));
    assert_true(step_accept(f->store, a, NULL, NULL));
}

static void raise_by_patch(struct store_fixture *f, const char *trace)
{
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, trace, NULL, 7)->wants_trace_name = true;
    assert_true(step_accept(f->store, a, NULL, NULL));
}

static void accept_gives_a_patch_the_remembered_name_and_project(void **state)
{
    struct store_fixture *f = *state;
    char trace[UUID_SIZE];
    snprintf(trace, sizeof trace, TRACE, 1);
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    remember(f, trace, "shop", "\"check\\u006fut\"");
    raise_by_patch(f, trace);
    char *body = only_body(f);
    assert_non_null(strstr(body, "\"n\":7,\"name\":\"check\\u006fut\",\"project_id\":"));
    assert_non_null(strstr(body, "\"project_name\":\"shop\"}"));
    free(body);
}

static void accept_remembers_traces_over_a_restart(void **state)
{
    struct store_fixture *f = *state;
    char trace[UUID_SIZE];
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(trace, sizeof trace, TRACE, i);
        snprintf(name, sizeof name, "\"name %d\"", i);
        remember(f, trace, "shop", name);
    }
    store_fixture_close(f);
    store_fixture_open(f);
    snprintf(trace, sizeof trace, TRACE, 42);
    raise_by_patch(f, trace);
    char *body = only_body(f);
    assert_non_null(strstr(body, "\"name\":\"name 42\""));
    assert_non_null(strstr(body, "\"project_name\":\"shop\"}"));
    free(body);
}

static void accept_matches_only_the_scope(void **state)
{
    struct store_fixture *f = *state;
    char inside[UUID_SIZE];
    struct alert a;
    assert_true(step_project(f->store, "default", "inside", false, inside, NULL));
    step_alert_make(&a, "scoped", "http://127.0.0.1:9/", EVENT_TRACE_ERRORS);
    a.triggers[0].scoped = true;
    assert_true(alert_trigger_add_project(&a.triggers[0], inside));
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, NULL, NULL));
    alert_free(&a);
    assert_int_equal(accept_one(f, EVENT_TRACE_ERRORS, NULL, "inside").pairs, 1);
    assert_int_equal(accept_one(f, EVENT_TRACE_ERRORS, NULL, "outside").pairs, 0);
    assert_int_equal(accept_one(f, EVENT_GUARDRAILS_TRIGGERED, NULL, "inside").pairs, 0);
}

static void accept_pairs_an_event_with_each_alert(void **state)
{
    struct store_fixture *f = *state;
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    add_alert(f, "b", EVENT_TRACE_ERRORS, NULL);
    add_alert(f, "c", EVENT_GUARDRAILS_TRIGGERED, NULL);
    assert_int_equal(accept_one(f, EVENT_TRACE_ERRORS, NULL, "p").pairs, 2);
    struct accept *other = step_request("elsewhere");
    struct accepted got;
    step_add_fact(other, EVENT_TRACE_ERRORS, NULL, "p", 1);
    assert_true(step_accept(f->store, other, &got, NULL));
    assert_int_equal(got.pairs, 0);
    struct store_counts c = store_fixture_counts(f);
    assert_int_equal(c.accepted, 2);
    assert_int_equal(c.open_buckets, 2);
}

static void accept_keeps_the_window_of_the_first_event(void **state)
{
    struct store_fixture *f = *state;
    struct bucket_rows rows;
    int64_t opened = f->now;
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    accept_one(f, EVENT_TRACE_ERRORS, NULL, "p");
    f->now += 1000;
    struct store_limits limits = {5000, 10, 1000};
    store_set_limits(f->store, &limits);
    accept_one(f, EVENT_TRACE_ERRORS, NULL, "p");
    assert_true(store_bucket_list(f->reader, NULL, 10, &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.items[0].events, 2);
    assert_int_equal(rows.items[0].opened_at, opened);
    assert_int_equal(rows.items[0].due_at, opened + 30000);
    assert_string_equal(rows.items[0].alert_name, "a");
    bucket_rows_free(&rows);
}

static void note_event(void *arg, const struct payload_event *e)
{
    char *seen = arg;
    assert_int_equal(strlen(e->id), UUID_SIZE - 1);
    assert_true(e->entity.len > 0 && e->entity.at[0] == '{');
    strcat(seen, "e");
}

/* Of several commits, in their order; of no other bucket. */
static void accept_keeps_events_to_be_looked_at(void **state)
{
    struct store_fixture *f = *state;
    struct bucket_rows rows;
    char seen[16] = "";
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    add_alert(f, "b", EVENT_GUARDRAILS_TRIGGERED, NULL);
    for (int i = 0; i < 3; i++)
        accept_one(f, EVENT_TRACE_ERRORS, NULL, "p");
    accept_one(f, EVENT_GUARDRAILS_TRIGGERED, NULL, "p");
    assert_true(store_bucket_list(f->reader, NULL, 10, &rows, NULL));
    const char *key = rows.items[rows.items[0].events == 3 ? 0 : 1].key;
    const char *workspace = rows.items[0].workspace;
    assert_true(store_bucket_events(f->reader, workspace, key, 10, note_event, seen, NULL));
    assert_string_equal(seen, "eee");
    assert_true(store_bucket_events(f->reader, workspace, key, 2, note_event, seen, NULL));
    assert_string_equal(seen, "eeeee");
    assert_true(store_bucket_events(f->reader, "elsewhere", key, 9, note_event, seen, NULL));
    assert_false(store_bucket_events(f->reader, workspace, "nokey", 9, note_event, seen, NULL));
    assert_string_equal(seen, "eeeee");
    bucket_rows_free(&rows);
}

static void count_seen(void *arg, const struct payload_event *e)
{
    assert_true(e->entity.len > 0 && e->entity.at[0] == '{');
    ++*(int *)arg;
}

/* Many events of one commit are packed in the file, beside one that is not. */
static void accept_packs_many_events_and_delivers_them_all(void **state)
{
    enum { MANY = 200 };
    struct store_fixture *f = *state;
    struct accept *request = step_request("default");
    struct accepted got;
    struct bucket_rows rows;
    char ids[32];
    int seen = 0;
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    accept_one(f, EVENT_TRACE_ERRORS, NULL, "p");
    for (int i = 0; i < MANY; i++)
        step_add_fact(request, EVENT_TRACE_ERRORS, NULL, "p", i + 1);
    assert_true(step_accept(f->store, request, &got, NULL));
    assert_int_equal(got.pairs, MANY);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM bucket_chunks WHERE size = 0"),
                     1);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM bucket_chunks "
                                             "WHERE size > 3 * length(events)"),
                     1);
    assert_true(store_bucket_list(f->reader, NULL, 10, &rows, NULL));
    assert_true(store_bucket_events(f->reader, rows.items[0].workspace, rows.items[0].key, 1000,
                                    count_seen, &seen, NULL));
    assert_int_equal(seen, MANY + 1);
    bucket_rows_free(&rows);
    char *body = only_body(f);
    snprintf(ids, sizeof ids, "\"eventCount\":%d", MANY + 1);
    assert_non_null(strstr(body, ids));
    free(body);
}

static void accept_counts_what_is_over_the_limit(void **state)
{
    struct store_fixture *f = *state;
    struct store_limits limits = {30000, 3, 1 << 20};
    struct log_rows log;
    store_set_limits(f->store, &limits);
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    for (int i = 0; i < 5; i++)
        accept_one(f, EVENT_TRACE_ERRORS, NULL, "p");
    assert_int_equal(store_fixture_counts(f).dropped, 2);
    char *body = only_body(f);
    assert_non_null(strstr(body, "\"truncated\":2"));
    assert_non_null(strstr(body, "\"eventCount\":3"));
    free(body);
    store_fixture_counts(f);
    assert_true(store_log_list(f->reader, NULL, 0, 0, 10, &log, NULL));
    assert_int_equal(log.count, 1);
    assert_int_equal(log.items[0].kind, LOG_DROPPED);
    assert_int_equal(log.items[0].events, 2);
    log_rows_free(&log);
}

static void accept_keeps_one_event_of_any_size(void **state)
{
    struct store_fixture *f = *state;
    struct store_limits limits = {30000, 100, 10};
    store_set_limits(f->store, &limits);
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    struct accept *a = step_request("default");
    for (int i = 0; i < 3; i++)
        step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "p", i);
    struct accepted got;
    assert_true(step_accept(f->store, a, &got, NULL));
    assert_int_equal(got.pairs, 3);
    struct store_counts c = store_fixture_counts(f);
    assert_int_equal(c.waiting_events, 1);
    assert_int_equal(c.dropped, 2);
}

static void accept_keeps_big_batches_in_order(void **state)
{
    struct store_fixture *f = *state;
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    for (int k = 0; k < 3; k++) {
        struct accept *a = step_request("default");
        for (int i = 0; i < 50; i++)
            step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "p", k * 50 + i);
        assert_true(step_accept(f->store, a, NULL, NULL));
    }
    char *body = only_body(f);
    const char *at = body;
    for (int i = 0; i < 150; i++) {
        char key[32];
        snprintf(key, sizeof key, "\"n\":%d,", i);
        at = strstr(at, key);
        assert_non_null(at);
    }
    free(body);
}

/* A long body is not in the claim. */
static void assert_reads_in_pieces(struct store_fixture *f, const struct claim *c)
{
    struct buf body, part;
    struct delivery d;
    struct err err = {0};
    size_t from, last;
    buf_init(&body, BUF_UNLIMITED);
    buf_init(&part, BUF_UNLIMITED);
    assert_null(c->body);
    while (body.len < c->body_len) {
        assert_true(store_body_part(f->reader, c->row, body.len, &part, &from, &err));
        assert_int_equal(from, body.len);
        assert_true(buf_add_span(&body, buf_span(&part)));
    }
    assert_true(store_delivery_get(f->reader, NULL, c->id, &d, NULL));
    assert_int_equal(d.body_len, c->body_len);
    assert_string_equal(buf_text(&body), d.body);
    last = from;
    assert_true(store_body_part(f->reader, c->row, c->body_len - 1, &part, &from, &err));
    assert_int_equal(from, last);
    assert_false(store_body_part(f->reader, c->row, c->body_len, &part, &from, &err));
    assert_false(store_body_part(f->reader, c->row + 100, 0, &part, &from, &err));
    delivery_free(&d);
    buf_free(&body);
    buf_free(&part);
}

/* 6 alerts x 4 events x 1 MiB are more than is gathered in memory at once. */
static void accept_writes_much_in_parts(void **state)
{
    struct store_fixture *f = *state;
    struct claims claims;
    char *big = malloc(1 << 20);
    memset(big, 'x', 1 << 20);
    memcpy(big, "{\"x\":\"", 6);
    big[(1 << 20) - 1] = '"';
    for (int i = 0; i < 6; i++)
        add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    struct accept *a = step_request("default");
    for (int i = 0; i < 4; i++)
        step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "p", i)->head =
            arena_span(&a->arena, (struct span){big, 1 << 20});
    free(big);
    assert_true(step_accept(f->store, a, NULL, NULL));
    assert_int_equal(store_fixture_counts(f).waiting_events, 24);
    f->now += 30000;
    for (int i = 0; i < 6 * 4; i++) /* nor are they closed at once */
        assert_int_equal(step_close_due(f->store, f->now, 10), i % 4 == 3);
    assert_int_equal(step_close_due(f->store, f->now, 10), 0);
    assert_true(step_claim(f->store, f->now, 10, NULL, 0, &claims, NULL));
    assert_int_equal(claims.count, 6);
    assert_true(claims.items[5].body_len > 4 << 20);
    assert_reads_in_pieces(f, &claims.items[5]);
    step_claims_free(&claims);
    store_fixture_counts(f);
}

static void accept_survives_a_hostile_project_name(void **state)
{
    struct store_fixture *f = *state;
    struct err err = {0};
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, NULL, NULL, 1)->project_name =
        (struct span){"a\0b", 3};
    assert_false(step_accept(f->store, a, NULL, &err));
    assert_int_equal(err.code, ERR_INVALID);
    add_alert(f, "a", EVENT_TRACE_ERRORS, NULL);
    accept_one(f, EVENT_TRACE_ERRORS, NULL, "\"; DROP TABLE alerts; --\n");
    char *body = only_body(f);
    assert_non_null(strstr(body, "\"project_name\":\"\\\"; DROP TABLE alerts; --\\n\""));
    free(body);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accept_counts_unmatched_events),
        TEST(accept_makes_a_named_project_once),
        TEST(accept_without_project_uses_the_default),
        TEST(accept_takes_the_id_before_the_name),
        TEST(accept_refuses_an_unknown_id_as_a_whole),
        TEST(accept_does_not_know_ids_of_other_workspaces),
        TEST(accept_raises_an_error_once_per_trace),
        TEST(accept_raises_scores_of_a_trace_each_time),
        TEST(accept_gives_a_patch_the_remembered_name_and_project),
        TEST(accept_remembers_traces_over_a_restart),
        TEST(accept_matches_only_the_scope),
        TEST(accept_pairs_an_event_with_each_alert),
        TEST(accept_keeps_the_window_of_the_first_event),
        TEST(accept_keeps_events_to_be_looked_at),
        TEST(accept_packs_many_events_and_delivers_them_all),
        TEST(accept_counts_what_is_over_the_limit),
        TEST(accept_keeps_one_event_of_any_size),
        TEST(accept_keeps_big_batches_in_order),
        TEST(accept_writes_much_in_parts),
        TEST(accept_survives_a_hostile_project_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
