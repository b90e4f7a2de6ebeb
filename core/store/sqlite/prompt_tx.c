#include "store/sqlite/prompt_tx.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/prompts.h"
#include "store/sqlite/prompt_sql.h"
#include "store/sqlite/prompt_tags.h"

/* ---------------------------------------------------------------- what a caller brings */

static bool take_id(const char *given, const char *what, int64_t now, char out[UUID_SIZE],
                    struct err *err)
{
    if (!given) {
        uuid_v7(out, now);
        return true;
    }
    return (uuid_read(span_of(given), out) && uuid_is_v7(out)) ||
           err_set(err, ERR_INVALID, "the id of a %s must be a version 7 UUID", what);
}

static bool check_name(const char *name, struct err *err)
{
    return (name && *name) || err_set(err, ERR_INVALID, "a prompt needs a name");
}

static bool check_commit(const char *commit, struct err *err)
{
    return !commit ||
           (strlen(commit) == 8 && strspn(commit, "0123456789abcdefABCDEF") == 8) ||
           err_set(err, ERR_INVALID, "a commit must be 8 hexadecimal digits");
}

static bool check_structure(const char *structure, struct err *err)
{
    return !structure || strcmp(structure, "text") == 0 || strcmp(structure, "chat") == 0 ||
           err_set(err, ERR_INVALID, "template_structure must be text or chat");
}

static bool name_is_taken(const char *name, struct err *err)
{
    struct buf shown;
    buf_init(&shown, BUF_UNLIMITED);
    text_safe(&shown, span_of(name), TEXT_SENT);
    err_set(err, ERR_CONFLICT, "a prompt named %.200s exists already", buf_text(&shown));
    buf_free(&shown);
    return false;
}

/* Says what stands in the way of a new row: ids are of one thing in all workspaces. */
static bool in_words(bool added, const char *taken, struct err *err)
{
    if (!added && err && err->code == ERR_CONFLICT)
        err_set(err, ERR_CONFLICT, "%s", taken);
    return added;
}

/* ---------------------------------------------------------------- events */

static bool raise_prompt(const struct prompt_tx *tx, enum event_type type,
                         const struct prompt *p, const char *user, struct err *err)
{
    struct buf entity;
    buf_init(&entity, BUF_UNLIMITED);
    bool done = prompt_event_json(p, type == EVENT_PROMPT_DELETED, &entity)
                    ? tx->emit(tx->arg, type, p->workspace, user, buf_span(&entity), err)
                    : err_memory(err);
    buf_free(&entity);
    return done;
}

static bool raise_committed(const struct prompt_tx *tx, const char *workspace,
                            const char *user, const struct prompt_version *v,
                            struct err *err)
{
    struct buf entity;
    buf_init(&entity, BUF_UNLIMITED);
    bool done = prompt_version_event_json(v, &entity)
                    ? tx->emit(tx->arg, EVENT_PROMPT_COMMITTED, workspace, user,
                               buf_span(&entity), err)
                    : err_memory(err);
    buf_free(&entity);
    return done;
}

/* ---------------------------------------------------------------- rows */

/* Writes the prompt alone, raises prompt:created and reads it back. */
static bool add_prompt(const struct prompt_tx *tx, const struct prompt_write *w,
                       struct prompt *out, int64_t *row, struct err *err)
{
    char id[UUID_SIZE];
    const char *structure = w->structure ? w->structure : "text";
    if (!take_id(w->id, "prompt", tx->now, id, err) ||
        !in_words(
            db_run(tx->db,
                   "INSERT INTO prompts (id, workspace, name, description, tags, "
                   "structure, created_by, updated_by, created_at, updated_at, versions) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?8, 0)",
                   DB_ARGS(db_text(id), db_text(w->workspace), db_text(w->name),
                           db_text(w->description), db_text(w->tags), db_text(structure),
                           db_text(w->user), db_int(tx->now)),
                   err),
            "another prompt has this id", err) ||
        !prompt_sql_find(tx->db, w->workspace, id, NULL, out, row, err))
        return false;
    if (raise_prompt(tx, EVENT_PROMPT_CREATED, out, w->user, err))
        return true;
    prompt_free(out);
    *out = (struct prompt){0};
    return false;
}

