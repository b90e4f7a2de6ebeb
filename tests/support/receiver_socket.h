/* The sockets of the receiver. Internal to it. */
#ifndef SUPPORT_RECEIVER_SOCKET_H
#define SUPPORT_RECEIVER_SOCKET_H

#include <stdbool.h>

/* A non-blocking listener on 127.0.0.1 or ::1, on a free port. -1: this machine has no such
 * address. */
int receiver_listen(bool ipv6, int *port);

void receiver_shut(int fd, bool reset); /* closes, or ends with an RST */

#endif
