/* The silences that may be active, and how they stand: what an event is held against.
 * Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_SILENCE_CACHE_H
#define SQLITE_SILENCE_CACHE_H

#include "rules/silence.h"
#include "store/sqlite/writer.h"

struct silence_cache {
    bool loaded;
    struct silences all;
    int64_t looked_at; /* wall ms */
};

void silence_cache_reset(struct silence_cache *c);

/* All of them as they stand now, for silences_pick(). Borrowed until the next reset. */
bool silence_cache_now(struct silence_cache *c, struct tx *tx, const struct silences **out,
                       struct err *err);

#endif
