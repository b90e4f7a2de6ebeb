/* What an engine is made of, and its planning. Internal to engine/; the engine's thread,
 * but for what is under the lock. */
#ifndef ENGINE_ENGINE_IMPL_H
#define ENGINE_ENGINE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/engine.h"
#include "engine/flights.h"
#include "engine/inbox.h"
#include "send/send.h"
#include "store/delivering.h"

enum {
    ENGINE_PURGE_AT_ONCE = 500,
    ENGINE_EXPIRE_AT_ONCE = 500,
    EXPIRE_EVERY_MS = 60 * 1000,
    REST_MS = 1000, /* until a step that failed is asked for again */
    READING = NOTE_KINDS,
};

struct engine {
    struct store *store;
    const struct clock *clock;
    struct store_reader *reader;
    struct sender *sender;
    struct flights *flights;
    struct inbox inbox;
    struct engine_policy policy;
    uint64_t random;

    bool recovered;
    bool recovering, closing, claiming, purging, trimming, checking, expiring; /* under way */
    bool following, followed;
    int64_t wall_ahead; /* of the steady clock, when held buckets were last set by it */
    unsigned claims_asked;
    int64_t purge_at;
    int64_t trim_at; /* INT64_MAX: nothing was recorded since the last one */
    int64_t expire_at; /* nothing is claimed from then on until what is too old has gone */
    struct note *landed, **landed_end; /* outcomes that are still to be recorded, in order */
    struct note *unrecorded; /* what the store could not take: said again */
    struct note *untaken;    /* claims that there was no memory for; `claiming` until there is */

    /* By note_kind, and READING: until when what failed rests, so that a store that fails
     * is not asked in circles, nor one step that cannot succeed stops the others. 0: fine.
     */
    int64_t resting[NOTE_KINDS + 1];

    /* store_next_due() knows no endpoints: while it names a delivery of a busy one,
     * claiming is of use only after something changed, or for another's that became due. */
    bool blocked;
    int64_t blocked_until;
    uint64_t changes, changes_asked; /* seen, and as of the claim that is under way */
    struct claim_room *rooms; /* of one claim, kept for the next */
    size_t rooms_size;

    pthread_mutex_t lock; /* over the three below */
    struct engine_policy next_policy;
    bool policy_changed;
    struct engine_status status;

    atomic_bool changed, stopping;
    bool threaded;
    pthread_t thread;
};

int64_t engine_now(const struct engine *e); /* steady ms */
void engine_failed(struct engine *e, int what, const struct err *err); /* note_kind, READING */
void engine_succeeded(struct engine *e, int what);
void engine_record_again(struct engine *e); /* what the store could not take */
bool engine_take_again(struct engine *e);   /* what is untaken; false: still no memory */

/* Asks the store for every step that is due; returns when the next one will be. */
int64_t engine_plan(struct engine *e);

#endif
