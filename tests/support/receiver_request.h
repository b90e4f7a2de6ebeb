/* The requests that a receiver takes. Internal to it; receiver_header() and
 * receiver_header_count() of receiver.h stand here too. */
#ifndef SUPPORT_RECEIVER_REQUEST_H
#define SUPPORT_RECEIVER_REQUEST_H

#include "base/buf.h"
#include "support/receiver.h"

/* Takes a whole request out of what came, or, where `early`, one whose headers are whole,
 * with what is there of its body. NULL: none yet. The caller sets its connection. */
struct receiver_request *receiver_request_take(struct buf *in, bool early);

void receiver_request_empty(struct receiver_request *q); /* frees its texts */
void receiver_request_free(struct receiver_request *q);

#endif
