#include "store/sqlite/prompt_sql.h"

#include <stdlib.h>
#include <string.h>

bool prompt_sql_read(sqlite3_stmt *st, struct prompt *out, struct err *err)
{
    *out = (struct prompt){0};
    db_col_id(st, 0, out->id);
    out->created_at = db_col_int(st, 8);
    out->updated_at = db_col_int(st, 9);
    out->version_count = db_col_int(st, 10);
    if (db_col_copy(st, 1, &out->workspace) && db_col_copy(st, 2, &out->name) &&
        db_col_copy(st, 3, &out->description) && db_col_copy(st, 4, &out->tags) &&
        db_col_copy(st, 5, &out->structure) && db_col_copy(st, 6, &out->created_by) &&
        db_col_copy(st, 7, &out->updated_by))
        return true;
    prompt_free(out);
    *out = (struct prompt){0};
    return err_memory(err);
}

bool prompt_sql_read_version(sqlite3_stmt *st, struct prompt_version *out, struct err *err)
{
    *out = (struct prompt_version){0};
    db_col_id(st, 0, out->id);
    db_col_id(st, 1, out->prompt_id);
    struct span commit = db_col_text(st, 2);
    if (commit.len < sizeof out->commit)
        memcpy(out->commit, commit.at, commit.len);
    out->created_at = db_col_int(st, 10);
    if (db_col_copy(st, 3, &out->tmpl) && db_col_copy(st, 4, &out->type) &&
        db_col_copy(st, 5, &out->metadata) &&
        db_col_copy(st, 6, &out->change_description) && db_col_copy(st, 7, &out->tags) &&
        db_col_copy(st, 8, &out->structure) && db_col_copy(st, 9, &out->created_by))
        return true;
    prompt_version_free(out);
    *out = (struct prompt_version){0};
    return err_memory(err);
}

bool prompt_sql_find(struct db *db, const char *workspace, const char *id, const char *name,
                     struct prompt *out, int64_t *row, struct err *err)
{
    *out = (struct prompt){0};
    sqlite3_stmt *st = id ? db_query(db,
                                     "SELECT " PROMPT_COLUMNS " FROM prompts p "
                                     "WHERE p.workspace = ? AND p.id = ?",
                                     DB_ARGS(db_text(workspace), db_text(id)), err)
                          : db_query(db,
                                     "SELECT " PROMPT_COLUMNS " FROM prompts p "
                                     "WHERE p.workspace = ? AND p.name = ?",
                                     DB_ARGS(db_text(workspace), db_text(name)), err);
    int got = st ? db_step(db, st, err) : -1;
    bool found = got > 0 && prompt_sql_read(st, out, err);
    if (found && row)
        *row = db_col_int(st, 11);
    db_end(st);
    if (got == 0)
        err_set(err, ERR_NOT_FOUND, "no such prompt");
    return found;
}

bool prompt_sql_latest(struct db *db, int64_t row, struct prompt *out, struct err *err)
{
    sqlite3_stmt *st = db_query(db,
                                "SELECT " VERSION_COLUMNS " FROM prompt_versions v "
                                "JOIN prompts p ON p.row = v.prompt WHERE v.prompt = ? "
                                "ORDER BY v.row DESC LIMIT 1",
                                DB_ARGS(db_int(row)), err);
    int got = st ? db_step(db, st, err) : -1;
    bool done = got >= 0;
    if (got > 0) {
        out->latest = calloc(1, sizeof *out->latest);
        done =
            out->latest ? prompt_sql_read_version(st, out->latest, err) : err_memory(err);
    }
    db_end(st);
    return done;
}

bool prompt_sql_version(struct db *db, const char *workspace, const char *id,
                        struct prompt_version *out, struct err *err)
{
    *out = (struct prompt_version){0};
    sqlite3_stmt *st = db_query(db,
                                "SELECT " VERSION_COLUMNS " FROM prompt_versions v "
                                "JOIN prompts p ON p.row = v.prompt "
                                "WHERE p.workspace = ? AND v.id = ?",
                                DB_ARGS(db_text(workspace), db_text(id)), err);
    int got = st ? db_step(db, st, err) : -1;
    bool found = got > 0 && prompt_sql_read_version(st, out, err);
    db_end(st);
    if (got == 0)
        err_set(err, ERR_NOT_FOUND, "no such prompt version");
    return found;
}
