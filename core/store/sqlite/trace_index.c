#include "store/sqlite/trace_index.h"

#include <stdlib.h>

static uint64_t place_of(uint64_t hash, uint32_t slot)
{
    return hash << 32 | (slot + 1);
}

static uint32_t after(uint32_t place)
{
    return (place + 1) % TRACE_INDEX_PLACES;
}

static uint32_t distance(uint32_t from, uint32_t to)
{
    return (to - from) % TRACE_INDEX_PLACES;
}

bool trace_index_init(struct trace_index *x)
{
    x->places = calloc(TRACE_INDEX_PLACES, sizeof *x->places);
    return x->places != NULL;
}

void trace_index_free(struct trace_index *x)
{
    free(x->places);
    x->places = NULL;
}

void trace_index_add(struct trace_index *x, uint64_t hash, uint32_t slot)
{
    uint32_t at = trace_index_home(hash);
    while (x->places[at])
        at = after(at);
    x->places[at] = place_of(hash, slot);
}

/* What follows moves up, unless it would come to stand before its home (Knuth, The Art of
 * Computer Programming, vol. 3, 6.4, algorithm R). */
void trace_index_remove(struct trace_index *x, uint64_t hash, uint32_t slot)
{
    uint32_t hole = trace_index_home(hash);
    while (x->places[hole] != place_of(hash, slot))
        hole = after(hole);
    for (uint32_t at = after(hole); x->places[at]; at = after(at)) {
        if (distance(trace_index_home(x->places[at] >> 32), at) < distance(hole, at))
            continue;
        x->places[hole] = x->places[at];
        hole = at;
    }
    x->places[hole] = 0;
}
