#include "store/passbox.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define PREFIX "sealed:1:"

enum {
    SALT = crypto_pwhash_SALTBYTES,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    KEY = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    VARIANT = sodium_base64_VARIANT_ORIGINAL,
};

struct passbox {
    char *passphrase;
    size_t len;
    bool has_key;
    unsigned char salt[SALT], key[KEY]; /* of has_key */
};

struct passbox *passbox_new(struct span passphrase, struct err *err)
{
    struct passbox *p = sodium_init() < 0 ? NULL : calloc(1, sizeof *p);
    if (p && !(p->passphrase = malloc(passphrase.len + 1)))
        passbox_free(&p);
    if (!p) {
        err_memory(err);
        return NULL;
    }
    memcpy(p->passphrase, passphrase.at, passphrase.len);
    p->len = passphrase.len;
    return p;
}

void passbox_free(struct passbox **pp)
{
    struct passbox *p = *pp;
    if (!p)
        return;
    if (p->passphrase)
        sodium_memzero(p->passphrase, p->len);
    free(p->passphrase);
    sodium_memzero(p, sizeof *p);
    free(p);
    *pp = NULL;
}

static bool use_salt(struct passbox *p, const unsigned char *salt, struct err *err)
{
    if (p->has_key && memcmp(p->salt, salt, SALT) == 0)
        return true;
    p->has_key = false;
    memcpy(p->salt, salt, SALT);
    if (crypto_pwhash(p->key, KEY, p->passphrase, p->len, salt,
                      crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_memory(err);
    p->has_key = true;
    return true;
}

bool passbox_seal(struct passbox *p, struct span plain, struct buf *out, struct err *err)
{
    unsigned char salt[SALT];
    size_t size = SALT + NONCE + plain.len + TAG;
    unsigned char *box = malloc(size);
    char *text = malloc(sodium_base64_ENCODED_LEN(size, VARIANT));
    bool ok = (box && text) || err_memory(err);
    randombytes_buf(salt, sizeof salt);
    ok = ok && use_salt(p, p->has_key ? p->salt : salt, err);
    if (ok) {
        memcpy(box, p->salt, SALT);
        randombytes_buf(box + SALT, NONCE);
        crypto_aead_xchacha20poly1305_ietf_encrypt(box + SALT + NONCE, NULL,
                                                   (const unsigned char *)plain.at, plain.len,
                                                   NULL, 0, NULL, box + SALT, p->key);
        sodium_bin2base64(text, sodium_base64_ENCODED_LEN(size, VARIANT), box, size, VARIANT);
        ok = (buf_add_text(out, PREFIX) && buf_add_text(out, text)) || err_memory(err);
    }
    free(box);
    free(text);
    return ok;
}

bool passbox_is_sealed(const char *text)
{
    return strncmp(text, PREFIX, strlen(PREFIX)) == 0;
}

static bool damaged(struct err *err)
{
    return err_set(err, ERR_INVALID, "a sealed secret is cut or damaged");
}

static bool decrypt(struct passbox *p, const unsigned char *box, size_t size,
                    struct buf *plain, struct err *err)
{
    size_t len = size - SALT - NONCE - TAG;
    if (!use_salt(p, box, err))
        return false;
    if (!buf_reserve(plain, len))
        return err_memory(err);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            (unsigned char *)plain->data + plain->len, NULL, NULL, box + SALT + NONCE,
            len + TAG, NULL, 0, box + SALT, p->key) != 0)
        return err_set(err, ERR_DENIED,
                       "a sealed secret does not open: is this the passphrase of its export?");
    plain->len += len;
    plain->data[plain->len] = '\0';
    return true;
}

bool passbox_open(struct passbox *p, const char *text, struct buf *plain, struct err *err)
{
    const char *coded = text + strlen(PREFIX);
    size_t size, room = strlen(coded) / 4 * 3 + 3;
    unsigned char *box = malloc(room);
    if (!box)
        return err_memory(err);
    bool ok = sodium_base642bin(box, room, coded, strlen(coded), NULL, &size, NULL, VARIANT) ==
              0;
    if (!ok || size < SALT + NONCE + TAG)
        ok = damaged(err);
    else
        ok = decrypt(p, box, size, plain, err);
    free(box);
    return ok;
}
