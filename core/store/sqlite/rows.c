#include "store/sqlite/rows.h"

#include <stdlib.h>
#include <string.h>

bool rows_grow(void **items, size_t count, size_t size, struct err *err)
{
    /* Doubled at each power of two, which spares a field for the room. */
    if (count == 0 || (count & (count - 1)) == 0) {
        void *grown = reallocarray(*items, count ? count * 2 : 1, size);
        if (!grown)
            return err_memory(err);
        *items = grown;
    }
    memset((char *)*items + count * size, 0, size);
    return true;
}

bool rows_read_int(sqlite3_stmt *row, void *item, struct err *err)
{
    (void)err;
    *(int64_t *)item = db_col_int(row, 0);
    return true;
}

bool rows_read(struct db *db, sqlite3_stmt *query, void **items, size_t *count, size_t size,
               rows_read_one *read, struct err *err)
{
    int got = -1;
    while (query && (got = db_step(db, query, err)) == 1) {
        if (!rows_grow(items, *count, size, err) ||
            !read(query, (char *)*items + size * (*count)++, err)) {
            got = -1;
            break;
        }
    }
    db_end(query);
    return got == 0;
}

void rows_turn_round(void *items, size_t count, size_t size)
{
    char *low = items, *high = low + count * size;
    for (size_t i = 0; i < count / 2; i++, low += size) {
        high -= size;
        for (size_t k = 0; k < size; k++) {
            char byte = low[k];
            low[k] = high[k];
            high[k] = byte;
        }
    }
}
