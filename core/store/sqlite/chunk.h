/* The events that one commit adds to one bucket, as bytes: for each its id (36 characters),
 * the request's number (8 bytes, little-endian), the lengths of user and entity (4 each),
 * and these two. Internal to store/sqlite. Pure. */
#ifndef SQLITE_CHUNK_H
#define SQLITE_CHUNK_H

#include "base/buf.h"
#include "base/uuid.h"
#include "rules/payload.h"

size_t chunk_size(const struct payload_event *e);
bool chunk_append(struct buf *chunk, const struct payload_event *e);

/* The next event; moves *chunk on. False: the end, or bytes that are no event. `id`
 * receives its id, the rest is borrowed from the chunk. */
bool chunk_next(struct span *chunk, char id[UUID_SIZE], struct payload_event *e);

#endif
