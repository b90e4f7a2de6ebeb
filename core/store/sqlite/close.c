#include <stdlib.h>
#include <string.h>

#include "rules/payload.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/buckets.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/claim.h"
#include "store/sqlite/due.h"
#include "store/sqlite/ending.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/packed.h"
#include "store/sqlite/silence_rows.h"
#include "store/sqlite/store_impl.h"

/* Of buckets in one step: what a savepoint changes is held in memory until it is released. */
enum { CLOSE_BYTES = 2 << 20 };

struct close_step {
    struct step step;
    int64_t limit, bytes;
    struct claim_wish wish; /* its limit: claims at most */
    struct claim_room *rooms;
    bool any_wait; /* something else waits to be sent */
    struct closed closed;
};

struct due {
    int64_t row, kept, truncated, bytes;
    int64_t silence; /* that held it; 0: none */
    bool drops;      /* only counted what that dropped */
    char alert_id[UUID_SIZE];
    enum event_type type;
    char *workspace;
    const struct alert_known *alert; /* borrowed; NULL: it is gone */
};

/* The events of a bucket, as the body takes them. */
struct contents {
    struct buf bytes;
    struct payload_event *events;
    char (*ids)[UUID_SIZE];
    size_t count;
};

static void contents_free(struct contents *c)
{
    buf_free(&c->bytes);
    free(c->events);
    free(c->ids);
}

static bool read_chunks(struct tx *tx, const struct due *d, struct buf *out,
                        struct err *err)
{
    sqlite3_stmt *row =
        db_query(tx->db,
                 "SELECT events, size FROM bucket_chunks WHERE row >= ? AND row < ? "
                 "ORDER BY row",
                 DB_ARGS(db_int(bucket_chunk(d->row, 0)), db_int(bucket_chunk(d->row + 1, 0))),
                 err);
    int got = -1;
    while (row && (got = db_step(tx->db, row, err)) == 1) {
        const struct packed p = {db_col_blob(row, 0), db_col_int(row, 1)};
        packed_open(&p, out);
    }
    return got == 0 && (!out->failed || err_memory(err));
}

/* *whole: false when the bytes do not hold what the bucket's row says. */
static bool read_contents(struct tx *tx, const struct due *d, struct contents *c, bool *whole,
                          struct err *err)
{
    buf_init(&c->bytes, BUF_UNLIMITED);
    if (!read_chunks(tx, d, &c->bytes, err))
        return false;
    c->events = calloc((size_t)d->kept + 1, sizeof *c->events);
    c->ids = calloc((size_t)d->kept + 1, sizeof *c->ids);
    if (!c->events || !c->ids)
        return err_memory(err);
    struct span rest = buf_span(&c->bytes);
    while (c->count < (size_t)d->kept &&
           chunk_next(&rest, c->ids[c->count], &c->events[c->count]))
        c->count++;
    *whole = c->count == (size_t)d->kept;
    return true;
}

/* ---------------------------------------------------------------- one bucket */

static const char *name_of(const struct due *d)
{
    return d->alert && d->alert->alert->name ? d->alert->alert->name : "";
}

/* A delivery that is claimed at once is SENDING from its first moment. */
static bool insert_delivery(struct tx *tx, const struct due *d, const char *id, bool claimed,
                            struct span body, int64_t *row, struct err *err)
{
    enum delivery_state state = claimed ? DELIVERY_SENDING : DELIVERY_WAITING;
    if (!db_run(tx->db,
                "INSERT INTO deliveries (id, alert, alert_name, workspace, type, state, "
                "endpoint, events, truncated, created_at, born_at, next_at, attempts) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                DB_ARGS(db_text(id), db_text(d->alert_id), db_text(name_of(d)),
                        db_text(d->workspace), db_int(d->type), db_int(state),
                        db_text(d->alert->endpoint), db_int(d->kept), db_int(d->truncated),
                        db_int(tx->wall), db_int(tx->steady),
                        claimed ? db_null() : db_int(tx->steady)),
                err))
        return false;
    *row = db_last_row(tx->db);
    tx->delta[COUNTER_DELIVERIES + (int)state]++;
    tx->delta[COUNTER_EVENTS + (int)state] += d->kept;
    tx->changes |= STORE_CHANGED_DELIVERIES;
    return db_run(tx->db, "INSERT INTO delivery_bodies (delivery, body) VALUES (?, ?)",
                  DB_ARGS(db_int(*row), db_blob(body)), err) &&
           db_run(tx->db,
                  "INSERT INTO alert_last (alert, delivery, state, status, at) "
                  "VALUES (?, ?, ?, 0, ?) ON CONFLICT (alert) DO UPDATE SET "
                  "delivery = excluded.delivery, state = excluded.state, status = 0, "
                  "at = excluded.at",
                  DB_ARGS(db_int(d->alert->row), db_int(*row), db_int(state),
                          db_int(tx->wall)),
                  err);
}

