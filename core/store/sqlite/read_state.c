#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "store/buckets.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/health.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/writer.h"

bool store_next_due(struct store_reader *r, struct store_due *due, struct err *err)
{
    int64_t held;
    bool fine =
        db_number(r->db, "SELECT min(due_at) FROM buckets", DB_NO_ARGS, INT64_MAX,
                  &due->buckets, err) &&
        db_number(r->db, "SELECT min(next_at) FROM deliveries WHERE next_at IS NOT NULL",
                  DB_NO_ARGS, INT64_MAX, &due->deliveries, err) &&
        db_number(r->db, "SELECT min(due_at) FROM conditions", DB_NO_ARGS, INT64_MAX,
                  &due->conditions, err) &&
        db_number(r->db, "SELECT min(silence) FROM buckets WHERE silence <> 0", DB_NO_ARGS,
                  0, &held, err);
    due->held = fine && held != 0;
    return fine;
}

/* min() of two columns of an index is one look; of states that are open there are three. */
static bool oldest_open(struct store_reader *r, int64_t *out, struct err *err)
{
    *out = 0;
    for (int state = DELIVERY_WAITING; state < DELIVERY_DELIVERED; state++) {
        int64_t at;
        if (!db_number(r->db,
                       "SELECT min(created_at) FROM deliveries WHERE state = ? AND state <> 3",
                       DB_ARGS(db_int(state)), 0, &at, err))
            return false;
        if (at && (!*out || at < *out))
            *out = at;
    }
    return true;
}

static int64_t file_size(const char *path, const char *end)
{
    struct stat st;
    struct buf name;
    buf_init(&name, BUF_UNLIMITED);
    bool found = buf_add_format(&name, "%s%s", path, end) && stat(buf_text(&name), &st) == 0;
    buf_free(&name);
    return found ? st.st_size : 0;
}

bool store_gauges(struct store_reader *r, struct store_gauges *out, struct err *err)
{
    const char *path = sqlite3_db_filename(db_handle(r->db), "main");
    *out = (struct store_gauges){.bytes = path ? file_size(path, "") : 0,
                                 .log_bytes = path ? file_size(path, "-wal") : 0};
    return oldest_open(r, &out->oldest_open, err);
}

/* ---------------------------------------------------------------- buckets */

#define BUCKETS                                                                            \
    "SELECT b.alert, a.name, b.workspace, b.type, b.kept + b.truncated, b.opened_at, "     \
    "b.due_at, s.id FROM buckets AS b LEFT JOIN alerts AS a ON a.id = b.alert "            \
    "LEFT JOIN silences AS s ON s.row = b.silence WHERE b.drops = 0 "
#define BUCKET_ORDER "ORDER BY b.due_at LIMIT ?"

static bool read_bucket(sqlite3_stmt *row, void *item, struct err *err)
{
    struct bucket *out = item;
    db_col_id(row, 0, out->alert_id);
    out->type = (enum event_type)db_col_int(row, 3);
    out->events = db_col_int(row, 4);
    out->opened_at = db_col_int(row, 5);
    out->due_at = db_col_int(row, 6);
    db_col_id(row, 7, out->silence_id);
    snprintf(out->key, sizeof out->key, "alert_bucket:%s:%s%s%s", out->alert_id,
             event_type_name(out->type), out->silence_id[0] ? ":" : "", out->silence_id);
    return (db_col_copy(row, 1, &out->alert_name) &&
            db_col_copy(row, 2, &out->workspace)) ||
           err_memory(err);
}

bool store_bucket_list(struct store_reader *r, const char *workspace, int64_t limit,
                       struct bucket_rows *out, struct err *err)
{
    *out = (struct bucket_rows){0};
    int64_t most = limit < 0 ? 0 : limit;
    sqlite3_stmt *row = workspace ? db_query(r->db, BUCKETS "AND b.workspace = ? " BUCKET_ORDER,
                             DB_ARGS(db_text(workspace), db_int(most)), err)
                  : db_query(r->db, BUCKETS BUCKET_ORDER, DB_ARGS(db_int(most)), err);
    if (ROWS_READ(r->db, row, out, read_bucket, err))
        return true;
    bucket_rows_free(out);
    return false;
}

