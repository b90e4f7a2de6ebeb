/* Searching in a text that is read: / asks, n and N go on. The console's thread. */
#ifndef SCREENS_SEARCH_H
#define SCREENS_SEARCH_H

#include "console.h"
#include "widgets/textview.h"

struct search {
    struct console *console;
    struct textview *view; /* the one that was searched last */
    char text[128];
};

/* Does an action of searching, in `view`; false: it is another one. */
bool search_act(struct search *s, struct console *c, struct textview *view, enum action a);

#endif
