/* Strings, numbers and the layout for people: the second half of json.h. */
#include "base/json.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

static unsigned hex4(const char *at)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)at[i];
        value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static void add_utf8(struct buf *out, unsigned c)
{
    char bytes[4];
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    bytes[0] = (char)(lead[len] | c);
    buf_add(out, bytes, len);
}

/* Undoes one escape; returns what follows it. */
static const char *add_unescaped(struct buf *out, const char *at, const char *end)
{
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    if (at[1] != 'u') {
        const char *name = strchr(names, at[1]);
        buf_add_char(out, name ? values[name - names] : at[1]);
        return at + 2;
    }
    unsigned c = hex4(at + 2);
    at += 6;
    if (c >= 0xd800 && c < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        unsigned low = hex4(at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            add_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
            return at + 6;
        }
    }
    if (c >= 0xd800 && c < 0xe000)
        buf_add_text(out, REPLACEMENT);
    else
        add_utf8(out, c);
    return at;
}

bool js_string(struct js_value v, struct buf *out)
{
    if (v.type != JS_STRING)
        return false;
    const char *at = v.text.at + 1, *end = v.text.at + v.text.len - 1;
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        const char *stop = slash ? slash : end;
        buf_add(out, at, (size_t)(stop - at));
        at = slash ? add_unescaped(out, slash, end) : end;
    }
    return !out->failed && buf_reserve(out, 0);
}

/* strtod() would read the decimal sign of the user's locale. */
static locale_t c_numbers;

static void make_locale(void)
{
    c_numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t c_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return c_numbers;
}

bool js_number(struct js_value v, double *out)
{
    locale_t locale = c_locale();
    char *copy = v.type == JS_NUMBER && locale ? strndup(v.text.at, v.text.len) : NULL;
    if (!copy)
        return false;
    *out = strtod_l(copy, NULL, locale);
    free(copy);
    return isfinite(*out);
}

bool js_int(struct js_value v, int64_t *out)
{
    char copy[24], *end;
    if (v.type != JS_NUMBER || v.text.len >= sizeof copy)
        return false;
    memcpy(copy, v.text.at, v.text.len);
    copy[v.text.len] = '\0';
    errno = 0;
    *out = strtoll(copy, &end, 10);
    return errno == 0 && *end == '\0';
}

/* Whether a NaN or an infinity begins here; its length in *len. */
static bool special_at(const char *at, size_t left, size_t *len)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *len = strlen(words[i]);
        if (left >= *len && memcmp(at, words[i], *len) == 0)
            return true;
    }
    return false;
}

bool js_append(struct buf *out, struct js_value v)
{
    if (!v.has_nan)
        return buf_add_span(out, v.text);
    const char *at = v.text.at, *end = at + v.text.len, *from = at;
    bool in_string = false;
    while (at < end) {
        size_t len;
        if (*at == '\\' && in_string) {
            at += 2;
            continue;
        }
        if (*at == '"')
            in_string = !in_string;
        if (!in_string && special_at(at, (size_t)(end - at), &len)) {
            buf_add(out, from, (size_t)(at - from));
            buf_add_text(out, "null");
            from = at += len;
            continue;
        }
        at++;
    }
    return buf_add(out, from, (size_t)(end - from));
}

static void append_escaped(struct buf *out, unsigned char c)
{
    static const char names[] = "btnvfr"; /* 8 to 13; \v has no short form in JSON */
    if (c == '"' || c == '\\')
        buf_add_format(out, "\\%c", c);
    else if (c >= 8 && c <= 13 && c != 11)
        buf_add_format(out, "\\%c", names[c - 8]);
    else
        buf_add_format(out, "\\u%04x", c);
}

/* The length of the valid UTF-8 character at the start; 0: it is not valid. */
static size_t character(struct span s)
{
    size_t len = (unsigned char)*s.at >= 0xf0 ? 4 : (unsigned char)*s.at >= 0xe0 ? 3 : 2;
    return len <= s.len && text_is_utf8((struct span){s.at, len}) ? len : 0;
}

/* Whether eight bytes stand for themselves: ASCII without controls, quote and backslash. */
static bool are_plain(const char *at)
{
    static const uint64_t ones = ~UINT64_C(0) / 255; /* each byte 1 */
    uint64_t w;
    memcpy(&w, at, sizeof w);
    uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\'), del = w ^ (ones * 0x7f);
    uint64_t below = (w - ones * 0x20) | (quote - ones) | (slash - ones) | (del - ones);
    return ((below | w) & ones << 7) == 0;
}

bool js_append_string(struct buf *out, struct span text)
{
    if (text.len == 0)
        return buf_add_text(out, "\"\"");
    buf_add_char(out, '"');
    size_t from = 0, i = 0;
    while (i < text.len) {
        if (text.len - i >= 8 && are_plain(text.at + i)) {
            i += 8;
            continue;
        }
        unsigned char c = (unsigned char)text.at[i];
        size_t len = 1;
        if (c >= 0x80)
            len = character((struct span){text.at + i, text.len - i});
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && len > 0) {
            i += len;
            continue;
        }
        buf_add(out, text.at + from, i - from);
        if (len == 0)
            buf_add_text(out, REPLACEMENT);
        else
            append_escaped(out, c);
        from = ++i;
    }
    buf_add(out, text.at + from, text.len - from);
    return buf_add_char(out, '"');
}

static void new_line(struct buf *out, size_t spaces)
{
    buf_add_char(out, '\n');
    while (spaces-- > 0)
        buf_add_char(out, ' ');
}

static const char *skip_blank(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    return at;
}

/* Copies a string or a bare word; returns what follows it. */
static const char *copy_token(struct buf *out, const char *at, const char *end)
{
    const char *from = at;
    if (*at == '"') {
        for (at++; *at != '"'; at++)
            if (*at == '\\')
                at++;
        at++;
    } else {
        while (at < end && !strchr(",]}:[{ \t\r\n", *at))
            at++;
    }
    buf_add(out, from, (size_t)(at - from));
    return at;
}

bool js_pretty(struct buf *out, struct span text, unsigned indent)
{
    struct js_value root;
    if (!js_parse(text, &root, NULL)) {
        buf_add_span(out, text);
        return false;
    }
    const char *at = root.text.at, *end = at + root.text.len;
    size_t depth = 0;
    while ((at = skip_blank(at, end)) < end && !out->failed) {
        char c = *at;
        if (c == '{' || c == '[') {
            const char *next = skip_blank(at + 1, end);
            buf_add_char(out, c);
            if (*next == '}' || *next == ']') {
                buf_add_char(out, *next);
                at = next + 1;
                continue;
            }
            new_line(out, ++depth * indent);
        } else if (c == '}' || c == ']') {
            new_line(out, --depth * indent);
            buf_add_char(out, c);
        } else if (c == ',') {
            buf_add_char(out, c);
            new_line(out, depth * indent);
        } else if (c == ':') {
            buf_add_text(out, ": ");
        } else {
            at = copy_token(out, at, end);
            continue;
        }
        at++;
    }
    return !out->failed;
}
