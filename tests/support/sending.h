/* A sender with a driven clock, and requests that are carried to their end. */
#ifndef SUPPORT_SENDING_H
#define SUPPORT_SENDING_H

#include <stdatomic.h>

#include "send/send.h"
#include "support/receiver.h"

#define SENDING_DEADLINE_MS 20000 /* longer than anything here takes */

struct sending {
    struct sender *sender;
    _Atomic int64_t now;
    struct clock clock;
};

/* All abort the test program when they cannot. proxy and ca_file may be NULL. */
void sending_make(struct sending *s, const char *proxy, const char *ca_file);
void sending_make_strict(struct sending *s, const char *proxy); /* refuses private addresses */
void sending_end(struct sending *s);

struct send_request sending_request(const char *url); /* a small body, 5 s and 2 s */

/* What a done leaves: count goes up by one, the outcome is moved into `outcome`. */
struct sent {
    int count;
    struct outcome outcome;
};
void sending_done(void *arg, struct outcome *outcome); /* arg: struct sent * */

/* Turns until nothing is under way. */
void sending_finish(struct sending *s);

/* One request from start to end; the caller frees the outcome. */
struct outcome sending_post(struct sending *s, const struct send_request *request);

/* For cmocka: *state is one that sends to a receiver's /hook. */
struct sending_fixture {
    struct receiver *receiver;
    struct sending sending;
    char url[128];
};
int sending_set_up(void **state);
int sending_tear_down(void **state);

#endif
