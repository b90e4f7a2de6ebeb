#include "support/faultvfs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "support/torture.h"

/* What a call is, which a fault can befall. */
enum call { OPEN, READ, WRITE, SYNC, TRUNCATE, DELETE, SIZE, LOCK, SHARE, GROW };

static const struct {
    const char *name;
    unsigned calls;
} faults[FAULT_KINDS] = {
    [FAULT_READ] = {"read", 1u << READ},
    [FAULT_WRITE] = {"write", 1u << WRITE},
    [FAULT_FULL] = {"full disk", 1u << WRITE | 1u << GROW},
    [FAULT_SHORT] = {"short write", 1u << WRITE},
    [FAULT_SYNC] = {"fsync", 1u << SYNC},
    [FAULT_TRUNCATE] = {"truncate", 1u << TRUNCATE},
    [FAULT_OPEN] = {"open", 1u << OPEN},
    [FAULT_DELETE] = {"delete", 1u << DELETE},
    [FAULT_SIZE] = {"size", 1u << SIZE},
    [FAULT_LOCK] = {"lock", 1u << LOCK},
    [FAULT_SHARED] = {"shared memory", 1u << SHARE | 1u << GROW},
};

static struct {
    pthread_mutex_t lock; /* over the rest */
    bool armed, stays;
    enum fault fault;
    int64_t at, seen, failed;
    uint64_t random, one_in; /* 0: not by chance */
} plan = {.lock = PTHREAD_MUTEX_INITIALIZER};

static sqlite3_vfs *below;

const char *fault_name(enum fault f)
{
    return faults[f].name;
}

/* ---------------------------------------------------------------- the plan */

static void arm(enum fault f, int64_t at, bool stays, uint64_t seed, uint64_t one_in)
{
    pthread_mutex_lock(&plan.lock);
    plan.armed = true;
    plan.stays = stays;
    plan.fault = f;
    plan.at = at;
    plan.seen = plan.failed = 0;
    plan.random = seed;
    plan.one_in = one_in;
    pthread_mutex_unlock(&plan.lock);
}

void faultvfs_arm(enum fault f, int64_t at, bool stays)
{
    arm(f, at, stays, 0, 0);
}

void faultvfs_arm_random(uint64_t seed, uint64_t one_in)
{
    arm(FAULT_READ, 0, false, seed, one_in);
}

int64_t faultvfs_heal(int64_t *failed)
{
    pthread_mutex_lock(&plan.lock);
    plan.armed = false;
    int64_t seen = plan.seen;
    if (failed)
        *failed = plan.failed;
    pthread_mutex_unlock(&plan.lock);
    return seen;
}

static bool strikes_by_chance(enum call call, enum fault *how)
{
    enum fault f = (enum fault)torture_random(&plan.random, FAULT_KINDS);
    *how = f;
    return (faults[f].calls & 1u << call) && torture_random(&plan.random, plan.one_in) == 0;
}

static bool strikes_planned(enum call call, enum fault *how)
{
    if (!(faults[plan.fault].calls & 1u << call))
        return false;
    *how = plan.fault;
    plan.seen++;
    return plan.at > 0 && (plan.stays ? plan.seen >= plan.at : plan.seen == plan.at);
}

static bool strikes(enum call call, enum fault *how)
{
    pthread_mutex_lock(&plan.lock);
    bool strikes = plan.armed && (plan.one_in ? strikes_by_chance(call, how)
                                              : strikes_planned(call, how));
    plan.failed += strikes;
    pthread_mutex_unlock(&plan.lock);
    return strikes;
}

/* ---------------------------------------------------------------- a file */

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* just behind this */
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

static int file_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int file_read(sqlite3_file *f, void *to, int size, sqlite3_int64 at)
{
    enum fault how;
    if (strikes(READ, &how))
        return SQLITE_IOERR_READ;
    return real_of(f)->pMethods->xRead(real_of(f), to, size, at);
}

static int file_write(sqlite3_file *f, const void *from, int size, sqlite3_int64 at)
{
    enum fault how;
    if (!strikes(WRITE, &how))
        return real_of(f)->pMethods->xWrite(real_of(f), from, size, at);
    if (how == FAULT_SHORT)
        real_of(f)->pMethods->xWrite(real_of(f), from, size / 2, at);
    return how == FAULT_WRITE ? SQLITE_IOERR_WRITE : SQLITE_FULL;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    enum fault how;
    if (strikes(TRUNCATE, &how))
        return SQLITE_IOERR_TRUNCATE;
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
    enum fault how;
    (void)f;
    (void)flags;
    return strikes(SYNC, &how) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    enum fault how;
    if (strikes(SIZE, &how))
        return SQLITE_IOERR_FSTAT;
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int file_lock(sqlite3_file *f, int level)
{
    enum fault how;
    if (strikes(LOCK, &how))
        return SQLITE_IOERR_LOCK;
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int file_check_lock(sqlite3_file *f, int *held)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), held);
}

static int file_control(sqlite3_file *f, int what, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), what, arg);
}

static int file_sector_size(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int file_characteristics(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int file_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **to)
{
    enum fault how;
    int code = real_of(f)->pMethods->xShmMap(real_of(f), region, size, 0, to);
    bool grows = code == SQLITE_OK && !*to && extend;
    if (strikes(grows ? GROW : SHARE, &how))
        return how == FAULT_FULL ? SQLITE_IOERR_SHMSIZE : SQLITE_IOERR_SHMMAP;
    return grows ? real_of(f)->pMethods->xShmMap(real_of(f), region, size, 1, to) : code;
}

static int file_shm_lock(sqlite3_file *f, int from, int count, int flags)
{
    enum fault how;
    if ((flags & SQLITE_SHM_LOCK) && strikes(LOCK, &how))
        return SQLITE_IOERR_SHMLOCK;
    return real_of(f)->pMethods->xShmLock(real_of(f), from, count, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int file_shm_unmap(sqlite3_file *f, int remove)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* without memory-mapped files */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ---------------------------------------------------------------- the VFS */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
                    int *flags_out)
{
    enum fault how;
    struct file *file = (struct file *)f;
    (void)vfs;
    f->pMethods = NULL;
    if (strikes(OPEN, &how))
        return SQLITE_CANTOPEN;
    file->real = (sqlite3_file *)(file + 1);
    int code = below->xOpen(below, name, file->real, flags, flags_out);
    if (file->real->pMethods)
        f->pMethods = &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    enum fault how;
    (void)vfs;
    if (strikes(DELETE, &how))
        return SQLITE_IOERR_DELETE;
    return below->xDelete(below, name, sync);
}

void faultvfs_install(void)
{
    static sqlite3_vfs vfs;
    below = sqlite3_vfs_find(NULL);
    if (!below || below == &vfs)
        return;
    vfs = *below; /* what is not named here does not touch files */
    vfs.zName = "fault";
    vfs.szOsFile = (int)sizeof(struct file) + below->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}
