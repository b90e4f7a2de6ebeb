/* What silences the alerts of the list, and new silences of them. The console's thread. */
#ifndef SCREENS_MUTED_H
#define SCREENS_MUTED_H

#include "console.h"
#include "store/alerts.h"

struct muted {
    struct console *console;
    struct silences all;
    char (*ids)[UUID_SIZE]; /* of the alerts to silence, while it is asked for how long */
    size_t count;
};

void muted_init(struct muted *m, struct console *c);
void muted_free(struct muted *m);
void muted_refresh(struct muted *m);
int64_t muted_tick(struct muted *m); /* for screen_ops.tick */

/* "silenced until 18:00", without room "until 18:00"; false: the alert is not silenced. */
bool muted_words(const struct muted *m, const struct alert_row *row, int width, char *out,
                 size_t size);

/* Silences these alerts: asks for how long, unless that was said on the `:` line. Takes
 * `ids` (malloc'ed) over. */
void muted_ask(struct muted *m, char (*ids)[UUID_SIZE], size_t count);

#endif
