/* kill -9 at each named step: this program runs as opik-alerts itself, with functions
 * between the steps wrapped by the linker (Makefile, WRAP_test_steps), and ends itself by
 * SIGKILL when the k-th call of a step is reached. Then it runs again without, and all must
 * be as if it had gone on: nothing accepted lost, ids and bodies as they were, only what
 * was under way sent again. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <sqlite3.h>

#include "app.h"
#include "base/asset.h"
#include "rules/payload.h"
#include "send/send.h"
#include "store/sqlite/db.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/ending.h"
#include "store/sqlite/metrics.h"
#include "support/siege.h"
#include "support/torture.h"
#include "support/unpacked.h"

#define STEP  "TORTURE_STEP"  /* the step at which it kills itself */
#define COUNT "TORTURE_COUNT" /* which call of it: 1 is the first */
#define LATER "TORTURE_LATER" /* ms that its wall clock is ahead */

#define BEYOND_RETENTION_MS "3000000000"

/* ------------------------------------------------------------------ killing itself */

static const char *planned; /* NULL: it goes on */
static atomic_long calls_left;

static bool is_planned(const char *step)
{
    return planned && strcmp(step, planned) == 0;
}

static void reached(const char *step)
{
    if (!is_planned(step) || atomic_fetch_sub(&calls_left, 1) != 1)
        return;
    if (dprintf(2, "reached: %s\n", step) < 0)
        _exit(1);
    raise(SIGKILL);
}

/* What the transaction of this thread holds. */
enum held {
    HOLDS_EVENTS = 1,
    HOLDS_CLOSED = 2,
    HOLDS_CLAIM = 4,
    HOLDS_RECORD = 8,
    HOLDS_RECOVERY = 16,
    HOLDS_ENDING = 32,
    HOLDS_REPLAY = 64,
    HOLDS_PURGE = 128,
};
static _Thread_local unsigned held;

static const struct {
    enum held what;
    const char *before, *after; /* its commit; NULL: no step */
} commits[] = {
    {HOLDS_EVENTS, "before the commit", "after the commit"},
    {HOLDS_CLOSED, NULL, "bucket closed"},
    {HOLDS_CLAIM, NULL, "claimed"},
    {HOLDS_RECORD, NULL, "after recording"},
    {HOLDS_RECOVERY, "recovery", "recovery"},
    {HOLDS_ENDING, "alert change", "alert change"},
    {HOLDS_REPLAY, "replay", "replay"},
    {HOLDS_PURGE, "purge", "purge"},
};

static void reached_commit(bool after)
{
    for (size_t i = 0; i < sizeof commits / sizeof *commits; i++) {
        const char *step = after ? commits[i].after : commits[i].before;
        if ((held & commits[i].what) && step)
            reached(step);
    }
}

/* ------------------------------------------------------------------ the wrapped functions
 */

void __real_store_accept(struct store *s, struct accept *a, store_done *done, void *arg);
void __wrap_store_accept(struct store *s, struct accept *a, store_done *done, void *arg);
void __wrap_store_accept(struct store *s, struct accept *a, store_done *done, void *arg)
{
    reached("accept");
    __real_store_accept(s, a, done, arg);
}

bool __real_tx_emit_pieces(struct tx *tx, const struct event_ref *event, const char *user,
                           int64_t *request, const struct entity *entity, struct err *err);
bool __wrap_tx_emit_pieces(struct tx *tx, const struct event_ref *event, const char *user,
                           int64_t *request, const struct entity *entity, struct err *err);
bool __wrap_tx_emit_pieces(struct tx *tx, const struct event_ref *event, const char *user,
                           int64_t *request, const struct entity *entity, struct err *err)
{
    held |= HOLDS_EVENTS;
    return __real_tx_emit_pieces(tx, event, user, request, entity, err);
}

bool __real_db_run(struct db *db, const char *sql, const struct db_arg *args, size_t count,
                   struct err *err);
bool __wrap_db_run(struct db *db, const char *sql, const struct db_arg *args, size_t count,
                   struct err *err);
