/* What ends with an alert: its open buckets and its unfinished deliveries. Internal to
 * store/sqlite. */
#ifndef SQLITE_ENDING_H
#define SQLITE_ENDING_H

#include "store/sqlite/writer.h"

/* The deliveries of the alert ?1 that wait, among its own that are no older than the oldest
 * of all that wait. An index of what waits by alert would be written for each that ever
 * waits, and be read only when somebody changes an alert. */
#define ENDING_WAITS                                                                       \
    " FROM deliveries WHERE alert = ?1 AND state IN (0, 2) AND created_at >= "             \
    "(SELECT coalesce(min(at), 1 << 62) FROM ("                                            \
    "SELECT min(created_at) AS at FROM deliveries WHERE state = 0 AND state <> 3 "         \
    "UNION ALL SELECT min(created_at) FROM deliveries WHERE state = 2 AND state <> 3)) "

/* Drops the alert's open buckets and makes its unfinished deliveries dead letters, all with
 * that reason. */
bool ending_of_alert(struct tx *tx, const char *alert_id, const char *alert_name,
                     const char *reason, struct err *err);

/* A bucket, as it ends. */
struct ending {
    int64_t row, kept, truncated;
    int64_t silence; /* that held it; 0: none */
    bool drops;      /* it only counted what the silence dropped */
};

/* Takes buckets away with their events, each once; sorts them. The caller says why in the log.
 * Those whose rows follow one another are one statement. */
bool ending_remove_buckets(struct tx *tx, struct ending *endings, size_t count, struct err *err);

/* Moves a delivery and its events from one state to another in the sums. */
void ending_count_state(struct tx *tx, enum delivery_state from, enum delivery_state to,
                        int64_t events);

#endif
