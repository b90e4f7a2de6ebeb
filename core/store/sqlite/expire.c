#include "store/sqlite/expire.h"

#include <stdlib.h>

#include "store/delivering.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"

static const char STALE[] = "too old to send: delivery.max_age passed while it waited";

enum {
    CLOCKS_APART_MS = 3600 * 1000, /* by which the wall clock may be put right, */
    LOOK_AT_ALL_MS = 3600 * 1000,  /* and how often all are read, where it was more */
};

struct expire_step {
    struct step step;
    int64_t before, limit, result;
};

/* The newest of what waits, by the wall clock; 0: nothing waits. */
static bool newest_waiting(struct tx *tx, int64_t *at, struct err *err)
{
    return db_number(
        tx->db,
        "SELECT max(coalesce((SELECT max(created_at) FROM deliveries "
        "WHERE state = 0 AND state <> 3), 0), coalesce((SELECT max(created_at) "
        "FROM deliveries WHERE state = 2 AND state <> 3), 0))",
        DB_NO_ARGS, 0, at, err);
}

/* By the steady clock, for which there is no index; the one by the wall clock leads to what
 * may be stale, so that what waits is not all read each time. Where something was made in
 * the future the wall clock was put back, and leads nowhere; nor where it was before that
 * caught up. */
static bool find_stale(struct tx *tx, const struct expire_step *s, int64_t **rows, size_t *count,
                       struct err *err)
{
    int64_t newest, made_before = s->before + (tx->wall - tx->steady) + CLOCKS_APART_MS;
    int64_t *all_at = &tx->store->expired_all_at;
    if (!newest_waiting(tx, &newest, err))
        return false;
    bool all = newest > tx->wall || *all_at == 0 || tx->steady - *all_at >= LOOK_AT_ALL_MS;
    sqlite3_stmt *row = db_query(
        tx->db,
        "SELECT row FROM deliveries WHERE state IN (0, 2) "
        "AND state <> 3 AND created_at < ? AND born_at < ? AND next_at IS NOT NULL LIMIT ?",
        DB_ARGS(db_int(all ? INT64_MAX : made_before), db_int(s->before), db_int(s->limit)),
        err);
    if (!rows_read(tx->db, row, (void **)rows, count, sizeof **rows, rows_read_int, err))
        return false;
    if (all && (int64_t)*count < s->limit) /* to their end */
        *all_at = tx->steady;
    return true;
}

bool expire_row(struct tx *tx, int64_t row, struct err *err)
{
    struct delivery_row d;
    bool found;
    if (!delivery_row_find(tx, row, NULL, &found, &d, err))
        return false;
    if (!found)
        return true;
    const struct delivery_move end = {DELIVERY_DEAD, 0, STALE, d.attempts,
                                      STATUS_AS_IT_WAS};
    const struct log_about about = delivery_row_about(&d);
    bool fine = delivery_row_move(tx, &d, &end, err) && log_notice(tx, &about, STALE, err);
    delivery_row_free(&d);
    return fine;
}

static bool run_expire(struct step *step, struct tx *tx, struct err *err)
{
    struct expire_step *s = (struct expire_step *)step;
    int64_t *rows = NULL;
    size_t count = 0;
    step->result = &s->result;
    bool fine = find_stale(tx, s, &rows, &count, err);
    for (size_t i = 0; fine && i < count; i++)
        fine = expire_row(tx, rows[i], err);
    s->result = (int64_t)count;
    free(rows);
    return fine;
}

static void free_expire(struct step *step)
{
    free(step);
}

void store_expire(struct store *s, int64_t before, int64_t limit, store_done *done, void *arg)
{
    struct expire_step *step = step_new(sizeof *step, run_expire, free_expire, done, arg);
    if (!step)
        return;
    step->before = before;
    step->limit = limit;
    step->step.undo = true;
    writer_submit(s, &step->step);
}
