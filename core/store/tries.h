/* Attempts that ended, as figures by alert need them. A part of store.h. */
#ifndef STORE_TRIES_H
#define STORE_TRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "model/delivery.h"

struct store_reader;

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
/* Of the newest `limit` rows of the log with seq > after, down to one older than `since` (wall ms). */
bool store_try_list(struct store_reader *r, const char *workspace, int64_t after, int64_t since,
                    int64_t limit, struct try_rows *out, struct err *err);
void try_rows_free(struct try_rows *rows);

#endif
