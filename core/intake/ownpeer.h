/* Whether who is at the other end of a connection is our own user. Internal to intake/. */
#ifndef INTAKE_OWNPEER_H
#define INTAKE_OWNPEER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The owner of the other end of a connected socket of this machine: a Unix socket's peer,
 * or the owner of the TCP socket as /proc/net/tcp and tcp6 tell it (proc(5)). False: not
 * known, as for a peer on another machine, or one that has closed its end. Any thread. */
bool ownpeer_uid(int fd, uid_t *uid);

/* The owner that a table in the format of /proc/net/tcp names for the socket with these
 * ends. A socket that no process holds any more has no inode there and the owner 0, which
 * is nobody's: it is passed over, in whatever state. Reads `table` to its end. */
bool ownpeer_find(FILE *table, const struct sockaddr_storage *local,
                  const struct sockaddr_storage *remote, uid_t *uid);

#endif
