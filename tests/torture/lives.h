/* Lives of opik-alerts in a siege, for test_steps: what goes on up to a named step of the
 * plan (kill_plan.h), at which the process that serves, or a verb beside it, is to kill
 * itself. Failures fail the test: a step never reached proves nothing. One thread. */
#ifndef TORTURE_LIVES_H
#define TORTURE_LIVES_H

#include "support/siege.h"

enum {
    LIFE_MS = 60,
    LOADED_MS = 250, /* until things are delivered, too */
};

struct point {
    const char *name;
    int64_t calls; /* it ends at one of the first so many; of two, at each in turn */
    void (*life)(struct siege *s, const struct point *point,
                 int64_t count); /* up to the end, at that call; nobody serves then */
};
struct points {
    const struct point *items;
    size_t count;
};
extern const struct points lives_events;  /* on the way of an event */
extern const struct points lives_changes; /* by a person */
extern const struct points lives_purges;  /* of old deliveries */

/* Below `bound`, of the siege's seed. */
int64_t lives_chance(struct siege *s, int64_t bound);
void lives_rest_ms(int64_t ms);

/* A `serve` without a plan, which listens; for siege_kill(). */
struct run_child *lives_serve(struct siege *s);
/* One that ends at that call of the step; it may end before it listens. */
void lives_serve_until(struct siege *s, const char *step, int64_t count);
/* A verb that does; another process may serve. */
void lives_run_until(const struct program *p, const char *step, int64_t count,
                     const char *words);
/* Ends it in order, so that all is in the one file; *c is freed and NULL then. */
void lives_stop(struct siege *s, struct run_child **c);

#endif
