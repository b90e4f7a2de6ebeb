/* The bodies of deliveries. What a claim holds (claim_holds()) is one row; a longer body is
 * in parts, packed (packed.h), so that its sending finds each without reading those before
 * it, and few bytes go to the disk. Internal to store/sqlite. */
#ifndef SQLITE_BODIES_H
#define SQLITE_BODIES_H

#include "base/buf.h"
#include "store/sqlite/db.h"

enum { BODY_PART = 128 << 10 /* bytes of a body in one part, at most */ };

struct body {
    int64_t delivery; /* its row */
    struct span bytes;
};

/* Writes up to BODIES_AT_ONCE of them. The writer thread. */
enum { BODIES_AT_ONCE = 8 };
bool bodies_write(struct db *db, const struct body *bodies, size_t count, struct err *err);

bool body_remove(struct db *db, int64_t delivery, struct err *err);

/* Appends the whole of it; nothing where there is none. Any connection, in a transaction. */
bool body_read(struct db *db, int64_t delivery, struct buf *out, struct err *err);

#endif
