/* Rows of endpoints that fail. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_ENDPOINTS_H
#define SQLITE_ENDPOINTS_H

#include "store/sqlite/writer.h"

/* Takes away those that no alert sends to any more. Not while an engine has one of them in
 * its memory. */
bool endpoints_forget(struct tx *tx, struct err *err);

#endif
