/* The masks of secrets, and the way back: the last part of alert_json.h. */
#include "model/alert_json.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

enum { HIDDEN_WHOLE = 12, SHOWN_EACH_END = 3, URL_TAIL = 4 };

#define URL_HIDDEN "/\u2026"

/* Whole characters, so that a mask stays UTF-8. */
static const char *skip(const char *at, size_t characters)
{
    return at + text_first(at, characters);
}

static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text; count++)
        text = skip(text, 1);
    return count;
}

static size_t shown_of(size_t characters)
{
    return characters > HIDDEN_WHOLE ? SHOWN_EACH_END : 0;
}

bool alert_mask(const char *secret, struct buf *out)
{
    size_t count = count_characters(secret), shown = shown_of(count);
    buf_add(out, secret, (size_t)(skip(secret, shown) - secret));
    for (size_t i = 0; i < count - 2 * shown; i++)
        buf_add_char(out, '*');
    return buf_add_text(out, skip(secret, count - shown));
}

static bool looks_masked(const char *text)
{
    size_t count = count_characters(text), shown = shown_of(count);
    return count > 0 && strspn(skip(text, shown), "*") >= count - 2 * shown;
}

bool alert_url_mask(const char *url, struct buf *out)
{
    char origin[512];
    alert_url_origin(url, origin, sizeof origin);
    bool known = strcmp(origin, "?") != 0;
    const char *rest = known ? url + strlen(origin) : "";
    size_t left = strlen(rest);
    buf_add_text(out, origin);
    if (left <= 1)
        return buf_add_text(out, rest);
    buf_add_text(out, URL_HIDDEN);
    return buf_add_text(out, left < HIDDEN_WHOLE ? "" : rest + left - URL_TAIL);
}

/* No URL: it would have to be percent-encoded. */
static bool is_url_mask(const char *url)
{
    return url && strstr(url, URL_HIDDEN);
}

/* What was read of `stored` goes into `next`, which must not go over a later change of it.
 */
static bool take(struct alert *next, char **field, const struct alert *stored,
                 const char *secret, struct err *err)
{
    next->revision = stored->revision;
    return alert_set_secret(field, secret) || err_memory(err);
}

static bool keep_url(struct alert *next, const struct alert *stored, struct err *err)
{
    struct buf mask;
    if (!is_url_mask(next->url))
        return true;
    buf_init(&mask, BUF_UNLIMITED);
    bool fine = !stored || !stored->url || alert_url_mask(stored->url, &mask);
    bool same = fine && stored && strcmp(buf_text(&mask), next->url) == 0;
    buf_free(&mask);
    if (!fine)
        return err_memory(err);
    if (!same)
        return err_set(err, ERR_INVALID,
                       "webhook.url: a masked URL was given, but there is none stored that it "
                       "stands for: give the URL itself");
    return take(next, &next->url, stored, stored->url, err);
}

static bool is_mask_of(const char *text, const char *secret, bool *same)
{
    struct buf mask;
    *same = false;
    if (!secret)
        return true;
    buf_init(&mask, BUF_UNLIMITED);
    bool ok = alert_mask(secret, &mask);
    *same = ok && strcmp(buf_text(&mask), text) == 0;
    buf_free(&mask);
    return ok;
}

/* secret: what stands there in `stored`; NULL: nothing, or nothing is stored. */
static bool keep(struct alert *next, char **field, const struct alert *stored,
                 const char *secret, struct err *err)
{
    bool same;
    if (!*field || !looks_masked(*field))
        return true;
    if (!is_mask_of(*field, secret, &same))
        return err_memory(err);
    if (!same || !stored)
        return err_set(err, ERR_INVALID,
                       "a masked secret was given, but there is none stored that it stands "
                       "for: give the secret itself");
    if (!alert_url_same_origin(next->url, stored->url))
        return err_set(
            err, ERR_INVALID,
            "the endpoint's scheme, host or port changed: give the secrets again "
            "instead of their masks");
    return take(next, field, stored, secret, err);
}

static const char *stored_value(const struct alert *stored, const char *name)
{
    for (size_t i = 0; stored && i < stored->header_count; i++)
        if (ascii_same(stored->headers[i].name, name))
            return stored->headers[i].value;
    return NULL;
}

static bool keep_metadata(struct alert *next, const struct alert *stored, struct err *err)
{
    for (size_t i = 0; i < next->metadata_count; i++) {
        struct alert_metadata *m = &next->metadata[i];
        const char *known = stored ? alert_metadata(stored, m->key) : NULL;
        if (alert_metadata_is_secret(m->key) && !keep(next, &m->value, stored, known, err))
            return false;
    }
    return true;
}

bool alert_keep_masked(struct alert *next, const struct alert *stored, struct err *err)
{
    if (!keep_url(next, stored, err) ||
        !keep(next, &next->token, stored, stored ? stored->token : NULL, err))
        return false;
    for (size_t i = 0; i < next->header_count; i++) {
        struct alert_header *h = &next->headers[i];
        if (!keep(next, &h->value, stored, stored_value(stored, h->name), err))
            return false;
    }
    return keep_metadata(next, stored, err);
}
