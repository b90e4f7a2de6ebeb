/* Open buckets: the events of a transaction are gathered here and written as one row for
 * each bucket. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_BUCKETS_H
#define SQLITE_BUCKETS_H

#include "rules/silence.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/writer.h"

struct gathered;

struct buckets {
    struct gathered *gathered; /* by alert and type */
    struct gathered *latest;   /* one of them; NULL: none */
    size_t bytes;
};

/* Adds an event to the bucket of an alert, which is opened if there is none; over the
 * limits it is only counted. The first bucket that keeps it gives it its id.
 * silence: what keeps it back; NULL: nothing. */
bool buckets_add(struct tx *tx, const struct alert *alert, enum event_type type,
                 const struct silence_at *silence, struct chunk_event *event,
                 struct err *err);

/* Writes what was gathered, with its sums. */
bool buckets_flush(struct tx *tx, struct err *err);

void buckets_clear(struct buckets *b); /* forgets what was gathered */

/* The chunk of a bucket that follows `kept` events. Those of one bucket are the rows from
 * bucket_chunk(bucket, 0) to before bucket_chunk(bucket + 1, 0), in the order they came in. No
 * setting lets a bucket keep 2^BUCKET_CHUNK_BITS events. */
enum { BUCKET_CHUNK_BITS = 24 };
static inline int64_t bucket_chunk(int64_t bucket, int64_t kept)
{
    return bucket << BUCKET_CHUNK_BITS | kept;
}

/* alert_bucket:{alertId}:{eventType}, of a held one with :{silenceId} after it. */
struct bucket_name {
    char alert[UUID_SIZE], silence[UUID_SIZE]; /* silence: empty: none */
    enum event_type type;
};
bool bucket_key_parse(const char *key, struct bucket_name *out);

#endif
