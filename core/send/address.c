#include "send/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

static const char *problem4(uint32_t address)
{
    for (size_t i = 0; i < sizeof REFUSED4 / sizeof *REFUSED4; i++) {
        uint32_t mask = ~UINT32_C(0) << (32 - REFUSED4[i].bits);
        if ((address & mask) == REFUSED4[i].first)
            return REFUSED4[i].problem;
    }
    return NULL;
}

static uint32_t word(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool starts(const unsigned char *b, const unsigned char *with, size_t len)
{
    return memcmp(b, with, len) == 0;
}

static const char *problem6(const unsigned char *b)
{
    static const unsigned char zero[16], mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    static const unsigned char nat64_local[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};
    static const unsigned char translated[12] = {[8] = 0xff, [9] = 0xff};
    static const unsigned char metadata[2][16] = {
        {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54},
        {0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54},
    };
    if (starts(b, zero, 15))
        return b[15] == 1 ? NULL : "the unspecified address"; /* ::1 is loopback */
    if (starts(b, mapped, 12) || starts(b, nat64, 12) || starts(b, translated, 12) ||
        starts(b, zero, 12))
        return problem4(word(b + 12));
    if (starts(b, nat64_local, 6))
        return "an address behind a local NAT64 prefix";
    if (b[0] == 0x20 && b[1] == 0x02)
        return problem4(word(b + 2));
    if (starts(b, metadata[0], 16) || starts(b, metadata[1], 16))
        return "the metadata address of a cloud";
    if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
        return "a link-local address";
    if (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0)
        return "a site-local address";
    return b[0] == 0xff ? "a multicast address" : NULL;
}

const char *address_problem(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return problem4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return problem6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
    return "not an internet address";
}

const char *address_text_problem(const char *numeric)
{
    char bare[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    size_t len = strcspn(numeric, "%"); /* a zone says only which interface */
    if (len >= sizeof bare)
        return "not an internet address";
    snprintf(bare, sizeof bare, "%.*s", (int)len, numeric);
    if (inet_pton(AF_INET, bare, bytes) == 1)
        return problem4(word(bytes));
    if (inet_pton(AF_INET6, bare, bytes) == 1)
        return problem6(bytes);
    return "not an internet address";
}
