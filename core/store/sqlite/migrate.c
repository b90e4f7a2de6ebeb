#include "base/asset.h"
#include "base/buf.h"
#include "store/sqlite/db.h"

/* In order; the number of those carried out is the file's user_version. Never changed once
 * released, only added to. */
static const char *const migrations[] = {
    "sql/001-store.sql",    "sql/002-prompts.sql",   "sql/003-thresholds.sql",
    "sql/004-activity.sql", "sql/005-endpoints.sql", "sql/006-silences.sql",
    "sql/007-audit.sql",    "sql/008-orphans.sql",   "sql/009-pauses.sql",
    "sql/010-errored.sql",  "sql/011-rows.sql",      "sql/012-packed.sql",
    "sql/013-open.sql",     "sql/014-parts.sql",
};
enum { MIGRATIONS = sizeof migrations / sizeof *migrations };

static bool read_version(struct db *db, int64_t *version, struct err *err)
{
    if (!db_number(db, "PRAGMA user_version", DB_NO_ARGS, 0, version, err))
        return false;
    if (*version > MIGRATIONS)
        return err_set(err, ERR_UNSUPPORTED,
                       "the store was written by a newer opik-alerts (schema %lld, this "
                       "program knows %d); use that version",
                       (long long)*version, (int)MIGRATIONS);
    return true;
}

static bool exec(struct db *db, const char *sql, struct err *err)
{
    return sqlite3_exec(db_handle(db), sql, NULL, NULL, NULL) == SQLITE_OK ||
           db_fail(db, err);
}

/* Carries out the next migration. Another process may have been faster, so the version is
 * read again under the lock. */
static bool migrate_one(struct db *db, int64_t *version, struct err *err)
{
    if (!read_version(db, version, err) || *version == MIGRATIONS)
        return *version == MIGRATIONS;
    struct span text = asset_find(migrations[*version]);
    if (!text.at)
        return err_set(err, ERR_UNSUPPORTED, "this program lacks %s", migrations[*version]);
    struct buf sql;
    buf_init(&sql, BUF_UNLIMITED);
    buf_add_span(&sql, text);
    buf_add_format(&sql, "\nPRAGMA user_version = %lld;", (long long)*version + 1);
    bool fine = !sql.failed || err_memory(err);
    fine = fine && exec(db, buf_text(&sql), err);
    buf_free(&sql);
    if (fine)
        ++*version;
    return fine;
}

bool db_migrate(struct db *db, struct err *err)
{
    int64_t version;
    if (!read_version(db, &version, err))
        return false;
    while (version < MIGRATIONS) {
        if (!exec(db, "BEGIN IMMEDIATE", err))
            return false;
        if (!migrate_one(db, &version, err) || !exec(db, "COMMIT", err)) {
            sqlite3_exec(db_handle(db), "ROLLBACK", NULL, NULL, NULL);
            return false;
        }
    }
    return true;
}

bool db_check_version(struct db *db, struct err *err)
{
    int64_t version;
    if (!read_version(db, &version, err))
        return false;
    if (version < MIGRATIONS)
        return err_set(err, ERR_UNSUPPORTED,
                       "the store was written by an older opik-alerts; start this one once "
                       "without --read-only to bring it up to date");
    return true;
}
