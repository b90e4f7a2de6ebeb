/* Objects built with jansson, out of text that may be anything. Internal to model/.
 *
 * The setters leave out what is not set; a failure (no memory) clears *ok and nothing else,
 * so that a caller may set many members and look once. Pure; any thread. */
#ifndef MODEL_TOJSON_H
#define MODEL_TOJSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

void tojson_value(json_t *o, const char *key, json_t *value, bool *ok); /* takes `value` */
void tojson_text(json_t *o, const char *key, const char *text,
                 bool *ok);                                         /* NULL, "": not set */
void tojson_time(json_t *o, const char *key, int64_t ms, bool *ok); /* 0: not set */
void tojson_number(json_t *o, const char *key, int64_t number, bool *ok);

/* A string, also of bytes that are not UTF-8 (those become U+FFFD). */
json_t *tojson_string(const char *text);

/* Appends the tree and frees it. False: *ok was cleared, or the buffer failed. */
bool tojson_write(json_t *root, bool ok, struct buf *out);

#endif
