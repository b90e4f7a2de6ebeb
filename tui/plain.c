#include "plain.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"

enum { LINE_MAX_BYTES = 4096 };

struct plain {
    char **said; /* the rows shown last, as they are compared */
    size_t said_count;
    char *cursor_row;
    struct buf line; /* being typed */
    size_t at;       /* of the keys in it */
    bool whole, enter, asked, ended;
};

struct plain *plain_new(void)
{
    struct plain *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    buf_init_secret(&p->line, LINE_MAX_BYTES); /* it may be one */
    p->asked = true;
    return p;
}

static void forget(struct plain *p)
{
    for (size_t i = 0; i < p->said_count; i++)
        free(p->said[i]);
    free(p->said);
    p->said = NULL;
    p->said_count = 0;
}

void plain_free(struct plain **pp)
{
    if (!*pp)
        return;
    forget(*pp);
    free((*pp)->cursor_row);
    buf_free(&(*pp)->line);
    free(*pp);
    *pp = NULL;
}

/* ------------------------------------------------------------------ what is said */

/* Frames are for eyes. Blanks in a row become one, the mark of the selected row goes. */
static char *words_of(const char *row)
{
    struct buf out;
    bool blank = false;
    buf_init(&out, BUF_UNLIMITED);
    for (const char *at = row; *at;) {
        if (*at == '>' && out.len == 0) {
            at++;
            continue;
        }
        bool frame = strncmp(at, "\xe2\x94", 2) == 0 || strncmp(at, "\xe2\x95", 2) == 0;
        if (frame || *at == ' ') {
            blank = out.len > 0;
            at += frame ? 3 : 1;
            continue;
        }
        if (blank)
            buf_add_char(&out, ' ');
        blank = false;
        buf_add_char(&out, *at++);
    }
    char *words = buf_take(&out);
    buf_free(&out);
    return words;
}

static bool same(const char *a, const char *b, bool digits_too)
{
    for (;; a++, b++) {
        if (!digits_too) {
            while (isdigit((unsigned char)*a))
                a++;
            while (isdigit((unsigned char)*b))
                b++;
        }
        if (*a != *b)
            return false;
        if (!*a)
            return true;
    }
}

static bool was_said(const struct plain *p, const char *words, bool digits_too)
{
    for (size_t i = 0; i < p->said_count; i++)
        if (p->said[i] && same(p->said[i], words, digits_too))
            return true;
    return false;
}

void plain_show(struct plain *p, const char *const *rows, size_t count, int cursor)
{
    char **now = calloc(count + 1, sizeof *now);
    if (!now)
        return;
    for (size_t i = 0; i < count; i++) {
        now[i] = words_of(rows[i]);
        if (now[i] && *now[i] && (int)i != cursor && !was_said(p, now[i], p->asked))
            printf("%s\n", now[i]);
    }
    const char *under = cursor >= 0 && (size_t)cursor < count ? now[cursor] : NULL;
    bool moved = under && *under && (!p->cursor_row || !same(p->cursor_row, under, p->asked));
    if (moved)
        printf("> %s\n", under);
    if (under) {
        free(p->cursor_row);
        p->cursor_row = strdup(under);
    }
    fflush(stdout);
    forget(p);
    p->said = now;
    p->said_count = count;
    p->asked = false;
}

/* ------------------------------------------------------------------ what is typed */

/* Byte by byte: what follows the line stays in the kernel, where poll() sees it. */
static void read_line(struct plain *p)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    char c;
    while (!p->whole && !p->ended && poll(&fd, 1, 0) > 0) {
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            p->ended = true;
        else if (c == '\n')
            p->whole = true;
        else
            buf_add_char(&p->line, c); /* what is too long is not taken */
    }
    if (!p->whole)
        return;
    const char *text = buf_text(&p->line);
    p->at = 0;
    p->enter = p->line.len == 0 || *text == ':' || *text == '/';
    p->asked = true;
}

static bool named(struct plain *p, struct key *key)
{
    const char *begin = buf_text(&p->line) + p->at, *end = strchr(begin, '>');
    if (*begin != '<' || !end)
        return false;
    if (!key_parse((struct span){begin + 1, (size_t)(end - begin - 1)}, key))
        return false;
    p->at += (size_t)(end - begin) + 1;
    return true;
}

bool plain_key(struct plain *p, struct key *key)
{
    if (!p->whole)
        read_line(p);
    if (!p->whole)
        return false;
    if (p->at >= p->line.len) {
        bool enter = p->enter;
        p->enter = false;
        p->whole = enter;
        if (enter)
            *key = (struct key){.kind = KEY_KIND_NAMED, .code = KEY_ENTER_};
        else
            buf_clear(&p->line);
        return enter;
    }
    if (named(p, key))
        return true;
    wchar_t code;
    mbstate_t state = {0};
    size_t len = mbrtowc(&code, buf_text(&p->line) + p->at, p->line.len - p->at, &state);
    bool fine = len > 0 && len <= p->line.len - p->at;
    p->at += fine ? len : 1;
    *key = (struct key){.kind = KEY_KIND_CHAR, .code = fine ? (uint32_t)code : '?'};
    return true;
}

bool plain_ended(const struct plain *p)
{
    return p->ended;
}
