/* Projects: those that were looked up lately, and new ones. Internal to store/sqlite; the
 * writer thread. */
#ifndef SQLITE_PROJECT_CACHE_H
#define SQLITE_PROJECT_CACHE_H

/* uthash ends the program when memory is short, unless told what to do instead. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/span.h"
#include "base/uuid.h"
#include "store/sqlite/writer.h"

struct project_entry {
    int64_t row;
    char id[UUID_SIZE];
    char *workspace, *name;
    struct span members; /* ,"project_id":"...","project_name":"..." */
    char *key; /* workspace, zero byte, name */
    size_t key_len;
    UT_hash_handle by_row, by_id, by_name;
};

struct project_cache {
    struct project_entry *by_row, *by_id, *by_name;
};

void project_cache_reset(struct project_cache *c);
size_t project_cache_count(const struct project_cache *c);

/* False: the store failed. *out is NULL where there is none; borrowed until the next reset,
 * which never happens within a step. */
bool project_by_row(struct tx *tx, int64_t row, const struct project_entry **out,
                    struct err *err);
bool project_by_id(struct tx *tx, const char *workspace, struct span id,
                   const struct project_entry **out, struct err *err);
bool project_by_name(struct tx *tx, const char *workspace, struct span name,
                     const struct project_entry **out, struct err *err);

struct project_new {
    const char *workspace, *user, *description; /* description may be NULL */
    struct span name;
};
/* ERR_INVALID for a name that is empty, too long or not UTF-8. */
bool project_make(struct tx *tx, const struct project_new *p,
                  const struct project_entry **out, struct err *err);
bool project_name_check(struct span name, struct err *err);

#endif
