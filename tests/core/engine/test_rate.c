/* delivery.rate: how many requests a second an endpoint gets, and what goes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/rig.h"

enum { ALERTS = 6 };

/* All of them on one URL, which is one endpoint. */
static void limit(struct rig *r, int64_t rate)
{
    r->policy.rate = rate;
    engine_set_policy(r->engine, &r->policy);
    for (int i = 0; i < ALERTS; i++)
        rig_alert(r, r->url, NULL);
}

static void is_never_exceeded(void **state)
{
    struct rig *r = *state;
    limit(r, 3); /* one each 334 ms */
    rig_close_one(r);
    for (size_t sent = 1; sent <= ALERTS; sent++) {
        rig_until_requests(r, sent);
        rig_until_state(r, DELIVERY_DELIVERED, (int64_t)sent);
        rig_advance(r, 333);
        rig_pump(r);
        assert_int_equal(receiver_count(r->receiver), sent);
        rig_advance(r, 1);
    }
}

static void holds_for_each_endpoint_of_its_own(void **state)
{
    struct rig *r = *state;
    char other[160];
    snprintf(other, sizeof other, "%s/other", r->url);
    limit(r, 1);
    rig_alert(r, other, NULL);
    rig_close_one(r);
    rig_until_requests(r, 2); /* one to each, at once */
    rig_until_state(r, DELIVERY_DELIVERED, 2);
    rig_advance(r, 999);
    rig_pump(r);
    assert_int_equal(receiver_count(r->receiver), 2);
}

static void what_is_new_goes_ahead_of_the_backlog(void **state)
{
    struct rig *r = *state;
    limit(r, 1);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    rig_alert_of(r, r->url, EVENT_PROMPT_DELETED, NULL);
    rig_event_of(r, EVENT_PROMPT_DELETED);
    rig_advance(r, 30000); /* its window; the backlog gets one request, since nobody turned */
    size_t sent = receiver_count(r->receiver);
    for (int i = 0; i < 2; i++) {
        rig_until_requests(r, ++sent);
        rig_until_state(r, DELIVERY_DELIVERED, (int64_t)sent);
        rig_advance(r, 1000);
    }
    bool seen = false;
    for (size_t i = 1; i < sent; i++)
        seen |= strstr(receiver_request(r->receiver, i)->body, "prompt:deleted") != NULL;
    assert_true(seen);
    for (; sent < ALERTS + 1; rig_advance(r, 1000)) { /* and the backlog goes too */
        rig_until_requests(r, ++sent);
        rig_until_state(r, DELIVERY_DELIVERED, (int64_t)sent);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(is_never_exceeded),
        TEST(holds_for_each_endpoint_of_its_own),
        TEST(what_is_new_goes_ahead_of_the_backlog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
