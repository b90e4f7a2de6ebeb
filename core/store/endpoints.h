/* Endpoints that are left alone for a while. A part of the contract in store.h. */
#ifndef STORE_ENDPOINTS_H
#define STORE_ENDPOINTS_H

#include "base/uuid.h"
#include "rules/breaker.h"
#include "store/store.h"

/* An endpoint that is left alone: its breaker is not closed (rules/breaker.h), or it asked
 * for it (Retry-After). */
struct endpoint_state {
    char endpoint[33];        /* keyed hash of the URL, as in struct claim */
    char alert_id[UUID_SIZE]; /* reading: one that sends there, a state for each */
    char alert_name[1024];    /* the same */
    enum breaker_state state;
    int64_t since;        /* wall ms; set by the store */
    int64_t probe_at;     /* steady ms; of OPEN */
    int64_t paused_until; /* steady ms; 0: it asked for no pause */
    char reason[160];     /* the last failure in words; writing "": as it was */
};
struct endpoint_states {
    struct endpoint_state *items;
    size_t count;
};
/* Keeps it, or forgets it when it is CLOSED and not paused, and says a change of state in
 * the log of each alert that sends there. No result. */
void store_endpoint_note(struct store *s, const struct endpoint_state *state,
                         store_done *done, void *arg);
bool store_endpoint_list(struct store_reader *r, struct endpoint_states *out,
                         struct err *err);
void endpoint_states_free(struct endpoint_states *states);

#endif
