/* A VFS of SQLite's that keeps the log of changes (the WAL) at its length. Internal to
 * store/sqlite; any thread.
 *
 * It is the standard one (https://www.sqlite.org/vfs.html, "shims") but for one call. To
 * empty the log SQLite cuts its file to nothing, and the file system then frees every page
 * of it, only to find new ones for the next commits: that takes longer than all else in a
 * checkpoint. Where the length is kept, the log's header gets a new salt instead. What
 * stands behind it has the old one, so whoever looks, also after a kill, finds a log
 * without pages (https://www.sqlite.org/fileformat2.html#walformat). The next commit writes
 * a header of its own and syncs that before its pages, as it does in any log begun anew. */
#ifndef SQLITE_LOGVFS_H
#define SQLITE_LOGVFS_H

#include <stdbool.h>

#include <sqlite3.h>

/* Its name, for sqlite3_open_v2(); NULL: no memory. */
const char *logvfs_name(void);

/* Whether emptying this log keeps its length. Not at first. A file of another VFS, or one
 * that is no log, stays as it is. */
void logvfs_keep(sqlite3_file *log, bool keep);

#endif
