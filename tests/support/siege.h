/* A data directory with alerts, a receiver for them, clients, and the `serve` process in
 * between that is going to be killed. What the proofs of kills have in common. Failures
 * fail the test. */
#ifndef SUPPORT_SIEGE_H
#define SUPPORT_SIEGE_H

#include "support/ledger.h"
#include "support/load.h"
#include "support/program.h"

struct siege {
    struct program *program;
    struct receiver *receiver;
    struct ledger *ledger;
    struct load *load;
    uint64_t random;
    char unsteady[64];      /* the id of an alert that a test may disable */
    struct ledger_sums all; /* of the accounts so far */
};

/* With so many clients, who wait. */
void siege_begin(struct siege *s, size_t clients);
/* Stops the clients, waits until nothing waits any more and asks for the account; `holder`
 * serves meanwhile and stops in order. */
void siege_end(struct siege *s, struct run_child *holder);

/* A `serve` with short times and further words; it is not waited for. */
struct run_child *siege_serve(struct siege *s, const char *words);
/* Waits for its line and sends the clients there. False: not within that time. */
bool siege_listens(struct siege *s, struct run_child *c, int within_ms);

/* Kills it (by SIGKILL, unless it is dead already) and frees it. alone: no standby. */
void siege_kill(struct siege *s, struct run_child **c, bool alone);

/* The file is sound and the sum of doctor adds up. */
void siege_check(struct siege *s);

/* Prints `all`. */
void siege_tell(const struct siege *s, const char *what);

#endif
