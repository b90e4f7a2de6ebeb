#include "support/steps.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/aside.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/projects.h"
#include "store/silences.h"
#include "support/tempdir.h"

/* ---------------------------------------------------------------- waiting */

void step_done(void *arg, const struct err *err, const void *result)
{
    struct step_wait *wait = arg;
    if (err)
        wait->err = *err;
    else if (wait->copy && result)
        wait->copy(wait->to, result);
    atomic_store(&wait->answered, true);
}

bool step_wait(struct step_wait *wait, struct err *err)
{
    while (!atomic_load(&wait->answered))
        sched_yield();
    if (wait->err.code && err)
        *err = wait->err;
    return wait->err.code == ERR_NONE;
}

static void copy_number(void *to, const void *result)
{
    *(int64_t *)to = *(const int64_t *)result;
}

#define NUMBER(call)                                                                       \
    int64_t number = -1;                                                                   \
    struct step_wait wait = {.copy = copy_number, .to = &number};                          \
    call;                                                                                  \
    struct err err;                                                                        \
    if (!step_wait(&wait, &err))                                                           \
        fprintf(stderr, "a step failed: %s\n", err.text);                                  \
    return number

/* ---------------------------------------------------------------- a request */

struct accept *step_request(const char *workspace)
{
    struct accept *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    arena_init(&a->arena, 64 << 20);
    a->workspace = arena_copy(&a->arena, span_of(workspace));
    a->user = "admin";
    return a;
}

struct fact *step_add_fact(struct accept *a, enum event_type type, const char *trace_id,
                           const char *project, int n)
{
    char head[128];
    snprintf(head, sizeof head, "{\"id\":\"%s\",\"n\":%d", trace_id ? trace_id : "", n);
    if ((a->count & (a->count - 1)) == 0) { /* doubled; the old ones stay in the arena */
        struct fact *grown =
            arena_alloc(&a->arena, (a->count ? a->count * 2 : 1) * sizeof *grown);
        if (!grown)
            abort();
        if (a->count)
            memcpy(grown, a->facts, a->count * sizeof *grown);
        a->facts = grown;
    }
    struct fact *f = &a->facts[a->count++];
    f->is_event = true;
    f->type = type;
    if (trace_id)
        f->trace_id = arena_span(&a->arena, span_of(trace_id));
    if (project)
        f->project_name = arena_span(&a->arena, span_of(project));
    f->head = arena_span(&a->arena, span_of(head));
    return f;
}

static void copy_accepted(void *to, const void *result)
{
    *(struct accepted *)to = *(const struct accepted *)result;
}

bool step_accept(struct store *s, struct accept *a, struct accepted *out, struct err *err)
{
    struct step_wait wait = {.copy = out ? copy_accepted : NULL, .to = out};
    store_accept(s, a, step_done, &wait);
    return step_wait(&wait, err);
}

/* ---------------------------------------------------------------- alerts and projects */

void step_alert_make(struct alert *a, const char *name, const char *url,
                     enum event_type type)
{
    alert_init(a);
    if (!alert_set(&a->workspace, "default") || !alert_set(&a->name, name) ||
        !alert_set_secret(&a->url, url) || !alert_add_trigger(a, type))
        abort();
}

static void copy_alert(void *to, const void *result)
{
    if (!alert_copy(to, result))
        abort();
}

bool step_alert_put(struct store *s, const struct alert *a, enum store_put how,
                    struct alert *out, struct err *err)
{
    struct step_wait wait = {.copy = out ? copy_alert : NULL, .to = out};
    store_alert_put(s, a, how, "tester", step_done, &wait);
    return step_wait(&wait, err);
}

int64_t step_alert_enable(struct store *s, const char *id, bool enabled)
{
    NUMBER(store_alert_enable(s, "default", &id, 1, enabled, "tester", step_done, &wait));
}

int64_t step_alert_delete(struct store *s, const char *id)
{
    NUMBER(store_alert_delete(s, "default", &id, 1, "tester", step_done, &wait));
}

