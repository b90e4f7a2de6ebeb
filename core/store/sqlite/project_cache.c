#include "store/sqlite/project_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "model/project.h"
#include "store/sqlite/store_impl.h"

#define COLUMNS "SELECT row, id, workspace, name FROM projects WHERE "

static void entry_free(struct project_entry *e)
{
    free(e->workspace);
    free(e->name);
    free(e->key);
    free((char *)(uintptr_t)e->members.at);
    free(e);
}

void project_cache_reset(struct project_cache *c)
{
    struct project_entry *e = c->by_row, *next;
    HASH_CLEAR(by_id, c->by_id);
    HASH_CLEAR(by_name, c->by_name);
    for (; e; e = next) {
        next = e->by_row.next;
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): out of the table, then freed */
        HASH_DELETE(by_row, c->by_row, e);
        entry_free(e);
    }
}

size_t project_cache_count(const struct project_cache *c)
{
    return HASH_CNT(by_row, c->by_row);
}

static char *make_key(struct span workspace, struct span name, size_t *len)
{
    *len = workspace.len + 1 + name.len;
    char *key = malloc(*len + 1);
    if (!key)
        return NULL;
    memcpy(key, workspace.at, workspace.len);
    key[workspace.len] = 0;
    memcpy(key + workspace.len + 1, name.at, name.len);
    return key;
}

/* As it goes into each entity. */
static bool make_members(struct project_entry *e)
{
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(&json, ",\"project_id\":\"%s\",\"project_name\":", e->id);
    js_append_string(&json, span_of(e->name));
    e->members.len = json.len;
    e->members.at = buf_take(&json);
    if (!e->members.at)
        buf_free(&json);
    return e->members.at != NULL;
}

static struct project_entry *entry_new(sqlite3_stmt *row)
{
    struct project_entry *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->row = db_col_int(row, 0);
    db_col_id(row, 1, e->id);
    if (db_col_copy(row, 2, &e->workspace) && db_col_copy(row, 3, &e->name))
        e->key = make_key(db_col_text(row, 2), db_col_text(row, 3), &e->key_len);
    if (e->key && make_members(e))
        return e;
    entry_free(e);
    return NULL;
}

/* In all of them or in none. */
static bool insert(struct project_cache *c, struct project_entry *e)
{
    HASH_ADD(by_row, c->by_row, row, sizeof e->row, e);
    if (!e->by_row.tbl)
        return false;
    HASH_ADD(by_id, c->by_id, id, strlen(e->id), e);
    if (e->by_id.tbl) {
        HASH_ADD_KEYPTR(by_name, c->by_name, e->key, e->key_len, e);
        if (e->by_name.tbl)
            return true;
        HASH_DELETE(by_id, c->by_id, e);
    }
    HASH_DELETE(by_row, c->by_row, e);
    return false;
}

static bool load(struct tx *tx, const char *sql, const struct db_arg *args, size_t count,
                 const struct project_entry **out, struct err *err)
{
    *out = NULL;
    sqlite3_stmt *row = db_query(tx->db, sql, args, count, err);
    int got = row ? db_step(tx->db, row, err) : -1;
    if (got == 1) {
        struct project_entry *e = entry_new(row);
        if (e && !insert(&tx->store->projects, e)) {
            entry_free(e);
            e = NULL;
        }
        *out = e;
        db_end(row);
        return e || err_memory(err);
    }
    return got == 0;
}

bool project_by_row(struct tx *tx, int64_t row, const struct project_entry **out,
                    struct err *err)
{
    struct project_entry *e;
    HASH_FIND(by_row, tx->store->projects.by_row, &row, sizeof row, e);
    *out = e;
    return e || load(tx, COLUMNS "row = ?", DB_ARGS(db_int(row)), out, err);
}

bool project_by_id(struct tx *tx, const char *workspace, struct span id,
                   const struct project_entry **out, struct err *err)
{
    struct project_entry *e;
    HASH_FIND(by_id, tx->store->projects.by_id, id.at, id.len, e);
    *out = e;
    if (!e && !load(tx, COLUMNS "id = ?", DB_ARGS(db_span(id)), out, err))
        return false;
    if (*out && strcmp((*out)->workspace, workspace) != 0)
        *out = NULL;
    return true;
}

bool project_by_name(struct tx *tx, const char *workspace, struct span name,
                     const struct project_entry **out, struct err *err)
{
    size_t len;
    char *key = make_key(span_of(workspace), name, &len);
    if (!key)
        return err_memory(err);
    struct project_entry *e;
    HASH_FIND(by_name, tx->store->projects.by_name, key, len, e);
    free(key);
    *out = e;
    return e || load(tx, COLUMNS "workspace = ? AND name = ?",
                     DB_ARGS(db_text(workspace), db_span(name)), out, err);
}

bool project_name_check(struct span name, struct err *err)
{
    if (name.len == 0)
        return err_set(err, ERR_INVALID, "a project's name must not be empty");
    if (name.len > PROJECT_NAME_MAX)
        return err_set(err, ERR_INVALID, "a project's name must not exceed %d bytes",
                       PROJECT_NAME_MAX);
    if (!text_is_utf8(name) || memchr(name.at, 0, name.len))
        return err_set(err, ERR_INVALID, "a project's name must be UTF-8 text");
    return true;
}

bool project_make(struct tx *tx, const struct project_new *p,
                  const struct project_entry **out, struct err *err)
{
    if (!project_name_check(p->name, err))
        return false;
    char id[UUID_SIZE];
    uuid_v7(id, tx->wall);
    if (!db_run(tx->db,
                "INSERT INTO projects (id, workspace, name, description, created_by, "
                "created_at) VALUES (?, ?, ?, ?, ?, ?)",
                DB_ARGS(db_text(id), db_text(p->workspace), db_span(p->name),
                        db_text(p->description), db_text(p->user), db_int(tx->wall)),
                err))
        return false;
    tx->changes |= STORE_CHANGED_PROJECTS;
    return project_by_row(tx, db_last_row(tx->db), out, err);
}
