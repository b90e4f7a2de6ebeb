/* Who is measured: the built program with alerts, and what a team would pick instead. Each
 * start gives false when it cannot, and says so. */
#ifndef BENCH_RIVALS_H
#define BENCH_RIVALS_H

#include <stdio.h>

#include "bench/peer.h"

/* ---------------------------------------------------------------- ours */

const char *ours_program(void); /* $OPIK_ALERTS, or the build folder's */

/* Settings, as --set takes them, NULL at the end; at most OURS_SETS. */
enum { OURS_SETS = 12 };
bool ours_start(struct peer *p, const char *data,
                const char *const *sets); /* data is copied */
/* On a data directory as it lies there, after peer_prepare(). NULL: the one in the peer's
 * folder. */
bool ours_launch(struct peer *p, const char *data, const char *const *sets);

/* Adds alerts to the data directory; write() writes each as the API's JSON. */
bool ours_import(const char *data, size_t count,
                 void (*write)(FILE *f, size_t i, const void *arg), const void *arg);
/* The usual one for a number i: its event type, and a URL that ends in it. */
void ours_write_alert(FILE *f, size_t i, const char *type, const char *url);

/* A number out of the store: first column of the first row; `none`: there is none. */
double ours_number(const char *data, const char *sql, double none);
/* The same store time (ms) as measure_now_s() gives it; the store must be new. */
double ours_time_s(double steady_ms);

/* ---------------------------------------------------------------- the others */

bool mhd_start(struct peer *p, const char *mode); /* peers/peer_mhd.c */

bool alertmanager_installed(void);
/* Groups by `by` and sends each group to the URL (NULL: nobody) after `wait` ("3s"). */
bool alertmanager_start(struct peer *p, const char *by, const char *wait, const char *url);

bool bullmq_installed(void); /* node, redis-server, node_modules */
bool bullmq_start(struct peer *p, int window_ms);

/* Prints once for each program what is missing and left out. */
void rivals_tell_missing(void);

#endif
