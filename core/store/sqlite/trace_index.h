/* Which entry of the trace memory has which hash: open addressing with linear probing, half
 * full at most, so that a look is one line of the processor's cache in most cases and never
 * reads an entry of another hash. Hashes are keyed (trace_key.h): who sends ids cannot
 * crowd them. Internal to store/sqlite; one thread. */
#ifndef SQLITE_TRACE_INDEX_H
#define SQLITE_TRACE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

enum { TRACE_INDEX_PLACES = 131072 };

/* Of each entry: 32 bits of its hash << 32 | slot + 1; 0: free. */
struct trace_index {
    uint64_t *places;
};

bool trace_index_init(struct trace_index *x); /* false: no memory */
void trace_index_free(struct trace_index *x);

void trace_index_add(struct trace_index *x, uint64_t hash, uint32_t slot);
void trace_index_remove(struct trace_index *x, uint64_t hash,
                        uint32_t slot); /* one that is in */

static inline uint32_t trace_index_home(uint64_t hash)
{
    return (uint32_t)hash % TRACE_INDEX_PLACES;
}

static inline void trace_index_soon(const struct trace_index *x, uint64_t hash)
{
    __builtin_prefetch(&x->places[trace_index_home(hash)]);
}

/* slot + 1 of the next entry that may have the hash; 0: no more. *place: trace_index_home()
 * at first. */
static inline uint32_t trace_index_next(const struct trace_index *x, uint64_t hash,
                                        uint32_t *place)
{
    for (uint64_t found; (found = x->places[*place]);) {
        *place = (*place + 1) % TRACE_INDEX_PLACES;
        if (found >> 32 == (uint32_t)hash)
            return (uint32_t)found;
    }
    return 0;
}

#endif
