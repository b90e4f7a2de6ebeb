#include "store/sqlite/silence_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/silences.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"

#define SILENCES                                                                           \
    "SELECT s.row, s.id, s.workspace, s.alert, s.project, s.type, s.mode, s.from_at, "     \
    "s.until_at, s.weekly, s.zone, s.comment, s.created_by, s.created_at, s.ended_at, "    \
    "s.held, s.dropped, a.name, p.name FROM silences AS s "                                \
    "LEFT JOIN alerts AS a ON a.id = s.alert LEFT JOIN projects AS p ON p.id = s.project "

/* A schedule or zone that this machine cannot read is never active, and shown all the same.
 * False: there is no memory to tell. */
static bool read_schedule(sqlite3_stmt *row, struct silence_at *out, struct err *err)
{
    struct err why;
    struct silence *s = &out->silence;
    struct span weekly = db_col_text(row, 9), zone = db_col_text(row, 10);
    if (weekly.len && !silence_week_read(weekly, s, NULL)) {
        s->window_count = 1;
        s->windows[0] = (struct silence_window){0};
    }
    snprintf(s->zone, sizeof s->zone, "%.*s", (int)zone.len, zone.at ? zone.at : "");
    out->zone = weekly.len ? zone_find(s->zone, &why) : NULL;
    return !weekly.len || out->zone || why.code != ERR_MEMORY || err_memory(err);
}

static bool read_row(sqlite3_stmt *row, void *item, struct err *err)
{
    struct silence_at *out = item;
    struct silence *s = &out->silence;
    out->row = db_col_int(row, 0);
    out->state.looked_at = INT64_MAX;
    db_col_id(row, 1, s->id);
    db_col_id(row, 3, s->alert_id);
    db_col_id(row, 4, s->project_id);
    s->has_type = sqlite3_column_type(row, 5) != SQLITE_NULL;
    s->type = (enum event_type)db_col_int(row, 5);
    s->mode = (enum silence_mode)db_col_int(row, 6);
    s->from = db_col_int(row, 7);
    s->until = db_col_int(row, 8);
    if (!read_schedule(row, out, err))
        return false;
    s->created_at = db_col_int(row, 13);
    s->ended_at = db_col_int(row, 14);
    s->held = db_col_int(row, 15);
    s->dropped = db_col_int(row, 16);
    return (db_col_copy(row, 2, &s->workspace) && db_col_copy(row, 11, &s->comment) &&
            db_col_copy(row, 12, &s->created_by) && db_col_copy(row, 17, &s->alert_name) &&
            db_col_copy(row, 18, &s->project_name)) ||
           err_memory(err);
}

static bool read_all(struct db *db, sqlite3_stmt *row, struct silences *out,
                     struct err *err)
{
    if (ROWS_READ(db, row, out, read_row, err))
        return true;
    silences_free(out);
    return false;
}

bool silence_rows_in_force(struct db *db, int64_t now, struct silences *out,
                           struct err *err)
{
    *out = (struct silences){0};
    return read_all(db,
                    db_query(db,
                             SILENCES "WHERE s.ended_at = 0 AND (s.until_at = 0 OR "
                                      "s.until_at > ?)",
                             DB_ARGS(db_int(now)), err),
                    out, err);
}

bool silence_rows_with_id(struct db *db, const char *id, struct silences *out,
                          struct err *err)
{
    *out = (struct silences){0};
    return read_all(db, db_query(db, SILENCES "WHERE s.id = ?", DB_ARGS(db_text(id)), err),
                    out, err);
}

bool store_silence_list(struct store_reader *r, const char *workspace, int64_t now,
                        struct silences *out, struct err *err)
{
    *out = (struct silences){0};
    if (!read_all(r->db,
                  db_query(r->db, SILENCES "WHERE s.workspace = ? ORDER BY s.row DESC",
                           DB_ARGS(db_text(workspace)), err),
                  out, err))
        return false;
    silences_look(out, now);
    return true;
}

bool silence_words(struct tx *tx, int64_t row, char out[SILENCE_WORDS_SIZE],
                   struct err *err)
{
    sqlite3_stmt *found =
        db_query(tx->db, "SELECT created_by, comment FROM silences WHERE row = ?",
                 DB_ARGS(db_int(row)), err);
    int got = found ? db_step(tx->db, found, err) : -1;
    snprintf(out, SILENCE_WORDS_SIZE, "silenced");
    if (got == 1) {
        struct span by = db_col_text(found, 0), comment = db_col_text(found, 1);
        char name[65];
        snprintf(name, sizeof name, "%.*s", (int)by.len, by.at ? by.at : "");
        text_whole(name);
        snprintf(out, SILENCE_WORDS_SIZE, "silenced by %s%s%.*s", name,
                 comment.len ? ": " : "", (int)comment.len, comment.at ? comment.at : "");
        db_end(found);
    }
    return got >= 0;
}

bool silence_rows_end_of_alert(struct tx *tx, const char *alert_id, struct err *err)
{
    silence_cache_reset(&tx->store->silences);
    tx->changes |= STORE_CHANGED_SILENCES;
    return db_run(tx->db,
                  "UPDATE silences SET ended_at = ? WHERE alert = ? AND ended_at = 0",
                  DB_ARGS(db_int(tx->wall), db_text(alert_id)), err);
}

bool silence_rows_purge(struct tx *tx, int64_t before, struct err *err)
{
    if (!db_run(tx->db,
                "DELETE FROM silences WHERE "
                "((ended_at > 0 AND ended_at < ?1) OR (until_at > 0 AND until_at < ?1)) "
                "AND NOT EXISTS (SELECT 1 FROM buckets WHERE silence = silences.row AND "
                "silence <> 0)",
                DB_ARGS(db_int(before)), err))
        return false;
    if (db_changes(tx->db) > 0) {
        silence_cache_reset(&tx->store->silences);
        tx->changes |= STORE_CHANGED_SILENCES;
    }
    return true;
}
