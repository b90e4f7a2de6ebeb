/* A long body that is read from the store while it is sent, so that requests under way cost
 * no memory by the length of what they carry. The engine's thread. */
#ifndef ENGINE_PIECES_H
#define ENGINE_PIECES_H

#include "base/buf.h"
#include "store/store.h"

struct pieces {
    struct store_reader *reader; /* borrowed */
    int64_t delivery;            /* its row */
    size_t len;                  /* of the body */
    struct buf part;             /* one of the store's, only while the body is sent */
    size_t from;                 /* where in the body it begins */
};

void pieces_init(struct pieces *p, struct store_reader *reader, int64_t delivery,
                 size_t len);

/* A send_more of send.h; arg is a struct pieces. */
size_t pieces_read(void *arg, size_t at, char *to, size_t size);

void pieces_free(struct pieces *p); /* what it holds */

#endif
