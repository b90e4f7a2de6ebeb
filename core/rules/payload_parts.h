/* What the general bodies of both styles share. Internal to rules/. */
#ifndef RULES_PAYLOAD_PARTS_H
#define RULES_PAYLOAD_PARTS_H

#include "rules/payload.h"

/* Append `"key":` or `"key":"text",` to an object. NULL is an empty text. */
void payload_add_key(struct buf *out, const char *key);
void payload_add_text(struct buf *out, const char *key, const char *text);

/* "message":"Alert 'N': 3 trace:errors events aggregated", */
void payload_add_message(struct buf *out, const struct payload_head *head, size_t count);

#endif
