/* Retention, by age and by size: what is not finished always stays. So does what was ended
 * while it was being sent, until its outcome is recorded: a long body is read from here by
 * its row's number, which the next delivery may get. */
#include <stdlib.h>

#include "store/delivering.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/bodies.h"
#include "store/sqlite/metrics.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/silence_rows.h"
#include "store/sqlite/store_impl.h"
#include "store/sqlite/writer.h"

#define FINISHED                                                                           \
    " FROM deliveries WHERE state >= 3 AND row NOT IN (SELECT delivery FROM orphans) "

struct purge_step {
    struct step step;
    int64_t before;   /* of a purge by age */
    int64_t max_size; /* of one by size */
    int64_t limit, result;
};

static bool remove_delivery(struct tx *tx, struct purge_step *s, int64_t row,
                            enum delivery_state state, struct err *err)
{
    tx->delta[COUNTER_DELIVERIES + (int)state]--;
    tx->changes |= STORE_CHANGED_DELIVERIES | STORE_CHANGED_LOG;
    s->result++;
    static const char *const its[] = {
        "DELETE FROM attempts WHERE seq IN (SELECT seq FROM log WHERE delivery = ?)",
        "DELETE FROM log WHERE delivery = ?",
        "DELETE FROM deliveries WHERE row = ?",
    };
    if (!body_remove(tx->db, row, err))
        return false;
    for (size_t i = 0; i < sizeof its / sizeof *its; i++)
        if (!db_run(tx->db, its[i], DB_ARGS(db_int(row)), err))
            return false;
    return true;
}

/* What was dropped, and what was only told, has rows of the log without a delivery. */
static bool remove_dropped(struct tx *tx, int64_t before, int64_t limit, struct err *err)
{
    return db_run(tx->db,
                  "DELETE FROM log WHERE seq IN (SELECT seq FROM log "
                  "WHERE delivery IS NULL AND at < ? ORDER BY at LIMIT ?)",
                  DB_ARGS(db_int(before), db_int(limit)), err);
}

static void free_purge(struct step *step)
{
    free(step);
}

static void purge_ask(struct store *store, bool (*run)(struct step *, struct tx *, struct err *),
                      const struct purge_step *what, store_done *done, void *arg)
{
    struct purge_step *step = step_new(sizeof *step, run, free_purge, done, arg);
    if (!step)
        return;
    step->before = what->before;
    step->max_size = what->max_size;
    step->limit = what->limit;
    step->step.undo = true;
    writer_submit(store, &step->step);
}

/* ---------------------------------------------------------------- by age */

struct old_row {
    int64_t row;
    enum delivery_state state;
};

struct row_list {
    struct old_row *items;
    size_t count;
};

static bool read_old(sqlite3_stmt *row, void *item, struct err *err)
{
    (void)err;
    *(struct old_row *)item =
        (struct old_row){db_col_int(row, 0), (enum delivery_state)db_col_int(row, 1)};
    return true;
}

static bool purge_deliveries(struct tx *tx, struct purge_step *s, struct err *err)
{
    struct row_list rows = {0};
    sqlite3_stmt *row = db_query(tx->db,
                                 "SELECT row, state" FINISHED
                                 "AND created_at < ? ORDER BY created_at LIMIT ?",
                                 DB_ARGS(db_int(s->before), db_int(s->limit)), err);
    bool fine = ROWS_READ(tx->db, row, &rows, read_old, err);
    for (size_t i = 0; i < rows.count && fine; i++)
        fine = remove_delivery(tx, s, rows.items[i].row, rows.items[i].state, err);
    free(rows.items);
    return fine;
}

/* change: of which they were rows. */
static void note_removed(struct tx *tx, struct purge_step *s, enum store_change change)
{
    int64_t removed = db_changes(tx->db);
    if (removed > 0)
        tx->changes |= change;
    s->result = removed > s->result ? removed : s->result;
}

static bool purge_rows(struct tx *tx, struct purge_step *s, struct err *err)
{
    if (!remove_dropped(tx, s->before, s->limit, err))
        return false;
    note_removed(tx, s, STORE_CHANGED_LOG);
    if (tx->store->limits.audit_ms == 0)
        return true;
    if (!audit_purge(tx, s->limit, err))
        return false;
    note_removed(tx, s, STORE_CHANGED_AUDIT);
    return true;
}

static bool run_purge(struct step *step, struct tx *tx, struct err *err)
{
    struct purge_step *s = (struct purge_step *)step;
    step->result = &s->result;
    return metrics_purge(tx, err) && purge_deliveries(tx, s, err) &&
           purge_rows(tx, s, err) && silence_rows_purge(tx, s->before, err);
}

void store_purge(struct store *s, int64_t before, int64_t limit, store_done *done, void *arg)
{
    const struct purge_step what = {.before = before, .limit = limit};
    purge_ask(s, run_purge, &what, done, arg);
}

/* ---------------------------------------------------------------- by size */

static bool bytes_in_use(struct tx *tx, int64_t *bytes, struct err *err)
{
    int64_t pages, unused, size;
    if (!db_number(tx->db, "PRAGMA page_count", DB_NO_ARGS, 0, &pages, err) ||
        !db_number(tx->db, "PRAGMA freelist_count", DB_NO_ARGS, 0, &unused, err) ||
        !db_number(tx->db, "PRAGMA page_size", DB_NO_ARGS, 0, &size, err))
        return false;
    *bytes = (pages - unused) * size;
    return true;
}

/* The oldest that is finished, none of which was created before *from. */
static bool remove_oldest(struct tx *tx, struct purge_step *s, int64_t *from, bool *any,
                          struct err *err)
{
    sqlite3_stmt *found = db_query(tx->db,
                                   "SELECT row, state, created_at" FINISHED
                                   "AND created_at >= ? ORDER BY created_at LIMIT 1",
                                   DB_ARGS(db_int(*from)), err);
    struct old_row oldest = {0};
    int got = found ? db_step(tx->db, found, err) : -1;
    *any = got == 1;
    if (*any) {
        read_old(found, &oldest, err);
        *from = db_col_int(found, 2);
    }
    db_end(found);
    return got == 0 || (got == 1 && remove_delivery(tx, s, oldest.row, oldest.state, err) &&
                        remove_dropped(tx, *from, s->limit, err));
}

static bool run_trim(struct step *step, struct tx *tx, struct err *err)
{
    struct purge_step *s = (struct purge_step *)step;
    int64_t from = INT64_MIN; /* what is not finished is not read again for each row */
    bool any = true;
    step->result = &s->result;
    while (any && s->result < s->limit) {
        int64_t bytes;
        if (!bytes_in_use(tx, &bytes, err))
            return false;
        if (bytes <= s->max_size)
            return true;
        if (!remove_oldest(tx, s, &from, &any, err))
            return false;
    }
    return true;
}

void store_trim(struct store *s, int64_t max_size, int64_t limit, store_done *done, void *arg)
{
    const struct purge_step what = {.max_size = max_size, .limit = limit};
    purge_ask(s, run_trim, &what, done, arg);
}
