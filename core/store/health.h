/* How the store goes, for monitoring and watchdogs: one part of its contract (store.h). */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "store/store.h"

/* How often the writer's loop went round: more after two seconds, or it is stuck. Any thread. */
uint64_t store_turns(struct store *s);

/* Found by indexes, whatever is kept. */
struct store_gauges {
    int64_t oldest_open; /* when the oldest that has not ended was made, wall ms; 0: none */
    int64_t bytes, log_bytes; /* of the file, and of its log of changes */
};
bool store_gauges(struct store_reader *r, struct store_gauges *out, struct err *err);

#endif
