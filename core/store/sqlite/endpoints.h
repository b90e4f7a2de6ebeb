/* Rows of endpoints that fail. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_ENDPOINTS_H
#define SQLITE_ENDPOINTS_H

#include "store/sqlite/writer.h"

/* Takes away those that no alert sends to and no delivery waits for any more. */
bool endpoints_purge(struct tx *tx, struct err *err);

#endif
