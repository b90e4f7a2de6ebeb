#include <stdlib.h>
#include <string.h>

#include "rules/payload.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/ending.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/silence_rows.h"
#include "store/sqlite/store_impl.h"

/* Of buckets in one step: what a savepoint changes is held in memory until it is released. */
enum { CLOSE_BYTES = 2 << 20 };

struct close_step {
    struct step step;
    int64_t now, limit, result, bytes;
};

struct due {
    int64_t row, kept, truncated, bytes;
    int64_t silence; /* that held it; 0: none */
    bool drops;      /* only counted what that dropped */
    char alert_id[UUID_SIZE];
    enum event_type type;
    char *workspace;
    bool found; /* else the alert is gone */
    struct alert alert; /* without its secrets */
    int64_t alert_row;
    char endpoint[33];
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
        db_query(tx->db, "SELECT events FROM bucket_chunks WHERE bucket = ? ORDER BY row",
                 DB_ARGS(db_int(d->row)), err);
    int got = -1;
    while (row && (got = db_step(tx->db, row, err)) == 1)
        buf_add_span(out, db_col_blob(row, 0));
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
    return d->found && d->alert.name ? d->alert.name : "";
}

static bool insert_delivery(struct tx *tx, const struct due *d, const char *id,
                            struct span body, struct err *err)
{
    if (!db_run(tx->db,
                "INSERT INTO deliveries (id, alert, alert_name, workspace, type, state, "
                "endpoint, events, truncated, created_at, born_at, next_at, attempts) "
                "VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, 0)",
                DB_ARGS(db_text(id), db_text(d->alert_id), db_text(name_of(d)),
                        db_text(d->workspace), db_int(d->type), db_text(d->endpoint),
                        db_int(d->kept), db_int(d->truncated), db_int(tx->wall),
                        db_int(tx->steady), db_int(tx->steady)),
                err))
        return false;
    int64_t row = db_last_row(tx->db);
    tx->delta[COUNTER_DELIVERIES + DELIVERY_WAITING]++;
    tx->delta[COUNTER_EVENTS + DELIVERY_WAITING] += d->kept;
    tx->changes |= STORE_CHANGED_DELIVERIES;
    return db_run(tx->db, "INSERT INTO delivery_bodies (delivery, body) VALUES (?, ?)",
                  DB_ARGS(db_int(row), db_blob(body)), err) &&
           db_run(tx->db,
                  "INSERT OR REPLACE INTO alert_last (alert, delivery, state, status, at) "
                  "VALUES (?, ?, 0, 0, ?)",
                  DB_ARGS(db_int(d->alert_row), db_int(row), db_int(tx->wall)), err);
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
    payload_head_of(&d->alert, &head);
    buf_reserve(body, c->bytes.len + 1024);
    return payload_body(&head, c->events, c->count, body);
}

static bool deliver_contents(struct tx *tx, const struct due *d, const struct contents *c,
                             struct err *err)
{
    char id[UUID_SIZE];
    struct buf body;
    uuid_v7(id, tx->wall);
    buf_init(&body, BUF_UNLIMITED);
    bool fine = render(tx, d, id, c, &body) || err_memory(err);
    fine = fine && insert_delivery(tx, d, id, buf_span(&body), err) &&
           log_truncated(tx, d, id, err);
    buf_free(&body);
    return fine;
}

/* A bucket that cannot be read must not hold up the others for ever. */
static bool deliver(struct tx *tx, const struct due *d, struct err *err)
{
    struct contents c = {0};
    bool whole = false;
    bool fine = read_contents(tx, d, &c, &whole, err);
    if (fine)
        fine = whole ? deliver_contents(tx, d, &c, err)
                     : drop(tx, d, "the store's file is damaged: the events are lost", err);
    contents_free(&c);
    return fine;
}

static bool drop_silenced(struct tx *tx, const struct due *d, struct err *err)
{
    char words[SILENCE_WORDS_SIZE];
    return silence_words(tx, d->silence, words, err) && drop(tx, d, words, err);
}

static bool close_one(struct tx *tx, const struct due *d, struct err *err)
{
    const struct ending b = {d->row, d->kept, d->truncated, d->silence, d->drops};
    bool fine;
    if (d->drops)
        fine = drop_silenced(tx, d, err);
    else if (!d->found)
        fine = drop(tx, d, "the alert was deleted", err);
    else if (!d->alert.enabled)
        fine = drop(tx, d, "the alert was disabled", err);
    else
        fine = deliver(tx, d, err);
    return fine && ending_remove_bucket(tx, &b, err);
}

/* ---------------------------------------------------------------- the step */

static const char select_due[] =
    "SELECT b.row, b.alert, b.type, b.workspace, b.kept, b.truncated, a.row, "
    "a.endpoint, b.bytes, b.silence, b.drops "
    "FROM buckets AS b LEFT JOIN alerts AS a ON a.id = b.alert "
    "WHERE b.due_at <= ? ORDER BY b.due_at LIMIT 1";

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
    d->alert_row = db_col_int(row, 6);
    d->bytes = db_col_int(row, 8);
    d->silence = db_col_int(row, 9);
    d->drops = db_col_int(row, 10);
    struct span endpoint = db_col_text(row, 7);
    if (endpoint.at && endpoint.len < sizeof d->endpoint)
        memcpy(d->endpoint, endpoint.at, endpoint.len);
    bool fine = db_col_copy(row, 3, &d->workspace) || err_memory(err);
    db_end(row);
    return fine && alert_row_find(tx->db, NULL, d->alert_id, &d->found, &d->alert, err) ? 1
                                                                                        : -1;
}

static bool run_close(struct step *step, struct tx *tx, struct err *err)
{
    struct close_step *s = (struct close_step *)step;
    int got = 0;
    while (s->result < s->limit && s->bytes < CLOSE_BYTES) {
        struct due d;
        got = next_due(tx, s->now, &d, err);
        bool fine = got == 1 && close_one(tx, &d, err);
        free(d.workspace);
        if (d.found)
            alert_free(&d.alert);
        if (!fine)
            break;
        got = 0;
        s->result++;
        s->bytes += d.bytes;
    }
    step->result = &s->result;
    return got == 0;
}

static void free_close(struct step *step)
{
    free(step);
}

void store_close_due(struct store *s, int64_t now, int64_t limit, store_done *done,
                     void *arg)
{
    struct close_step *step = step_new(sizeof *step, run_close, free_close, done, arg);
    if (!step)
        return;
    step->now = now;
    step->limit = limit;
    step->step.undo = step->step.durable = true;
    writer_submit(s, &step->step);
}
