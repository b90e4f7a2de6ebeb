/* The log: a row for each attempt and for what was dropped. A part of the contract in
 * store.h. */
#ifndef STORE_LOG_H
#define STORE_LOG_H

#include "base/uuid.h"
#include "model/delivery.h"
#include "store/log.h"
#include "store/store.h"

struct log_rows {
    struct log_row *items;
    size_t count;
};
/* As they were written, but for what of them is said of a delivery by now (struct log_row).
 * Rows with seq > after, oldest first; or, with after < 0, the last `limit` rows with
 * seq < before (INT64_MAX: the newest), also oldest first. */
bool store_log_list(struct store_reader *r, const char *workspace, int64_t after,
                    int64_t before, int64_t limit, struct log_rows *out, struct err *err);
void log_rows_free(struct log_rows *rows);

/* Attempts that ended, as figures by alert need them. */
struct try_row {
    int64_t at; /* wall ms */
    char alert_id[UUID_SIZE];
    enum delivery_state state; /* of the delivery, after it */
    int status;
    int64_t events, latency_us;
};
struct try_rows {
    struct try_row *items; /* oldest first */
    size_t count;
    int64_t seq; /* of the newest row of the log; `after`: none is newer */
    bool cut;    /* `limit` was reached: there may be more of them before these */
};
/* Of the newest `limit` rows of the log with seq > after, down to one older than `since`
 * (wall ms). */
bool store_try_list(struct store_reader *r, const char *workspace, int64_t after,
                    int64_t since, int64_t limit, struct try_rows *out, struct err *err);
void try_rows_free(struct try_rows *rows);

#endif
