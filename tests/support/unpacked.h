/* unpacked(events, size) in SQL: the plain bytes of a row of bucket_chunks (packed.h), so that a
 * test can look into a store's file. */
#ifndef SUPPORT_UNPACKED_H
#define SUPPORT_UNPACKED_H

#include <stdbool.h>

#include <sqlite3.h>

bool unpacked_add(sqlite3 *db); /* to this connection */

#endif
