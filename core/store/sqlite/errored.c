#include "store/sqlite/errored.h"

#include <stdlib.h>
#include <string.h>

#include "store/sqlite/rows.h"

enum { ERRORED_KEPT = 1000000 };

/* ---------------------------------------------------------------- runs */

/* Calls `each` with the hash of every trace of a run from the `from`th on; false: one of
 * the calls said so. */
static bool each_hash(struct errored *e, struct span workspace, struct span traces,
                      size_t from, bool (*each)(struct errored *e, uint64_t hash))
{
    const struct trace_space in = trace_space_of(workspace);
    for (size_t at = from * TRACE_BYTES; at + TRACE_BYTES <= traces.len;
         at += TRACE_BYTES) {
        struct trace_key key;
        trace_key_make(&key, &in, (const unsigned char *)traces.at + at);
        if (!each(e, key.hash))
            return false;
    }
    return true;
}

static bool keep_hash(struct errored *e, uint64_t hash)
{
    return hash_set_has(&e->seen, hash) || hash_set_add(&e->seen, hash);
}

static bool remove_hash(struct errored *e, uint64_t hash)
{
    hash_set_remove(&e->seen, hash);
    return true;
}

static bool add_oldest(struct errored *e, uint64_t hash)
{
    return buf_add(&e->oldest, &hash, sizeof hash);
}

static size_t count_of(const struct buf *hashes)
{
    return hashes->len / sizeof(uint64_t);
}

static void clear_runs(struct errored *e)
{
    for (size_t i = 0; i < e->run_count; i++) {
        free(e->runs[i].workspace);
        buf_free(&e->runs[i].traces);
    }
    e->run_count = 0;
    e->added = 0;
    buf_free(&e->gone);
}

static bool begin_run(struct errored *e, struct span workspace, struct err *err)
{
    if (!rows_grow((void **)&e->runs, e->run_count, sizeof *e->runs, err))
        return false;
    struct errored_run *run = &e->runs[e->run_count];
    buf_init(&run->traces, BUF_UNLIMITED);
    run->workspace = strndup(workspace.at, workspace.len);
    if (!run->workspace)
        return err_memory(err);
    e->run_count++;
    return true;
}

static bool add_to_run(struct errored *e, const struct trace_key *key, struct err *err)
{
    struct errored_run *run = e->run_count ? &e->runs[e->run_count - 1] : NULL;
    if ((!run || !span_is(key->in.workspace, run->workspace)) &&
        !begin_run(e, key->in.workspace, err))
        return false;
    if (!buf_add(&e->runs[e->run_count - 1].traces, key->trace, TRACE_BYTES))
        return err_memory(err);
    e->added++;
    return true;
}

/* ---------------------------------------------------------------- the table */

/* The first row may reach behind the bound. */
static bool keep_row(struct errored *e, sqlite3_stmt *row)
{
    struct span traces = db_col_blob(row, 2);
    int64_t first = db_col_int(row, 0) - (int64_t)(traces.len / TRACE_BYTES) + 1;
    int64_t over = e->last - ERRORED_KEPT - first + 1;
    return each_hash(e, db_col_text(row, 1), traces, over > 0 ? (size_t)over : 0,
                     keep_hash);
}

static bool load_rows(struct errored *e, struct db *db, struct err *err)
{
    sqlite3_stmt *row =
        db_query(db, "SELECT seq, workspace, trace FROM errored WHERE seq > ?",
                 DB_ARGS(db_int(e->last - ERRORED_KEPT)), err);
    int got = -1;
    while (row && (got = db_step(db, row, err)) == 1)
        if (!keep_row(e, row)) {
            db_end(row);
            return err_memory(err);
        }
    return got == 0;
}

/* What was added since the last commit is not looked for in the table: under the write lock
 * it changes by the save alone. */
static bool load(struct errored *e, struct db *db, struct err *err)
{
    int64_t last;
    if (e->loaded && !e->check)
        return true;
    if (!db_number(db, "SELECT max(seq) FROM errored", DB_NO_ARGS, 0, &last, err))
        return false;
    e->check = false;
    if (e->loaded && last == e->last)
        return true;
    errored_free(e);
    e->last = last;
    e->loaded = load_rows(e, db, err);
    if (!e->loaded)
        errored_free(e);
    return e->loaded;
}

