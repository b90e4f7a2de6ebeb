#include "base/json.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    INDEX_DEPTH = 4, /* {"traces": [ { "input": */
    MARK_TEXT = 16,  /* bytes of text for each mark: no more marks than that */
    MARKS_FIRST = 64,
    MARKS_MAX = 1 << 19,
};

/* The scan is one loop over values and separators with the open containers as bits, so that
 * nesting costs no stack. */
struct scan {
    const char *start, *at, *end;
    uint64_t
        objects[JS_MAX_DEPTH / 64]; /* bit set: the container at that depth is an object */
    size_t depth;
    bool has_nan;
    const char *problem;
    struct js_index *index;          /* NULL: none */
    uint32_t open[INDEX_DEPTH];      /* the marks of the values that have begun */
    uint32_t key, key_len;           /* the last name */
};

static bool fail(struct scan *s, const char *problem)
{
    s->problem = problem;
    return false;
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static const uint64_t ONES = ~UINT64_C(0) / 255; /* each byte 1 */

static uint64_t load8(const char *at)
{
    uint64_t w;
    memcpy(&w, at, sizeof w);
    return htole64(w);
}

/* Of eight bytes, the top bit of each that is the quote or the backslash. Up to the first one it
 * is exact; above that a borrow may have set others. */
static uint64_t quotes8(uint64_t w)
{
    uint64_t quote = w ^ (ONES * '"'), slash = w ^ (ONES * '\\');
    return (((quote - ONES) & ~quote) | ((slash - ONES) & ~slash)) & (ONES << 7);
}

/* The same, and of each that is a control or not ASCII. */
static uint64_t special8(uint64_t w)
{
    return quotes8(w) | (((w - ONES * 0x20) | w) & (ONES << 7));
}

static size_t first_of(uint64_t marks) /* != 0 */
{
    return (size_t)__builtin_ctzll(marks) / 8;
}

/* The first byte that is a quote or a backslash (or, with `all`, a control or not ASCII), sixteen
 * at a time where the processor can; or less than eight bytes before the end. */
static inline const char *leap(const char *at, const char *end, bool all)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  space = _mm_set1_epi8(' ');
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        __m128i found =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash));
        if (all) /* signed: those that are not ASCII are below 0 */
            found = _mm_or_si128(found, _mm_cmplt_epi8(bytes, space));
        int marks = _mm_movemask_epi8(found);
        if (marks)
            return at + __builtin_ctz((unsigned)marks);
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t marks = all ? special8(load8(at)) : quotes8(load8(at));
        if (marks)
            return at + first_of(marks);
    }
    return at;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool scan_escape(struct scan *s)
{
    if (s->end - s->at < 2)
        return fail(s, "unfinished string");
    char c = s->at[1];
    if (c == 'u') {
        for (int i = 2; i < 6; i++)
            if (s->end - s->at <= i || !is_hex(s->at[i]))
                return fail(s, "\\u needs four hex digits");
        s->at += 6;
        return true;
    }
    if (!c || !strchr("\"\\/bfnrt", c))
        return fail(s, "unknown escape in a string");
    s->at += 2;
    return true;
}

