#include "diagnosis.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"
#include "term.h"

enum { PHRASE_COLUMNS = 40 };

/* ------------------------------------------------------------------ what it said */

static bool begins(struct span s, const char *text)
{
    size_t len = strlen(text);
    return s.len >= len && ascii_same_n(s.at, text, len);
}

static size_t up_to(struct span s, char c)
{
    const char *end = s.len ? memchr(s.at, c, s.len) : NULL;
    return end ? (size_t)(end - s.at) + 1 : s.len;
}

/* The bytes of a tag, and of what stands in one that nobody reads. */
static size_t tag_length(struct span s)
{
    bool unread = begins(s, "<style") || begins(s, "<script");
    size_t len = up_to(s, '>');
    while (unread && len < s.len) {
        len += up_to((struct span){s.at + len, s.len - len}, '<');
        if (len < s.len && s.at[len] == '/')
            return len + up_to((struct span){s.at + len, s.len - len}, '>');
    }
    return len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What a stranger wrote, made fit for one line. */
static void show(struct span text, int columns, char *out, size_t size)
{
    struct buf safe, fitted;
    buf_init(&safe, BUF_UNLIMITED);
    buf_init(&fitted, size - 1);
    text_safe(&safe, text, TEXT_LINE);
    text_fit(&fitted, buf_span(&safe), (size_t)columns, term_glyph(GLYPH_MORE));
    snprintf(out, size, "%s", buf_text(&fitted));
    buf_free(&safe);
    buf_free(&fitted);
}

/* Of the last status line: others of 1xx or of a proxy can stand before it. */
void diagnosis_phrase(const struct outcome *o, char *out, size_t size)
{
    struct span rest = {o->headers, o->headers_len}, phrase = {"", 0};
    for (size_t len; rest.len; rest = (struct span){rest.at + len, rest.len - len}) {
        len = up_to(rest, '\n');
        if (!begins(rest, "HTTP/"))
            continue;
        size_t version = up_to(rest, ' '), end = len;
        size_t code =
            version < len ? up_to((struct span){rest.at + version, len - version}, ' ') : 0;
        while (end > version + code && is_blank(rest.at[end - 1]))
            end--;
        phrase = (struct span){rest.at + version + code, end - version - code};
    }
    show(phrase, PHRASE_COLUMNS, out, size);
}

static void in_one_line(struct span text, bool html, struct buf *out)
{
    bool apart = false;
    for (size_t i = 0; i < text.len;) {
        struct span rest = {text.at + i, text.len - i};
        bool tag = html && *rest.at == '<';
        size_t len = tag ? tag_length(rest) : 1;
        i += len;
        if (tag || is_blank(*rest.at)) {
            apart = out->len > 0;
            continue;
        }
        if (apart)
            buf_add_char(out, ' ');
        apart = false;
        buf_add_char(out, *rest.at);
    }
}

void diagnosis_said(const struct outcome *o, int columns, char *out, size_t size)
{
    struct span body = {o->body, o->body_len};
    struct buf line;
    while (body.len && is_blank(*body.at))
        body = (struct span){body.at + 1, body.len - 1};
    buf_init(&line, BUF_UNLIMITED);
    in_one_line(body, body.len && *body.at == '<', &line);
    show(buf_span(&line), columns, out, size);
    buf_free(&line);
}

/* ------------------------------------------------------------------ what to look at */

static const char *slack_advice(int status)
{
    switch (status) {
    case 400:
        return "Slack does not take this: is the URL that of an Incoming Webhook?";
    case 403:
    case 404:
    case 410:
        return "Slack has no such webhook, or no longer: make a new one under Incoming Webhooks of "
               "its app, and put its URL here.";
    default:
        return NULL;
    }
}

static const char *pagerduty_advice(int status)
{
    bool refused = status == 400 || status == 401 || status == 403;
    return refused
               ? "Look at the routing key: it is that of an Events API v2 integration, 32 "
                 "characters."
               : NULL;
}

static const char *status_advice(int status)
{
    switch (status) {
    case 400:
    case 422:
        return "The receiver does not take this body: is the destination the right one (General, "
               "Slack, PagerDuty)?";
    case 401:
    case 403:
        return "Compare the secret token, the custom headers and the signing key with what the "
               "receiver wants.";
    case 404:
        return "The host is there, this path is not: look at the URL behind the host.";
    case 405:
        return "Nothing takes a POST there: look at the URL behind the host.";
    case 407:
        return "Look at the setting delivery.proxy: the proxy wants a user.";
    case 410:
        return "The receiver wants nothing here any more. At a real delivery this disables the "
               "alert.";
    case 413:
        return "The receiver takes no body of that size: bucket.max_bytes and bucket.max_events "
               "bound it.";
    case 415:
        return "The receiver does not take application/json there: look at the URL behind the "
               "host.";
    case 429:
        return "The receiver wants fewer requests; a delivery waits as long as it says. "
               "delivery.rate bounds them.";
    default:
        break;
    }
    if (status >= 300 && status < 400)
        return "Redirects are not followed: put the address of its Location header into the URL.";
    return status >= 500
               ? "The receiver itself has failed: its own log says why. A delivery is tried again."
               : NULL;
}

/* By the beginning of the sentences that send/ makes (send/answer.c). */
static const struct {
    const char *error, *advice;
} SENTENCES[] = {
    {"connection refused",
     "Nothing listens on that host and port: is the receiver running, is the port right?"},
    {"could not resolve the proxy", "Look at the setting delivery.proxy."},
    {"the proxy", "Look at the setting delivery.proxy."},
    {"could not resolve",
     "Look for a typing error in the host name; if there is none, this machine's DNS does not know "
     "it."},
    {"timed out while",
     "A firewall may drop it on the way, or the host is off: try curl from this machine."},
    {"timed out",
     "The receiver has to answer first and work afterwards; delivery.timeout is how long it may "
     "take."},
    {"the network is unreachable",
     "This machine has no way to that address: look at the host name, or at its network."},
    {"the host is unreachable",
     "This machine has no way to that address: look at the host name, or at its network."},
    {"TLS: the certificate comes from",
     "Name the certificate of that authority as the alert's CA file (^O in the form), or in "
     "delivery.ca_file."},
    {"TLS: the certificate is self-signed",
     "Name that certificate as the alert's CA file (^O in the form), or in delivery.ca_file."},
    {"TLS: the certificate is not for",
     "Write the host in the URL as it stands in the certificate."},
    {"TLS: the certificate has expired", "The receiver needs a new certificate."},
    {"TLS: the certificate is not valid yet",
     "Compare the clocks of this machine and the receiver."},
    {"TLS: the other side does not speak",
     "Nothing speaks TLS on that port: try http:// or another port."},
    {"TLS: the receiver wants a client",
     "Fill in Client cert and Client key (^O in the form)."},
    {"TLS: the receiver does not accept",
     "Look at Client cert (^O in the form): the receiver does not know its authority, or it has "
     "expired."},
    {"the connection was closed without",
     "If the receiver speaks TLS on that port, the URL begins with https://."},
    {"the answer is not HTTP", "Another kind of server listens there: look at the port."},
};

static const char *error_advice(const char *error)
{
    for (size_t i = 0; i < sizeof SENTENCES / sizeof *SENTENCES; i++)
        if (begins(span_of(error), SENTENCES[i].error))
            return SENTENCES[i].advice;
    return NULL;
}

const char *diagnosis_advice(const struct outcome *o, enum alert_destination destination)
{
    if (o->kind != OUTCOME_RESPONSE)
        return error_advice(o->error);
    const char *own = destination == DESTINATION_SLACK       ? slack_advice(o->status)
                      : destination == DESTINATION_PAGERDUTY ? pagerduty_advice(o->status)
                                                             : NULL;
    return own ? own : status_advice(o->status);
}
