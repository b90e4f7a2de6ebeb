/* Files of the data directory: never through a link, always our own, mode 0600 whatever the
 * umask. Any thread. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

/* Fills *err from errno: "cannot <what> <path>: <reason>". Returns false. */
bool file_err(struct err *err, const char *what, const char *path);

/* A descriptor of a directory that is ours and that nobody else can change, O_CLOEXEC: not a
 * link, nor in a place where others could put another in its stead. -1 with a sentence that
 * begins with `what` ("data directory") and the path. */
int file_open_directory(const char *path, const char *what, struct err *err);

/* The path without "/" and "/." at its end: with them a link would be followed. Caller frees;
 * NULL: an error. */
char *file_trimmed(const char *path, struct err *err);

/* Opens a plain file of ours below the directory `dir` (O_CLOEXEC, mode 0600 when it is
 * made). -1 with *err; with ERR_NOT_FOUND when it is missing and `flags` do not make it. */
int file_open(int dir, const char *name, int flags, struct err *err);

/* Whether only we can use it, by this one name. */
bool file_check_private(int fd, const char *name, struct err *err);

bool file_write(int fd, struct span bytes); /* whole, at offset 0; false: errno says why */

/* Reads up to `size` bytes from the start; -1: errno says why. */
long file_read(int fd, char *out, unsigned long size);

#endif
