/* A text to read and scroll: lines with a style each, wrapped to the width when drawn. */
#ifndef WIDGETS_TEXTVIEW_H
#define WIDGETS_TEXTVIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "actions.h"
#include "base/span.h"
#include "canvas.h"

struct textview_line {
    char *text; /* sanitised, one line */
    enum style style;
    int indent; /* of wrapped continuations */
    bool wraps; /* at blanks; otherwise it is cut into pieces of the width */
    int depth;  /* of JSON, 0 outermost; -1: cannot be folded away */
};

struct textview {
    struct textview_line *lines;
    size_t count, room;
    int width;      /* the width that the rows below are for */
    size_t rows;    /* lines after wrapping at that width */
    size_t top;
    int visible;
    int fold;       /* JSON at this depth and deeper is folded away; 0: nothing is */
    size_t found;   /* the line that a search found, counted from 1; 0: none */
    bool failed;    /* a line was lost for want of memory */
};

void textview_init(struct textview *v);
void textview_free(struct textview *v);
void textview_clear(struct textview *v); /* keeps the place */

/* Appends a text; every newline begins a new line. The text is sanitised here. */
void textview_add(struct textview *v, enum style style, int indent, bool wraps, struct span text);
void textview_format(struct textview *v, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Replaces the text of a line, counted from 0. */
void textview_set_line(struct textview *v, size_t line, struct span text);

/* JSON as js_pretty() writes it, two blanks for each level: it can be folded. */
void textview_add_json(struct textview *v, struct span pretty);

size_t textview_rows(const struct textview *v, int columns); /* after wrapping */
void textview_draw(struct textview *v, const struct canvas *c);
bool textview_act(struct textview *v, enum action a); /* scrolls, folds; false: neither */

/* Looks for text (letter case aside) in the lines after the one found last, or before it, round
 * the end; shows the line. False: it stands nowhere. An empty text ends the search. */
bool textview_find(struct textview *v, const char *text, bool backwards);

#endif
