/* An engine on a real store with a driven clock, and a receiver for what it sends. */
#ifndef SUPPORT_RIG_H
#define SUPPORT_RIG_H

#include "engine/engine.h"
#include "support/receiver.h"
#include "support/steps.h"

#define RIG_DEADLINE_MS 20000 /* longer than anything here takes */

struct rig {
    struct store_fixture store;
    struct receiver *receiver;
    struct engine *engine;
    struct engine_policy
        policy; /* the defaults of the settings, time-outs of 5 s and 2 s */
    uint64_t seed;
    const char *ca_file; /* NULL: the system's; for rig_start() */
    char url[128];
};

/* All abort the test program when they cannot. */
void rig_make(struct rig *r); /* the engine included */
void rig_remove(struct rig *r);
/* The same for cmocka: *state is a struct rig. */
int rig_set_up(void **state);
int rig_tear_down(void **state);
void rig_start(struct rig *r); /* engine_new() by policy and seed */
void rig_stop(struct rig *r, int64_t grace_ms);

/* An alert on that URL for one event type; id gets its id. */
void rig_alert(struct rig *r, const char *url, char id[UUID_SIZE]);
void rig_alert_of(struct rig *r, const char *url, enum event_type type, char id[UUID_SIZE]);
void rig_change_url(struct rig *r, const char *id, const char *url, const char *token);

void rig_event(struct rig *r); /* of rig_alert()'s type: one fact, accepted */
void rig_event_of(struct rig *r, enum event_type type);

int64_t rig_now(struct rig *r);
void rig_advance(struct rig *r, int64_t ms);

/* Turns until all that is due now has been asked, answered and started. Does not wait for
 * answers of the network. */
void rig_pump(struct rig *r);

/* Pumps until so many deliveries are in that state, or so many requests have arrived. */
void rig_until_state(struct rig *r, enum delivery_state state, int64_t count);
void rig_until_requests(struct rig *r, size_t count);
void rig_until_sending(struct rig *r, size_t count); /* requests under way */

int64_t rig_count(struct rig *r, enum delivery_state state);

/* Events for each alert, then their window ends. */
void rig_close_one(struct rig *r);

/* The only delivery, or the newest, whole; the caller frees it. */
struct delivery rig_delivery(struct rig *r);

#endif
