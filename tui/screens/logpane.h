/* The log under the alerts: follows what happens, or stands still while one moves in it. Only a
 * window of rows around the place is in memory, whatever the store holds. */
#ifndef SCREENS_LOGPANE_H
#define SCREENS_LOGPANE_H

#include <stdbool.h>
#include <stdint.h>

#include "actions.h"
#include "canvas.h"
#include "console.h"
#include "store/log.h"
#include "widgets/list.h"

struct logpane {
    struct console *console;
    struct log_rows rows;
    struct list list;
    bool follows;
    int64_t selected; /* seq */
    int64_t newest;   /* seq of the last row when it began to stand still */
    int columns;      /* that it was last drawn in */
    size_t fresh;     /* rows that came since; LOGPANE_MANY: that or more */
};

enum { LOGPANE_WINDOW = 200, LOGPANE_MANY = 100 };

void logpane_init(struct logpane *p, struct console *c);
void logpane_free(struct logpane *p);
void logpane_restart(struct logpane *p); /* another workspace */
void logpane_refresh(struct logpane *p);
bool logpane_act(struct logpane *p, enum action a);
bool logpane_click(struct logpane *p, int y, bool *again); /* as list_click(); it pauses */
const struct log_row *logpane_selected(const struct logpane *p); /* NULL: the log is empty */
void logpane_title(const struct logpane *p, char *out, size_t size);
void logpane_draw(struct logpane *p, const struct canvas *c, bool focused);
/* What the selected row says at its end, where it had no room for all of it; else empty. */
enum style logpane_cut(const struct logpane *p, char *out, size_t size);
bool logpane_counts_down(const struct logpane *p); /* a visible row says "retry in" */

#endif
