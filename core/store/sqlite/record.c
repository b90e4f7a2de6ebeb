#include <stdlib.h>
#include <string.h>

#include "store/delivering.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/store_impl.h"

struct record_step {
    struct step step;
    struct record *records;
    size_t count;
};

/* -------- an outcome */

/* Whether the delivery still waits for just this outcome. One that was ended and replayed
 * while its request was under way may be sending again, with a number that is the same. */
static bool awaits(const struct delivery_row *d, const struct record *r)
{
    return d->state == DELIVERY_SENDING && r->n == d->attempts - d->round_from + 1 &&
           r->created_at == d->born_at;
}

/* Nothing was sent: as if it had never been claimed. */
static bool give_back(struct tx *tx, const struct record *r, const struct delivery_row *d,
                      struct err *err)
{
    bool fresh = d->attempts == d->round_from;
    const struct delivery_move move = {fresh ? DELIVERY_WAITING : DELIVERY_RETRYING,
                                       r->decision.next_at, NULL, d->attempts,
                                       STATUS_AS_IT_WAS};
    return delivery_row_move(tx, d, &move, err);
}

static bool forget_orphan(struct tx *tx, int64_t row, struct err *err)
{
    return db_run(tx->db, "DELETE FROM orphans WHERE delivery = ?", DB_ARGS(db_int(row)), err);
}

/* A stray outcome, or a probe's: its attempt counts, but not in the round that is under
 * way. */
static bool count_apart(struct tx *tx, int64_t row, struct err *err)
{
    return db_run(tx->db, "UPDATE deliveries SET round_from = round_from + 1 WHERE row = ?",
                  DB_ARGS(db_int(row)), err);
}

static struct log_entry entry_of(const struct record *r, const struct delivery_row *d,
                                 enum delivery_state state, int64_t next_at)
{
    const int n = d->attempts + 1, before = n - r->n; /* in earlier rounds */
    return (struct log_entry){delivery_row_about(d),
                              {n, r->outcome, next_at, r->request_headers},
                              before + r->of,
                              state};
}

static bool record_stray(struct tx *tx, const struct record *r,
                         const struct delivery_row *d, struct err *err)
{
    const struct log_entry entry = entry_of(r, d, d->state, 0);
    return log_attempts(tx, &entry, 1, err) &&
           (d->state >= DELIVERY_DELIVERED || count_apart(tx, d->row, err)) &&
           db_run(tx->db, "UPDATE deliveries SET attempts = attempts + 1 WHERE row = ?",
                  DB_ARGS(db_int(d->row)), err);
}

/* ---------------------------------------------------------------- awaited outcomes */

/* They are written together; each a delivery once. */
struct gathered {
    const struct record *records[LOG_AT_ONCE];
    struct delivery_row rows[LOG_AT_ONCE];
    size_t count;
};

static void forget_gathered(struct gathered *g)
{
    for (size_t i = 0; i < g->count; i++)
        delivery_row_free(&g->rows[i]);
    g->count = 0;
}

static bool is_gathered(const struct gathered *g, const struct record *r)
{
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->rows[i].id, r->id) == 0)
            return true;
    return false;
}

static struct delivery_move move_of(const struct record *r, const struct delivery_row *d)
{
    const struct retry_decision *next = &r->decision;
    return (struct delivery_move){
        .state = next->state,
        .next_at = next->state == DELIVERY_RETRYING ? next->next_at : 0,
        .reason = next->state == DELIVERY_DEAD ? next->reason : NULL,
        .attempts = d->attempts + 1,
        .status = r->outcome.status};
}

/* It ends what else its alert has under way: outcomes after it come too late. */
static bool is_gone(const struct record *r)
{
    return r->outcome.kind == OUTCOME_RESPONSE && r->outcome.status == 410;
}

/* What an outcome does beside the delivery's move. */
static bool follow(struct tx *tx, const struct record *r, const struct delivery_row *d,
                   struct err *err)
{
    bool probe = r->probe && r->decision.state == DELIVERY_RETRYING;
    return (!probe || count_apart(tx, d->row, err)) &&
           (!is_gone(r) || alert_disable_gone(tx, d->alert_id, r->endpoint, err));
}

static bool write_gathered(struct tx *tx, const struct gathered *g, struct err *err)
{
    struct log_entry entries[LOG_AT_ONCE];
    struct delivery_move moves[LOG_AT_ONCE];
    for (size_t i = 0; i < g->count; i++) {
        moves[i] = move_of(g->records[i], &g->rows[i]);
        entries[i] = entry_of(g->records[i], &g->rows[i], moves[i].state, moves[i].next_at);
    }
    bool fine = log_attempts(tx, entries, g->count, err) &&
                delivery_rows_move(tx, g->rows, moves, g->count, err);
    for (size_t i = 0; i < g->count && fine; i++)
        fine = follow(tx, g->records[i], &g->rows[i], err);
    return fine;
}

