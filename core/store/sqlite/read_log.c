#include <stdlib.h>

#include "store/log.h"
#include "store/sqlite/reader.h"

/* Of a retry that was to follow, its delivery tells what became of it: only for the last of its
 * attempts, or one that has ended would be told of each. */
#define COLUMNS                                                                            \
    "SELECT l.seq, l.kind, l.at, l.alert, l.alert_name, l.workspace, l.type, l.events, "   \
    "l.delivery_id, l.n, l.of, l.outcome, l.status, l.latency_us, l.state, l.next_at, "    \
    "l.text, d.state = 2, CASE d.state WHEN 4 THEN coalesce(d.reason, '') END "            \
    "FROM log AS l LEFT JOIN deliveries AS d "                                             \
    "ON l.state = 2 AND d.row = l.delivery AND d.attempts = l.n WHERE "

static bool read_row(sqlite3_stmt *row, void *item, struct err *err)
{
    struct log_row *out = item;
    out->seq = db_col_int(row, 0);
    out->kind = (enum log_kind)db_col_int(row, 1);
    out->at = db_col_int(row, 2);
    db_col_id(row, 3, out->alert_id);
    out->type = (enum event_type)db_col_int(row, 6);
    out->events = db_col_int(row, 7);
    db_col_id(row, 8, out->delivery_id);
    out->n = (int)db_col_int(row, 9);
    out->of = (int)db_col_int(row, 10);
    out->outcome = (enum outcome_kind)db_col_int(row, 11);
    out->status = (int)db_col_int(row, 12);
    out->latency_us = db_col_int(row, 13);
    out->state = (enum delivery_state)db_col_int(row, 14);
    out->next_at = db_col_int(row, 15);
    out->waits = db_col_int(row, 17);
    return (db_col_copy(row, 4, &out->alert_name) && db_col_copy(row, 5, &out->workspace) &&
            db_col_copy(row, 16, &out->text) && db_col_copy(row, 18, &out->ended)) ||
           err_memory(err);
}

static sqlite3_stmt *page_query(struct db *db, const char *workspace, int64_t after,
                                int64_t before, int64_t limit, struct err *err)
{
    if (after >= 0)
        return workspace
                   ? db_query(db, COLUMNS "l.workspace = ? AND l.seq > ? ORDER BY l.seq LIMIT ?",
                              DB_ARGS(db_text(workspace), db_int(after), db_int(limit)),
                              err)
                   : db_query(db, COLUMNS "l.seq > ? ORDER BY l.seq LIMIT ?",
                              DB_ARGS(db_int(after), db_int(limit)), err);
    return workspace
               ? db_query(db, COLUMNS "l.workspace = ? AND l.seq < ? ORDER BY l.seq DESC LIMIT ?",
                          DB_ARGS(db_text(workspace), db_int(before), db_int(limit)), err)
               : db_query(db, COLUMNS "l.seq < ? ORDER BY l.seq DESC LIMIT ?",
                          DB_ARGS(db_int(before), db_int(limit)), err);
}

bool store_log_list(struct store_reader *r, const char *workspace, int64_t after,
                    int64_t before, int64_t limit, struct log_rows *out, struct err *err)
{
    *out = (struct log_rows){0};
    sqlite3_stmt *row =
        page_query(r->db, workspace, after, before, limit < 0 ? 0 : limit, err);
    if (!ROWS_READ(r->db, row, out, read_row, err)) {
        log_rows_free(out);
        return false;
    }
    if (after < 0)
        rows_turn_round(out->items, out->count, sizeof *out->items);
    return true;
}

void log_rows_free(struct log_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        log_row_free(&rows->items[i]);
    free(rows->items);
    *rows = (struct log_rows){0};
}

/* ---------------------------------------------------------------- tries */

#define TRIES "SELECT seq, at, kind, alert, state, status, events, latency_us FROM log WHERE "

static sqlite3_stmt *tries_query(struct db *db, const char *workspace, int64_t after,
                                 struct err *err)
{
    return workspace ? db_query(db, TRIES "workspace = ? AND seq > ? ORDER BY seq DESC",
                                DB_ARGS(db_text(workspace), db_int(after)), err)
                     : db_query(db, TRIES "seq > ? ORDER BY seq DESC", DB_ARGS(db_int(after)), err);
}

static bool add_try(sqlite3_stmt *row, struct try_rows *out, struct err *err)
{
    if (db_col_int(row, 2) != LOG_ATTEMPT)
        return true;
    if (!rows_grow((void **)&out->items, out->count, sizeof *out->items, err))
        return false;
    struct try_row *t = &out->items[out->count++];
    t->at = db_col_int(row, 1);
    db_col_id(row, 3, t->alert_id);
    t->state = (enum delivery_state)db_col_int(row, 4);
    t->status = (int)db_col_int(row, 5);
    t->events = db_col_int(row, 6);
    t->latency_us = db_col_int(row, 7);
    return true;
}

bool store_try_list(struct store_reader *r, const char *workspace, int64_t after, int64_t since,
                    int64_t limit, struct try_rows *out, struct err *err)
{
    *out = (struct try_rows){.seq = after};
    sqlite3_stmt *row = tries_query(r->db, workspace, after, err);
    int got = row ? 0 : -1;
    for (int64_t seen = 0; got >= 0 && (got = db_step(r->db, row, err)) == 1; seen++) {
        if (seen == 0)
            out->seq = db_col_int(row, 0);
        out->cut = seen == limit;
        if (out->cut || db_col_int(row, 1) < since)
            break;
        if (!add_try(row, out, err))
            got = -1;
    }
    db_end(row);
    rows_turn_round(out->items, out->count, sizeof *out->items);
    if (got < 0)
        try_rows_free(out);
    return got >= 0;
}

void try_rows_free(struct try_rows *rows)
{
    free(rows->items);
    *rows = (struct try_rows){0};
}
