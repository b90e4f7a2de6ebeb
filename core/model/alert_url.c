/* Endpoint URLs: one part of alert.h. The sender parses them again, with curl. */
#include "model/alert.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

enum { HOST_MAX = 253, PORT_MAX = 65535 };

struct parts {
    bool tls;
    struct span host; /* with its brackets */
    unsigned port;
    const char *end; /* of scheme://host:port */
};

static const char *port_problem(const char *at, const char *end, unsigned *port)
{
    if (at == end)
        return NULL;
    if (*at != ':')
        return "Something stands between host and port";
    *port = 0;
    for (const char *p = at + 1; p < end; p++) {
        if (*p < '0' || *p > '9')
            return "The port is not a number";
        *port = *port <= PORT_MAX ? *port * 10 + (unsigned)(*p - '0') : *port;
    }
    return *port >= 1 && *port <= PORT_MAX ? NULL : "The port is not one of 1 to 65535";
}

static const char *ipv6_problem(struct span bracketed)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t len = bracketed.len - 2;
    if (len >= sizeof text)
        return "Between [ and ] must stand an IPv6 address";
    memcpy(text, bracketed.at + 1, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1
               ? NULL
               : "Between [ and ] must stand an IPv6 address";
}

static const char *name_problem(struct span host)
{
    if (host.len == 0)
        return "The host is missing";
    if (host.len > HOST_MAX)
        return "The host is too long";
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.at[i];
        if (c >= 0x80)
            return "The host must be in ASCII: write other letters as xn--...";
        if (!ascii_is_alnum(host.at[i]) && c != '-' && c != '_' && c != '.')
            return "The host holds a character that no host name has";
        if (c == '.' && (i == 0 || host.at[i - 1] == '.'))
            return "The host has an empty part between its dots";
    }
    return NULL;
}

static const char *authority_problem(const char *at, const char *end, struct parts *out)
{
    const char *close;
    if (memchr(at, '@', (size_t)(end - at)))
        return "A user name or password in the URL is not supported: use a header";
    if (at < end && *at == '[') {
        if (!(close = memchr(at, ']', (size_t)(end - at))))
            return "The IPv6 address has no closing bracket";
        close++;
    } else if (!(close = memchr(at, ':', (size_t)(end - at)))) {
        close = end;
    }
    out->host = (struct span){at, (size_t)(close - at)};
    const char *problem =
        at < end && *at == '[' ? ipv6_problem(out->host) : name_problem(out->host);
    return problem ? problem : port_problem(close, end, &out->port);
}

static const char *parse(const char *url, struct parts *out)
{
    if (!url || url[strspn(url, " \t\r\n")] == '\0')
        return "An endpoint URL is required";
    if (strlen(url) > ALERT_URL_MAX)
        return "The URL is too long";
    out->tls = ascii_same_n(url, "https://", 8);
    if (!out->tls && !ascii_same_n(url, "http://", 7))
        return "Must start with http:// or https://";
    out->port = out->tls ? 443 : 80;
    const char *host = url + (out->tls ? 8 : 7);
    out->end = host + strcspn(host, "/?#");
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '\\')
            return "Blanks, backslashes and controls must be percent-encoded";
    for (const char *p = out->end; *p; p++)
        if ((unsigned char)*p >= 0x80)
            return "Characters other than ASCII must be percent-encoded";
    return authority_problem(host, out->end, out);
}

const char *alert_url_problem(const char *url)
{
    struct parts parts;
    return parse(url, &parts);
}

void alert_url_origin(const char *url, char *out, size_t size)
{
    struct parts parts;
    if (parse(url, &parts))
        snprintf(out, size, "?");
    else
        snprintf(out, size, "%.*s", (int)(parts.end - url), url);
}

bool alert_url_same_origin(const char *a, const char *b)
{
    struct parts x, y;
    return !parse(a, &x) && !parse(b, &y) && x.tls == y.tls && x.port == y.port &&
           x.host.len == y.host.len && ascii_same_n(x.host.at, y.host.at, x.host.len);
}
