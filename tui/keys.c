#include "keys.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *label;
    enum key_kind kind;
    uint32_t code;
} NAMES[] = {
    {"enter", "Enter", KEY_KIND_NAMED, KEY_ENTER_},
    {"tab", "Tab", KEY_KIND_NAMED, KEY_TAB_},
    {"backtab", "S-Tab", KEY_KIND_NAMED, KEY_BACKTAB_},
    {"esc", "Esc", KEY_KIND_NAMED, KEY_ESC_},
    {"backspace", "Backspace", KEY_KIND_NAMED, KEY_BACKSPACE_},
    {"delete", "Del", KEY_KIND_NAMED, KEY_DELETE_},
    {"insert", "Ins", KEY_KIND_NAMED, KEY_INSERT_},
    {"up", "Up", KEY_KIND_NAMED, KEY_UP_},
    {"down", "Down", KEY_KIND_NAMED, KEY_DOWN_},
    {"left", "Left", KEY_KIND_NAMED, KEY_LEFT_},
    {"right", "Right", KEY_KIND_NAMED, KEY_RIGHT_},
    {"home", "Home", KEY_KIND_NAMED, KEY_HOME_},
    {"end", "End", KEY_KIND_NAMED, KEY_END_},
    {"pgup", "PgUp", KEY_KIND_NAMED, KEY_PGUP_},
    {"pgdn", "PgDn", KEY_KIND_NAMED, KEY_PGDN_},
    {"f1", "F1", KEY_KIND_NAMED, KEY_F1_},
    {"f2", "F2", KEY_KIND_NAMED, KEY_F2_},
    {"f3", "F3", KEY_KIND_NAMED, KEY_F3_},
    {"f4", "F4", KEY_KIND_NAMED, KEY_F4_},
    {"f5", "F5", KEY_KIND_NAMED, KEY_F5_},
    {"f6", "F6", KEY_KIND_NAMED, KEY_F6_},
    {"f7", "F7", KEY_KIND_NAMED, KEY_F7_},
    {"f8", "F8", KEY_KIND_NAMED, KEY_F8_},
    {"f9", "F9", KEY_KIND_NAMED, KEY_F9_},
    {"f10", "F10", KEY_KIND_NAMED, KEY_F10_},
    {"space", "Space", KEY_KIND_CHAR, ' '},
};
enum { NAME_COUNT = sizeof NAMES / sizeof *NAMES };

bool key_parse(struct span name, struct key *key)
{
    *key = (struct key){0};
    for (int i = 0; i < NAME_COUNT; i++)
        if (span_is(name, NAMES[i].name)) {
            key->kind = NAMES[i].kind;
            key->code = NAMES[i].code;
            return true;
        }
    if (name.len == 2 && name.at[0] == '^') {
        key->kind = KEY_KIND_CTRL;
        key->code = (unsigned char)name.at[1];
        return true;
    }
    if (name.len != 1 || name.at[0] <= ' ' || name.at[0] >= 0x7f)
        return false;
    key->kind = KEY_KIND_CHAR;
    key->code = (unsigned char)name.at[0];
    return true;
}

bool key_types(const struct key *key)
{
    return key->kind == KEY_KIND_CHAR;
}

bool key_same(const struct key *a, const struct key *b)
{
    return a->kind == b->kind && a->code == b->code && a->kind != KEY_KIND_PASTE &&
           a->kind != KEY_KIND_MOUSE;
}

void key_label(const struct key *key, char *out, size_t size)
{
    for (int i = 0; i < NAME_COUNT; i++)
        if (NAMES[i].kind == key->kind && NAMES[i].code == key->code) {
            snprintf(out, size, "%s", NAMES[i].label);
            return;
        }
    if (key->kind == KEY_KIND_CTRL)
        snprintf(out, size, "^%c",
                 key->code >= 'a' ? (char)(key->code - 32) : (char)key->code);
    else if (key->kind == KEY_KIND_CHAR && key->code > ' ' && key->code < 0x7f)
        snprintf(out, size, "%c", (char)key->code);
    else
        snprintf(out, size, "?");
}
