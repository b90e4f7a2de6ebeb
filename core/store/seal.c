#include "store/seal.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "store/keyfile.h"

#define FORMAT      1
#define NONCE_SIZE  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE    crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_SIZE   (1 + NONCE_SIZE)
#define HASH_SIZE   16

enum subkey { SUBKEY_SEAL = 1, SUBKEY_HASH = 2 };

struct keys {
    unsigned char seal[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    unsigned char hash[crypto_generichash_KEYBYTES];
    bool from_credential; /* which the process cannot write */
};

struct sealer {
    struct keys keys;      /* under the lock */
    pthread_rwlock_t *lock;
    char *dir;
    enum sealer_mode mode;
};

_Static_assert(HASH_SIZE >= crypto_generichash_BYTES_MIN, "a hash libsodium can make");

/* ---------------------------------------------------------------- the sealer */

static void derive(struct keys *k, const unsigned char key[KEY_SIZE])
{
    static const char name[crypto_kdf_CONTEXTBYTES] = {'o', 'p', 'i', 'k',
                                                       'a', 'l', 'r', 't'};
    crypto_kdf_derive_from_key(k->seal, sizeof k->seal, SUBKEY_SEAL, name, key);
    crypto_kdf_derive_from_key(k->hash, sizeof k->hash, SUBKEY_HASH, name, key);
}

/* A copy of the keys, which the caller wipes: nobody computes under the lock. */
static struct keys keys_of(const struct sealer *s)
{
    pthread_rwlock_rdlock(s->lock);
    struct keys copy = s->keys;
    pthread_rwlock_unlock(s->lock);
    return copy;
}

static void set_keys(struct sealer *s, const struct keys *keys)
{
    pthread_rwlock_wrlock(s->lock);
    s->keys = *keys;
    pthread_rwlock_unlock(s->lock);
}

/* Without a key yet. */
static struct sealer *new_sealer(const char *dir, enum sealer_mode mode, struct err *err)
{
    struct sealer *s = calloc(1, sizeof *s);
    if (s) {
        sodium_mlock(s, sizeof *s); /* may be refused by a limit; then it could be swapped */
        s->mode = mode;
        s->dir = strdup(dir);
        s->lock = malloc(sizeof *s->lock);
        if (s->lock)
            pthread_rwlock_init(s->lock, NULL);
    }
    if (s && s->dir && s->lock)
        return s;
    sealer_close(&s);
    err_memory(err);
    return NULL;
}

static bool load_key(struct sealer *s, unsigned char key[KEY_SIZE], struct err *err)
{
    struct err own = {0};
    s->keys.from_credential = keyfile_read(s->dir, KEYFILE_CREDENTIAL, key, &own);
    if (s->keys.from_credential)
        return true;
    bool done = false;
    if (own.code == ERR_NOT_FOUND)
        done = keyfile_read(s->dir, KEYFILE_KEY, key, &own);
    if (!done && own.code == ERR_NOT_FOUND && s->mode == SEALER_MAKE)
        done = keyfile_make(s->dir, key, &own);
    return done || err_set(err, own.code, "%s", own.text);
}

struct sealer *sealer_open(const char *dir, enum sealer_mode mode, struct err *err)
{
    unsigned char key[KEY_SIZE];
    if (sodium_init() < 0) {
        err_set(err, ERR_IO, "libsodium does not start on this machine");
        return NULL;
    }
    struct sealer *s = new_sealer(dir, mode, err);
    if (s && load_key(s, key, err))
        derive(&s->keys, key);
    else
        sealer_close(&s);
    sodium_memzero(key, sizeof key);
    return s;
}

void sealer_close(struct sealer **sp)
{
    struct sealer *s = *sp;
    if (!s)
        return;
    if (s->lock)
        pthread_rwlock_destroy(s->lock);
    free(s->lock);
    free(s->dir);
    sodium_munlock(s, sizeof *s); /* overwrites it, locked or not */
    free(s);
    *sp = NULL;
}

/* ---------------------------------------------------------------- changing the key */

static void id_of(const struct keys *k, char out[33])
{
    static const unsigned char text[] = "opik-alerts key id";
    unsigned char hash[HASH_SIZE];
    crypto_generichash(hash, sizeof hash, text, sizeof text - 1, k->hash, sizeof k->hash);
    sodium_bin2hex(out, 33, hash, sizeof hash);
}

void sealer_id(const struct sealer *s, char out[33])
{
    struct keys k = keys_of(s);
    id_of(&k, out);
    sodium_memzero(&k, sizeof k);
}

struct sealer *sealer_next(const struct sealer *s, struct err *err)
{
    unsigned char key[KEY_SIZE];
    struct keys now = keys_of(s);
    bool from_credential = now.from_credential;
    sodium_memzero(&now, sizeof now);
    if (from_credential) {
        err_set(err, ERR_UNSUPPORTED,
                "the key is a systemd credential, which opik-alerts cannot write: put it back "
                "as the file `key` of the data directory (mode 0600) and rekey without it");
        return NULL;
    }
    struct sealer *next = new_sealer(s->dir, s->mode, err);
    if (next && keyfile_make_next(s->dir, key, err))
        derive(&next->keys, key);
    else
        sealer_close(&next);
    sodium_memzero(key, sizeof key);
    return next;
}

void sealer_take(struct sealer *s, const struct sealer *other)
{
    struct keys k = keys_of(other);
    set_keys(s, &k);
    sodium_memzero(&k, sizeof k);
}

/* Whether the key in that file has the id; then the sealer gets it. */
static bool try_file(struct sealer *s, enum keyfile which, const char id[33])
{
    unsigned char key[KEY_SIZE];
    struct keys k;
    char found[33];
    if (!keyfile_read(s->dir, which, key, NULL))
        return false;
    derive(&k, key);
    k.from_credential = which == KEYFILE_CREDENTIAL;
    id_of(&k, found);
    bool same = strcmp(found, id) == 0;
    if (same)
        set_keys(s, &k);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&k, sizeof k);
    return same;
}

