/* Keys as values: what the terminal sent, after decoding. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum key_kind {
    KEY_KIND_NONE,
    KEY_KIND_CHAR,   /* a character: code is Unicode */
    KEY_KIND_CTRL,   /* Ctrl with a letter: code is 'a'..'z' or one of [\]^_ */
    KEY_KIND_NAMED,  /* code is an enum key_name */
    KEY_KIND_PASTE,  /* bracketed paste: text holds it, UTF-8, unsanitised */
    KEY_KIND_RESIZE,
    KEY_KIND_MOUSE,  /* code is an enum key_mouse; at y, x of the screen */
};

enum key_name {
    KEY_ENTER_ = 1, KEY_TAB_, KEY_BACKTAB_, KEY_ESC_, KEY_BACKSPACE_, KEY_DELETE_, KEY_INSERT_,
    KEY_UP_, KEY_DOWN_, KEY_LEFT_, KEY_RIGHT_, KEY_HOME_, KEY_END_, KEY_PGUP_, KEY_PGDN_,
    KEY_F1_, KEY_F2_, KEY_F3_, KEY_F4_, KEY_F5_, KEY_F6_, KEY_F7_, KEY_F8_, KEY_F9_, KEY_F10_,
};

enum key_mouse { MOUSE_CLICK, MOUSE_UP, MOUSE_DOWN };

struct key {
    enum key_kind kind;
    uint32_t code;
    int y, x;
    struct span text; /* of a paste, borrowed until the next key is read */
};

/* The name of a key in the action table: "n", "^s", "enter", "space", "pgdn", "f1", "?". */
bool key_parse(struct span name, struct key *key);
bool key_types(const struct key *key); /* it would write something into a field */
bool key_same(const struct key *a, const struct key *b);
void key_label(const struct key *key, char *out, size_t size); /* as shown: Enter, ^S, Space */

#endif
