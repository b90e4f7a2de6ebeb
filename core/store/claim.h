/* Deliveries that are claimed: what is asked of the store, and what it gives. A part of store.h. */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "model/alert.h"
#include "model/event.h"

/* A delivery under way: what is needed for one request. `alert` is the alert as it is now, with
 * its secrets. */
struct claim {
    char id[UUID_SIZE];
    int64_t row;             /* the store's own number for it */
    char alert_id[UUID_SIZE];
    char endpoint[33];       /* keyed hash of the URL */
    enum event_type type;
    int n;                   /* the attempt that this will be, from 1 */
    int64_t created_at;      /* steady ms */
    struct alert alert;
    /* With the alert's routing key where it belongs into it. NULL with a body_len: it is
     * long, and read by store_body_part(). */
    char *body;
    size_t body_len;
    bool body_is_secret; /* it holds a routing key */
};
struct claims {
    struct claim *items;
    size_t count;
};
void claim_free(struct claim *c); /* what it holds, secrets wiped */

/* How many an endpoint (keyed hash) takes now. */
struct claim_room {
    char endpoint[33];
    size_t room;
};
struct claim_wish {
    int64_t now, limit;
    bool newest;                    /* those that became due last, in place of the oldest */
    size_t each;                    /* for one endpoint, */
    const struct claim_room *rooms; /* but for these; copied */
    size_t room_count;
    int64_t born_from; /* what is older (steady ms) ends: it is too old to send */
};

/* What store_close_claim() did. */
struct closed {
    int64_t count; /* of buckets */
    struct claims claims;
};

#endif
