#include <stdlib.h>
#include <string.h>

#include "store/sqlite/metrics.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/ids_step.h"
#include "store/sqlite/reader.h"

/* ---------------------------------------------------------------- replay */

/* The attempts are counted anew, and so is the age; the endpoint is the alert's of now. */
static bool replay_one(struct tx *tx, const struct delivery_row *d, int64_t due, bool *did,
                       struct err *err)
{
    *did = false;
    if (!db_run(
            tx->db,
            "UPDATE deliveries SET round_from = attempts, born_at = ?, "
            "endpoint = (SELECT endpoint FROM alerts WHERE id = ?) "
            "WHERE row = ? AND EXISTS (SELECT 1 FROM alerts WHERE id = ? AND enabled = 1)",
            DB_ARGS(db_int(due), db_text(d->alert_id), db_int(d->row),
                    db_text(d->alert_id)),
            err))
        return false;
    if (db_changes(tx->db) == 0)
        return true;
    *did = true;
    const struct delivery_move move = {DELIVERY_WAITING, due, NULL, d->attempts, 0};
    return delivery_row_move(tx, d, &move, err);
}

static bool run_replay(struct step *step, struct tx *tx, struct err *err)
{
    struct ids_step *s = (struct ids_step *)step;
    for (size_t i = 0; i < s->count; i++) {
        struct delivery_row d;
        bool found, did = false, fine = true;
        if (!delivery_row_find(tx, 0, s->ids[i], &found, &d, err))
            return false;
        if (!found)
            continue;
        if (d.state >= DELIVERY_DELIVERED && strcmp(d.workspace, s->workspace) == 0)
            fine = replay_one(tx, &d, tx->steady + s->result * s->spacing_ms, &did, err);
        delivery_row_free(&d);
        if (!fine)
            return false;
        s->result += did;
    }
    return true;
}

void store_replay(struct store *s, const char *workspace, const char *const *ids,
                  size_t count, int64_t spacing_ms, store_done *done, void *arg)
{
    struct ids_step *step =
        ids_step_new(run_replay, workspace, ids, count, NULL, done, arg);
    if (!step)
        return;
    step->spacing_ms = spacing_ms;
    writer_submit(s, &step->step);
}

/* ---------------------------------------------------------------- purge */

struct purge_step {
    struct step step;
    int64_t before, limit, result;
};

struct row_list {
    int64_t *items;
    size_t count;
};

static bool find_old(struct tx *tx, const struct purge_step *s, enum delivery_state state,
                     struct row_list *out, struct err *err)
{
    *out = (struct row_list){0};
    sqlite3_stmt *row = db_query(
        tx->db,
        "SELECT row FROM deliveries WHERE state = ? AND created_at < ? "
        "ORDER BY created_at LIMIT ?",
        DB_ARGS(db_int(state), db_int(s->before), db_int(s->limit - s->result)), err);
    int got = -1;
    while (row && (got = db_step(tx->db, row, err)) == 1) {
        if (!rows_grow((void **)&out->items, out->count, sizeof *out->items, err)) {
            db_end(row);
            return false;
        }
        out->items[out->count++] = db_col_int(row, 0);
    }
    return got == 0;
}

static bool purge_state(struct tx *tx, struct purge_step *s, enum delivery_state state,
                        struct err *err)
{
    struct row_list rows;
    bool fine = find_old(tx, s, state, &rows, err);
    for (size_t i = 0; i < rows.count && fine; i++) {
        fine = db_run(tx->db, "DELETE FROM log WHERE delivery = ?",
                      DB_ARGS(db_int(rows.items[i])), err) &&
               db_run(tx->db, "DELETE FROM deliveries WHERE row = ?",
                      DB_ARGS(db_int(rows.items[i])), err);
        tx->delta[COUNTER_DELIVERIES + (int)state]--;
        s->result++;
    }
    if (rows.count)
        tx->changes |= STORE_CHANGED_DELIVERIES | STORE_CHANGED_LOG;
    free(rows.items);
    return fine;
}

static bool run_purge(struct step *step, struct tx *tx, struct err *err)
{
    struct purge_step *s = (struct purge_step *)step;
    step->result = &s->result;
    return metrics_purge(tx, err) && purge_state(tx, s, DELIVERY_DELIVERED, err) &&
           purge_state(tx, s, DELIVERY_DEAD, err) &&
           db_run(tx->db,
                  "DELETE FROM log WHERE seq IN (SELECT seq FROM log "
                  "WHERE delivery IS NULL AND at < ? ORDER BY at LIMIT ?)",
                  DB_ARGS(db_int(s->before), db_int(s->limit)), err);
}

static void free_purge(struct step *step)
{
    free(step);
}

void store_purge(struct store *s, int64_t before, int64_t limit, store_done *done,
                 void *arg)
{
    struct purge_step *step = step_new(sizeof *step, run_purge, free_purge, done, arg);
    if (!step)
        return;
    step->before = before;
    step->limit = limit;
    step->step.undo = true;
    writer_submit(s, &step->step);
}
