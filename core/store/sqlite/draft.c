#include "store/sqlite/draft.h"

#include <stdlib.h>
#include <string.h>

#include "rules/payload_draft.h"
#include "store/sqlite/buckets.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/packed.h"
#include "store/sqlite/store_impl.h"

/* Of a chunk: in its first bytes is the id of its first event, packed or not. */
enum { MARK = 64 };

struct draft {
    int64_t row, opened_at;
    char alert_id[UUID_SIZE];
    /* Rows are numbered anew after a delete, and within one millisecond there may be
     * another bucket of the same alert in the same row: its first event is another one. */
    int64_t first; /* chunk; 0: none was read yet */
    char mark[MARK];
    size_t mark_len;

    int64_t next; /* the chunk to go on from, */
    int64_t skip; /* and how many of its events were taken */
    int64_t taken, bytes;
    struct payload_draft body;
    struct body_parts parts[PAYLOAD_LISTS]; /* what was moved out of its lists */
    struct buf scratch;
    bool unsettled; /* it grew in the transaction that is under way */
};

struct slice {
    int64_t kept, wanted; /* events of the bucket; bytes */
    int64_t got;
    bool ended; /* no chunk is left */
};

/* ---------------------------------------------------------------- its life */

static struct draft *draft_new(const struct draft_bucket *b)
{
    struct draft *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->row = b->row;
    d->opened_at = b->opened_at;
    d->bytes = b->bytes;
    d->next = bucket_chunk(b->row, 0);
    memcpy(d->alert_id, b->alert_id, sizeof d->alert_id);
    payload_draft_init(&d->body, b->style, b->type);
    buf_init(&d->scratch, BUF_UNLIMITED);
    return d;
}

void draft_forget(struct store *s)
{
    struct draft *d = s->draft;
    if (!d)
        return;
    payload_draft_free(&d->body);
    for (int i = 0; i < PAYLOAD_LISTS; i++)
        body_parts_free(&d->parts[i]);
    buf_free(&d->scratch);
    free(d);
    s->draft = NULL;
}

void draft_settle(struct store *s)
{
    if (s->draft)
        s->draft->unsettled = false;
}

void draft_undo(struct store *s)
{
    if (s->draft && s->draft->unsettled)
        draft_forget(s);
}

void draft_forget_bucket(struct store *s, int64_t row)
{
    if (s->draft && s->draft->row == row)
        draft_forget(s);
}

static bool looks_like(const struct draft *d, const struct draft_bucket *b)
{
    return d->row == b->row && d->opened_at == b->opened_at && d->taken <= b->kept &&
           d->body.type == b->type && d->body.style == b->style &&
           strcmp(d->alert_id, b->alert_id) == 0;
}

/* As a blob: a statement would read the whole of a chunk, which may be large, each time. */
static bool has_mark(struct tx *tx, const struct draft *d)
{
    char found[MARK];
    sqlite3_blob *chunk = NULL;
    bool has = sqlite3_blob_open(db_handle(tx->db), "main", "bucket_chunks", "events",
                                 d->first, 0, &chunk) == SQLITE_OK &&
               (size_t)sqlite3_blob_bytes(chunk) >= d->mark_len &&
               sqlite3_blob_read(chunk, found, (int)d->mark_len, 0) == SQLITE_OK &&
               memcmp(found, d->mark, d->mark_len) == 0;
    sqlite3_blob_close(chunk);
    return has;
}

/* The draft is one of this bucket from here on. */
static bool have_draft(struct tx *tx, const struct draft_bucket *b, struct err *err)
{
    struct store *s = tx->store;
    if (s->draft && looks_like(s->draft, b) && has_mark(tx, s->draft))
        return true;
    draft_forget(s);
    s->draft = draft_new(b);
    return s->draft || err_memory(err);
}

/* ---------------------------------------------------------------- a slice */

static bool move_lists(struct draft *d)
{
    for (int i = 0; i < PAYLOAD_LISTS; i++) {
        struct buf *list = &d->body.lists[i];
        size_t len = list->len - list->len % BODY_PART;
        if (len == 0)
            continue;
        if (!body_parts_add(&d->parts[i], (struct span){list->data, len}, &d->scratch))
            return false;
        buf_drop(list, len);
    }
    return true;
}

static bool is_done(const struct draft *d, const struct slice *s)
{
    return d->taken >= s->kept || s->got >= s->wanted;
}

