#include "support/unpacked.h"

#include "store/sqlite/packed.h"

static void unpacked(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct buf plain;
    (void)count;
    const struct packed p = {{sqlite3_value_blob(values[0]),
                              (size_t)sqlite3_value_bytes(values[0])},
                             sqlite3_value_int64(values[1])};
    buf_init(&plain, BUF_UNLIMITED);
    packed_open(&p, &plain);
    sqlite3_result_blob64(context, buf_text(&plain), plain.len, SQLITE_TRANSIENT);
    buf_free(&plain);
}

bool unpacked_add(sqlite3 *db)
{
    return sqlite3_create_function(db, "unpacked", 2, SQLITE_UTF8, NULL, unpacked, NULL, NULL) ==
           SQLITE_OK;
}
