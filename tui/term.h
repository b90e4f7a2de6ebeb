/* The terminal: all knowledge of ncurses and of escape sequences is here and in canvas.c.
 *
 * One terminal for the process, used by one thread. It is given back on every way out: quit,
 * SIGTERM, SIGHUP, SIGINT, a crash (the handler only writes prepared bytes and calls
 * tcsetattr). An unknown TERM is opened as xterm-256color, and if that is not known, as vt100 or
 * "dumb". NO_COLOR and monochrome terminals get attributes instead of colours; a locale that
 * is not UTF-8 gets the ASCII glyphs. The hardware cursor rests on the selected row. */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "keys.h"

enum style {
    STYLE_NORMAL,
    STYLE_DIM,
    STYLE_STRONG,
    STYLE_TITLE,    /* the top line */
    STYLE_HEADING,  /* column heads, section names */
    STYLE_SELECTED, /* the row under the cursor in the pane that has the keys */
    STYLE_MARKED,   /* the same in a pane that has not */
    STYLE_OK,
    STYLE_WARN,
    STYLE_ERROR,
    STYLE_KEY,      /* a key in the key bar */
    STYLE_BAR,      /* the words of the key bar, the status line */
    STYLE_FIELD,    /* an editable field */
    STYLE_FOCUS,    /* the field being edited */
    STYLE_LINK,     /* code and links in help */
    STYLE_COUNT
};

enum glyph {
    GLYPH_HLINE, GLYPH_VLINE, GLYPH_TOPLEFT, GLYPH_TOPRIGHT, GLYPH_BOTTOMLEFT, GLYPH_BOTTOMRIGHT,
    GLYPH_MORE,     /* … or ~ */
    GLYPH_CRUMB,    /* ▸ or > */
    GLYPH_BULLET,   /* ● or * */
    GLYPH_ON, GLYPH_OFF,      /* [x] and [ ] in both sets */
    GLYPH_MASK,     /* • or * for a hidden character */
    GLYPH_UP, GLYPH_DOWN,     /* ▲▼ or ^v: more above, below */
    GLYPH_TIMES,    /* × or x */
    GLYPH_COUNT
};

/* ERR_UNSUPPORTED: not a terminal. plain: lines on standard output instead (plain.h), which need
 * be no terminal. */
bool term_open(bool plain, struct err *err);
void term_close(void);             /* gives it back; may be called twice */
void term_suspend(void);           /* gives it back, for ^Z */
void term_resume(void);            /* takes it again and redraws everything */
void term_continued(void);         /* the same after a stop that came without term_suspend() */
bool term_is_plain(void);          /* said as lines: dialogs hide what is below them */

bool term_ended(void);             /* there will be no more keys */
int term_fd(void);                 /* readable when there are keys */
bool term_key(struct key *key);    /* the next key that has come; false: none. Never blocks */
void term_size(int *rows, int *columns);
void term_resized(void);           /* after SIGWINCH */
const char *term_glyph(enum glyph g);
const char *term_bar(int level);   /* a bar of a graph, 0 (none) to 8 */
void term_cursor(int y, int x, bool visible); /* where the cursor rests after term_flush() */
void term_flush(void);             /* one doupdate() */
bool term_has_clipboard(void);     /* a terminal that may understand OSC 52 */
void term_send_clipboard(const char *base64);
void term_beep(void);
/* A notice of the terminal (OSC 9); a bell inside tmux, which would swallow it. Sanitised. */
void term_notice(const char *text);
void term_mouse(bool on);          /* off: the terminal selects text by itself */
void term_theme(const char *name); /* the setting console.theme */
void term_redraw(void);            /* repaint all at the next flush (^L) */

#endif
