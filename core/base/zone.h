/* Time zones: what the clock on the wall of a place shows at an instant, and back.
 *
 * libc has one zone for the whole process, so named ones are read here from the system's
 * database (RFC 8536, with the rule in its footer for the years after its last row). All
 * times are milliseconds; an instant is one since 1970 UTC, a local time the same count as
 * if the clock there showed UTC. Any thread. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct zone;

enum { ZONE_NAME_MAX = 64 };

/* "Europe/Berlin"; "" is the machine's own zone. A zone that was found is kept until the
 * program ends. NULL with ERR_INVALID: no such zone here. */
const struct zone *zone_find(const char *name, struct err *err);

int64_t zone_local(const struct zone *z, int64_t instant);

/* The instant at which the clock there shows `local`. Where it shows it twice: the first or
 * the last one; where it passes over it: the instant of the jump. */
int64_t zone_instant(const struct zone *z, int64_t local, bool last);

#endif