bool __wrap_db_run(struct db *db, const char *sql, const struct db_arg *args, size_t count,
                   struct err *err)
{
    bool commit = strcmp(sql, "COMMIT") == 0;
    if (strcmp(sql, "BEGIN IMMEDIATE") == 0)
        held = 0;
    if (commit)
        reached_commit(false);
    bool fine = __real_db_run(db, sql, args, count, err);
    if (commit && fine)
        reached_commit(true);
    return fine;
}

bool __real_payload_body(const struct payload_head *head,
                         const struct payload_event *events, size_t count, struct buf *out);
bool __wrap_payload_body(const struct payload_head *head,
                         const struct payload_event *events, size_t count, struct buf *out);
bool __wrap_payload_body(const struct payload_head *head,
                         const struct payload_event *events, size_t count, struct buf *out)
{
    bool fine = __real_payload_body(head, events, count, out);
    held |= HOLDS_CLOSED;
    reached("close bucket");
    return fine;
}

bool __real_payload_wants_routing_key(struct span body);
bool __wrap_payload_wants_routing_key(struct span body);
bool __wrap_payload_wants_routing_key(struct span body)
{
    held |= HOLDS_CLAIM;
    reached("claim");
    return __real_payload_wants_routing_key(body);
}

struct send_handle *__real_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *done, void *arg);
struct send_handle *__wrap_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *done, void *arg);
struct send_handle *__wrap_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *done, void *arg)
{
    reached("before the POST");
    return __real_sender_start(s, r, done, arg);
}

/* The transfer that was begun last. */
static CURL *begun;

CURLMcode __real_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    begun = easy;
    return __real_curl_multi_add_handle(multi, easy);
}

CURLMcode __real_curl_multi_perform(CURLM *multi, int *running);
CURLMcode __wrap_curl_multi_perform(CURLM *multi, int *running);
CURLMcode __wrap_curl_multi_perform(CURLM *multi, int *running)
{
    CURLMcode code = __real_curl_multi_perform(multi, running);
    curl_off_t sent = 0;
    if (begun && curl_easy_getinfo(begun, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK &&
        sent > 0) {
        begun = NULL;
        reached("during the POST");
    }
    return code;
}

CURLMsg *__real_curl_multi_info_read(CURLM *multi, int *left);
CURLMsg *__wrap_curl_multi_info_read(CURLM *multi, int *left);
CURLMsg *__wrap_curl_multi_info_read(CURLM *multi, int *left)
{
    CURLMsg *message = __real_curl_multi_info_read(multi, left);
    if (message && message->msg == CURLMSG_DONE) {
        begun = message->easy_handle == begun ? NULL : begun;
        reached("after the POST");
    }
    return message;
}

void __real_store_record(struct store *s, struct record *records, size_t count,
                         store_done *done, void *arg);
void __wrap_store_record(struct store *s, struct record *records, size_t count,
                         store_done *done, void *arg);
void __wrap_store_record(struct store *s, struct record *records, size_t count,
                         store_done *done, void *arg)
{
    reached("before recording");
    __real_store_record(s, records, count, done, arg);
}

bool __real_log_attempts(struct tx *tx, const struct log_entry *entries, size_t count,
                         struct err *err);
bool __wrap_log_attempts(struct tx *tx, const struct log_entry *entries, size_t count,
                         struct err *err);
bool __wrap_log_attempts(struct tx *tx, const struct log_entry *entries, size_t count,
                         struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        bool recovers = entries[i].attempt.outcome.kind == OUTCOME_UNKNOWN;
        held |= recovers ? HOLDS_RECOVERY : HOLDS_RECORD;
        if (!recovers)
            reached("recording");
    }
    return __real_log_attempts(tx, entries, count, err);
}

bool __real_ending_of_alert(struct tx *tx, const char *alert_id, const char *alert_name,
                            const char *reason, struct err *err);
bool __wrap_ending_of_alert(struct tx *tx, const char *alert_id, const char *alert_name,
                            const char *reason, struct err *err);
