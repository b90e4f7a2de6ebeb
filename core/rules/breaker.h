/* When an endpoint is left alone. Pure: time comes in as numbers (steady ms).
 *
 * It opens after 20 failures in a row, of at least 5 deliveries, over at least 60 s. While it is
 * open one request at a time probes the endpoint, after 10 s at first, then after twice the wait,
 * at most 5 min. An answer to a probe begins the ramp: one slot, twice as many after each success,
 * until the endpoint has all of its slots again and the breaker is closed. A failure within the
 * ramp opens it again. What waits meanwhile spends no attempts. */
#ifndef RULES_BREAKER_H
#define RULES_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/outcome.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_RAMP };

enum {
    BREAKER_FAILURES = 20,
    BREAKER_DELIVERIES = 5,
    BREAKER_SPAN_MS = 60 * 1000,
    BREAKER_PROBE_MS = 10 * 1000,
    BREAKER_PROBE_MAX_MS = 300 * 1000,
};

struct breaker { /* zeroed: closed, nothing failed */
    enum breaker_state state;
    int failures; /* in a row */
    int deliveries;
    int64_t seen[BREAKER_DELIVERIES]; /* those deliveries, by their number */
    int64_t first_failure_at;
    int64_t probe_at, probe_wait_ms; /* OPEN: when one may be sent */
    size_t slots;                    /* RAMP */
};

/* What an outcome says of the endpoint: 1 it is well (it answered, even with a refusal of this one
 * request), -1 it is not (5xx, 429, no complete answer), 0 nothing. */
int breaker_judge(const struct outcome *o);

/* Takes the outcome of an attempt for delivery number `delivery`. True: the state changed, or
 * another probe failed (probe_at is new). */
bool breaker_note(struct breaker *b, int verdict, int64_t delivery, size_t all_slots,
                  int64_t now);

/* As it was before a restart: what is not kept begins anew. */
void breaker_restore(struct breaker *b, enum breaker_state state, int64_t probe_at);

size_t breaker_slots(const struct breaker *b, size_t all_slots, int64_t now);

const char *breaker_state_name(enum breaker_state s); /* closed, open, recovering */

#endif
