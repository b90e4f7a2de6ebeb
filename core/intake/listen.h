/* The listening socket of the intake: one of our own, because libmicrohttpd does not say
 * why it could not listen. */
#ifndef INTAKE_LISTEN_H
#define INTAKE_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Listens on a numeric address. *port 0 picks a free one; it receives the real one. Or on a
 * Unix socket, where host is "unix:PATH": made with mode 0600, in a directory that is ours
 * (file.h); a socket at which nobody answers any more is replaced, anything else that stands
 * there is refused. Returns the socket (non-blocking, close-on-exec), the caller closes it;
 * -1: an error. ERR_BUSY: the port or the socket is in use. */
int listen_open(const char *host, uint16_t *port, struct err *err);

/* The path of "unix:PATH"; NULL: another kind of host. */
const char *listen_unix_path(const char *host);

/* Takes the name of a Unix socket away; before the socket is closed, so that nobody else can
 * have put theirs there. */
void listen_remove(const char *host);

#endif
