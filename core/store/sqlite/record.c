#include <stdlib.h>
#include <string.h>

#include "store/sqlite/alert_rows.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/store_impl.h"

struct record_step {
    struct step step;
    struct record *records;
    size_t count;
};

/* -------- an outcome */

/* Whether the delivery still waits for just this outcome. */
static bool awaits(const struct delivery_row *d, const struct record *r)
{
    return d->state == DELIVERY_SENDING && r->n == d->attempts - d->round_from + 1;
}

/* Nothing was sent: as if it had never been claimed. */
static bool give_back(struct tx *tx, const struct record *r, const struct delivery_row *d,
                      struct err *err)
{
    bool fresh = d->attempts == d->round_from;
    const struct delivery_move move = {fresh ? DELIVERY_WAITING : DELIVERY_RETRYING,
                                       r->decision.next_at, NULL, d->attempts, 0};
    return delivery_row_move(tx, d, &move, err);
}

static bool forget_orphan(struct tx *tx, int64_t row, struct err *err)
{
    return db_run(tx->db, "DELETE FROM orphans WHERE delivery = ?", DB_ARGS(db_int(row)), err);
}

static bool record_one(struct tx *tx, const struct record *r, const struct delivery_row *d,
                       struct err *err)
{
    const struct retry_decision *next = &r->decision;
    bool open = awaits(d, r);
    if (!open && !forget_orphan(tx, d->row, err))
        return false;
    if (r->outcome.kind == OUTCOME_CANCELLED)
        return !open || give_back(tx, r, d, err);
    struct delivery_move move = {d->state, 0, NULL, d->attempts + 1, r->outcome.status};
    struct attempt attempt = {d->attempts + 1, r->outcome, 0, r->request_headers};
    const int before = attempt.n - r->n; /* in earlier rounds */
    if (open) {
        move.state = next->state;
        move.next_at = next->state == DELIVERY_RETRYING ? next->next_at : 0;
        move.reason = next->state == DELIVERY_DEAD ? next->reason : NULL;
        attempt.next_at = move.next_at;
    }
    const struct log_about about = delivery_row_about(d);
    if (!log_attempt(tx, &about, &attempt, before + r->of, move.state, err))
        return false;
    bool uncounted = open ? r->probe && move.state == DELIVERY_RETRYING : d->state < DELIVERY_DELIVERED;
    bool gone = r->outcome.kind == OUTCOME_RESPONSE && r->outcome.status == 410;
    /* A stray outcome, or a probe's: its attempt counts, but not in the round that is under way. */
    if (uncounted && !db_run(tx->db,
                             "UPDATE deliveries SET round_from = round_from + 1 WHERE row = ?",
                             DB_ARGS(db_int(d->row)), err))
        return false;
    if (open)
        return delivery_row_move(tx, d, &move, err) &&
               (!gone || alert_disable_gone(tx, d->alert_id, r->endpoint, err));
    return db_run(tx->db, "UPDATE deliveries SET attempts = attempts + 1 WHERE row = ?",
                  DB_ARGS(db_int(d->row)), err);
}

static bool run_record(struct step *step, struct tx *tx, struct err *err)
{
    struct record_step *s = (struct record_step *)step;
    for (size_t i = 0; i < s->count; i++) {
        struct delivery_row d;
        bool found;
        const struct record *r = &s->records[i];
        if (!delivery_row_find(tx, r->row, r->id, &found, &d, err))
            return false;
        if (!found)
            continue;
        bool fine = record_one(tx, r, &d, err);
        delivery_row_free(&d);
        if (!fine)
            return false;
    }
    return true;
}

static void records_free(struct record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        outcome_free(&records[i].outcome);
        free(records[i].request_headers);
    }
    free(records);
}

static void free_record(struct step *step)
{
    struct record_step *s = (struct record_step *)step;
    records_free(s->records, s->count);
    free(s);
}

void store_record(struct store *s, struct record *records, size_t count, store_done *done,
                  void *arg)
{
    struct record_step *step = step_new(sizeof *step, run_record, free_record, done, arg);
    if (!step) {
        records_free(records, count);
        return;
    }
    step->records = records;
    step->count = count;
    step->step.undo = count > 1; /* or one that fails leaves the others half done */
    for (size_t i = 0; i < count; i++)
        step->step.bytes += records[i].outcome.headers_len + records[i].outcome.body_len;
    writer_submit(s, &step->step);
}
