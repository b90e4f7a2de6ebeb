#include "store/sqlite/tx.h"

#include <string.h>

#include "rules/match.h"
#include "store/sqlite/draft.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/store_impl.h"

enum {
    PROJECTS_KEPT = 4096,
    /* In the same table: the last number given to a request, and when the last commit was. */
    COUNTER_REQUEST = 100,
    COUNTER_STEADY = 101,
};

/* ---------------------------------------------------------------- begin and end */

static void reset_caches(struct store *s)
{
    alert_cache_reset(&s->alerts);
    silence_cache_reset(&s->silences);
    project_cache_reset(&s->projects);
    passing_forget(s);
    s->traces.check = true;
    s->errored.check = true;
    s->check_key = s->check_version = true;
}

void tx_reset_caches(struct store *s)
{
    reset_caches(s);
    s->request = 0;
}

static bool set_synchronous(struct store *s, bool full, struct err *err)
{
    if (s->synced == full)
        return true;
    if (!db_run(s->db, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                DB_NO_ARGS, err))
        return false;
    s->synced = full;
    return true;
}

/* A newer program may have been here. What is asked for then is no mistake of whoever asks,
 * and somebody has to see to it: as where the disk fails. */
static bool is_ours(struct store *s, struct err *err)
{
    if (db_check_version(s->db, err))
        return true;
    if (err->code == ERR_UNSUPPORTED)
        err->code = ERR_IO;
    return false;
}

/* Under the write lock nobody else commits, so the answer stays right to the end. */
static bool refresh(struct tx *tx, struct err *err)
{
    struct store *s = tx->store;
    int64_t version;
    if (!db_version(s->db, &version, err))
        return false;
    if (version != s->version) {
        s->version = version;
        tx_reset_caches(s);
        tx->changes = STORE_CHANGED_ALL;
    } else if (project_cache_count(&s->projects) > PROJECTS_KEPT) {
        project_cache_reset(&s->projects);
    }
    if (s->check_version && !is_ours(s, err))
        return false;
    s->check_version = false;
    if (s->check_key && !keys_check(s->db, s->sealer, err))
        return false;
    s->check_key = false;
    return true;
}

bool tx_begin(struct tx *tx, struct store *s, bool durable, struct err *err)
{
    *tx = (struct tx){.store = s, .db = s->db};
    tx->wall = clock_wall_ms(s->clock);
    tx->steady = clock_steady_ms(s->clock);
    tx->changes_before = sqlite3_total_changes64(db_handle(s->db));
    return set_synchronous(s, durable, err) &&
           db_run(s->db, "BEGIN IMMEDIATE", DB_NO_ARGS, err) && refresh(tx, err);
}

bool tx_last_steady(struct db *db, int64_t *steady, struct err *err)
{
    return db_number(db, "SELECT value FROM counters WHERE name = ?",
                     DB_ARGS(db_int(COUNTER_STEADY)), 0, steady, err);
}

