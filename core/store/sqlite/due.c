#include "store/sqlite/due.h"

#include <stdlib.h>
#include <string.h>

#include "store/delivering.h"
#include "store/sqlite/reader.h"

#define DUE          "SELECT row, next_at, endpoint FROM deliveries WHERE next_at <= ? "
#define ENDPOINT_DUE "SELECT row, next_at FROM deliveries WHERE endpoint = ? AND next_at <= ? "

enum { PASSED_OVER_MAX = 512 };

static int compare_rooms(const void *a, const void *b)
{
    const struct claim_room *left = a, *right = b;
    return strcmp(left->endpoint, right->endpoint);
}

bool due_copy_wish(const struct claim_wish *wish, struct claim_wish *out,
                   struct claim_room **rooms)
{
    *out = *wish;
    out->rooms = *rooms = calloc(wish->room_count + 1, sizeof **rooms);
    if (!*rooms)
        return false;
    if (wish->room_count)
        memcpy(*rooms, wish->rooms, wish->room_count * sizeof **rooms);
    qsort(*rooms, wish->room_count, sizeof **rooms, compare_rooms);
    return true;
}

size_t due_room(const struct claim_wish *q, const char endpoint[33])
{
    struct claim_room key = {0};
    memcpy(key.endpoint, endpoint, sizeof key.endpoint);
    const struct claim_room *known =
        q->room_count ? bsearch(&key, q->rooms, q->room_count, sizeof key, compare_rooms)
                      : NULL;
    return known ? known->room : q->each;
}

static bool has_room(const struct claim_wish *q, const struct due_list *out,
                     const char endpoint[33])
{
    size_t room = due_room(q, endpoint);
    for (size_t i = 0; i < out->count && room > 0; i++)
        room -= strcmp(out->items[i].endpoint, endpoint) == 0;
    return room > 0;
}

static struct due_item read_item(sqlite3_stmt *row, struct span endpoint)
{
    struct due_item item = {db_col_int(row, 0), db_col_int(row, 1), ""};
    size_t len = endpoint.len < sizeof item.endpoint ? endpoint.len : sizeof item.endpoint - 1;
    if (len)
        memcpy(item.endpoint, endpoint.at, len);
    return item;
}

static bool add(struct due_list *out, const struct due_item *item, struct err *err)
{
    if (!rows_grow((void **)&out->items, out->count, sizeof *out->items, err))
        return false;
    out->items[out->count++] = *item;
    return true;
}

/* In the order of time. *gave_up: too many in the way. */
static bool find_by_time(struct db *db, const struct claim_wish *q, struct due_list *out,
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
        const struct due_item item = read_item(row, db_col_text(row, 2));
        if (!has_room(q, out, item.endpoint))
            passed++;
        else if (!add(out, &item, err))
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

static void keep_first(struct due_list *out, const struct claim_wish *q, int64_t limit)
{
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items,
              q->newest ? compare_newest : compare_items);
    if ((int64_t)out->count > limit)
        out->count = (size_t)limit;
}

static bool find_of_endpoint(struct db *db, const struct claim_wish *q, const char *endpoint,
                             struct due_list *out, struct err *err)
{
    size_t room = due_room(q, endpoint);
    int64_t most = room < (size_t)q->limit ? (int64_t)room : q->limit;
    sqlite3_stmt *row =
        db_query(db,
                 q->newest ? ENDPOINT_DUE "ORDER BY next_at DESC LIMIT ?"
                           : ENDPOINT_DUE "ORDER BY next_at LIMIT ?",
                 DB_ARGS(db_text(endpoint), db_int(q->now), db_int(most)), err);
    int got = -1;
    while (row && (got = db_step(db, row, err)) == 1) {
        const struct due_item item = read_item(row, span_of(endpoint));
        if (!add(out, &item, err)) {
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

static bool find_by_endpoint(struct db *db, const struct claim_wish *q, struct due_list *out,
                             struct err *err)
{
    char endpoint[33] = "", at[33] = "";
    int got;
    out->count = 0;
    while ((got = next_endpoint(db, endpoint, err)) == 1) {
        memcpy(at, endpoint, sizeof at);
        if (due_room(q, at) == 0)
            continue;
        if (!find_of_endpoint(db, q, at, out, err))
            return false;
        if ((int64_t)out->count >= 4 * q->limit)
            keep_first(out, q, q->limit);
    }
    keep_first(out, q, q->limit);
    return got == 0;
}

bool due_find(struct db *db, const struct claim_wish *query, struct due_list *out,
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