static bool count_version(const struct prompt_tx *tx, int64_t row, const char *user,
                          struct err *err)
{
    return db_run(tx->db,
                  "UPDATE prompts SET versions = versions + 1, updated_by = ?, "
                  "updated_at = ? WHERE row = ?",
                  DB_ARGS(db_text(user), db_int(tx->now), db_int(row)), err);
}

/* Writes a version, raises prompt:committed and reads it back. */
static bool add_version(const struct prompt_tx *tx, int64_t row,
                        const struct prompt_write *w, struct prompt_version *out,
                        struct err *err)
{
    char id[UUID_SIZE];
    if (!take_id(w->version_id, "prompt version", tx->now, id, err) ||
        !check_commit(w->commit, err))
        return false;
    const char *commit = w->commit ? w->commit : id + strlen(id) - 8;
    if (!in_words(
            db_run(tx->db,
                   "INSERT INTO prompt_versions (id, prompt, commit_id, template, type, "
                   "metadata, change_description, tags, structure, created_by, created_at) "
                   "SELECT ?1, p.row, ?3, ?4, ?5, ?6, ?7, ?8, p.structure, ?9, ?10 "
                   "FROM prompts p WHERE p.row = ?2",
                   DB_ARGS(db_text(id), db_int(row), db_text(commit), db_text(w->tmpl),
                           db_text(w->type), db_text(w->metadata),
                           db_text(w->change_description), db_text(w->version_tags),
                           db_text(w->user), db_int(tx->now)),
                   err),
            "another version has this id, or this commit", err) ||
        !count_version(tx, row, w->user, err) ||
        !prompt_sql_version(tx->db, w->workspace, id, out, err))
        return false;
    if (raise_committed(tx, w->workspace, w->user, out, err))
        return true;
    prompt_version_free(out);
    *out = (struct prompt_version){0};
    return false;
}

/* ---------------------------------------------------------------- create */

/* -1: cannot be (*err), 0: to be made, 1: it is the same one again (*out, *row). */
static int find_same(const struct prompt_tx *tx, const struct prompt_write *w,
                     struct prompt *out, int64_t *row, struct err *err)
{
    struct err missing = {0};
    char id[UUID_SIZE];
    if (!prompt_sql_find(tx->db, w->workspace, NULL, w->name, out, row, &missing)) {
        if (missing.code == ERR_NOT_FOUND)
            return 0;
        if (err)
            *err = missing;
        return -1;
    }
    if (w->id && uuid_read(span_of(w->id), id) && strcmp(id, out->id) == 0)
        return 1;
    prompt_free(out);
    *out = (struct prompt){0};
    name_is_taken(w->name, err);
    return -1;
}

bool prompt_tx_create(const struct prompt_tx *tx, const struct prompt_write *w,
                      struct prompt *out, struct err *err)
{
    struct prompt_version first = {0};
    int64_t row = 0;
    *out = (struct prompt){0};
    if (!check_name(w->name, err) || !check_structure(w->structure, err))
        return false;
    int same = find_same(tx, w, out, &row, err);
    if (same < 0 || (!same && !add_prompt(tx, w, out, &row, err)))
        return false;
    bool done = same || !w->tmpl || add_version(tx, row, w, &first, err);
    prompt_version_free(&first);
    prompt_free(out);
    *out = (struct prompt){0};
    if (done)
        done = prompt_sql_find(tx->db, w->workspace, NULL, w->name, out, NULL, err) &&
               prompt_sql_latest(tx->db, row, out, err);
    if (!done) {
        prompt_free(out);
        *out = (struct prompt){0};
    }
    return done;
}

