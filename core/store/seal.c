#include "store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/datadir.h"
#include "store/file.h"

#define KEY_NAME    "key"
#define KEY_PREFIX  "opik-alerts-key-1:"
#define PREFIX_SIZE (sizeof KEY_PREFIX - 1)
#define KEY_SIZE    crypto_kdf_KEYBYTES
#define HEX_SIZE    (2 * KEY_SIZE)
#define FILE_SIZE   (PREFIX_SIZE + HEX_SIZE + 1)
#define FORMAT      1
#define NONCE_SIZE  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE    crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_SIZE   (1 + NONCE_SIZE)
#define HASH_SIZE   16

enum subkey { SUBKEY_SEAL = 1, SUBKEY_HASH = 2 };

struct sealer {
    unsigned char seal[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    unsigned char hash[crypto_generichash_KEYBYTES];
};

_Static_assert(HASH_SIZE >= crypto_generichash_BYTES_MIN, "a hash libsodium can make");

/* ---------------------------------------------------------------- the key file */

static bool parse_key(const char *text, size_t len, unsigned char key[KEY_SIZE])
{
    size_t got;
    return len == FILE_SIZE && memcmp(text, KEY_PREFIX, PREFIX_SIZE) == 0 &&
           text[len - 1] == '\n' &&
           sodium_hex2bin(key, KEY_SIZE, text + PREFIX_SIZE, HEX_SIZE, NULL, &got, NULL) ==
               0 &&
           got == KEY_SIZE;
}

static bool check_private(int fd, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return file_err(err, "read", KEY_NAME);
    if (st.st_mode & 077)
        return err_set(
            err, ERR_DENIED,
            "the key file of the data directory can be read or written by others; "
            "chmod 600 it, and replace the secrets it protects");
    return true;
}

static bool read_key(int dir, unsigned char key[KEY_SIZE], struct err *err)
{
    char text[FILE_SIZE + 1];
    int fd = file_open(dir, KEY_NAME, O_RDONLY, err);
    if (fd < 0)
        return false;
    bool done = check_private(fd, err);
    if (done) {
        long len = file_read(fd, text, sizeof text);
        done = len < 0
                   ? file_err(err, "read", KEY_NAME)
                   : parse_key(text, (size_t)len, key) ||
                         err_set(err, ERR_INVALID,
                                 "the key file of the data directory is damaged; bring it "
                                 "back from a backup, without it stored secrets are lost");
        sodium_memzero(text, sizeof text);
    }
    close(fd);
    return done;
}

static bool write_key(int fd, struct err *err)
{
    unsigned char key[KEY_SIZE];
    char text[FILE_SIZE + 1];
    crypto_kdf_keygen(key);
    memcpy(text, KEY_PREFIX, PREFIX_SIZE);
    sodium_bin2hex(text + PREFIX_SIZE, HEX_SIZE + 1, key, sizeof key);
    text[FILE_SIZE - 1] = '\n';
    bool done = fchmod(fd, 0600) == 0 && file_write(fd, (struct span){text, FILE_SIZE}) &&
                fsync(fd) == 0;
    if (!done)
        file_err(err, "write", KEY_NAME);
    sodium_memzero(key, sizeof key);
    sodium_memzero(text, sizeof text);
    return done;
}

/* Whole or not at all, and never over another process's key: the first link() wins. */
static bool make_key(int dir, struct err *err)
{
    unsigned char random[8];
    char suffix[2 * sizeof random + 1], name[sizeof suffix + 8];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(suffix, sizeof suffix, random, sizeof random);
    snprintf(name, sizeof name, KEY_NAME ".%s", suffix);
    int fd = file_open(dir, name, O_WRONLY | O_CREAT | O_EXCL, err);
    if (fd < 0)
        return false;
    bool done = write_key(fd, err);
    close(fd);
    if (done && linkat(dir, name, dir, KEY_NAME, 0) != 0 && errno != EEXIST)
        done = file_err(err, "make", KEY_NAME);
    unlinkat(dir, name, 0);
    if (done && fsync(dir) != 0)
        done = file_err(err, "save", KEY_NAME);
    return done;
}

static bool load_key(const char *path, bool read_only, unsigned char key[KEY_SIZE],
                     struct err *err)
{
    struct err own = {0};
    int dir = datadir_open(path, err);
    if (dir < 0)
        return false;
    bool done = read_key(dir, key, &own);
    if (!done && own.code == ERR_NOT_FOUND && !read_only)
        done = make_key(dir, &own) && read_key(dir, key, &own);
    close(dir);
    if (!done && err)
        *err = own;
    return done;
}

/* ---------------------------------------------------------------- the sealer */

static void derive(struct sealer *s, const unsigned char key[KEY_SIZE])
{
    static const char name[crypto_kdf_CONTEXTBYTES] = {'o', 'p', 'i', 'k',
                                                       'a', 'l', 'r', 't'};
    crypto_kdf_derive_from_key(s->seal, sizeof s->seal, SUBKEY_SEAL, name, key);
    crypto_kdf_derive_from_key(s->hash, sizeof s->hash, SUBKEY_HASH, name, key);
}

struct sealer *sealer_open(const char *dir, bool read_only, struct err *err)
{
    unsigned char key[KEY_SIZE];
    if (sodium_init() < 0) {
        err_set(err, ERR_IO, "libsodium does not start on this machine");
        return NULL;
    }
    if (!load_key(dir, read_only, key, err))
        return NULL;
    struct sealer *s = calloc(1, sizeof *s);
    if (s) {
        sodium_mlock(s,
                     sizeof *s); /* may be refused by a limit; then it could be swapped */
        derive(s, key);
    } else {
        err_memory(err);
    }
    sodium_memzero(key, sizeof key);
    return s;
}

void sealer_close(struct sealer **s)
{
    if (!*s)
        return;
    sodium_munlock(*s, sizeof **s); /* overwrites it, locked or not */
    free(*s);
    *s = NULL;
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
    sealed[0] = FORMAT;
    randombytes_buf(sealed + 1, NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed + HEAD_SIZE, &len, (const unsigned char *)plain.at, plain.len,
        (const unsigned char *)context, strlen(context), NULL, sealed + 1, s->seal);
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
    bool opened =
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            text, &len, NULL, bytes + HEAD_SIZE, sealed.len - HEAD_SIZE,
            (const unsigned char *)context, strlen(context), bytes + 1, s->seal) == 0;
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
    crypto_generichash(hash, sizeof hash, (const unsigned char *)text.at, text.len, s->hash,
                       sizeof s->hash);
    sodium_bin2hex(out, 33, hash, sizeof hash);
}