/* The events over the limit end here, with their reason. */
static bool log_truncated(struct tx *tx, const struct due *d, const char *delivery_id,
                          struct err *err)
{
    const struct log_about about = {
        d->alert_id, name_of(d), d->workspace, d->type, d->truncated, 0, delivery_id};
    return d->truncated == 0 ||
           log_dropped(tx, &about, "left out: over the limit of a bucket", err);
}

static bool drop(struct tx *tx, const struct due *d, const char *reason, struct err *err)
{
    const struct log_about about = {
        d->alert_id, name_of(d), d->workspace, d->type, d->kept + d->truncated, 0, NULL};
    tx->delta[COUNTER_DROPPED] += d->kept;
    return log_dropped(tx, &about, reason, err);
}

static bool render(struct tx *tx, const struct due *d, const char *id,
                   const struct contents *c, struct buf *body)
{
    const struct store_limits *limits = &tx->store->limits;
    struct payload_head head = {.delivery_id = id,
                                .type = d->type,
                                .created_at = tx->wall,
                                .truncated = d->truncated,
                                .style = limits->style,
                                .retries = limits->retries};
    payload_head_of(d->alert->alert, &head);
    buf_reserve(body, c->bytes.len + 1024);
    return payload_body(&head, c->events, c->count, body);
}

/* ---------------------------------------------------------------- claimed at once */

/* Whether another delivery waits for its endpoint, which then goes first. */
static bool has_queue(struct tx *tx, const struct close_step *s, const char *endpoint,
                      bool *queue, struct err *err)
{
    int64_t row = 0;
    bool fine = !s->any_wait || db_number(tx->db,
                                          "SELECT row FROM deliveries WHERE endpoint = ? "
                                          "AND next_at IS NOT NULL LIMIT 1",
                                          DB_ARGS(db_text(endpoint)), 0, &row, err);
    *queue = row != 0;
    return fine;
}

static bool has_room(const struct close_step *s, const char *endpoint)
{
    const struct claims *claims = &s->closed.claims;
    size_t room = due_room(&s->wish, endpoint);
    for (size_t i = 0; i < claims->count && room > 0; i++)
        room -= strcmp(claims->items[i].endpoint, endpoint) == 0;
    return room > 0 && (int64_t)claims->count < s->wish.limit;
}

/* *out: the claim to be, without its body; NULL: it has to wait. */
static bool begin_claim(struct tx *tx, struct close_step *s, const struct due *d, const char *id,
                        struct claim **out, struct err *err)
{
    bool queue = false;
    struct err why;
    *out = NULL;
    if (!has_room(s, d->alert->endpoint))
        return true;
    if (!has_queue(tx, s, d->alert->endpoint, &queue, err) || queue)
        return queue;
    struct claim *c = &s->closed.claims.items[s->closed.claims.count];
    *c = (struct claim){.type = d->type, .n = 1, .created_at = tx->steady};
    memcpy(c->id, id, sizeof c->id);
    memcpy(c->alert_id, d->alert_id, sizeof c->alert_id);
    memcpy(c->endpoint, d->alert->endpoint, sizeof c->endpoint);
    bool fine = claim_read_alert(tx, c, &why, err);
    if (!fine || why.code) /* store_claim() ends what can never be sent */
        claim_free(c);
    else
        *out = c;
    return fine;
}

static bool end_claim(struct close_step *s, struct claim *c, int64_t row, struct buf *body,
                      struct err *err)
{
    s->closed.claims.count++; /* freed with the others from here on */
    c->row = row;
    c->body_len = body->len;
    if (!claim_holds(buf_span(body)))
        return true;
    c->body = buf_take(body);
    return c->body ? claim_add_key(c, err) : err_memory(err);
}

static bool deliver_contents(struct tx *tx, struct close_step *s, const struct due *d,
                             const struct contents *c, struct err *err)
{
    char id[UUID_SIZE];
    struct buf body;
    struct claim *claim = NULL;
    int64_t row;
    uuid_v7(id, tx->wall);
    buf_init(&body, BUF_UNLIMITED);
    bool fine = render(tx, d, id, c, &body) || err_memory(err);
    fine = fine && begin_claim(tx, s, d, id, &claim, err);
    bool inserted = fine && insert_delivery(tx, d, id, claim, buf_span(&body), &row, err) &&
                    log_truncated(tx, d, id, err);
    if (claim && inserted)
        inserted = end_claim(s, claim, row, &body, err);
    else if (claim)
        claim_free(claim);
    buf_free(&body);
    return inserted;
}

