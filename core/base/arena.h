/* A bump allocator: many small pieces that live and die together (one request).
 *
 * Pieces are aligned for any type and are freed only by arena_free(). After a failed
 * allocation `failed` stays set and NULL is returned, so a caller may check once. `max`
 * bounds the bytes taken from malloc. One thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t total, max;
    bool failed;
};

void arena_init(struct arena *a, size_t max);
void arena_free(struct arena *a);
void *arena_alloc(struct arena *a, size_t size);        /* zeroed */
char *arena_copy(struct arena *a, struct span s);       /* terminated copy */
struct span arena_span(struct arena *a, struct span s); /* the same as a span */

#endif
