#include "store/sqlite/chunk.h"

#include <string.h>

enum { ID = UUID_SIZE - 1, HEAD = ID + 16 };

static void put(unsigned char *to, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(number >> 8 * i);
}

static uint64_t get(const char *from, int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)from[i] << 8 * i;
    return number;
}

static size_t entity_size(const struct chunk_event *e)
{
    size_t size = 0;
    for (size_t i = 0; i < e->piece_count; i++)
        size += e->pieces[i].len;
    return size;
}

size_t chunk_size(const struct chunk_event *e)
{
    return HEAD + e->user.len + entity_size(e);
}

bool chunk_append(struct buf *chunk, const struct chunk_event *e)
{
    unsigned char head[HEAD];
    memcpy(head, e->id, ID);
    put(head + ID, (uint64_t)e->request, 8);
    put(head + ID + 8, e->user.len, 4);
    put(head + ID + 12, entity_size(e), 4);
    buf_add(chunk, head, HEAD);
    bool fine = buf_add_span(chunk, e->user);
    for (size_t i = 0; i < e->piece_count; i++)
        fine = buf_add_span(chunk, e->pieces[i]);
    return fine;
}

bool chunk_next(struct span *chunk, char id[UUID_SIZE], struct payload_event *e)
{
    if (chunk->len < HEAD)
        return false;
    size_t user = get(chunk->at + ID + 8, 4), entity = get(chunk->at + ID + 12, 4);
    if (chunk->len - HEAD < user || chunk->len - HEAD - user < entity)
        return false;
    memcpy(id, chunk->at, ID);
    id[ID] = 0;
    e->id = id;
    e->request = (int64_t)get(chunk->at + ID, 8);
    e->user = (struct span){chunk->at + HEAD, user};
    e->entity = (struct span){chunk->at + HEAD + user, entity};
    chunk->at += HEAD + user + entity;
    chunk->len -= HEAD + user + entity;
    return true;
}
