#include "engine/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { PIECE = 128 * 1024 };

/* Makes `bytes` hold what begins at `at`. */
static bool fetch(struct pieces *p, size_t at)
{
    struct err err;
    size_t left = p->len - at, count = left < PIECE ? left : PIECE;
    if (!p->bytes && !(p->bytes = malloc(PIECE)))
        return false;
    p->from = at;
    p->count = 0;
    if (!store_body_read(p->reader, p->delivery, at, p->bytes, count, &err)) {
        log_write(LOG_LEVEL_ERROR, "a body is not sent: %s", err.text);
        return false;
    }
    p->count = count;
    return true;
}

size_t pieces_read(void *arg, size_t at, char *to, size_t size)
{
    struct pieces *p = arg;
    bool here = p->bytes && at >= p->from && at < p->from + p->count;
    if (at >= p->len || (!here && !fetch(p, at)))
        return 0;
    size_t left = p->from + p->count - at, count = size < left ? size : left;
    memcpy(to, p->bytes + (at - p->from), count);
    if (at + count == p->len)
        pieces_free(p); /* the answer may take long */
    return count;
}

void pieces_free(struct pieces *p)
{
    free(p->bytes);
    p->bytes = NULL;
    p->count = 0;
}
