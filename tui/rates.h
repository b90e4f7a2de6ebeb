/* What happened in the last half hour, by alert: attempts and failures a minute, and how long
 * answers took. Fed with the attempts in their order. Plain memory; one thread. */
#ifndef TUI_RATES_H
#define TUI_RATES_H

#include <stddef.h>
#include <stdint.h>

/* uthash ends the program when memory is short, unless told what to do instead. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "store/log.h"
#include "store/store.h"

enum { RATES_MINUTES = 30, RATES_LATENCIES = 256 };

struct rate {
    char alert_id[UUID_SIZE];
    int64_t minute; /* of the newest slot, since 1970 */
    int64_t attempts[RATES_MINUTES], failures[RATES_MINUTES]; /* [0] is the newest minute */
    int64_t events[RATES_MINUTES];                            /* of deliveries that arrived */
    int64_t answers[RATES_MINUTES];                           /* attempts with a status */
    int32_t latency_ms[RATES_LATENCIES];                  /* of the last answers, as a ring */
    size_t latency_count;
    UT_hash_handle hh;
};

struct rates { /* zeroed: empty */
    struct rate *items; /* a table by alert_id; the next one is hh.next */
};

void rates_free(struct rates *r);
int64_t rates_since(int64_t now); /* wall ms: where the half hour begins, to the minute */
void rates_add(struct rates *r, const struct try_row *row);
void rates_advance(struct rates *r, int64_t now); /* wall ms: moves the slots on */
const struct rate *rates_of(const struct rates *r, const char *alert_id); /* NULL: none */

/* The value below which `percent` of the half hour's answers lie (of more than RATES_LATENCIES: the
 * last); -1: there is none. */
int64_t rate_latency(const struct rate *r, int percent);
/* The minutes as bars of 0 to 8, [0] the newest, the highest for the busiest; where there is no
 * room for thirty each stands for several minutes. Returns how many, at most `width`. */
enum { RATE_LEVEL_MAX = 8 };
int rate_levels(const int64_t *slots, int width, int levels[RATES_MINUTES]);

int64_t rate_sum(const int64_t *slots); /* of all minutes */

#endif