bool __wrap_ending_of_alert(struct tx *tx, const char *alert_id, const char *alert_name,
                            const char *reason, struct err *err)
{
    held |= HOLDS_ENDING;
    return __real_ending_of_alert(tx, alert_id, alert_name, reason, err);
}

/* Only a replay looks a delivery up by its id alone. */
bool __real_delivery_row_find(struct tx *tx, int64_t number, const char *id, bool *found,
                              struct delivery_row *out, struct err *err);
bool __wrap_delivery_row_find(struct tx *tx, int64_t number, const char *id, bool *found,
                              struct delivery_row *out, struct err *err);
bool __wrap_delivery_row_find(struct tx *tx, int64_t number, const char *id, bool *found,
                              struct delivery_row *out, struct err *err)
{
    if (number == 0)
        held |= HOLDS_REPLAY;
    return __real_delivery_row_find(tx, number, id, found, out, err);
}

bool __real_metrics_purge(struct tx *tx, struct err *err);
bool __wrap_metrics_purge(struct tx *tx, struct err *err);
bool __wrap_metrics_purge(struct tx *tx, struct err *err)
{
    held |= HOLDS_PURGE;
    return __real_metrics_purge(tx, err);
}

/* So long a log that a checkpoint follows each commit. */
int __real_db_wal_pages(const struct db *db);
int __wrap_db_wal_pages(const struct db *db);
int __wrap_db_wal_pages(const struct db *db)
{
    static int grown;
    bool checkpoints = is_planned("checkpoint") || is_planned("end of checkpoint");
    return checkpoints ? (grown += 5000) : __real_db_wal_pages(db);
}

/* ------------------------------------------------------------------ statements */

/* Runs them one by one; returns how many there were. */
static int run_statements(sqlite3 *db, const char *sql, const char *step, int *code)
{
    int count = 0;
    sqlite3_stmt *s;
    *code = SQLITE_OK;
    while (*code == SQLITE_OK && *sql) {
        *code = sqlite3_prepare_v2(db, sql, -1, &s, &sql);
        if (*code != SQLITE_OK || !s)
            continue;
        if (step)
            reached(step);
        while ((*code = sqlite3_step(s)) == SQLITE_ROW)
            continue;
        *code = sqlite3_finalize(s);
        count++;
    }
    return count;
}

/* The first that follow a BEGIN of the store's migrations are their statements. */
int __real_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*row)(void *, int, char **, char **), void *arg, char **words);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*row)(void *, int, char **, char **), void *arg, char **words);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*row)(void *, int, char **, char **), void *arg, char **words)
{
    static bool migrating;
    int code;
    migrating |= strcmp(sql, "BEGIN IMMEDIATE") == 0;
    if (!migrating || !is_planned("migration"))
        return __real_sqlite3_exec(db, sql, row, arg, words);
    run_statements(db, sql, "migration", &code);
    if (code == SQLITE_OK && strcmp(sql, "COMMIT") == 0) {
        reached("migration");
        migrating = false;
    }
    return code;
}

/* ------------------------------------------------------------------ the file */

static sqlite3_syscall_ptr real_write;

static bool is_file(int fd, const char *name)
{
    char link[40], path[600];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    const char *last = strrchr(path, '/');
    return last && strcmp(last + 1, name) == 0;
}

/* An emptied log keeps its length, but not its header (see logvfs.h). */
static bool empties_log(int fd, const void *bytes, size_t len, off_t at)
{
    static const char none[32];
    return at == 0 && len == sizeof none && memcmp(bytes, none, len) == 0 &&
           is_file(fd, "store.db-wal");
}

/* Half of it gets there. */
static ssize_t torn_write(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))real_write;
    const char *file = is_planned("commit")       ? "store.db-wal"
                       : is_planned("checkpoint") ? "store.db"
                                                  : NULL;
    if (file && is_file(fd, file)) {
        if (atomic_load(&calls_left) == 1)
            real(fd, bytes, len / 2, at);
        reached(planned);
    }
    if (is_planned("end of checkpoint") && empties_log(fd, bytes, len, at))
        reached("end of checkpoint");
    return real(fd, bytes, len, at);
}

