#include "store/sqlite/delivery_row.h"

#include <stdlib.h>
#include <string.h>

#include "store/sqlite/ending.h"
#include "store/sqlite/store_impl.h"

#define SELECT                                                                             \
    "SELECT " DELIVERY_COLUMNS ", d.alert_name, d.workspace FROM deliveries AS d WHERE "
enum { NAME_COLUMN = DELIVERY_COLUMN_COUNT, WORKSPACE_COLUMN };

void delivery_row_read(sqlite3_stmt *row, struct delivery_row *out)
{
    struct span endpoint = db_col_text(row, 9);
    *out = (struct delivery_row){.row = db_col_int(row, 0),
                                 .type = (enum event_type)db_col_int(row, 3),
                                 .state = (enum delivery_state)db_col_int(row, 4),
                                 .events = db_col_int(row, 5),
                                 .attempts = (int)db_col_int(row, 6),
                                 .round_from = (int)db_col_int(row, 7),
                                 .born_at = db_col_int(row, 8),
                                 .next_at = db_col_int(row, 10)};
    db_col_id(row, 1, out->id);
    db_col_id(row, 2, out->alert_id);
    if (endpoint.at && endpoint.len < sizeof out->endpoint)
        memcpy(out->endpoint, endpoint.at, endpoint.len);
}

static bool read_row(sqlite3_stmt *row, struct delivery_row *out, struct err *err)
{
    delivery_row_read(row, out);
    if (db_col_copy(row, NAME_COLUMN, &out->alert_name) &&
        db_col_copy(row, WORKSPACE_COLUMN, &out->workspace))
        return true;
    delivery_row_free(out);
    return err_memory(err);
}

bool delivery_row_find(struct tx *tx, int64_t number, const char *id, bool *found,
                       struct delivery_row *out, struct err *err)
{
    sqlite3_stmt *row =
        number ? db_query(tx->db, SELECT "d.row = ?", DB_ARGS(db_int(number)), err)
               : db_query(tx->db, SELECT "d.id = ?", DB_ARGS(db_text(id)), err);
    int got = row ? db_step(tx->db, row, err) : -1;
    *found = got == 1;
    bool fine = got == 1 ? read_row(row, out, err) : got == 0;
    db_end(row);
    if (fine && *found && id && strcmp(id, out->id) != 0) {
        delivery_row_free(out);
        *found = false;
    }
    return fine;
}

void delivery_row_free(struct delivery_row *d)
{
    free(d->alert_name);
    free(d->workspace);
    d->alert_name = d->workspace = NULL;
}

struct log_about delivery_row_about(const struct delivery_row *d)
{
    return (struct log_about){d->alert_id, d->alert_name, d->workspace, d->type,
                              d->events,   d->row,        d->id};
}

/* SQLite writes every index anew that has a column in it which is named after SET. */
#define MOVE(more)                                                                                 \
    "UPDATE deliveries SET state = ?2, reason = ?3, attempts = ?4" more " WHERE row = ?1"
#define NEXT_AT    ", next_at = ?5"
#define STATUS     ", status = ?6"

static bool move(struct tx *tx, const struct delivery_row *d, const struct delivery_move *to,
                 struct err *err)
{
    bool times = to->next_at || d->next_at, told = to->status != STATUS_AS_IT_WAS;
    const char *sql = times ? told ? MOVE(NEXT_AT STATUS) : MOVE(NEXT_AT)
                            : told ? MOVE(STATUS) : MOVE("");
    const struct db_arg args[] = {db_int(d->row),
                                  db_int(to->state),
                                  db_text(to->reason),
                                  db_int(to->attempts),
                                  to->next_at ? db_int(to->next_at) : db_null(),
                                  db_int(to->status)};
    return db_run(tx->db, sql, args, told ? 6 : times ? 5 : 4, err);
}

/* ---------------------------------------------------------------- several */

enum { WINDOW = 63, GAP = 8 };

/* Those of the rows from ?1 to ?2 whose bit is set in ?3. What a statement costs by itself
 * is more than what it costs to pass over a few rows. */
#define MARKED "row BETWEEN ?1 AND ?2 AND (?3 >> (row - ?1)) & 1"

bool delivery_is_near(int64_t first, int64_t before, int64_t row)
{
    return row > before && row - before <= GAP && row - first < WINDOW;
}

