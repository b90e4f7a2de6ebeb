#include "rates.h"
#include "store/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60000 };

void rates_free(struct rates *r)
{
    struct rate *rate = r->items, *next;
    for (; rate; rate = next) {
        next = rate->hh.next;
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): out of the table, then freed */
        HASH_DEL(r->items, rate);
        free(rate);
    }
}

int64_t rates_since(int64_t now)
{
    return (now / MINUTE_MS - (RATES_MINUTES - 1)) * MINUTE_MS;
}

static void move_slots(int64_t slots[RATES_MINUTES], size_t by)
{
    memmove(slots + by, slots, (RATES_MINUTES - by) * sizeof *slots);
    memset(slots, 0, by * sizeof *slots);
}

/* Slots move towards the end as minutes pass. */
static void advance(struct rate *r, int64_t minute)
{
    int64_t by = minute - r->minute;
    if (by <= 0)
        return;
    if (by > RATES_MINUTES)
        by = RATES_MINUTES;
    move_slots(r->attempts, (size_t)by);
    move_slots(r->failures, (size_t)by);
    move_slots(r->events, (size_t)by);
    move_slots(r->answers, (size_t)by);
    r->minute = minute;
}

const struct rate *rates_of(const struct rates *r, const char *alert_id)
{
    struct rate *found;
    HASH_FIND_STR(r->items, alert_id, found);
    return found;
}

static struct rate *find_or_add(struct rates *r, const char *alert_id, int64_t minute)
{
    struct rate *rate;
    HASH_FIND_STR(r->items, alert_id, rate);
    if (rate)
        return rate;
    rate = calloc(1, sizeof *rate);
    if (!rate)
        return NULL;
    rate->minute = minute;
    snprintf(rate->alert_id, sizeof rate->alert_id, "%s", alert_id);
    HASH_ADD_STR(r->items, alert_id, rate);
    if (rate->hh.tbl)
        return rate;
    free(rate);
    return NULL;
}

void rates_add(struct rates *r, const struct try_row *row)
{
    int64_t minute = row->at / MINUTE_MS;
    struct rate *rate = find_or_add(r, row->alert_id, minute);
    if (!rate)
        return;
    advance(rate, minute);
    int64_t slot = rate->minute - minute;
    if (slot < 0 || slot >= RATES_MINUTES)
        return;
    bool arrived = row->state == DELIVERY_DELIVERED;
    rate->attempts[slot]++;
    rate->failures[slot] += !arrived;
    rate->events[slot] += arrived ? row->events : 0;
    if (!row->status)
        return;
    rate->answers[slot]++;
    rate->latency_ms[rate->latency_count++ % RATES_LATENCIES] =
        (int32_t)(row->latency_us / 1000);
}

void rates_advance(struct rates *r, int64_t now)
{
    for (struct rate *rate = r->items; rate; rate = rate->hh.next)
        advance(rate, now / MINUTE_MS);
}

static int by_value(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

int64_t rate_latency(const struct rate *r, int percent)
{
    int32_t sorted[RATES_LATENCIES];
    size_t answers = (size_t)rate_sum(r->answers);
    size_t count = answers < RATES_LATENCIES ? answers : RATES_LATENCIES;
    if (count == 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        sorted[i] = r->latency_ms[(r->latency_count - 1 - i) % RATES_LATENCIES];
    qsort(sorted, count, sizeof *sorted, by_value);
    return sorted[(count * (size_t)percent + 99) / 100 - 1];
}

int64_t rate_sum(const int64_t *slots)
{
    int64_t sum = 0;
    for (int i = 0; i < RATES_MINUTES; i++)
        sum += slots[i];
    return sum;
}

int rate_levels(const int64_t *slots, int width, int levels[RATES_MINUTES])
{
    if (width < 1)
        return 0;
    int each = (RATES_MINUTES + width - 1) / width, count = (RATES_MINUTES + each - 1) / each;
    int64_t sums[RATES_MINUTES] = {0}, most = 1;
    for (int i = 0; i < RATES_MINUTES; i++)
        sums[i / each] += slots[i];
    for (int i = 0; i < count; i++)
        most = sums[i] > most ? sums[i] : most;
    for (int i = 0; i < count; i++)
        levels[i] = (int)((sums[i] * RATE_LEVEL_MAX + most - 1) / most);
    return count;
}