static bool take_events(struct draft *d, struct slice *s, struct span *rest)
{
    struct payload_event e;
    char id[UUID_SIZE];
    for (int64_t i = 0; i < d->skip && chunk_next(rest, id, &e); i++)
        ;
    while (!is_done(d, s)) {
        size_t before = rest->len;
        if (!chunk_next(rest, id, &e)) {
            rest->len = 0;
            return true;
        }
        if (!payload_draft_add(&d->body, &e) || !move_lists(d))
            return false;
        s->got += (int64_t)(before - rest->len);
        d->taken++;
        d->skip++;
    }
    return true;
}

static void remember_first(struct draft *d, int64_t row, struct span bytes)
{
    if (d->first != 0)
        return;
    d->first = row;
    d->mark_len = bytes.len < MARK ? bytes.len : MARK;
    if (d->mark_len)
        memcpy(d->mark, bytes.at, d->mark_len);
}

static bool take_chunk(struct draft *d, int64_t row, const struct packed *p,
                       struct slice *s, struct err *err)
{
    struct buf plain;
    buf_init(&plain, BUF_UNLIMITED);
    remember_first(d, row, p->bytes);
    packed_open(p, &plain);
    struct span rest = buf_span(&plain);
    if (row != d->next)
        d->skip = 0;
    bool fine = !plain.failed && take_events(d, s, &rest);
    d->next = rest.len ? row : row + 1;
    d->skip = rest.len ? d->skip : 0;
    buf_free(&plain);
    return fine || err_memory(err);
}

static bool read_slice(struct tx *tx, struct draft *d, struct slice *s, struct err *err)
{
    sqlite3_stmt *row =
        db_query(tx->db,
                 "SELECT row, events, size FROM bucket_chunks WHERE row >= ? AND row < ? "
                 "ORDER BY row",
                 DB_ARGS(db_int(d->next), db_int(bucket_chunk(d->row + 1, 0))), err);
    int got = row ? 0 : -1;
    while (got >= 0 && !is_done(d, s)) {
        if ((got = db_step(tx->db, row, err)) != 1)
            break;
        const struct packed p = {db_col_blob(row, 1), db_col_int(row, 2)};
        if (!take_chunk(d, db_col_int(row, 0), &p, s, err))
            got = -1;
    }
    s->ended = got == 0;
    db_end(row);
    return got >= 0;
}

bool draft_go_on(struct tx *tx, const struct draft_bucket *b, enum draft_state *state,
                 struct err *err)
{
    if (!have_draft(tx, b, err))
        return false;
    struct draft *d = tx->store->draft;
    d->unsettled = true;
    struct slice s = {.kept = b->kept, .wanted = DRAFT_SLICE + b->bytes - d->bytes};
    d->bytes = b->bytes;
    bool fine = read_slice(tx, d, &s, err);
    *state = d->taken >= b->kept ? DRAFT_WHOLE : s.ended ? DRAFT_DAMAGED : DRAFT_GROWS;
    if (!fine || *state == DRAFT_DAMAGED)
        draft_forget(tx->store);
    return fine;
}

/* ---------------------------------------------------------------- the end */

/* What lies before the parts of a list goes into parts of its own. */
static bool put_list(struct draft *d, int i, struct buf *text, struct body_parts *out)
{
    if (d->parts[i].count > 0) {
        if (!body_parts_add(out, buf_span(text), &d->scratch) ||
            !body_parts_move(&d->parts[i], out))
            return false;
        buf_clear(text);
    }
    return buf_add_span(text, buf_span(&d->body.lists[i]));
}

bool draft_finish(struct store *s, const struct payload_head *head, struct body_parts *out,
                  struct err *err)
{
    struct draft *d = s->draft;
    struct buf text;
    bool fine = true;
    *out = (struct body_parts){0};
    buf_init(&text, BUF_UNLIMITED);
    for (int i = 0; i < PAYLOAD_LISTS && fine; i++)
        fine = payload_draft_around(&d->body, head, (enum payload_list)i, &text) &&
               put_list(d, i, &text, out);
    fine = fine && payload_draft_around(&d->body, head, PAYLOAD_LISTS, &text) &&
           body_parts_add(out, buf_span(&text), &d->scratch);
    buf_free(&text);
    draft_forget(s);
    if (!fine)
        body_parts_free(out);
    return fine || err_memory(err);
}
