/* What a struct store is made of. Internal to store/sqlite.
 *
 * What is set by store_open() and stays comes first, then what belongs to the writer
 * thread, then, from `queue` on, what is shared under `lock`; and the subscribers, with a
 * lock of their own. */
#ifndef SQLITE_STORE_IMPL_H
#define SQLITE_STORE_IMPL_H

#include <pthread.h>

#include "store/seal.h"
#include "store/sqlite/activity.h"
#include "store/sqlite/alert_cache.h"
#include "store/sqlite/buckets.h"
#include "store/sqlite/db.h"
#include "store/sqlite/errored.h"
#include "store/sqlite/passing.h"
#include "store/sqlite/project_cache.h"
#include "store/sqlite/silence_cache.h"
#include "store/sqlite/trace_memory.h"
#include "store/sqlite/wal.h"
#include "store/sqlite/writer.h"
#include "store/store.h"

struct subscriber {
    store_changed *changed;
    void *arg;
    struct subscriber *next;
};

struct store {
    const struct clock *clock;
    struct actor actor; /* of this process; borrowed */
    char *path; /* of the database file */
    bool read_only;
    int dir; /* the data directory, locked (flock) while its file is opened or closed */
    struct sealer *sealer;

    /* The writer thread's. */
    struct db *db; /* NULL with read_only */
    struct alert_cache alerts;
    struct silence_cache silences;
    struct project_cache projects;
    struct trace_memory traces;
    struct errored errored;
    struct buckets buckets;
    struct activity activity;
    struct draft *draft; /* of a large bucket (draft.h); NULL: none */
    int64_t request;            /* the last number given; 0: not read yet */
    int64_t version;            /* db_version() when the caches were known to be right */
    int64_t unmatched;          /* counted, to be saved with the next commit */
    int64_t expired_all_at;     /* when all that waits was last looked through, steady ms */
    int64_t lazy_since; /* steady ms; that and new traces wait since then; 0: none */
    struct wal wal;
    bool synced;                /* the connection's synchronous is FULL */
    bool check_key;             /* the store may be sealed with another key by now, */
    bool check_version;         /* and be of another version */
    struct store_limits limits; /* as of the start of the transaction */

    pthread_t thread;
    bool started;

    pthread_mutex_t lock;
    pthread_cond_t wake, answered;
    struct step *queue, **queue_end;
    size_t queued, queued_bytes; /* of the queue */
    bool awaited;                /* the queue holds what somebody waits for, or enough */
    struct passing passing;
    uint64_t asked, answers;
    bool stopping, checkpointing;
    bool hurry;  /* see store_hurry() */
    int parking; /* how often it was asked to stand still, */
    bool parked; /* and that it does */
    struct store_limits new_limits;
    struct err trouble; /* set by the writer thread only */
    uint64_t turns;     /* see store_turns() */

    pthread_mutex_t subscribers_lock; /* held during the calls */
    struct subscriber *subscribers;
};

#endif