bool delivery_rows_find(struct tx *tx, const int64_t *rows, size_t count,
                        struct delivery_row *out, size_t *found, struct err *err)
{
    int64_t mask = 0;
    for (size_t i = 0; i < count; i++)
        mask |= INT64_C(1) << (rows[i] - rows[0]);
    sqlite3_stmt *row =
        db_query(tx->db, SELECT MARKED " ORDER BY row",
                 DB_ARGS(db_int(rows[0]), db_int(rows[count - 1]), db_int(mask)), err);
    int got = -1;
    *found = 0;
    while (row && (got = db_step(tx->db, row, err)) == 1) {
        if (read_row(row, &out[*found], err)) {
            ++*found;
            continue;
        }
        db_end(row);
        break;
    }
    return got == 0;
}

#define DELIVERED                                                                          \
    "UPDATE OR FAIL deliveries SET state = 3, reason = NULL, attempts = attempts + 1, "    \
    "status = ?4 WHERE " MARKED

static bool same_end(const struct delivery_row *d, const struct delivery_move *to,
                     int status)
{
    return to->state == DELIVERY_DELIVERED && to->status == status && status > 0 &&
           d->next_at == 0 && to->next_at == 0;
}

/* How many from the first on end the same way, and near enough to be one statement. */
static size_t window_of(const struct delivery_row *rows, const struct delivery_move *moves,
                        size_t count, int64_t *mask)
{
    size_t n = 0;
    *mask = 0;
    for (; n < count && same_end(&rows[n], &moves[n], moves[0].status); n++) {
        if (n > 0 && !delivery_is_near(rows[0].row, rows[n - 1].row, rows[n].row))
            break;
        *mask |= INT64_C(1) << (rows[n].row - rows[0].row);
    }
    return n;
}

static bool note_last(struct tx *tx, const struct delivery_row *rows,
                      const struct delivery_move *moves, size_t count, struct err *err)
{
    struct alert_last lasts[DELIVERIES_AT_ONCE];
    const struct alert_known *alert;
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        if (!alert_cache_get(&tx->store->alerts, tx->db, rows[i].alert_id, &alert, err))
            return false;
        if (alert)
            lasts[known++] = (struct alert_last){alert->row, rows[i].row, moves[i].state,
                                                 moves[i].status};
    }
    return alert_last_note(tx, lasts, known, err);
}

bool delivery_rows_move(struct tx *tx, const struct delivery_row *rows,
                        const struct delivery_move *moves, size_t count, struct err *err)
{
    for (size_t i = 0, n; i < count; i += n) {
        int64_t mask;
        n = window_of(&rows[i], &moves[i], count - i, &mask);
        bool fine = n > 1 ? db_run(tx->db, DELIVERED,
                                   DB_ARGS(db_int(rows[i].row), db_int(rows[i + n - 1].row),
                                           db_int(mask), db_int(moves[i].status)),
                                   err)
                          : move(tx, &rows[i], &moves[i], err);
        n += n == 0;
        if (!fine)
            return false;
    }
    for (size_t i = 0; i < count; i++)
        ending_count_state(tx, rows[i].state, moves[i].state, rows[i].events);
    tx->changes |= STORE_CHANGED_DELIVERIES;
    return note_last(tx, rows, moves, count, err);
}

bool delivery_row_move(struct tx *tx, const struct delivery_row *d,
                       const struct delivery_move *to, struct err *err)
{
    return delivery_rows_move(tx, d, to, 1, err);
}

static int compare_marks(const void *a, const void *b)
{
    const struct delivery_mark *left = a, *right = b;
    return (left->row > right->row) - (left->row < right->row);
}

/* OR FAIL: as with those that were delivered. */
#define SEND                                                                               \
    "UPDATE OR FAIL deliveries SET state = 1, reason = NULL, next_at = NULL WHERE row "

static bool send_run(struct tx *tx, int64_t first, int64_t last, struct err *err)
{
    return first == last ? db_run(tx->db, SEND "= ?", DB_ARGS(db_int(first)), err)
                         : db_run(tx->db, SEND "BETWEEN ? AND ?",
                                  DB_ARGS(db_int(first), db_int(last)), err);
}

bool delivery_rows_send(struct tx *tx, struct delivery_mark *marks, size_t count,
                        struct err *err)
{
    bool fine = true;
    if (count > 1)
        qsort(marks, count, sizeof *marks, compare_marks);
    for (size_t i = 0, end; i < count && fine; i = end) {
        for (end = i + 1; end < count && marks[end].row == marks[end - 1].row + 1; end++)
            ;
        fine = send_run(tx, marks[i].row, marks[end - 1].row, err);
    }
    for (size_t i = 0; i < count; i++)
        ending_count_state(tx, marks[i].state, DELIVERY_SENDING, marks[i].events);
    if (count > 0)
        tx->changes |= STORE_CHANGED_DELIVERIES;
    return fine;
}
