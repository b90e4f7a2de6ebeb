#include "store/sqlite/buckets.h"

#include <stdlib.h>
#include <string.h>

/* uthash ends the program when memory is short, unless told what to do instead. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/buf.h"
#include "store/sqlite/packed.h"
#include "store/sqlite/store_impl.h"

enum { GATHERED_MAX = 16 << 20 };

struct bucket_key {
    char alert[UUID_SIZE];
    unsigned char type;
    int64_t silence, until; /* a row of silences, and when it ends (wall ms); 0: none */
};

struct gathered {
    struct bucket_key key;
    char *workspace;
    int64_t row; /* 0: to be opened */
    bool drops;
    int64_t kept, truncated, bytes;
    int64_t kept_before, truncated_before;
    struct buf chunk; /* not packed */
    UT_hash_handle hh;
};

static void gathered_free(struct gathered *g)
{
    free(g->workspace);
    buf_free(&g->chunk);
    free(g);
}

void buckets_clear(struct buckets *b)
{
    struct gathered *g = b->gathered, *next;
    for (; g; g = next) {
        next = g->hh.next;
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): out of the table, then freed */
        HASH_DEL(b->gathered, g);
        gathered_free(g);
    }
    b->latest = NULL;
    b->bytes = 0;
}

/* Reads where the bucket stands. */
static bool read_bucket(struct tx *tx, struct gathered *g, struct err *err)
{
    sqlite3_stmt *row =
        db_query(tx->db,
                 "SELECT row, kept, truncated, bytes FROM buckets "
                 "WHERE alert = ? AND type = ? AND silence = ? AND until = ?",
                 DB_ARGS(db_text(g->key.alert), db_int(g->key.type), db_int(g->key.silence),
                         db_int(g->key.until)),
                 err);
    int got = row ? db_step(tx->db, row, err) : -1;
    if (got == 1) {
        g->row = db_col_int(row, 0);
        g->kept = g->kept_before = db_col_int(row, 1);
        g->truncated = g->truncated_before = db_col_int(row, 2);
        g->bytes = db_col_int(row, 3);
        db_end(row);
    }
    return got >= 0;
}

static bool same_key(const struct bucket_key *a, const struct bucket_key *b)
{
    return a->type == b->type && a->silence == b->silence && a->until == b->until &&
           memcmp(a->alert, b->alert, sizeof a->alert) == 0;
}

static struct gathered *gathered_of(struct tx *tx, const struct alert *alert,
                                    enum event_type type, const struct silence_at *silence,
                                    struct err *err)
{
    struct buckets *b = &tx->store->buckets;
    struct bucket_key key;
    memset(&key, 0, sizeof key);
    memcpy(key.alert, alert->id, UUID_SIZE);
    key.type = (unsigned char)type;
    if (silence) {
        key.silence = silence->row;
        key.until = silence->state.changes_at;
    }
    struct gathered *g = b->latest; /* of most events it is theirs too */
    if (g && same_key(&g->key, &key))
        return g;
    HASH_FIND(hh, b->gathered, &key, sizeof key, g);
    if (g)
        return b->latest = g;
    g = calloc(1, sizeof *g);
    if (!g) {
        err_memory(err);
        return NULL;
    }
    g->key = key;
    g->drops = silence && silence->silence.mode == SILENCE_DROP;
    buf_init(&g->chunk, BUF_UNLIMITED);
    g->workspace = strdup(alert->workspace);
    if (!g->workspace ? !err_memory(err) : !read_bucket(tx, g, err)) {
        gathered_free(g);
        return NULL;
    }
    HASH_ADD(hh, b->gathered, key, sizeof g->key, g);
    if (g->hh.tbl)
        return b->latest = g;
    err_memory(err);
    gathered_free(g);
    return NULL;
}

static bool open_bucket(struct tx *tx, struct gathered *g, struct err *err)
{
    int64_t wait = g->key.silence ? g->key.until - tx->wall : tx->store->limits.window_ms;
    if (!db_run(tx->db,
                "INSERT INTO buckets (alert, type, workspace, kept, truncated, bytes, "
                "opened_at, due_at, silence, until, drops) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                DB_ARGS(db_text(g->key.alert), db_int(g->key.type), db_text(g->workspace),
                        db_int(g->kept), db_int(g->truncated), db_int(g->bytes),
                        db_int(tx->steady), db_int(tx->steady + wait),
                        db_int(g->key.silence), db_int(g->key.until), db_int(g->drops)),
                err))
        return false;
    g->row = db_last_row(tx->db);
    tx->changes |= STORE_CHANGED_BUCKETS;
    tx->delta[COUNTER_OPEN_BUCKETS] += !g->drops;
    return true;
}

