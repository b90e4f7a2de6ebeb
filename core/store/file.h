/* Files of the data directory: never through a link, always our own, mode 0600 whatever the
 * umask. Internal to store/. Any thread. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

/* Fills *err from errno: "cannot <what> <path>: <reason>". Returns false. */
bool file_err(struct err *err, const char *what, const char *path);

/* Opens a plain file of ours below the directory `dir` (O_CLOEXEC, mode 0600 when it is
 * made). -1 with *err; with ERR_NOT_FOUND when it is missing and `flags` do not make it. */
int file_open(int dir, const char *name, int flags, struct err *err);

bool file_write(int fd, struct span bytes); /* whole, at offset 0; false: errno says why */

/* Reads up to `size` bytes from the start; -1: errno says why. */
long file_read(int fd, char *out, unsigned long size);

#endif
