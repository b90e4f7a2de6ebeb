#include "bench/fill.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/sqlite/writer.h"

#define DAY_MS    86400e3
#define DAYS      20
#define RECENT_MS 1200e3 /* 20 minutes */

enum { TOGETHER = 100000, INDEXES = 64 };

struct filling {
    sqlite3 *db;
    sqlite3_stmt *delivery, *body, *log, *attempt;
    char *indexes[INDEXES]; /* how to make them again */
    size_t index_count;
    bool fine;
};

static void run(struct filling *f, const char *sql)
{
    if (f->fine && sqlite3_exec(f->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(f->db));
        f->fine = false;
    }
}

static sqlite3_stmt *prepare(struct filling *f, const char *sql)
{
    sqlite3_stmt *row = NULL;
    if (f->fine && sqlite3_prepare_v2(f->db, sql, -1, &row, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(f->db));
        f->fine = false;
    }
    return row;
}

static struct filling open_store(const char *data)
{
    struct filling f = {.fine = true};
    char path[512];
    snprintf(path, sizeof path, "%s/store.db", data);
    if (sqlite3_open_v2(path, &f.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s cannot be opened\n", path);
        f.fine = false;
    }
    return f;
}

/* ---------------------------------------------------------------- indexes */

/* To make them when the rows are there is many times faster. */
static void drop_indexes(struct filling *f)
{
    char sql[256];
    sqlite3_stmt *row =
        prepare(f, "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND "
                   "sql IS NOT NULL AND tbl_name IN ('deliveries', 'log', "
                   "'attempts', 'bodies')");
    char *names[INDEXES];
    while (row && f->index_count < INDEXES && sqlite3_step(row) == SQLITE_ROW) {
        names[f->index_count] = strdup((const char *)sqlite3_column_text(row, 0));
        f->indexes[f->index_count++] = strdup((const char *)sqlite3_column_text(row, 1));
    }
    sqlite3_finalize(row);
    for (size_t i = 0; i < f->index_count; i++) {
        snprintf(sql, sizeof sql, "DROP INDEX %s", names[i]);
        run(f, sql);
        free(names[i]);
    }
}

static void make_indexes(struct filling *f)
{
    for (size_t i = 0; i < f->index_count; i++) {
        run(f, f->indexes[i]);
        free(f->indexes[i]);
    }
}

/* ---------------------------------------------------------------- rows */

static void prepare_rows(struct filling *f)
{
    f->delivery = prepare(f, "INSERT INTO deliveries (id, alert, alert_name, workspace, "
                             "type, state, endpoint, events, "
                             "truncated, created_at, born_at, attempts, status) SELECT ?1, "
                             "id, name, workspace, 0, ?2, "
                             "endpoint, 3, 0, ?3, ?3, 1, ?4 FROM temp.some WHERE n = ?5");
    f->body = prepare(f, "INSERT INTO bodies (delivery, body) VALUES (?, zeroblob(64))");
    f->log = prepare(
        f,
        "INSERT INTO log (kind, at, alert, alert_name, workspace, type, events, delivery, "
        "delivery_id, n, of, outcome, status, latency_us, state, next_at) SELECT 0, ?3, "
        "id, name, "
        "workspace, 0, 3, ?6, ?1, 1, 4, 0, ?4, 1000 * (?6 % 300), ?2, 0 FROM temp.some "
        "WHERE n = ?5");
    f->attempt = prepare(
        f, "INSERT INTO attempts (seq, started_at, timed_out, dns_us, connect_us, "
           "tls_us, first_us, retry_after_ms, body_total, address) VALUES (?, ?, 0, "
           "0, 0, 0, 500, -1, 2, '127.0.0.1:9')");
}

static void step(struct filling *f, sqlite3_stmt *row)
{
    if (f->fine && sqlite3_step(row) != SQLITE_DONE) {
        fprintf(stderr, "a row cannot be written: %s\n", sqlite3_errmsg(f->db));
        f->fine = false;
    }
    sqlite3_reset(row);
}

static void bind_common(sqlite3_stmt *row, const char *id, bool dead, int64_t at,
                        int64_t alert)
{
    sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 2, dead ? 4 : 3);
    sqlite3_bind_int64(row, 3, at);
    sqlite3_bind_int(row, 4, dead ? 500 : 200);
    sqlite3_bind_int64(row, 5, alert);
}

