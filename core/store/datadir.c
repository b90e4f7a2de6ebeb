#include "store/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/file.h"

#define LOCK_NAME    "engine.lock"
#define TEXT_SIZE    256
#define PROBE_TRIES  10
#define PROBE_GAP_MS 10
#define STANDBY_MS   500

struct datadir_lock {
    int fd;
    int64_t since;
};

static void pause_ms(long ms)
{
    struct timespec t = {0, ms * 1000000};
    nanosleep(&t, NULL);
}

/* ---------------------------------------------------------------- the directory */

int datadir_open(const char *path, struct err *err)
{
    return file_open_directory(path, "data directory", err);
}

/* Makes one directory unless it is there. The mode must not depend on the umask. */
static bool make_directory(const char *path, struct err *err)
{
    if (mkdir(path, 0700) == 0)
        return chmod(path, 0700) == 0 || file_err(err, "set the mode of", path);
    return errno == EEXIST || file_err(err, "make the directory", path);
}

static bool make_directories(char *path, struct err *err)
{
    for (char *at = path + 1; *at; at++) {
        if (*at != '/' || at[-1] == '/')
            continue;
        struct stat st;
        *at = 0;
        /* Asked first: mkdir of an existing one may fail with EROFS or EACCES. */
        bool fine = stat(path, &st) == 0 || make_directory(path, err);
        *at = '/';
        if (!fine)
            return false;
    }
    struct stat st;
    return lstat(path, &st) == 0 || make_directory(path, err);
}

