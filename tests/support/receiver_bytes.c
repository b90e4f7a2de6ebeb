#include "support/receiver_bytes.h"

#include <string.h>

enum { CHUNK = 1000 };

static void add_body(const struct receiver_answer *a, size_t size, struct buf *out)
{
    const char *body = a->body ? a->body : "ok";
    size_t len = strlen(body);
    buf_add(out, body, len < size ? len : size);
    for (; len < size; len++)
        buf_add_char(out, 'x');
}

static size_t body_size(const struct receiver_answer *a)
{
    size_t len = strlen(a->body ? a->body : "ok");
    return a->body_size > len ? a->body_size : len;
}

static void add_head(const struct receiver_answer *a, struct buf *out)
{
    int status = a->status ? a->status : 200;
    buf_add_format(out, "HTTP/1.%d %d Scripted\r\n%s", a->how != RECEIVER_HTTP10, status,
                   a->headers ? a->headers : "");
}

static void add_whole(const struct receiver_answer *a, struct buf *out)
{
    add_head(a, out);
    if (a->status != 204 && a->status != 304)
        buf_add_format(out, "Content-Length: %zu\r\n\r\n", body_size(a));
    else
        buf_add_text(out, "\r\n");
    if (a->status != 204 && a->status != 304)
        add_body(a, body_size(a), out);
}

static void add_chunks(const struct receiver_answer *a, struct buf *out)
{
    struct buf body;
    buf_init(&body, BUF_UNLIMITED);
    add_body(a, body_size(a), &body);
    add_head(a, out);
    buf_add_text(out, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < body.len; at += CHUNK) {
        size_t len = body.len - at < CHUNK ? body.len - at : CHUNK;
        buf_add_format(out, "%zx\r\n%.*s\r\n", len, (int)len, body.data + at);
    }
    if (a->how == RECEIVER_CHUNKED)
        buf_add_text(out, "0\r\n\r\n");
    else if (a->how == RECEIVER_BAD_CHUNK)
        buf_add_text(out, "zz\r\noh no\r\n0\r\n\r\n");
    buf_free(&body);
}

static void add_informs(struct buf *out, int count)
{
    while (count-- > 0)
        buf_add_text(out, "HTTP/1.1 103 Early Hints\r\nX-Inform: early\r\n\r\n");
}

void receiver_bytes_more(enum receiver_how how, struct buf *out)
{
    char many[4096];
    memset(many, 'x', sizeof many);
    if (receiver_bytes_slow(how))
        buf_add_char(out, '.');
    else if (how == RECEIVER_ENDLESS)
        buf_add_format(out, "1000\r\n%.4096s\r\n", many);
    else if (how == RECEIVER_ENDLESS_HEADERS)
        buf_add_format(out, "X-More: %.1000s\r\n", many);
    else if (how == RECEIVER_ENDLESS_INFORMS)
        add_informs(out, 20);
}

void receiver_bytes(const struct receiver_answer *a, struct buf *out)
{
    switch (a->how) {
    case RECEIVER_ANSWERS:
    case RECEIVER_EARLY:
    case RECEIVER_NEVER:
    case RECEIVER_HTTP10:
        add_whole(a, out);
        break;
    case RECEIVER_INFORMS:
        add_informs(out, 3);
        add_whole(a, out);
        break;
    case RECEIVER_CHUNKED:
    case RECEIVER_CUTS_CHUNKED:
    case RECEIVER_BAD_CHUNK:
        add_chunks(a, out);
        break;
    case RECEIVER_UNTIL_CLOSE:
        add_head(a, out);
        buf_add_text(out, "\r\n");
        add_body(a, body_size(a), out);
        break;
    case RECEIVER_CUTS:
        add_head(a, out);
        buf_add_format(out, "Content-Length: %zu\r\n\r\n", body_size(a) * 2);
        add_body(a, body_size(a), out);
        break;
    case RECEIVER_CUTS_HEADERS:
        add_head(a, out);
        buf_add_text(out, "Content-Le");
        break;
    case RECEIVER_GARBAGE:
        buf_add_text(out, "\x1b]0;owned\x07 this is not HTTP\r\n\r\n");
        break;
    case RECEIVER_DRIPS:
        add_head(a, out);
        buf_add_text(out, "Content-Length: 1000000\r\n\r\n");
        break;
    case RECEIVER_ENDLESS:
        add_head(a, out);
        buf_add_text(out, "Transfer-Encoding: chunked\r\n\r\n");
        break;
    case RECEIVER_ENDLESS_HEADERS:
        add_head(a, out);
        break;
    case RECEIVER_DRIPS_HEADERS:
        add_head(a, out);
        buf_add_text(out, "X-Slow: ");
        break;
    case RECEIVER_RAW:
        buf_add(out, a->body, a->body_size ? a->body_size : strlen(a->body));
        break;
    case RECEIVER_CLOSES:
    case RECEIVER_RESETS:
    case RECEIVER_ENDLESS_INFORMS:
        break;
    }
}

bool receiver_bytes_slow(enum receiver_how how)
{
    return how == RECEIVER_DRIPS || how == RECEIVER_DRIPS_HEADERS;
}

bool receiver_bytes_endless(enum receiver_how how)
{
    return receiver_bytes_slow(how) || how == RECEIVER_ENDLESS ||
           how == RECEIVER_ENDLESS_HEADERS || how == RECEIVER_ENDLESS_INFORMS;
}

enum receiver_after receiver_bytes_after(enum receiver_how how)
{
    if (how == RECEIVER_RESETS)
        return AFTER_RESET;
    if (how == RECEIVER_ANSWERS || how == RECEIVER_CHUNKED || how == RECEIVER_INFORMS ||
        how == RECEIVER_NEVER || how == RECEIVER_EARLY)
        return AFTER_KEEP;
    return AFTER_CLOSE;
}
