/* What happened lately, by alert: attempts and failures a minute, and how long answers took.
 * Fed with rows of the log in their order. Plain memory; one thread. */
#ifndef TUI_RATES_H
#define TUI_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "model/delivery.h"

enum { RATES_MINUTES = 30, RATES_LATENCIES = 256 };

struct rate {
    char alert_id[UUID_SIZE];
    int64_t minute; /* of the newest slot, since 1970 */
    int64_t attempts[RATES_MINUTES], failures[RATES_MINUTES]; /* [0] is the newest minute */
    int64_t events[RATES_MINUTES];                            /* of deliveries that arrived */
    int32_t latency_ms[RATES_LATENCIES];                  /* the last ones, as a ring */
    size_t latency_count;
};

struct rates {
    struct rate *items;
    size_t count, room;
};

void rates_free(struct rates *r);
void rates_add(struct rates *r, const struct log_row *row); /* an attempt; others are passed over */
void rates_advance(struct rates *r, int64_t now); /* wall ms: moves the slots on */
const struct rate *rates_of(const struct rates *r, const char *alert_id); /* NULL: none */

/* The value below which `percent` of the last answers lie; -1: there is none. */
int64_t rate_latency(const struct rate *r, int percent);
/* The minutes as bars of 0 to 8, [0] the newest, the highest for the busiest; where there is no
 * room for thirty each stands for several minutes. Returns how many, at most `width`. */
enum { RATE_LEVEL_MAX = 8 };
int rate_levels(const int64_t *slots, int width, int levels[RATES_MINUTES]);

int64_t rate_sum(const int64_t *slots); /* of all minutes */

#endif
