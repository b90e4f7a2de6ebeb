/* From where this process was started: what an audit row says beside the user's name. */
#ifndef TUI_WHEREABOUTS_H
#define TUI_WHEREABOUTS_H

#include <stdbool.h>
#include <stddef.h>

/* "pid 4711 on pts/3", and with ", login alice" where somebody else logged in and became this
 * user (the kernel's own note, which sudo and su do not change). */
void whereabouts(char *out, size_t size);

#endif