static void add(struct filling *f, long i, int64_t at, int64_t alerts)
{
    char id[48];
    bool dead = i % 10 == 0;
    snprintf(id, sizeof id, "%08x-%04x-7000-8000-%012lx", (unsigned)(at >> 16),
             (unsigned)at & 0xffff, (unsigned long)i);
    bind_common(f->delivery, id, dead, at, i % alerts);
    step(f, f->delivery);
    int64_t delivery = sqlite3_last_insert_rowid(f->db);
    sqlite3_bind_int64(f->body, 1, delivery);
    step(f, f->body);
    bind_common(f->log, id, dead, at, i % alerts);
    sqlite3_bind_int64(f->log, 6, delivery);
    step(f, f->log);
    sqlite3_bind_int64(f->attempt, 1, sqlite3_last_insert_rowid(f->db));
    sqlite3_bind_int64(f->attempt, 2, at);
    step(f, f->attempt);
}

static int64_t number(struct filling *f, const char *sql)
{
    sqlite3_stmt *row = prepare(f, sql);
    int64_t value =
        row && sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
    sqlite3_finalize(row);
    return value;
}

static void copy_alerts(struct filling *f)
{
    run(f, "CREATE TEMP TABLE some (n INTEGER PRIMARY KEY, id TEXT, name TEXT, workspace "
           "TEXT, "
           "endpoint TEXT); INSERT INTO some SELECT row_number() OVER (ORDER BY row) - 1, "
           "id, name, "
           "workspace, endpoint FROM alerts");
}

struct past {
    int64_t now, alerts;
    long count, recent;
};

static void add_range(struct filling *f, const struct past *p, long from, long to)
{
    prepare_rows(f);
    for (long i = from; i < to && f->fine; i++) {
        double left = (double)(p->count - i);
        double ago = i >= p->count - p->recent
                         ? left / FILL_RECENT * RECENT_MS
                         : DAY_MS + left / (double)p->count * (DAYS - 1) * DAY_MS;
        if ((i - from) % TOGETHER == 0)
            run(f, i > from ? "COMMIT; BEGIN" : "BEGIN");
        add(f, i, p->now - (int64_t)ago, p->alerts);
    }
    if (from < to)
        run(f, "COMMIT");
    sqlite3_finalize(f->delivery);
    sqlite3_finalize(f->body);
    sqlite3_finalize(f->log);
    sqlite3_finalize(f->attempt);
}

/* An index that is made at once has full pages, each of which the next entry would split: the
 * newest rows are added to it one by one, as in a store that has grown. */
static void add_all(struct filling *f, long count)
{
    copy_alerts(f);
    const struct past p = {.now = (int64_t)time(NULL) * 1000,
                           .alerts = number(f, "SELECT count(*) FROM temp.some"),
                           .count = count,
                           .recent = count < FILL_RECENT ? count : FILL_RECENT};
    f->fine = f->fine && p.alerts > 0;
    drop_indexes(f);
    add_range(f, &p, 0, count - p.recent);
    make_indexes(f);
    add_range(f, &p, count - p.recent, count);
}

/* As the store keeps them; what was added is the only past that there is. */
static void count_all(struct filling *f)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT OR REPLACE INTO counters (name, value) "
             "SELECT %d + state, count(*) FROM deliveries GROUP BY state UNION ALL "
             "SELECT %d + state, sum(events) FROM deliveries GROUP BY state UNION ALL "
             "SELECT %d, sum(events) FROM deliveries",
             COUNTER_DELIVERIES, COUNTER_EVENTS, COUNTER_ACCEPTED);
    run(f, sql);
}

bool fill_attempts(const char *data, long count)
{
    struct filling f = open_store(data);
    run(&f, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; PRAGMA cache_size=-200000");
    add_all(&f, count);
    count_all(&f);
    run(&f, "PRAGMA journal_mode=WAL");
    sqlite3_close(f.db);
    return f.fine;
}

bool fill_empty_buckets(const char *data)
{
    struct filling f = open_store(data);
    char sql[256];
    snprintf(sql, sizeof sql,
             "DELETE FROM bucket_chunks; DELETE FROM buckets; "
             "UPDATE counters SET value = 0 WHERE name IN (%d, %d); "
             "PRAGMA wal_checkpoint(TRUNCATE)",
             COUNTER_WAITING_EVENTS, COUNTER_OPEN_BUCKETS);
    run(&f, sql);
    sqlite3_close(f.db);
    return f.fine;
}
