/* A validating JSON scanner that keeps byte ranges.
 *
 * A body is checked once, whole (RFC 8259, UTF-8 included; NaN, Infinity and -Infinity are
 * accepted as well and flagged); after that the values are ranges of the body, read without
 * copying, so an application's numbers of thirty digits and its key order pass through
 * untouched. Nothing allocates but the unescaping into a struct buf. Pure; any thread.
 *
 * This is the stated exception to "libraries first": jansson builds a tree 20 times slower
 * and rounds big numbers. Small things (alerts, settings) are read with jansson, whose
 * names begin with json_: ours begin with js_. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define JS_MAX_DEPTH 512

enum js_type {
    JS_ABSENT = 0, /* no such member */
    JS_NULL,       /* null, and NaN and the infinities */
    JS_FALSE,
    JS_TRUE,
    JS_NUMBER,
    JS_STRING,
    JS_ARRAY,
    JS_OBJECT,
};

/* Where each value of the outer containers begins and ends, so that walking over them does not
 * read them again. For big bodies; it makes nothing but speed, and stays empty without memory, or
 * where it would take much more than the text itself. */
struct js_mark {
    uint32_t at, end;      /* in the text */
    uint32_t next;         /* the first mark after those within it */
    uint32_t key, key_len; /* of a member: its name, without quotes */
};
struct js_index {
    const char *text; /* borrowed */
    struct js_mark *marks;
    size_t count, room;
};
void js_index_free(struct js_index *index);

struct js_value {
    enum js_type type;
    bool has_nan;     /* the document holds NaN or an infinity somewhere */
    uint32_t inner;   /* of a container: where its own marks begin; 0: it has none */
    struct span text; /* the value's bytes, quotes and brackets included */
    const struct js_index *index;
};

/* Checks the whole text and yields its root. Error: ERR_INVALID with position and reason.
 * The value borrows `text`. A byte order mark is refused, surrounding white space is not.
 */
bool js_parse(struct span text, struct js_value *root, struct err *err);
/* The same, and fills *index (zeroed before; js_index_free() it), which the values borrow. */
bool js_parse_indexed(struct span text, struct js_index *index, struct js_value *root,
                      struct err *err);

/* Walks the members of an object (key set, raw between its quotes) or the items of an array
 * (key empty). */
struct js_iter {
    const char *at, *end;
    bool object, has_nan;
    const struct js_index *index;
    uint32_t mark; /* the next one */
};
struct js_item {
    struct span key; /* as written, escapes not undone */
    struct js_value value;
};
void js_iter(struct js_iter *it, struct js_value container); /* other types: no items */
bool js_next(struct js_iter *it, struct js_item *item);

/* Whether a raw key equals `name`, escapes undone. */
bool js_key_is(struct span key, const char *name);
/* The index of the name that a raw key equals; count: none. */
size_t js_key_find(struct span key, const char *const *names, size_t count);

/* The member `name` of an object; the last one wins where it stands twice. null yields
 * JS_NULL, no such member or no object JS_ABSENT. */
struct js_value js_get(struct js_value object, const char *name);

static inline bool js_is_set(struct js_value v) /* neither absent nor null */
{
    return v.type > JS_NULL;
}

size_t js_count(struct js_value container); /* items or members */

/* The text of a string with its escapes undone, as UTF-8 (lone surrogates become U+FFFD,
 * NUL stays a zero byte). False: not a string, or the buffer failed. */
bool js_string(struct js_value v, struct buf *out);
bool js_number(struct js_value v, double *out); /* only where a double can hold it */
bool js_int(struct js_value v, int64_t *out);   /* only digits, no point or e, in range */

/* Appends a value's bytes as they stand, but NaN and the infinities as null. */
bool js_append(struct buf *out, struct js_value v);

/* Appends bytes as a JSON string with quotes. Invalid UTF-8 becomes U+FFFD. */
bool js_append_string(struct buf *out, struct span text);

/* Lays out any JSON for people, lexically: key order and digits stay. Text that is not JSON
 * is appended as it stands and false returned. */
bool js_pretty(struct buf *out, struct span text, unsigned indent);

#endif
