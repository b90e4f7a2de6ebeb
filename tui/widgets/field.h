/* A line of text being edited: UTF-8, cut and moved by whole characters (with their
 * combining marks), scrolled sideways when it is longer than its place. Masked ones show
 * dots. What was set into one and is not shown cannot be edited: the first change takes the
 * place of the whole.
 *
 * A URL's credential is its path, so a field for one shows its origin and the last four
 * characters: https://hooks.slack.com/…XXXX. What a person types into an empty one is shown
 * to them while they are at it; what was set is not. */
#ifndef WIDGETS_FIELD_H
#define WIDGETS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "canvas.h"
#include "keys.h"

struct field {
    struct buf text;
    size_t cursor; /* byte position */
    bool masked;   /* hides its text, and is wiped when freed */
    bool url;      /* a masked one, of the kind above */
    bool typed;    /* it was empty since it was set */
    bool revealed; /* a masked one that is shown for now */
    bool offered;  /* its text is a proposal: what is typed first takes its place */
    bool refused;  /* the key before brought more than there is room for: nothing of it was taken */
    size_t max;    /* bytes */
};

void field_init(struct field *f, size_t max, bool masked);
void field_init_url(struct field *f, size_t max);
void field_free(struct field *f);
bool field_set(struct field *f, const char *text); /* NULL: empty; cursor to the end */
bool field_offer(struct field *f, const char *text); /* the same, as a proposal; a key that moves
                                                        or cuts takes it to be edited */
const char *field_text(const struct field *f);
bool field_is_empty(const struct field *f);
bool field_is_unseen(
    const struct field *f); /* it holds what was set, and that is not shown */

/* Takes a key or a paste (its line breaks become blanks, controls are dropped), whole or not at
 * all. False: not one that edits. */
bool field_key(struct field *f, const struct key *k);

/* Draws at y, x in `columns`; a focused field puts the cursor there. `hint` shows when empty. */
void field_draw(const struct field *f, const struct canvas *c, int y, int x, int columns,
                bool focused, const char *hint);

#endif
