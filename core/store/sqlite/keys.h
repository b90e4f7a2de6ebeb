/* Which key the store is sealed with, and sealing it with another. Internal to store/sqlite. */
#ifndef SQLITE_KEYS_H
#define SQLITE_KEYS_H

#include "store/seal.h"
#include "store/sqlite/db.h"

/* Makes the sealer have the key that the store is sealed with. Any connection. */
bool keys_check(struct db *db, struct sealer *sealer, struct err *err);

/* A store that says nothing of its key yet is sealed with this one: ERR_DENIED when that does not
 * open what stands there. A writer's connection, outside a transaction. */
bool keys_note(struct db *db, const struct sealer *sealer, struct err *err);

#endif
