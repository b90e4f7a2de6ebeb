#include "send/headers.h"

#include <string.h>

#include "base/ascii.h"
#include "base/secret.h"
#include "model/alert_json.h"
#include "send/signing.h"

#define USER_AGENT "opik-alerts/" VERSION

struct built_in {
    const char *name, *value;
};

static const struct built_in BUILT_IN[] = {
    {"Accept", "*/*"},
    {"Content-Type", "application/json"},
    {"User-Agent", USER_AGENT},
};
enum { BUILT_IN_COUNT = sizeof BUILT_IN / sizeof *BUILT_IN };

static bool is_custom(const struct send_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (ascii_same(r->headers[i].name, name))
            return true;
    return false;
}

static bool has_token(const struct send_request *r)
{
    return r->token && *r->token && !is_custom(r, "Authorization");
}

static bool append(struct curl_slist **list, struct buf *line)
{
    struct curl_slist *more =
        line->failed ? NULL : curl_slist_append(*list, buf_text(line));
    buf_free(line);
    if (more)
        *list = more;
    return more != NULL;
}

static bool append_pair(struct curl_slist **list, const char *name, const char *lead,
                        const char *value)
{
    struct buf line;
    buf_init_secret(&line, BUF_UNLIMITED);
    buf_add_text(&line, name);
    buf_add_text(&line, ": ");
    buf_add_text(&line, lead);
    buf_add_text(&line, value);
    return append(list, &line);
}

static bool append_signature(struct curl_slist **list, const struct send_request *r)
{
    struct buf value;
    char stamp[24];
    if (!r->signing.secret)
        return true;
    buf_init(&value, BUF_UNLIMITED);
    signing_stamp(&r->signing, stamp);
    bool ok = append_pair(list, "webhook-id", "", r->signing.id) &&
              append_pair(list, "webhook-timestamp", "", stamp) &&
              signing_value(r, &value) &&
              append_pair(list, "webhook-signature", "", buf_text(&value));
    buf_free(&value);
    return ok;
}

struct curl_slist *headers_list(const struct send_request *r)
{
    struct curl_slist *list = NULL;
    /* An empty Expect keeps libcurl from asking, and waiting a second, for large bodies. */
    bool ok = append_pair(&list, "Expect", "", "");
    for (int i = 0; ok && i < BUILT_IN_COUNT; i++)
        if (!is_custom(r, BUILT_IN[i].name))
            ok = append_pair(&list, BUILT_IN[i].name, "", BUILT_IN[i].value);
    if (ok && has_token(r))
        ok = append_pair(&list, "Authorization", "Bearer ", r->token);
    ok = ok && append_signature(&list, r);
    for (size_t i = 0; ok && i < r->header_count; i++)
        ok = append_pair(&list, r->headers[i].name, "", r->headers[i].value);
    if (ok)
        return list;
    headers_free(list);
    return NULL;
}

void headers_free(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l; l = l->next)
        secret_wipe(l->data, strlen(l->data));
    curl_slist_free_all(list);
}

const char *headers_problem(const struct send_request *r)
{
    for (const char *p = r->token; p && *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return "the token holds a control character";
    for (size_t i = 0; i < r->header_count; i++) {
        const char *name = r->headers[i].name;
        if (alert_header_name_problem(name) ||
            alert_header_value_problem(r->headers[i].value))
            return "a custom header has a name or value that cannot be sent";
        if (r->signing.secret && alert_header_is_signature(name))
            return "a custom header would double one of the signature";
        for (size_t k = 0; k < i; k++)
            if (ascii_same(r->headers[k].name, name))
                return "a custom header is there twice";
    }
    return signing_problem(&r->signing);
}

static void show_signature(const struct send_request *r, struct buf *out)
{
    char stamp[24];
    if (!r->signing.secret)
        return;
    signing_stamp(&r->signing, stamp);
    buf_add_format(out, "webhook-id: %s\nwebhook-timestamp: %s\nwebhook-signature: v1,***%s\n",
                   r->signing.id, stamp, r->signing.previous ? " v1,***" : "");
}

static void show_name(const char *name, struct buf *out)
{
    buf_add_text(out, name);
    buf_add_text(out, ": ");
}

bool send_show_headers(const struct send_request *r, struct buf *out)
{
    for (int i = 0; i < BUILT_IN_COUNT; i++) {
        if (is_custom(r, BUILT_IN[i].name))
            continue;
        show_name(BUILT_IN[i].name, out);
        buf_add_text(out, BUILT_IN[i].value);
        buf_add_char(out, '\n');
    }
    if (has_token(r)) {
        buf_add_text(out, "Authorization: Bearer ");
        alert_mask(r->token, out);
        buf_add_char(out, '\n');
    }
    show_signature(r, out);
    for (size_t i = 0; i < r->header_count; i++) {
        show_name(r->headers[i].name, out);
        alert_mask(r->headers[i].value, out);
        buf_add_char(out, '\n');
    }
    return !out->failed;
}
