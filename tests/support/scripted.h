/* A network that the test plays: it takes the place of send.h at link time, so a program
 * that uses it names the functions in the Makefile (WRAP_test_x := $(SCRIPTED)). Requests
 * end when the clock of the test says so, in the order of their ends; no answer at all ends
 * as a time-out.
 *
 * One network, one engine in the caller's thread. What the store's writer tells the engine
 * is waited for, so that a run is the same each time. */
#ifndef SUPPORT_SCRIPTED_H
#define SUPPORT_SCRIPTED_H

#include "engine/engine.h"
#include "send/send.h"

struct scripted_answer {
    int64_t after_ms;       /* < 0: none, the request times out */
    int status;             /* 0: the connection is lost */
    int64_t retry_after_ms; /* -1: none */
};

struct scripted_script {
    /* A request begins: what will come of it. *tag is handed to landing(). */
    struct scripted_answer (*started)(void *arg, const struct send_request *r, void **tag);
    /* It ends: before the engine hears of it. May be NULL. */
    void (*landing)(void *arg, void *tag, const struct outcome *outcome);
    void *arg;
};

/* From here on; the clock and what the script points to are borrowed. */
void scripted_begin(const struct clock *clock, const struct scripted_script *script);

/* Turns the engine until it would wait; at most `turns` times (0: as often as it takes,
 * aborts when it goes round in circles). Returns for how long it would (ms of its clock),
 * -1: it would not yet. */
int64_t scripted_settle(struct engine *e, struct store *s, int turns);

/* Until all that was asked of the store is answered, and told to who looks on. In here,
 * while scripted_settle() runs. */
void scripted_let_writer_finish(void);

int64_t scripted_next_end(void); /* of a request under way, steady ms; INT64_MAX: none */
size_t scripted_under_way(void);

#endif
