/* The one thread that writes, and the steps that it carries out. Internal to store/sqlite.
 *
 * A step is a struct that begins with a struct step, malloc'ed by the function of store.h
 * that asks for it. The writer takes all steps that wait, runs them in one transaction,
 * commits, and answers each by its done, in order. */
#ifndef SQLITE_WRITER_H
#define SQLITE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "model/event.h"
#include "store/accept.h"
#include "store/sqlite/db.h"
#include "store/store.h"

/* Sums kept in the table `counters`, changed once for each commit. */
enum counter {
    COUNTER_ACCEPTED,
    COUNTER_UNMATCHED,
    COUNTER_DROPPED,
    COUNTER_WAITING_EVENTS,
    COUNTER_OPEN_BUCKETS,
    COUNTER_DELIVERIES,                                      /* + enum delivery_state */
    COUNTER_EVENTS = COUNTER_DELIVERIES + DELIVERY_DEAD + 1, /* + enum delivery_state */
    COUNTER_SILENCED = COUNTER_EVENTS + DELIVERY_DEAD + 1,   /* of COUNTER_DROPPED */
    COUNTER_COUNT
};

/* One transaction, as a step sees it. */
struct tx {
    struct store *store;
    struct db *db;
    int64_t wall, steady; /* now, read once for the transaction */
    unsigned changes;     /* enum store_change: a step adds what it changed */
    int64_t delta[COUNTER_COUNT];
    int64_t pairs, unmatched; /* of the events emitted so far */

    int64_t requests;       /* numbers given to requests in it */
    int64_t changes_before; /* rows that the connection had ever changed when it began */
};

struct step {
    /* Does the work on the writer thread; sets `result` to memory that lives as long as the
     * step. After a failure nothing of it remains if `undo` is set; a step without it may
     * fail by itself only before it changed anything. ERR_FULL, ERR_IO, ERR_BUSY and
     * ERR_MEMORY fail the whole transaction in any case. */
    bool (*run)(struct step *step, struct tx *tx, struct err *err);
    void (*free)(struct step *step); /* frees the step and what it holds */
    store_done *done;                /* may be NULL */
    void *arg;
    const void *result;
    bool undo;    /* can fail midway by itself: runs in a savepoint */
    bool durable; /* commits with synchronous=FULL */
    bool urgent;  /* an application waits for it */
    bool early;   /* was answered when it was handed over (writer_submit_early) */
    size_t bytes; /* how much it holds, for the bound of a group; 0: little */

    struct step *next; /* the writer's own, as the rest */
    bool failed;
    struct err err;
};

/* Hands a step over. Any thread. Without a writer (read_only) it is answered ERR_DENIED and
 * freed before this returns. */
void writer_submit(struct store *s, struct step *step);

/* Hands over a step without a done, which carries out what nobody waits for: it joins the
 * next group, which begins within about a second, or once there is enough of such steps.
 * False, and nothing was handed over: its facts may change what must survive (passing.h),
 * the store is in trouble, or too much waits already. Any thread. */
bool writer_submit_early(struct store *s, struct step *step, const struct accept *a);

/* Allocates a zeroed step of `size` bytes; without memory `done` is answered at once and
 * NULL returned. */
void *step_new(size_t size, bool (*run)(struct step *, struct tx *, struct err *),
               void (*free_step)(struct step *), store_done *done, void *arg);
/* For a step whose arguments could not be copied: answers ERR_MEMORY and frees it. */
void step_refuse(struct step *step);

/* -------- what a step may call from its run -------- */

/* A number for the request that events came in: unique and growing, also over restarts. Left
 * as it is when *request is one already (not 0). */
bool tx_request(struct tx *tx, int64_t *request, struct err *err);

/* The JSON of an event's entity, in pieces. */
struct entity {
    struct span pieces[6];
    size_t count;
};

/* An event: matched against the alerts as they stand in this transaction and appended to
 * the bucket of each that wants it. Gets an id of its own, and its request a number
 * (tx_request) if any does. All is copied, and nothing where no alert wants it. */
bool tx_emit_pieces(struct tx *tx, const struct event_ref *event, const char *user,
                    int64_t *request, const struct entity *entity, struct err *err);

static inline bool tx_emit(struct tx *tx, const struct event_ref *event, const char *user,
                           int64_t request, struct span entity, struct err *err)
{
    const struct entity whole = {{entity}, 1};
    return tx_emit_pieces(tx, event, user, &request, &whole, err);
}

#endif
