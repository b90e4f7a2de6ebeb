#include "send/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BY_SETTING " (delivery.private = refuse)"
#define LOOPBACK   "a loopback address" BY_SETTING
#define PRIVATE    "a private address" BY_SETTING
#define SPECIAL    "a special-purpose address" BY_SETTING

struct range4 {
    uint32_t first;
    int bits;
    const char *problem;
};

static const struct range4 REFUSED4[] = {
    {0x00000000, 8, "an address of \"this network\""},
    {0xa9fea9fe, 32, "the metadata address of a cloud"},
    {0xa9fe0000, 16, "a link-local address"},
    {0x646464c8, 32, "the metadata address of a cloud"},
    {0xa83f8110, 32, "the metadata address of a cloud"},
    {0xc00000c0, 32, "the metadata address of a cloud"},
    {0xc0000000, 24, "a reserved address"},
    {0xe0000000, 4, "a multicast address"},
    {0xffffffff, 32, "the broadcast address"},
    {0xf0000000, 4, "a reserved address"},
};

static const struct range4 PRIVATE4[] = {
    {0x7f000000, 8, LOOPBACK},  {0x0a000000, 8, PRIVATE},   {0xac100000, 12, PRIVATE},
    {0xc0a80000, 16, PRIVATE},  {0x64400000, 10, PRIVATE},  {0xc0000200, 24, SPECIAL},
    {0xc0586300, 24, SPECIAL},  {0xc6120000, 15, SPECIAL},  {0xc6336400, 24, SPECIAL},
    {0xcb007100, 24, SPECIAL},
};

static const char *find4(const struct range4 *ranges, size_t count, uint32_t address)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t mask = ~UINT32_C(0) << (32 - ranges[i].bits);
        if ((address & mask) == ranges[i].first)
            return ranges[i].problem;
    }
    return NULL;
}

static const char *problem4(uint32_t address, enum address_rule rule)
{
    const char *problem = find4(REFUSED4, sizeof REFUSED4 / sizeof *REFUSED4, address);
    if (problem || rule == ADDRESS_PRIVATE_ALLOWED)
        return problem;
    return find4(PRIVATE4, sizeof PRIVATE4 / sizeof *PRIVATE4, address);
}

static uint32_t word(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool starts(const unsigned char *b, const unsigned char *with, size_t len)
{
    return memcmp(b, with, len) == 0;
}

/* The IPv4 address that an IPv6 one stands for. */
static bool unwrap(const unsigned char *b, uint32_t *address)
{
    static const unsigned char zero[12], mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    static const unsigned char translated[12] = {[8] = 0xff, [9] = 0xff};
    bool in_2002 = b[0] == 0x20 && b[1] == 0x02;
    *address = word(b + (in_2002 ? 2 : 12));
    return in_2002 || starts(b, mapped, 12) || starts(b, nat64, 12) ||
           starts(b, translated, 12) || starts(b, zero, 12);
}

static const char *private6(const unsigned char *b)
{
    static const unsigned char documentation[4] = {0x20, 0x01, 0x0d, 0xb8};
    static const unsigned char documentation_2[2] = {0x3f, 0xff}; /* /20, RFC 9637 */
    static const unsigned char teredo[4] = {0x20, 0x01}, discard[8] = {0x01};
    static const unsigned char srv6[2] = {0x5f};
    if ((b[0] & 0xfe) == 0xfc)
        return PRIVATE;
    bool special = starts(b, documentation, 4) || starts(b, teredo, 4) ||
                   (starts(b, documentation_2, 2) && b[2] < 0x10) || starts(b, discard, 8) ||
                   starts(b, srv6, 2);
    return special ? SPECIAL : NULL;
}

static const char *problem6(const unsigned char *b, enum address_rule rule)
{
    static const unsigned char zero[15];
    static const unsigned char nat64_local[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};
    static const unsigned char metadata[2][16] = {
        {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54},
        {0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54},
    };
    uint32_t inner;
    if (starts(b, zero, 15) && b[15] == 0)
        return "the unspecified address";
    if (starts(b, zero, 15) && b[15] == 1)
        return rule == ADDRESS_PRIVATE_REFUSED ? LOOPBACK : NULL;
    if (unwrap(b, &inner))
        return problem4(inner, rule);
    if (starts(b, nat64_local, 6))
        return "an address behind a local NAT64 prefix";
    if (starts(b, metadata[0], 16) || starts(b, metadata[1], 16))
        return "the metadata address of a cloud";
    if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
        return "a link-local address";
    if (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0)
        return "a site-local address";
    if (b[0] == 0xff)
        return "a multicast address";
    return rule == ADDRESS_PRIVATE_REFUSED ? private6(b) : NULL;
}

const char *address_problem(const struct sockaddr *address, enum address_rule rule)
{
    if (address->sa_family == AF_INET)
        return problem4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr), rule);
    if (address->sa_family == AF_INET6)
        return problem6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr, rule);
    return "not an internet address";
}

const char *address_text_problem(const char *numeric, enum address_rule rule)
{
    char bare[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    size_t len = strcspn(numeric, "%"); /* a zone says only which interface */
    if (len >= sizeof bare)
        return "not an internet address";
    snprintf(bare, sizeof bare, "%.*s", (int)len, numeric);
    if (inet_pton(AF_INET, bare, bytes) == 1)
        return problem4(word(bytes), rule);
    if (inet_pton(AF_INET6, bare, bytes) == 1)
        return problem6(bytes, rule);
    return "not an internet address";
}
