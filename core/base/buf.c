#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { BUF_FIRST = 64 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_init_secret(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max, .secret = true};
}

void buf_free(struct buf *b)
{
    if (b->secret)
        secret_wipe(b->data, b->cap);
    free(b->data);
    *b = (struct buf){.max = b->max, .secret = b->secret};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data)
        b->data[0] = '\0';
}

void buf_drop(struct buf *b, size_t len)
{
    if (len == 0)
        return;
    b->len -= len;
    memmove(b->data, b->data + len, b->len + 1);
}

/* As realloc(), which may leave a copy behind. */
static char *grow(struct buf *b, size_t cap)
{
    if (!b->secret)
        return realloc(b->data, cap);
    char *data = malloc(cap);
    if (data && b->data) {
        memcpy(data, b->data, b->len + 1);
        secret_wipe(b->data, b->cap);
        free(b->data);
    }
    return data;
}

bool buf_reserve(struct buf *b, size_t more)
{
    size_t max = b->max < BUF_UNLIMITED ? b->max : BUF_UNLIMITED; /* so that need fits */
    if (b->failed || more > max || b->len > max - more)
        return !(b->failed = true);
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : BUF_FIRST;
    while (cap < need)
        cap *= 2;
    char *data = grow(b, cap);
    if (!data)
        return !(b->failed = true);
    b->data = data;
    b->cap = cap;
    b->data[b->len] = '\0';
    return true;
}

bool buf_add_more(struct buf *b, const void *bytes, size_t len)
{
    if (!buf_reserve(b, len))
        return false;
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool buf_add_format(struct buf *b, const char *format, ...)
{
    va_list args, again;
    size_t room = b->failed || !b->data ? 0 : b->cap - b->len;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(room ? b->data + b->len : NULL, room, format, args);
    va_end(args);
    bool ok = len >= 0 && buf_reserve(b, (size_t)len);
    if (ok && (size_t)len >= room)
        vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
    va_end(again);
    if (ok)
        b->len += (size_t)len;
    else if (room)
        b->data[b->len] = '\0';
    b->failed = !ok;
    return ok;
}

const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}

struct span buf_span(const struct buf *b)
{
    return (struct span){buf_text(b), b->len};
}

char *buf_take(struct buf *b)
{
    if (b->failed || (!b->data && !buf_reserve(b, 0)))
        return NULL;
    char *data = b->data;
    *b = (struct buf){.max = b->max, .secret = b->secret};
    return data;
}
