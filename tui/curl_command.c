#include "curl_command.h"

#include <ctype.h>
#include <string.h>

#include "base/ascii.h"

/* 'it'\''s' */
static void add_quoted(struct buf *out, struct span text)
{
    buf_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '\'')
            buf_add_text(out, "'\\''");
        else
            buf_add_char(out, text.at[i]);
    buf_add_char(out, '\'');
}

/* Our own Accept is no secret, though it looks like one. */
static bool is_masked(struct span value)
{
    while (value.len && *value.at == ' ')
        value = (struct span){value.at + 1, value.len - 1};
    return value.len && memchr(value.at, '*', value.len) && !span_is(value, "*/*");
}

/* As the token of an alert is sent. A header of the alert's own is masked whole, whatever
 * its scheme. */
static bool is_token(struct span name, struct span value)
{
    static const char bearer[] = " Bearer ";
    size_t len = sizeof bearer - 1;
    return name.len == 13 && ascii_same_n(name.at, "authorization", 13) &&
           value.len > len && memcmp(value.at, bearer, len) == 0;
}

/* X-Api-Key becomes X_API_KEY. */
static void add_variable(struct buf *out, struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        buf_add_char(out, ascii_is_alnum(name.at[i]) ? ascii_upper(name.at[i]) : '_');
}

/* curl writes these itself, from the URL and the body. */
static bool is_curls_own(struct span name)
{
    static const char *const own[] = {"host", "content-length"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (name.len == strlen(own[i]) && ascii_same_n(name.at, own[i], name.len))
            return true;
    return false;
}

static void add_header(struct buf *out, struct span line)
{
    const char *colon = memchr(line.at, ':', line.len);
    struct span name = {line.at, colon ? (size_t)(colon - line.at) : 0}, value;
    if (name.len == 0 || is_curls_own(name))
        return;
    value = (struct span){colon + 1, line.len - name.len - 1};
    buf_add_text(out, " \\\n  -H ");
    if (!is_masked(value)) {
        add_quoted(out, line);
        return;
    }
    bool token = is_token(name, value);
    add_quoted(out, (struct span){line.at, name.len});
    buf_add_text(out, token ? "\": Bearer $TOKEN\"" : "\": $");
    if (!token) {
        add_variable(out, name);
        buf_add_char(out, '"');
    }
}

bool curl_command(struct buf *out, const char *origin, struct span headers, struct span body)
{
    buf_add_text(out, "# $WEBHOOK_URL is at ");
    for (const char *at = origin ? origin : "?"; *at; at++)
        buf_add_char(out, iscntrl((unsigned char)*at) ? '?' : *at);
    buf_add_text(out, "\ncurl -X POST \"$WEBHOOK_URL\"");
    while (headers.len) {
        const char *end = memchr(headers.at, '\n', headers.len);
        size_t len = end ? (size_t)(end - headers.at) : headers.len;
        struct span line = {headers.at, len};
        while (line.len && line.at[line.len - 1] == '\r')
            line.len--;
        if (line.len)
            add_header(out, line);
        size_t used = len + (end != NULL);
        headers = (struct span){headers.at + used, headers.len - used};
    }
    buf_add_text(out, " \\\n  --data-binary ");
    add_quoted(out, body);
    return buf_add_char(out, '\n');
}
