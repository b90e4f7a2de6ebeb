#include "support/accounts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "store/sqlite/writer.h"
#include "support/unpacked.h"

struct books {
    sqlite3 *db;
    char *why;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool differ(struct books *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(b->why, b->size, format, args);
    va_end(args);
    return false;
}

static sqlite3_stmt *prepare(struct books *b, const char *sql)
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(b->db, sql, -1, &row, NULL) != SQLITE_OK)
        differ(b, "%s: %s", sql, sqlite3_errmsg(b->db));
    return row;
}

static bool number(struct books *b, const char *sql, int64_t *out)
{
    sqlite3_stmt *row = prepare(b, sql);
    int got = row ? sqlite3_step(row) : SQLITE_ERROR;
    *out = got == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
    sqlite3_finalize(row);
    return got == SQLITE_ROW || differ(b, "%s: %s", sql, sqlite3_errmsg(b->db));
}

/* ---------------------------------------------------------------- the file */

static bool is_whole(struct books *b)
{
    int64_t bad_keys;
    sqlite3_stmt *row = prepare(b, "PRAGMA integrity_check");
    bool fine = row && sqlite3_step(row) == SQLITE_ROW;
    const char *said = fine ? (const char *)sqlite3_column_text(row, 0) : NULL;
    if (!said || strcmp(said, "ok") != 0)
        fine = differ(b, "integrity_check: %s", said ? said : sqlite3_errmsg(b->db));
    sqlite3_finalize(row);
    return fine && number(b, "SELECT count(*) FROM pragma_foreign_key_check", &bad_keys) &&
           (bad_keys == 0 || differ(b, "%lld rows have no parent", (long long)bad_keys));
}

/* ---------------------------------------------------------------- the events */

static int64_t events_in(sqlite3_stmt *row, int column)
{
    static const char mark[] = "\"project_name\":";
    const char *at = sqlite3_column_blob(row, column);
    const char *end = at ? at + sqlite3_column_bytes(row, column) : NULL;
    int64_t count = 0;
    while (at && (at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1))) {
        at += sizeof mark - 1;
        count++;
    }
    return count;
}

/* Each row of `sql`: a key, how many events are said to be there, and bytes of it; rows of one
 * key follow each other. */
static bool events_are_there(struct books *b, const char *sql)
{
    sqlite3_stmt *row = prepare(b, sql);
    int64_t key = -1, said = 0, found = 0;
    bool fine = true;
    if (!row)
        return false;
    while (fine && sqlite3_step(row) == SQLITE_ROW) {
        if (sqlite3_column_int64(row, 0) != key) {
            fine = said == found;
            key = sqlite3_column_int64(row, 0);
            said = sqlite3_column_int64(row, 1);
            found = 0;
        }
        found += events_in(row, 2);
    }
    fine = fine && said == found;
    sqlite3_finalize(row);
    return fine || differ(b, "%s: row %lld says %lld events and has %lld", sql,
                          (long long)key, (long long)said, (long long)found);
}

/* ---------------------------------------------------------------- the sums */

static bool counter(struct books *b, int name, int64_t *value)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT coalesce((SELECT value FROM counters WHERE name = %d), 0)",
             name);
    return number(b, sql, value);
}

static bool counts_as(struct books *b, int name, const char *sql)
{
    int64_t said, found;
    return counter(b, name, &said) && number(b, sql, &found) &&
           (said == found || differ(b, "%s: %lld, the counter says %lld", sql,
                                    (long long)found, (long long)said));
}

static bool states_are_counted(struct books *b)
{
    for (int state = 0; state <= DELIVERY_DEAD; state++) {
        char sql[128];
        int64_t said, found;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM deliveries WHERE state = %d", state);
        if (!counts_as(b, COUNTER_DELIVERIES + state, sql))
            return false;
        snprintf(sql, sizeof sql,
                 "SELECT coalesce(sum(events), 0) FROM deliveries WHERE state = %d", state);
        if (!counter(b, COUNTER_EVENTS + state, &said) || !number(b, sql, &found))
            return false;
        /* Those of purged deliveries stay counted. */
        if (said < found || (said > found && state < DELIVERY_DELIVERED))
            return differ(b, "%s: %lld, the counter says %lld", sql, (long long)found,
                          (long long)said);
    }
    return true;
}

static bool all_is_accounted_for(struct books *b)
{
    int64_t accepted, dropped, ended, one;
    if (!counter(b, COUNTER_ACCEPTED, &accepted) || !counter(b, COUNTER_DROPPED, &dropped) ||
        !counter(b, COUNTER_WAITING_EVENTS, &ended))
        return false;
    ended += dropped;
    for (int state = 0; state <= DELIVERY_DEAD; state++, ended += one)
        if (!counter(b, COUNTER_EVENTS + state, &one))
            return false;
    return accepted == ended || differ(b, "%lld were accepted, %lld are accounted for",
                                       (long long)accepted, (long long)ended);
}

static bool chunks_have_buckets(struct books *b)
{
    int64_t lost;
    return number(b,
                  "SELECT count(*) FROM bucket_chunks AS c WHERE NOT EXISTS "
                  "(SELECT 1 FROM buckets AS b WHERE b.row = c.row >> 24)",
                  &lost) &&
           (lost == 0 || differ(b, "%lld chunks have no bucket", (long long)lost));
}

static bool check(struct books *b)
{
    return is_whole(b) &&
           events_are_there(b, "SELECT b.row, b.kept, unpacked(c.events, c.size) FROM "
                               "buckets AS b LEFT JOIN "
                               "bucket_chunks AS c ON c.row >= b.row << 24 AND "
                               "c.row < (b.row + 1) << 24 ORDER BY b.row") &&
           chunks_have_buckets(b) &&
           events_are_there(b, "SELECT d.row, d.events, CASE WHEN b.size > 0 THEN "
                               "(SELECT group_concat(p, '') FROM (SELECT "
                               "unpacked(bytes, size) AS p FROM body_parts "
                               "WHERE delivery = d.row ORDER BY at)) ELSE b.body END "
                               "FROM deliveries AS d LEFT JOIN bodies AS b "
                               "ON b.delivery = d.row ORDER BY d.row") &&
           counts_as(b, COUNTER_WAITING_EVENTS,
                     "SELECT coalesce(sum(kept), 0) FROM buckets") &&
           counts_as(b, COUNTER_OPEN_BUCKETS, "SELECT count(*) FROM buckets") &&
           states_are_counted(b) && all_is_accounted_for(b);
}

bool accounts_add_up(const char *dir, char *why, size_t size)
{
    struct books b = {.why = why, .size = size};
    char path[512];
    snprintf(path, sizeof path, "%s/store.db", dir);
    bool fine = sqlite3_open_v2(path, &b.db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK ||
                differ(&b, "%s: %s", path, sqlite3_errmsg(b.db));
    fine = fine && unpacked_add(b.db) && check(&b);
    sqlite3_close(b.db);
    return fine;
}
