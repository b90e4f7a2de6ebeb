#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of the first one malloc() has some at hand; each further one is twice as large. */
enum { BLOCK_FIRST = 960, BLOCK_MAX = 16 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t max)
{
    *a = (struct arena){.max = max};
}

void arena_free(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    arena_init(a, a->max);
}

static struct arena_block *add_block(struct arena *a, size_t size)
{
    size_t left = a->max - a->total;
    if (left < sizeof(struct arena_block) || size > left - sizeof(struct arena_block))
        return NULL;
    size_t room = left - sizeof(struct arena_block);
    size_t usual = !a->blocks                        ? BLOCK_FIRST
                   : a->blocks->size > BLOCK_MAX / 2 ? BLOCK_MAX
                                                     : 2 * a->blocks->size;
    size_t whole = size > usual ? size : room < usual ? room : usual;
    struct arena_block *block = malloc(sizeof *block + whole);
    if (!block)
        return NULL;
    *block = (struct arena_block){.next = a->blocks, .size = whole};
    a->blocks = block;
    a->total += sizeof *block + whole;
    return block;
}

/* Not zeroed. */
static void *take(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct arena_block *block = a->blocks;
    if (!a->failed && size <= SIZE_MAX - align) {
        size = (size + align - 1) & ~(align - 1);
        if (!block || size > block->size - block->used)
            block = add_block(a, size);
        if (block) {
            void *piece = block->bytes + block->used;
            block->used += size;
            return piece;
        }
    }
    a->failed = true;
    return NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *piece = take(a, size);
    return piece ? memset(piece, 0, size) : NULL;
}

char *arena_copy(struct arena *a, struct span s)
{
    char *copy = s.len < SIZE_MAX ? take(a, s.len + 1) : NULL;
    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct span arena_span(struct arena *a, struct span s)
{
    char *copy = arena_copy(a, s);
    return (struct span){copy, copy ? s.len : 0};
}
