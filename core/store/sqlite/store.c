#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/aside.h"
#include "store/datadir.h"
#include "store/file.h"
#include "store/sharedclock.h"
#include "store/sqlite/draft.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"
#include "store/sqlite/thread.h"
#include "store/sqlite/tx.h"

#define FILE_NAME   "store.db"
#define LONGEST_DIR 495 /* what SQLite's 512 bytes leave beside the names of its files */

/* ---------------------------------------------------------------- the file */

/* An existing file is only looked at, never opened here: closing a descriptor would drop
 * the locks that another connection of this process holds on it. */
static bool check_one(int dir, const char *name, bool *missing, struct err *err)
{
    struct stat st;
    *missing = false;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        *missing = errno == ENOENT;
        return *missing || file_err(err, "look at", name);
    }
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return err_set(err, ERR_DENIED, "%s is not a plain file of its own", name);
    if (st.st_uid != geteuid())
        return err_set(err, ERR_DENIED, "%s belongs to another user", name);
    if (st.st_mode & 077)
        return err_set(err, ERR_DENIED,
                       "%s can be used by others; chmod 600 it if that was a mistake", name);
    return true;
}

/* With the side files that SQLite would read and write beside it. */
static bool check_file(int dir, bool *missing, struct err *err)
{
    static const char *const beside[] = {FILE_NAME "-wal", FILE_NAME "-shm",
                                         FILE_NAME "-journal"};
    bool absent;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (!check_one(dir, beside[i], &absent, err))
            return false;
    return check_one(dir, FILE_NAME, missing, err);
}

/* SQLite gives its side files the mode of this one, so it is made here. */
static bool make_file(int dir, struct err *err)
{
    int fd =
        openat(dir, FILE_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == EEXIST || file_err(err, "make", FILE_NAME);
    bool fine = fchmod(fd, 0600) == 0 || file_err(err, "set the mode of", FILE_NAME);
    close(fd);
    return fine;
}

/* Processes that make, migrate or leave the file at the same moment get in each other's
 * way: SQLite then says "unable to open". Bounded, as a stopped process keeps its lock. */
static bool lock_dir(struct store *s, struct err *err)
{
    const struct timespec pause = {0, 5000000};
    for (int i = 0; i < 1000; i++) {
        if (flock(s->dir, LOCK_EX | LOCK_NB) == 0)
            return true;
        nanosleep(&pause, NULL);
    }
    return err_set(err, ERR_BUSY, "another process is opening the store; try again");
}

static void unlock_dir(struct store *s)
{
    flock(s->dir, LOCK_UN);
}

/* Whether nothing was ever written: then a key may be made. Afterwards a new one would only
 * hide that the old one is gone. */
static bool is_empty(int dir)
{
    struct stat st;
    return fstatat(dir, FILE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size == 0;
}

static bool open_sealer(struct store *s, const struct store_options *o, struct err *err)
{
    struct err own = {0};
    enum sealer_mode mode = o->read_only      ? SEALER_LOOK
                            : is_empty(s->dir) ? SEALER_MAKE
                                               : SEALER_KEEP;
    s->sealer = sealer_open(o->dir, mode, &own);
    if (s->sealer)
        return true;
    if (own.code == ERR_NOT_FOUND)
        return err_set(err, ERR_DENIED,
                       "the key file of the data directory is missing; bring it back from a "
                       "backup, without it stored secrets are lost");
    return err_set(err, own.code, "%s", own.text);
}

static bool prepare_file(struct store *s, const struct store_options *o, struct err *err)
{
    if (!datadir_prepare(o->dir, o->read_only, err))
        return false;
    s->dir = datadir_open(o->dir, err);
    if (s->dir < 0)
        return false;
    if (!o->read_only && faccessat(s->dir, ".", W_OK, AT_EACCESS) != 0)
        return file_err(err, "write into the data directory", o->dir);
    if (!lock_dir(s, err))
        return false;
    bool missing;
    bool fine = check_file(s->dir, &missing, err);
    if (fine && missing)
        fine = o->read_only
                   ? err_set(err, ERR_NOT_FOUND, "there is no store in %.200s yet", o->dir)
                   : make_file(s->dir, err);
    return fine;
}

/* Nobody changes the file where nothing can be made beside it, and no process that can has
 * it open: SQLite removes the index of its log when the last one closes. */
static bool is_fixed(const struct store *s)
{
    struct stat st;
    return s->read_only && faccessat(s->dir, ".", W_OK, AT_EACCESS) != 0 &&
           fstatat(s->dir, FILE_NAME "-shm", &st, AT_SYMLINK_NOFOLLOW) != 0 &&
           (fstatat(s->dir, FILE_NAME "-wal", &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            st.st_size == 0);
}

static enum db_mode reader_mode(const struct store *s)
{
    return is_fixed(s) ? DB_FIXED : DB_READER;
}

/* SQLite refuses links in any part of a path that it must not follow, so they are resolved.
 */
static char *file_path(const char *dir, struct err *err)
{
    char *real = realpath(dir, NULL), *text = NULL;
    struct buf path;
    buf_init(&path, PATH_MAX);
    if (real)
        buf_add_format(&path, "%s/" FILE_NAME, real);
    if (!real)
        file_err(err, "find", dir);
    else if (strlen(real) > LONGEST_DIR)
        err_set(err, ERR_INVALID, "the path of the data directory is longer than %d bytes",
                LONGEST_DIR);
    else if (!(text = buf_take(&path)))
        err_memory(err);
    buf_free(&path);
    free(real);
    return text;
}

/* ---------------------------------------------------------------- open and close */

static void init_shared(struct store *s, const struct store_options *o)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->subscribers_lock, NULL);
    pthread_cond_init(&s->wake, &attr);
    pthread_cond_init(&s->answered, NULL);
    pthread_condattr_destroy(&attr);
    s->queue_end = &s->queue;
    s->dir = -1;
    s->clock = o->clock;
    s->read_only = o->read_only;
    s->actor = o->actor;
    s->new_limits = s->limits = o->limits;
}

/* What a row takes with it when it goes is removed by name, so that SQLite need not look
 * for the parent of each body and attempt that is written. */
static bool leave_keys_unchecked(struct db *db, struct err *err)
{
    return db_run(db, "PRAGMA foreign_keys = OFF", DB_NO_ARGS, err);
}

/* A reader's connection also tells a read-only store whether the file can be used. */
static bool open_database(struct store *s, int64_t *last, struct err *err)
{
    struct db *db = db_open(s->path, s->read_only ? reader_mode(s) : DB_WRITER, err);
    if (!db)
        return false;
    if (s->read_only) {
        bool fine = db_check_version(db, err) && keys_check(db, s->sealer, err);
        db_close(&db);
        return fine;
    }
    s->db = db;
    s->synced = s->wal.dirty = true;
    return db_migrate(db, err) && leave_keys_unchecked(db, err) &&
           keys_note(db, s->sealer, err) && keys_check(db, s->sealer, err) &&
           tx_last_steady(db, last, err) && db_version(db, &s->version, err) &&
           writer_start(s, err);
}

struct store *store_open(const struct store_options *options, struct err *err)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        err_memory(err);
        return NULL;
    }
    init_shared(s, options);
    int64_t last = 0;
    bool fine = prepare_file(s, options, err) &&
                (s->path = file_path(options->dir, err)) &&
                open_sealer(s, options, err) && open_database(s, &last, err);
    if (fine && s->clock == clock_system())
        sharedclock_align(s->dir, s->read_only, last);
    if (s->dir >= 0)
        unlock_dir(s);
    if (!fine)
        store_close(&s);
    return s;
}

