/* Which process listens on a TCP port of this host, as far as /proc tells us. */
#ifndef TUI_PORTOWNER_H
#define TUI_PORTOWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* False: not found, or not ours to see. name is sanitised. */
bool port_owner(uint16_t port, pid_t *pid, char *name, size_t size);

#endif