static void replace(sqlite3_vfs *vfs, const char *name, sqlite3_syscall_ptr by,
                    sqlite3_syscall_ptr *real)
{
    sqlite3_syscall_ptr was = vfs->xGetSystemCall(vfs, name);
    if (was && vfs->xSetSystemCall(vfs, name, by) == SQLITE_OK)
        *real = was;
}

/* ------------------------------------------------------------------ as opik-alerts */

static int64_t ahead_ms;

static int64_t wall_ahead(void *arg)
{
    (void)arg;
    return clock_wall_ms(clock_system()) + ahead_ms;
}

static int64_t steady_now(void *arg)
{
    (void)arg;
    return clock_steady_ms(clock_system());
}

static int run_program_itself(int argc, char **argv)
{
    static const struct clock ahead = {wall_ahead, steady_now, NULL};
    const char *count = getenv(COUNT), *later = getenv(LATER);
    planned = getenv(STEP);
    atomic_store(&calls_left, count ? strtol(count, NULL, 10) : 0);
    ahead_ms = later ? strtoll(later, NULL, 10) : 0;
    sqlite3_initialize();
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    replace(vfs, "pwrite", (sqlite3_syscall_ptr)torn_write, &real_write);
    replace(vfs, "pwrite64", (sqlite3_syscall_ptr)torn_write, &real_write);
    return app_main(argc, argv, &ahead);
}

/* ------------------------------------------------------------------ a life and its end */

enum {
    KILLS = 3,
    KILLS_AT_LENGTH = 50,
    CLIENTS = 2,
    LIFE_MS = 60,
    LOADED_MS = 250, /* until things are delivered, too */
    REPLAYED = 3,
};

static void rest_ms(int64_t ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void plan(const char *step, int64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)count);
    if (step && (setenv(STEP, step, 1) != 0 || setenv(COUNT, text, 1) != 0))
        abort();
    if (!step) {
        unsetenv(STEP);
        unsetenv(COUNT);
    }
}

/* It ended, and by itself at that step: a step that is never reached proves nothing. */
static void expect_reached(struct run_child *c, const char *step)
{
    char words[100];
    snprintf(words, sizeof words, "reached: %s\n", step);
    int status = run_wait_end(c, RUN_DEADLINE_MS);
    if (status != -1 || !strstr(c->err, words))
        fail_msg("'%s' is not reached (%d): %s%s", step, status, c->out, c->err);
}

/* It may end before it listens. */
static void serve_until(struct siege *s, const char *step, int64_t count)
{
    plan(step, count);
    struct run_child *c = siege_serve(s, "");
    plan(NULL, 0);
    siege_listens(s, c, RUN_DEADLINE_MS);
    expect_reached(c, step);
    siege_kill(s, &c, true);
}

/* A verb, beside the process that serves. */
static void run_until(struct siege *s, const char *step, int64_t count, const char *words)
{
    struct run_child c;
    plan(step, count);
    program_start(s->program, &c, words);
    plan(NULL, 0);
    expect_reached(&c, step);
    run_kill(&c);
}

static struct run_child *serve(struct siege *s)
{
    struct run_child *c = siege_serve(s, "");
    if (!siege_listens(s, c, RUN_DEADLINE_MS))
        fail_msg("serve does not start: %s%s", c->out, c->err);
    return c;
}

static int64_t chance(struct siege *s, int64_t bound)
{
    return (int64_t)torture_random(&s->random, (uint64_t)bound);
}

/* ------------------------------------------------------------------ the steps */

struct point {
    const char *name;
    int64_t calls; /* it ends at one of the first so many; of two, at each in turn */
    void (*life)(struct siege *s, const struct point *point,
                 int64_t count); /* up to the end */
};

static void under_load(struct siege *s, const struct point *point, int64_t count)
{
    serve_until(s, point->name, count);
}

