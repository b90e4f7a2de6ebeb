/* The events that one commit adds to one bucket, as bytes: for each its id (36 characters),
 * the request's number (8 bytes, little-endian), the lengths of user and entity (4 each),
 * and these two. Internal to store/sqlite. Pure. */
#ifndef SQLITE_CHUNK_H
#define SQLITE_CHUNK_H

#include "base/buf.h"
#include "base/uuid.h"
#include "rules/payload.h"

/* An event that goes into chunks; its entity in pieces, which stand side by side only there. */
struct chunk_event {
    char id[UUID_SIZE]; /* empty: none yet */
    struct span user;
    int64_t request;
    const struct span *pieces; /* borrowed, as the rest */
    size_t piece_count;
};
size_t chunk_size(const struct chunk_event *e);
bool chunk_append(struct buf *chunk, const struct chunk_event *e);

/* The next event; moves *chunk on. False: the end, or bytes that are no event. `id`
 * receives its id, the rest is borrowed from the chunk. */
bool chunk_next(struct span *chunk, char id[UUID_SIZE], struct payload_event *e);

#endif
