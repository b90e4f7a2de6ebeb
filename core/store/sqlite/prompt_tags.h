/* Tags of prompt versions: a JSON array of strings, as text. Pure; any thread. */
#ifndef STORE_SQLITE_PROMPT_TAGS_H
#define STORE_SQLITE_PROMPT_TAGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define PROMPT_TAGS_MAX 1000

/* Appends the array of all tags of `old` (NULL: none), then those of `more` (NULL: none)
 * that are new, each once. ERR_INVALID: not an array of strings, or over PROMPT_TAGS_MAX.
 */
bool prompt_tags_merge(const char *old, const char *more, struct buf *out, struct err *err);

#endif
