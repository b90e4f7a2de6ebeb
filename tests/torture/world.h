/* What test_model holds against each other: an engine on a store, and the model, with what
 * goes on between them in view. One for the program. */
#ifndef TORTURE_WORLD_H
#define TORTURE_WORLD_H

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "engine/engine.h"
#include "store/accept.h"
#include "support/scripted.h"
#include "support/steps.h"
#include "support/torture.h"
#include "torture/model.h"

enum {
    TOLD = 20,  /* operations shown with a failure */
    BATCH = 64, /* steps asked for before the store has answered */
    CLAIMED_MAX = 256,
    LANDED_MAX = 1024,
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
};
#define DAY (INT64_C(24) * HOUR)

extern const enum event_type TYPES[MODEL_TYPES];

/* What an endpoint does, until it is told otherwise. */
enum mood { FINE, FLAKY, DOWN, LOST, HANGS, REFUSES, SLOW_DOWN, GONE, MOODS };

/* A step of the store that was asked for, and what the model says that it answers. */
struct expected {
    struct step_wait wait;
    bool refused;
    struct accepted accepted, got_accepted;
    int64_t number, got_number; /* number < 0: none is answered */
};

struct claimed {
    struct model_body body;
    int n;
};

/* How often each thing happened: a proof that did nothing proves nothing. */
struct tally {
    int64_t requests, delivered, failures, time_outs, probes, gone, restarts, crashes,
        replays, purged, stale, strays, wall_jumps, settles;
};

extern struct world {
    struct model m;
    struct store_fixture f;
    _Atomic int64_t steady, wall;
    struct engine *engine;
    struct engine_policy policy;
    uint64_t seed, random;
    int64_t step, steps, settle;
    enum mood moods[MODEL_URLS];
    int made, traces[MODEL_WORKSPACES]; /* numbers given out */
    char projects[MODEL_WORKSPACES][MODEL_PROJECTS][UUID_SIZE];
    struct expected batch[BATCH];
    int asked;
    int64_t log_seq, said;
    struct model_flight *landed[LANDED_MAX]; /* not recorded yet, in their order */
    size_t landed_count, landed_taken;
    bool crashed;
    pthread_mutex_t lock; /* over the claims, which the store's writer brings */
    struct claimed claimed[CLAIMED_MAX];
    int claims;
    bool claim_asked;
    int64_t claim_now, claim_born_from; /* of the claim that was asked for last */
    char told[TOLD][160];
    int64_t tells;
    char problem[512];
    struct tally tally;
} w;

int64_t chance(int64_t bound); /* of the run's seed */
#define PICK(...)                                                                          \
    ((const int64_t[]){                                                                    \
        __VA_ARGS__})[chance(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))]

/* What was done, for the report of a failure; TELL=1 prints all of it. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Something is wrong: the first one counts, what comes after it follows from it. */
void blame(const char *format, ...) __attribute__((format(printf, 1, 2)));
void check(const char *problem); /* NULL: fine */
void compare_number(const char *what, int64_t real, int64_t model);

struct model_body world_read_body(const char *text, size_t len);

/* Tells the model what the store has claimed since. */
void world_take_claims(void);

extern const struct scripted_script world_network; /* by the moods */

/* Whether store and model say the same: sums and what was dropped; or each single thing. */
void compare_counts(void);
void compare_log(void);
void compare_whole(void);

#endif
