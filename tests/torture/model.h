/* What accepting, collecting, sending and sending again come to, said a second time and as
 * plainly as can be: no threads, no files, no plan. test_model holds the engine and the
 * store against it.
 *
 * The model does not foretell what the engine is free to choose (which of several that are
 * due goes first, the jitter, when it looks for old ones): it is told, says whether that
 * was allowed, and takes it over. All else it knows exactly. A function that judges returns
 * NULL, or what is wrong in words (static). Times are ms: steady, but for those called
 * wall. */
#ifndef TORTURE_MODEL_H
#define TORTURE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "model/delivery.h"
#include "model/outcome.h"

enum {
    MODEL_ALERTS = 8,
    MODEL_WORKSPACES = 2,
    MODEL_PROJECTS = 3, /* of each workspace, by number */
    MODEL_TYPES = 4,    /* trace:errors first; the last one knows no projects */
    MODEL_URLS = 5,
    MODEL_EVENTS = 64, /* of a bucket */
};

struct model_alert {
    bool exists, enabled;
    char id[UUID_SIZE];
    int workspace, url;
    bool wants[MODEL_TYPES];
    unsigned scope[MODEL_TYPES]; /* a bit for each project; ~0: all */
};

struct model_bucket {
    bool open;
    int events[MODEL_EVENTS], kept, truncated;
    int64_t opened_at, due_at;
};

struct model_delivery {
    struct model_delivery *prev, *next;
    char id[UUID_SIZE]; /* empty: not seen yet */
    char alert_id[UUID_SIZE];
    int alert; /* -1: deleted since */
    int type, events[MODEL_EVENTS], kept, truncated;
    int64_t number; /* in the order of closing, from 1 */
    enum delivery_state state;
    int tries, attempts; /* since it was made or replayed; in all */
    int64_t created_wall, born_at, next_at;
    int status;
    char reason[160];
    uint64_t body; /* a hash; 0: not seen yet */
    int claimed,
        claimed_url; /* the try that it was claimed for and is not sent yet; 0: none */
    bool orphan; /* it was ended with an attempt under way, whose outcome is not known yet */
};

struct model_flight {
    struct model_flight *prev, *next;
    struct model_delivery *delivery; /* NULL: purged since */
    int url, n;
    bool probe;
    int64_t born_at;
};

struct model_endpoint {
    size_t sending;
    bool slow;
    int64_t paused_until, rate_at;
    enum { MODEL_CLOSED, MODEL_OPEN, MODEL_RAMP } breaker;
    int failures, distinct;
    int64_t seen[5], first_failure_at, probe_at, probe_wait;
    size_t slots; /* of the ramp */
};

struct model_policy {
    int retries;
    int64_t initial_ms, max_delay_ms, max_age_ms;
    size_t concurrency, per_endpoint;
    int64_t rate;
};

struct model {
    int64_t now, wall;
    int64_t window_ms;
    int bucket_events;
    struct model_policy policy;
    int64_t policy_at; /* since when */
    struct model_alert alerts[MODEL_ALERTS];
    struct model_bucket buckets[MODEL_ALERTS][MODEL_TYPES];
    struct model_delivery *open, *ended; /* lists */
    struct model_flight *flights;
    struct model_endpoint endpoints[MODEL_URLS];
    int64_t made, sending; /* deliveries ever; flights */
    int64_t accepted, dropped, waiting, open_buckets;
    int64_t said; /* dropped with a row of the log */
    int64_t deliveries[DELIVERY_DEAD + 1], events[DELIVERY_DEAD + 1];
};

void model_free(struct model *m);

/* People and SDKs. */
int model_event(struct model *m, int workspace, int type, int project, int n); /* pairs */
void model_put(struct model *m, int slot, const struct model_alert *a);
void model_enable(struct model *m, int slot, bool enabled);
void model_delete(struct model *m, int slot);
bool model_send_now(struct model *m, int slot, int type); /* whether there was one */
bool model_replay(struct model *m, struct model_delivery *d, int64_t spacing_ms,
                  int64_t before);

/* A delivery as a claim or a row shows it. */
struct model_body {
    char id[UUID_SIZE], alert_id[UUID_SIZE];
    int events[MODEL_EVENTS], kept, truncated;
    uint64_t hash;
};

/* Steps of the engine on the store. */
void model_close_due(struct model *m, int64_t now);
void model_expire(struct model *m, int64_t before);
/* Whether a claim of that time might find one that ends, made before born_from; and one
 * that it did find. */
bool model_has_stale(const struct model *m, int64_t now, int64_t born_from);
const char *model_ended_stale(struct model *m, const struct model_body *b, int64_t now,
                              int64_t born_from);
void model_purge(struct model *m, int64_t before_wall, int64_t limit);
void model_recover(struct model *m);
void model_restart(struct model *m); /* what an engine holds in memory is gone */

struct model_delivery *model_find(struct model *m, const struct model_body *b);
const char *model_claim(struct model *m, const struct model_body *b, int n);
void model_give_back(struct model *m, const char *id, int64_t next_at);

/* A request begins, and ends with what the engine made of it. */
const char *model_start(struct model *m, const struct model_body *b, int url,
                        struct model_flight **out);
struct model_verdict {
    int n;
    enum delivery_state state;
    int64_t next_at;
    const char *reason;
};
const char *model_land(struct model *m, struct model_flight *f, const struct outcome *o,
                       const struct model_verdict *v);

/* Something that waits though it is too old. */
struct model_delivery *model_too_old(const struct model *m);
/* Something that should be under way and is not; NULL: none. */
struct model_delivery *model_overdue(const struct model *m);
/* When the next thing should happen by itself; INT64_MAX: never. */
int64_t model_next(const struct model *m);

/* The endpoints, for the rest of the model (model_endpoint.c). */
bool model_may_start(const struct model *m, const struct model_endpoint *e);
bool model_is_failure(const struct outcome *o);
void model_tell_endpoint(struct model *m, const struct model_flight *f,
                         const struct outcome *o, int64_t delivery);

#endif
