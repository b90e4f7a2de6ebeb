/* What waited for too long. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_EXPIRE_H
#define SQLITE_EXPIRE_H

#include "store/sqlite/writer.h"

/* Ends a delivery that waits, if it is still there, as a dead letter that is too old to send,
 * and says so in the log. */
bool expire_row(struct tx *tx, int64_t row, struct err *err);

#endif
