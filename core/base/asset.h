/* The files of assets/ as they were at build time, compiled into the program. */
#ifndef BASE_ASSET_H
#define BASE_ASSET_H

#include <stddef.h>

#include "base/span.h"

struct asset {
    const char *name; /* the path below assets/, e.g. "help/index.md" */
    const unsigned char *begin, *end;
};

extern const struct asset asset_table[]; /* sorted by name */
extern const size_t asset_count;

/* The bytes of one file; at == NULL: no such asset. */
struct span asset_find(const char *name);

#endif