/* One character of two to four bytes (RFC 3629: no overlong forms, no surrogates). */
static bool scan_utf8(struct scan *s)
{
    const unsigned char *p = (const unsigned char *)s->at;
    size_t left = (size_t)(s->end - s->at), need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    bool ok = p[0] >= 0xc2 && p[0] <= 0xf4 && left >= need;
    for (size_t i = 1; ok && i < need; i++)
        ok = (p[i] & 0xc0) == 0x80;
    if (ok && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
               (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
        ok = false;
    if (!ok)
        return fail(s, "a string is not valid UTF-8");
    s->at += need;
    return true;
}

static bool scan_string(struct scan *s)
{
    s->at++;
    for (;;) {
        s->at = leap(s->at, s->end, true);
        if (s->at == s->end)
            return fail(s, "unfinished string");
        unsigned char c = (unsigned char)*s->at;
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c < 0x20)
            return fail(s, "a control character in a string");
        if (c == '\\' ? !scan_escape(s) : c >= 0x80 ? !scan_utf8(s) : !++s->at)
            return false;
    }
}

static bool scan_digits(struct scan *s)
{
    const char *first = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > first || fail(s, "a number needs a digit here");
}

static bool at_char(const struct scan *s, char c)
{
    return s->at < s->end && *s->at == c;
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return fail(s, "expected a value");
    s->at += len;
    return true;
}

static bool scan_number(struct scan *s)
{
    if (at_char(s, '-'))
        s->at++;
    if (at_char(s, 'I')) {
        s->has_nan = true;
        return scan_word(s, "Infinity");
    }
    if (at_char(s, '0'))
        s->at++;
    else if (!scan_digits(s))
        return false;
    if (at_char(s, '.')) {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if (at_char(s, 'e') || at_char(s, 'E')) {
        s->at++;
        if (at_char(s, '+') || at_char(s, '-'))
            s->at++;
        return scan_digits(s);
    }
    return true;
}

static bool scan_scalar(struct scan *s)
{
    switch (*s->at) {
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    case 'N':
        s->has_nan = true;
        return scan_word(s, "NaN");
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
    case 'I':
        return scan_number(s);
    default:
        return fail(s, "expected a value");
    }
}

static bool in_object(const struct scan *s)
{
    size_t top = s->depth - 1;
    return s->objects[top / 64] >> (top % 64) & 1;
}

/* ---- the index */

void js_index_free(struct js_index *index)
{
    free(index->marks);
    *index = (struct js_index){0};
}

/* False: there are to be no marks. */
static bool more_marks(struct scan *s)
{
    struct js_index *x = s->index;
    size_t text = (size_t)(s->end - s->start), most = text / MARK_TEXT + MARKS_FIRST;
    size_t room = x->room ? 2 * x->room : text / (4 * MARK_TEXT) + MARKS_FIRST;
    struct js_mark *more = x->room < most && room <= MARKS_MAX
                               ? realloc(x->marks, room * sizeof *more)
                               : NULL;
    if (!more) {
        x->count = 0;
        s->index = NULL;
        return false;
    }
    x->marks = more;
    x->room = room;
    return true;
}

/* Called where a value begins. */
static void mark_begin(struct scan *s)
{
    struct js_index *x = s->index;
    if (!x || s->depth >= INDEX_DEPTH || (x->count == x->room && !more_marks(s)))
        return;
    s->open[s->depth] = (uint32_t)x->count;
    x->marks[x->count++] = (struct js_mark){
        .at = (uint32_t)(s->at - s->start), .key = s->key, .key_len = s->key_len};
}

/* Called behind the value, at the depth it began at. */
static void mark_end(struct scan *s)
{
    struct js_index *x = s->index;
    if (!x || s->depth >= INDEX_DEPTH)
        return;
    struct js_mark *m = &x->marks[s->open[s->depth]];
    m->end = (uint32_t)(s->at - s->start);
    m->next = (uint32_t)x->count;
}

/* ---- the scan goes on */

static bool push(struct scan *s, bool object)
{
    if (s->depth == JS_MAX_DEPTH)
        return fail(s, "nested too deep");
    uint64_t bit = UINT64_C(1) << (s->depth % 64);
    if (object)
        s->objects[s->depth / 64] |= bit;
    else
        s->objects[s->depth / 64] &= ~bit;
    s->depth++;
    s->at++;
    return true;
}

static void pop(struct scan *s)
{
    s->at++;
    s->depth--;
    mark_end(s);
}

static bool scan_key(struct scan *s)
{
    skip_space(s);
    if (!at_char(s, '"'))
        return fail(s, "expected a name in quotes");
    const char *quote = s->at;
    if (!scan_string(s))
        return false;
    s->key = (uint32_t)(quote + 1 - s->start);
    s->key_len = (uint32_t)(s->at - quote - 2);
    skip_space(s);
    if (!at_char(s, ':'))
        return fail(s, "expected ':'");
    s->at++;
    return true;
}

/* A value up to the point where another value, a separator or an end must follow: opens
 * containers until a scalar or an empty container is done. */
static bool scan_value(struct scan *s)
{
    for (;;) {
        skip_space(s);
        if (s->at == s->end)
            return fail(s, "it ends too early");
        mark_begin(s);
        if (*s->at != '{' && *s->at != '[') {
            if (!scan_scalar(s))
                return false;
            mark_end(s);
            return true;
        }
        bool object = *s->at == '{';
        if (!push(s, object))
            return false;
        skip_space(s);
        if (at_char(s, object ? '}' : ']')) {
            pop(s);
            return true;
        }
        if (object && !scan_key(s))
            return false;
    }
}

/* After a value: closes containers until a comma asks for the next one. */
static bool scan_after(struct scan *s, bool *more)
{
    for (*more = false; s->depth > 0 && !*more;) {
        skip_space(s);
        bool object = in_object(s);
        if (at_char(s, ',')) {
            s->at++;
            *more = true;
        } else if (at_char(s, object ? '}' : ']')) {
            pop(s);
        } else {
            return fail(s, s->at == s->end ? "it ends too early"
                           : object        ? "expected ',' or '}'"
                                           : "expected ',' or ']'");
        }
    }
    return !*more || !in_object(s) || scan_key(s);
}

static bool scan_all(struct scan *s, struct span *root)
{
    skip_space(s);
    root->at = s->at;
    for (bool more = true; more;)
        if (!scan_value(s) || !scan_after(s, &more))
            return false;
    root->len = (size_t)(s->at - root->at);
    skip_space(s);
    return s->at == s->end || fail(s, "something follows the value");
}

static enum js_type type_of(const char *at)
{
    switch (*at) {
    case '{':
        return JS_OBJECT;
    case '[':
        return JS_ARRAY;
    case '"':
        return JS_STRING;
    case 't':
        return JS_TRUE;
    case 'f':
        return JS_FALSE;
    case 'n':
    case 'N':
    case 'I':
        return JS_NULL;
    default:
        return at[0] == '-' && at[1] == 'I' ? JS_NULL : JS_NUMBER;
    }
}

bool js_parse_indexed(struct span text, struct js_index *index, struct js_value *root,
                      struct err *err)
{
    *root = (struct js_value){0};
    if (text.len == 0)
        return err_set(err, ERR_INVALID, "invalid JSON: the text is empty");
    struct scan s = {.start = text.at, .at = text.at, .end = text.at + text.len};
    struct span value;
    if (index && text.len < UINT32_MAX) {
        index->text = text.at;
        s.index = index;
    }
    if (!scan_all(&s, &value))
        return err_set(err, ERR_INVALID, "invalid JSON at byte %zu: %s",
                       (size_t)(s.at - s.start), s.problem);
    const struct js_index *marked = s.index && s.index->count > 0 ? s.index : NULL;
    *root = (struct js_value){.type = type_of(value.at),
                              .has_nan = s.has_nan,
                              .inner = marked && marked->count > 1,
                              .text = value,
                              .index = marked};
    return true;
}

bool js_parse(struct span text, struct js_value *root, struct err *err)
{
    return js_parse_indexed(text, NULL, root, err);
}

/* ---- walking what was checked before: no test for the end is needed within a value */

/* `end` only says how far may be read at once. */
static const char *after_string(const char *at, const char *end)
{
    for (at++;; at++) {
        at = leap(at, end, false);
        if (*at == '"')
            return at + 1;
        if (*at == '\\')
            at++;
    }
}

static const char *after_value(const char *at, const char *end)
{
    if (*at == '"')
        return after_string(at, end);
    if (*at != '{' && *at != '[') {
        while (at < end && *at > ' ' && *at != ',' && *at != ']' && *at != '}')
            at++;
        return at;
    }
    for (size_t depth = 0;;) {
        if (*at == '"') {
            at = after_string(at, end);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if ((*at == '}' || *at == ']') && --depth == 0)
            return at + 1;
        at++;
    }
}

static const char *after_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

void js_iter(struct js_iter *it, struct js_value container)
{
    *it = (struct js_iter){0};
    if (container.type != JS_OBJECT && container.type != JS_ARRAY)
        return;
    it->at = container.text.at + 1;
    it->end = container.text.at + container.text.len - 1; /* the closing bracket */
    it->object = container.type == JS_OBJECT;
    it->has_nan = container.has_nan;
    it->index = container.inner ? container.index : NULL;
    it->mark = container.inner;
}

static bool next_marked(struct js_iter *it, struct js_item *item)
{
    const struct js_index *x = it->index;
    const struct js_mark *m = &x->marks[it->mark];
    if (it->mark == x->count || x->text + m->at >= it->end)
        return false;
    item->key = it->object ? (struct span){x->text + m->key, m->key_len} : (struct span){NULL, 0};
    item->value = (struct js_value){.type = type_of(x->text + m->at),
                                    .has_nan = it->has_nan,
                                    .inner = m->next > it->mark + 1 ? it->mark + 1 : 0,
                                    .text = {x->text + m->at, m->end - m->at},
                                    .index = x};
    it->mark = m->next;
    return true;
}

static bool next_walked(struct js_iter *it, struct js_item *item)
{
    const char *at = after_space(it->at, it->end);
    if (at >= it->end)
        return false;
    item->key = (struct span){NULL, 0};
    if (it->object) {
        const char *after = after_string(at, it->end);
        item->key = (struct span){at + 1, (size_t)(after - at) - 2};
        at = after_space(after_space(after, it->end) + 1, it->end);
    }
    const char *after = after_value(at, it->end);
    item->value = (struct js_value){.type = type_of(at),
                                    .has_nan = it->has_nan,
                                    .text = {at, (size_t)(after - at)}};
    it->at = after_space(after, it->end) + 1; /* past the comma, or past the end */
    return true;
}

bool js_next(struct js_iter *it, struct js_item *item)
{
    if (it->index)
        return next_marked(it, item);
    return it->at && next_walked(it, item);
}

static size_t find_plain(struct span key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((key.len == 0 || names[i][0] == key.at[0]) && span_is(key, names[i]))
            return i;
    return count;
}

size_t js_key_find(struct span key, const char *const *names, size_t count)
{
    size_t as_it_stands = find_plain(key, names, count);
    if (as_it_stands < count || !key.len || !memchr(key.at, '\\', key.len))
        return as_it_stands;
    struct buf plain;
    buf_init(&plain, key.len);
    struct js_value quoted = {.type = JS_STRING, .text = {key.at - 1, key.len + 2}};
    size_t found = js_string(quoted, &plain) ? find_plain(buf_span(&plain), names, count) : count;
    buf_free(&plain);
    return found;
}

bool js_key_is(struct span key, const char *name)
{
    return js_key_find(key, &name, 1) == 0;
}

struct js_value js_get(struct js_value object, const char *name)
{
    struct js_value found = {0};
    struct js_iter it;
    struct js_item item;
    if (object.type != JS_OBJECT)
        return found;
    js_iter(&it, object);
    while (js_next(&it, &item))
        if (js_key_is(item.key, name))
            found = item.value;
    return found;
}

size_t js_count(struct js_value container)
{
    struct js_iter it;
    struct js_item item;
    size_t count = 0;
    for (js_iter(&it, container); js_next(&it, &item);)
        count++;
    return count;
}
