/* UUIDs as 36 lower-case characters (RFC 9562). All ids of this program are version 7. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define UUID_SIZE 37 /* with the terminating zero */

/* A new version 7 id for a time in milliseconds since 1970. Ids made by one process sort in
 * the order they were made, also within a millisecond and when the clock goes back (a
 * forked child that does not exec would repeat its parent's). Aborts only when the kernel
 * has no randomness. Any thread. */
void uuid_v7(char out[UUID_SIZE], int64_t unix_ms);

/* Reads any UUID (either case) into the canonical form. False: it is none. */
bool uuid_read(struct span text, char out[UUID_SIZE]);
bool uuid_is_v7(const char *canonical);
void uuid_bytes(const char *canonical, unsigned char out[16]);

#endif
