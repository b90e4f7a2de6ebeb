/* 200 texts that want to be controls of a terminal, and a judge of what a terminal is sent.
 */
#ifndef SUPPORT_HOSTILE_H
#define SUPPORT_HOSTILE_H

#include "base/buf.h"
#include "base/span.h"

enum { HOSTILE_COUNT = 200 };

/* "<042:" + what is hostile + ":042>"; `raw` without NUL, CR and LF where they would end
 * what it is put in (a header). Appends. */
void hostile_text(size_t i, struct buf *out);

/* The same as a JSON string with its quotes. */
void hostile_json(size_t i, struct buf *out);

/* What is dangerous in bytes that a program printed into a pipe: any control but newline,
 * C1, bidi and zero-width code points, invalid UTF-8. NULL: nothing; else what, and *at
 * says where. */
const char *hostile_in_text(struct span printed, size_t *at);

/* The same of bytes sent to a terminal, where the sequences that curses and the console
 * itself send are fine. utf8: whether the terminal's locale has it; else any byte over 0x7f
 * is wrong. */
const char *hostile_in_terminal(struct span sent, bool utf8, size_t *at);

#endif
