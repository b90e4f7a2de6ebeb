#include "base/text.h"

#include <locale.h>
#include <stdatomic.h>
#include <stdint.h>
#include <wchar.h>

enum { MARKS_MAX = 4, TAB_STOP = 4 };

/* Decodes one code point of valid UTF-8 (RFC 3629); 0: the bytes are not valid. */
static size_t decode(const unsigned char *at, size_t len, uint32_t *code)
{
    if (at[0] < 0x80) {
        *code = at[0];
        return 1;
    }
    size_t need = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || len < need)
        return 0;
    uint32_t c = at[0] & (0xffu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (at[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[need] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        return 0;
    *code = c;
    return need;
}

bool text_is_utf8(struct span text)
{
    uint32_t code;
    for (size_t i = 0; i < text.len;) {
        size_t len = decode((const unsigned char *)text.at + i, text.len - i, &code);
        if (!len)
            return false;
        i += len;
    }
    return true;
}

size_t text_first(const char *utf8, size_t characters)
{
    const char *at = utf8;
    for (; characters > 0 && *at; characters--)
        for (at++; ((unsigned char)*at & 0xc0) == 0x80;)
            at++;
    return (size_t)(at - utf8);
}

/* Code points that change what stands around them, or stand for nothing visible. */
static bool is_format(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0xad, 0xad},     {0x61c, 0x61c},     {0x115f, 0x1160},   {0x180e, 0x180e},
        {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
        {0xe000, 0xf8ff}, {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
        {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}, {0x1d173, 0x1d17a}, {0xf0000, 0x10ffff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return (c & 0xfffe) == 0xfffe;
}

/* The columns of a code point, or -1 where it must not be shown as it is. */
static int columns_of(uint32_t c)
{
    if (c >= 0x20 && c < 0x7f)
        return 1;
    if (c < 0xa0 || is_format(c))
        return -1;
    return wcwidth((wchar_t)c);
}

/* What a service has for a locale, often none but ASCII's, must not decide what others are
 * sent. Made once; one that lacked the memory for it tries again. */
static locale_t find_unicode(void)
{
    static _Atomic(locale_t) made;
    locale_t found = atomic_load(&made), none = (locale_t)0;
    if (found)
        return found;
    found = newlocale(LC_CTYPE_MASK, "C.UTF-8", none);
    if (!found || atomic_compare_exchange_strong(&made, &none, found))
        return found;
    freelocale(found); /* another thread was faster */
    return none;
}

/* The locale for a text of that kind, in this thread until leave(). */
static locale_t enter(enum text_flags flags)
{
    locale_t wanted = flags == TEXT_SENT ? find_unicode() : (locale_t)0;
    return wanted ? uselocale(wanted) : wanted;
}

static void leave(locale_t before)
{
    if (before)
        uselocale(before);
}

static void add_escape(struct buf *out, uint32_t code, bool byte)
{
    if (byte || code < 0x80)
        buf_add_format(out, "\\x%02x", code);
    else if (code < 0x10000)
        buf_add_format(out, "\\u%04x", code);
    else
        buf_add_format(out, "\\U%08x", code);
}

/* Newline and tab, which the flags decide about. True: c was one of them. */
static bool add_space(struct buf *out, uint32_t c, enum text_flags flags, size_t *column)
{
    if (c != '\n' && c != '\t')
        return false;
    if (flags != TEXT_MULTILINE) {
        buf_add_text(out, c == '\n' ? "\\n" : "\\t");
    } else if (c == '\n') {
        buf_add_char(out, '\n');
        *column = 0;
    } else {
        do
            buf_add_char(out, ' ');
        while (++*column % TAB_STOP != 0);
    }
    return true;
}

bool text_safe(struct buf *out, struct span text, enum text_flags flags)
{
    size_t column = 0;
    locale_t before = enter(flags);
    int marks = MARKS_MAX; /* none may come before a base character */
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        size_t len = decode((const unsigned char *)text.at + i, text.len - i, &code);
        int columns = len ? columns_of(code) : -1;
        if (len && add_space(out, code, flags, &column)) {
            marks = MARKS_MAX;
        } else if (columns > 0 || (columns == 0 && marks < MARKS_MAX)) {
            buf_add(out, text.at + i, len);
            marks = columns > 0 ? 0 : marks + 1;
            column += (size_t)columns;
        } else {
            size_t old = out->len;
            add_escape(out, len ? code : (unsigned char)text.at[i], len == 0);
            column += out->len - old;
            marks = 0;
        }
        i += len ? len : 1;
    }
    leave(before);
    return !out->failed;
}

static bool is_safe(struct span text, enum text_flags flags)
{
    int marks = MARKS_MAX;
    for (size_t i = 0; i < text.len;) {
        uint32_t code;
        size_t len = decode((const unsigned char *)text.at + i, text.len - i, &code);
        if (!len)
            return false;
        int columns = columns_of(code);
        bool newline = code == '\n' && flags == TEXT_MULTILINE;
        if (!newline && (columns < 0 || (columns == 0 && marks >= MARKS_MAX)))
            return false;
        marks = newline ? MARKS_MAX : columns > 0 ? 0 : marks + 1;
        i += len;
    }
    return true;
}

bool text_is_safe(struct span text, enum text_flags flags)
{
    locale_t before = enter(flags);
    bool safe = is_safe(text, flags);
    leave(before);
    return safe;
}

size_t text_next(struct span safe, size_t *columns)
{
    uint32_t code;
    *columns = 0;
    if (safe.len == 0)
        return 0;
    size_t len = decode((const unsigned char *)safe.at, safe.len, &code);
    if (!len) {
        *columns = 1;
        return 1;
    }
    int width = columns_of(code);
    *columns = width > 0 ? (size_t)width : 0;
    while (len < safe.len) {
        size_t more = decode((const unsigned char *)safe.at + len, safe.len - len, &code);
        if (!more || columns_of(code) != 0)
            break;
        len += more;
    }
    return len;
}

size_t text_columns(struct span safe)
{
    size_t total = 0, columns, len;
    for (; (len = text_next(safe, &columns)) > 0; total += columns)
        safe = (struct span){safe.at + len, safe.len - len};
    return total;
}

size_t text_fit(struct buf *out, struct span safe, size_t columns, const char *more)
{
    size_t used = 0, width, len, at = 0;
    size_t cut = 0, cut_columns = 0; /* where it ends if `more` has to follow */
    size_t more_columns = text_columns(span_of(more));
    if (safe.len == 0)
        return 0;
    while ((len = text_next((struct span){safe.at + at, safe.len - at}, &width)) > 0) {
        if (used + width > columns)
            break;
        at += len;
        used += width;
        if (used + more_columns <= columns) {
            cut = at;
            cut_columns = used;
        }
    }
    if (at == safe.len) {
        buf_add(out, safe.at, at);
        return used;
    }
    buf_add(out, safe.at, cut);
    if (more_columns > columns)
        return cut_columns;
    buf_add_text(out, more);
    return cut_columns + more_columns;
}

void text_whole(char *text)
{
    size_t len = strlen(text), at = len;
    while (at > 0 && len - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at == 0 || (unsigned char)text[at - 1] < 0xc0)
        return;
    unsigned char lead = (unsigned char)text[at - 1];
    size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (len - at + 1 < need)
        text[at - 1] = '\0';
}

bool text_copy(char **copy, const char *text)
{
    bool there = text && *text;
    *copy = there ? strdup(text) : NULL;
    return !there || *copy;
}
