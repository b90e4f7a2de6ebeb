/* The engine: one thread that closes due buckets, sends deliveries, records what came of
 * them and sends again. All its state is in the store; it holds only what is under way. It
 * knows nothing of the intake. Only the holder of the data directory's lock may run one. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/attempt_stats.h"
#include "rules/retry.h"
#include "store/store.h"

struct engine;

struct engine_policy {
    struct retry_policy retry;
    int64_t timeout_ms, connect_timeout_ms; /* per attempt */
    size_t concurrency, per_endpoint; /* requests under way; an endpoint is a full URL */
    int64_t rate;                     /* requests a second to one endpoint; 0: no limit */
    int64_t retention_ms;             /* finished deliveries older than this are removed */
    int64_t max_size;                 /* the same while the store holds more bytes; 0: never */
    int64_t threshold_interval_ms;    /* between two looks at a condition */
    int64_t threshold_repeat_ms;      /* see store_check_conditions() */
};

struct engine_options {
    struct store *store;       /* borrowed */
    const struct clock *clock; /* borrowed */
    struct engine_policy policy;
    const char *proxy, *ca_file; /* see send.h */
    bool refuse_private;         /* the same */
    uint64_t seed;               /* of the jitter; 0: from the kernel */
};

/* Gets ready; no thread yet. What an earlier holder left is taken over in the first turn
 * (store_recover): nothing else is asked of the store before that is answered. */
struct engine *engine_new(const struct engine_options *options, struct err *err);

/* Runs it in a thread of its own until engine_free(). */
bool engine_start(struct engine *e, struct err *err);

/* Or in the caller's: one turn that waits at most wait_ms. For tests with a driven clock.
 */
void engine_turn(struct engine *e, int64_t wait_ms);

/* Stops: nothing new is started, requests under way get grace_ms, what is then still open
 * is recorded as "outcome unknown" and will be tried again. Frees. */
void engine_free(struct engine **e, int64_t grace_ms);

void engine_set_policy(struct engine *e,
                       const struct engine_policy *policy); /* any thread */

struct engine_status {
    bool running;
    size_t sending;    /* requests under way */
    char problem[160]; /* the last failure of the store, empty: none */
    struct attempt_stats attempts; /* since it was made */
    uint64_t turns;    /* grows with each: see engine_poke() */
};
void engine_status(struct engine *e, struct engine_status *out); /* any thread */

/* Asks for one turn more, so that a watchdog can tell a thread that sleeps from one that is
 * stuck: its turns then grow. Any thread. */
void engine_poke(struct engine *e);

#endif
