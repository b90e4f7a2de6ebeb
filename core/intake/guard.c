#include "intake/guard.h"

#include <sodium.h>
#include <string.h>

#include "base/ascii.h"
#include "base/span.h"

/* The name of "name:port" or "[address]:port"; empty: malformed. */
static struct span host_name(const char *host)
{
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (len > strlen(host))
        return (struct span){host, 0};
    const char *port = host + len;
    if (*port == ':')
        port += 1 + strspn(port + 1, "0123456789");
    return (struct span){host, *port ? 0 : len};
}

static bool same_name(struct span a, const char *b, size_t b_len)
{
    return a.len == b_len && ascii_same_n(a.at, b, b_len);
}

bool guard_host_allowed(const char *host, const char *listen, const char *extra)
{
    static const char *const loopback[] = {"127.0.0.1", "localhost", "[::1]"};
    struct span name = host ? host_name(host) : (struct span){NULL, 0};
    if (!name.len)
        return false;
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
        if (same_name(name, loopback[i], strlen(loopback[i])))
            return true;
    struct span bare = name;
    if (*bare.at == '[')
        bare = (struct span){name.at + 1, name.len - 2};
    if (same_name(bare, listen, strlen(listen)))
        return true;
    for (const char *at = extra; at && *at;) {
        at += strspn(at, ", ");
        size_t len = strcspn(at, ", ");
        if (len && same_name(name, at, len))
            return true;
        at += len;
    }
    return false;
}

bool guard_key_matches(const char *given, const char *key)
{
    unsigned char a[crypto_generichash_BYTES], b[crypto_generichash_BYTES];
    if (!given)
        return false;
    crypto_generichash(a, sizeof a, (const unsigned char *)given, strlen(given), NULL, 0);
    crypto_generichash(b, sizeof b, (const unsigned char *)key, strlen(key), NULL, 0);
    return sodium_memcmp(a, b, sizeof a) == 0;
}

bool guard_is_json(const char *content_type)
{
    static const char json[] = "application/json";
    if (!content_type || !ascii_same_n(content_type, json, sizeof json - 1))
        return false;
    const char *after = content_type + sizeof json - 1;
    after += strspn(after, " \t");
    return *after == '\0' || *after == ';';
}
