/* The transaction of a group of steps. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_TX_H
#define SQLITE_TX_H

#include "store/sqlite/writer.h"

/* Takes the file's write lock and drops caches that another process made stale (then
 * tx->changes starts as STORE_CHANGED_ALL). */
bool tx_begin(struct tx *tx, struct store *s, bool durable, struct err *err);

/* Runs one step. A failure of its own is kept in the step (true); false: the transaction
 * cannot go on. */
bool tx_run(struct tx *tx, struct step *step, struct err *err);

/* Writes what was gathered (buckets, sums) and commits. Sums of unmatched events and
 * remembered traces wait for a commit that is made anyway, unless `lazy_too`. */
bool tx_commit(struct tx *tx, bool lazy_too, struct err *err);

/* Nothing of it stays, in memory neither: what was gathered, and what the memories of
 * traces took in. */
void tx_rollback(struct tx *tx);

/* The newest steady time that is stored; 0: none. */
bool tx_last_steady(struct db *db, int64_t *steady, struct err *err);

bool tx_has_lazy(const struct store *s);

/* Forgets what was read of the tables: another process may have changed them. */
void tx_reset_caches(struct store *s);

#endif
