/* Bytes as they stand in the store's file: many events of one application are much alike,
 * and what is not written needs no copying, no checksum and no waiting for the disk, twice
 * each. LZ4 in one block; what would not get smaller by it stays as it is. Internal to
 * store/sqlite. Pure. */
#ifndef SQLITE_PACKED_H
#define SQLITE_PACKED_H

#include "base/buf.h"

struct packed {
    struct span bytes; /* to be written */
    int64_t size;      /* unpacked; 0: they are not packed */
};

/* The result is borrowed from `plain`, or from `scratch`, which is emptied first. */
struct packed packed_of(struct span plain, struct buf *scratch);

/* Appends the plain bytes. Of what was damaged nothing is appended; without memory
 * `out` has failed. */
void packed_open(const struct packed *p, struct buf *out);

#endif
