/* What is remembered of the last 65,536 traces: project and name, for requests that come in
 * pieces (an error by PATCH carries neither). Names are kept once, up to 4 MiB in all.
 * Saved to the table `traces` within a second or two, so a kill can lose the newest of
 * them, never an event. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_TRACE_MEMORY_H
#define SQLITE_TRACE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "store/sqlite/db.h"
#include "store/sqlite/trace_index.h"
#include "store/sqlite/trace_key.h"

struct trace_entry;
struct trace_name;

struct trace_memory {
    bool loaded, check;        /* check: another process may have saved something */
    struct trace_entry *ring;  /* slot = seq % its size */
    struct trace_index index;
    struct trace_name **names; /* by hash; workspaces too */
    size_t name_bytes;
    int64_t first, last; /* seq of the oldest (0: none) and the newest */
    int64_t saved, saving;
    int64_t settled; /* the newest as of the last transaction that was committed */
};

struct trace_known {
    int64_t project;  /* row of the project */
    struct span name; /* JSON string; empty: not known. Borrowed until the next put */
};

void trace_memory_free(struct trace_memory *m); /* forgets all; usable again */

/* Has the processor fetch what trace_memory_find() and _put() will look at: _soon() for
 * each of some traces, then _next() for each; ahead: 1 for the first of them, 2 for the
 * second... */
void trace_memory_soon(const struct trace_memory *m, const struct trace_key *key);
void trace_memory_next(const struct trace_memory *m, const struct trace_key *key, int ahead);

/* False only when the store or the memory failed. */
bool trace_memory_find(struct trace_memory *m, struct db *db, const struct trace_key *key,
                       bool *found, struct trace_known *out, struct err *err);
/* An empty name keeps the one that is known. */
bool trace_memory_put(struct trace_memory *m, struct db *db, const struct trace_key *key,
                      const struct trace_known *known, struct err *err);

bool trace_memory_dirty(const struct trace_memory *m);
bool trace_memory_save(struct trace_memory *m, struct db *db, struct err *err);
void trace_memory_saved(
    struct trace_memory *m); /* after the commit of a transaction that saved */

/* After every commit. undo: after a transaction that came to nothing: forgets what was put
 * in it, whose projects may not be there; what it put the new in place of stays forgotten.
 */
void trace_memory_settle(struct trace_memory *m);
void trace_memory_undo(struct trace_memory *m);

#endif
