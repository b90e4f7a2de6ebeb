#include "widgets/field.h"

#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "model/alert.h"

void field_init(struct field *f, size_t max, bool masked)
{
    *f = (struct field){.masked = masked, .max = max};
    if (masked)
        buf_init_secret(&f->text, max);
    else
        buf_init(&f->text, max);
    buf_reserve(&f->text, 0);
}

void field_init_url(struct field *f, size_t max)
{
    field_init(f, max, true);
    f->url = f->typed = true;
}

void field_free(struct field *f)
{
    buf_free(&f->text);
}

bool field_set(struct field *f, const char *text)
{
    buf_clear(&f->text);
    bool ok = buf_add_text(&f->text, text ? text : "");
    f->text.failed = false;
    f->cursor = f->text.len;
    f->typed = f->text.len == 0;
    f->offered = false;
    return ok;
}

bool field_offer(struct field *f, const char *text)
{
    bool ok = field_set(f, text);
    f->offered = f->text.len > 0;
    return ok;
}

const char *field_text(const struct field *f)
{
    return buf_text(&f->text);
}

bool field_is_empty(const struct field *f)
{
    return f->text.len == 0;
}

bool field_is_unseen(const struct field *f)
{
    return f->masked && !f->typed && !f->revealed && f->text.len > 0;
}

/* ------------------------------------------------------------------ moving and changing */

static size_t after(const struct field *f, size_t at)
{
    size_t columns;
    return at + text_next((struct span){f->text.data + at, f->text.len - at}, &columns);
}

static size_t before(const struct field *f, size_t at)
{
    size_t last = 0;
    for (size_t i = 0; i < at; i = after(f, i))
        last = i;
    return last;
}

static void cut(struct field *f, size_t from, size_t to)
{
    memmove(f->text.data + from, f->text.data + to, f->text.len - to + 1);
    f->text.len -= to - from;
    f->cursor = from;
}

/* Puts bytes in at the cursor. */
static void insert(struct field *f, const char *bytes, size_t len)
{
    if (!buf_reserve(&f->text, len)) {
        f->text.failed = false;
        return;
    }
    char *at = f->text.data + f->cursor;
    memmove(at + len, at, f->text.len - f->cursor + 1);
    memcpy(at, bytes, len);
    f->text.len += len;
    f->cursor += len;
}

static size_t encode(uint32_t c, char utf8[4])
{
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        utf8[i] = (char)(0x80 | (c & 0x3f));
    utf8[0] = (char)(lead[len] | c);
    return len;
}

static void clean_paste(struct span text, struct buf *clean)
{
    while (text.len && (text.at[text.len - 1] == '\r' || text.at[text.len - 1] == '\n'))
        text.len--; /* the break that ends a copied line */
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '\n' || c == '\r' || c == '\t')
            buf_add_char(clean, ' ');
        else if ((unsigned char)c >= ' ' && c != 0x7f)
            buf_add_char(clean, c);
    }
}

/* What a key brings; empty: nothing. */
static void brought(const struct key *k, struct buf *out)
{
    char utf8[4];
    if (k->kind == KEY_KIND_CHAR)
        buf_add(out, utf8, encode(k->code, utf8));
    else if (k->kind == KEY_KIND_PASTE)
        clean_paste(k->text, out);
}

static size_t word_start(const struct field *f)
{
    size_t at = f->cursor;
    while (at > 0 && f->text.data[at - 1] == ' ')
        at--;
    while (at > 0 && f->text.data[at - 1] != ' ')
        at--;
    return at;
}

static bool control_key(struct field *f, uint32_t code)
{
    switch (code) {
    case 'a':
        f->cursor = 0;
        return true;
    case 'e':
        f->cursor = f->text.len;
        return true;
    case 'k':
        cut(f, f->cursor, f->text.len);
        return true;
    case 'u':
        cut(f, 0, f->cursor);
        return true;
    case 'w':
        cut(f, word_start(f), f->cursor);
        return true;
    default:
        return false;
    }
}

static bool named_key(struct field *f, uint32_t name)
{
    switch (name) {
    case KEY_LEFT_:
        f->cursor = before(f, f->cursor);
        return true;
    case KEY_RIGHT_:
        f->cursor = after(f, f->cursor);
        return true;
    case KEY_HOME_:
        f->cursor = 0;
        return true;
    case KEY_END_:
        f->cursor = f->text.len;
        return true;
    case KEY_BACKSPACE_:
        if (f->cursor > 0)
            cut(f, before(f, f->cursor), f->cursor);
        return true;
    case KEY_DELETE_: {
        size_t at = f->cursor;
        cut(f, at, after(f, at));
        return true;
    }
    default:
        return false;
    }
}

static bool changes(const struct key *k)
{
    if (k->kind == KEY_KIND_CTRL)
        return k->code == 'k' || k->code == 'u' || k->code == 'w';
    return k->kind == KEY_KIND_CHAR || k->kind == KEY_KIND_PASTE ||
           (k->kind == KEY_KIND_NAMED &&
            (k->code == KEY_BACKSPACE_ || k->code == KEY_DELETE_));
}

/* Of what is there, what goes before the key is taken. */
static size_t gives_way(const struct field *f, const struct key *k)
{
    bool unseen = field_is_unseen(f) && changes(k);
    bool offer = f->offered && (k->kind == KEY_KIND_CHAR || k->kind == KEY_KIND_PASTE);
    return unseen || offer ? f->text.len : 0;
}