static void twice(struct siege *s, const struct point *point, int64_t count)
{
    serve_until(s, "before the POST", count);
    serve_until(s, point->name, count);
}

static void months_later(struct siege *s, const struct point *point, int64_t count)
{
    struct run_child *c = serve(s);
    ledger_allow_purge(s->ledger);
    rest_ms(LOADED_MS);
    siege_kill(s, &c, true);
    if (setenv(LATER, BEYOND_RETENTION_MS, 1) != 0)
        abort();
    serve_until(s, point->name, count);
    unsetenv(LATER);
}

static void while_disabled(struct siege *s, const struct point *point, int64_t count)
{
    char words[100];
    struct run r;
    struct run_child *c = serve(s);
    rest_ms(LIFE_MS + chance(s, LOADED_MS));
    snprintf(words, sizeof words, "alert disable %s", s->unsteady);
    run_until(s, point->name, count, words);
    siege_check(s);
    snprintf(words, sizeof words, "alert enable %s", s->unsteady);
    program_expect(s->program, &r, 0, NULL, words);
    run_free(&r);
    siege_kill(s, &c, true);
}

/* Appends the ids of some dead deliveries; returns how many. Those that the end of their
 * alert took away while they were sent may have arrived. */
static int add_dead(struct siege *s, struct buf *words)
{
    int count = 0;
    json_t *dead = program_json(s->program, "delivery list --json --filter status:dead");
    for (size_t i = 0; i < json_array_size(dead) && count < REPLAYED; i++) {
        const json_t *d = json_array_get(dead, i);
        if (strcmp(json_string_value(json_object_get(d, "alert_id")), s->unsteady) == 0)
            continue;
        buf_add_format(words, " %s", json_string_value(json_object_get(d, "id")));
        count++;
    }
    json_decref(dead);
    return count;
}

static void while_replayed(struct siege *s, const struct point *point, int64_t count)
{
    struct buf words;
    struct run r;
    struct run_child *c = serve(s);
    buf_init(&words, BUF_UNLIMITED);
    buf_add_text(&words, "delivery replay");
    while (add_dead(s, &words) == 0) {
        rest_ms(LIFE_MS);
        receiver_release(s->receiver);
    }
    run_until(s, point->name, count, buf_text(&words));
    siege_check(s);
    if (count == 1) { /* it was not replayed yet */
        program_expect(s->program, &r, 0, NULL, buf_text(&words));
        run_free(&r);
    }
    buf_free(&words);
    siege_kill(s, &c, true);
}

static const struct point loaded[] = {
    {"accept", 20, under_load},
    {"before the commit", 20, under_load},
    {"commit", 40, under_load},
    {"after the commit", 20, under_load},
    {"close bucket", 8, under_load},
    {"bucket closed", 4, under_load},
    {"claim", 8, under_load},
    {"claimed", 4, under_load},
    {"before the POST", 8, under_load},
    {"during the POST", 8, under_load},
    {"after the POST", 8, under_load},
    {"before recording", 8, under_load},
    {"recording", 8, under_load},
    {"after recording", 4, under_load},
    {"checkpoint", 40, under_load},
    {"end of checkpoint", 4, under_load},
    {"recovery", 2, twice},
};
static const struct point changes[] = {
    {"alert change", 2, while_disabled},
    {"replay", 2, while_replayed},
};
static const struct point purges[] = {{"purge", 2, months_later}};

static int64_t call_of(struct siege *s, const struct point *point, int64_t kill)
{
    return 1 + (point->calls == 2 ? kill % 2 : chance(s, point->calls));
}

static void kill_at_each(const struct point *points, size_t count, struct ledger_sums *sums)
{
    struct siege s = {.random = torture_seed("steps")};
    int64_t kills = torture_size(KILLS, KILLS_AT_LENGTH);
    struct run_child *c = NULL;
    siege_begin(&s, CLIENTS);
    for (size_t i = 0; i < count; i++) {
        for (int64_t k = 0; k < kills; k++) {
            if (c)
                siege_kill(&s, &c, true);
            points[i].life(&s, &points[i], call_of(&s, &points[i], k));
            c = serve(&s);
            siege_check(&s);
            rest_ms(chance(&s, LIFE_MS));
        }
    }
    siege_end(&s, c);
    siege_tell(&s, "steps");
    *sums = s.all;
}

