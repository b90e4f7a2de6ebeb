/* Tells when the file of settings was changed by anybody, with an editor or in another console.
 * One thread. */
#ifndef TUI_CONFIG_WATCH_H
#define TUI_CONFIG_WATCH_H

#include <stdbool.h>

struct config_watch;

/* The folder of `path` must exist; NULL, also for a NULL path: changes are not seen. */
struct config_watch *config_watch_new(const char *path);
void config_watch_free(struct config_watch **w);

/* Readable: call config_watch_read(). -1: none. */
int config_watch_fd(const struct config_watch *w);
bool config_watch_read(struct config_watch *w);    /* true: the file is new, changed or gone */

#endif