void bucket_rows_free(struct bucket_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        bucket_free(&rows->items[i]);
    free(rows->items);
    *rows = (struct bucket_rows){0};
}

/* ---------------------------------------------------------------- sums */

static void add_sum(struct store_counts *out, int64_t name, int64_t value)
{
    switch (name) {
    case COUNTER_ACCEPTED:
        out->accepted = value;
        break;
    case COUNTER_UNMATCHED:
        out->unmatched = value;
        break;
    case COUNTER_DROPPED:
        out->dropped = value;
        break;
    case COUNTER_SILENCED:
        out->silenced = value;
        break;
    case COUNTER_WAITING_EVENTS:
        out->waiting_events = value;
        break;
    case COUNTER_OPEN_BUCKETS:
        out->open_buckets = value;
        break;
    default:
        if (name >= COUNTER_DELIVERIES && name <= COUNTER_DELIVERIES + DELIVERY_DEAD)
            out->deliveries[name - COUNTER_DELIVERIES] = value;
        else if (name >= COUNTER_EVENTS && name <= COUNTER_EVENTS + DELIVERY_DEAD)
            out->events[name - COUNTER_EVENTS] = value;
        break;
    }
}

bool store_counts(struct store_reader *r, struct store_counts *out, struct err *err)
{
    *out = (struct store_counts){0};
    sqlite3_stmt *row =
        db_query(r->db, "SELECT name, value FROM counters", DB_NO_ARGS, err);
    int got = -1;
    while (row && (got = db_step(r->db, row, err)) == 1)
        add_sum(out, db_col_int(row, 0), db_col_int(row, 1));
    return got == 0;
}

bool store_workspace_known(struct store_reader *r, const char *workspace, bool *known,
                           struct err *err)
{
    int64_t found = 0;
    bool fine = db_number(r->db,
                          "SELECT EXISTS (SELECT 1 FROM alerts WHERE workspace = ?1) "
                          "OR EXISTS (SELECT 1 FROM projects WHERE workspace = ?1) "
                          "OR EXISTS (SELECT 1 FROM prompts WHERE workspace = ?1) "
                          "OR EXISTS (SELECT 1 FROM deliveries WHERE workspace = ?1)",
                          DB_ARGS(db_text(workspace)), 0, &found, err);
    *known = found != 0;
    return fine;
}

/* ---------------------------------------------------------------- what waits longest */

static bool read_oldest(sqlite3_stmt *row, void *item, struct err *err)
{
    struct oldest_row *out = item;
    (void)err;
    db_col_id(row, 0, out->alert_id);
    out->created_at = db_col_int(row, 1);
    return true;
}

bool store_oldest_open(struct store_reader *r, struct oldest_rows *out, struct err *err)
{
    *out = (struct oldest_rows){0};
    sqlite3_stmt *row = db_query(r->db,
                                 "SELECT alert, min(created_at) FROM deliveries "
                                 "INDEXED BY deliveries_by_state WHERE state IN (0, 1, 2) "
                                 "AND state <> 3 GROUP BY alert ORDER BY alert",
                                 DB_NO_ARGS, err);
    if (ROWS_READ(r->db, row, out, read_oldest, err))
        return true;
    oldest_rows_free(out);
    return false;
}

void oldest_rows_free(struct oldest_rows *rows)
{
    free(rows->items);
    *rows = (struct oldest_rows){0};
}

int64_t oldest_rows_of(const struct oldest_rows *rows, const char *alert_id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows->items[i].alert_id, alert_id) == 0)
            return rows->items[i].created_at;
    return 0;
}
