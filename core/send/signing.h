/* Signatures of webhooks after Standard Webhooks 1.0.0 (webhook-id, webhook-timestamp,
 * webhook-signature), and the life of their secrets. HMAC-SHA256 over "id.timestamp.body", the
 * exact bytes sent. Memory that held a key is wiped. */
#ifndef SEND_SIGNING_H
#define SEND_SIGNING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/alert.h"
#include "send/send.h"

enum { SIGNING_OVERLAP_MS = 24 * 3600 * 1000 };

/* Makes ready what is about to be stored in the place of `stored` (NULL: nothing):
 * - a signing_secret "generate" becomes a new one, from the kernel's randomness;
 * - where the secret changed, the old one becomes signing_previous and signs beside it until
 *   signing_previous_until; both members win where they were given anew;
 * - a previous secret without an end gets one, SIGNING_OVERLAP_MS from now; one whose end has
 *   come, or that has nothing to sign beside, is dropped.
 * False: no memory. */
bool signing_settle(struct alert *next, const struct alert *stored, int64_t now);

/* The previous secret of an alert while it still signs at `now`; NULL: none. Borrowed. */
const char *signing_previous(const struct alert *a, int64_t now);

/* Why this cannot be signed; NULL: it can, or there is no secret. */
const char *signing_problem(const struct send_signing *s);

/* The value of webhook-timestamp: seconds since 1970. */
void signing_stamp(const struct send_signing *s, char out[24]);

/* Appends the value of webhook-signature: "v1,BASE64", twice where both secrets sign. A
 * body that is given in pieces is read for it. */
bool signing_value(const struct send_request *r, struct buf *out);

#endif
