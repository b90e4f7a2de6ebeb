/* The functions of store.h about experiments: what was said of one is kept until it ends. */
#include <stdlib.h>
#include <string.h>

#include "store/experiments.h"
#include "store/sqlite/activity.h"
#include "store/sqlite/ids_step.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"

enum { EXPERIMENTS_KEPT = 10000 };

/* ---------------------------------------------------------------- put */

struct put_step {
    struct step step;
    char *workspace, *id, *body;
};

static bool run_put(struct step *step, struct tx *tx, struct err *err)
{
    const struct put_step *s = (const struct put_step *)step;
    return db_run(tx->db,
                  "INSERT INTO experiments (id, workspace, body) VALUES (?, ?, ?) "
                  "ON CONFLICT DO NOTHING",
                  DB_ARGS(db_text(s->id), db_text(s->workspace), db_text(s->body)), err) &&
           (db_changes(tx->db) == 0 ||
            db_run(tx->db, "DELETE FROM experiments WHERE seq <= ?",
                   DB_ARGS(db_int(db_last_row(tx->db) - EXPERIMENTS_KEPT)), err));
}

static void free_put(struct step *step)
{
    struct put_step *s = (struct put_step *)step;
    free(s->workspace);
    free(s->id);
    free(s->body);
    free(s);
}

void store_experiment_put(struct store *s, const char *workspace, const char *id,
                          const char *body, store_done *done, void *arg)
{
    struct put_step *step = step_new(sizeof *step, run_put, free_put, done, arg);
    if (!step)
        return;
    step->workspace = strdup(workspace);
    step->id = strdup(id);
    step->body = strdup(body);
    step->step.undo = step->step.durable = true;
    if (step->workspace && step->id && step->body)
        writer_submit(s, &step->step);
    else
        step_refuse(&step->step);
}

/* ---------------------------------------------------------------- finish */

/* The body of one that is not finished yet, which it then is. NULL: none, or *err. */
static char *take_unfinished(struct tx *tx, const struct ids_step *s, const char *id,
                             bool *fine, struct err *err)
{
    char *body = NULL;
    sqlite3_stmt *row = db_query(tx->db,
                                 "SELECT body FROM experiments WHERE id = ? AND workspace = ? "
                                 "AND finished = 0",
                                 DB_ARGS(db_text(id), db_text(s->workspace)), err);
    int got = row ? db_step(tx->db, row, err) : -1;
    *fine = got >= 0;
    if (got != 1)
        return NULL;
    *fine = db_col_copy(row, 0, &body) || err_memory(err);
    db_end(row);
    *fine = *fine && db_run(tx->db,
                            "UPDATE experiments SET finished = 1 WHERE id = ? AND workspace = ?",
                            DB_ARGS(db_text(id), db_text(s->workspace)), err);
    return body;
}

static bool run_finish(struct step *step, struct tx *tx, struct err *err)
{
    struct ids_step *s = (struct ids_step *)step;
    const struct event_ref event = {EVENT_EXPERIMENT_FINISHED, s->workspace, NULL};
    int64_t request = 0;
    bool fine = true;
    for (size_t i = 0; i < s->count && fine; i++) {
        char *body = take_unfinished(tx, s, s->ids[i], &fine, err);
        if (body && fine) {
            fine = tx_request(tx, &request, err) &&
                   activity_note(tx, &event, (struct span){0}, s->user, err) &&
                   tx_emit(tx, &event, s->user, request, span_of(body), err);
            s->result++;
        }
        free(body);
    }
    return fine;
}

void store_experiment_finish(struct store *s, const char *workspace, const char *user,
                             const char *const *ids, size_t count, store_done *done, void *arg)
{
    struct ids_step *step = ids_step_new(run_finish, workspace, ids, count, user, done, arg);
    if (step)
        writer_submit(s, &step->step);
}

/* ---------------------------------------------------------------- read */

bool store_experiment_get(struct store_reader *r, const char *workspace, const char *id,
                          struct buf *out, struct err *err)
{
    sqlite3_stmt *row =
        db_query(r->db, "SELECT body FROM experiments WHERE id = ? AND workspace = ?",
                 DB_ARGS(db_text(id), db_text(workspace)), err);
    int got = row ? db_step(r->db, row, err) : -1;
    if (got < 0)
        return false;
    if (got == 0)
        return err_set(err, ERR_NOT_FOUND, "no such experiment");
    bool fine = buf_add_span(out, db_col_text(row, 0)) || err_memory(err);
    db_end(row);
    return fine;
}
