#include "support/hostile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- the texts */

static const char *const SEQUENCES[] = {
    "\033[2J\033[H",
    "\033[31;5mred",
    "\033[?1049l",
    "\033[?25l",
    "\033[1;1H",
    "\033[6n",
    "\033[c",
    "\033[>c",
    "\033[21t",
    "\033[8;1;1t",
    "\033[?1003h",
    "\033[20h",
    "\033[4h",
    "\033[99999C",
    "\033[3J",
    "\033c",
    "\033#8",
    "\033D",
    "\033M",
    "\033(0lqk",
    "\033)0\016",
    "\033N",
    "\033=",
    "\033Z",
    "\033]0;owned\007",
    "\033]2;owned\033\\",
    "\033]52;c;cm0=\007",
    "\033]8;;http://x\007",
    "\033]9;note\007",
    "\033]1337;File=:\007",
    "\033]4;1;?\007",
    "\033]10;?\007",
    "\033P$q\"p\033\\",
    "\033P+q544e\033\\",
    "\033_Gi=1\033\\",
    "\033^pm\033\\",
    "\033X sos\033\\",
    "\033k title\033\\",
    "\033Ptmux;\033\033]52;c;eA==\007\033\\",
    "\033%G",
    "\033\033[A",
    "\033[200~rm\r\033[201~",
    "\xc2\x9b"
    "31m",
    "\xc2\x9d"
    "0;x\xc2\x9c",
    "\xc2\x90q\xc2\x9c",
    "\xc2\x85next",
    "\x9b"
    "31m",
    "\x9d"
    "0;x\x9c",
    "\x90q\x9c",
    "back\b\b\b\bspace",
    "over\rwritten",
    "new\nline",
    "form\ffeed",
    "ver\vtical",
    "#{pane_title}",
    "#(id)",
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
    "\xcc\x81start",
    "%s%n%n%n",
};
enum { SEQUENCE_COUNT = sizeof SEQUENCES / sizeof *SEQUENCES };

static const uint32_t CODES[] = {
    0xad,   0x61c,  0x115f, 0x180e,  0x200b,  0x200c,  0x200d,   0x200e,  0x200f,
    0x2028, 0x2029, 0x202a, 0x202b,  0x202c,  0x202d,  0x202e,   0x2060,  0x2066,
    0x2067, 0x2068, 0x2069, 0x206f,  0x3164,  0xe000,  0xfdd0,   0xfeff,  0xffa0,
    0xfff9, 0xfffb, 0xfffe, 0xe0001, 0xe0041, 0xe007f, 0x10fffd, 0x1d173,
};
enum { CODE_COUNT = sizeof CODES / sizeof *CODES };

static const char *const INVALID[] = {
    "\x80",
    "\xff",
    "\xfe",
    "\xc0\xaf",
    "\xc1\xbf",
    "\xe0\x80\x80",
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    "\xf0\x80\x80\x80",
    "\xf4\x90\x80\x80",
    "\xf8\x88\x80\x80\x80",
    "\xe2\x82",
    "\xf0\x9f\x98",
    "\xc3",
    "\xc3(",
    "\xe2(\xa1",
    "\xf0\x28\x8c\x28",
};
enum { INVALID_COUNT = sizeof INVALID / sizeof *INVALID };

static void add_code(struct buf *out, uint32_t c)
{
    if (c >= 0x10000)
        buf_add_char(out, (char)(0xf0 | c >> 18));
    if (c >= 0x10000)
        buf_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
    else if (c >= 0x800)
        buf_add_char(out, (char)(0xe0 | c >> 12));
    if (c >= 0x800)
        buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
    else
        buf_add_char(out, (char)(0xc0 | c >> 6));
    buf_add_char(out, (char)(0x80 | (c & 0x3f)));
}

/* Single controls, C1 in both forms, then the tables; what is left repeats them in pairs.
 */
static void add_payload(struct buf *out, size_t i)
{
    size_t first = i;
    if (i < 31) {
        buf_add_char(out, (char)(i + 1));
        return;
    }
    if ((i -= 31) < 1) {
        buf_add_char(out, 0x7f);
        return;
    }
    if ((i -= 1) < 32) {
        add_code(out, (uint32_t)(0x80 + i));
        return;
    }
    if ((i -= 32) < SEQUENCE_COUNT) {
        buf_add_text(out, SEQUENCES[i]);
        return;
    }
    if ((i -= SEQUENCE_COUNT) < CODE_COUNT) {
        add_code(out, CODES[i]);
        return;
    }
    if ((i -= CODE_COUNT) < INVALID_COUNT) {
        buf_add_text(out, INVALID[i]);
        return;
    }
    add_payload(out, first * 7 % 170);
    add_payload(out, first * 13 % 170);
}

