#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/deliveries.h"
#include "store/sqlite/bodies.h"
#include "store/sqlite/reader.h"

#define COLUMNS                                                                            \
    "SELECT row, id, alert, alert_name, workspace, type, state, events, truncated, "       \
    "created_at, next_at, attempts, reason, status FROM deliveries "

static bool read_row(sqlite3_stmt *row, struct delivery *out, struct err *err)
{
    db_col_id(row, 1, out->id);
    db_col_id(row, 2, out->alert_id);
    out->type = (enum event_type)db_col_int(row, 5);
    out->state = (enum delivery_state)db_col_int(row, 6);
    out->event_count = db_col_int(row, 7);
    out->truncated = db_col_int(row, 8);
    out->created_at = db_col_int(row, 9);
    out->next_at = db_col_int(row, 10);
    out->attempt_count = (int)db_col_int(row, 11);
    out->status = (int)db_col_int(row, 13);
    return (db_col_copy(row, 3, &out->alert_name) && db_col_copy(row, 4, &out->workspace) &&
            db_col_copy(row, 12, &out->reason)) ||
           err_memory(err);
}

/* ---------------------------------------------------------------- a page */

#define PAGE                                                                               \
    "AND created_at >= ?2 AND (created_at, row) < (?3, ?4) ORDER BY created_at DESC, row " \
    "DESC"

/* The narrowest index leads. Those that leave rows out (011-rows.sql) are taken only where the
 * query says so in the same words. */
static const char by_alert[] = COLUMNS "WHERE alert = ?1 " PAGE;
static const char by_state[] = COLUMNS "WHERE state = ?1 AND state <> 3 " PAGE;
static const char by_status[] = COLUMNS "WHERE status = ?1 AND status <> 0 " PAGE;
static const char by_workspace[] = COLUMNS "WHERE workspace = ?1 " PAGE;
static const char by_time[] = COLUMNS "WHERE ?1 IS NULL " PAGE;

/* A range of statuses has no order by time in any index; the few that are there are merged. */
#define OF_STATUS(status)                                                                  \
    COLUMNS "WHERE status = " status                                                       \
            " AND status <> 0 AND created_at >= ?2 AND (created_at, row) < (?3, ?4) "
enum { MERGED = 8 };
static const char by_statuses[] =
    OF_STATUS("?5") "UNION ALL " OF_STATUS("?6") "UNION ALL " OF_STATUS("?7") "UNION ALL "
    OF_STATUS("?8") "UNION ALL " OF_STATUS("?9") "UNION ALL " OF_STATUS("?10") "UNION ALL "
    OF_STATUS("?11") "UNION ALL " OF_STATUS("?12") "ORDER BY created_at DESC, row DESC";

static bool passes(const struct delivery_filter *f, sqlite3_stmt *row)
{
    return (!f->workspace || span_is(db_col_text(row, 4), f->workspace)) &&
           (!f->alert_id || span_is(db_col_text(row, 2), f->alert_id)) &&
           (f->state < 0 || db_col_int(row, 6) == f->state) &&
           (!f->status_to || (db_col_int(row, 13) >= f->status_from &&
                              db_col_int(row, 13) <= f->status_to));
}

/* Where the page begins: below the delivery `before`. *gone: it is not there any more. */
static bool page_start(struct db *db, const char *before, int64_t *created, int64_t *number,
                       bool *gone, struct err *err)
{
    *created = *number = INT64_MAX;
    *gone = false;
    if (!before)
        return true;
    sqlite3_stmt *row = db_query(db, "SELECT created_at, row FROM deliveries WHERE id = ?",
                                 DB_ARGS(db_text(before)), err);
    int got = row ? db_step(db, row, err) : -1;
    if (got == 1) {
        *created = db_col_int(row, 0);
        *number = db_col_int(row, 1);
    }
    *gone = got == 0;
    db_end(row);
    return got >= 0;
}

/* The statuses of the range that are there, a look at the index for each; what is left of `found`
 * is -1. *few: they are no more than MERGED. */
