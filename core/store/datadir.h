/* The data directory, its lock and its key file.
 *
 * The directory is made with mode 0700 and files in it with 0600. One that others can
 * write, that is not ours, or a link in its place is refused with a sentence. */
#ifndef STORE_DATADIR_H
#define STORE_DATADIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Makes the directory (with its parents) or checks it. read_only: only checks. */
bool datadir_prepare(const char *path, bool read_only, struct err *err);

/* A descriptor of the directory, checked as above, O_CLOEXEC; -1 on failure. Its files are
 * opened below it, so that a directory swapped meanwhile changes nothing. */
int datadir_open(const char *path, struct err *err);

/* The engine's lock: flock on DIR/engine.lock, opened O_CLOEXEC; the kernel drops it when
 * the holder dies. The file says who holds it. */
struct datadir_lock;

/* NULL with ERR_BUSY when somebody holds it. Waits up to 100 ms, as somebody may just be
 * asking who holds it. */
struct datadir_lock *datadir_lock_try(const char *dir, struct err *err);

/* Blocks until the lock is ours. For a standby's own thread; *cancel_fd becoming readable
 * ends it with ERR_BUSY. Takes over at the latest a second after the holder died. */
struct datadir_lock *datadir_lock_wait(const char *dir, int cancel_fd, struct err *err);
void datadir_unlock(struct datadir_lock **lock);

/* Who holds the lock. Needs no lock. `address` is where its intake listens. False: it
 * cannot be told (the directory or the file cannot be read). */
struct datadir_holder {
    pid_t pid;        /* 0: nobody; -1: somebody, but the file does not say who */
    int64_t since;    /* wall ms */
    char address[128]; /* http://HOST:PORT/api or unix:PATH, empty while it does not listen */
};
bool datadir_holder(const char *dir, struct datadir_holder *holder);

/* The holder writes where its intake listens; "" when it does no more. One thread at a
 * time. */
bool datadir_lock_announce(struct datadir_lock *lock, const char *address, struct err *err);

#endif
