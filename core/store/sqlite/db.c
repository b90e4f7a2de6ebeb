#include "store/sqlite/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/text.h"
#include "store/sqlite/logvfs.h"

enum { STATEMENTS = 512 };

struct db {
    sqlite3 *handle;
    enum db_mode mode;
    /* With DB_FIXED only: */
    char *path;
    struct stat as_of; /* the file as it is read */
    struct db *before; /* whose last statement may still be used */
    int wal_pages;
    int wait_ms; /* for the locks of others */
    size_t statement_count;
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } statements[STATEMENTS]; /* open addressing by the address of sql */
};

/* NULL: there is none yet. */
static sqlite3_file *log_of(sqlite3 *handle)
{
    sqlite3_file *log = NULL;
    int code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    return code == SQLITE_OK && log && log->pMethods ? log : NULL;
}

/* ---------------------------------------------------------------- errors */

/* SQLite says SQLITE_FULL only for ENOSPC in the file and its log, and forgets the reason for
 * any other. Where the shared memory of the log cannot grow it has a code of its own. */
static int write_errno(sqlite3 *handle)
{
    sqlite3_file *log = log_of(handle);
    int reason = 0;
    if (log)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &reason);
    return reason;
}

static bool out_of_room(sqlite3 *handle, int code)
{
    if ((code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE)
        return true;
    int reason = code == SQLITE_IOERR_WRITE ? write_errno(handle) : 0;
    return reason == EDQUOT || reason == EFBIG;
}

static bool fail_code(sqlite3 *handle, int code, struct err *err)
{
    if (out_of_room(handle, code))
        return err_set(err, ERR_FULL,
                       "the disk is full: events are not accepted until there is room");
    struct buf text;
    buf_init(&text, 200);
    text_safe(&text, span_of(handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code)),
              TEXT_LINE);
    const char *why = buf_text(&text);
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        err_memory(err);
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        err_set(err, ERR_BUSY, "another process is writing to the store; try again");
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err_set(err, ERR_IO, "the store's file store.db is damaged (%s)", why);
        break;
    case SQLITE_READONLY:
        err_set(err, ERR_DENIED, "the store may only be read (%s)", why);
        break;
    case SQLITE_CONSTRAINT:
        err_set(err, ERR_CONFLICT, "the store refuses it (%s)", why);
        break;
    case SQLITE_TOOBIG:
        err_set(err, ERR_TOO_LARGE, "too large for the store (%s)", why);
        break;
    default:
        err_set(err, ERR_IO, "the store's file store.db cannot be used (%s)", why);
        break;
    }
    buf_free(&text);
    return false;
}

bool db_fail(struct db *db, struct err *err)
{
    return fail_code(db->handle, sqlite3_extended_errcode(db->handle), err);
}

/* ---------------------------------------------------------------- open and close */

static int note_wal(void *arg, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    struct db *db = arg;
    db->wal_pages = pages;
    return SQLITE_OK;
}

void db_set_wait(struct db *db, int ms)
{
    if (db->wait_ms != ms)
        sqlite3_busy_timeout(db->handle, ms);
    db->wait_ms = ms;
}

