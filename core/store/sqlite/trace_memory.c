#include "store/sqlite/trace_memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    TRACES = 65536,
    NAME_HASHES = 4096,
    NAME_MAX = 1024,
    NAMES_MAX = 4 << 20,
    RUN_MAX = 1024,
};
_Static_assert(2 * TRACES <= TRACE_INDEX_PLACES, "the index is half full at most");

struct trace_name {
    struct trace_name *next;
    uint32_t hash, uses;
    size_t len;
    char text[];
};

struct trace_entry {
    unsigned char trace[TRACE_BYTES];
    int64_t project;
    struct trace_name *name, *workspace; /* workspace NULL: a free slot */
    uint64_t hash;
};

static uint32_t hash_bytes(const void *bytes, size_t len, uint32_t hash)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* ---------------------------------------------------------------- names, each kept once */

static struct trace_name *name_use(struct trace_memory *m, struct span text)
{
    uint32_t hash = hash_bytes(text.at, text.len, 2166136261u);
    struct trace_name **head = &m->names[hash % NAME_HASHES];
    for (struct trace_name *n = *head; n; n = n->next) {
        if (n->hash == hash && span_same((struct span){n->text, n->len}, text)) {
            n->uses++;
            return n;
        }
    }
    struct trace_name *n = malloc(sizeof *n + text.len);
    if (!n)
        return NULL;
    *n = (struct trace_name){.next = *head, .hash = hash, .uses = 1, .len = text.len};
    memcpy(n->text, text.at, text.len);
    *head = n;
    m->name_bytes += sizeof *n + text.len;
    return n;
}

static void name_drop(struct trace_memory *m, struct trace_name *n)
{
    if (!n || --n->uses > 0)
        return;
    struct trace_name **at = &m->names[n->hash % NAME_HASHES];
    while (*at != n)
        at = &(*at)->next;
    *at = n->next;
    m->name_bytes -= sizeof *n + n->len;
    free(n);
}

/* ---------------------------------------------------------------- the ring */

static void entry_remove(struct trace_memory *m, uint32_t slot)
{
    struct trace_entry *e = &m->ring[slot];
    if (!e->workspace)
        return;
    trace_index_remove(&m->index, e->hash, slot);
    name_drop(m, e->name);
    name_drop(m, e->workspace);
    memset(e, 0, sizeof *e);
}

static bool is_entry_of(const struct trace_entry *e, const struct trace_key *key)
{
    return e->hash == key->hash && memcmp(e->trace, key->trace, TRACE_BYTES) == 0 &&
           /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is in a chain has one */
           span_same((struct span){e->workspace->text, e->workspace->len}, key->in.workspace);
}

static struct trace_entry *entry_find(struct trace_memory *m, const struct trace_key *key)
{
    uint32_t place = trace_index_home(key->hash), at;
    while ((at = trace_index_next(&m->index, key->hash, &place)))
        if (is_entry_of(&m->ring[at - 1], key))
            return &m->ring[at - 1];
    return NULL;
}

/* Takes the place of `old` (NULL: the trace has no entry). */
static bool entry_add(struct trace_memory *m, const struct trace_key *key,
                      struct trace_entry *old, const struct trace_known *known, int64_t seq)
{
    struct span text = known->name.len <= NAME_MAX ? known->name : (struct span){0};
    struct trace_name *in = name_use(m, key->in.workspace);
    struct trace_name *name = in && text.len ? name_use(m, text) : NULL;
    if (!in || (text.len && !name)) {
        name_drop(m, in);
        return false;
    }
    /* Names are taken before the old entry goes: they may be its own. */
    if (old)
        entry_remove(m, (uint32_t)(old - m->ring));
    uint32_t slot = (uint32_t)(seq % TRACES);
    entry_remove(m, slot);
    struct trace_entry *e = &m->ring[slot];
    memcpy(e->trace, key->trace, TRACE_BYTES);
    e->project = known->project;
    e->name = name;
    e->workspace = in;
    e->hash = key->hash;
    trace_index_add(&m->index, key->hash, slot);
    m->last = seq;
    if (m->first <= seq - TRACES || m->first == 0)
        m->first = seq - TRACES + 1 > 1 ? seq - TRACES + 1 : 1;
    while (m->name_bytes > NAMES_MAX && m->first < m->last)
        entry_remove(m, (uint32_t)(m->first++ % TRACES));
    return true;
}

