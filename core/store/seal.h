/* Secrets at rest: XChaCha20-Poly1305 (libsodium) under a key that is a systemd credential or a
 * file of mode 0600 in the data directory (keyfile.h). `context` (the id of the row) is the
 * associated data, so that a sealed value moved to another row does not open. There is no
 * default key. Any thread after sealer_open(), also while another changes the key. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct sealer;

enum sealer_mode {
    SEALER_MAKE, /* makes a key when there is none */
    SEALER_KEEP, /* then it is ERR_NOT_FOUND */
    SEALER_LOOK, /* the same, and no file is changed at all */
};

/* With the credential, or else DIR/key. ERR_DENIED for a key that others can read or write or
 * that is not ours. */
struct sealer *sealer_open(const char *dir, enum sealer_mode mode, struct err *err);
void sealer_close(struct sealer **s); /* wipes the key */

/* A name of the key, which tells nothing of it. */
void sealer_id(const struct sealer *s, char out[33]);

/* A new key, in DIR/key.next for now. For whoever holds the engine's lock. ERR_UNSUPPORTED: the
 * key is a credential, which is not ours to write. */
struct sealer *sealer_next(const struct sealer *s, struct err *err);

/* `s` has the key of `other` from now on, in memory. */
void sealer_take(struct sealer *s, const struct sealer *other);

/* `s` has the key of that id from now on, wherever it lies; what lies in DIR/key.next becomes
 * DIR/key, except for SEALER_LOOK. ERR_DENIED: it lies nowhere. */
bool sealer_adopt(struct sealer *s, const char id[33], struct err *err);

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
