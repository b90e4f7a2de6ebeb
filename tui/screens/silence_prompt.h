/* New silences out of a typed line, and the time at which a list of them changes. The
 * console's thread. */
#ifndef SCREENS_SILENCE_PROMPT_H
#define SCREENS_SILENCE_PROMPT_H

#include "console.h"

/* Asks the store for what the line says (silence_words.h), and says what came of it. False: the
 * store was not asked, as the line says nothing that can be done. `alert`: the id of the one that
 * it is about; NULL: the line says of what. */
bool silence_prompt_take(struct console *c, const char *line, const char *alert, struct err *err);

/* Looks again at those that changed, and says when the next one will, for screen_ops.tick.
 */
int64_t silence_prompt_tick(struct silences *s, int64_t now);

#endif
