#include "store/sqlite/claim.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/delivering.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/due.h"
#include "store/sqlite/expire.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"

enum { CLAIM_BYTES = 4 << 20 }; /* of bodies in one step */

struct claim_step {
    struct step step;
    struct claim_wish wish;
    struct claim_room *rooms;
    struct claims claims;
};

void claim_free(struct claim *c)
{
    alert_free(&c->alert);
    if (c->body && c->body_is_secret)
        secret_wipe(c->body, c->body_len);
    free(c->body);
    memset(c, 0, sizeof *c);
}

bool claim_holds(struct span body)
{
    return body.len <= CLAIM_BODY || payload_wants_routing_key(body);
}

/* In the row are its size, 0 where it is whole, and then the body. */
static bool read_body(sqlite3_stmt *row, int column, struct claim *c, struct err *err)
{
    int64_t size = db_col_int(row, column);
    struct span body = db_col_blob(row, column + 1);
    c->body_len = size > 0 ? (size_t)size : body.len;
    return size > 0 || !body.at || db_col_copy(row, column + 1, &c->body) ||
           err_memory(err);
}

/* PagerDuty's routing key stands in the body only from here to the end of its sending. */
bool claim_add_key(struct claim *c, struct err *err)
{
    const char *key = alert_metadata(&c->alert, ALERT_ROUTING_KEY);
    struct span body = {c->body, c->body ? c->body_len : 0};
    struct buf whole;
    if (!payload_wants_routing_key(body))
        return true;
    buf_init_secret(&whole, BUF_UNLIMITED);
    if (!payload_add_routing_key(body, key, &whole)) {
        buf_free(&whole);
        return err_memory(err);
    }
    free(c->body);
    c->body_len = whole.len;
    c->body = whole.data; /* not buf_take(): moving would leave a copy behind */
    c->body_is_secret = true;
    return true;
}

/* The alert as it is now, with its secrets; *found false: there is none. */
static bool find_alert(struct tx *tx, const char *id, bool *found, struct alert *out,
                       struct err *err)
{
    const struct alert_known *known;
    if (!alert_cache_get(&tx->store->alerts, tx->db, id, &known, err))
        return false;
    *found = known != NULL;
    if (!known)
        return true;
    if (!alert_copy(out, known->alert))
        return err_memory(err);
    if (alert_secrets_unseal(tx->store->sealer, id, buf_span(&known->sealed), out, err))
        return true;
    alert_free(out);
    return false;
}

bool claim_read_alert(struct tx *tx, struct claim *c, struct err *why, struct err *err)
{
    bool found;
    *why = (struct err){0};
    if (!find_alert(tx, c->alert_id, &found, &c->alert, why)) {
        /* A key that does not fit must not keep all the others waiting. */
        if (why->code == ERR_DENIED || why->code == ERR_UNSUPPORTED ||
            why->code == ERR_INVALID)
            return true;
        *err = *why;
        return false;
    }
    return found || !err_set(why, ERR_NOT_FOUND, "the alert was deleted");
}

/* What a claim and its move need of a delivery, with its body. */
#define WANTED                                                                             \
    "SELECT " DELIVERY_COLUMNS ", b.size, b.body FROM deliveries AS d "                    \
    "LEFT JOIN bodies AS b ON b.delivery = d.row WHERE d.row = ?"
enum { BODY_COLUMN = DELIVERY_COLUMN_COUNT };

/* The claim without its alert. */
static bool fill(sqlite3_stmt *row, const struct delivery_row *d, struct claim *c,
                 struct err *err)
{
    memset(c, 0, sizeof *c);
    memcpy(c->id, d->id, sizeof c->id);
    memcpy(c->alert_id, d->alert_id, sizeof c->alert_id);
    memcpy(c->endpoint, d->endpoint, sizeof c->endpoint);
    c->row = d->row;
    c->type = d->type;
    c->n = d->attempts - d->round_from + 1;
    c->created_at = d->born_at;
    return read_body(row, BODY_COLUMN, c, err);
}

static bool read_delivery(struct tx *tx, int64_t number, struct delivery_row *d,
                          struct claim *c, bool *found, struct err *err)
{
    sqlite3_stmt *row = db_query(tx->db, WANTED, DB_ARGS(db_int(number)), err);
    int got = row ? db_step(tx->db, row, err) : -1;
    *found = got == 1;
    if (got != 1)
        return got == 0;
    delivery_row_read(row, d);
    bool fine = fill(row, d, c, err);
    db_end(row);
    return fine;
}

/* The next of the claims, with its mark; one that can never be sent ends here. */
static bool claim_one(struct tx *tx, struct claim_step *s, struct delivery_mark *marks,
                      int64_t row, struct err *err)
{
    struct delivery_row d;
    struct err why;
    bool found;
    struct claims *claims = &s->claims;
    struct claim *c = &claims->items[claims->count];
    if (!read_delivery(tx, row, &d, c, &found, err))
        return false;
    if (!found)
        return true;
    if (d.born_at < s->wish.born_from) {
        claim_free(c);
        return expire_row(tx, row, err);
    }
    bool fine = claim_read_alert(tx, c, &why, err);
    if (fine && !why.code && c->body_len == 0) /* nothing is sent in its place */
        err_set(&why, ERR_IO, "the store's file is damaged: the body is lost");
    fine = fine && (why.code || claim_add_key(c, err));
    if (fine && !why.code) {
        marks[claims->count++] = (struct delivery_mark){row, d.events, d.state};
        return true;
    }
    const struct delivery_move end = {DELIVERY_DEAD, 0, why.text, d.attempts,
                                      STATUS_AS_IT_WAS};
    claim_free(c);
    return fine && delivery_row_move(tx, &d, &end, err);
}

static bool claim_all(struct tx *tx, struct claim_step *s, const struct due_list *due,
                      struct err *err)
{
    size_t bytes = 0;
    bool fine = true;
    struct delivery_mark *marks = calloc(due->count, sizeof *marks);
    s->claims.items = calloc(due->count, sizeof *s->claims.items);
    if (!marks || !s->claims.items)
        fine = err_memory(err);
    for (size_t i = 0; i < due->count && fine && bytes < CLAIM_BYTES; i++) {
        size_t before = s->claims.count;
        fine = claim_one(tx, s, marks, due->items[i].row, err);
        if (s->claims.count > before)
            bytes += s->claims.items[before].body ? s->claims.items[before].body_len : 0;
    }
    fine = fine && delivery_rows_send(tx, marks, s->claims.count, err);
    free(marks);
    return fine;
}

static bool run_claim(struct step *step, struct tx *tx, struct err *err)
{
    struct claim_step *s = (struct claim_step *)step;
    struct due_list due = {0};
    bool fine = due_find(tx->db, &s->wish, &due, err) &&
                (due.count == 0 || claim_all(tx, s, &due, err));
    free(due.items);
    step->result = &s->claims;
    return fine;
}

static void free_claim(struct step *step)
{
    struct claim_step *s = (struct claim_step *)step;
    for (size_t i = 0; i < s->claims.count; i++)
        claim_free(&s->claims.items[i]);
    free(s->claims.items);
    free(s->rooms);
    free(s);
}

void store_claim(struct store *s, const struct claim_wish *wish, store_done *done, void *arg)
{
    struct claim_step *step = step_new(sizeof *step, run_claim, free_claim, done, arg);
    if (!step)
        return;
    if (due_copy_wish(wish, &step->wish, &step->rooms))
        writer_submit(s, &step->step);
    else
        step_refuse(&step->step);
}