/* ---------------------------------------------------------------- commit, restore */

/* Whether the version of w is there already: as find_same(). */
static int find_same_version(const struct prompt_tx *tx, const struct prompt_write *w,
                             const struct prompt *p, struct prompt_version *out,
                             struct err *err)
{
    struct err missing = {0};
    char id[UUID_SIZE];
    if (!w->version_id)
        return 0;
    if (!take_id(w->version_id, "prompt version", tx->now, id, err))
        return -1;
    if (!prompt_sql_version(tx->db, w->workspace, id, out, &missing)) {
        if (missing.code == ERR_NOT_FOUND)
            return 0;
        if (err)
            *err = missing;
        return -1;
    }
    if (strcmp(out->prompt_id, p->id) == 0)
        return 1;
    prompt_version_free(out);
    *out = (struct prompt_version){0};
    err_set(err, ERR_CONFLICT, "a version with this id belongs to another prompt");
    return -1;
}

/* The prompt that w names, made if it is new. */
static bool find_or_add(const struct prompt_tx *tx, const struct prompt_write *w,
                        struct prompt *out, int64_t *row, struct err *err)
{
    struct err missing = {0};
    if (prompt_sql_find(tx->db, w->workspace, NULL, w->name, out, row, &missing))
        return true;
    if (missing.code == ERR_NOT_FOUND)
        return add_prompt(tx, w, out, row, err);
    if (err)
        *err = missing;
    return false;
}

static bool has_structure(const struct prompt *p, const char *structure, struct err *err)
{
    return !structure || strcmp(structure, p->structure) == 0 ||
           err_set(err, ERR_INVALID,
                   "this prompt is a %s prompt; template_structure cannot change",
                   p->structure);
}

bool prompt_tx_commit(const struct prompt_tx *tx, const struct prompt_write *w,
                      struct prompt_version *out, struct err *err)
{
    struct prompt p = {0};
    int64_t row = 0;
    *out = (struct prompt_version){0};
    if (!check_name(w->name, err))
        return false;
    if (!w->tmpl)
        return err_set(err, ERR_INVALID, "a prompt version needs a template");
    bool done = check_structure(w->structure, err) && find_or_add(tx, w, &p, &row, err) &&
                has_structure(&p, w->version_structure, err);
    if (done) {
        int same = find_same_version(tx, w, &p, out, err);
        done = same > 0 || (same == 0 && add_version(tx, row, w, out, err));
    }
    prompt_free(&p);
    return done;
}

bool prompt_tx_restore(const struct prompt_tx *tx, const char *workspace, const char *user,
                       const char *prompt_id, const char *version_id,
                       struct prompt_version *out, struct err *err)
{
    struct prompt_version old = {0};
    struct prompt p = {0};
    char text[48], prompt[UUID_SIZE], version[UUID_SIZE];
    int64_t row = 0;
    *out = (struct prompt_version){0};
    if (!uuid_read(span_of(prompt_id), prompt) || !uuid_read(span_of(version_id), version))
        return err_set(err, ERR_NOT_FOUND, "no such prompt version");
    bool done = prompt_sql_find(tx->db, workspace, prompt, NULL, &p, &row, err) &&
                prompt_sql_version(tx->db, workspace, version, &old, err);
    if (done && strcmp(old.prompt_id, p.id) != 0)
        done = err_set(err, ERR_NOT_FOUND, "this prompt has no such version");
    if (done) {
        snprintf(text, sizeof text, "Restored from version %s", old.commit);
        struct prompt_write w = {.workspace = workspace,
                                 .user = user,
                                 .tmpl = old.tmpl,
                                 .metadata = old.metadata,
                                 .type = old.type,
                                 .change_description = text,
                                 .version_tags = old.tags};
        done = add_version(tx, row, &w, out, err);
    }
    prompt_version_free(&old);
    prompt_free(&p);
    return done;
}