bool errored_add(struct errored *e, struct db *db, const struct trace_key *key, bool *first,
                 struct err *err)
{
    if (!load(e, db, err))
        return false;
    *first = !hash_set_has(&e->seen, key->hash);
    if (!*first)
        return true;
    if (!hash_set_add(&e->seen, key->hash))
        return err_memory(err);
    if (add_to_run(e, key, err))
        return true;
    hash_set_remove(&e->seen, key->hash);
    return false;
}

static bool save_run(struct db *db, const struct errored_run *run, int64_t seq,
                     struct err *err)
{
    return db_run(
        db, "INSERT INTO errored (seq, workspace, trace) VALUES (?, ?, ?)",
        DB_ARGS(db_int(seq), db_text(run->workspace), db_blob(buf_span(&run->traces))),
        err);
}

static int64_t oldest_first(const struct errored *e)
{
    return e->oldest_end - (int64_t)count_of(&e->oldest) + 1;
}

/* Makes `oldest` the run that `seq` is in, or the next one; *any false: there is none. */
static bool read_oldest(struct errored *e, struct db *db, int64_t seq, bool *any,
                        struct err *err)
{
    *any = seq >= oldest_first(e) && seq <= e->oldest_end;
    if (*any)
        return true;
    sqlite3_stmt *row = db_query(db,
                                 "SELECT seq, workspace, trace FROM errored WHERE seq >= ? "
                                 "ORDER BY seq LIMIT 1",
                                 DB_ARGS(db_int(seq)), err);
    int got = row ? db_step(db, row, err) : -1;
    buf_free(&e->oldest);
    buf_init(&e->oldest, BUF_UNLIMITED);
    *any = got == 1;
    bool fine = got == 0 || (got == 1 && (each_hash(e, db_col_text(row, 1),
                                                    db_col_blob(row, 2), 0, add_oldest) ||
                                          err_memory(err)));
    e->oldest_end = fine && *any ? db_col_int(row, 0) : 0;
    if (!fine)
        buf_free(&e->oldest);
    db_end(row);
    return fine;
}

/* Those from `seq` up to `upto`; a row goes once its newest trace does. */
static bool forget_oldest(struct errored *e, struct db *db, int64_t seq, int64_t upto,
                          struct err *err)
{
    bool any = true;
    seq = seq > 1 ? seq : 1;
    while (seq <= upto) {
        if (!read_oldest(e, db, seq, &any, err))
            return false;
        if (!any)
            break;
        int64_t first = oldest_first(e);
        int64_t from = seq > first ? seq : first,
                to = upto < e->oldest_end ? upto : e->oldest_end;
        if (from <= to &&
            !buf_add(&e->gone, e->oldest.data + (from - first) * sizeof(uint64_t),
                     (size_t)(to - from + 1) * sizeof(uint64_t)))
            return err_memory(err);
        seq = e->oldest_end + 1;
    }
    return e->gone.len == 0 ||
           db_run(db, "DELETE FROM errored WHERE seq <= ?", DB_ARGS(db_int(upto)), err);
}

bool errored_save(struct errored *e, struct db *db, struct err *err)
{
    int64_t seq = e->last;
    if (e->run_count == 0)
        return true;
    buf_init(&e->gone, BUF_UNLIMITED);
    for (size_t i = 0; i < e->run_count; i++) {
        seq += (int64_t)(e->runs[i].traces.len / TRACE_BYTES);
        if (!save_run(db, &e->runs[i], seq, err))
            return false;
    }
    return forget_oldest(e, db, e->last - ERRORED_KEPT + 1, seq - ERRORED_KEPT, err);
}

static uint64_t gone_hash(const struct errored *e, size_t which)
{
    uint64_t hash;
    memcpy(&hash, e->gone.data + which * sizeof hash, sizeof hash);
    return hash;
}

/* So many ahead are fetched meanwhile: the set is larger than the processor's caches. */
enum { AHEAD = 16 };

void errored_saved(struct errored *e)
{
    size_t count = count_of(&e->gone);
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            hash_set_soon(&e->seen, gone_hash(e, i + AHEAD));
        hash_set_remove(&e->seen, gone_hash(e, i));
    }
    e->last += e->added;
    clear_runs(e);
}

void errored_undo(struct errored *e)
{
    for (size_t i = 0; i < e->run_count; i++)
        each_hash(e, span_of(e->runs[i].workspace), buf_span(&e->runs[i].traces), 0,
                  remove_hash);
    clear_runs(e);
}

void errored_free(struct errored *e)
{
    clear_runs(e);
    free(e->runs);
    buf_free(&e->oldest);
    hash_set_free(&e->seen);
    *e = (struct errored){0};
}
