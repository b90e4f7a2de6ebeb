/* Conditions as a line that people type and read:
 *   over 10 in 15m
 *   relevance under 0.7 in 1h or helpful under 0.5 in 1h
 * `>` and `<` stand for over and under. Pure; any thread. */
#ifndef MODEL_CONDITION_TEXT_H
#define MODEL_CONDITION_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "model/alert.h"

/* Appends the conditions of a trigger; nothing for one without. False: the buffer failed. */
bool condition_text_write(const struct alert_trigger *t, struct buf *out);

/* Replaces the trigger's conditions by those of a line; a blank line removes them all. They
 * come without ids: the store keeps those of what says the same. ERR_INVALID in words: then
 * nothing has changed. */
bool condition_text_read(struct span text, struct alert_trigger *t, struct err *err);

#endif