static bool flush(struct tx *tx, struct gathered *g, struct err *err)
{
    bool fine = write_gathered(tx, g, err);
    forget_gathered(g);
    return fine;
}

/* Takes what *d holds. */
static bool record_one(struct tx *tx, struct gathered *g, const struct record *r,
                       struct delivery_row *d, struct err *err)
{
    bool open = awaits(d, r), cancelled = r->outcome.kind == OUTCOME_CANCELLED;
    if (open && !cancelled) {
        g->records[g->count] = r;
        g->rows[g->count++] = *d;
        return (g->count < LOG_AT_ONCE && !is_gone(r)) || flush(tx, g, err);
    }
    bool fine =
        open ? give_back(tx, r, d, err)
             : forget_orphan(tx, d->row, err) && (cancelled || record_stray(tx, r, d, err));
    delivery_row_free(d);
    return fine;
}

static int compare_records(const void *a, const void *b)
{
    const struct record *left = *(const struct record *const *)a;
    const struct record *right = *(const struct record *const *)b;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return (left > right) - (left < right);
}

/* In the order of their rows, since those that are near one another are changed together;
 * but outcomes of the same delivery as they came, and none over one that ends others. */
static const struct record **sorted(const struct record_step *s, struct err *err)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    const struct record **out = calloc(s->count + 1, sizeof *out);
    if (!out) {
        err_memory(err);
        return NULL;
    }
    for (size_t i = 0, from = 0; i < s->count; i++) {
        out[i] = &s->records[i];
        if (!is_gone(out[i]) && i + 1 < s->count)
            continue;
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
        qsort(out + from, i + 1 - from - is_gone(out[i]), sizeof *out, compare_records);
        from = i + 1;
    }
    return out;
}

/* How many from the first on are of different deliveries that can be looked up together. */
static size_t near_records(const struct record **records, size_t count)
{
    size_t n = 1;
    while (n < count && n < LOG_AT_ONCE && records[0]->row != 0 &&
           !is_gone(records[n - 1]) &&
           delivery_is_near(records[0]->row, records[n - 1]->row, records[n]->row))
        n++;
    return n;
}

static bool find_rows(struct tx *tx, const struct record **records, size_t count,
                      struct delivery_row *out, size_t *found, struct err *err)
{
    int64_t rows[LOG_AT_ONCE];
    bool one = false;
    *found = 0;
    if (count == 1) {
        bool fine = delivery_row_find(tx, records[0]->row, records[0]->id, &one, out, err);
        *found = fine && one;
        return fine;
    }
    for (size_t i = 0; i < count; i++)
        rows[i] = records[i]->row;
    return delivery_rows_find(tx, rows, count, out, found, err);
}

/* The rows were read before any of the records was written: none of these changes
 * another's. */
static bool record_found(struct tx *tx, struct gathered *g, const struct record **records,
                         size_t count, struct delivery_row *rows, size_t found,
                         struct err *err)
{
    bool fine = true;
    size_t at = 0;
    for (size_t i = 0; i < count && at < found; i++) {
        struct delivery_row *d = &rows[at];
        if (records[i]->row != 0 && records[i]->row != d->row)
            continue; /* it is not there any more */
        at++;
        if (fine && strcmp(d->id, records[i]->id) == 0)
            fine = record_one(tx, g, records[i], d, err);
        else
            delivery_row_free(d);
    }
    return fine;
}

static bool record_near(struct tx *tx, struct gathered *g, const struct record **records,
                        size_t count, struct err *err)
{
    struct delivery_row rows[LOG_AT_ONCE];
    size_t found;
    for (size_t i = 0; i < count; i++)
        if (is_gathered(g, records[i]) && !flush(tx, g, err))
            return false;
    if (find_rows(tx, records, count, rows, &found, err))
        return record_found(tx, g, records, count, rows, found, err);
    for (size_t i = 0; i < found; i++)
        delivery_row_free(&rows[i]);
    return false;
}

static bool record_all(struct tx *tx, const struct record **records, size_t count,
                       struct err *err)
{
    struct gathered g = {.count = 0};
    bool fine = true;
    for (size_t i = 0, n; i < count && fine; i += n) {
        n = near_records(&records[i], count - i);
        fine = record_near(tx, &g, &records[i], n, err);
    }
    fine = fine && write_gathered(tx, &g, err);
    forget_gathered(&g);
    return fine;
}

static bool run_record(struct step *step, struct tx *tx, struct err *err)
{
    struct record_step *s = (struct record_step *)step;
    const struct record **records = sorted(s, err);
    bool fine = records && record_all(tx, records, s->count, err);
    free(records);
    return fine;
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