bool datadir_prepare(const char *path, bool read_only, struct err *err)
{
    char *name = file_trimmed(path, err);
    if (!name)
        return false;
    bool made = read_only || make_directories(name, err);
    free(name);
    int fd = made ? datadir_open(path, err) : -1;
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* ---------------------------------------------------------------- the lock */

static bool write_holder(const struct datadir_lock *lock, const char *address)
{
    char text[TEXT_SIZE];
    int len = snprintf(text, sizeof text, "pid %ld\nsince %lld\naddress %s\n",
                       (long)getpid(), (long long)lock->since, address);
    /* Cut after writing, not before: a reader then never meets an empty file. */
    return file_write(lock->fd, (struct span){text, (size_t)len}) &&
           ftruncate(lock->fd, len) == 0;
}

static bool forget_holder(int fd)
{
    return ftruncate(fd, 0) == 0;
}

static int open_lock(const char *dir, int flags, struct err *err)
{
    int parent = datadir_open(dir, err);
    if (parent < 0)
        return -1;
    int fd = file_open(parent, LOCK_NAME, flags, err);
    close(parent);
    if (fd < 0 || file_check_private(fd, LOCK_NAME, err))
        return fd;
    close(fd);
    return -1;
}

/* One try, on the file as it is now. ERR_BUSY: held. */
static int take(const char *dir, struct err *err)
{
    struct stat st;
    int fd = open_lock(dir, O_RDWR | O_CREAT, err);
    if (fd < 0)
        return -1;
    if (fchmod(fd, 0600) != 0) {
        file_err(err, "set the mode of", LOCK_NAME);
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK || errno == EINTR)
            err_set(err, ERR_BUSY,
                    "another opik-alerts runs the engine of this data directory");
        else
            file_err(err, "lock", LOCK_NAME);
    } else if (fstat(fd, &st) != 0 || st.st_nlink == 0) {
        err_set(err, ERR_BUSY, "%s was just removed by somebody", LOCK_NAME);
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

static struct datadir_lock *hold(int fd, struct err *err)
{
    struct datadir_lock *lock = calloc(1, sizeof *lock);
    if (!lock) {
        close(fd);
        err_memory(err);
        return NULL;
    }
    lock->fd = fd;
    lock->since = clock_wall_ms(clock_system());
    /* The lock is what counts. Where its text cannot be written, nobody must be named. */
    if (!write_holder(lock, ""))
        forget_holder(fd);
    return lock;
}

struct datadir_lock *datadir_lock_try(const char *dir, struct err *err)
{
    struct err own = {0};
    int fd = take(dir, &own);
    for (int i = 0; fd < 0 && own.code == ERR_BUSY && i < PROBE_TRIES; i++) {
        pause_ms(PROBE_GAP_MS);
        fd = take(dir, &own);
    }
    if (fd >= 0)
        return hold(fd, err);
    if (err)
        *err = own;
    return NULL;
}

/* flock() cannot be ended by a descriptor, so the standby asks twice a second. */
struct datadir_lock *datadir_lock_wait(const char *dir, int cancel_fd, struct err *err)
{
    for (;;) {
        struct err own = {0};
        int fd = take(dir, &own);
        if (fd >= 0)
            return hold(fd, err);
        if (own.code != ERR_BUSY) {
            if (err)
                *err = own;
            return NULL;
        }
        struct pollfd cancel = {cancel_fd, POLLIN, 0};
        if (poll(&cancel, 1, STANDBY_MS) > 0) {
            err_set(err, ERR_BUSY, "no longer waiting for the engine's lock");
            return NULL;
        }
    }
}

void datadir_unlock(struct datadir_lock **lock)
{
    if (!*lock)
        return;
    forget_holder((*lock)->fd);
    close((*lock)->fd);
    free(*lock);
    *lock = NULL;
}

bool datadir_lock_announce(struct datadir_lock *lock, const char *address, struct err *err)
{
    struct datadir_holder *fits;
    size_t len = strlen(address);
    if (len >= sizeof fits->address)
        return err_set(err, ERR_INVALID,
                       "the intake's address is too long to be announced");
    for (size_t i = 0; i < len; i++) {
        if (address[i] <= ' ' || address[i] > '~')
            return err_set(err, ERR_INVALID, "the intake's address must be visible ASCII");
    }
    return write_holder(lock, address) || file_err(err, "write", LOCK_NAME);
}

/* ---------------------------------------------------------------- who holds it */

static bool parse_holder(const char *text, struct datadir_holder *holder)
{
    long pid;
    long long since;
    int at = 0;
    /* NOLINTNEXTLINE(cert-err34-c): a process of ours wrote it; what is too large is clamped */
    if (sscanf(text, "pid %ld\nsince %lld\naddress%n", &pid, &since, &at) != 2 || !at)
        return false;
    text += at;
    size_t len = *text == ' ' ? strcspn(text + 1, "\n") : sizeof holder->address;
    if (pid <= 0 || len >= sizeof holder->address || text[len + 1] != '\n')
        return false;
    for (size_t i = 1; i <= len; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    holder->pid = (pid_t)pid;
    holder->since = since;
    memcpy(holder->address, text + 1, len);
    holder->address[len] = 0;
    return true;
}

/* A new holder has the lock a moment before its text, so an unfit text is read again. */
static bool read_holder(int fd, struct datadir_holder *holder)
{
    char text[TEXT_SIZE];
    *holder = (struct datadir_holder){.pid = -1};
    for (int i = 0; i < PROBE_TRIES; i++) {
        long len = file_read(fd, text, sizeof text - 1);
        if (len < 0)
            return false;
        text[len] = 0;
        if (parse_holder(text, holder))
            break;
        pause_ms(1);
    }
    return true;
}

bool datadir_holder(const char *dir, struct datadir_holder *holder)
{
    struct err err = {0};
    *holder = (struct datadir_holder){0};
    int fd = open_lock(dir, O_RDONLY, &err);
    if (fd < 0)
        return err.code == ERR_NOT_FOUND;
    bool told = true;
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        flock(fd, LOCK_UN); /* at once, so that a standby's try does not meet it */
    else
        told = errno == EWOULDBLOCK && read_holder(fd, holder);
    close(fd);
    return told;
}
