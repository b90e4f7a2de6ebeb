/* Rows of prompts and versions, read on one connection inside whatever transaction it is
 * in. Internal to store/sqlite. The connection's thread. */
#ifndef STORE_SQLITE_PROMPT_SQL_H
#define STORE_SQLITE_PROMPT_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/prompt.h"
#include "store/sqlite/db.h"

/* One prompt of a workspace, by id, or by name when id is NULL. ERR_NOT_FOUND. *row may be
 * NULL. */
bool prompt_sql_find(struct db *db, const char *workspace, const char *id, const char *name,
                     struct prompt *out, int64_t *row, struct err *err);

/* Its newest version; out->latest stays NULL where it has none. */
bool prompt_sql_latest(struct db *db, int64_t row, struct prompt *out, struct err *err);

/* One version of a workspace by its id. ERR_NOT_FOUND. */
bool prompt_sql_version(struct db *db, const char *workspace, const char *id,
                        struct prompt_version *out, struct err *err);

/* Columns of a row, for the lists. */
#define PROMPT_COLUMNS                                                                     \
    "p.id, p.workspace, p.name, p.description, p.tags, p.structure, p.created_by, "        \
    "p.updated_by, p.created_at, p.updated_at, p.versions, p.row"
#define VERSION_COLUMNS                                                                    \
    "v.id, p.id, v.commit_id, v.template, v.type, v.metadata, v.change_description, "      \
    "v.tags, v.structure, v.created_by, v.created_at"
bool prompt_sql_read(sqlite3_stmt *st, struct prompt *out, struct err *err);
bool prompt_sql_read_version(sqlite3_stmt *st, struct prompt_version *out, struct err *err);

#endif
