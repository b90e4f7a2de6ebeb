/* The console as lines, for screen readers and for terminals that can do nothing: the same
 * screens, of which only what is new is said, and then the line under the cursor. Input is lines
 * too: each character of a line is a key, <tab>, <esc>, <down>, <^s> name others, an empty line is
 * Enter, and a line that begins with : or / is followed by one. Console's thread; see term.h. */
#ifndef TUI_PLAIN_H
#define TUI_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "keys.h"

struct plain;

struct plain *plain_new(void); /* NULL: no memory */
void plain_free(struct plain **p);

/* The screen as it stands: rows of UTF-8, and the one that has the cursor (-1: none). Says what
 * was not there before; what changed by itself in digits only (countdowns) is not worth a word. */
void plain_show(struct plain *p, const char *const *rows, size_t count, int cursor);

/* The next key of the line being read; at its end false, until the next call reads on. Never
 * blocks. */
bool plain_key(struct plain *p, struct key *key);
bool plain_ended(const struct plain *p); /* there will be no more input */

#endif