static void at_each_step_of_an_event(void **state)
{
    struct ledger_sums sums;
    (void)state;
    kill_at_each(loaded, sizeof loaded / sizeof *loaded, &sums);
    assert_true(sums.unanswered > 0 && sums.unknown > 0);
}

static void at_each_change_by_a_person(void **state)
{
    struct ledger_sums sums;
    (void)state;
    kill_at_each(changes, sizeof changes / sizeof *changes, &sums);
}

static void while_old_deliveries_go(void **state)
{
    struct ledger_sums sums;
    (void)state;
    kill_at_each(purges, sizeof purges / sizeof *purges, &sums);
    assert_true(sums.purged > 0);
}

/* ------------------------------------------------------------------ migrations */

/* The text of the migration that leads to that version; at == NULL: there is none. */
static struct span migration_to(int version, char out[64])
{
    snprintf(out, 64, "sql/%03d-", version);
    for (size_t i = 0; i < asset_count; i++)
        if (strncmp(asset_table[i].name, out, strlen(out)) == 0)
            return asset_find(asset_table[i].name);
    return (struct span){NULL, 0};
}

static int newest_version(void)
{
    int version = 0;
    char name[64];
    while (migration_to(version + 1, name).at)
        version++;
    return version;
}

/* Returns how many statements it has. */
static int migrate_to(sqlite3 *db, int version)
{
    char name[64], *text;
    int code;
    struct span sql = migration_to(version, name);
    assert_non_null(text = strndup(sql.at, sql.len));
    int count = run_statements(db, text, NULL, &code);
    assert_int_equal(code, SQLITE_OK);
    free(text);
    return count;
}

/* How often "migration" is reached on the way from that version to the newest. */
static int64_t migration_calls(int from)
{
    enum { BEGIN_VERSION_AND_COMMIT = 4 }; /* before it and after it */
    sqlite3 *db;
    int64_t calls = 0;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (int v = 1; v <= newest_version(); v++) {
        int statements = migrate_to(db, v);
        calls += v > from ? statements + BEGIN_VERSION_AND_COMMIT : 0;
    }
    sqlite3_close(db);
    return calls;
}

static void run(sqlite3 *db, const char *sql)
{
    char *words = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        fail_msg("%s: %s", sql, words);
}

/* What both have: a later migration may have added columns, or taken some away. */
static void copy_table(sqlite3 *db, const char *table)
{
    struct buf columns, sql;
    sqlite3_stmt *row;
    buf_init(&columns, BUF_UNLIMITED);
    buf_init(&sql, BUF_UNLIMITED);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM pragma_table_info(?1, 'main') "
                           "INTERSECT SELECT name FROM pragma_table_info(?1, 'newest')",
                           -1, &row, NULL),
        SQLITE_OK);
    sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
    while (sqlite3_step(row) == SQLITE_ROW)
        buf_add_format(&columns, "%s%s", columns.len ? ", " : "",
                       sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    buf_add_format(&sql, "INSERT INTO main.%s (%s) SELECT %s FROM newest.%s", table,
                   buf_text(&columns), buf_text(&columns), table);
    if (columns.len)
        run(db, buf_text(&sql));
    buf_free(&columns);
    buf_free(&sql);
}

/* Their bucket was a column up to version 10, and up to 11 they were not packed. */
static void copy_chunks(sqlite3 *db, int version)
{
    assert_true(unpacked_add(db));
    if (version > 11)
        copy_table(db, "bucket_chunks");
    else if (version > 10)
        run(db, "INSERT INTO main.bucket_chunks (row, events) "
                "SELECT row, unpacked(events, size) FROM newest.bucket_chunks");
    else
        run(db, "INSERT INTO main.bucket_chunks (row, bucket, events) "
                "SELECT row, row >> 24, unpacked(events, size) FROM newest.bucket_chunks");
}