static bool find_statuses(struct db *db, int64_t from, int64_t to, int64_t found[MERGED],
                          bool *few, struct err *err)
{
    int64_t status;
    size_t count = 0;
    for (size_t i = 0; i < MERGED; i++)
        found[i] = -1;
    *few = false;
    while (from <= to) {
        if (!db_number(db,
                       "SELECT min(status) FROM deliveries WHERE status BETWEEN ? AND ? "
                       "AND status <> 0",
                       DB_ARGS(db_int(from), db_int(to)), -1, &status, err))
            return false;
        if (status < 0)
            break;
        if (count == MERGED)
            return true;
        found[count++] = status;
        from = status + 1;
    }
    *few = true;
    return true;
}

/* Of a filter that no one index answers: a range of statuses, or what is delivered, which has
 * the 2xx. */
static bool range_statuses(struct db *db, const struct delivery_filter *f, int64_t found[MERGED],
                           bool *few, struct err *err)
{
    if (f->state < 0 && f->status_from > 0 && f->status_from < f->status_to)
        return find_statuses(db, f->status_from, f->status_to, found, few, err);
    return f->state != DELIVERY_DELIVERED || find_statuses(db, 200, 299, found, few, err);
}

static sqlite3_stmt *page_query(struct db *db, const struct delivery_filter *f,
                                int64_t created, int64_t number, struct err *err)
{
    const char *sql = by_time;
    struct db_arg key = db_null();
    int64_t s[MERGED] = {0};
    bool few = false;
    if (!f->alert_id && !range_statuses(db, f, s, &few, err))
        return NULL;
    if (few) {
        sql = by_statuses;
    } else if (f->alert_id) {
        sql = by_alert;
        key = db_text(f->alert_id);
    } else if (f->state >= 0 && f->state != DELIVERY_DELIVERED) {
        sql = by_state;
        key = db_int(f->state);
    } else if (f->status_to && f->status_from == f->status_to) {
        sql = by_status;
        key = db_int(f->status_to);
    } else if (f->workspace) {
        sql = by_workspace;
        key = db_text(f->workspace);
    }
    const struct db_arg args[] = {
        key,           db_int(f->since ? f->since : INT64_MIN), db_int(created), db_int(number),
        db_int(s[0]),  db_int(s[1]), db_int(s[2]), db_int(s[3]), db_int(s[4]), db_int(s[5]),
        db_int(s[6]),  db_int(s[7])};
    return db_query(db, sql, args, few ? sizeof args / sizeof *args : 4, err);
}

bool store_delivery_list(struct store_reader *r, const struct delivery_filter *filter,
                         const char *before, int64_t limit, struct delivery_rows *out,
                         struct err *err)
{
    int64_t created, number;
    bool gone;
    *out = (struct delivery_rows){0};
    if (!page_start(r->db, before, &created, &number, &gone, err))
        return false;
    /* Old ones go first: with it, all behind it are gone. */
    if (gone || limit <= 0)
        return true;
    sqlite3_stmt *row = page_query(r->db, filter, created, number, err);
    int got = -1;
    while (row && (int64_t)out->count < limit && (got = db_step(r->db, row, err)) == 1) {
        if (!passes(filter, row))
            continue;
        if (!rows_grow((void **)&out->items, out->count, sizeof *out->items, err) ||
            !read_row(row, &out->items[out->count++], err)) {
            got = -1;
            break;
        }
    }
    db_end(row);
    if (got < 0)
        delivery_rows_free(out);
    return got >= 0;
}

void delivery_rows_free(struct delivery_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        delivery_free(&rows->items[i]);
    free(rows->items);
    *rows = (struct delivery_rows){0};
}

/* ---------------------------------------------------------------- one whole */

static bool copy_bytes(sqlite3_stmt *row, int column, char **out, size_t *len)
{
    *len = db_col_blob(row, column).len;
    return db_col_copy(row, column, out);
}

static bool read_texts(sqlite3_stmt *row, struct attempt *a, struct err *err)
{
    struct outcome *o = &a->outcome;
    return (db_col_copy(row, 14, &a->request_headers) &&
            copy_bytes(row, 15, &o->headers, &o->headers_len) &&
            copy_bytes(row, 16, &o->body, &o->body_len)) ||
           err_memory(err);
}

