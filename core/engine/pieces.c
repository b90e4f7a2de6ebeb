#include "engine/pieces.h"

#include <string.h>

#include "base/log.h"
#include "send/send.h"
#include "store/delivering.h"

void pieces_init(struct pieces *p, struct store_reader *reader, int64_t delivery,
                 size_t len)
{
    *p = (struct pieces){.reader = reader, .delivery = delivery, .len = len};
    buf_init(&p->part, BUF_UNLIMITED);
}

static bool has(const struct pieces *p, size_t at)
{
    return at >= p->from && at - p->from < p->part.len;
}

static bool fetch(struct pieces *p, size_t at, struct err *err)
{
    if (store_body_part(p->reader, p->delivery, at, &p->part, &p->from, err))
        return true;
    log_write(LOG_LEVEL_ERROR, "a body is not sent: %s", err->text);
    return false;
}

size_t pieces_read(void *arg, size_t at, char *to, size_t size)
{
    struct pieces *p = arg;
    struct err err;
    if (at >= p->len)
        return 0;
    if (!has(p, at) && !fetch(p, at, &err))
        return err.code == ERR_MEMORY ? SEND_NO_MEMORY : 0;
    size_t left = p->part.len - (at - p->from), count = size < left ? size : left;
    memcpy(to, p->part.data + (at - p->from), count);
    if (at + count == p->len)
        pieces_free(p); /* the answer may take long */
    return count;
}

void pieces_free(struct pieces *p)
{
    buf_free(&p->part);
}