static bool take(struct field *f, const struct key *k, struct span more)
{
    if (gives_way(f, k)) {
        secret_wipe(f->text.data, f->text.len);
        cut(f, 0, f->text.len);
    }
    f->offered = false;
    f->typed |= f->text.len == 0;
    switch (k->kind) {
    case KEY_KIND_CHAR:
    case KEY_KIND_PASTE:
        insert(f, more.at, more.len);
        return true;
    case KEY_KIND_CTRL:
        return control_key(f, k->code);
    case KEY_KIND_NAMED:
        return named_key(f, k->code);
    default:
        return false;
    }
}

bool field_key(struct field *f, const struct key *k)
{
    struct buf more;
    buf_init_secret(&more, BUF_UNLIMITED);
    brought(k, &more);
    f->refused = more.failed || more.len > f->max - (f->text.len - gives_way(f, k));
    bool mine = f->refused || take(f, k, buf_span(&more));
    buf_free(&more);
    return mine;
}

/* ------------------------------------------------------------------ drawing */

enum { URL_TAIL = 4, URL_TAIL_FROM = 12 };

/* Of a rest that is short, four characters would tell too much. */
static void lay_out_url(const struct field *f, struct buf *shown)
{
    char origin[512];
    alert_url_origin(buf_text(&f->text), origin, sizeof origin);
    size_t len = strlen(origin);
    if (strncmp(origin, buf_text(&f->text), len) != 0)
        len = 0; /* it is no URL: nothing of it is known to be harmless */
    const char *rest = buf_text(&f->text) + len;
    size_t left = strlen(rest);
    if (len)
        buf_add_text(shown, origin);
    if (left > 1 || !len) {
        buf_add_text(shown, len ? "/" : "");
        buf_add_text(shown, term_glyph(GLYPH_MORE));
    } else {
        buf_add_text(shown, rest);
    }
    if (len && left >= URL_TAIL_FROM)
        text_safe(shown, span_of(rest + left - URL_TAIL), TEXT_LINE);
}

/* What stands for the text on the screen, and the column of the cursor in it. */
static void lay_out(const struct field *f, bool focused, struct buf *shown, int *cursor)
{
    *cursor = 0;
    if (f->url && !f->revealed && !(f->typed && focused)) {
        if (f->text.len)
            lay_out_url(f, shown);
        *cursor = (int)text_columns(buf_span(shown));
        return;
    }
    for (size_t i = 0; i < f->text.len;) {
        size_t next = after(f, i), start = shown->len;
        if (i <= f->cursor &&
            f->cursor < next) /* a mark typed later can join what is before it */
            *cursor = (int)text_columns(buf_span(shown));
        if (f->masked && !f->url && !f->revealed)
            buf_add_text(shown, term_glyph(GLYPH_MASK));
        else
            text_safe(shown, (struct span){f->text.data + i, next - i}, TEXT_LINE);
        if (shown->len == start)
            break;
        i = next;
    }
    if (f->cursor == f->text.len)
        *cursor = (int)text_columns(buf_span(shown));
}

/* Skips whole characters until *skip columns are gone: one more, where half a character would be
 * left; *skip says so. */
static struct span skip_columns(struct span text, int *skip)
{
    size_t columns, len;
    int gone = 0;
    while (gone < *skip && (len = text_next(text, &columns)) > 0) {
        text = (struct span){text.at + len, text.len - len};
        gone += (int)columns;
    }
    *skip = gone;
    return text;
}

/* Only what would go is marked, so that it does not look like a text that is being edited. */
static void draw_offered(const struct canvas *c, int y, int x, int columns, struct span text)
{
    canvas_text(c, y, x, columns, STYLE_FIELD, span_of(""));
    int wide = (int)text_columns(text);
    canvas_text(c, y, x, wide < columns ? wide : columns, STYLE_SELECTED, text);
}

/* Where one is about to type it is wanted most; it begins after the cursor, so that it does
 * not look like a text that is there. */
static void draw_hint(const struct canvas *c, int y, int x, int columns, bool focused,
                      const char *hint)
{
    int gone = !focused ? 0 : columns < 2 ? columns : 2;
    if (focused)
        canvas_text(c, y, x, 1, STYLE_FOCUS, span_of(""));
    canvas_text(c, y, x + gone, columns - gone, STYLE_DIM, span_of(hint));
}

void field_draw(const struct field *f, const struct canvas *c, int y, int x, int columns,
                bool focused, const char *hint)
{
    struct buf shown;
    int cursor, room = c->columns - x;
    enum style style = focused ? STYLE_FOCUS : STYLE_FIELD;
    columns = columns < room ? columns : room;
    if (columns < 1)
        return;
    if (f->masked)
        buf_init_secret(&shown, BUF_UNLIMITED);
    else
        buf_init(&shown, BUF_UNLIMITED);
    lay_out(f, focused, &shown, &cursor);
    int skip = focused && cursor >= columns ? cursor - columns + 1 : 0;
    struct span visible = skip_columns(buf_span(&shown), &skip);
    if (f->text.len == 0 && hint)
        draw_hint(c, y, x, columns, focused, hint);
    else if (f->offered && focused)
        draw_offered(c, y, x, columns, visible);
    else
        canvas_text(c, y, x, columns, style, visible);
    if (focused)
        term_cursor(c->y + y, c->x + x + cursor - skip, true);
    buf_free(&shown);
}
