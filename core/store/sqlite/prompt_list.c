#include "store/sqlite/prompt_list.h"

#include <stdlib.h>

#include "store/prompts.h"
#include "store/sqlite/prompt_sql.h"
#include "store/sqlite/reader.h"

/* A LIKE pattern for "contains", with what LIKE gives a meaning to escaped by a backslash.
 */
static bool like_pattern(const char *part, struct buf *out)
{
    buf_add_char(out, '%');
    for (; *part; part++) {
        if (*part == '%' || *part == '_' || *part == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *part);
    }
    return buf_add_char(out, '%') && !out->failed;
}

static bool read_prompt(sqlite3_stmt *st, void *item, struct err *err)
{
    return prompt_sql_read(st, item, err);
}

static bool read_version(sqlite3_stmt *st, void *item, struct err *err)
{
    return prompt_sql_read_version(st, item, err);
}

static int64_t at_least_zero(int64_t n)
{
    return n < 0 ? 0 : n;
}

#define MATCHING                                                                           \
    " FROM prompts p WHERE p.workspace = ?1 AND (?2 IS NULL OR "                           \
    "CASE WHEN ?3 THEN p.name = ?2 ELSE p.name LIKE ?2 ESCAPE '\\' END)"

bool prompt_list(struct db *db, const char *workspace, const char *name, bool exact,
                 int64_t offset, int64_t limit, struct prompt_rows *out, struct err *err)
{
    struct buf pattern;
    buf_init(&pattern, BUF_UNLIMITED);
    *out = (struct prompt_rows){0};
    if (name && !exact && !like_pattern(name, &pattern)) {
        buf_free(&pattern);
        return err_memory(err);
    }
    const char *wanted = name && !exact ? buf_text(&pattern) : name;
    bool done = db_number(db, "SELECT count(*)" MATCHING,
                          DB_ARGS(db_text(workspace), db_text(wanted), db_int(exact)), 0,
                          &out->total, err) &&
                ROWS_READ(db,
                          db_query(db,
                                   "SELECT " PROMPT_COLUMNS MATCHING
                                   " ORDER BY p.row DESC LIMIT ?4 OFFSET ?5",
                                   DB_ARGS(db_text(workspace), db_text(wanted),
                                           db_int(exact), db_int(at_least_zero(limit)),
                                           db_int(at_least_zero(offset))),
                                   err),
                          out, read_prompt, err);
    buf_free(&pattern);
    if (!done)
        prompt_rows_free(out);
    return done;
}

#define OF_PROMPT                                                                          \
    " FROM prompts p JOIN prompt_versions v ON v.prompt = p.row WHERE p.workspace = ?1 "   \
    "AND "

bool prompt_list_versions(struct db *db, const char *workspace, const char *prompt_id,
                          int64_t offset, int64_t limit, struct version_rows *out,
                          struct err *err)
{
    *out = (struct version_rows){0};
    bool done =
        db_number(db, "SELECT count(*)" OF_PROMPT "p.id = ?2",
                  DB_ARGS(db_text(workspace), db_text(prompt_id)), 0, &out->total, err) &&
        ROWS_READ(db,
                  db_query(db,
                           "SELECT " VERSION_COLUMNS OF_PROMPT
                           "p.id = ?2 ORDER BY v.row DESC LIMIT ?3 OFFSET ?4",
                           DB_ARGS(db_text(workspace), db_text(prompt_id),
                                   db_int(at_least_zero(limit)), db_int(at_least_zero(offset))),
                           err),
                  out, read_version, err);
    if (!done)
        version_rows_free(out);
    return done;
}

bool prompt_list_find(struct db *db, const char *workspace, const char *name,
                      const char *commit, struct prompt_version *out, struct err *err)
{
    *out = (struct prompt_version){0};
    sqlite3_stmt *st =
        db_query(db,
                 "SELECT " VERSION_COLUMNS OF_PROMPT
                 "p.name = ?2 AND (?3 IS NULL OR v.commit_id = ?3) "
                 "ORDER BY v.row DESC LIMIT 1",
                 DB_ARGS(db_text(workspace), db_text(name), db_text(commit)), err);
    int row = st ? db_step(db, st, err) : -1;
    bool found = row > 0 && prompt_sql_read_version(st, out, err);
    db_end(st);
    if (row == 0)
        err_set(err, ERR_NOT_FOUND, "no such prompt version");
    return found;
}

void prompt_rows_free(struct prompt_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        prompt_free(&rows->items[i]);
    free(rows->items);
    *rows = (struct prompt_rows){0};
}

void version_rows_free(struct version_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        prompt_version_free(&rows->items[i]);
    free(rows->items);
    *rows = (struct version_rows){0};
}