static void copy_tables(sqlite3 *db, int version)
{
    sqlite3_stmt *row;
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM main.sqlite_schema WHERE type = 'table' "
                           "AND name NOT LIKE 'sqlite%' AND name <> 'bucket_chunks'",
                           -1, &row, NULL),
        SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW)
        copy_table(db, (const char *)sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    copy_chunks(db, version);
}

/* Makes the file what an earlier program would have left. */
static void downgrade(const char *dir, int version)
{
    char store[300], old[300], sql[400];
    sqlite3 *db;
    snprintf(store, sizeof store, "%s/store.db", dir);
    snprintf(old, sizeof old, "%s/old.db", dir);
    assert_int_equal(sqlite3_open(old, &db), SQLITE_OK);
    for (int v = 1; v <= version; v++)
        migrate_to(db, v);
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d; ATTACH '%s' AS newest", version,
             store);
    run(db, sql);
    run(db, "BEGIN");
    copy_tables(db, version);
    run(db, "COMMIT");
    run(db, "DETACH newest");
    sqlite3_close(db);
    assert_int_equal(chmod(old, 0600), 0);
    assert_int_equal(rename(old, store), 0);
}

/* In order, so that all is in the one file. */
static void stop(struct siege *s, struct run_child **c)
{
    int status;
    load_aim(s->load, 0);
    size_t before = ledger_before_kill(s->ledger);
    kill((*c)->pid, SIGTERM);
    while ((status = run_wait_end(*c, LIFE_MS)) == -2)
        receiver_release(s->receiver);
    assert_int_equal(status, 0);
    run_kill(*c);
    free(*c);
    *c = NULL;
    ledger_after_kill(s->ledger, before, true);
}

static void while_the_file_is_brought_up_to_date(void **state)
{
    (void)state;
    struct siege s = {.random = torture_seed("migration")};
    int64_t kills = torture_size(KILLS, KILLS_AT_LENGTH);
    siege_begin(&s, CLIENTS);
    struct run_child *c = serve(&s);
    for (int64_t k = 0; k < kills; k++) {
        int from = 1 + (int)chance(&s, newest_version() - 1);
        rest_ms(LOADED_MS);
        stop(&s, &c);
        downgrade(s.program->dir, from);
        serve_until(&s, "migration", 1 + chance(&s, migration_calls(from)));
        c = serve(&s);
        siege_check(&s);
    }
    siege_end(&s, c);
    siege_tell(&s, "migration");
}

static void while_a_new_file_is_made(void **state)
{
    (void)state;
    uint64_t random = torture_seed("new file");
    int64_t kills = torture_size(KILLS, KILLS_AT_LENGTH), calls = migration_calls(0);
    for (int64_t k = 0; k < kills; k++) {
        void *made;
        struct run_child c;
        assert_int_equal(program_setup(&made), 0);
        struct program *p = made;
        plan("migration", 1 + (int64_t)torture_random(&random, (uint64_t)calls));
        program_start(p, &c, "doctor");
        plan(NULL, 0);
        expect_reached(&c, "migration");
        run_kill(&c);
        json_decref(program_json(p, "doctor --json"));
        ledger_check_file(p->dir);
        program_teardown(&made);
    }
}

int main(int argc, char **argv)
{
    char itself[512];
    if (argc > 1)
        return run_program_itself(argc, argv);
    ssize_t len = readlink("/proc/self/exe", itself, sizeof itself - 1);
    itself[len > 0 ? len : 0] = 0;
    if (setenv("OPIK_ALERTS", itself, 1) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_each_step_of_an_event),
        cmocka_unit_test(at_each_change_by_a_person),
        cmocka_unit_test(while_old_deliveries_go),
        cmocka_unit_test(while_the_file_is_brought_up_to_date),
        cmocka_unit_test(while_a_new_file_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
