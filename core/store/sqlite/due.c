#include "store/sqlite/due.h"

#include <stdlib.h>
#include <string.h>

#include "store/sqlite/reader.h"

#define DUE          "SELECT row, next_at, endpoint FROM deliveries WHERE next_at <= ? "
#define ENDPOINT_DUE "SELECT row, next_at FROM deliveries WHERE endpoint = ? AND next_at <= ? "

enum { PASSED_OVER_MAX = 512 };

int due_compare_endpoints(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool is_busy(const struct due_query *q, struct span endpoint)
{
    char key[33] = "";
    if (endpoint.len >= sizeof key || q->busy_count == 0)
        return false;
    memcpy(key, endpoint.at, endpoint.len);
    return bsearch(key, q->busy, q->busy_count, sizeof *q->busy, due_compare_endpoints);
}

static bool add(struct due_list *out, int64_t row, int64_t next_at, struct err *err)
{
    if (!rows_grow((void **)&out->items, out->count, sizeof *out->items, err))
        return false;
    out->items[out->count++] = (struct due_item){row, next_at};
    return true;
}

/* In the order of time. *gave_up: too many in the way. */
static bool find_by_time(struct db *db, const struct due_query *q, struct due_list *out,
                         bool *gave_up, struct err *err)
{
    sqlite3_stmt *row = db_query(db,
                                 q->newest ? DUE "ORDER BY next_at DESC" : DUE "ORDER BY next_at",
                                 DB_ARGS(db_int(q->now)), err);
    int got = row ? 0 : -1;
    size_t passed = 0;
    while (got >= 0 && (int64_t)out->count < q->limit && passed < PASSED_OVER_MAX) {
        if ((got = db_step(db, row, err)) != 1)
            break;
        if (is_busy(q, db_col_text(row, 2)))
            passed++;
        else if (!add(out, db_col_int(row, 0), db_col_int(row, 1), err))
            got = -1;
    }
    *gave_up = passed == PASSED_OVER_MAX && (int64_t)out->count < q->limit;
    db_end(row);
    return got >= 0;
}

static int compare_items(const void *a, const void *b)
{
    const struct due_item *left = a, *right = b;
    if (left->next_at != right->next_at)
        return left->next_at < right->next_at ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

static int compare_newest(const void *a, const void *b)
{
    return compare_items(b, a);
}

static void keep_first(struct due_list *out, const struct due_query *q, int64_t limit)
{
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items,
              q->newest ? compare_newest : compare_items);
    if ((int64_t)out->count > limit)
        out->count = (size_t)limit;
}

static bool find_of_endpoint(struct db *db, const struct due_query *q, const char *endpoint,
                             struct due_list *out, struct err *err)
{
    sqlite3_stmt *row =
        db_query(db,
                 q->newest ? ENDPOINT_DUE "ORDER BY next_at DESC LIMIT ?"
                           : ENDPOINT_DUE "ORDER BY next_at LIMIT ?",
                 DB_ARGS(db_text(endpoint), db_int(q->now), db_int(q->limit)), err);
    int got = -1;
    while (row && (got = db_step(db, row, err)) == 1) {
        if (!add(out, db_col_int(row, 0), db_col_int(row, 1), err)) {
            db_end(row);
            return false;
        }
    }
    return got == 0;
}

/* 1: *endpoint is the one that follows it in order; 0: none; -1: failed. */
static int next_endpoint(struct db *db, char endpoint[33], struct err *err)
{
    sqlite3_stmt *row =
        db_query(db,
                 "SELECT endpoint FROM deliveries WHERE next_at IS NOT NULL "
                 "AND endpoint > ? ORDER BY endpoint LIMIT 1",
                 DB_ARGS(db_text(endpoint)), err);
    int got = row ? db_step(db, row, err) : -1;
    if (got == 1) {
        struct span s = db_col_text(row, 0);
        size_t len = s.len < 32 ? s.len : 32;
        memcpy(endpoint, s.at, len);
        endpoint[len] = 0;
    }
    db_end(row);
    return got;
}

static bool find_by_endpoint(struct db *db, const struct due_query *q, struct due_list *out,
                             struct err *err)
{
    char endpoint[33] = "", at[33] = "";
    int got;
    out->count = 0;
    while ((got = next_endpoint(db, endpoint, err)) == 1) {
        memcpy(at, endpoint, sizeof at);
        if (is_busy(q, span_of(at)))
            continue;
        if (!find_of_endpoint(db, q, at, out, err))
            return false;
        if ((int64_t)out->count >= 4 * q->limit)
            keep_first(out, q, q->limit);
    }
    keep_first(out, q, q->limit);
    return got == 0;
}

bool due_find(struct db *db, const struct due_query *query, struct due_list *out,
              struct err *err)
{
    bool gave_up;
    *out = (struct due_list){0};
    if (!find_by_time(db, query, out, &gave_up, err) ||
        (gave_up && !find_by_endpoint(db, query, out, err))) {
        free(out->items);
        *out = (struct due_list){0};
        return false;
    }
    return true;
}