void trace_memory_free(struct trace_memory *m)
{
    if (m->ring && m->index.places && m->names)
        for (uint32_t slot = 0; slot < TRACES; slot++)
            entry_remove(m, slot);
    free(m->ring);
    trace_index_free(&m->index);
    free(m->names);
    *m = (struct trace_memory){0};
}

/* ---------------------------------------------------------------- the table */

/* A row holds a run of traces that have all but their ids in common; seq is that of the last. */
static bool load_run(struct trace_memory *m, sqlite3_stmt *row)
{
    struct span ids = db_col_blob(row, 1);
    const struct trace_known known = {db_col_int(row, 3), db_col_text(row, 4)};
    const struct trace_space in = trace_space_of(db_col_text(row, 2));
    int64_t count = (int64_t)(ids.len / TRACE_BYTES), seq = db_col_int(row, 0) - count;
    for (int64_t i = 0; i < count; i++) {
        struct trace_key key;
        if (++seq <= m->saved - TRACES)
            continue;
        trace_key_make(&key, &in, (const unsigned char *)ids.at + i * TRACE_BYTES);
        if (!entry_add(m, &key, entry_find(m, &key), &known, seq))
            return false;
    }
    return true;
}

static bool load_rows(struct trace_memory *m, struct db *db, struct err *err)
{
    sqlite3_stmt *row = db_query(db,
                                 "SELECT seq, trace, workspace, project, name FROM traces "
                                 "WHERE seq > ? ORDER BY seq",
                                 DB_ARGS(db_int(m->saved - TRACES)), err);
    int got = -1;
    while (row && (got = db_step(db, row, err)) == 1) {
        if (!load_run(m, row)) {
            db_end(row);
            return err_memory(err);
        }
    }
    return got == 0;
}

static bool load(struct trace_memory *m, struct db *db, struct err *err)
{
    if (m->loaded && !m->check)
        return true;
    int64_t last;
    if (!db_number(db, "SELECT max(seq) FROM traces", DB_NO_ARGS, 0, &last, err))
        return false;
    m->check = false;
    if (m->loaded && last == m->saved)
        return true;
    trace_memory_free(m);
    m->ring = calloc(TRACES, sizeof *m->ring);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    m->names = calloc(NAME_HASHES, sizeof *m->names);
    m->saved = m->saving = m->last = last;
    if (!trace_index_init(&m->index) || !m->ring || !m->names) {
        trace_memory_free(m);
        return err_memory(err);
    }
    if (!load_rows(m, db, err)) {
        trace_memory_free(m);
        return false;
    }
    m->last = m->settled = last;
    m->loaded = true;
    return true;
}

static struct trace_known known_of(const struct trace_entry *e)
{
    struct trace_known known = {0};
    if (e)
        known.project = e->project;
    if (e && e->name)
        known.name = (struct span){e->name->text, e->name->len};
    return known;
}

void trace_memory_soon(const struct trace_memory *m, const struct trace_key *key)
{
    if (m->index.places)
        trace_index_soon(&m->index, key->hash);
}

/* The entry of that hash, and the place of the one that has to go. */
void trace_memory_next(const struct trace_memory *m, const struct trace_key *key, int ahead)
{
    if (!m->index.places)
        return;
    uint32_t place = trace_index_home(key->hash),
             at = trace_index_next(&m->index, key->hash, &place);
    if (at)
        __builtin_prefetch(&m->ring[at - 1]);
    trace_index_soon(&m->index, m->ring[(m->last + ahead) % TRACES].hash);
}

