#include "store/sqlite/metrics.h"

#include "store/sqlite/store_impl.h"

enum { MINUTE_MS = 60000, HOUR = 60, MEASURED_KEPT = 1000000 };

bool metrics_wanted(struct tx *tx, const char *workspace, enum event_type type, bool *wanted,
                    struct err *err)
{
    const struct alert_use *uses;
    size_t count;
    *wanted = false;
    if (!alert_cache_find(&tx->store->alerts, tx->db, workspace, type, &uses, &count, err))
        return false;
    for (size_t i = 0; i < count && !*wanted; i++)
        *wanted = alert_trigger_of(uses[i].alert, type)->condition_count > 0;
    return true;
}

static bool add_slot(struct tx *tx, const struct metric *m, int64_t minutes, struct err *err)
{
    int64_t minute = tx->wall / MINUTE_MS;
    return db_run(tx->db,
                  "INSERT INTO metrics (workspace, type, name, minutes, slot, project, count, "
                  "sum) VALUES (?, ?, ?, ?, ?, ?, 1, ?) ON CONFLICT DO UPDATE SET "
                  "count = count + 1, sum = sum + excluded.sum",
                  DB_ARGS(db_text(m->workspace), db_int(m->type), db_span(m->name),
                          db_int(minutes), db_int(minute - minute % minutes),
                          db_int(m->project), db_real(m->value)),
                  err);
}

bool metrics_add(struct tx *tx, const struct metric *m, struct err *err)
{
    bool wanted;
    return metrics_wanted(tx, m->workspace, m->type, &wanted, err) &&
           (!wanted || (add_slot(tx, m, 1, err) && add_slot(tx, m, HOUR, err)));
}

bool metrics_first(struct tx *tx, const char *workspace, enum event_type type,
                   struct span id, bool *first, struct err *err)
{
    char canonical[UUID_SIZE];
    unsigned char bytes[16];
    *first = true;
    if (!uuid_read(id, canonical))
        return true;
    uuid_bytes(canonical, bytes);
    if (!db_run(tx->db, "INSERT OR IGNORE INTO measured (id, workspace, type) VALUES (?, ?, ?)",
                DB_ARGS(db_blob((struct span){(char *)bytes, sizeof bytes}),
                        db_text(workspace), db_int(type)),
                err))
        return false;
    *first = db_changes(tx->db) > 0;
    return !*first || db_run(tx->db, "DELETE FROM measured WHERE seq <= ?",
                             DB_ARGS(db_int(db_last_row(tx->db) - MEASURED_KEPT)), err);
}

/* Adds the slots of one length that begin in [from, to). */
static bool add_range(struct db *db, const struct metric *m, int64_t minutes, int64_t from,
                      int64_t to, struct threshold_sum *out, struct err *err)
{
    if (from >= to)
        return true;
    sqlite3_stmt *row =
        db_query(db,
                 "SELECT sum(count), sum(sum) FROM metrics WHERE workspace = ? AND type = ? "
                 "AND name = ? AND minutes = ? AND slot >= ? AND slot < ? "
                 "AND (?7 = 0 OR project = ?7)",
                 DB_ARGS(db_text(m->workspace), db_int(m->type), db_span(m->name),
                         db_int(minutes), db_int(from), db_int(to), db_int(m->project)),
                 err);
    int got = row ? db_step(db, row, err) : -1;
    if (got == 1) {
        out->count += db_col_int(row, 0);
        out->sum += sqlite3_column_double(row, 1);
        db_end(row);
    }
    return got >= 0;
}

bool metrics_sum(struct db *db, const struct metric *m, int64_t window_s, int64_t wall,
                 struct threshold_sum *out, struct err *err)
{
    int64_t from = (wall - window_s * 1000) / MINUTE_MS, end = wall / MINUTE_MS + 1;
    int64_t first_hour = (from + HOUR - 1) / HOUR * HOUR, last_hour = end / HOUR * HOUR;
    *out = (struct threshold_sum){0};
    if (first_hour >= last_hour)
        return add_range(db, m, 1, from, end, out, err);
    return add_range(db, m, 1, from, first_hour, out, err) &&
           add_range(db, m, HOUR, first_hour, last_hour, out, err) &&
           add_range(db, m, 1, last_hour, end, out, err);
}

bool metrics_purge(struct tx *tx, struct err *err)
{
    int64_t oldest = tx->wall / MINUTE_MS - ALERT_WINDOW_MAX_S / 60 - HOUR;
    return db_run(tx->db, "DELETE FROM metrics WHERE slot < ?", DB_ARGS(db_int(oldest)), err);
}
