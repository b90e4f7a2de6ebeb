#include "store/sqlite/buckets.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/reader.h"

bool store_bucket_events(struct store_reader *r, const char *workspace, const char *key,
                         int64_t limit, void (*fn)(void *arg, const struct payload_event *e),
                         void *arg, struct err *err)
{
    char alert[UUID_SIZE], id[UUID_SIZE];
    enum event_type type;
    if (!bucket_key_parse(key, alert, &type))
        return err_set(err, ERR_INVALID, "%.80s: is no key of a bucket", key);
    sqlite3_stmt *row = db_query(
        r->db,
        "SELECT c.events FROM buckets AS b JOIN bucket_chunks AS c ON c.bucket = b.row "
        "WHERE b.alert = ? AND b.type = ? AND b.workspace = ? ORDER BY c.row",
        DB_ARGS(db_text(alert), db_int(type), db_text(workspace)), err);
    int got = row ? 1 : -1;
    while (limit > 0 && got == 1 && (got = db_step(r->db, row, err)) == 1) {
        struct payload_event event;
        struct span rest = db_col_blob(row, 0);
        while (limit > 0 && chunk_next(&rest, id, &event)) {
            fn(arg, &event);
            limit--;
        }
    }
    if (row)
        db_end(row);
    return got >= 0;
}
