#include "send/scrub.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/span.h"

enum { SECRET_MIN = 6, URL_PART_MIN = 12 };

/* Counts where there is no room yet. */
static void add(struct scrub *s, struct span text, size_t least)
{
    if (text.len < least)
        return;
    if (s->texts) {
        memcpy(s->texts + s->size, text.at, text.len);
        s->texts[s->size + text.len] = '\0';
    }
    s->size += text.len + 1;
}

/* "Basic ABC" is one secret, and so is what stands after its scheme. */
static void add_value(struct scrub *s, const char *value)
{
    const char *blank = strrchr(value, ' ');
    add(s, span_of(value), SECRET_MIN);
    if (blank)
        add(s, span_of(blank + 1), SECRET_MIN);
}

static void add_url(struct scrub *s, const char *url)
{
    const char *scheme = strstr(url, "://"), *rest = scheme ? scheme + 3 : url;
    rest += strcspn(rest, "/?#");
    add(s, span_of(rest), SECRET_MIN);
    while (*rest) {
        size_t len = strcspn(rest, "/?#&=;");
        add(s, (struct span){rest, len}, URL_PART_MIN);
        rest += len + (rest[len] != '\0');
    }
}

static void add_all(struct scrub *s, const struct send_request *r)
{
    const char *const plain[] = {r->token, r->hidden, r->signing.secret,
                                 r->signing.previous};
    s->size = 0;
    add_url(s, r->url);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i])
            add(s, span_of(plain[i]), SECRET_MIN);
    for (size_t i = 0; i < r->header_count; i++)
        add_value(s, r->headers[i].value);
}

bool scrub_init(struct scrub *s, const struct send_request *r)
{
    *s = (struct scrub){0};
    add_all(s, r);
    if (s->size == 0)
        return true;
    s->texts = malloc(s->size);
    if (!s->texts)
        return false;
    add_all(s, r);
    return true;
}

void scrub_free(struct scrub *s)
{
    secret_wipe(s->texts, s->size);
    free(s->texts);
    *s = (struct scrub){0};
}

static void cover_end(const char *secret, size_t secret_len, char *text, size_t len)
{
    size_t most = secret_len - 1 < len ? secret_len - 1 : len;
    for (size_t n = most; n >= SECRET_MIN; n--)
        if (memcmp(text + len - n, secret, n) == 0) {
            memset(text + len - n, '*', n);
            return;
        }
}

static void cover(const char *secret, size_t n, char *text, size_t len, bool cut)
{
    char *at = text;
    while ((at = memmem(at, len - (size_t)(at - text), secret, n))) {
        memset(at, '*', n);
        at += n; /* one of asterisks alone still stands there */
    }
    if (cut)
        cover_end(secret, n, text, len);
}

/* How long the longest of those is that are shorter than `limit`; 0: there is none. */
static size_t longest_below(const struct scrub *s, size_t limit)
{
    size_t longest = 0;
    for (size_t at = 0, n; at < s->size; at += n + 1) {
        n = strlen(s->texts + at);
        if (n < limit && n > longest)
            longest = n;
    }
    return longest;
}

/* The longest first: one that begins as another does would leave its tail. */
void scrub_apply(const struct scrub *s, char *text, size_t len, bool cut)
{
    size_t longest = s->texts && text ? longest_below(s, SIZE_MAX) : 0;
    for (; longest > 0; longest = longest_below(s, longest))
        for (size_t at = 0, n; at < s->size; at += n + 1) {
            n = strlen(s->texts + at);
            if (n == longest)
                cover(s->texts + at, n, text, len, cut);
        }
}
