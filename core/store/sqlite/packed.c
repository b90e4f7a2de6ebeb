#include "store/sqlite/packed.h"

#include <limits.h>

#include <lz4.h>

enum {
    WORTH_IT = 2048, /* half a page of the file: fewer bytes would cost as many pages */
    RATIO_MAX = 255, /* of LZ4's format: more was never packed */
};

struct packed packed_of(struct span plain, struct buf *scratch)
{
    const struct packed as_it_is = {plain, 0};
    size_t most = plain.len - plain.len / 8;
    buf_clear(scratch);
    if (plain.len < WORTH_IT || plain.len > INT_MAX || !buf_reserve(scratch, most))
        return as_it_is;
    int len = LZ4_compress_default(plain.at, scratch->data, (int)plain.len, (int)most);
    if (len <= 0)
        return as_it_is;
    scratch->len = (size_t)len;
    return (struct packed){buf_span(scratch), (int64_t)plain.len};
}

void packed_open(const struct packed *p, struct buf *out)
{
    if (p->size == 0) {
        buf_add_span(out, p->bytes);
        return;
    }
    if (p->size < 0 || p->size > INT_MAX || (size_t)p->size / RATIO_MAX > p->bytes.len ||
        !buf_reserve(out, (size_t)p->size))
        return;
    int len = LZ4_decompress_safe(p->bytes.at, out->data + out->len, (int)p->bytes.len,
                                  (int)p->size);
    if (len == p->size)
        out->len += (size_t)len;
    out->data[out->len] = '\0';
}