static bool flush_counters(struct tx *tx, struct err *err)
{
    if (!db_run(tx->db,
                "INSERT INTO counters (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                DB_ARGS(db_int(COUNTER_STEADY), db_int(tx->steady)), err))
        return false;
    for (int i = 0; i < COUNTER_COUNT; i++) {
        if (tx->delta[i] == 0)
            continue;
        if (!db_run(tx->db,
                    "INSERT INTO counters (name, value) VALUES (?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
                    DB_ARGS(db_int(i), db_int(tx->delta[i])), err))
            return false;
    }
    return tx->requests == 0 ||
           db_run(tx->db,
                  "INSERT INTO counters (name, value) VALUES (?, ?) "
                  "ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
                  DB_ARGS(db_int(COUNTER_REQUEST), db_int(tx->store->request)), err);
}

bool tx_has_lazy(const struct store *s)
{
    return s->unmatched > 0 || trace_memory_dirty(&s->traces);
}

bool tx_commit(struct tx *tx, bool lazy_too, struct err *err)
{
    struct store *s = tx->store;
    if (!buckets_flush(tx, err) || !errored_save(&s->errored, tx->db, err))
        return false;
    bool lazy =
        lazy_too || sqlite3_total_changes64(db_handle(tx->db)) != tx->changes_before;
    if (lazy) {
        tx->delta[COUNTER_UNMATCHED] += s->unmatched;
        if (!trace_memory_save(&s->traces, tx->db, err) || !flush_counters(tx, err))
            return false;
    }
    if (!db_run(tx->db, "COMMIT", DB_NO_ARGS, err))
        return false;
    errored_saved(&s->errored);
    if (lazy) {
        s->unmatched = 0;
        trace_memory_saved(&s->traces);
    }
    trace_memory_settle(&s->traces);
    draft_settle(s);
    passing_committed(s);
    return true;
}

void tx_rollback(struct tx *tx)
{
    struct store *s = tx->store;
    buckets_clear(&s->buckets);
    draft_undo(s);
    s->expired_all_at = 0;
    errored_undo(&s->errored);
    trace_memory_undo(&s->traces);
    tx_reset_caches(s);
    s->version = -1; /* none: the next transaction tells what this one had found changed */
    s->unmatched -= tx->unmatched;
    if (db_in_transaction(tx->db))
        db_run(tx->db, "ROLLBACK", DB_NO_ARGS, NULL);
}

/* ---------------------------------------------------------------- steps */

/* Whether the store itself is in trouble, so that nothing of the group can be kept. */
static bool is_fatal(const struct tx *tx, const struct err *err)
{
    return !db_in_transaction(tx->db) || err->code == ERR_FULL || err->code == ERR_IO ||
           err->code == ERR_BUSY || err->code == ERR_MEMORY;
}

static bool undo(struct tx *tx, const struct tx *before, struct err *err)
{
    buckets_clear(&tx->store->buckets);
    reset_caches(tx->store); /* numbers of requests stay given */
    tx->store->unmatched -= tx->unmatched - before->unmatched;
    *tx = *before;
    return db_run(tx->db, "ROLLBACK TO step", DB_NO_ARGS, err);
}

/* Before and after, nothing is left gathered: what the step adds lies in its savepoint. */
static bool run_undoable(struct tx *tx, struct step *step, struct err *err)
{
    if (!buckets_flush(tx, err) || !db_run(tx->db, "SAVEPOINT step", DB_NO_ARGS, err))
        return false;
    const struct tx before = *tx;
    if (step->run(step, tx, &step->err)) {
        if (!buckets_flush(tx, err))
            return false;
    } else {
        step->failed = true;
        if (is_fatal(tx, &step->err)) {
            *err = step->err;
            return false;
        }
        if (!undo(tx, &before, err))
            return false;
    }
    return db_run(tx->db, "RELEASE step", DB_NO_ARGS, err);
}

bool tx_run(struct tx *tx, struct step *step, struct err *err)
{
    if (step->undo)
        return run_undoable(tx, step, err);
    if (step->run(step, tx, &step->err))
        return true;
    step->failed = true;
    if (is_fatal(tx, &step->err)) {
        *err = step->err;
        return false;
    }
    return true;
}

/* SQLite may undo a transaction whose reading failed, so that failure must be heard too. */
bool tx_request(struct tx *tx, int64_t *request, struct err *err)
{
    struct store *s = tx->store;
    if (*request != 0)
        return true;
    if (s->request == 0 && !db_number(tx->db, "SELECT value FROM counters WHERE name = ?",
                                      DB_ARGS(db_int(COUNTER_REQUEST)), 0, &s->request, err))
        return false;
    int64_t now = tx->steady * 1000;
    *request = s->request = s->request + 1 > now ? s->request + 1 : now;
    tx->requests++;
    return true;
}

/* ---------------------------------------------------------------- events */

bool tx_emit_pieces(struct tx *tx, const struct event_ref *event, const char *user,
                    int64_t *request, const struct entity *entity, struct err *err)
{
    const struct alert_use *uses;
    const struct silences *silences;
    size_t count;
    if (!alert_cache_find(&tx->store->alerts, tx->db, event->workspace, event->type, &uses,
                          &count, err) ||
        !silence_cache_now(&tx->store->silences, tx, &silences, err))
        return false;
    int64_t before = tx->pairs;
    struct chunk_event e = {"", span_of(user), *request, entity->pieces, entity->count};
    for (size_t i = 0; i < count; i++) {
        if (match_alert(uses[i].alert, event) != MATCH_YES)
            continue;
        if (!tx_request(tx, request, err))
            return false;
        e.request = *request;
        if (!buckets_add(tx, uses[i].alert, event->type,
                         silences_pick(silences, uses[i].alert->id, event), &e, err))
            return false;
        tx->pairs++;
    }
    if (tx->pairs == before) {
        tx->store->unmatched++;
        tx->unmatched++;
    }
    return true;
}
