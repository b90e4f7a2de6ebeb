/* Secrets at rest: XChaCha20-Poly1305 (libsodium) under a key file of mode 0600 in the data
 * directory. `context` (the id of the row) is the associated data, so that a sealed value
 * moved to another row does not open. There is no default key. Any thread after
 * sealer_open(). */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct sealer;

/* Reads DIR/key, or makes it when there is none (with read_only: ERR_NOT_FOUND). ERR_DENIED
 * for a key that others can read or write or that is not ours. Processes that start at once
 * agree on one key. The file is one line: "opik-alerts-key-1:" and 64 hex digits. */
struct sealer *sealer_open(const char *dir, bool read_only, struct err *err);
void sealer_close(struct sealer **s); /* wipes the key */

/* Appends to `out`. A sealed value is a format byte (1), the nonce, and the ciphertext with
 * its tag. False: no memory. */
bool seal(const struct sealer *s, const char *context, struct span plain, struct buf *out);

/* Appends to `plain`, which the caller wipes. ERR_DENIED: it was changed, belongs to
 * another context, or the key is another; ERR_UNSUPPORTED: a format of a newer program. */
bool unseal(const struct sealer *s, const char *context, struct span sealed,
            struct buf *plain, struct err *err);

/* A keyed hash as 32 hex characters: an endpoint's name where its URL must not stand. */
void seal_hash(const struct sealer *s, struct span text, char out[33]);

#endif
