/* A text in the person's own editor ($VISUAL, $EDITOR, else vi), which gets the terminal meanwhile.
 * The text is in a file of mode 0600 in a folder of its own, gone afterwards. Console's thread;
 * engine and intake go on. */
#ifndef TUI_EDITOR_H
#define TUI_EDITOR_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* `suffix` (".json") tells the editor what it is. On success *out holds the text as it was saved,
 * changed or not; the caller inits and frees it. False: the editor failed or ended with an
 * error. */
bool editor_edit(struct span text, const char *suffix, struct buf *out, struct err *err);

#endif