static void copy_project_id(void *to, const void *result)
{
    memcpy(to, ((const struct project *)result)->id, UUID_SIZE);
}

bool step_project(struct store *s, const char *workspace, const char *name,
                  bool must_be_new, char id[UUID_SIZE], struct err *err)
{
    struct step_wait wait = {.copy = id ? copy_project_id : NULL, .to = id};
    store_project_ensure(s, workspace, name, NULL, "tester", must_be_new, step_done, &wait);
    return step_wait(&wait, err);
}

/* ---------------------------------------------------------------- delivering */

int64_t step_recover(struct store *s)
{
    NUMBER(store_recover(s, STEP_RECOVER_OF, step_done, &wait));
}

int64_t step_close_due(struct store *s, int64_t now, int64_t limit)
{
    NUMBER(store_close_due(s, now, limit, step_done, &wait));
}

static void take_claims(void *to, const void *result)
{
    struct claims *from = (struct claims *)(uintptr_t)result;
    *(struct claims *)to = *from;
    *from = (struct claims){0};
}

bool step_claim(struct store *s, int64_t now, int64_t limit, const char (*busy)[33],
                size_t busy_count, struct claims *out, struct err *err)
{
    *out = (struct claims){0};
    struct step_wait wait = {.copy = take_claims, .to = out};
    struct claim_room *rooms = calloc(busy_count + 1, sizeof *rooms);
    if (!rooms)
        abort();
    for (size_t i = 0; i < busy_count; i++)
        memcpy(rooms[i].endpoint, busy[i], sizeof rooms[i].endpoint);
    const struct claim_wish wish = {now, limit, false, SIZE_MAX, rooms, busy_count};
    store_claim(s, &wish, step_done, &wait);
    free(rooms);
    return step_wait(&wait, err);
}

static void take_closed(void *to, const void *result)
{
    struct closed *from = (struct closed *)(uintptr_t)result;
    *(struct closed *)to = *from;
    from->claims = (struct claims){0};
}

bool step_close_claim(struct store *s, int64_t now, int64_t limit, size_t each,
                      struct closed *out, struct err *err)
{
    *out = (struct closed){0};
    struct step_wait wait = {.copy = take_closed, .to = out};
    const struct claim_wish wish = {now, limit, false, each, NULL, 0};
    store_close_claim(s, limit, &wish, step_done, &wait);
    return step_wait(&wait, err);
}

void step_claims_free(struct claims *claims)
{
    for (size_t i = 0; i < claims->count; i++)
        claim_free(&claims->items[i]);
    free(claims->items);
    *claims = (struct claims){0};
}

bool step_record(struct store *s, const struct claim *c, int status,
                 enum delivery_state state, int64_t next_at, struct err *err)
{
    struct record *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->row = c->row;
    memcpy(r->id, c->id, sizeof r->id);
    memcpy(r->endpoint, c->endpoint, sizeof r->endpoint);
    r->n = c->n;
    r->of = 4;
    r->created_at = c->created_at;
    r->outcome.kind = status ? OUTCOME_RESPONSE : OUTCOME_NETWORK;
    r->outcome.status = status;
    r->outcome.retry_after_ms = -1;
    r->outcome.total_us = 1500;
    r->outcome.body = strdup("answer");
    r->outcome.body_len = strlen("answer");
    if (status == 0)
        snprintf(r->outcome.error, sizeof r->outcome.error, "connection refused");
    r->decision.state = state;
    r->decision.next_at = next_at;
    if (state == DELIVERY_DEAD)
        snprintf(r->decision.reason, sizeof r->decision.reason, "answered %d", status);
    struct step_wait wait = {0};
    store_record(s, r, 1, step_done, &wait);
    return step_wait(&wait, err);
}

int64_t step_replay(struct store *s, const char *id)
{
    NUMBER(store_replay(s, "default", &id, 1, 0, step_done, &wait));
}

int64_t step_purge(struct store *s, int64_t before, int64_t limit)
{
    NUMBER(store_purge(s, before, limit, step_done, &wait));
}

