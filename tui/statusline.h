/* The first line: where one is, and the truth about the engine, in words as well as colours. */
#ifndef TUI_STATUSLINE_H
#define TUI_STATUSLINE_H

#include "canvas.h"
#include "console.h"

/* `consoles`: how many are attached to the data directory; more than one is said. */
void statusline_draw(const struct canvas *screen, const char *title, const char *workspace,
                     int consoles, const struct console_options *options);

/* The engine's state in words, and the style that goes with it. */
enum style statusline_words(const struct console_options *options, char *out, size_t size);

#endif
