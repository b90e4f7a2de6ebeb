/* Standing aside for other processes that use the same store: one part of its contract
 * (store.h). Any thread, but not from a done. */
#ifndef STORE_ASIDE_H
#define STORE_ASIDE_H

#include "store/store.h"

/* Only the holder of the engine's lock checkpoints (WAL-reset race of SQLite < 3.51.3). One
 * that is under way goes on: see store_park(). */
void store_set_checkpointing(struct store *s, bool on);

/* store_drain(), and until the writer holds no lock of the file, with nothing put off (that
 * could be saved) and no checkpoint under way; it stands still until store_unpark(), as
 * often as it was parked. What is asked for meanwhile waits. */
void store_park(struct store *s);
void store_unpark(struct store *s);

/* Whether the store is of this program's version: a newer one may have brought it up to its
 * own since it was opened. Any thread. */
bool store_fits(struct store *s, struct err *err);

/* For whoever has to end soon: the writer waits only briefly for other processes that write. */
void store_hurry(struct store *s, bool on);

#endif
