/* Secrets that leave the machine in a file: sealed under a passphrase (libsodium: Argon2id for
 * the key, XChaCha20-Poly1305 for the text). One thread. */
#ifndef STORE_PASSBOX_H
#define STORE_PASSBOX_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct passbox;

/* The passphrase is copied. Making a key takes about a tenth of a second and 64 MiB. */
struct passbox *passbox_new(struct span passphrase, struct err *err);
void passbox_free(struct passbox **p); /* wipes */

/* Appends "sealed:1:" and base64 of salt, nonce and ciphertext. All that one box seals share
 * a salt, so that the key is made once. */
bool passbox_seal(struct passbox *p, struct span plain, struct buf *out, struct err *err);

/* Whether a text is such a one; and its secret, which the caller wipes. ERR_DENIED: another
 * passphrase, or the text was changed. */
bool passbox_is_sealed(const char *text);
bool passbox_open(struct passbox *p, const char *text, struct buf *plain, struct err *err);

#endif
