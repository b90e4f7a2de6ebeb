/* Silences. A part of the contract in store.h.
 *
 * What an active silence keeps back goes into a bucket of its own: one for the alert, the
 * event type, the silence and the time it ends. A digest's bucket is due then, within the
 * limits of any bucket; a drop's keeps nothing, counts (COUNTER_SILENCED too), and is told
 * in the log then. The events that lay in a bucket before the silence began go out when
 * they would have. */
#ifndef STORE_SILENCES_H
#define STORE_SILENCES_H

#include "rules/silence.h"
#include "store/store.h"

enum { STORE_SILENCES_MAX = 200 }; /* of a workspace, that are not over */

/* Keeps a new silence; id, created_at, held and dropped are made here. ERR_INVALID: see
 * silence_check(); or its alert or project is none of the workspace, or its zone is not
 * known. Copied. result: const struct silence *. */
void store_silence_put(struct store *s, const struct silence *silence, store_done *done,
                       void *arg);

/* Ends those that are not over: what they hold is due at once. result: const int64_t *, how
 * many. */
void store_silence_end(struct store *s, const char *workspace, const char *const *ids,
                       size_t count, store_done *done, void *arg);

/* Sets the due times of held buckets anew: their ends are wall times, and the wall clock
 * may have jumped. result: const int64_t *, how many moved. */
void store_silence_follow(struct store *s, store_done *done, void *arg);

/* Those that are not over or were over only lately, as they stand at `now` (wall ms): the
 * newest first. */
bool store_silence_list(struct store_reader *r, const char *workspace, int64_t now,
                        struct silences *out, struct err *err); /* for silences_free() */

#endif