/* Another process may take DIR/key.next away between two looks, so there is a second round. */
bool sealer_adopt(struct sealer *s, const char id[33], struct err *err)
{
    for (int i = 0; i < 2 * KEYFILES; i++) {
        enum keyfile which = (enum keyfile)(i % KEYFILES);
        if (!try_file(s, which, id))
            continue;
        return which != KEYFILE_NEXT || s->mode == SEALER_LOOK || keyfile_take_next(s->dir, err);
    }
    return err_set(err, ERR_DENIED,
                   "the key file is not the one that this store is sealed with; bring that "
                   "one back from a backup, without it stored secrets are lost");
}

/* ---------------------------------------------------------------- values */

bool seal(const struct sealer *s, const char *context, struct span plain, struct buf *out)
{
    unsigned long long len;
    if (plain.len > BUF_UNLIMITED)
        return false;
    unsigned char *sealed = malloc(HEAD_SIZE + plain.len + TAG_SIZE);
    if (!sealed)
        return false;
    struct keys k = keys_of(s);
    sealed[0] = FORMAT;
    randombytes_buf(sealed + 1, NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed + HEAD_SIZE, &len, (const unsigned char *)plain.at, plain.len,
        (const unsigned char *)context, strlen(context), NULL, sealed + 1, k.seal);
    sodium_memzero(&k, sizeof k);
    bool done = buf_add(out, sealed, HEAD_SIZE + (size_t)len);
    free(sealed);
    return done;
}

bool unseal(const struct sealer *s, const char *context, struct span sealed,
            struct buf *plain, struct err *err)
{
    const unsigned char *bytes = (const unsigned char *)sealed.at;
    unsigned long long len;
    if (sealed.len > 0 && bytes[0] != FORMAT)
        return err_set(err, ERR_UNSUPPORTED,
                       "a stored secret has a format of a newer opik-alerts");
    if (sealed.len < HEAD_SIZE + TAG_SIZE)
        return err_set(err, ERR_DENIED, "a stored secret is damaged");
    size_t size = sealed.len - HEAD_SIZE - TAG_SIZE;
    unsigned char *text = malloc(size + 1);
    if (!text)
        return err_memory(err);
    struct keys k = keys_of(s);
    bool opened =
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            text, &len, NULL, bytes + HEAD_SIZE, sealed.len - HEAD_SIZE,
            (const unsigned char *)context, strlen(context), bytes + 1, k.seal) == 0;
    sodium_memzero(&k, sizeof k);
    bool done = opened && buf_add(plain, text, size);
    sodium_memzero(text, size);
    free(text);
    if (!opened)
        return err_set(
            err, ERR_DENIED,
            "a stored secret does not open: it was changed, or the key file of the "
            "data directory is not the one it was sealed with");
    return done || err_memory(err);
}

void seal_hash(const struct sealer *s, struct span text, char out[33])
{
    unsigned char hash[HASH_SIZE];
    struct keys k = keys_of(s);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)text.at, text.len, k.hash,
                       sizeof k.hash);
    sodium_memzero(&k, sizeof k);
    sodium_bin2hex(out, 33, hash, sizeof hash);
}
