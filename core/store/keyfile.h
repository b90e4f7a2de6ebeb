/* The files that a key is kept in, one line each: "opik-alerts-key-1:" and 64 hex digits.
 * Internal to store/. The caller wipes what it gets. Any thread. */
#ifndef STORE_KEYFILE_H
#define STORE_KEYFILE_H

#include <sodium.h>
#include <stdbool.h>

#include "base/err.h"

enum { KEY_SIZE = crypto_kdf_KEYBYTES };

/* In the order in which they are looked for. */
enum keyfile {
    KEYFILE_CREDENTIAL, /* $CREDENTIALS_DIRECTORY/opik-alerts.key, from systemd */
    KEYFILE_KEY,        /* DIR/key, mode 0600 */
    KEYFILE_NEXT,       /* DIR/key.next: of a rekey that is under way, or was cut short */
    KEYFILES
};

/* ERR_NOT_FOUND: there is none. ERR_DENIED: others can read or write it, or it is not ours. */
bool keyfile_read(const char *dir, enum keyfile which, unsigned char key[KEY_SIZE],
                  struct err *err);

/* Makes DIR/key, whole or not at all, and reads it: of processes that start at once the first
 * makes it for all. */
bool keyfile_make(const char *dir, unsigned char key[KEY_SIZE], struct err *err);

/* A new key in DIR/key.next, over what is left there. It is on disk when this returns. */
bool keyfile_make_next(const char *dir, unsigned char key[KEY_SIZE], struct err *err);

/* DIR/key.next becomes DIR/key. Fine if another process has just done it. */
bool keyfile_take_next(const char *dir, struct err *err);

#endif