int64_t step_trim(struct store *s, int64_t max_size, int64_t limit)
{
    NUMBER(store_trim(s, max_size, limit, step_done, &wait));
}

int64_t step_expire(struct store *s, int64_t before, int64_t limit)
{
    NUMBER(store_expire(s, before, limit, step_done, &wait));
}

/* ---------------------------------------------------------------- silences */

static void copy_silence_id(void *to, const void *result)
{
    memcpy(to, ((const struct silence *)result)->id, UUID_SIZE);
}

bool step_silence_put(struct store *s, const struct silence *silence, char id[UUID_SIZE],
                      struct err *err)
{
    struct step_wait wait = {.copy = copy_silence_id, .to = id};
    struct silence whole = *silence; /* borrows */
    whole.workspace = (char *)(uintptr_t) "default";
    whole.created_by = (char *)(uintptr_t) "ann";
    store_silence_put(s, &whole, step_done, &wait);
    return step_wait(&wait, err);
}

int64_t step_silence_end(struct store *s, const char *id)
{
    NUMBER(store_silence_end(s, "default", &id, 1, step_done, &wait));
}

int64_t step_silence_follow(struct store *s)
{
    NUMBER(store_silence_follow(s, step_done, &wait));
}

/* ---------------------------------------------------------------- a store of its own */

static void note_changes(void *arg, unsigned changes)
{
    atomic_fetch_or((atomic_uint *)arg, changes);
}

void store_fixture_open(struct store_fixture *f)
{
    struct err err;
    const struct store_options options = {f->dir, false, &f->clock, f->limits};
    f->store = store_open(&options, &err);
    f->reader = f->store ? store_reader_open(f->store, &err) : NULL;
    if (!f->reader) {
        fprintf(stderr, "no store: %s\n", err.text);
        abort();
    }
    f->listens = false;
}

/* The writer stands still only when all is told. */
unsigned store_fixture_changes(struct store_fixture *f)
{
    if (!f->listens)
        f->listens = store_subscribe(f->store, note_changes, &f->changes);
    assert_true(f->listens);
    store_park(f->store);
    store_unpark(f->store);
    return atomic_exchange(&f->changes, 0);
}

void store_fixture_make(struct store_fixture *f)
{
    f->dir = tempdir_make();
    atomic_store(&f->now, 1767225600000);
    f->clock = clock_driven(&f->now);
    f->limits = (struct store_limits){30000, 10000, 8 << 20};
    store_fixture_open(f);
}

void store_fixture_close(struct store_fixture *f)
{
    store_reader_close(&f->reader);
    store_close(&f->store);
}

int64_t store_fixture_number(const struct store_fixture *f, const char *sql)
{
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *row;
    snprintf(path, sizeof path, "%s/store.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return number;
}

void store_fixture_exec(const struct store_fixture *f, const char *sql)
{
    char path[512];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/store.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sqlite3_errmsg(db), sql);
    sqlite3_close(db);
}

struct store_counts store_fixture_counts(const struct store_fixture *f)
{
    struct store_counts c;
    assert_true(store_counts(f->reader, &c, NULL));
    int64_t ended = c.dropped + c.waiting_events;
    for (int i = 0; i <= DELIVERY_DEAD; i++)
        ended += c.events[i];
    assert_int_equal(c.accepted, ended);
    assert_true(c.silenced <= c.dropped);
    return c;
}

void store_fixture_remove(struct store_fixture *f)
{
    store_fixture_close(f);
    tempdir_remove(f->dir);
    f->dir = NULL;
}

pid_t store_fixture_fork(struct store_fixture *f)
{
#ifdef __SANITIZE_THREAD__
    skip();
#endif
    if (f->store)
        store_park(f->store);
    pid_t pid = fork();
    if (pid != 0 && f->store)
        store_unpark(f->store);
    return pid;
}

int store_fixture_set_up(void **state)
{
    struct store_fixture *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    store_fixture_make(f);
    *state = f;
    return 0;
}

int store_fixture_tear_down(void **state)
{
    store_fixture_remove(*state);
    free(*state);
    return 0;
}
