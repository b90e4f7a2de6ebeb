/* The thread of connection tests, where the sender has no memory for one. */
#include "intake/courier.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "send/send.h"

struct send_handle *__wrap_sender_start(struct sender *s,
                                        const struct send_request *request, send_done *done,
                                        void *arg);
struct send_handle *__wrap_sender_start(struct sender *s,
                                        const struct send_request *request, send_done *done,
                                        void *arg)
{
    (void)s;
    (void)request;
    (void)done;
    (void)arg;
    return NULL;
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
    const struct courier_options options = {
        .clock = clock_system(), .timeout_ms = 1000, .connect_timeout_ms = 1000};
    struct err err = {0};
    struct told told;
    struct alert alert;
    struct buf body;
    (void)state;
    sem_init(&told.done, 0, 0);
    alert_init(&alert);
    buf_init(&body, BUF_UNLIMITED);
    struct courier *c = courier_new(&options, &err);
    assert_non_null(c);
    assert_true(alert_set_secret(&alert.url, "http://127.0.0.1:9/") &&
                buf_add_text(&body, "{}"));
    assert_true(courier_send(c, &alert, &body, take, &told, &err));
    sem_wait(&told.done);
    assert_int_equal(told.kind, OUTCOME_CANCELLED);
    assert_string_equal(told.error, "not sent: out of memory");
    courier_free(&c);
    sem_destroy(&told.done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_is_told_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
