/* The one sanitiser before every output, and text in terminal columns.
 *
 * Every byte that a stranger wrote (trace names, responses, headers, alert names) passes
 * text_safe() before it reaches the terminal, a log file, standard output or an export.
 * What could act as a control is shown as text instead: C0, DEL and C1 controls and invalid
 * UTF-8 as \x1b, bidirectional controls, zero-width and unassigned-width code points as
 * \u202e. Columns are counted with wcwidth(), as ncurses does; the locale must be set. Any
 * thread. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

enum text_flags {
    TEXT_LINE = 0,      /* one line: newline and tab are escaped as \n and \t */
    TEXT_MULTILINE = 1, /* newline stays, tab becomes spaces to the next multiple of 4 */
    TEXT_SENT = 2, /* as TEXT_LINE, but whatever the locale: not shown here, but sent */
};

bool text_safe(struct buf *out, struct span text, enum text_flags flags);

/* Whether text_safe() would leave the bytes as they are. */
bool text_is_safe(struct span text, enum text_flags flags);

size_t text_columns(struct span safe); /* columns that safe text takes */

/* Appends the start of safe text that fits `columns`, never half a character; where it had
 * to cut, the last column shows `more` ("…" or "~"). Returns the columns used. */
size_t text_fit(struct buf *out, struct span safe, size_t columns, const char *more);

/* The next character (with its combining marks) of valid UTF-8: its length in bytes, its
 * columns in *columns; 0 at the end. For cursors. */
size_t text_next(struct span safe, size_t *columns);

bool text_is_utf8(struct span text);

/* The bytes that the first so many characters (code points) of UTF-8 take; all, where there
 * are fewer. For what is kept or sent: what is shown is cut by text_fit(). */
size_t text_first(const char *utf8, size_t characters);

/* Takes back the character that the end of the room cut through: after an snprintf(). */
void text_whole(char *text);

/* A copy of its own, for free(); NULL for NULL and for an empty text. False: no memory. */
bool text_copy(char **copy, const char *text);

#endif
