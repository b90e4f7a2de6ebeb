/* Undoes gzip (RFC 1952) in pieces, with a limit on what comes out. One thread at a time.
 */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct inflate;

struct inflate *inflate_new(struct err *err);
void inflate_free(struct inflate **z);

/* Feeds compressed bytes; what comes out is appended to `out`, whose max is the limit.
 * ERR_TOO_LARGE over it, ERR_INVALID for bad data or bytes after the end. */
bool inflate_feed(struct inflate *z, struct span in, struct buf *out, struct err *err);

/* Whether the stream came to its end; call after the last piece. */
bool inflate_finished(const struct inflate *z);

#endif
