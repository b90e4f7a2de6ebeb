#include "store/sqlite/bodies.h"

#include "store/sqlite/claim.h"
#include "store/sqlite/packed.h"
#include "store/sqlite/reader.h"

/* ---------------------------------------------------------------- writing */

#define INSERT "INSERT OR FAIL INTO bodies (delivery, size, body) VALUES "
#define VALUES "(?, ?, ?)"
enum { COLUMNS = 3 };
_Static_assert(BODIES_AT_ONCE == 8, "a row for each");

static bool write_part(struct db *db, int64_t delivery, size_t at, const struct packed *p,
                       struct err *err)
{
    return db_run(db, "INSERT INTO body_parts (delivery, at, size, bytes) VALUES (?, ?, ?, ?)",
                  DB_ARGS(db_int(delivery), db_int((int64_t)at), db_int(p->size),
                          db_blob(p->bytes)),
                  err);
}

static bool write_parts(struct db *db, const struct body *b, struct err *err)
{
    struct buf scratch;
    bool fine = true;
    buf_init(&scratch, BUF_UNLIMITED);
    for (size_t at = 0, len; at < b->bytes.len && fine; at += len) {
        len = b->bytes.len - at < BODY_PART ? b->bytes.len - at : BODY_PART;
        const struct packed p = packed_of((struct span){b->bytes.at + at, len}, &scratch);
        fine = write_part(db, b->delivery, at, &p, err);
    }
    buf_free(&scratch);
    return fine;
}

static bool write_rows(struct db *db, const struct body *bodies, size_t count, struct err *err)
{
    struct db_arg args[BODIES_AT_ONCE * COLUMNS];
    for (size_t i = 0; i < count; i++) {
        const struct body *b = &bodies[i];
        bool whole = claim_holds(b->bytes);
        struct db_arg *row = &args[i * COLUMNS];
        row[0] = db_int(b->delivery);
        row[1] = db_int(whole ? 0 : (int64_t)b->bytes.len);
        row[2] = db_blob(whole ? b->bytes : (struct span){"", 0});
    }
    return db_run(db, count == 1 ? INSERT VALUES : INSERT DB_EIGHT(VALUES), args,
                  count * COLUMNS, err);
}

bool bodies_write(struct db *db, const struct body *bodies, size_t count, struct err *err)
{
    bool fine = true;
    for (size_t i = 0, n; i < count && fine; i += n) {
        n = count - i == BODIES_AT_ONCE ? BODIES_AT_ONCE : 1;
        fine = write_rows(db, &bodies[i], n, err);
    }
    for (size_t i = 0; i < count && fine; i++)
        fine = claim_holds(bodies[i].bytes) || write_parts(db, &bodies[i], err);
    return fine;
}

bool body_remove(struct db *db, int64_t delivery, struct err *err)
{
    return db_run(db, "DELETE FROM body_parts WHERE delivery = ?",
                  DB_ARGS(db_int(delivery)), err) &&
           db_run(db, "DELETE FROM bodies WHERE delivery = ?", DB_ARGS(db_int(delivery)),
                  err);
}

/* ---------------------------------------------------------------- reading */

static bool damaged(struct err *err)
{
    return err_set(err, ERR_IO, "the store's file is damaged: a body is not whole");
}

static bool open_part(sqlite3_stmt *row, struct buf *out, struct err *err)
{
    const struct packed p = {db_col_blob(row, 2), db_col_int(row, 1)};
    packed_open(&p, out);
    return !out->failed || err_memory(err);
}

static bool read_parts(struct db *db, int64_t delivery, size_t size, struct buf *out,
                       struct err *err)
{
    sqlite3_stmt *row = db_query(db,
                                 "SELECT at, size, bytes FROM body_parts WHERE delivery = ? "
                                 "ORDER BY at",
                                 DB_ARGS(db_int(delivery)), err);
    size_t before = out->len;
    int got = -1;
    while (row && (got = db_step(db, row, err)) == 1)
        if (!open_part(row, out, err)) {
            db_end(row);
            return false;
        }
    return got == 0 && (out->len - before == size || damaged(err));
}

bool body_read(struct db *db, int64_t delivery, struct buf *out, struct err *err)
{
    sqlite3_stmt *row = db_query(db, "SELECT size, body FROM bodies WHERE delivery = ?",
                                 DB_ARGS(db_int(delivery)), err);
    int got = row ? db_step(db, row, err) : -1;
    size_t size = got == 1 ? (size_t)db_col_int(row, 0) : 0;
    bool fine = got >= 0;
    if (got == 1)
        fine = buf_add_span(out, db_col_blob(row, 1)) || err_memory(err);
    db_end(row);
    return fine && (size == 0 || read_parts(db, delivery, size, out, err));
}

bool store_body_part(struct store_reader *r, int64_t delivery, size_t at, struct buf *out,
                     size_t *from, struct err *err)
{
    buf_clear(out);
    sqlite3_stmt *row = db_query(r->db,
                                 "SELECT at, size, bytes FROM body_parts WHERE delivery = ? "
                                 "AND at <= ? ORDER BY at DESC LIMIT 1",
                                 DB_ARGS(db_int(delivery), db_int((int64_t)at)), err);
    int got = row ? db_step(r->db, row, err) : -1;
    *from = got == 1 ? (size_t)db_col_int(row, 0) : 0;
    bool fine = got == 0 || (got == 1 && open_part(row, out, err));
    db_end(row);
    return fine && (at - *from < out->len || damaged(err));
}
