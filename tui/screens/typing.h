/* Typing into a field of a screen. */
#ifndef SCREENS_TYPING_H
#define SCREENS_TYPING_H

#include "console.h"
#include "widgets/field.h"

/* As field_key(), and says so where there is no room for what a key or a paste brings, and
 * where it took the place of a secret that is not seen. */
bool typing_key(struct console *c, struct field *f, const struct key *k);

#endif
