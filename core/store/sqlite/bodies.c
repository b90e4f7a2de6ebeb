#include "store/sqlite/bodies.h"

#include <stdlib.h>
#include <string.h>

#include "store/delivering.h"
#include "store/sqlite/claim.h"
#include "store/sqlite/packed.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/rows.h"

/* ---------------------------------------------------------------- parts in memory */

static struct body_part *grow(struct body_parts *p)
{
    struct err err;
    bool fine = rows_grow((void **)&p->items, p->count, sizeof *p->items, &err);
    return fine ? &p->items[p->count] : NULL;
}

static bool add_part(struct body_parts *to, struct span plain, struct buf *scratch)
{
    const struct packed p = packed_of(plain, scratch);
    struct body_part *part = grow(to);
    if (!part || !(part->bytes = malloc(p.bytes.len)))
        return false;
    memcpy(part->bytes, p.bytes.at, p.bytes.len);
    part->len = p.bytes.len;
    part->size = p.size;
    part->plain = plain.len;
    to->count++;
    to->plain += plain.len;
    return true;
}

bool body_parts_add(struct body_parts *to, struct span plain, struct buf *scratch)
{
    bool fine = true;
    for (size_t at = 0, len; at < plain.len && fine; at += len) {
        len = plain.len - at < BODY_PART ? plain.len - at : BODY_PART;
        fine = add_part(to, (struct span){plain.at + at, len}, scratch);
    }
    return fine;
}

bool body_parts_move(struct body_parts *from, struct body_parts *to)
{
    for (size_t i = 0; i < from->count; i++) {
        struct body_part *part = grow(to);
        if (!part)
            return false;
        *part = from->items[i];
        from->items[i].bytes = NULL; /* theirs from here on, whatever fails */
        to->count++;
        to->plain += part->plain;
    }
    body_parts_free(from);
    return true;
}

void body_parts_free(struct body_parts *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i].bytes);
    free(p->items);
    *p = (struct body_parts){0};
}

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

static bool write_made(struct db *db, int64_t delivery, const struct body_parts *parts,
                       struct err *err)
{
    bool fine = true;
    for (size_t i = 0, at = 0; i < parts->count && fine; i++) {
        const struct body_part *part = &parts->items[i];
        const struct packed p = {{part->bytes, part->len}, part->size};
        fine = write_part(db, delivery, at, &p, err);
        at += part->plain;
    }
    return fine;
}

static bool write_parts(struct db *db, const struct body *b, struct err *err)
{
    struct body_parts made = {0};
    struct buf scratch;
    if (b->parts)
        return write_made(db, b->delivery, b->parts, err);
    buf_init(&scratch, BUF_UNLIMITED);
    bool fine = body_parts_add(&made, b->bytes, &scratch) || err_memory(err);
    buf_free(&scratch);
    fine = fine && write_made(db, b->delivery, &made, err);
    body_parts_free(&made);
    return fine;
}

static bool is_whole(const struct body *b)
{
    return !b->parts && claim_holds(b->bytes);
}

static bool write_rows(struct db *db, const struct body *bodies, size_t count, struct err *err)
{
    struct db_arg args[BODIES_AT_ONCE * COLUMNS];
    for (size_t i = 0; i < count; i++) {
        const struct body *b = &bodies[i];
        bool whole = is_whole(b);
        size_t size = b->parts ? b->parts->plain : b->bytes.len;
        struct db_arg *row = &args[i * COLUMNS];
        row[0] = db_int(b->delivery);
        row[1] = db_int(whole ? 0 : (int64_t)size);
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
        fine = is_whole(&bodies[i]) || write_parts(db, &bodies[i], err);
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
