/* Pages of prompts and versions, and versions by commit, on one connection. Contracts:
 * store/store.h. Internal to store/sqlite. The connection's thread. */
#ifndef STORE_SQLITE_PROMPT_LIST_H
#define STORE_SQLITE_PROMPT_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/prompts.h"
#include "store/sqlite/db.h"

bool prompt_list(struct db *db, const char *workspace, const char *name, bool exact,
                 int64_t offset, int64_t limit, struct prompt_rows *out, struct err *err);

/* A prompt that does not exist has no versions: an empty page. */
bool prompt_list_versions(struct db *db, const char *workspace, const char *prompt_id,
                          int64_t offset, int64_t limit, struct version_rows *out,
                          struct err *err);

/* commit NULL: the latest. ERR_NOT_FOUND. */
bool prompt_list_find(struct db *db, const char *workspace, const char *name,
                      const char *commit, struct prompt_version *out, struct err *err);

#endif
