#include <stdlib.h>
#include <string.h>

#include "store/delivering.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/endpoints.h"
#include "store/sqlite/store_impl.h"

struct recover_step {
    struct step step;
    int of;
    int64_t result;
};

static struct attempt unknown_outcome(const struct tx *tx, int n, int64_t next_at)
{
    static const char lost[] = "outcome unknown: the process ended before it was recorded";
    struct attempt attempt = {.n = n, .next_at = next_at};
    attempt.outcome = (struct outcome){
        .kind = OUTCOME_UNKNOWN, .started_at = tx->wall, .retry_after_ms = -1};
    _Static_assert(sizeof lost <= sizeof attempt.outcome.error, "the text fits");
    memcpy(attempt.outcome.error, lost, sizeof lost);
    return attempt;
}

static bool recover_one(struct tx *tx, const struct delivery_row *d, int of, struct err *err)
{
    const struct log_entry entry = {
        delivery_row_about(d), unknown_outcome(tx, d->attempts + 1, tx->steady),
        d->round_from + of, DELIVERY_RETRYING};
    const struct delivery_move move = {DELIVERY_RETRYING, tx->steady, NULL, d->attempts + 1,
                                       0};
    return log_attempts(tx, &entry, 1, err) && delivery_row_move(tx, d, &move, err);
}

/* Its delivery was ended while it was under way, and may have been replayed since: the attempt is
 * told of, and counts in no round that is still open. */
static bool recover_orphan(struct tx *tx, const struct delivery_row *d, int of, struct err *err)
{
    int64_t n;
    if (!db_number(tx->db, "SELECT n FROM orphans WHERE delivery = ?", DB_ARGS(db_int(d->row)), 0,
                   &n, err))
        return false;
    const int number = d->attempts + 1;
    const struct log_entry entry = {delivery_row_about(d), unknown_outcome(tx, number, 0),
                                    number - (int)n + of, d->state};
    tx->changes |= STORE_CHANGED_DELIVERIES;
    return log_attempts(tx, &entry, 1, err) &&
           db_run(
               tx->db,
               "UPDATE deliveries SET attempts = attempts + 1, round_from = round_from + ? "
               "WHERE row = ?",
               DB_ARGS(db_int(d->state < DELIVERY_DELIVERED), db_int(d->row)), err) &&
           db_run(tx->db, "DELETE FROM orphans WHERE delivery = ?", DB_ARGS(db_int(d->row)),
                  err);
}

/* Carries out `one` for each row that the query finds, until it finds none. */
static bool for_each(struct tx *tx, const char *query,
                     bool (*one)(struct tx *, const struct delivery_row *, int, struct err *),
                     struct recover_step *s, struct err *err)
{
    for (;;) {
        struct delivery_row d;
        int64_t row;
        bool found;
        if (!db_number(tx->db, query, DB_NO_ARGS, 0, &row, err))
            return false;
        if (row == 0)
            return true;
        if (!delivery_row_find(tx, row, NULL, &found, &d, err))
            return false;
        if (!found)
            return err_set(err, ERR_IO, "delivery %lld is missing", (long long)row);
        bool fine = one(tx, &d, s->of, err);
        delivery_row_free(&d);
        if (!fine)
            return false;
        s->result++;
    }
}

static bool run_recover(struct step *step, struct tx *tx, struct err *err)
{
    struct recover_step *s = (struct recover_step *)step;
    step->result = &s->result;
    return for_each(tx, "SELECT delivery FROM orphans WHERE delivery > 0 LIMIT 1",
                    recover_orphan, s, err) &&
           for_each(tx, "SELECT row FROM deliveries WHERE state = 1 AND state <> 3 LIMIT 1",
                    recover_one, s, err) &&
           endpoints_forget(tx, err);
}

static void free_recover(struct step *step)
{
    free(step);
}

void store_recover(struct store *s, int of, store_done *done, void *arg)
{
    struct recover_step *step =
        step_new(sizeof *step, run_recover, free_recover, done, arg);
    if (!step)
        return;
    step->step.undo = true;
    step->of = of;
    writer_submit(s, &step->step);
}
