/* What came of attempts, as sums that monitoring reads: by class of answer, and how long they
 * took. Plain values; the owner locks. Pure. */
#ifndef MODEL_ATTEMPT_STATS_H
#define MODEL_ATTEMPT_STATS_H

#include <stdint.h>

#include "model/outcome.h"

enum attempt_class {
    ATTEMPT_2XX,
    ATTEMPT_3XX,
    ATTEMPT_4XX,
    ATTEMPT_5XX,
    ATTEMPT_OTHER,   /* a status that is none of these */
    ATTEMPT_TIMEOUT, /* no complete answer in time */
    ATTEMPT_NETWORK, /* DNS, refused, reset, TLS, a cut answer */
    ATTEMPT_REFUSED, /* never sent: an address, header or URL that is not allowed */
    ATTEMPT_CLASSES
};
const char *attempt_class_name(enum attempt_class c); /* 2xx, timeout */

enum { ATTEMPT_BOUNDS = 11 };
extern const struct attempt_bound {
    int64_t us;          /* at most that long */
    const char *seconds; /* the same, as text */
} ATTEMPT_BOUND[ATTEMPT_BOUNDS];

struct attempt_stats {
    uint64_t by_class[ATTEMPT_CLASSES];
    uint64_t within[ATTEMPT_BOUNDS + 1]; /* of those that were sent: the first bound that holds */
    uint64_t total_us;
};

/* Cancelled and unknown ones count nothing. */
void attempt_stats_add(struct attempt_stats *s, const struct outcome *o);

#endif
