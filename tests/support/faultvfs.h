/* A disk that fails on demand: a SQLite VFS in front of the system's, for every connection that
 * is opened after faultvfs_install(). It counts the calls that a kind of failure can befall and
 * lets chosen ones fail. What it does not fail goes to the real disk, but for syncs, which it
 * leaves out: nothing here survives the machine. Any thread. */
#ifndef SUPPORT_FAULTVFS_H
#define SUPPORT_FAULTVFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault {
    FAULT_READ,     /* EIO */
    FAULT_WRITE,    /* EIO */
    FAULT_FULL,     /* ENOSPC: nothing of it is written; also where the shared memory grows */
    FAULT_SHORT,    /* ENOSPC after the first half was written */
    FAULT_SYNC,     /* fsync fails */
    FAULT_TRUNCATE, /* EIO */
    FAULT_OPEN,     /* a file cannot be opened or made */
    FAULT_DELETE,
    FAULT_SIZE, /* fstat fails */
    FAULT_LOCK, /* a lock cannot be had, of the file or of the shared memory */
    FAULT_SHARED, /* the shared memory cannot be mapped */
    FAULT_KINDS
};
const char *fault_name(enum fault f);

/* Becomes the default VFS of this process. Aborts the test program when it cannot. */
void faultvfs_install(void);

/* From now on the `at`-th call that this can befall fails, and, with `stays`, each one after it.
 * at 0: none does, they are only counted. */
void faultvfs_arm(enum fault f, int64_t at, bool stays);

/* From now on each call that any of them can befall fails with a chance of one in `one_in`. */
void faultvfs_arm_random(uint64_t seed, uint64_t one_in);

/* Nothing fails any more. How many calls it could have befallen since it was armed; *failed
 * (may be NULL): how many it did. */
int64_t faultvfs_heal(int64_t *failed);

#endif
