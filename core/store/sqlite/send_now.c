#include <stdlib.h>
#include <string.h>

#include "store/buckets.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/buckets.h"
#include "store/sqlite/tx.h"

struct send_now_step {
    struct step step;
    char *workspace;
    struct audit_by by;
    char **keys;
    size_t count;
    int64_t result;
};

static bool audit_one(const struct send_now_step *s, struct tx *tx, const char *alert_id,
                      const char *key, struct err *err)
{
    char *name = NULL;
    sqlite3_stmt *row = db_query(tx->db, "SELECT name FROM alerts WHERE id = ?",
                                 DB_ARGS(db_text(alert_id)), err);
    int got = row ? db_step(tx->db, row, err) : -1;
    bool fine = got >= 0 && (got == 0 || db_col_copy(row, 0, &name) || err_memory(err));
    db_end(row);
    const struct audit_entry entry = {"bucket.send", key, name, s->workspace, NULL};
    fine = fine && audit_add(tx, &s->by, &entry, err);
    free(name);
    return fine;
}

static bool run_send_now(struct step *step, struct tx *tx, struct err *err)
{
    struct send_now_step *s = (struct send_now_step *)step;
    step->result = &s->result;
    for (size_t i = 0; i < s->count; i++) {
        struct bucket_name name;
        if (!bucket_key_parse(s->keys[i], &name))
            return err_set(err, ERR_INVALID, "%.80s: is no key of a bucket", s->keys[i]);
        if (!db_run(tx->db,
                    "UPDATE buckets SET due_at = min(due_at, ?1), "
                    "until = CASE silence WHEN 0 THEN 0 ELSE -row END "
                    "WHERE alert = ?2 AND type = ?3 AND workspace = ?4 AND drops = 0 "
                    "AND silence = CASE ?5 WHEN '' THEN 0 "
                    "ELSE (SELECT row FROM silences WHERE id = ?5) END",
                    DB_ARGS(db_int(tx->steady), db_text(name.alert), db_int(name.type),
                            db_text(s->workspace), db_text(name.silence)),
                    err))
            return false;
        int64_t open = db_changes(tx->db);
        if (open && !audit_one(s, tx, name.alert, s->keys[i], err))
            return false;
        s->result += open;
    }
    tx->changes |= STORE_CHANGED_BUCKETS;
    return true;
}

static void free_send_now(struct step *step)
{
    struct send_now_step *s = (struct send_now_step *)step;
    for (size_t i = 0; i < s->count; i++)
        free(s->keys[i]);
    free(s->keys);
    free(s->workspace);
    free(s);
}

void store_bucket_send_now(struct store *s, const char *workspace, const char *const *keys,
                           size_t count, store_done *done, void *arg)
{
    struct send_now_step *step =
        step_new(sizeof *step, run_send_now, free_send_now, done, arg);
    if (!step)
        return;
    step->step.undo = step->step.durable = true;
    step->workspace = strdup(workspace);
    audit_by(&step->by, NULL);
    step->keys = calloc(count + 1, sizeof *step->keys);
    bool fine = step->workspace && step->keys;
    for (size_t i = 0; fine && i < count; i++) {
        fine = (step->keys[i] = strdup(keys[i])) != NULL;
        step->count += fine;
    }
    if (fine)
        writer_submit(s, &step->step);
    else
        step_refuse(&step->step);
}
