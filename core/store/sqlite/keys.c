#include "store/sqlite/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"

static bool read_id(struct db *db, bool *found, char out[33], struct err *err)
{
    sqlite3_stmt *row = db_query(db, "SELECT key FROM sealing WHERE row = 1", DB_NO_ARGS, err);
    int got = row ? db_step(db, row, err) : -1;
    *found = got == 1;
    if (*found) {
        struct span id = db_col_text(row, 0);
        snprintf(out, 33, "%.*s", (int)id.len, id.at);
    }
    db_end(row);
    return got >= 0;
}

bool keys_check(struct db *db, struct sealer *sealer, struct err *err)
{
    char stored[33], own[33];
    bool found;
    if (!read_id(db, &found, stored, err))
        return false;
    sealer_id(sealer, own);
    return !found || strcmp(stored, own) == 0 || sealer_adopt(sealer, stored, err);
}

/* One alert is as good as all of them: until now there was but one key. */
static bool opens(struct db *db, const struct sealer *sealer, struct err *err)
{
    sqlite3_stmt *row = db_query(db, "SELECT id, sealed FROM alerts LIMIT 1", DB_NO_ARGS, err);
    int got = row ? db_step(db, row, err) : -1;
    bool fine = got >= 0;
    if (got == 1) {
        struct buf plain;
        char id[UUID_SIZE];
        buf_init_secret(&plain, BUF_UNLIMITED);
        db_col_id(row, 0, id);
        fine = unseal(sealer, id, db_col_blob(row, 1), &plain, err);
        buf_free(&plain);
    }
    db_end(row);
    return fine;
}

bool keys_note(struct db *db, const struct sealer *sealer, struct err *err)
{
    char id[33];
    bool found;
    if (!read_id(db, &found, id, err))
        return false;
    if (found)
        return true;
    sealer_id(sealer, id);
    return opens(db, sealer, err) &&
           db_run(db, "INSERT OR IGNORE INTO sealing (row, key) VALUES (1, ?)",
                  DB_ARGS(db_text(id)), err);
}

/* ---------------------------------------------------------------- sealing anew */

struct rekey_step {
    struct step step;
    struct audit_by by;
    struct store *store;
    store_done *done; /* the caller's */
    void *arg;
    char id[33]; /* of the new key */
    int64_t result;
};

struct id_list {
    char (*items)[UUID_SIZE];
    size_t count;
};

static bool read_alert_id(sqlite3_stmt *row, void *item, struct err *err)
{
    (void)err;
    db_col_id(row, 0, item);
    return true;
}

static bool list_ids(struct tx *tx, struct id_list *out, struct err *err)
{
    *out = (struct id_list){0};
    sqlite3_stmt *row = db_query(tx->db, "SELECT id FROM alerts", DB_NO_ARGS, err);
    return ROWS_READ(tx->db, row, out, read_alert_id, err);
}

/* Endpoints are named by a keyed hash, so they get new names wherever they stand. */
static bool rename_endpoint(struct tx *tx, const struct alert *a, const struct sealer *next,
                            char endpoint[33], struct err *err)
{
    char old[33];
    struct span url = span_of(a->url ? a->url : "");
    seal_hash(tx->store->sealer, url, old);
    seal_hash(next, url, endpoint);
    return db_run(tx->db, "UPDATE deliveries SET endpoint = ? WHERE alert = ? AND endpoint = ?",
                  DB_ARGS(db_text(endpoint), db_text(a->id), db_text(old)), err) &&
           db_run(tx->db, "UPDATE OR REPLACE endpoints SET endpoint = ? WHERE endpoint = ?",
                  DB_ARGS(db_text(endpoint), db_text(old)), err);
}

static bool reseal(struct tx *tx, const char *id, const struct sealer *next, struct err *err)
{
    struct alert a;
    struct buf sealed;
    struct err own = {0};
    char endpoint[33];
    bool found;
    if (!alert_row_find(tx->db, tx->store->sealer, id, &found, &a, &own))
        return err_set(err, own.code, "alert %s: %s", id, own.text);
    if (!found)
        return true;
    buf_init(&sealed, BUF_UNLIMITED);
    bool fine = alert_secrets_seal(next, &a, &sealed, err) &&
                rename_endpoint(tx, &a, next, endpoint, err) &&
                db_run(tx->db, "UPDATE alerts SET sealed = ?, endpoint = ? WHERE id = ?",
                       DB_ARGS(db_blob(buf_span(&sealed)), db_text(endpoint), db_text(id)), err);
    buf_free(&sealed);
    alert_free(&a);
    return fine;
}

static bool reseal_all(struct rekey_step *s, struct tx *tx, const struct sealer *next,
                       struct err *err)
{
    struct id_list ids;
    char detail[64];
    bool fine = list_ids(tx, &ids, err);
    for (size_t i = 0; fine && i < ids.count; i++)
        fine = reseal(tx, ids.items[i], next, err);
    s->result = (int64_t)ids.count;
    free(ids.items);
    snprintf(detail, sizeof detail, "%lld alerts sealed anew", (long long)s->result);
    const struct audit_entry entry = {.action = "cli.rekey", .detail = detail};
    sealer_id(next, s->id);
    return fine && audit_add(tx, &s->by, &entry, err) &&
           db_run(tx->db, "UPDATE sealing SET key = ? WHERE row = 1", DB_ARGS(db_text(s->id)),
                  err);
}

/* What comes after this step in its transaction seals with the new key already; if the commit
 * fails, the check after it finds the old one again. */
static bool run_rekey(struct step *step, struct tx *tx, struct err *err)
{
    struct rekey_step *s = (struct rekey_step *)step;
    struct sealer *next = sealer_next(tx->store->sealer, err);
    step->result = &s->result;
    if (!next)
        return false;
    bool fine = reseal_all(s, tx, next, err);
    if (fine) {
        sealer_take(tx->store->sealer, next);
        alert_cache_reset(&tx->store->alerts);
        tx->changes |= STORE_CHANGED_ALERTS | STORE_CHANGED_DELIVERIES;
    }
    sealer_close(&next);
    return fine;
}

static void free_rekey(struct step *step)
{
    free(step);
}

/* After the commit, which is what counts: who finds the key still in its place aside takes it. */
static void rekey_done(void *arg, const struct err *err, const void *result)
{
    struct rekey_step *s = arg;
    struct err own = {0};
    if (!err && !sealer_adopt(s->store->sealer, s->id, &own))
        err = &own;
    if (s->done)
        s->done(s->arg, err, err ? NULL : result);
}

void store_rekey(struct store *s, const char *user, store_done *done, void *arg)
{
    struct rekey_step *step = step_new(sizeof *step, run_rekey, free_rekey, done, arg);
    if (!step)
        return;
    step->store = s;
    step->done = done;
    step->arg = arg;
    step->step.done = rekey_done;
    step->step.arg = step;
    step->step.undo = step->step.durable = true;
    audit_by(&step->by, user);
    writer_submit(s, &step->step);
}
