/* A connection test that failed, in words to act on. Pure. */
#ifndef TUI_DIAGNOSIS_H
#define TUI_DIAGNOSIS_H

#include <stddef.h>

#include "model/alert.h"
#include "model/outcome.h"

/* The reason phrase of its status line, "Not Found". Sanitised; empty: there is none. */
void diagnosis_phrase(const struct outcome *o, char *out, size_t size);

/* What the receiver said, in one line of at most so many columns: its answer's body with
 * every run of blanks and breaks as one blank, and of HTML only the text. Sanitised; empty:
 * it said nothing. */
void diagnosis_said(const struct outcome *o, int columns, char *out, size_t size);

/* What to look at. NULL: it worked, or nobody can tell. */
const char *diagnosis_advice(const struct outcome *o, enum alert_destination destination);

#endif
