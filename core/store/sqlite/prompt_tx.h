/* What changes prompts: each function is the body of one writing step, run inside the
 * writer's transaction, and raises its events there. After a failure the caller rolls the
 * step back. Internal to store/sqlite. Writer thread. */
#ifndef STORE_SQLITE_PROMPT_TX_H
#define STORE_SQLITE_PROMPT_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "model/event.h"
#include "model/prompt.h"
#include "store/prompts.h"
#include "store/sqlite/db.h"

/* Puts one event into the buckets of the alerts that want it. `entity` is borrowed. */
typedef bool prompt_emit(void *arg, enum event_type type, const char *workspace,
                         const char *user, struct span entity, struct err *err);

struct prompt_tx {
    struct db *db;
    int64_t now; /* wall ms */
    prompt_emit *emit;
    void *arg;
};

/* Results are filled only on success; the caller frees them. Contracts: store/store.h. */
bool prompt_tx_create(const struct prompt_tx *tx, const struct prompt_write *w,
                      struct prompt *out, struct err *err);
bool prompt_tx_commit(const struct prompt_tx *tx, const struct prompt_write *w,
                      struct prompt_version *out, struct err *err);
bool prompt_tx_restore(const struct prompt_tx *tx, const char *workspace, const char *user,
                       const char *prompt_id, const char *version_id,
                       struct prompt_version *out, struct err *err);
bool prompt_tx_update(const struct prompt_tx *tx, const char *id,
                      const struct prompt_write *w, struct err *err);
bool prompt_tx_tag(const struct prompt_tx *tx, const char *workspace,
                   const char *const *ids, size_t count, const char *tags, bool merge,
                   struct err *err);
bool prompt_tx_delete(const struct prompt_tx *tx, const char *workspace, const char *user,
                      const char *const *ids, size_t count, int64_t *deleted,
                      struct err *err);

#endif
