/* A dialog with rows to check: shared by the pickers of triggers and projects. */
#ifndef SCREENS_PICKER_H
#define SCREENS_PICKER_H

#include <stdbool.h>
#include <stddef.h>

#include "canvas.h"
#include "console.h"
#include "widgets/list.h"

struct picker_row {
    const char *text, *note; /* borrowed; note may be NULL */
    bool checked;
};

/* Draws the frame, the rows that fit and one line that says what the keys do. */
void picker_draw(struct list *l, const struct canvas *area, const char *title, const char *keys,
                 const struct picker_row *rows, size_t count);

/* A click selects a row and checks it. */
bool picker_mouse(struct list *l, struct screen *s, const struct key *k);

#endif
