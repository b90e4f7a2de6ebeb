/* What a claim is made of. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_CLAIM_H
#define SQLITE_CLAIM_H

#include "store/delivering.h"
#include "store/sqlite/writer.h"

enum { CLAIM_BODY = 64 << 10 }; /* that a claim holds whole, unless it takes a routing key */

/* Fills c->alert by c->alert_id, with its secrets. *why: why it can never be sent; code 0: it
 * can. */
bool claim_read_alert(struct tx *tx, struct claim *c, struct err *why, struct err *err);

/* Whether the claim holds this body, or whoever sends it reads it from the store. */
bool claim_holds(struct span body);

/* The routing key of c->alert goes into c->body, where that wants one. */
bool claim_add_key(struct claim *c, struct err *err);

#endif
