/* Which deliveries are due, passing over endpoints that take none now. Internal to
 * store/sqlite. */
#ifndef SQLITE_DUE_H
#define SQLITE_DUE_H

#include <stdbool.h>

#include "store/sqlite/db.h"

struct due_query {
    int64_t now, limit;
    bool newest; /* those that became due last, in place of the oldest */
    const char (*busy)[33]; /* sorted */
    size_t busy_count;
};
struct due_item {
    int64_t row, next_at;
};
struct due_list {
    struct due_item *items; /* malloc'ed, in the order asked for */
    size_t count;
};

/* A long queue of a busy endpoint is walked over only for its first rows; then the queues
 * of the other endpoints are asked one by one. */
bool due_find(struct db *db, const struct due_query *query, struct due_list *out,
              struct err *err);

int due_compare_endpoints(const void *a, const void *b);

#endif
