#include "tester.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/demo_receiver.h" /* answers 200, 500, then slowly */
#include "send/send.h"
#include "support/run.h"

static bool no_memory;

struct send_handle *__real_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *call, void *arg);
struct send_handle *__wrap_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *call, void *arg);
struct send_handle *__wrap_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *call, void *arg)
{
    return no_memory ? NULL : __real_sender_start(s, r, call, arg);
}

struct world {
    struct demo_receiver *receiver;
    struct settings settings;
    struct alert alert;
    int fd;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err err = {0};
    char url[64];
    w->fd = eventfd(0, EFD_CLOEXEC);
    w->receiver = demo_receiver_start(&err);
    alert_init(&w->alert);
    *state = w;
    if (!w->receiver || !settings_init(&w->settings, &err))
        return -1;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/x", demo_receiver_port(w->receiver));
    return alert_set_secret(&w->alert.url, url) && alert_set(&w->alert.name, "A") ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;
    demo_receiver_stop(&w->receiver);
    settings_free(&w->settings);
    alert_free(&w->alert);
    close(w->fd);
    free(w);
    return 0;
}

static void done(void *arg)
{
    uint64_t one = 1;
    assert_int_equal(write(*(int *)arg, &one, sizeof one), sizeof one);
}

static struct tester *start(struct world *w)
{
    struct err err = {0};
    struct tester *t = tester_start(&w->alert, EVENT_PROMPT_CREATED, (struct span){0}, &w->settings,
                                    clock_system(), done, &w->fd, &err);
    if (!t)
        fail_msg("%s", err.text);
    return t;
}

static const struct outcome *wait_outcome(struct world *w, struct tester *t)
{
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    uint64_t count;
    assert_int_equal(poll(&p, 1, RUN_DEADLINE_MS), 1);
    assert_int_equal(read(w->fd, &count, sizeof count), sizeof count);
    const struct outcome *o = tester_outcome(t);
    assert_non_null(o);
    return o;
}

static void start_sends_a_sample_and_tells_the_answer(void **state)
{
    struct world *w = *state;
    char words[300];
    struct tester *t = start(w);
    assert_non_null(strstr(tester_body(t), "\"eventType\":\"prompt:created\""));
    assert_true(tester_words(wait_outcome(w, t), words, sizeof words));
    assert_int_equal(strncmp(words, "200 in ", 7), 0);
    tester_free(&t);
    assert_null(t);

    t = start(w);
    assert_false(tester_words(wait_outcome(w, t), words, sizeof words));
    assert_int_equal(strncmp(words, "500 Internal Server Error in ", 29), 0);
    tester_free(&t);
}

static void cancel_ends_a_slow_one(void **state)
{
    struct world *w = *state;
    char words[300];
    for (int i = 0; i < 2; i++) {
        struct tester *t = start(w);
        wait_outcome(w, t);
        tester_free(&t);
    }
    struct tester *t = start(w);
    assert_null(tester_outcome(t));
    tester_cancel(t);
    assert_false(tester_words(wait_outcome(w, t), words, sizeof words));
    assert_string_equal(words, "cancelled");
    tester_free(&t);
}

static void free_of_one_under_way_waits_for_it(void **state)
{
    struct world *w = *state;
    struct tester *t = start(w);
    tester_free(&t);
    assert_null(t);
}

static void words_name_a_bad_url(void **state)
{
    struct world *w = *state;
    char words[300];
    assert_true(alert_set_secret(&w->alert.url, "ftp://h/"));
    struct tester *t = start(w);
    assert_false(tester_words(wait_outcome(w, t), words, sizeof words));
    assert_true(strlen(words) > 5);
    tester_free(&t);
}

/* Not as if the endpoint were one that is never sent to. */
static void words_name_a_want_of_memory(void **state)
{
    struct world *w = *state;
    char words[300];
    no_memory = true;
    struct tester *t = start(w);
    const struct outcome *o = wait_outcome(w, t);
    no_memory = false;
    assert_int_equal(o->kind, OUTCOME_CANCELLED);
    assert_int_equal(o->retry_after_ms, -1);
    assert_false(tester_words(o, words, sizeof words));
    assert_string_equal(words, "not sent: out of memory");
    tester_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
        TEST(start_sends_a_sample_and_tells_the_answer),
        TEST(cancel_ends_a_slow_one),
        TEST(free_of_one_under_way_waits_for_it),
        TEST(words_name_a_bad_url),
        TEST(words_name_a_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
