#include "store/buckets.h"
#include "store/sqlite/buckets.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/packed.h"
#include "store/sqlite/reader.h"

_Static_assert(BUCKET_CHUNK_BITS == 24, "as the statement has it");

bool store_bucket_events(struct store_reader *r, const char *workspace, const char *key,
                         int64_t limit, void (*fn)(void *arg, const struct payload_event *e),
                         void *arg, struct err *err)
{
    struct bucket_name name;
    char id[UUID_SIZE];
    if (!bucket_key_parse(key, &name))
        return err_set(err, ERR_INVALID, "%.80s: is no key of a bucket", key);
    sqlite3_stmt *row = db_query(
        r->db,
        "SELECT c.events, c.size FROM buckets AS b JOIN bucket_chunks AS c "
        "ON c.row >= b.row << 24 AND c.row < (b.row + 1) << 24 " /* bucket_chunk() */
        "WHERE b.alert = ?1 AND b.type = ?2 AND b.workspace = ?3 AND b.silence = CASE ?4 "
        "WHEN '' THEN 0 ELSE (SELECT row FROM silences WHERE id = ?4) END ORDER BY c.row",
        DB_ARGS(db_text(name.alert), db_int(name.type), db_text(workspace),
                db_text(name.silence)),
        err);
    int got = row ? 1 : -1;
    struct buf plain;
    buf_init(&plain, BUF_UNLIMITED);
    while (limit > 0 && got == 1 && (got = db_step(r->db, row, err)) == 1) {
        const struct packed p = {db_col_blob(row, 0), db_col_int(row, 1)};
        struct payload_event event;
        buf_clear(&plain);
        packed_open(&p, &plain);
        struct span rest = buf_span(&plain);
        while (limit > 0 && chunk_next(&rest, id, &event)) {
            fn(arg, &event);
            limit--;
        }
    }
    if (row)
        db_end(row);
    bool fine = got >= 0 && (!plain.failed || err_memory(err));
    buf_free(&plain);
    return fine;
}
