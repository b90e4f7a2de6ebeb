#include "store/sqlite/logvfs.h"

#include <pthread.h>

#define NAME "opik-alerts"

enum { HEADER = 32 }; /* https://www.sqlite.org/fileformat2.html#walformat */

/* Stands behind what the standard VFS has of a file; all zero when the file is no log. */
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

static int empty(sqlite3_file *file, sqlite3_int64 size)
{
    static const char none[HEADER];
    const struct log_file *own = own_part(file);
    if (size > 0 || !own->keep)
        return own->standard->xTruncate(file, size);
    return own->standard->xWrite(file, none, sizeof none, 0);
}

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