void hostile_text(size_t i, struct buf *out)
{
    buf_add_format(out, "<%03zu:", i);
    add_payload(out, i);
    buf_add_format(out, ":%03zu>", i);
}

void hostile_json(size_t i, struct buf *out)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    hostile_text(i, &text);
    buf_add_char(out, '"');
    for (size_t k = 0; k < text.len; k++) {
        unsigned char c = (unsigned char)text.data[k];
        if (c < 0x20 || c == 0x7f)
            buf_add_format(out, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            buf_add_format(out, "\\%c", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '"');
    buf_free(&text);
}

/* ---------------------------------------------------------------- the judge */

/* Not by base/text.h, which is what is tried. 0: invalid. */
static size_t decode(const unsigned char *at, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : 4;
    if (n == 4 && at[0] >> 3 != 30)
        return 0;
    *code = n == 1 ? at[0] : at[0] & (0x7fu >> n);
    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if (at[i] >> 6 != 2)
            return 0;
        *code = *code << 6 | (at[i] & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return n > 1 && (*code < least[n] || surrogate || *code > 0x10ffff) ? 0 : n;
}

static const char *judge_code(uint32_t c)
{
    if (c < 0x20 || c == 0x7f)
        return "a control";
    if (c >= 0x80 && c < 0xa0)
        return "a C1 control";
    if (c == 0x61c || (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
        (c >= 0x2066 && c <= 0x2069))
        return "a bidi control";
    for (size_t i = 0; i < CODE_COUNT; i++)
        if (c == CODES[i])
            return "a code point that is not seen";
    return NULL;
}

const char *hostile_in_text(struct span printed, size_t *at)
{
    const unsigned char *bytes = (const unsigned char *)printed.at;
    for (size_t i = 0; i < printed.len;) {
        uint32_t code;
        size_t n = decode(bytes + i, printed.len - i, &code);
        const char *what = n ? judge_code(code) : "invalid UTF-8";
        *at = i;
        if (what && code != '\n')
            return what;
        i += n ? n : 1;
    }
    return NULL;
}

/* CSI: parameters, then a final byte of those that terminfo has curses send, and ours:
 * paste, mouse. 0: it is no such one. */
static size_t csi(const char *at, size_t len)
{
    static const char *const title_stack[] = {"\033[22;0;0t",
                                              "\033[23;0;0t"}; /* xterm's smcup */
    size_t i = 2;
    for (size_t k = 0; k < 2; k++)
        if (len >= 9 && memcmp(at, title_stack[k], 9) == 0)
            return 9;
    while (i < len && strchr("0123456789;?>", at[i]))
        i++;
    if (i < len && at[i] == 'c') /* the cursor's shape in the Linux console; no question */
        return i == 4 && at[2] == '?' ? i + 1 : 0;
    return i < len && strchr("ABCDGHJKLMPSTXZ@bdfghlmr", at[i]) ? i + 1 : 0;
}

/* OSC 52 and 9 are ours, and colours are set back by 104 (oc); their texts are safe. */
static size_t osc(const char *at, size_t len)
{
    static const char *const ours[] = {"52;c;", "9;", "104"};
    size_t end = 2, unused;
    while (end < len && at[end] != '\007' && at[end] != '\033')
        end++;
    for (size_t i = 0; end < len && i < sizeof ours / sizeof *ours; i++)
        if (strncmp(at + 2, ours[i], strlen(ours[i])) == 0 &&
            !hostile_in_text((struct span){at + 2, end - 2}, &unused))
            return at[end] == '\007' ? end + 1 : end + 2;
    return 0;
}

static size_t escape(const char *at, size_t len)
{
    if (len < 2)
        return 0;
    if (at[1] == '[')
        return csi(at, len);
    if (at[1] == ']')
        return osc(at, len);
    if ((at[1] == '(' || at[1] == ')') && len > 2 && strchr("0B", at[2]))
        return 3;
    return strchr("78=>M", at[1]) ? 2 : 0;
}

const char *hostile_in_terminal(struct span sent, bool utf8, size_t *at)
{
    for (size_t i = 0; i < sent.len;) {
        unsigned char c = (unsigned char)sent.at[i];
        struct span rest = {sent.at + i, sent.len - i};
        uint32_t code;
        size_t n;
        *at = i;
        if (c == 033) {
            if (!(n = escape(rest.at, rest.len)))
                return "a sequence that is not of curses";
        } else if (c < 0x20) {
            if (!strchr("\r\n\b\t\016\017\007", c)) /* NUL: padding; SO, SI: line drawing */
                return "a control";
            n = 1;
        } else {
            if (c >= 0x80 && !utf8)
                return "a byte that is not of the locale";
            n = decode((const unsigned char *)rest.at, rest.len, &code);
            const char *what = n ? judge_code(code) : "invalid UTF-8";
            if (what)
                return what;
        }
        i += n;
    }
    return NULL;
}
