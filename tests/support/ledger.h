/* What clients sent to an intake and what it answered, held against what came out of it:
 * the account that must be right however often the process in between was killed.
 *
 * Each event carries a number of its own in its name; the requests that a receiver got and
 * the deliveries in the store tell which of them arrived. The receiver answers by a random
 * script of the ledger's. Calls of the test's thread, but where it says otherwise; they
 * fail the test. */
#ifndef SUPPORT_LEDGER_H
#define SUPPORT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "support/receiver.h"

struct ledger;

enum ledger_kind { LEDGER_ERROR, LEDGER_SCORE, LEDGER_PROMPT, LEDGER_KINDS };

struct ledger *ledger_new(struct receiver *r, uint64_t *random);
void ledger_free(struct ledger **l);

/* An alert that wants those kinds (bit 1 << kind). Not steady: it is disabled now and then,
 * so that what it would have sent may also have been dropped. */
void ledger_alert(struct ledger *l, const char *id, unsigned kinds, bool steady);

/* The store may have removed finished deliveries: for them the receiver's word is taken. */
void ledger_allow_purge(struct ledger *l);

/* -------- sending; any thread */

/* Numbers for the events of one request; the first of them is returned. */
size_t ledger_events(struct ledger *l, enum ledger_kind kind, unsigned count);
/* The name that an event carries: appended. */
void ledger_name(struct buf *out, size_t number);
/* How a request was answered, 0: not at all. It may be sent, and answered, several times.
 */
void ledger_answered(struct ledger *l, size_t first, int status);

/* -------- killing */

/* Before a process that sends is killed, and once it is gone. alone: no other has its place
 * yet. */
size_t ledger_before_kill(struct ledger *l);
void ledger_after_kill(struct ledger *l, size_t before, bool alone);

/* -------- the account, once nothing waits any more */

struct ledger_sums {
    size_t requests, accepted, unanswered, refused; /* the three: of requests */
    size_t pairs;                                   /* (event, alert) pairs in deliveries */
    size_t deliveries, dead, purged;
    size_t unknown;  /* attempts */
    size_t repeated; /* requests for what had been answered 200 before */
    size_t kills;
};

/* Fails the test unless: each event of a request that was answered 2xx is in a delivery of
 * each alert that wants it, once; those of a request without an answer are in all or in
 * none, those of one that was answered 503 in none; each delivery has ended; a delivery
 * keeps its id and its body in each of its requests; nothing that was answered 200 is sent
 * again but after a kill; and each request has its attempt in the log. */
void ledger_check(struct ledger *l, const char *dir, struct ledger_sums *sums);

/* PRAGMA integrity_check. */
void ledger_check_file(const char *dir);

#endif
