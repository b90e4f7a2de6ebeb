/* What term.c and canvas.c share: the attributes of a style. The only header that shows curses. */
#ifndef TUI_TERM_STYLE_H
#define TUI_TERM_STYLE_H

#include <curses.h>

#include "term.h"

struct term_attributes {
    attr_t attributes;
    short pair;
};

struct term_attributes term_style(enum style style);

#endif