static bool configure(struct db *db, enum db_mode mode, struct err *err)
{
    sqlite3_extended_result_codes(db->handle, 1);
    db_set_wait(db, DB_WAIT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, mode != DB_WRITER,
                      NULL);
    static const char both[] = "PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON;"
                               "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;";
    static const char reader[] = "PRAGMA query_only = ON; PRAGMA cache_size = -1000;";
    static const char writer[] =
        "PRAGMA journal_mode = WAL; PRAGMA cache_size = -2000; PRAGMA secure_delete = FAST;"
        "PRAGMA synchronous = FULL;";
    const char *own = mode == DB_WRITER ? writer : reader;
    if (sqlite3_exec(db->handle, both, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db->handle, own, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(db, err);
    /* The hook takes the place of the automatic checkpoint. */
    sqlite3_wal_hook(db->handle, note_wal, db);
    return true;
}

/* SQLite counts what it allocates, for nobody, under a lock that all threads share. */
static void configure_all(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static bool open_file(struct db *db, const char *path, enum db_mode mode, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_URI;
    db->mode = mode;
    int code = sqlite3_open_v2(path, &db->handle, flags, logvfs_name());
    return code == SQLITE_OK ? configure(db, mode, err) : fail_code(db->handle, code, err);
}

/* ---------------------------------------------------------------- a fixed file */

static void add_uri(struct buf *out, const char *path)
{
    buf_add_text(out, "file:");
    for (const char *at = path; *at; at++)
        buf_add_format(out, *at == '%' || *at == '?' || *at == '#' ? "%%%02X" : "%c", *at);
    buf_add_text(out, "?immutable=1");
}

/* SQLite would make an index of the log to read it; told that nothing changes, it does
 * without. */
static bool open_fixed(struct db *db, struct err *err)
{
    struct buf uri;
    buf_init(&uri, BUF_UNLIMITED);
    add_uri(&uri, db->path);
    if (stat(db->path, &db->as_of) != 0)
        memset(&db->as_of, 0, sizeof db->as_of); /* opening it tells why */
    bool fine = uri.failed ? err_memory(err) : open_file(db, buf_text(&uri), DB_FIXED, err);
    buf_free(&uri);
    return fine;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Another process has the file open: SQLite removes the index when the last one closes. */
static bool has_index(const struct db *db, bool *has, struct err *err)
{
    struct stat st;
    struct buf name;
    buf_init(&name, BUF_UNLIMITED);
    buf_add_text(&name, db->path);
    bool fine = buf_add_text(&name, "-shm");
    *has = fine && lstat(buf_text(&name), &st) == 0;
    buf_free(&name);
    return fine || err_memory(err);
}

static bool is_at_rest(struct db *db)
{
    sqlite3_stmt *s = NULL;
    while ((s = sqlite3_next_stmt(db->handle, s)))
        if (sqlite3_stmt_busy(s))
            return false;
    return sqlite3_get_autocommit(db->handle);
}

/* What SQLite holds to be fixed it never looks at again: between two statements it is told
 * anew where others have come to it. */
static bool follow(struct db *db, struct err *err)
{
    struct stat now;
    bool used;
    if (!is_at_rest(db))
        return true;
    if (!has_index(db, &used, err))
        return false;
    if (!used && stat(db->path, &now) == 0 && is_same(&now, &db->as_of))
        return true;
    struct db *made = db_open(db->path, used ? DB_READER : DB_FIXED, err), old = *db;
    if (!made)
        return false;
    *db = *made;
    *made = old;
    sqlite3_wal_hook(db->handle, note_wal, db);
    db_close(&made->before);
    db->before = made;
    return true;
}

/* ---------------------------------------------------------------- the connection */

struct db *db_open(const char *path, enum db_mode mode, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_all);
    struct db *db = calloc(1, sizeof *db);
    if (!db) {
        err_memory(err);
        return NULL;
    }
    bool fine = mode != DB_FIXED             ? open_file(db, path, mode, err)
                : text_copy(&db->path, path) ? open_fixed(db, err)
                                             : err_memory(err);
    if (!fine)
        db_close(&db);
    return db;
}

void db_close(struct db **db)
{
    if (!*db)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize((*db)->statements[i].statement);
    sqlite3_close((*db)->handle);
    db_close(&(*db)->before);
    free((*db)->path);
    free(*db);
    *db = NULL;
}

sqlite3 *db_handle(struct db *db)
{
    return db->handle;
}

/* ---------------------------------------------------------------- statements */

static sqlite3_stmt *statement(struct db *db, const char *sql, struct err *err)
{
    size_t at = ((uintptr_t)sql * 0x9E3779B97F4A7C15u >> 40) % STATEMENTS;
    while (db->statements[at].sql && db->statements[at].sql != sql)
        at = (at + 1) % STATEMENTS;
    if (db->statements[at].sql)
        return db->statements[at].statement;
    if (db->statement_count == STATEMENTS - 1) {
        err_set(err, ERR_MEMORY, "too many different statements");
        return NULL;
    }
    sqlite3_stmt *made = NULL;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, NULL)) {
        db_fail(db, err);
        return NULL;
    }
    db->statements[at].sql = sql;
    db->statements[at].statement = made;
    db->statement_count++;
    return made;
}

static int bind(sqlite3_stmt *to, int at, const struct db_arg *arg)
{
    const char *bytes = arg->bytes.at ? arg->bytes.at : "";
    switch (arg->kind) {
    case DB_ARG_INT:
        return sqlite3_bind_int64(to, at, arg->number);
    case DB_ARG_REAL:
        return sqlite3_bind_double(to, at, arg->real);
    case DB_ARG_TEXT:
        return sqlite3_bind_text64(to, at, bytes, arg->bytes.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case DB_ARG_BLOB:
        return sqlite3_bind_blob64(to, at, bytes, arg->bytes.len, SQLITE_STATIC);
    case DB_ARG_NULL:
        break;
    }
    return sqlite3_bind_null(to, at);
}

sqlite3_stmt *db_query(struct db *db, const char *sql, const struct db_arg *args,
                       size_t count, struct err *err)
{
    if (db->mode == DB_FIXED && !follow(db, err))
        return NULL;
    sqlite3_stmt *s = statement(db, sql, err);
    if (!s)
        return NULL;
    sqlite3_reset(s);
    for (size_t i = 0; i < count; i++) {
        if (bind(s, (int)i + 1, &args[i]) != SQLITE_OK) {
            db_fail(db, err);
            return NULL;
        }
    }
    return s;
}

int db_step(struct db *db, sqlite3_stmt *row, struct err *err)
{
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        db_fail(db, err);
    sqlite3_reset(row);
    return code == SQLITE_DONE ? 0 : -1;
}

void db_end(sqlite3_stmt *row)
{
    if (row)
        sqlite3_reset(row);
}

bool db_run(struct db *db, const char *sql, const struct db_arg *args, size_t count,
            struct err *err)
{
    sqlite3_stmt *s = db_query(db, sql, args, count, err);
    if (!s)
        return false;
    int got;
    while ((got = db_step(db, s, err)) == 1)
        ;
    return got == 0;
}

bool db_number(struct db *db, const char *sql, const struct db_arg *args, size_t count,
               int64_t none, int64_t *out, struct err *err)
{
    sqlite3_stmt *s = db_query(db, sql, args, count, err);
    int got = s ? db_step(db, s, err) : -1;
    bool set = got == 1 && sqlite3_column_type(s, 0) != SQLITE_NULL;
    *out = set ? sqlite3_column_int64(s, 0) : none;
    db_end(s);
    return got >= 0;
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t db_last_row(struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

bool db_version(struct db *db, int64_t *out, struct err *err)
{
    return db_number(db, "PRAGMA data_version", DB_NO_ARGS, 0, out, err);
}

bool db_in_transaction(struct db *db)
{
    return !sqlite3_get_autocommit(db->handle);
}

/* ---------------------------------------------------------------- columns */

/* Not sqlite3_column_text(), which needs memory for the NUL at the end and without it says NULL. */
struct span db_col_text(sqlite3_stmt *row, int column)
{
    return db_col_blob(row, column);
}

struct span db_col_blob(sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return (struct span){NULL, 0};
    const char *at = sqlite3_column_blob(row, column);
    return (struct span){at ? at : "", (size_t)sqlite3_column_bytes(row, column)};
}

bool db_col_copy(sqlite3_stmt *row, int column, char **out)
{
    struct span s = db_col_blob(row, column);
    *out = NULL;
    if (!s.at)
        return true;
    *out = malloc(s.len + 1);
    if (!*out)
        return false;
    memcpy(*out, s.at, s.len);
    (*out)[s.len] = 0;
    return true;
}

void db_col_id(sqlite3_stmt *row, int column, char out[UUID_SIZE])
{
    struct span s = db_col_text(row, column);
    size_t len = s.len < UUID_SIZE ? s.len : UUID_SIZE - 1;
    if (len > 0)
        memcpy(out, s.at, len);
    out[len] = 0;
}

/* ---------------------------------------------------------------- the log of changes */

/* https://www.sqlite.org/fileformat2.html#walformat, of pages of 4096 bytes. */
enum { LOG_HEADER = 32, LOG_PAGE = 24 + 4096 };

static bool log_size(sqlite3_file *log, int64_t *out)
{
    sqlite3_int64 size;
    if (!log || log->pMethods->xFileSize(log, &size) != SQLITE_OK)
        return false;
    *out = size;
    return true;
}

int db_log_places(struct db *db)
{
    int64_t size;
    return log_size(log_of(db->handle), &size) ? (int)(size / LOG_PAGE) : 0;
}

void db_lengthen_log(struct db *db, int places)
{
    static const char zeros[64 << 10];
    sqlite3_file *log = log_of(db->handle);
    int64_t end = LOG_HEADER + (int64_t)places * LOG_PAGE, at;
    bool fine = log_size(log, &at);
    while (fine && at < end) {
        int64_t some = end - at < (int64_t)sizeof zeros ? end - at : (int64_t)sizeof zeros;
        fine = log->pMethods->xWrite(log, zeros, (int)some, at) == SQLITE_OK;
        at += some;
    }
}

bool db_checkpoint(struct db *db, int wait_ms, bool keep_length)
{
    logvfs_keep(log_of(db->handle), keep_length);
    sqlite3_busy_timeout(db->handle, wait_ms);
    int code =
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db->handle, db->wait_ms);
    if (code == SQLITE_OK)
        db->wal_pages = 0;
    return code == SQLITE_OK;
}

int db_wal_pages(const struct db *db)
{
    return db->wal_pages;
}
