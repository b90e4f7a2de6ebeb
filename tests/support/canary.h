/* Secrets that a test plants, and the search for them in whatever left the program: as they
 * are, in base64 (at each of its three offsets, for they may stand in the middle of
 * something) and in hexadecimal. One thread; aborts when the machine fails. */
#ifndef SUPPORT_CANARY_H
#define SUPPORT_CANARY_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

struct canary {
    const char *name, *text; /* the text is what only this secret holds: 12 bytes or more */
};

struct canary_search {
    const struct canary *list;
    size_t count;
    unsigned allowed; /* bit i: list[i] may stand there */
    struct buf hits;  /* a line for each canary and place where it was found */
    size_t bytes;     /* that were searched */
};

void canary_init(struct canary_search *s, const struct canary *list, size_t count);
void canary_free(struct canary_search *s);

/* Each adds to hits; `where` names the place in them. */
void canary_in(struct canary_search *s, const char *where, struct span bytes);
void canary_in_text(struct canary_search *s, const char *where, const char *text);
void canary_in_file(struct canary_search *s, const char *path);
/* Every file below, and all names. How many files were there. */
size_t canary_in_tree(struct canary_search *s, const char *dir);
/* /proc/PID/cmdline and environ of the process and its children. */
void canary_in_process(struct canary_search *s, pid_t pid);
/* The memory that it can write to. False: the kernel does not let us. Under a sanitizer, whose
 * shadow of it is terabytes, nothing is searched, and that is said. */
bool canary_in_memory(struct canary_search *s, pid_t pid);

#endif