/* A bucket that cannot be read must not hold up the others for ever. */
static bool deliver(struct tx *tx, struct close_step *s, const struct due *d, struct err *err)
{
    struct contents c = {0};
    bool whole = false;
    bool fine = read_contents(tx, d, &c, &whole, err);
    if (fine)
        fine = whole ? deliver_contents(tx, s, d, &c, err)
                     : drop(tx, d, "the store's file is damaged: the events are lost", err);
    contents_free(&c);
    return fine;
}

static bool drop_silenced(struct tx *tx, const struct due *d, struct err *err)
{
    char words[SILENCE_WORDS_SIZE];
    return silence_words(tx, d->silence, words, err) && drop(tx, d, words, err);
}

static bool close_one(struct tx *tx, struct close_step *s, const struct due *d, struct err *err)
{
    const struct ending b = {d->row, d->kept, d->truncated, d->silence, d->drops};
    bool fine;
    if (d->drops)
        fine = drop_silenced(tx, d, err);
    else if (!d->alert)
        fine = drop(tx, d, "the alert was deleted", err);
    else if (!d->alert->alert->enabled)
        fine = drop(tx, d, "the alert was disabled", err);
    else
        fine = deliver(tx, s, d, err);
    return fine && ending_remove_bucket(tx, &b, err);
}

/* ---------------------------------------------------------------- the step */

static const char select_due[] =
    "SELECT row, alert, type, workspace, kept, truncated, bytes, silence, drops "
    "FROM buckets WHERE due_at <= ? ORDER BY due_at LIMIT 1";

/* 1: a bucket; 0: none is due; -1: failed. */
static int next_due(struct tx *tx, int64_t now, struct due *d, struct err *err)
{
    *d = (struct due){0};
    sqlite3_stmt *row = db_query(tx->db, select_due, DB_ARGS(db_int(now)), err);
    int got = row ? db_step(tx->db, row, err) : -1;
    if (got != 1)
        return got;
    d->row = db_col_int(row, 0);
    db_col_id(row, 1, d->alert_id);
    d->type = (enum event_type)db_col_int(row, 2);
    d->kept = db_col_int(row, 4);
    d->truncated = db_col_int(row, 5);
    d->bytes = db_col_int(row, 6);
    d->silence = db_col_int(row, 7);
    d->drops = db_col_int(row, 8);
    bool fine = db_col_copy(row, 3, &d->workspace) || err_memory(err);
    db_end(row);
    return fine && alert_cache_get(&tx->store->alerts, tx->db, d->alert_id, &d->alert, err) ? 1
                                                                                            : -1;
}

static bool prepare_claims(struct tx *tx, struct close_step *s, struct err *err)
{
    int64_t waits;
    if (s->wish.limit <= 0)
        return true;
    s->closed.claims.items = calloc((size_t)s->wish.limit, sizeof *s->closed.claims.items);
    if (!s->closed.claims.items)
        return err_memory(err);
    bool fine = db_number(tx->db, "SELECT min(next_at) FROM deliveries WHERE next_at IS NOT NULL",
                          DB_NO_ARGS, 0, &waits, err);
    s->any_wait = waits != 0;
    return fine;
}

static bool run_close(struct step *step, struct tx *tx, struct err *err)
{
    struct close_step *s = (struct close_step *)step;
    int got = prepare_claims(tx, s, err) ? 0 : -1;
    while (got == 0 && s->closed.count < s->limit && s->bytes < CLOSE_BYTES) {
        struct due d;
        got = next_due(tx, s->wish.now, &d, err);
        bool fine = got == 1 && close_one(tx, s, &d, err);
        free(d.workspace);
        if (!fine)
            break;
        got = 0;
        s->closed.count++;
        s->bytes += d.bytes;
    }
    step->result = &s->closed;
    return got == 0;
}

static void free_close(struct step *step)
{
    struct close_step *s = (struct close_step *)step;
    for (size_t i = 0; i < s->closed.claims.count; i++)
        claim_free(&s->closed.claims.items[i]);
    free(s->closed.claims.items);
    free(s->rooms);
    free(s);
}

void store_close_claim(struct store *s, int64_t limit, const struct claim_wish *wish,
                       store_done *done, void *arg)
{
    struct close_step *step = step_new(sizeof *step, run_close, free_close, done, arg);
    if (!step)
        return;
    step->limit = limit;
    step->step.undo = step->step.durable = true;
    if (due_copy_wish(wish, &step->wish, &step->rooms))
        writer_submit(s, &step->step);
    else
        step_refuse(&step->step);
}

void store_close_due(struct store *s, int64_t now, int64_t limit, store_done *done, void *arg)
{
    const struct claim_wish none = {.now = now};
    store_close_claim(s, limit, &none, done, arg);
}
