/* When the store's log of changes (SQLite's WAL) is made longer, and when it is copied into
 * the file and emptied. Internal to store/sqlite; the writer thread.
 *
 * - Long: a commit that does not change the length of the log's file is synced in half of
 * the time, and for a quarter of the processor's, since the file system need not note size
 * and place. So a log that is in use gets zeros behind its end, which are no changes to
 * whoever reads it, and keeps its length when it is emptied (see logvfs.h).
 * - Short: all that comes meanwhile waits for a checkpoint, so few pages of what
 * applications wait for may gather. What only the engine waits for gathers for longer: a
 * page that was written many times is copied once. */
#ifndef SQLITE_WAL_H
#define SQLITE_WAL_H

#include <stdbool.h>

#include "store/sqlite/db.h"

struct wal {
    int pages;   /* in the log after the last commit that was noted */
    int waited;  /* of these, by commits that applications wait for */
    int tried;   /* pages at the last checkpoint that did not get through */
    bool in_use; /* it was emptied because it was long, and not since for want of work */
    bool dirty;  /* others may have left something to checkpoint */
    int64_t emptied_at; /* when it was long, steady ms; 0: never */
};

/* In a transaction, before it writes. Only for whoever may checkpoint. */
void wal_before(struct wal *w, struct db *db);

/* After a commit: checkpoints when the log is long. */
struct wal_commit {
    int64_t now;         /* steady ms */
    bool waited;         /* an application waits for such commits */
    bool may_checkpoint; /* the process holds the lock */
};
void wal_after(struct wal *w, struct db *db, const struct wal_commit *commit);

/* Without work: what is left goes into the file, and the log's place back to the disk. */
void wal_idle(struct wal *w, struct db *db);

#endif
