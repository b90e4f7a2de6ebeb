/* What the engine does: buckets that are due become deliveries, these are claimed, sent and
 * recorded, and what is old goes. A part of the contract in store.h. */
#ifndef STORE_DELIVERING_H
#define STORE_DELIVERING_H

#include "base/buf.h"
#include "base/uuid.h"
#include "model/alert.h"
#include "model/event.h"
#include "model/outcome.h"
#include "rules/retry.h"
#include "store/store.h"

/* The earliest due time (steady ms) of each, INT64_MAX where there is none. */
struct store_due {
    int64_t buckets, deliveries, conditions;
    bool held; /* a bucket is held by a silence */
};
bool store_next_due(struct store_reader *r, struct store_due *due, struct err *err);

/* Takes over everything that an earlier lock holder had under way: each such delivery gets
 * an attempt "outcome unknown" and is due at once; one that was ended meanwhile, its alert
 * disabled or deleted, gets the attempt only. Also after a kill. Endpoints that no alert
 * sends to any more are forgotten. of: the attempts that a delivery may have until it is
 * replayed, for the log. result: const int64_t *. */
void store_recover(struct store *s, int of, store_done *done, void *arg);

/* Turns up to `limit` buckets with due_at <= now into deliveries: one id, one body (fixed
 * from here on), due at once. Fewer where they are large: then more are due still. One for
 * a general webhook that holds over 1 MiB stays open for some calls more, one of them after
 * the other. result: const int64_t *, how many. */
void store_close_due(struct store *s, int64_t now, int64_t limit, store_done *done,
                     void *arg);

/* Looks at up to `limit` conditions that are due, and at each again interval_ms later: one
 * that became true raises an event of its alert (user "system"), and again every repeat_ms
 * while it stays true (0: never). result: const int64_t *, how many. */
void store_check_conditions(struct store *s, int64_t interval_ms, int64_t repeat_ms,
                            int64_t limit, store_done *done, void *arg);

/* A delivery under way: what is needed for one request. `alert` is the alert as it is now,
 * with its secrets. */
struct claim {
    char id[UUID_SIZE];
    int64_t row; /* the store's own number for it */
    char alert_id[UUID_SIZE];
    char endpoint[33]; /* keyed hash of the URL */
    enum event_type type;
    int n;              /* the attempt that this will be, from 1 */
    int64_t created_at; /* steady ms */
    struct alert alert;
    /* With the alert's routing key where it belongs into it. NULL with a body_len: it is
     * long, and read by store_body_part(). */
    char *body;
    size_t body_len;
    bool body_is_secret; /* it holds a routing key */
};
struct claims {
    struct claim *items;
    size_t count;
};
void claim_free(struct claim *c); /* what it holds, secrets wiped */

/* How many an endpoint (keyed hash) takes now. */
struct claim_room {
    char endpoint[33];
    size_t room;
};
struct claim_wish {
    int64_t now, limit;
    bool newest;                    /* those that became due last, in place of the oldest */
    size_t each;                    /* for one endpoint, */
    const struct claim_room *rooms; /* but for these; copied */
    size_t room_count;
    int64_t born_from; /* what is older (steady ms) ends: it is too old to send */
};

/* What store_close_claim() did. */
struct closed {
    int64_t count; /* of buckets */
    struct claims claims;
};

/* As store_close_due(), with wish->now for now, and claims the new deliveries at once where
 * the wish has room and nothing else waits for their endpoint: a step less for each.
 * result: struct closed * whose claims the callee may move out, as store_claim()'s. */
void store_close_claim(struct store *s, int64_t limit, const struct claim_wish *wish,
                       store_done *done, void *arg);

/* Claims due deliveries. They are SENDING until recorded. result: struct claims * whose
 * items the callee may move out (set count to 0); the rest is freed after done. */
void store_claim(struct store *s, const struct claim_wish *wish, store_done *done,
                 void *arg);

/* The part of a long body, of delivery `row`, in which the byte `at` is: replaces what is
 * in `out`, and *from is where in the body it begins. */
bool store_body_part(struct store_reader *r, int64_t row, size_t at, struct buf *out,
                     size_t *from, struct err *err);

/* What came of a claimed delivery, and what follows. */
struct record {
    int64_t row;
    char id[UUID_SIZE];
    int n, of;              /* of this round: since the last replay */
    int64_t created_at;     /* as the claim says; tells the rounds apart */
    bool probe;             /* it asked about the endpoint: where it is tried again, it
                               is none of its tries */
    struct outcome outcome; /* moved in; freed by the store */
    struct retry_decision decision;
    char *request_headers; /* as sent, secrets masked; moved in */
    char endpoint[33];     /* that it was sent to; the alert's may be another by now */
};
/* Takes `records` (a malloc'ed array) over. A delivery that was ended meanwhile (its alert
 * disabled or deleted) keeps its end, the attempt is added all the same. OUTCOME_CANCELLED
 * says that nothing was sent: the delivery waits again, due at decision.next_at, and no
 * attempt is counted. No result. */
void store_record(struct store *s, struct record *records, size_t count, store_done *done,
                  void *arg);

/* Makes up to `limit` deliveries that wait, and were made before `before` (steady ms) or
 * replayed last before it, dead letters: too old to send. result: const int64_t *, how
 * many. */
void store_expire(struct store *s, int64_t before, int64_t limit, store_done *done,
                  void *arg);

/* Removes up to `limit` finished deliveries (with attempts) created before `before` (wall
 * ms), the oldest first, but for what was ended while it was being sent, until its outcome
 * is recorded; as many rows of the log without one; as many audit rows that
 * are older than store_limits.audit_ms; silences that were over before it.
 * result: const int64_t *, the most of one kind: where it is `limit`, there may
 * be more. */
void store_purge(struct store *s, int64_t before, int64_t limit, store_done *done,
                 void *arg);

/* Removes up to `limit` such deliveries, the oldest first, while the store holds more than
 * max_size bytes (pages in use, whatever is in them; free ones are used again and not
 * counted). result: const int64_t *, how many. */
void store_trim(struct store *s, int64_t max_size, int64_t limit, store_done *done,
                void *arg);

#endif
