/* The rows of a query as a malloc'ed array. Internal to store/sqlite. */
#ifndef SQLITE_ROWS_H
#define SQLITE_ROWS_H

#include <stddef.h>

#include "store/sqlite/db.h"

/* Grows a malloc'ed array so that items[count] exists, zeroed. */
bool rows_grow(void **items, size_t count, size_t size, struct err *err);

/* One row into a zeroed item. What a failed one leaves in it is freed with the others. */
typedef bool rows_read_one(sqlite3_stmt *row, void *item, struct err *err);

bool rows_read_int(sqlite3_stmt *row, void *item, struct err *err); /* column 0, int64_t */

/* Adds each row of a query to the array; `query` is what db_query() gave, NULL (with *err filled)
 * too, and is ended. The caller frees the items, also after a failure. */
bool rows_read(struct db *db, sqlite3_stmt *query, void **items, size_t *count, size_t size,
               rows_read_one *read, struct err *err);

void rows_turn_round(void *items, size_t count, size_t size); /* the last comes first */

/* rows_read() into a struct with members `items` and `count`. */
#define ROWS_READ(db, query, out, read, err)                                               \
    rows_read(db, query, (void **)&(out)->items, &(out)->count, sizeof *(out)->items, read, err)

#endif
