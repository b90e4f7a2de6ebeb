/* How receivers misbehave, a row for each, and what is to come of it: what test_receivers
 * goes through. */
#ifndef TORTURE_RECEIVER_ROWS_H
#define TORTURE_RECEIVER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/delivery.h"
#include "support/receiver.h"

enum {
    WINDOW_MS = 100, /* of the bucket: a date in an answer is so much nearer */
    BRIEF_MS = 300,  /* the time-out of the brief ones, which their errors name */
    HOUR_MS = 3600 * 1000,
};

struct row {
    const char *name;

    struct receiver_answer answer; /* to the first request; the others get 200 */
    enum receiver_door door;       /* the first one finds it so */
    const char *greeting;
    bool ipv6, tls, own_authority;
    enum certificate_kind certificate;
    int newest_tls;
    const char *scheme, *host; /* where the URL says another than the receiver's */
    bool nobody;               /* nobody listens */
    bool brief;                /* it is over by a time-out */
    bool big;                  /* with an event of 4 MiB */

    enum delivery_state state;
    int status;
    const char *error; /* NULL: none, the answer is complete. Parts of it, with | between */
    const char *reason; /* of a dead one */
    int64_t pause_ms;   /* the endpoint's, as asked for; 0: none */
    bool lasting;       /* it is so for the next one too */
    bool unreached;     /* no connection */
    bool unheard;       /* no request */
    bool disabled;      /* the alert */
};

/* Their dates hold from 2026-01-01 00:00:00 UTC on, where the clock of a rig begins. */
extern struct row receiver_rows[];
extern const size_t receiver_row_count;

/* For cmocka, before any row is used: makes the answers that are too long for the table. */
int receiver_rows_make_long(void **state);

#endif
