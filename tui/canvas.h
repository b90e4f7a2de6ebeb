/* A rectangle of the screen to draw in. Whatever is drawn is sanitised (base/text.h), clipped
 * to the rectangle and cut at whole characters, so no text of a stranger can act or leak out.
 * Coordinates are relative to the canvas; what lies outside is not drawn. Sizes may be 0. */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include "base/span.h"
#include "term.h"

struct canvas {
    int y, x, rows, columns; /* on the screen */
};

struct canvas canvas_screen(void);
/* Clipped. */
struct canvas canvas_part(const struct canvas *c, int y, int x, int rows, int columns);

void canvas_clear(const struct canvas *c, enum style style);
/* Text in a field of `columns`: cut with … when too long, padded with blanks when shorter.
 * columns < 0: no padding, cut at the canvas. Returns the columns used. */
int canvas_text(const struct canvas *c, int y, int x, int columns, enum style style,
                struct span text);
int canvas_format(const struct canvas *c, int y, int x, int columns, enum style style,
                  const char *format, ...) __attribute__((format(printf, 6, 7)));
int canvas_glyph(const struct canvas *c, int y, int x, enum style style, enum glyph g);
/* ── title ── */
void canvas_rule(const struct canvas *c, int y, enum style style, const char *title);
/* ── title ── note ──: the note as far as there is room, left out where that is next to
 * nothing. */
void canvas_rule_note(const struct canvas *c, int y, enum style style, const char *title,
                      enum style note_style, const char *note);
/* A border, cleared inside. */
void canvas_box(const struct canvas *c, enum style style, const char *title);

#endif
