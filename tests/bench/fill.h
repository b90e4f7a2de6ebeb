/* A store with a long past, written past the program. */
#ifndef BENCH_FILL_H
#define BENCH_FILL_H

#include <stdbool.h>

/* Adds so many finished deliveries of the store's alerts, each with one attempt; one in 10
 * is dead. The newest FILL_RECENT of them are of the last 20 minutes, whatever the number,
 * the others of the 20 days before: stores of two sizes have the same to show, as many as a
 * screen reads at most. The store is new, and nobody else has it open. False: said on
 * standard error. */
enum { FILL_RECENT = 20000 };
bool fill_attempts(const char *data, long count);

/* Takes out what waits: buckets with their events. */
bool fill_empty_buckets(const char *data);

#endif
