/* Tells a person who looks elsewhere that something began to fail: a bell, or a notice of the
 * terminal (OSC 9), as the setting console.bell asks. Only when an alert's newest delivery turns
 * from well to failing, not for each failure. The console's thread. */
#ifndef TUI_BELL_H
#define TUI_BELL_H

#include "console.h"

struct bell {
    char (*failing)[UUID_SIZE]; /* alerts that failed at the last look; NULL: not looked yet */
    size_t count;
};

void bell_check(struct bell *b, struct console *c); /* after deliveries changed */
void bell_free(struct bell *b);

#endif
