/* The answer of a store step, brought to the console's thread: a toast, and for those who want
 * it a call. */
#ifndef TUI_REPLY_H
#define TUI_REPLY_H

#include "console.h"

struct reply;

/* `then` (may be NULL) runs on the console's thread with err NULL for success; where it is
 * given it says what there is to say, and `done_text` is not shown. `arg` must live as long as
 * the console, or be told apart by the callee. NULL: no memory. */
struct reply *reply_new(struct console *c, const char *done_text,
                        void (*then)(void *arg, const struct err *err), void *arg);

/* The `done` of the step, with the reply as its arg. */
store_done reply_done;

#endif
