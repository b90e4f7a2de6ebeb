#include "send/signing.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/secret.h"
#include "base/timefmt.h"

#define PREFIX "whsec_"

enum { NEW_KEY_SIZE = 32 };

/* ------------------------------------------------------------------ secrets */

static bool generate(struct alert *a)
{
    unsigned char key[NEW_KEY_SIZE];
    char text[sizeof PREFIX +
              sodium_base64_ENCODED_LEN(NEW_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL)] = PREFIX;
    randombytes_buf(key, sizeof key);
    sodium_bin2base64(text + strlen(PREFIX), sizeof text - strlen(PREFIX), key, sizeof key,
                      sodium_base64_VARIANT_ORIGINAL);
    bool ok = alert_set_metadata(a, ALERT_SIGNING_SECRET, text);
    secret_wipe(key, sizeof key);
    secret_wipe(text, sizeof text);
    return ok;
}

/* Whether `next` says something of its own there: neither nothing nor what was stored. */
static bool is_given(const struct alert *next, const struct alert *stored, const char *key)
{
    const char *value = alert_metadata(next, key), *known = alert_metadata(stored, key);
    return value && (!known || strcmp(value, known) != 0);
}

static bool rotate(struct alert *next, const struct alert *stored)
{
    const char *old = alert_metadata(stored, ALERT_SIGNING_SECRET);
    if (!old || !is_given(next, stored, ALERT_SIGNING_SECRET) ||
        is_given(next, stored, ALERT_SIGNING_PREVIOUS))
        return true;
    return alert_set_metadata(next, ALERT_SIGNING_PREVIOUS, old) &&
           (is_given(next, stored, ALERT_SIGNING_UNTIL) ||
            alert_set_metadata(next, ALERT_SIGNING_UNTIL, NULL));
}

static bool drop_previous(struct alert *a)
{
    return alert_set_metadata(a, ALERT_SIGNING_PREVIOUS, NULL) &&
           alert_set_metadata(a, ALERT_SIGNING_UNTIL, NULL);
}

bool signing_settle(struct alert *next, const struct alert *stored, int64_t now)
{
    char until[TIMEFMT_ISO_SIZE];
    const char *secret = alert_metadata(next, ALERT_SIGNING_SECRET);
    if (secret && strcmp(secret, ALERT_SIGNING_GENERATE) == 0 && !generate(next))
        return false;
    if (stored && !rotate(next, stored))
        return false;
    secret = alert_metadata(next, ALERT_SIGNING_SECRET);
    const char *previous = alert_metadata(next, ALERT_SIGNING_PREVIOUS);
    if (!secret || !previous || strcmp(secret, previous) == 0)
        return drop_previous(next);
    timefmt_iso(now + SIGNING_OVERLAP_MS, until);
    if (!alert_metadata(next, ALERT_SIGNING_UNTIL) &&
        !alert_set_metadata(next, ALERT_SIGNING_UNTIL, until))
        return false;
    int64_t end; /* what is no time stays, for alert_check() to name */
    bool over = timefmt_parse_iso(span_of(alert_metadata(next, ALERT_SIGNING_UNTIL)), &end) &&
                end <= now;
    return !over || drop_previous(next);
}

const char *signing_previous(const struct alert *a, int64_t now)
{
    const char *until = alert_metadata(a, ALERT_SIGNING_UNTIL);
    int64_t end;
    return until && timefmt_parse_iso(span_of(until), &end) && now < end
               ? alert_metadata(a, ALERT_SIGNING_PREVIOUS)
               : NULL;
}

/* ------------------------------------------------------------------ signatures */

static bool is_secret(const char *secret)
{
    unsigned char key[ALERT_SIGNING_KEY_MAX];
    size_t len;
    bool ok = alert_signing_key(secret, key, &len);
    secret_wipe(key, sizeof key);
    return ok;
}

const char *signing_problem(const struct send_signing *s)
{
    if (!s->secret)
        return NULL;
    if (!s->id || !*s->id || strchr(s->id, '.') || alert_header_value_problem(s->id))
        return "its id cannot be signed";
    return is_secret(s->secret) && (!s->previous || is_secret(s->previous))
               ? NULL
               : "the signing secret is not whsec_ and the base64 of 24 to 64 bytes";
}

void signing_stamp(const struct send_signing *s, char out[24])
{
    snprintf(out, 24, "%lld", (long long)(s->at / 1000));
}

static void add_text(crypto_auth_hmacsha256_state *state, const char *text)
{
    crypto_auth_hmacsha256_update(state, (const unsigned char *)text, strlen(text));
}

static bool add_body(crypto_auth_hmacsha256_state *state, const struct send_request *r)
{
    unsigned char piece[16 * 1024];
    if (!r->more) {
        const char *body = r->body ? r->body : "";
        crypto_auth_hmacsha256_update(state, (const unsigned char *)body, r->body_len);
        return true;
    }
    for (size_t at = 0; at < r->body_len;) {
        size_t given = r->more(r->more_arg, at, (char *)piece, sizeof piece);
        if (given == 0)
            return false;
        crypto_auth_hmacsha256_update(state, piece, given);
        at += given;
    }
    return true;
}

static bool add_signature(const struct send_request *r, const char *secret, struct buf *out)
{
    const struct send_signing *s = &r->signing;
    unsigned char key[ALERT_SIGNING_KEY_MAX], mac[crypto_auth_hmacsha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof mac, sodium_base64_VARIANT_ORIGINAL)], stamp[24];
    crypto_auth_hmacsha256_state state;
    size_t len = 0;
    if (!alert_signing_key(secret, key, &len))
        return false;
    signing_stamp(s, stamp);
    crypto_auth_hmacsha256_init(&state, key, len);
    add_text(&state, s->id);
    add_text(&state, ".");
    add_text(&state, stamp);
    add_text(&state, ".");
    bool whole = add_body(&state, r);
    crypto_auth_hmacsha256_final(&state, mac);
    secret_wipe(&state, sizeof state);
    secret_wipe(key, sizeof key);
    sodium_bin2base64(text, sizeof text, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    return whole && buf_add_format(out, "%sv1,%s", out->len ? " " : "", text);
}

bool signing_value(const struct send_request *r, struct buf *out)
{
    return add_signature(r, r->signing.secret, out) &&
           (!r->signing.previous || add_signature(r, r->signing.previous, out));
}
