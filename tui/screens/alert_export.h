/* Writes alerts to a file, as `alert export` does: one array, secrets masked. */
#ifndef SCREENS_ALERT_EXPORT_H
#define SCREENS_ALERT_EXPORT_H

#include "base/uuid.h"
#include "console.h"

/* What is being written, zeroed at first; it stays while its questions stand. */
struct alert_export {
    struct console *console;
    char (*ids)[UUID_SIZE];
    size_t count;
    char *path;
};

/* Takes `ids` (malloc'ed). `words` say what is written ("3 alerts: ..."). Without a path one is
 * asked for; a file that is there already is replaced only after a question. */
void alert_export_begin(struct alert_export *e, struct console *c, char (*ids)[UUID_SIZE],
                        size_t count, const char *words, const char *path);
void alert_export_free(struct alert_export *e);

#endif
