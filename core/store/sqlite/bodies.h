/* The bodies of deliveries. What a claim holds (claim_holds()) is one row; a longer body is
 * in parts, packed (packed.h), so that its sending finds each without reading those before
 * it, and few bytes go to the disk. Internal to store/sqlite. */
#ifndef SQLITE_BODIES_H
#define SQLITE_BODIES_H

#include "base/buf.h"
#include "store/sqlite/db.h"

enum { BODY_PART = 128 << 10 /* bytes of a body in one part, at most */ };

/* A long body in memory, packed part by part. Zeroed: empty. */
struct body_parts {
    struct body_part {
        char *bytes;
        size_t len;   /* of these */
        int64_t size; /* as in struct packed */
        size_t plain; /* bytes of the body */
    } *items;
    size_t count;
    size_t plain; /* of them all */
};

/* Appends bytes as parts of their own, at most BODY_PART each; nothing where there are none.
 * scratch as for packed_of(). False: no memory. */
bool body_parts_add(struct body_parts *to, struct span plain, struct buf *scratch);
bool body_parts_move(struct body_parts *from, struct body_parts *to); /* appends them all */
void body_parts_free(struct body_parts *p);

struct body {
    int64_t delivery; /* its row */
    struct span bytes;
    const struct body_parts *parts; /* instead of these; NULL: none */
};

/* Writes up to BODIES_AT_ONCE of them. The writer thread. */
enum { BODIES_AT_ONCE = 8 };
bool bodies_write(struct db *db, const struct body *bodies, size_t count, struct err *err);

bool body_remove(struct db *db, int64_t delivery, struct err *err);

/* Appends the whole of it; nothing where there is none. Any connection, in a transaction. */
bool body_read(struct db *db, int64_t delivery, struct buf *out, struct err *err);

#endif
