/* Where a dialog stands: centred, as large as it needs and the screen allows. */
#ifndef WIDGETS_DIALOG_H
#define WIDGETS_DIALOG_H

#include "canvas.h"

/* Draws the frame and returns its inside, with a blank column at both sides. */
struct canvas dialog_open(const struct canvas *area, int rows, int columns, const char *title);

/* Draws text wrapped at blanks from row y on; returns the row after it. */
int dialog_text(const struct canvas *c, int y, enum style style, const char *text);

/* The rows that text takes in `columns`. */
int dialog_text_rows(const char *text, int columns);

#endif