bool trace_memory_find(struct trace_memory *m, struct db *db, const struct trace_key *key,
                       bool *found, struct trace_known *out, struct err *err)
{
    bool fine = load(m, db, err);
    const struct trace_entry *e = fine ? entry_find(m, key) : NULL;
    *found = e != NULL;
    *out = known_of(e);
    return fine;
}

bool trace_memory_put(struct trace_memory *m, struct db *db, const struct trace_key *key,
                      const struct trace_known *known, struct err *err)
{
    if (!load(m, db, err))
        return false;
    struct trace_entry *e = entry_find(m, key);
    struct trace_known old = known_of(e), next = *known;
    if (next.name.len == 0)
        next.name = old.name;
    if (e && old.project == next.project && span_same(old.name, next.name))
        return true;
    return entry_add(m, key, e, &next, m->last + 1) || err_memory(err);
}

bool trace_memory_dirty(const struct trace_memory *m)
{
    return m->last > m->saved;
}

/* Collects ids from `seq` on while their entries have all else in common; 0: a free slot. */
static int64_t collect_run(const struct trace_memory *m, int64_t seq, unsigned char *ids)
{
    const struct trace_entry *first = &m->ring[seq % TRACES];
    int64_t count = 0;
    for (; first->workspace && count < RUN_MAX && seq + count <= m->last; count++) {
        const struct trace_entry *e = &m->ring[(seq + count) % TRACES];
        if (e->workspace != first->workspace || e->name != first->name ||
            e->project != first->project)
            break;
        memcpy(ids + count * TRACE_BYTES, e->trace, TRACE_BYTES);
    }
    return count;
}

static bool save_run(const struct trace_memory *m, struct db *db, int64_t seq, int64_t count,
                     const unsigned char *ids, struct err *err)
{
    const struct trace_entry *e = &m->ring[seq % TRACES];
    struct span name =
        e->name ? (struct span){e->name->text, e->name->len} : (struct span){NULL, 0};
    struct span bytes = {(const char *)ids, (size_t)count * TRACE_BYTES};
    return db_run(db,
                  "INSERT INTO traces (seq, trace, workspace, project, name) "
                  "VALUES (?, ?, ?, ?, ?)",
                  DB_ARGS(db_int(seq + count - 1), db_blob(bytes),
                          db_span((struct span){e->workspace->text, e->workspace->len}),
                          db_int(e->project), name.at ? db_span(name) : db_null()),
                  err);
}

bool trace_memory_save(struct trace_memory *m, struct db *db, struct err *err)
{
    unsigned char ids[RUN_MAX * TRACE_BYTES];
    if (!trace_memory_dirty(m))
        return true;
    /* Another process may hold the table's end now; what is newest there wins. */
    if (m->check && !load(m, db, err))
        return false;
    int64_t seq = m->saved > m->last - TRACES ? m->saved + 1 : m->last - TRACES + 1;
    for (int64_t count; seq <= m->last; seq += count > 0 ? count : 1) {
        count = collect_run(m, seq, ids);
        if (count > 0 && !save_run(m, db, seq, count, ids, err))
            return false;
    }
    m->saving = m->last;
    return db_run(db, "DELETE FROM traces WHERE seq <= ?",
                  DB_ARGS(db_int(m->last - TRACES)), err);
}

void trace_memory_saved(struct trace_memory *m)
{
    if (m->saving > m->saved)
        m->saved = m->saving;
}

void trace_memory_settle(struct trace_memory *m)
{
    m->settled = m->last;
}

void trace_memory_undo(struct trace_memory *m)
{
    for (; m->last > m->settled; m->last--)
        entry_remove(m, (uint32_t)(m->last % TRACES));
    m->saving = m->saved;
}
