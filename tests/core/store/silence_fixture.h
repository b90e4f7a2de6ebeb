/* A store with a wall clock that can jump, alerts and their silences, for the tests of
 * these. */
#ifndef TEST_SILENCE_FIXTURE_H
#define TEST_SILENCE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/log.h"
#include "store/silences.h"
#include "support/steps.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, WINDOW = 30000 };

static _Atomic int64_t ahead; /* of the wall clock before the steady one */

static inline int64_t jumping_wall(void *arg)
{
    return atomic_load((_Atomic int64_t *)arg) + atomic_load(&ahead);
}

static inline int set_up(void **state)
{
    store_fixture_set_up(state);
    struct store_fixture *f = *state;
    atomic_store(&ahead, 0);
    f->clock.wall_ms = jumping_wall;
    return 0;
}

static inline void add_alert(struct store_fixture *f, enum event_type type,
                             char id[UUID_SIZE])
{
    struct alert a, made;
    step_alert_make(&a, "alert", "http://127.0.0.1:9/hook", type);
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, &made, NULL));
    memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

static inline void send_of(struct store_fixture *f, enum event_type type,
                           const char *project, int count)
{
    struct accept *a = step_request("default");
    struct accepted got;
    for (int i = 0; i < count; i++)
        step_add_fact(a, type, NULL, project, i);
    assert_true(step_accept(f->store, a, &got, NULL));
    assert_int_equal(got.events, count);
}

static inline void send(struct store_fixture *f, int count)
{
    send_of(f, EVENT_TRACE_ERRORS, "p", count);
}

static inline int64_t delivered_events(struct store_fixture *f)
{
    return store_fixture_counts(f).events[DELIVERY_WAITING];
}

static inline int64_t close_at(struct store_fixture *f, int64_t now)
{
    f->now = now;
    return step_close_due(f->store, now, 100);
}

/* Of an alert, for an hour from now. */
static inline void silence(struct store_fixture *f, const char *alert,
                           enum silence_mode mode, char id[UUID_SIZE])
{
    struct silence s = {.mode = mode,
                        .from = f->now,
                        .until = f->now + HOUR,
                        .comment = (char *)(uintptr_t) "deploy"};
    struct err err = {0};
    memcpy(s.alert_id, alert, UUID_SIZE);
    if (!step_silence_put(f->store, &s, id, &err))
        fail_msg("%s", err.text);
}

static inline struct silence_at listed(struct store_fixture *f, const char *id)
{
    struct silences all;
    struct silence_at found = {0};
    assert_true(
        store_silence_list(f->reader, "default", jumping_wall(&f->now), &all, NULL));
    for (size_t i = 0; i < all.count; i++)
        if (strcmp(all.items[i].silence.id, id) == 0) {
            found = all.items[i];
            found.silence.workspace = found.silence.comment = found.silence.created_by =
                NULL;
            found.silence.alert_name = found.silence.project_name = NULL;
        }
    silences_free(&all);
    return found;
}

/* The rows of the log that say dropped; the text of the last one. */
static inline int64_t dropped_in_log(struct store_fixture *f, int *rows, char text[320])
{
    struct log_rows log;
    int64_t events = 0;
    *rows = 0;
    assert_true(store_log_list(f->reader, NULL, 0, INT64_MAX, 1000, &log, NULL));
    for (size_t i = 0; i < log.count; i++)
        if (log.items[i].kind == LOG_DROPPED) {
            events += log.items[i].events;
            ++*rows;
            snprintf(text, 320, "%s", log.items[i].text);
        }
    log_rows_free(&log);
    return events;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, store_fixture_tear_down)

#endif
