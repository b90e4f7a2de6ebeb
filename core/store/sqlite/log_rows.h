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

/* Attempts with their details; `state` is the delivery's after it, as is next_at of the
 * attempt. Several rows are one statement: of more than one, the step must be undone if
 * this fails. Its number and `of`, the most it may come to, count the attempts before a replay
 * too. */
enum { LOG_AT_ONCE = 8 };
struct log_entry {
    struct log_about about;
    struct attempt attempt;
    int of;
    enum delivery_state state;
};
bool log_attempts(struct tx *tx, const struct log_entry *entries, size_t count,
                  struct err *err);

#endif
