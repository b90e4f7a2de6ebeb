/* Rows of the log, written within a transaction. Internal to store/sqlite. */
#ifndef SQLITE_LOG_ROWS_H
#define SQLITE_LOG_ROWS_H

#include "model/delivery.h"
#include "store/sqlite/writer.h"

/* What a row says of the alert and the delivery that it belongs to. Borrowed. */
struct log_about {
    const char *alert_id, *alert_name, *workspace;
    enum event_type type;
    int64_t events;
    int64_t delivery; /* row; 0: none */
    const char *delivery_id;
};

bool log_dropped(struct tx *tx, const struct log_about *about, const char *reason,
                 struct err *err);

/* Something about an alert's endpoint; the type and events of `about` say nothing. */
bool log_notice(struct tx *tx, const struct log_about *about, const char *text, struct err *err);

/* An attempt with its details; `state` and `next_at` are the delivery's after it. Its number and
 * `of`, the most it may come to, count the attempts before a replay too. */
bool log_attempt(struct tx *tx, const struct log_about *about,
                 const struct attempt *attempt, int of, enum delivery_state state,
                 struct err *err);

#endif
