#include "base/inflate.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum { PIECE = 32 * 1024, GZIP_ONLY = 16 };

struct inflate {
    z_stream stream;
    bool finished;
};

struct inflate *inflate_new(struct err *err)
{
    struct inflate *z = calloc(1, sizeof *z);
    if (!z || inflateInit2(&z->stream, MAX_WBITS + GZIP_ONLY) != Z_OK) {
        free(z);
        err_memory(err);
        return NULL;
    }
    return z;
}

void inflate_free(struct inflate **z)
{
    if (*z)
        inflateEnd(&(*z)->stream);
    free(*z);
    *z = NULL;
}

static bool add_piece(struct buf *out, const void *piece, size_t len, struct err *err)
{
    if (len > out->max - out->len)
        return err_set(err, ERR_TOO_LARGE,
                       "the inflated body is over the limit of %zu bytes", out->max);
    return buf_add(out, piece, len) || err_memory(err);
}

bool inflate_feed(struct inflate *z, struct span in, struct buf *out, struct err *err)
{
    unsigned char piece[PIECE];
    if (in.len > UINT_MAX)
        return err_set(err, ERR_TOO_LARGE, "too much compressed data at once");
    z->stream.next_in = (unsigned char *)(uintptr_t)in.at;
    z->stream.avail_in = (uInt)in.len;
    while (z->stream.avail_in > 0) {
        if (z->finished)
            return err_set(err, ERR_INVALID, "bytes follow the end of the gzip data");
        z->stream.next_out = piece;
        z->stream.avail_out = sizeof piece;
        int rc = inflate(&z->stream, Z_NO_FLUSH);
        if (rc == Z_MEM_ERROR)
            return err_memory(err);
        if (rc != Z_OK && rc != Z_STREAM_END)
            return err_set(err, ERR_INVALID, "the body is not valid gzip");
        if (!add_piece(out, piece, sizeof piece - z->stream.avail_out, err))
            return false;
        z->finished = rc == Z_STREAM_END;
    }
    return true;
}

bool inflate_finished(const struct inflate *z)
{
    return z->finished;
}
