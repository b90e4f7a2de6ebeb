#include "store/sqlite/ending.h"

#include <stdlib.h>

#include "store/sqlite/alert_last.h"
#include "store/sqlite/buckets.h"
#include "store/sqlite/draft.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/silence_rows.h"

static int compare_endings(const void *a, const void *b)
{
    const struct ending *left = a, *right = b;
    return (left->row > right->row) - (left->row < right->row);
}

static bool remove_run(struct tx *tx, int64_t first, int64_t last, struct err *err)
{
    return db_run(tx->db, "DELETE FROM bucket_chunks WHERE row >= ? AND row < ?",
                  DB_ARGS(db_int(bucket_chunk(first, 0)), db_int(bucket_chunk(last + 1, 0))),
                  err) &&
           db_run(tx->db, "DELETE FROM buckets WHERE row BETWEEN ? AND ?",
                  DB_ARGS(db_int(first), db_int(last)), err);
}

bool ending_remove_buckets(struct tx *tx, struct ending *endings, size_t count, struct err *err)
{
    bool fine = true;
    if (count > 1)
        qsort(endings, count, sizeof *endings, compare_endings);
    for (size_t i = 0, end; i < count && fine; i = end) {
        for (end = i + 1; end < count && endings[end].row == endings[end - 1].row + 1; end++)
            ;
        fine = remove_run(tx, endings[i].row, endings[end - 1].row, err);
    }
    for (size_t i = 0; i < count; i++) {
        tx->delta[COUNTER_WAITING_EVENTS] -= endings[i].kept;
        tx->delta[COUNTER_OPEN_BUCKETS] -= !endings[i].drops;
        draft_forget_bucket(tx->store, endings[i].row);
    }
    if (count > 0)
        tx->changes |= STORE_CHANGED_BUCKETS;
    return fine;
}

void ending_count_state(struct tx *tx, enum delivery_state from, enum delivery_state to,
                        int64_t events)
{
    tx->delta[COUNTER_DELIVERIES + (int)from]--;
    tx->delta[COUNTER_DELIVERIES + (int)to]++;
    tx->delta[COUNTER_EVENTS + (int)from] -= events;
    tx->delta[COUNTER_EVENTS + (int)to] += events;
}

static bool drop_bucket(struct tx *tx, sqlite3_stmt *row, const char *alert_id,
                        const char *alert_name, const char *reason, struct err *err)
{
    char *workspace, words[SILENCE_WORDS_SIZE];
    struct ending b = {.row = db_col_int(row, 0),
                       .kept = db_col_int(row, 3),
                       .truncated = db_col_int(row, 4),
                       .silence = db_col_int(row, 5),
                       .drops = db_col_int(row, 6)};
    if (!db_col_copy(row, 1, &workspace))
        return err_memory(err);
    const struct log_about about = {alert_id,
                                    alert_name,
                                    workspace,
                                    (enum event_type)db_col_int(row, 2),
                                    b.kept + b.truncated,
                                    0,
                                    NULL};
    tx->delta[COUNTER_DROPPED] += b.kept;
    bool fine = (!b.drops || silence_words(tx, b.silence, words, err)) &&
                log_dropped(tx, &about, b.drops ? words : reason, err) &&
                ending_remove_buckets(tx, &b, 1, err);
    free(workspace);
    return fine;
}

static bool drop_buckets(struct tx *tx, const char *alert_id, const char *alert_name,
                         const char *reason, struct err *err)
{
    sqlite3_stmt *row = db_query(
        tx->db,
        "SELECT row, workspace, type, kept, truncated, silence, drops FROM buckets "
        "WHERE alert = ? ORDER BY type",
        DB_ARGS(db_text(alert_id)), err);
    int got = -1;
    while (row && (got = db_step(tx->db, row, err)) == 1)
        if (!drop_bucket(tx, row, alert_id, alert_name, reason, err))
            break;
    db_end(row);
    return got == 0;
}

#define SENT " FROM deliveries WHERE state = 1 AND state <> 3 AND +alert = ?1 "
#define EACH "SELECT state, events, row"
#define END                                                                                \
    "UPDATE deliveries SET state = 4, next_at = NULL, reason = ?2 WHERE row IN (SELECT "   \
    "row"

/* The newest of what ended may be the alert's newest of all. */
static bool note_ended(struct tx *tx, const char *alert_id, int64_t newest, struct err *err)
{
    struct alert_last last = {0, newest, DELIVERY_DEAD, STATUS_AS_IT_WAS};
    return db_number(tx->db, "SELECT row FROM alerts WHERE id = ?", DB_ARGS(db_text(alert_id)), 0,
                     &last.alert, err) &&
           (last.alert == 0 || alert_last_note(tx, &last, 1, err));
}

struct ended {
    int64_t count, newest;
};

static bool count_ended(struct tx *tx, const char *each, const char *alert_id,
                        struct ended *e, struct err *err)
{
    sqlite3_stmt *row = db_query(tx->db, each, DB_ARGS(db_text(alert_id)), err);
    int got = -1;
    while (row && (got = db_step(tx->db, row, err)) == 1) {
        e->count++;
        e->newest = db_col_int(row, 2) > e->newest ? db_col_int(row, 2) : e->newest;
        ending_count_state(tx, (enum delivery_state)db_col_int(row, 0), DELIVERY_DEAD,
                           db_col_int(row, 1));
    }
    return got == 0;
}

static bool end_deliveries(struct tx *tx, const char *alert_id, const char *reason,
                           struct err *err)
{
    struct ended e = {0};
    if (!count_ended(tx, EACH ENDING_WAITS, alert_id, &e, err) ||
        !count_ended(tx, EACH SENT, alert_id, &e, err))
        return false;
    if (e.count == 0)
        return true;
    tx->changes |= STORE_CHANGED_DELIVERIES;
    return db_run(tx->db,
                  "INSERT OR REPLACE INTO orphans (delivery, n) "
                  "SELECT row, attempts - round_from + 1" SENT,
                  DB_ARGS(db_text(alert_id)), err) &&
           db_run(tx->db, END ENDING_WAITS ")", DB_ARGS(db_text(alert_id), db_text(reason)),
                  err) &&
           db_run(tx->db, END SENT ")", DB_ARGS(db_text(alert_id), db_text(reason)), err) &&
           note_ended(tx, alert_id, e.newest, err);
}

bool ending_of_alert(struct tx *tx, const char *alert_id, const char *alert_name,
                     const char *reason, struct err *err)
{
    return drop_buckets(tx, alert_id, alert_name, reason, err) &&
           end_deliveries(tx, alert_id, reason, err);
}
