/* Open buckets, as people see them. A part of the contract in store.h. */
#ifndef STORE_BUCKETS_H
#define STORE_BUCKETS_H

#include "model/delivery.h"
#include "rules/payload.h"
#include "store/store.h"

struct bucket_rows {
    struct bucket *items;
    size_t count;
};
/* Open buckets, the next due first, at most `limit`. workspace NULL: all. */
bool store_bucket_list(struct store_reader *r, const char *workspace, int64_t limit,
                       struct bucket_rows *out, struct err *err);
void bucket_rows_free(struct bucket_rows *rows);
/* Calls fn for the events of an open bucket, in the order they came, at most `limit`; what
 * fn gets is borrowed for the call. A bucket that closed meanwhile has none. */
bool store_bucket_events(struct store_reader *r, const char *workspace, const char *key,
                         int64_t limit,
                         void (*fn)(void *arg, const struct payload_event *e), void *arg,
                         struct err *err);

/* Makes open buckets due at once; `keys` as in struct bucket. result: const int64_t *, how
 * many. */
void store_bucket_send_now(struct store *s, const char *workspace, const char *const *keys,
                           size_t count, store_done *done, void *arg);

#endif
