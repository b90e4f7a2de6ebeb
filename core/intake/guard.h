/* Who may ask at all: no web page and no DNS rebinding reaches the intake. Pure. */
#ifndef INTAKE_GUARD_H
#define INTAKE_GUARD_H

#include <stdbool.h>

/* Whether a Host header names us: loopback names, `listen`, or one of `extra` (comma
 * separated, may be NULL), with any port or none. */
bool guard_host_allowed(const char *host, const char *listen, const char *extra);

/* Equal in constant time; a missing header is NULL. */
bool guard_key_matches(const char *given, const char *key);

/* application/json, with or without parameters. */
bool guard_is_json(const char *content_type);

#endif
