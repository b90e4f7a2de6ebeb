/* The last 1,000,000 traces that raised an error: each raises one only once. The table
 * `errored` holds them in runs, one row for each workspace of a commit; memory holds a
 * keyed hash of each (trace_key.h: two of a million are the same by chance once in 36
 * million stores that are full), read from the table when the first error comes. Internal
 * to store/sqlite; the writer thread. */
#ifndef SQLITE_ERRORED_H
#define SQLITE_ERRORED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/sqlite/db.h"
#include "store/sqlite/hash_set.h"
#include "store/sqlite/trace_key.h"

struct errored_run { /* of this transaction, to be saved */
    char *workspace;
    struct buf traces;
};

struct errored {
    bool loaded, check; /* check: the table may have changed under it */
    struct hash_set seen;
    int64_t last; /* seq of the newest that is saved */
    struct errored_run *runs;
    size_t run_count;
    int64_t added;   /* in all runs */
    struct buf gone; /* hashes that the transaction deletes */
    struct buf oldest;  /* hashes of a run of the table, which go one by one */
    int64_t oldest_end; /* seq of its last */
};

/* Notes it for this transaction, if it is not among them. False only when the store or the
 * memory failed. */
bool errored_add(struct errored *e, struct db *db, const struct trace_key *key, bool *first,
                 struct err *err);

/* Has the processor fetch what errored_add() will look at. */
static inline void errored_soon(const struct errored *e, const struct trace_key *key)
{
    hash_set_soon(&e->seen, key->hash);
}

bool errored_save(struct errored *e, struct db *db,
                  struct err *err);    /* before the commit */
void errored_saved(struct errored *e); /* after it */
void errored_undo(struct errored *e);  /* in its place: what was added is forgotten */
void errored_free(struct errored *e);  /* usable again */

#endif
