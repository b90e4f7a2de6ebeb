#include "tester.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/timefmt.h"
#include "diagnosis.h"
#include "quiet.h"
#include "rules/payload.h"
#include "send/send.h"
#include "tuning.h"

struct tester {
    pthread_t thread;
    struct sender *sender; /* the thread's own; others only wake it */
    struct alert alert;
    struct buf body, shown; /* as it is sent, and with its secret masked */
    const struct clock *clock;
    int64_t timeout_ms, connect_timeout_ms;
    struct outcome outcome;
    atomic_bool cancelled, ended;
    void (*done)(void *arg);
    void *arg;
};

static void take_outcome(void *arg, struct outcome *outcome)
{
    struct tester *t = arg;
    t->outcome = *outcome;
    *outcome = (struct outcome){0};
}

static void send_sample(struct tester *t)
{
    struct send_request request;
    char id[UUID_SIZE];
    int64_t now = clock_wall_ms(t->clock);
    payload_id(buf_span(&t->body), now, id);
    send_request_of(&t->alert, id, now, &request);
    request.body = buf_text(&t->body);
    request.body_len = t->body.len;
    request.timeout_ms = t->timeout_ms;
    request.connect_timeout_ms = t->connect_timeout_ms;
    struct send_handle *handle = sender_start(t->sender, &request, take_outcome, t);
    bool told = false;
    if (!handle) {
        t->outcome = (struct outcome){.kind = OUTCOME_CANCELLED, .retry_after_ms = -1};
        snprintf(t->outcome.error, sizeof t->outcome.error, "not sent: out of memory");
        return;
    }
    while (sender_turn(t->sender, 1000) > 0) {
        if (!told && atomic_load(&t->cancelled)) {
            sender_cancel(handle);
            told = true;
        }
    }
}

static void *run(void *arg)
{
    struct tester *t = arg;
    send_sample(t);
    atomic_store(&t->ended, true);
    if (t->done)
        t->done(t->arg);
    return NULL;
}

static bool make_bodies(struct tester *t, enum event_type type, struct span body,
                        const struct settings *settings, int64_t now)
{
    struct buf bare;
    buf_init(&bare, BUF_UNLIMITED);
    bool ok = (body.at ? buf_add_span(&bare, body)
                       : payload_test(&t->alert, tuning_style(settings),
                                      (int)settings->number[SETTING_RETRY_MAX], type, now,
                                      &bare)) &&
              payload_with_key(&t->alert, buf_span(&bare), &t->body, &t->shown);
    buf_free(&bare);
    return ok;
}

static bool prepare(struct tester *t, const struct alert *alert, enum event_type type,
                    struct span body, const struct settings *settings,
                    const struct clock *clock, struct err *err)
{
    struct sender_options options = {
        .clock = clock,
        .proxy = settings->text[SETTING_DELIVERY_PROXY],
        .ca_file = settings->text[SETTING_DELIVERY_CA_FILE],
        .connections = 1,
        .refuse_private = tuning_refuse_private(settings),
    };
    t->clock = clock;
    t->timeout_ms = settings->number[SETTING_DELIVERY_TIMEOUT];
    t->connect_timeout_ms = settings->number[SETTING_DELIVERY_CONNECT_TIMEOUT];
    if (!alert_copy(&t->alert, alert))
        return err_memory(err);
    if (!make_bodies(t, type, body, settings, clock_wall_ms(clock)))
        return err_memory(err);
    t->sender = sender_new(&options, err);
    return t->sender != NULL;
}

static void release(struct tester *t)
{
    if (t->sender)
        sender_free(&t->sender);
    outcome_free(&t->outcome);
    alert_free(&t->alert);
    buf_free(&t->body);
    buf_free(&t->shown);
    free(t);
}

struct tester *tester_start(const struct alert *alert, enum event_type type, struct span body,
                            const struct settings *settings, const struct clock *clock,
                            void (*done)(void *arg), void *arg, struct err *err)
{
    struct tester *t = calloc(1, sizeof *t);
    if (!t) {
        err_memory(err);
        return NULL;
    }
    t->done = done;
    t->arg = arg;
    alert_init(&t->alert);
    buf_init_secret(&t->body, BUF_UNLIMITED);
    buf_init(&t->shown, BUF_UNLIMITED);
    if (!prepare(t, alert, type, body, settings, clock, err)) {
        release(t);
        return NULL;
    }
    int problem = quiet_thread(&t->thread, run, t);
    if (problem != 0) {
        err_set(err, ERR_MEMORY, "cannot start a thread: %s", strerror(problem));
        release(t);
        return NULL;
    }
    return t;
}

void tester_cancel(struct tester *t)
{
    atomic_store(&t->cancelled, true);
    sender_wake(t->sender);
}

const struct outcome *tester_outcome(struct tester *t)
{
    return atomic_load(&t->ended) ? &t->outcome : NULL;
}

const char *tester_body(const struct tester *t)
{
    return buf_text(&t->shown);
}

void tester_free(struct tester **t)
{
    if (!*t)
        return;
    tester_cancel(*t);
    pthread_join((*t)->thread, NULL);
    release(*t);
    *t = NULL;
}

bool tester_words(const struct outcome *o, char *out, size_t size)
{
    bool fine = o->kind == OUTCOME_RESPONSE && o->status >= 200 && o->status < 300;
    char took[24], phrase[170] = "";
    duration_human(o->total_us / 1000, took);
    if (!fine)
        diagnosis_phrase(o, phrase, sizeof phrase);
    if (o->kind == OUTCOME_RESPONSE)
        snprintf(out, size, "%d%s%s in %s", o->status, phrase[0] ? " " : "", phrase, took);
    else
        snprintf(out, size, "%s", o->error[0] ? o->error : outcome_kind_name(o->kind));
    return fine;
}