/* What this transaction added to it. */
static bool count_added(struct tx *tx, const struct gathered *g, struct err *err)
{
    int64_t kept = g->kept - g->kept_before;
    int64_t truncated = g->truncated - g->truncated_before;
    tx->delta[COUNTER_ACCEPTED] += kept + truncated;
    tx->delta[COUNTER_WAITING_EVENTS] += kept;
    tx->delta[COUNTER_DROPPED] += truncated;
    if (!g->key.silence)
        return true;
    if (g->drops)
        tx->delta[COUNTER_SILENCED] += truncated;
    tx->changes |= STORE_CHANGED_SILENCES;
    return db_run(
        tx->db, "UPDATE silences SET held = held + ?, dropped = dropped + ? WHERE row = ?",
        DB_ARGS(db_int(kept), db_int(truncated), db_int(g->key.silence)), err);
}

static bool write_chunk(struct tx *tx, const struct gathered *g, struct err *err)
{
    struct buf scratch;
    buf_init(&scratch, BUF_UNLIMITED);
    const struct packed p = packed_of(buf_span(&g->chunk), &scratch);
    bool fine = db_run(tx->db, "INSERT INTO bucket_chunks (row, events, size) VALUES (?, ?, ?)",
                       DB_ARGS(db_int(bucket_chunk(g->row, g->kept_before)), db_blob(p.bytes),
                               db_int(p.size)),
                       err);
    buf_free(&scratch);
    return fine;
}

static bool write_gathered(struct tx *tx, struct gathered *g, struct err *err)
{
    bool fine = g->row ? db_run(tx->db,
                                "UPDATE buckets SET kept = ?, truncated = ?, bytes = ? "
                                "WHERE row = ?",
                                DB_ARGS(db_int(g->kept), db_int(g->truncated),
                                        db_int(g->bytes), db_int(g->row)),
                                err)
                       : open_bucket(tx, g, err);
    return fine && (g->chunk.len == 0 || write_chunk(tx, g, err)) && count_added(tx, g, err);
}

bool buckets_flush(struct tx *tx, struct err *err)
{
    struct buckets *b = &tx->store->buckets;
    for (struct gathered *g = b->gathered; g; g = g->hh.next)
        if (!write_gathered(tx, g, err))
            return false;
    if (b->gathered)
        tx->changes |= STORE_CHANGED_EVENTS;
    buckets_clear(b);
    return true;
}

static bool over_limits(const struct gathered *g, size_t size,
                        const struct store_limits *limits)
{
    return g->kept > 0 && (g->kept >= limits->bucket_events ||
                           g->bytes + (int64_t)size > limits->bucket_bytes);
}

bool buckets_add(struct tx *tx, const struct alert *alert, enum event_type type,
                 const struct silence_at *silence, struct chunk_event *event,
                 struct err *err)
{
    struct gathered *g = gathered_of(tx, alert, type, silence, err);
    if (!g)
        return false;
    size_t size = chunk_size(event);
    if (g->drops || over_limits(g, size, &tx->store->limits)) {
        g->truncated++;
        return true;
    }
    if (!event->id[0])
        uuid_v7(event->id, tx->wall);
    if (!chunk_append(&g->chunk, event))
        return err_memory(err);
    g->kept++;
    g->bytes += (int64_t)size;
    tx->store->buckets.bytes += size;
    /* One event of many alerts must not pile up in memory. */
    return tx->store->buckets.bytes < GATHERED_MAX || buckets_flush(tx, err);
}

/* An event type has a colon of its own. */
bool bucket_key_parse(const char *key, struct bucket_name *out)
{
    static const char prefix[] = "alert_bucket:";
    size_t len = strlen(key), start = sizeof prefix - 1, end = start + UUID_SIZE - 1;
    *out = (struct bucket_name){0};
    if (len <= end || strncmp(key, prefix, start) != 0 || key[end] != ':' ||
        !uuid_read((struct span){key + start, UUID_SIZE - 1}, out->alert))
        return false;
    struct span type = {key + end + 1, len - end - 1};
    if (type.len > UUID_SIZE && type.at[type.len - UUID_SIZE] == ':' &&
        uuid_read((struct span){key + len + 1 - UUID_SIZE, UUID_SIZE - 1}, out->silence))
        type.len -= UUID_SIZE;
    return event_type_parse(type, &out->type);
}
