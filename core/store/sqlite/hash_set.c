#include "store/sqlite/hash_set.h"

#include <stdlib.h>

/* Grown by a half each time, a set of a million ends with 1.46 million slots. */
enum { ROOM_FIRST = 5000 };

/* In the order of the hashes, which spares a division and any rule for the number of slots.
 */
static size_t home_of(const struct hash_set *s, uint64_t hash)
{
    return (size_t)((unsigned __int128)hash * s->room >> 64);
}

/* Where it stands, or the free slot where it would. */
static size_t find(const struct hash_set *s, uint64_t hash)
{
    size_t at = home_of(s, hash);
    while (s->slots[at] && s->slots[at] != hash)
        at = at + 1 < s->room ? at + 1 : 0;
    return at;
}

void hash_set_soon(const struct hash_set *s, uint64_t hash)
{
    if (s->room > 0)
        __builtin_prefetch(&s->slots[home_of(s, hash)]);
}

bool hash_set_has(const struct hash_set *s, uint64_t hash)
{
    return s->room > 0 && s->slots[find(s, hash)] != 0;
}

static bool grow(struct hash_set *s)
{
    struct hash_set more = {.room = s->room ? s->room + s->room / 2 : ROOM_FIRST,
                            .count = s->count};
    more.slots = calloc(more.room, sizeof *more.slots);
    if (!more.slots)
        return false;
    for (size_t i = 0; i < s->room; i++)
        if (s->slots[i])
            more.slots[find(&more, s->slots[i])] = s->slots[i];
    free(s->slots);
    *s = more;
    return true;
}

bool hash_set_add(struct hash_set *s, uint64_t hash)
{
    if (s->count >= s->room - s->room / 4 && !grow(s))
        return false;
    s->slots[find(s, hash)] = hash;
    s->count++;
    return true;
}

/* Whether what stands at `at` may move to the free slot before it: its home is no later. */
static bool may_move(const struct hash_set *s, size_t gap, size_t at)
{
    size_t home = home_of(s, s->slots[at]);
    return gap <= at ? home <= gap || home > at : home <= gap && home > at;
}

void hash_set_remove(struct hash_set *s, uint64_t hash)
{
    if (!hash_set_has(s, hash))
        return;
    size_t gap = find(s, hash), at = gap;
    s->slots[gap] = 0;
    s->count--;
    for (;;) {
        at = at + 1 < s->room ? at + 1 : 0;
        if (!s->slots[at])
            return;
        if (!may_move(s, gap, at))
            continue;
        s->slots[gap] = s->slots[at];
        s->slots[at] = 0;
        gap = at;
    }
}

void hash_set_free(struct hash_set *s)
{
    free(s->slots);
    *s = (struct hash_set){0};
}
