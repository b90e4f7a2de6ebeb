/* The listening socket of the intake: one of our own, because libmicrohttpd does not say
 * why it could not listen. */
#ifndef INTAKE_LISTEN_H
#define INTAKE_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Listens on a numeric address. *port 0 picks a free one; it receives the real one. Returns
 * the socket (non-blocking, close-on-exec), the caller closes it; -1: an error. ERR_BUSY:
 * the port is in use. */
int listen_open(const char *host, uint16_t *port, struct err *err);

#endif
