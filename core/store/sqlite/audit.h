/* Audit rows, written in the transaction of the change that they tell of. Internal to
 * store/sqlite. */
#ifndef SQLITE_AUDIT_H
#define SQLITE_AUDIT_H

#include "store/audit.h"
#include "store/sqlite/writer.h"

/* Who asked for a step, kept in it. Empty texts stand for the process. */
struct audit_by {
    char user[128], via[16], place[96];
};

/* On the thread that asks for the step. `user` (may be NULL) is what the step was given; who
 * store_act_as() named wins over it. */
void audit_by(struct audit_by *by, const char *user);

/* On the writer's thread, inside the step. */
bool audit_add(struct tx *tx, const struct audit_by *by, const struct audit_entry *entry,
               struct err *err);

/* What nobody asked for: it follows from what an endpoint answered. */
#define AUDIT_BY_ENGINE {.user = "system", .via = "engine"}

/* Removes up to `limit` rows that are older than store_limits.audit_ms. */
bool audit_purge(struct tx *tx, int64_t limit, struct err *err);

#endif
