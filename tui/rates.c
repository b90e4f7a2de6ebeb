#include "rates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rates_free(struct rates *r)
{
    free(r->items);
    *r = (struct rates){0};
}

/* Slots move towards the end as minutes pass. */
static void advance(struct rate *r, int64_t minute)
{
    int64_t by = minute - r->minute;
    if (by <= 0)
        return;
    if (by > RATES_MINUTES)
        by = RATES_MINUTES;
    size_t kept = (size_t)(RATES_MINUTES - by), gone = (size_t)by;
    memmove(r->attempts + by, r->attempts, kept * sizeof *r->attempts);
    memmove(r->failures + by, r->failures, kept * sizeof *r->failures);
    memmove(r->events + by, r->events, kept * sizeof *r->events);
    memset(r->attempts, 0, gone * sizeof *r->attempts);
    memset(r->failures, 0, gone * sizeof *r->failures);
    memset(r->events, 0, gone * sizeof *r->events);
    r->minute = minute;
}

static struct rate *find(const struct rates *r, const char *alert_id)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->items[i].alert_id, alert_id) == 0)
            return &r->items[i];
    return NULL;
}

static struct rate *find_or_add(struct rates *r, const char *alert_id, int64_t minute)
{
    struct rate *found = find(r, alert_id);
    if (found)
        return found;
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 16;
        struct rate *more = realloc(r->items, room * sizeof *more);
        if (!more)
            return NULL;
        r->items = more;
        r->room = room;
    }
    found = &r->items[r->count++];
    *found = (struct rate){.minute = minute};
    snprintf(found->alert_id, sizeof found->alert_id, "%s", alert_id);
    return found;
}

void rates_add(struct rates *r, const struct log_row *row)
{
    int64_t minute = row->at / 60000;
    if (row->kind != LOG_ATTEMPT)
        return;
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
    if (row->status)
        rate->latency_ms[rate->latency_count++ % RATES_LATENCIES] =
            (int32_t)(row->latency_us / 1000);
}

void rates_advance(struct rates *r, int64_t now)
{
    for (size_t i = 0; i < r->count; i++)
        advance(&r->items[i], now / 60000);
}

const struct rate *rates_of(const struct rates *r, const char *alert_id)
{
    return find(r, alert_id);
}

static int by_value(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

int64_t rate_latency(const struct rate *r, int percent)
{
    int32_t sorted[RATES_LATENCIES];
    size_t count = r->latency_count < RATES_LATENCIES ? r->latency_count : RATES_LATENCIES;
    if (count == 0)
        return -1;
    memcpy(sorted, r->latency_ms, count * sizeof *sorted);
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