/* ---------------------------------------------------------------- update, tags, delete */

bool prompt_tx_update(const struct prompt_tx *tx, const char *id,
                      const struct prompt_write *w, struct err *err)
{
    struct prompt other = {0};
    char canonical[UUID_SIZE];
    if (w->name && !check_name(w->name, err))
        return false;
    if (!uuid_read(span_of(id), canonical))
        return err_set(err, ERR_NOT_FOUND, "no such prompt");
    bool taken = w->name &&
                 prompt_sql_find(tx->db, w->workspace, NULL, w->name, &other, NULL, NULL) &&
                 strcmp(other.id, canonical) != 0;
    prompt_free(&other);
    if (taken)
        return name_is_taken(w->name, err);
    return db_run(tx->db,
                  "UPDATE prompts SET name = coalesce(?1, name), "
                  "description = coalesce(?2, description), tags = coalesce(?3, tags), "
                  "updated_by = ?4, updated_at = ?5 WHERE workspace = ?6 AND id = ?7",
                  DB_ARGS(db_text(w->name), db_text(w->description), db_text(w->tags),
                          db_text(w->user), db_int(tx->now), db_text(w->workspace),
                          db_text(canonical)),
                  err) &&
           (db_changes(tx->db) == 1 || err_set(err, ERR_NOT_FOUND, "no such prompt"));
}

static bool set_tags(const struct prompt_tx *tx, const struct prompt_version *v,
                     const char *tags, bool merge, struct err *err)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    bool done = prompt_tags_merge(merge ? v->tags : NULL, tags, &text, err) &&
                db_run(tx->db, "UPDATE prompt_versions SET tags = ? WHERE id = ?",
                       DB_ARGS(db_span(buf_span(&text)), db_text(v->id)), err);
    buf_free(&text);
    return done;
}

bool prompt_tx_tag(const struct prompt_tx *tx, const char *workspace,
                   const char *const *ids, size_t count, const char *tags, bool merge,
                   struct err *err)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct prompt_version v = {0};
        struct err own = {0};
        char id[UUID_SIZE];
        if (!uuid_read(span_of(ids[i]), id))
            continue;
        bool done = prompt_sql_version(tx->db, workspace, id, &v, &own) &&
                    set_tags(tx, &v, tags, merge, &own);
        prompt_version_free(&v);
        found += done;
        if (!done && own.code != ERR_NOT_FOUND) {
            if (err)
                *err = own;
            return false;
        }
    }
    return found > 0 || err_set(err, ERR_NOT_FOUND, "no such prompt version");
}

static bool remove_rows(const struct prompt_tx *tx, int64_t row, struct err *err)
{
    return db_run(tx->db, "DELETE FROM prompt_versions WHERE prompt = ?",
                  DB_ARGS(db_int(row)), err) &&
           db_run(tx->db, "DELETE FROM prompts WHERE row = ?", DB_ARGS(db_int(row)), err);
}

bool prompt_tx_delete(const struct prompt_tx *tx, const char *workspace, const char *user,
                      const char *const *ids, size_t count, int64_t *deleted,
                      struct err *err)
{
    *deleted = 0;
    for (size_t i = 0; i < count; i++) {
        struct prompt p = {0};
        struct err own = {0};
        char id[UUID_SIZE];
        int64_t row;
        if (!uuid_read(span_of(ids[i]), id))
            continue;
        bool done = prompt_sql_find(tx->db, workspace, id, NULL, &p, &row, &own) &&
                    prompt_sql_latest(tx->db, row, &p, &own) &&
                    remove_rows(tx, row, &own) &&
                    raise_prompt(tx, EVENT_PROMPT_DELETED, &p, user, &own);
        prompt_free(&p);
        *deleted += done;
        if (!done && own.code != ERR_NOT_FOUND) {
            if (err)
                *err = own;
            return false;
        }
    }
    return true;
}
