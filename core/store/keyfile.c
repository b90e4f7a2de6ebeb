#include "store/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/datadir.h"
#include "store/file.h"

#define KEY_NAME        "key"
#define NEXT_NAME       "key.next"
#define CREDENTIAL_NAME "opik-alerts.key"
#define KEY_PREFIX      "opik-alerts-key-1:"
#define PREFIX_SIZE     (sizeof KEY_PREFIX - 1)
#define HEX_SIZE        (2 * KEY_SIZE)
#define FILE_SIZE       (PREFIX_SIZE + HEX_SIZE + 1)

/* ---------------------------------------------------------------- reading */

static bool parse_key(const char *text, size_t len, unsigned char key[KEY_SIZE])
{
    size_t got;
    return len == FILE_SIZE && memcmp(text, KEY_PREFIX, PREFIX_SIZE) == 0 &&
           text[len - 1] == '\n' &&
           sodium_hex2bin(key, KEY_SIZE, text + PREFIX_SIZE, HEX_SIZE, NULL, &got, NULL) ==
               0 &&
           got == KEY_SIZE;
}

static bool read_from(int fd, const char *name, unsigned char key[KEY_SIZE], struct err *err)
{
    char text[FILE_SIZE + 1];
    long len = file_read(fd, text, sizeof text);
    bool done = len < 0 ? file_err(err, "read", name)
                        : parse_key(text, (size_t)len, key) ||
                              err_set(err, ERR_INVALID,
                                      "the key file of the data directory is damaged; bring it "
                                      "back from a backup, without it stored secrets are lost");
    sodium_memzero(text, sizeof text);
    return done;
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

static bool read_own(const char *dir, const char *name, unsigned char key[KEY_SIZE],
                     struct err *err)
{
    int parent = datadir_open(dir, err);
    if (parent < 0)
        return false;
    int fd = file_open(parent, name, O_RDONLY, err);
    close(parent);
    if (fd < 0)
        return false;
    bool done = check_private(fd, err) && read_from(fd, name, key, err);
    close(fd);
    return done;
}

/* systemd gives the file to root and lets us read it by an access list, which shows as bits of
 * the group. */
static bool check_credential(int fd, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return file_err(err, "read", CREDENTIAL_NAME);
    if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
        st.st_mode & (S_IWGRP | S_IRWXO))
        return err_set(err, ERR_DENIED,
                       "the credential " CREDENTIAL_NAME
                       " can be read or written by others, or is no plain file of ours");
    return true;
}

static bool read_credential(unsigned char key[KEY_SIZE], struct err *err)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[4096];
    if (!dir || dir[0] != '/' ||
        snprintf(path, sizeof path, "%s/" CREDENTIAL_NAME, dir) >= (int)sizeof path)
        return err_set(err, ERR_NOT_FOUND, "there is no credential " CREDENTIAL_NAME);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return file_err(err, "open the credential", path);
    bool done = check_credential(fd, err) && read_from(fd, CREDENTIAL_NAME, key, err);
    close(fd);
    return done;
}

bool keyfile_read(const char *dir, enum keyfile which, unsigned char key[KEY_SIZE],
                  struct err *err)
{
    if (which == KEYFILE_CREDENTIAL)
        return read_credential(key, err);
    return read_own(dir, which == KEYFILE_KEY ? KEY_NAME : NEXT_NAME, key, err);
}

/* ---------------------------------------------------------------- making */

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

/* A new key in a file of a name of its own, so that nobody meets half of one. */
static bool write_aside(int dir, char *name, size_t size, struct err *err)
{
    unsigned char random[8];
    char suffix[2 * sizeof random + 1];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(suffix, sizeof suffix, random, sizeof random);
    snprintf(name, size, KEY_NAME ".%s", suffix);
    int fd = file_open(dir, name, O_WRONLY | O_CREAT | O_EXCL, err);
    if (fd < 0)
        return false;
    bool done = write_key(fd, err);
    close(fd);
    if (!done)
        unlinkat(dir, name, 0);
    return done;
}

static bool save_dir(int dir, struct err *err)
{
    return fsync(dir) == 0 || file_err(err, "save", KEY_NAME);
}

/* Never over another process's key: the first link() wins. */
bool keyfile_make(const char *path, unsigned char key[KEY_SIZE], struct err *err)
{
    char name[48];
    int dir = datadir_open(path, err);
    if (dir < 0)
        return false;
    bool done = write_aside(dir, name, sizeof name, err);
    if (done) {
        if (linkat(dir, name, dir, KEY_NAME, 0) != 0 && errno != EEXIST)
            done = file_err(err, "make", KEY_NAME);
        unlinkat(dir, name, 0);
        done = done && save_dir(dir, err);
    }
    close(dir);
    return done && keyfile_read(path, KEYFILE_KEY, key, err);
}

bool keyfile_make_next(const char *path, unsigned char key[KEY_SIZE], struct err *err)
{
    char name[48];
    int dir = datadir_open(path, err);
    if (dir < 0)
        return false;
    bool done = write_aside(dir, name, sizeof name, err);
    if (done && renameat(dir, name, dir, NEXT_NAME) != 0) {
        done = file_err(err, "make", NEXT_NAME);
        unlinkat(dir, name, 0);
    }
    done = done && save_dir(dir, err);
    close(dir);
    return done && keyfile_read(path, KEYFILE_NEXT, key, err);
}

bool keyfile_take_next(const char *path, struct err *err)
{
    int dir = datadir_open(path, err);
    if (dir < 0)
        return false;
    bool done = renameat(dir, NEXT_NAME, dir, KEY_NAME) == 0 || errno == ENOENT ||
                file_err(err, "replace", KEY_NAME);
    done = done && save_dir(dir, err);
    close(dir);
    return done;
}
