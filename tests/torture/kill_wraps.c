/* The functions between the steps of the plan. */
#include "torture/kill_plan.h"

#include <string.h>

#include <curl/curl.h>
#include <sqlite3.h>

#include "rules/payload.h"
#include "send/send.h"
#include "store/accept.h"
#include "store/delivering.h"
#include "store/sqlite/db.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/ending.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/metrics.h"
#include "store/store.h"
#include "torture/migrations.h"

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
            plan_reached(step);
    }
}

void __real_store_accept(struct store *s, struct accept *a, store_done *done, void *arg);
void __wrap_store_accept(struct store *s, struct accept *a, store_done *done, void *arg);
void __wrap_store_accept(struct store *s, struct accept *a, store_done *done, void *arg)
{
    plan_reached("accept");
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
    plan_reached("close bucket");
    return fine;
}

bool __real_payload_wants_routing_key(struct span body);
bool __wrap_payload_wants_routing_key(struct span body);
bool __wrap_payload_wants_routing_key(struct span body)
{
    held |= HOLDS_CLAIM;
    plan_reached("claim");
    return __real_payload_wants_routing_key(body);
}

struct send_handle *__real_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *done, void *arg);
struct send_handle *__wrap_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *done, void *arg);
struct send_handle *__wrap_sender_start(struct sender *s, const struct send_request *r,
                                        send_done *done, void *arg)
{
    plan_reached("before the POST");
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
        plan_reached("during the POST");
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
        plan_reached("after the POST");
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
    plan_reached("before recording");
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
            plan_reached("recording");
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

/* So long a log that a checkpoint follows each commit: torn commits are those into a log
 * that was used before. */
int __real_db_wal_pages(const struct db *db);
int __wrap_db_wal_pages(const struct db *db);
int __wrap_db_wal_pages(const struct db *db)
{
    static int grown;
    bool checkpoints =
        plan_is("commit") || plan_is("checkpoint") || plan_is("end of checkpoint");
    return checkpoints ? (grown += 5000) : __real_db_wal_pages(db);
}

static void reach_migration(void)
{
    plan_reached("migration");
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
    if (!migrating || !plan_is("migration"))
        return __real_sqlite3_exec(db, sql, row, arg, words);
    migrations_run(db, sql, reach_migration, &code);
    if (code == SQLITE_OK && strcmp(sql, "COMMIT") == 0) {
        reach_migration();
        migrating = false;
    }
    return code;
}
