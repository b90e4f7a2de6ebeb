/* A store with an alert and what it has waiting, for the tests of deliveries. */
#ifndef TEST_DELIVERY_FIXTURE_H
#define TEST_DELIVERY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "support/steps.h"

#define URL "http://127.0.0.1:9/hook?secret=1"

static inline void add_alert(struct store_fixture *f, const char *name, const char *url,
                      char id[UUID_SIZE])
{
    struct alert a, made;
    step_alert_make(&a, name, url, EVENT_TRACE_ERRORS);
    assert_true(alert_set_secret(&a.token, "the token"));
    assert_true(alert_add_header(&a, "X-Key", "the \"value\""));
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, &made, NULL));
    memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

static inline void accept_events(struct store_fixture *f, int count)
{
    struct accept *a = step_request("default");
    for (int i = 0; i < count; i++)
        step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "p", i);
    assert_true(step_accept(f->store, a, NULL, NULL));
}

static inline void close_all(struct store_fixture *f)
{
    f->now += f->limits.window_ms;
    assert_true(step_close_due(f->store, f->now, 1000) > 0);
}

static inline struct claims claim(struct store_fixture *f, int64_t limit)
{
    struct claims claims;
    assert_true(step_claim(f->store, f->now, limit, NULL, 0, &claims, NULL));
    return claims;
}

static inline struct delivery get(struct store_fixture *f, const char *id)
{
    struct delivery d;
    assert_true(store_delivery_get(f->reader, "default", id, &d, NULL));
    return d;
}

/* One alert, one closed bucket of two events, claimed. */
static inline struct claims one_claimed(struct store_fixture *f, char alert[UUID_SIZE])
{
    add_alert(f, "a", URL, alert);
    accept_events(f, 2);
    close_all(f);
    struct claims c = claim(f, 10);
    assert_int_equal(c.count, 1);
    return c;
}

/* Events of the only alert, as a delivery whose attempt was answered so; DELIVERY_SENDING:
 * it is still under way. */
static inline void deliver(struct store_fixture *f, int events, int status,
                           enum delivery_state state, char id[UUID_SIZE])
{
    accept_events(f, events);
    close_all(f);
    struct claims c = claim(f, 1);
    memcpy(id, c.items[0].id, UUID_SIZE);
    if (state != DELIVERY_SENDING)
        assert_true(step_record(f->store, c.items, status, state, 0, NULL));
    step_claims_free(&c);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

#endif