static void close_database(struct store *s)
{
    bool locked = s->db && lock_dir(s, NULL); /* the last one to close may write */
    db_close(&s->db);
    if (locked)
        unlock_dir(s);
    if (s->dir >= 0)
        close(s->dir);
}

void store_close(struct store **store)
{
    struct store *s = *store;
    if (!s)
        return;
    writer_stop(s);
    buckets_clear(&s->buckets);
    draft_forget(s);
    tx_reset_caches(s);
    trace_memory_free(&s->traces);
    errored_free(&s->errored);
    close_database(s);
    sealer_close(&s->sealer);
    while (s->subscribers) {
        struct subscriber *next = s->subscribers->next;
        free(s->subscribers);
        s->subscribers = next;
    }
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->answered);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->subscribers_lock);
    free(s->path);
    free(s);
    *store = NULL;
}

void store_set_limits(struct store *s, const struct store_limits *limits)
{
    pthread_mutex_lock(&s->lock);
    s->new_limits = *limits;
    pthread_mutex_unlock(&s->lock);
}

void store_set_checkpointing(struct store *s, bool on)
{
    pthread_mutex_lock(&s->lock);
    s->checkpointing = on;
    pthread_mutex_unlock(&s->lock);
}

bool store_fits(struct store *s, struct err *err)
{
    struct store_reader *r = store_reader_open(s, err);
    bool fine = r && db_check_version(r->db, err);
    store_reader_close(&r);
    return fine;
}

void store_hurry(struct store *s, bool on)
{
    pthread_mutex_lock(&s->lock);
    s->hurry = on;
    pthread_mutex_unlock(&s->lock);
}

/* ---------------------------------------------------------------- readers */

struct store_reader *store_reader_open(struct store *s, struct err *err)
{
    struct store_reader *r = calloc(1, sizeof *r);
    if (!r) {
        err_memory(err);
        return NULL;
    }
    r->sealer = s->sealer;
    r->db = db_open(s->path, reader_mode(s), err);
    if (!r->db)
        store_reader_close(&r);
    return r;
}

void store_reader_close(struct store_reader **r)
{
    if (!*r)
        return;
    db_close(&(*r)->db);
    free(*r);
    *r = NULL;
}

bool reader_begin(struct store_reader *r, struct err *err)
{
    return db_run(r->db, "BEGIN", DB_NO_ARGS, err);
}

void reader_end(struct store_reader *r)
{
    db_run(r->db, "COMMIT", DB_NO_ARGS, NULL);
}
