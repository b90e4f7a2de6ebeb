/* A growing byte buffer with a maximum.
 *
 * A failed append (no memory, or over max) sets `failed` and leaves the bytes as they were;
 * later appends do nothing, so a caller may write many pieces and check once at the end.
 * data is always terminated by a zero byte that len does not count (data is NULL only while
 * nothing was ever appended; buf_text() never returns NULL). One thread at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define BUF_UNLIMITED ((size_t)1 << 40)

struct buf {
    char *data;
    size_t len, cap, max;
    bool failed;
    bool secret; /* memory is overwritten whenever it goes back: when it grows, and at the end */
};

void buf_init(struct buf *b, size_t max);
void buf_init_secret(struct buf *b, size_t max);
void buf_free(struct buf *b);  /* frees and makes it empty; usable again */
void buf_clear(struct buf *b); /* empties, keeps the memory and clears `failed` */
void buf_drop(struct buf *b, size_t len); /* removes the first bytes: at most all of them */

/* buf_add() where there is no room. */
bool buf_add_more(struct buf *b, const void *bytes, size_t len);
static inline bool buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (b->failed || len >= b->cap - b->len || len > b->max - b->len)
        return buf_add_more(b, bytes, len);
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}
static inline bool buf_add_span(struct buf *b, struct span s)
{
    return buf_add(b, s.at, s.len);
}
static inline bool buf_add_text(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}
static inline bool buf_add_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}
bool buf_add_format(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool buf_reserve(struct buf *b, size_t more); /* room for `more` bytes beyond len */

const char *buf_text(const struct buf *b); /* borrowed, terminated */
struct span buf_span(const struct buf *b);
char *
buf_take(struct buf *b); /* the bytes as a malloc'ed string, caller frees; NULL if failed */

#endif
