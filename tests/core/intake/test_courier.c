/* The thread of connection tests: what is told to who asks at the wrong moment, and where
 * the sender has no memory for one. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "intake/courier.h"
#include "send/send.h"
#include "support/http_client.h"
#include "support/receiver.h"

struct fixture {
    struct receiver *receiver;
    struct courier *courier;
    struct courier_options options;
    char url[128];
    int ended;
    bool asked;
    struct err refusal; /* of a test that was asked for while another was cancelled */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err;
    f->receiver = receiver_start();
    receiver_answer(f->receiver, (struct receiver_answer){.how = RECEIVER_NEVER});
    receiver_url(f->receiver, "/hook", f->url, sizeof f->url);
    f->options = (struct courier_options){
        .clock = clock_system(), .timeout_ms = 20000, .connect_timeout_ms = 5000};
    f->courier = courier_new(&f->options, &err);
    *state = f;
    return f->courier ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    courier_free(&f->courier);
    receiver_stop(&f->receiver);
    free(f);
    return 0;
}

static bool ask(struct fixture *f, courier_done *done, void *arg, struct err *err)
{
    struct alert a;
    struct buf body;
    alert_init(&a);
    buf_init(&body, BUF_UNLIMITED);
    assert_true(alert_set_secret(&a.url, f->url) && buf_add_text(&body, "{}"));
    bool ok = courier_send(f->courier, &a, &body, done, arg, err);
    alert_free(&a);
    buf_free(&body);
    return ok;
}

static void ended(void *arg, const struct outcome *outcome, struct span shown)
{
    struct fixture *f = arg;
    (void)outcome;
    (void)shown;
    f->ended++;
}

static void ended_and_asks_again(void *arg, const struct outcome *outcome,
                                 struct span shown)
{
    struct fixture *f = arg;
    ended(arg, outcome, shown);
    f->asked = ask(f, ended, f, &f->refusal);
}

static void ask_and_wait(struct fixture *f, courier_done *done, size_t requests)
{
    struct err err = {0};
    if (!ask(f, done, f, &err))
        fail_msg("%s", err.text);
    assert_true(receiver_wait(f->receiver, requests, HTTP_DEADLINE_MS));
}

static void while_settings_change_it_does_not_say_that_it_stops(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    ask_and_wait(f, ended_and_asks_again, 1);
    assert_true(courier_set(f->courier, &f->options, &err));
    assert_int_equal(f->ended, 1);
    assert_false(f->asked);
    assert_int_equal(f->refusal.code, ERR_BUSY);
    assert_string_equal(f->refusal.text,
                        "the settings of connection tests are being changed: try again");
    ask_and_wait(f, ended, 2); /* as it said */
    courier_close(f->courier);
    assert_int_equal(f->ended, 2);
}

static void once_closed_it_stays_so(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    ask_and_wait(f, ended_and_asks_again, 1);
    courier_close(f->courier);
    assert_int_equal(f->ended, 1);
    assert_string_equal(f->refusal.text, "the intake is stopping");
    assert_true(courier_set(f->courier, &f->options, &err));
    assert_false(ask(f, ended, f, &err));
    assert_string_equal(err.text, "the intake is stopping");
}

/* ---------------------------------------------------------------- no memory */

static bool no_memory;

struct send_handle *__real_sender_start(struct sender *s,
                                        const struct send_request *request, send_done *done,
                                        void *arg);
struct send_handle *__wrap_sender_start(struct sender *s,
                                        const struct send_request *request, send_done *done,
                                        void *arg);
struct send_handle *__wrap_sender_start(struct sender *s,
                                        const struct send_request *request, send_done *done,
                                        void *arg)
{
    return no_memory ? NULL : __real_sender_start(s, request, done, arg);
}

struct told {
    sem_t done;
    enum outcome_kind kind;
    char error[256];
};

static void take(void *arg, const struct outcome *outcome, struct span shown)
{
    struct told *told = arg;
    (void)shown;
    told->kind = outcome->kind;
    snprintf(told->error, sizeof told->error, "%s", outcome->error);
    sem_post(&told->done);
}

/* It was not refused: nothing is wrong with where it goes. */
static void no_memory_is_told_as_such(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct told told;
    sem_init(&told.done, 0, 0);
    no_memory = true;
    assert_true(ask(f, take, &told, &err));
    sem_wait(&told.done);
    no_memory = false;
    assert_int_equal(told.kind, OUTCOME_CANCELLED);
    assert_string_equal(told.error, "not sent: out of memory");
    courier_free(&f->courier);
    sem_destroy(&told.done);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(while_settings_change_it_does_not_say_that_it_stops),
        TEST(once_closed_it_stays_so),
        TEST(no_memory_is_told_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