static void read_attempt(sqlite3_stmt *row, struct attempt *a)
{
    struct outcome *o = &a->outcome;
    struct span error = db_col_text(row, 4), address = db_col_text(row, 13);
    a->next_at = db_col_int(row, 3);
    o->kind = (enum outcome_kind)db_col_int(row, 0);
    o->status = (int)db_col_int(row, 1);
    o->total_us = db_col_int(row, 2);
    o->started_at = db_col_int(row, 5);
    o->timed_out = db_col_int(row, 6);
    o->dns_us = db_col_int(row, 7);
    o->connect_us = db_col_int(row, 8);
    o->tls_us = db_col_int(row, 9);
    o->first_us = db_col_int(row, 10);
    o->retry_after_ms = db_col_int(row, 11);
    o->body_total = db_col_int(row, 12);
    snprintf(o->error, sizeof o->error, "%.*s", (int)error.len, error.at ? error.at : "");
    snprintf(o->address, sizeof o->address, "%.*s", (int)address.len,
             address.at ? address.at : "");
}

static bool read_attempts(struct db *db, int64_t delivery, bool texts, struct delivery *out,
                          struct err *err)
{
    sqlite3_stmt *row = db_query(
        db,
        "SELECT l.outcome, l.status, l.latency_us, l.next_at, l.text, a.started_at, "
        "a.timed_out, a.dns_us, a.connect_us, a.tls_us, a.first_us, "
        "a.retry_after_ms, a.body_total, a.address, a.request_headers, a.headers, "
        "a.body FROM log AS l JOIN attempts AS a ON a.seq = l.seq "
        "WHERE l.delivery = ? ORDER BY l.seq",
        DB_ARGS(db_int(delivery)), err);
    int got = -1;
    out->attempt_count = 0;
    while (row && (got = db_step(db, row, err)) == 1) {
        size_t at = (size_t)out->attempt_count;
        bool fine = rows_grow((void **)&out->attempts, at, sizeof *out->attempts, err);
        if (fine) {
            struct attempt *a = &out->attempts[out->attempt_count++];
            read_attempt(row, a);
            a->n = out->attempt_count;
            fine = !texts || read_texts(row, a, err);
        }
        if (!fine) {
            db_end(row);
            return false;
        }
    }
    return got == 0;
}

static bool read_body(struct db *db, int64_t delivery, struct delivery *out,
                      struct err *err)
{
    struct buf body;
    buf_init(&body, BUF_UNLIMITED);
    bool fine = body_read(db, delivery, &body, err);
    out->body_len = body.len;
    if (fine)
        fine = (out->body = buf_take(&body)) || err_memory(err);
    buf_free(&body);
    return fine;
}

static bool read_whole(struct db *db, const char *workspace, const char *id,
                       struct delivery *out, struct err *err)
{
    sqlite3_stmt *row =
        db_query(db, COLUMNS "WHERE id = ?1 AND (?2 IS NULL OR workspace = ?2)",
                 DB_ARGS(db_text(id), db_text(workspace)), err);
    int got = row ? db_step(db, row, err) : -1;
    if (got == 0)
        return err_set(err, ERR_NOT_FOUND, "no such delivery");
    bool fine = got == 1 && read_row(row, out, err);
    int64_t number = got == 1 ? db_col_int(row, 0) : 0;
    db_end(row);
    return fine && read_body(db, number, out, err) &&
           read_attempts(db, number, true, out, err);
}

bool store_delivery_attempts(struct store_reader *r, struct delivery *d, struct err *err)
{
    int64_t number;
    return db_number(r->db, "SELECT row FROM deliveries WHERE id = ?",
                     DB_ARGS(db_text(d->id)), 0, &number, err) &&
           read_attempts(r->db, number, false, d, err);
}

bool store_delivery_row(struct store_reader *r, const char *workspace, const char *id,
                        struct delivery *out, struct err *err)
{
    *out = (struct delivery){0};
    sqlite3_stmt *row = db_query(r->db, COLUMNS "WHERE id = ? AND (?2 IS NULL OR workspace = ?2)",
                                 DB_ARGS(db_text(id), db_text(workspace)), err);
    int got = row ? db_step(r->db, row, err) : -1;
    bool fine = got == 1 ? read_row(row, out, err)
                         : got == 0 && err_set(err, ERR_NOT_FOUND, "no delivery %s", id);
    db_end(row);
    if (!fine)
        delivery_free(out);
    return fine;
}

bool store_delivery_get(struct store_reader *r, const char *workspace, const char *id,
                        struct delivery *out, struct err *err)
{
    *out = (struct delivery){0};
    if (!reader_begin(r, err))
        return false;
    bool fine = read_whole(r->db, workspace, id, out, err);
    reader_end(r);
    if (!fine)
        delivery_free(out);
    return fine;
}
