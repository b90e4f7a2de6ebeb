/* Errors are values: a code for the program and one sentence for a person.
 *
 * A function that can fail returns bool (or a pointer) and takes `struct err *err`, which
 * it fills only when it fails; err may be NULL. The text names what went wrong and, where
 * there is one, what to do about it. It never holds a secret and may hold hostile bytes
 * only after text_safe(). Any thread. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID,     /* the input is wrong: HTTP 400, exit 2 for a call */
    ERR_NOT_FOUND,   /* no such thing: HTTP 404 */
    ERR_CONFLICT,    /* exists already, or was changed by somebody else: HTTP 409 */
    ERR_DENIED,      /* not allowed: HTTP 403 */
    ERR_TOO_LARGE,   /* over a limit: HTTP 413 */
    ERR_FULL,        /* the disk is full: HTTP 503 */
    ERR_BUSY,        /* somebody else holds it, try again: HTTP 503 */
    ERR_IO,          /* a file or the network failed: HTTP 503 */
    ERR_MEMORY,      /* an allocation failed: HTTP 503 */
    ERR_UNSUPPORTED, /* known, but not possible here: HTTP 400 */
};

struct err {
    enum err_code code;
    char text[320];
};

/* Fills *err (when err is not NULL) and returns false, so that `return err_set(...)` works.
 */
bool err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for an exhausted allocator. */
static inline bool err_memory(struct err *err)
{
    err_set(err, ERR_MEMORY, "out of memory");
    return false;
}

#endif
