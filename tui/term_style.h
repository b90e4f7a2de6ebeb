/* Styles as attributes and colours: monochrome, the terminal's own 16 colours (which follow its
 * light or dark palette), or a theme's colours in 256 or true colour. Shown to term.c and canvas.c
 * only; with canvas.c the only ones that know curses. Console's thread. */
#ifndef TUI_TERM_STYLE_H
#define TUI_TERM_STYLE_H

#include <curses.h>

#include "term.h"

struct term_attributes {
    attr_t attributes;
    short pair;
};

struct term_attributes term_style(enum style style);

/* After newterm(): finds what the terminal can. NO_COLOR (no-color.org) makes it monochrome. */
void term_style_open(void);
/* "terminal": its own 16 colours; "dark" and "light" need 256 or more, else they are the same. */
void term_style_theme(const char *name);

#endif
