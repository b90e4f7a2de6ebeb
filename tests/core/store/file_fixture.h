/* A store's files, and what looks at them beside it, for the tests of both. */
#ifndef TEST_FILE_FIXTURE_H
#define TEST_FILE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "support/steps.h"

static inline void add_alert(struct store *s, char id[UUID_SIZE])
{
    struct alert a, made;
    step_alert_make(&a, "a", "http://127.0.0.1:9/hook", EVENT_TRACE_ERRORS);
    assert_true(step_alert_put(s, &a, STORE_CREATE, &made, NULL));
    if (id)
        memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

static inline void path_in(const struct store_fixture *f, const char *name, char out[512])
{
    snprintf(out, 512, "%s/%s", f->dir, name);
}

static inline struct store *open_in(struct store_fixture *f, const char *dir,
                                    bool read_only, struct err *err)
{
    const struct store_options options = {dir, read_only, &f->clock, f->limits};
    *err = (struct err){0};
    return store_open(&options, err);
}

static inline struct store *open_again(struct store_fixture *f, bool read_only,
                                       struct err *err)
{
    return open_in(f, f->dir, read_only, err);
}

static inline struct accept *request_of(int events)
{
    struct accept *a = step_request("default");
    for (int i = 0; i < events; i++)
        step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "p", i);
    return a;
}

static inline int64_t pairs_of_one(struct store *s)
{
    struct accepted got;
    assert_true(step_accept(s, request_of(1), &got, NULL));
    return got.pairs;
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

#endif
