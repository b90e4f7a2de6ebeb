#include <stdlib.h>
#include <string.h>

#include "rules/payload.h"
#include "store/delivering.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/births.h"
#include "store/sqlite/buckets.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/claim.h"
#include "store/sqlite/draft.h"
#include "store/sqlite/due.h"
#include "store/sqlite/ending.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/packed.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/silence_rows.h"
#include "store/sqlite/store_impl.h"

/* Of buckets in one step: what a savepoint changes is held in memory until it is released. */
enum { CLOSE_BYTES = 2 << 20 };

struct close_step {
    struct step step;
    int64_t limit;
    struct claim_wish wish; /* its limit: claims at most */
    struct claim_room *rooms;
    bool any_wait; /* something else waits to be sent */
    struct closed closed;
    /* Not written yet, each with its claim, NULL: it waits. */
    struct birth births[BIRTHS_AT_ONCE];
    struct claim *claims[BIRTHS_AT_ONCE];
    size_t born;
};

struct due {
    int64_t row, kept, truncated, bytes, opened_at;
    int64_t silence; /* that held it; 0: none */
    bool drops;      /* only counted what that dropped */
    char alert_id[UUID_SIZE];
    enum event_type type;
    char *workspace;
    const struct alert_known *alert; /* borrowed; NULL: it is gone */
    bool stays;                      /* open: its body is not whole yet */
};

