/* Copies text out of the console, and says which way it went, because none of them confirms that
 * it arrived: tmux's buffer (which reaches the outer terminal), the terminal itself (OSC 52), or
 * a file of the data directory. The console's thread. */
#ifndef TUI_CLIPBOARD_H
#define TUI_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

/* `how` gets words for a toast: "to tmux's buffer". */
bool clipboard_copy(struct span text, const char *dir, char *how, size_t size, struct err *err);

#endif
