/* A sender's life: many requests, cancelling, waking, connections used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <cmocka.h>

#include "support/receiver.h"
#include "support/run.h"
#include "support/sending.h"

enum { MANY = 64 };

static struct send_handle *start(struct sending_fixture *f, struct sent *sent)
{
    struct send_request request = sending_request(f->url);
    struct send_handle *h = sender_start(f->sending.sender, &request, sending_done, sent);
    assert_non_null(h);
    return h;
}

/* Turns until the receiver has `count` requests. */
static void turn_until(struct sending_fixture *f, size_t count)
{
    long long end = run_now_ms() + SENDING_DEADLINE_MS;
    while (receiver_count(f->receiver) < count) {
        sender_turn(f->sending.sender, 10);
        assert_true(run_now_ms() < end);
    }
}

static void carries_many_at_once(void **state)
{
    struct sending_fixture *f = *state;
    struct sent sent[MANY] = {0};
    receiver_answer(f->receiver, (struct receiver_answer){.how = RECEIVER_NEVER});
    for (size_t i = 0; i < MANY; i++)
        start(f, &sent[i]);
    assert_int_equal(sender_active(f->sending.sender), MANY);
    turn_until(f, MANY); /* none was answered yet: they all are under way */
    receiver_release(f->receiver);
    sending_finish(&f->sending);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(sent[i].count, 1);
        assert_int_equal(sent[i].outcome.status, 200);
        outcome_free(&sent[i].outcome);
    }
    assert_int_equal(sender_active(f->sending.sender), 0);
}

static void uses_a_connection_again(void **state)
{
    struct sending_fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        struct send_request request = sending_request(f->url);
        struct outcome o = sending_post(&f->sending, &request);
        outcome_free(&o);
        assert_int_equal(receiver_request(f->receiver, (size_t)i)->connection, 1);
    }
}

/* The kept connection died: libcurl tries once more on a new one by itself. */
static void survives_a_connection_that_was_closed_meanwhile(void **state)
{
    struct sending_fixture *f = *state;
    const struct receiver_answer answers[] = {
        {.status = 200}, {.how = RECEIVER_CLOSES}, {.status = 200}};
    receiver_script(f->receiver, answers, 3);
    struct send_request request = sending_request(f->url);
    for (int i = 0; i < 2; i++) {
        struct outcome o = sending_post(&f->sending, &request);
        assert_int_equal(o.status, 200);
        outcome_free(&o);
    }
    assert_int_equal(receiver_count(f->receiver), 3);
}

static void cancels_one_under_way(void **state)
{
    struct sending_fixture *f = *state;
    struct sent sent = {0};
    receiver_answer(f->receiver, (struct receiver_answer){.how = RECEIVER_NEVER});
    struct send_handle *h = start(f, &sent);
    turn_until(f, 1);
    long long before = run_now_ms();
    sender_cancel(h);
    sender_cancel(h);
    assert_int_equal(sent.count, 0);
    assert_int_equal(sender_turn(f->sending.sender, 60000), 0);
    assert_true(run_now_ms() - before < 30000); /* it has ended: nothing to wait for */
    assert_int_equal(sent.count, 1);
    assert_int_equal(sent.outcome.kind, OUTCOME_CANCELLED);
    outcome_free(&sent.outcome);
}

static void cancels_one_that_was_not_begun(void **state)
{
    struct sending_fixture *f = *state;
    struct sent sent = {0};
    sender_cancel(start(f, &sent));
    sender_turn(f->sending.sender, 0);
    assert_int_equal(sent.outcome.kind, OUTCOME_CANCELLED);
    assert_int_equal(receiver_count(f->receiver), 0);
    outcome_free(&sent.outcome);
}

static void cancels_all_when_it_ends(void **state)
{
    struct sending_fixture *f = *state;
    struct sent sent[3] = {0};
    receiver_answer(f->receiver, (struct receiver_answer){.how = RECEIVER_NEVER});
    for (size_t i = 0; i < 3; i++)
        start(f, &sent[i]);
    turn_until(f, 3);
    sender_free(&f->sending.sender);
    assert_null(f->sending.sender);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sent[i].outcome.kind, OUTCOME_CANCELLED);
        outcome_free(&sent[i].outcome);
    }
}

/* ---------------------------------------------------------------- from within done */

struct chain {
    struct sending_fixture *fixture;
    int left;
    struct send_handle *other;
};

static void start_next(void *arg, struct outcome *outcome)
{
    struct chain *c = arg;
    struct send_request request = sending_request(c->fixture->url);
    assert_int_equal(outcome->kind, OUTCOME_RESPONSE);
    if (--c->left > 0)
        sender_start(c->fixture->sending.sender, &request, start_next, c);
}

static void starts_another_from_within_done(void **state)
{
    struct sending_fixture *f = *state;
    struct chain chain = {f, 20, NULL};
    struct send_request request = sending_request(f->url);
    sender_start(f->sending.sender, &request, start_next, &chain);
    sending_finish(&f->sending);
    assert_int_equal(receiver_count(f->receiver), 20);
}

static void cancel_other(void *arg, struct outcome *outcome)
{
    struct chain *c = arg;
    (void)outcome;
    sender_cancel(c->other);
}

static void cancels_another_from_within_done(void **state)
{
    struct sending_fixture *f = *state;
    const struct receiver_answer answers[] = {{.how = RECEIVER_NEVER}, {.status = 200}};
    struct sent sent = {0};
    struct chain chain = {f, 0, NULL};
    receiver_script(f->receiver, answers, 2);
    chain.other = start(f, &sent);
    turn_until(f, 1);
    struct send_request request = sending_request(f->url);
    sender_start(f->sending.sender, &request, cancel_other, &chain);
    sending_finish(&f->sending);
    assert_int_equal(sent.outcome.kind, OUTCOME_CANCELLED);
    outcome_free(&sent.outcome);
}

/* ---------------------------------------------------------------- waiting */

static void *wake(void *arg)
{
    sender_wake(arg);
    return NULL;
}

static void wakes_up_for_another_thread(void **state)
{
    struct sending_fixture *f = *state;
    pthread_t thread;
    long long before = run_now_ms();
    assert_int_equal(pthread_create(&thread, NULL, wake, f->sending.sender), 0);
    assert_int_equal(sender_turn(f->sending.sender, 60000), 0);
    assert_true(run_now_ms() - before < 30000);
    pthread_join(thread, NULL);
}

static void remembers_a_wake_that_came_before(void **state)
{
    struct sending_fixture *f = *state;
    long long before = run_now_ms();
    sender_wake(f->sending.sender);
    sender_turn(f->sending.sender, 60000);
    assert_true(run_now_ms() - before < 30000);
}

static void does_not_wait_when_told_so(void **state)
{
    struct sending_fixture *f = *state;
    struct sent sent = {0};
    receiver_answer(f->receiver, (struct receiver_answer){.how = RECEIVER_NEVER});
    start(f, &sent);
    assert_int_equal(sender_turn(f->sending.sender, 0), 1);
    sender_free(&f->sending.sender);
    outcome_free(&sent.outcome);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sending_set_up, sending_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(carries_many_at_once),
        TEST(uses_a_connection_again),
        TEST(survives_a_connection_that_was_closed_meanwhile),
        TEST(cancels_one_under_way),
        TEST(cancels_one_that_was_not_begun),
        TEST(cancels_all_when_it_ends),
        TEST(starts_another_from_within_done),
        TEST(cancels_another_from_within_done),
        TEST(wakes_up_for_another_thread),
        TEST(remembers_a_wake_that_came_before),
        TEST(does_not_wait_when_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
