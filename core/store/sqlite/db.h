/* One connection to the store's SQLite file: opening, prepared statements, errors in words.
 * Internal to store/sqlite. A connection belongs to one thread at a time. */
#ifndef SQLITE_DB_H
#define SQLITE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

struct db;

enum db_mode {
    DB_WRITER, /* reads and writes; checkpoints only when db_checkpoint() is called */
    DB_READER, /* query_only; never checkpoints */
    DB_FIXED,  /* the same for a file that nobody has open, where nothing can be made
                  beside it. Once somebody has or had it open, it is opened again between
                  two statements. */
};

/* Opens an existing file (see store/file.h). */
struct db *db_open(const char *path, enum db_mode mode, struct err *err);
void db_close(struct db **db);
sqlite3 *db_handle(struct db *db);

/* For how long it waits for the locks of others. */
enum { DB_WAIT_MS = 5000 };
void db_set_wait(struct db *db, int ms);

/* Brings the schema up to this program's version, each migration in a transaction of its
 * own. db_check_version: the same question without changing anything. */
bool db_migrate(struct db *db, struct err *err);
bool db_check_version(struct db *db, struct err *err);

/* A bound value. Texts and blobs are borrowed until the statement ran; NULL text is NULL.
 */
struct db_arg {
    enum { DB_ARG_NULL, DB_ARG_INT, DB_ARG_REAL, DB_ARG_TEXT, DB_ARG_BLOB } kind;
    int64_t number;
    double real;
    struct span bytes;
};
static inline struct db_arg db_int(int64_t number)
{
    return (struct db_arg){.kind = DB_ARG_INT, .number = number};
}
static inline struct db_arg db_span(struct span text)
{
    return (struct db_arg){.kind = DB_ARG_TEXT, .bytes = text};
}
static inline struct db_arg db_text(const char *text)
{
    struct db_arg a = {.kind = text ? DB_ARG_TEXT : DB_ARG_NULL, .bytes = span_of(text)};
    return a;
}
static inline struct db_arg db_blob(struct span bytes) /* at == NULL: NULL */
{
    struct db_arg a = {.kind = bytes.at ? DB_ARG_BLOB : DB_ARG_NULL, .bytes = bytes};
    return a;
}
static inline struct db_arg db_real(double value)
{
    return (struct db_arg){.kind = DB_ARG_REAL, .real = value};
}
static inline struct db_arg db_null(void)
{
    return (struct db_arg){.kind = DB_ARG_NULL};
}
/* The two arguments `args, count` of the calls below: DB_ARGS(db_int(1), db_text("x")). */
#define DB_ARGS(...)                                                                       \
    (const struct db_arg[]){__VA_ARGS__},                                                  \
        sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg)
#define DB_NO_ARGS NULL, 0
/* The values of eight rows, for one statement, from the text of those of one. */
#define DB_EIGHT(row) row "," row "," row "," row "," row "," row "," row "," row

/* Statements are prepared once for each connection and found by the address of `sql`, which
 * must be a literal or otherwise live and stay as it is. A statement cannot be used again
 * while a loop over its rows is under way. */

/* Runs a statement to its end; rows are passed over. */
bool db_run(struct db *db, const char *sql, const struct db_arg *args, size_t count,
            struct err *err);
int64_t db_changes(struct db *db); /* rows that the last db_run changed */
int64_t db_last_row(struct db *db);

/* A statement ready to be stepped; NULL on failure. */
sqlite3_stmt *db_query(struct db *db, const char *sql, const struct db_arg *args,
                       size_t count, struct err *err);
/* 1: a row; 0: the end; -1: failed. After 0 and -1 the statement is reset; a loop that is
 * left earlier must call db_end(). */
int db_step(struct db *db, sqlite3_stmt *row, struct err *err);
void db_end(sqlite3_stmt *row);

/* The first column of the first row; `none` when there is no row or it is NULL. */
bool db_number(struct db *db, const char *sql, const struct db_arg *args, size_t count,
               int64_t none, int64_t *out, struct err *err);

/* Columns. Spans are borrowed until the next step. */
static inline int64_t db_col_int(sqlite3_stmt *row, int column)
{
    return sqlite3_column_int64(row, column);
}
struct span db_col_text(sqlite3_stmt *row, int column); /* NULL: at == NULL */
struct span db_col_blob(sqlite3_stmt *row, int column);
bool db_col_copy(sqlite3_stmt *row, int column,
                 char **out); /* malloc'ed; NULL stays NULL */
void db_col_id(sqlite3_stmt *row, int column, char out[UUID_SIZE]);

/* Fills *err from the connection's last error. Returns false. */
bool db_fail(struct db *db, struct err *err);

/* A number that changes when another connection (of any process) has committed. */
bool db_version(struct db *db, int64_t *out, struct err *err);

bool db_in_transaction(struct db *db);

/* Copies the log of changes into the file and empties it (TRUNCATE: other writers are kept
 * out meanwhile), waiting at most wait_ms for readers. keep_length: the log's file stays as long
 * as it is (see logvfs.h). False: somebody was reading. */
bool db_checkpoint(struct db *db, int wait_ms, bool keep_length);
int db_wal_pages(const struct db *db); /* in the log after our last commit */

/* How many pages the log's file has place for, and making it longer (with zeros, which are no
 * pages) until it has place for so many, as far as the disk has room. The second only in a
 * transaction that holds the write lock: others may write behind the end else. */
int db_log_places(struct db *db);
void db_lengthen_log(struct db *db, int places);

#endif