struct due_buckets {
    struct due *items;
    size_t count;
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

static struct payload_head head_of(const struct tx *tx, const struct due *d, const char *id)
{
    const struct store_limits *limits = &tx->store->limits;
    struct payload_head head = {.delivery_id = id,
                                .type = d->type,
                                .created_at = tx->wall,
                                .truncated = d->truncated,
                                .style = limits->style,
                                .retries = limits->retries};
    payload_head_of(d->alert->alert, &head);
    return head;
}

/* Of the contents; NULL: of the draft. */
static bool make_body(struct tx *tx, const struct due *d, const struct contents *c,
                      struct birth *b, struct err *err)
{
    const struct payload_head head = head_of(tx, d, b->id);
    if (!c)
        return draft_finish(tx->store, &head, &b->parts, err);
    buf_reserve(&b->body, c->bytes.len + 1024);
    return payload_body(&head, c->events, c->count, &b->body) || err_memory(err);
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

/* *out: the claim to be, without its row and body; NULL: it has to wait. */
static bool begin_claim(struct tx *tx, struct close_step *s, const struct due *d, const char *id,
                        struct claim **out, struct err *err)
{
    bool queue = false;
    struct err why;
    *out = NULL;
    if (!has_room(s, d->alert->endpoint))
        return true;
    struct claim *c = &s->closed.claims.items[s->closed.claims.count];
    *c = (struct claim){.type = d->type, .n = 1, .created_at = tx->steady};
    memcpy(c->id, id, sizeof c->id);
    memcpy(c->alert_id, d->alert_id, sizeof c->alert_id);
    memcpy(c->endpoint, d->alert->endpoint, sizeof c->endpoint);
    if (!has_queue(tx, s, c->endpoint, &queue, err) || queue)
        return queue;
    bool fine = claim_read_alert(tx, c, &why, err);
    if (!fine || why.code) { /* store_claim() ends what can never be sent */
        claim_free(c);
        return fine;
    }
    s->closed.claims.count++; /* freed with the others from here on */
    *out = c;
    return true;
}

static bool end_claim(struct claim *c, struct birth *b, struct err *err)
{
    c->row = b->row;
    c->body_len = b->parts.count ? b->parts.plain : b->body.len;
    if (b->parts.count || !claim_holds(buf_span(&b->body)))
        return true;
    c->body = buf_take(&b->body);
    return c->body ? claim_add_key(c, err) : err_memory(err);
}

/* ---------------------------------------------------------------- what is born */

static bool write_births(struct tx *tx, struct close_step *s, struct err *err)
{
    bool fine = births_write(tx, s->births, s->born, err);
    for (size_t i = 0; i < s->born && fine; i++)
        fine = !s->claims[i] || end_claim(s->claims[i], &s->births[i], err);
    return fine;
}

static void forget_births(struct close_step *s)
{
    for (size_t i = 0; i < s->born; i++) {
        buf_free(&s->births[i].body);
        body_parts_free(&s->births[i].parts);
    }
    s->born = 0;
}

static bool room_for_birth(struct tx *tx, struct close_step *s, struct err *err)
{
    if (s->born < BIRTHS_AT_ONCE)
        return true;
    bool fine = write_births(tx, s, err);
    forget_births(s);
    return fine;
}

static bool deliver_contents(struct tx *tx, struct close_step *s, const struct due *d,
                             const struct contents *c, struct err *err)
{
    if (!room_for_birth(tx, s, err))
        return false;
    struct birth *b = &s->births[s->born];
    struct claim **claim = &s->claims[s->born++];
    *b = (struct birth){.alert_id = d->alert_id,
                        .alert_name = name_of(d),
                        .workspace = d->workspace,
                        .endpoint = d->alert->endpoint,
                        .alert = d->alert->row,
                        .type = d->type,
                        .events = d->kept,
                        .truncated = d->truncated};
    uuid_v7(b->id, tx->wall);
    buf_init(&b->body, BUF_UNLIMITED);
    if (!make_body(tx, d, c, b, err) || !begin_claim(tx, s, d, b->id, claim, err))
        return false;
    b->state = *claim ? DELIVERY_SENDING : DELIVERY_WAITING;
    return log_truncated(tx, d, b->id, err);
}

/* A bucket that cannot be read must not hold up the others for ever. */
static bool drop_damaged(struct tx *tx, const struct due *d, struct err *err)
{
    return drop(tx, d, "the store's file is damaged: the events are lost", err);
}

static bool deliver(struct tx *tx, struct close_step *s, const struct due *d, struct err *err)
{
    struct contents c = {0};
    bool whole = false;
    bool fine = read_contents(tx, d, &c, &whole, err);
    if (fine)
        fine = whole ? deliver_contents(tx, s, d, &c, err) : drop_damaged(tx, d, err);
    contents_free(&c);
    return fine;
}

static bool is_large(int64_t bytes)
{
    return bytes > DRAFT_SLICE;
}

/* A message for Slack or PagerDuty is made of the first events only. */
static bool has_draft(const struct due *d)
{
    return is_large(d->bytes) && d->alert->alert->destination == DESTINATION_GENERAL;
}

static bool deliver_draft(struct tx *tx, struct close_step *s, struct due *d, struct err *err)
{
    const struct draft_bucket b = {d->row,      d->opened_at, d->kept,
                                   d->bytes,    d->alert_id,  d->type,
                                   tx->store->limits.style};
    enum draft_state state;
    if (!draft_go_on(tx, &b, &state, err))
        return false;
    d->stays = state == DRAFT_GROWS;
    return d->stays || (state == DRAFT_WHOLE ? deliver_contents(tx, s, d, NULL, err)
                                             : drop_damaged(tx, d, err));
}

static bool drop_silenced(struct tx *tx, const struct due *d, struct err *err)
{
    char words[SILENCE_WORDS_SIZE];
    return silence_words(tx, d->silence, words, err) && drop(tx, d, words, err);
}

static bool close_one(struct tx *tx, struct close_step *s, struct due *d, struct err *err)
{
    if (d->drops)
        return drop_silenced(tx, d, err);
    if (!d->alert)
        return drop(tx, d, "the alert was deleted", err);
    if (!d->alert->alert->enabled)
        return drop(tx, d, "the alert was disabled", err);
    return has_draft(d) ? deliver_draft(tx, s, d, err) : deliver(tx, s, d, err);
}

/* ---------------------------------------------------------------- the step */

static const char select_due[] =
    "SELECT row, alert, type, workspace, kept, truncated, bytes, silence, drops, opened_at "
    "FROM buckets WHERE due_at <= ? ORDER BY due_at";
enum { BYTES_COLUMN = 6 };

static bool add_due(struct due_buckets *out, sqlite3_stmt *row, struct err *err)
{
    if (!rows_grow((void **)&out->items, out->count, sizeof *out->items, err))
        return false;
    struct due *d = &out->items[out->count++];
    d->row = db_col_int(row, 0);
    db_col_id(row, 1, d->alert_id);
    d->type = (enum event_type)db_col_int(row, 2);
    d->kept = db_col_int(row, 4);
    d->truncated = db_col_int(row, 5);
    d->bytes = db_col_int(row, BYTES_COLUMN);
    d->silence = db_col_int(row, 7);
    d->drops = db_col_int(row, 8);
    d->opened_at = db_col_int(row, 9);
    return db_col_copy(row, 3, &d->workspace) || err_memory(err);
}

/* Of large ones only the first, so that several keep no other from its turn. */
static bool find_due(struct tx *tx, const struct close_step *s, struct due_buckets *out,
                     struct err *err)
{
    sqlite3_stmt *row = db_query(tx->db, select_due, DB_ARGS(db_int(s->wish.now)), err);
    bool large = false;
    int got = row ? 1 : -1;
    while (got > 0 && (int64_t)out->count < s->limit) {
        if ((got = db_step(tx->db, row, err)) != 1)
            break;
        bool is = is_large(db_col_int(row, BYTES_COLUMN));
        if (!(is && large) && !add_due(out, row, err))
            got = -1;
        large = large || is;
    }
    db_end(row);
    if (got == 0 && !large)
        draft_forget(tx->store); /* what it was of is no longer due */
    return got >= 0;
}

static bool remove_closed(struct tx *tx, struct close_step *s, const struct due *due,
                          size_t count, struct err *err)
{
    struct ending *endings = calloc(count + 1, sizeof *endings);
    size_t closed = 0;
    for (size_t i = 0; endings && i < count; i++)
        if (!due[i].stays)
            endings[closed++] = (struct ending){due[i].row, due[i].kept, due[i].truncated,
                                                due[i].silence, due[i].drops};
    bool fine = endings ? ending_remove_buckets(tx, endings, closed, err) : err_memory(err);
    free(endings);
    s->closed.count = (int64_t)closed;
    return fine;
}

static bool close_all(struct tx *tx, struct close_step *s, struct due_buckets *due,
                      struct err *err)
{
    int64_t bytes = 0;
    size_t count = 0;
    bool fine = true;
    for (; count < due->count && bytes < CLOSE_BYTES && fine; count++) {
        struct due *d = &due->items[count];
        fine = alert_cache_get(&tx->store->alerts, tx->db, d->alert_id, &d->alert, err) &&
               close_one(tx, s, d, err);
        bytes += d->stays ? DRAFT_SLICE : d->bytes;
    }
    fine = fine && write_births(tx, s, err) && remove_closed(tx, s, due->items, count, err);
    forget_births(s);
    return fine;
}

static void free_due(struct due_buckets *due)
{
    for (size_t i = 0; i < due->count; i++)
        free(due->items[i].workspace);
    free(due->items);
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
    struct due_buckets due = {0};
    bool fine = prepare_claims(tx, s, err) && find_due(tx, s, &due, err) &&
                close_all(tx, s, &due, err);
    free_due(&due);
    step->result = &s->closed;
    return fine;
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
