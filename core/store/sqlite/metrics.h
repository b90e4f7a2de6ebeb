/* Counts and sums that thresholds are compared with, by minute, hour and project. Internal to
 * store/sqlite; the writer thread, but for metrics_sum(). */
#ifndef SQLITE_METRICS_H
#define SQLITE_METRICS_H

#include "rules/threshold.h"
#include "store/sqlite/writer.h"

struct metric {
    const char *workspace;
    enum event_type type;
    struct span name; /* of a score; empty: none */
    int64_t project;  /* its row */
    double value;
};

/* Counts one, where an enabled alert of the workspace has a condition for the type: nothing
 * is kept for nobody. */
bool metrics_add(struct tx *tx, const struct metric *m, struct err *err);
bool metrics_wanted(struct tx *tx, const char *workspace, enum event_type type, bool *wanted,
                    struct err *err);

/* Whether a trace's duration or a span's cost is seen for the first time (canonical id). */
bool metrics_first(struct tx *tx, const char *workspace, enum event_type type,
                   struct span id, bool *first, struct err *err);

/* The sum over the last window_s seconds up to `wall`, to the minute; project 0: all. A
 * window of a month costs at most 864 slots a project. */
bool metrics_sum(struct db *db, const struct metric *m, int64_t window_s, int64_t wall,
                 struct threshold_sum *out, struct err *err);

/* Forgets what no window reaches any more. */
bool metrics_purge(struct tx *tx, struct err *err);

#endif
