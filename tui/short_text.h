/* A stranger's text within a sentence: its start, in at most so many columns of the screen, with …
 * where it was cut. Sanitised. */
#ifndef TUI_SHORT_TEXT_H
#define TUI_SHORT_TEXT_H

enum { SHORT_TEXT_SIZE = 800 };

struct short_text {
    char text[SHORT_TEXT_SIZE];
};

/* In *room, which it returns: short_text(&(struct short_text){0}, name, 40). */
const char *short_text(struct short_text *room, const char *text, int columns);

#endif
