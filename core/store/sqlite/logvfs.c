#include "store/sqlite/logvfs.h"

#include <endian.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#define NAME "opik-alerts"

/* https://www.sqlite.org/fileformat2.html#walformat */
enum {
    MAGIC = 0x377f0682, /* the last bit: checksums of big-endian words */
    SALTS = 16,         /* where they stand */
    SUMS = 24,
    HEADER = 32,
};

/* Stands behind what the standard VFS has of a file; only of a log is it ever read. */
struct log_file {
    const sqlite3_io_methods *standard;
    sqlite3_io_methods own;
    bool keep;
};

static sqlite3_vfs *standard;
static sqlite3_vfs vfs;
static bool registered;

static struct log_file *own_part(sqlite3_file *file)
{
    return (struct log_file *)((char *)file + standard->szOsFile);
}

/* ---------------------------------------------------------------- the header */

static uint32_t word(const unsigned char *at, bool big_endian)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return big_endian ? be32toh(value) : le32toh(value);
}

static void put_word(unsigned char *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
}

static void change_salts(unsigned char header[HEADER])
{
    bool big_endian = header[3] & 1;
    uint32_t first = 0, second = 0;
    sqlite3_randomness(SUMS - SALTS, header + SALTS);
    for (size_t at = 0; at < SUMS; at += 8) {
        first += word(header + at, big_endian) + second;
        second += word(header + at + 4, big_endian) + first;
    }
    put_word(header + SUMS, first);
    put_word(header + SUMS + 4, second);
}

static int empty(sqlite3_file *file, sqlite3_int64 size)
{
    const struct log_file *own = own_part(file);
    unsigned char header[HEADER];
    if (size > 0 || !own->keep ||
        own->standard->xRead(file, header, sizeof header, 0) != SQLITE_OK ||
        (word(header, true) & ~UINT32_C(1)) != MAGIC)
        return own->standard->xTruncate(file, size);
    change_salts(header);
    return own->standard->xWrite(file, header, sizeof header, 0);
}

/* ---------------------------------------------------------------- the VFS */

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                     int *out)
{
    (void)self;
    int code = standard->xOpen(standard, name, file, flags, out);
    if (code != SQLITE_OK || !(flags & SQLITE_OPEN_WAL))
        return code;
    struct log_file *own = own_part(file);
    own->standard = file->pMethods;
    own->own = *file->pMethods;
    own->own.xTruncate = empty;
    own->keep = false;
    file->pMethods = &own->own;
    return code;
}

static void set_up(void)
{
    standard = sqlite3_vfs_find(NULL); /* initializes SQLite too */
    if (!standard)
        return;
    vfs = *standard;
    vfs.pNext = NULL;
    vfs.zName = NAME;
    vfs.xOpen = open_file;
    vfs.szOsFile = standard->szOsFile + (int)sizeof(struct log_file);
    registered = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}

const char *logvfs_name(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
    return registered ? NAME : NULL;
}

void logvfs_keep(sqlite3_file *log, bool keep)
{
    if (log && log->pMethods && log->pMethods->xTruncate == empty)
        own_part(log)->keep = keep;
}
