/* One delivery as the writing steps see it. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_DELIVERY_ROW_H
#define SQLITE_DELIVERY_ROW_H

#include "model/delivery.h"
#include "store/sqlite/alert_last.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/writer.h"

struct delivery_row {
    int64_t row, events;
    char id[UUID_SIZE], alert_id[UUID_SIZE], endpoint[33];
    char *alert_name, *workspace;
    enum event_type type;
    enum delivery_state state;
    int attempts, round_from; /* see 001-store.sql */
    int64_t born_at, next_at; /* next_at 0: none */
};

/* Reads a row of a query that begins with these columns, of `deliveries AS d`; not the
 * names. */
#define DELIVERY_COLUMNS                                                                   \
    "d.row, d.id, d.alert, d.type, d.state, d.events, d.attempts, d.round_from, "          \
    "d.born_at, d.endpoint, d.next_at"
enum { DELIVERY_COLUMN_COUNT = 11 };
void delivery_row_read(sqlite3_stmt *row, struct delivery_row *out);

/* By row, or by id with row == 0. *found false: there is none, and nothing to free. */
bool delivery_row_find(struct tx *tx, int64_t row, const char *id, bool *found,
                       struct delivery_row *out, struct err *err);
void delivery_row_free(struct delivery_row *d);

/* Whether `row` can be in one statement with those from `first` to `before`. */
bool delivery_is_near(int64_t first, int64_t before, int64_t row);

/* Those of the rows, each near the one before, that are there, in order. The caller frees
 * *found of `out`, also after a failure. */
bool delivery_rows_find(struct tx *tx, const int64_t *rows, size_t count,
                        struct delivery_row *out, size_t *found, struct err *err);

struct log_about delivery_row_about(const struct delivery_row *d);

/* Moves it to another state, with its sums and the alert's newest delivery. next_at 0:
 * none; reason NULL: none; status as in struct alert_last. */
struct delivery_move {
    enum delivery_state state;
    int64_t next_at;
    const char *reason;
    int attempts, status;
};
bool delivery_row_move(struct tx *tx, const struct delivery_row *d,
                       const struct delivery_move *to, struct err *err);

enum { DELIVERIES_AT_ONCE = LOG_AT_ONCE };

/* The same for DELIVERIES_AT_ONCE at most, each a delivery once: those that were delivered, are
 * near one another and stand in the order of their rows are one statement. The attempts of each
 * grow by one. */
bool delivery_rows_move(struct tx *tx, const struct delivery_row *rows,
                        const struct delivery_move *moves, size_t count, struct err *err);

/* Moves all of them to SENDING, each a delivery once; sorts them. Those whose rows follow
 * one another are one statement. */
struct delivery_mark {
    int64_t row, events;
    enum delivery_state state;
};
bool delivery_rows_send(struct tx *tx, struct delivery_mark *marks, size_t count,
                        struct err *err);

#endif
