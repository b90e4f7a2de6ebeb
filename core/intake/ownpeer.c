#include "intake/ownpeer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An end of a connection; IPv4 in its IPv4-mapped form. */
struct end {
    unsigned char address[16];
    unsigned port;
};

static const unsigned char MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool end_of(const struct sockaddr_storage *from, struct end *out)
{
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        memcpy(out->address, MAPPED, sizeof MAPPED);
        memcpy(out->address + sizeof MAPPED, &in->sin_addr, 4);
        out->port = ntohs(in->sin_port);
        return true;
    }
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        memcpy(out->address, &in6->sin6_addr, sizeof out->address);
        out->port = ntohs(in6->sin6_port);
        return true;
    }
    return false;
}

/* "0100007F:1435": words of the address as the kernel holds them, printed as numbers. */
static bool parse_end(const char *text, struct end *out)
{
    const char *colon = strchr(text, ':');
    size_t digits = colon ? (size_t)(colon - text) : 0;
    if (digits != 8 && digits != 32)
        return false;
    memcpy(out->address, MAPPED, sizeof MAPPED);
    for (size_t i = 0; i < digits; i += 8) {
        char word[9] = {0};
        memcpy(word, text + i, 8);
        uint32_t value = (uint32_t)strtoul(word, NULL, 16);
        memcpy(out->address + (digits == 8 ? sizeof MAPPED : i / 2), &value, sizeof value);
    }
    out->port = (unsigned)strtoul(colon + 1, NULL, 16);
    return true;
}

static bool same_end(const struct end *a, const struct end *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof a->address) == 0;
}

bool ownpeer_find(FILE *table, const struct sockaddr_storage *local,
                  const struct sockaddr_storage *remote, uid_t *uid)
{
    struct end here, there, a, b;
    char line[512], from[40], to[40];
    unsigned owner;
    unsigned long inode;
    if (!end_of(local, &here) || !end_of(remote, &there))
        return false;
    while (fgets(line, sizeof line, table)) {
        /* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit */
        if (sscanf(line, " %*[^:]: %39s %39s %*s %*s %*s %*s %u %*s %lu", from, to, &owner,
                   &inode) != 4 ||
            !parse_end(from, &a) || !parse_end(to, &b))
            continue;
        if (inode != 0 && same_end(&a, &here) && same_end(&b, &there)) {
            *uid = owner;
            return true;
        }
    }
    return false;
}

static bool find_in(const char *path, const struct sockaddr_storage *local,
                    const struct sockaddr_storage *remote, uid_t *uid)
{
    FILE *table = fopen(path, "re");
    if (!table)
        return false;
    bool found = ownpeer_find(table, local, remote, uid);
    fclose(table);
    return found;
}

static bool find_owner(const struct sockaddr_storage *local,
                       const struct sockaddr_storage *remote, uid_t *uid)
{
    return find_in("/proc/net/tcp", local, remote, uid) ||
           find_in("/proc/net/tcp6", local, remote, uid);
}

bool ownpeer_uid(int fd, uid_t *uid)
{
    uid_t again;
    struct sockaddr_storage ours = {0}, theirs = {0};
    socklen_t ours_size = sizeof ours, theirs_size = sizeof theirs;
    struct ucred peer;
    socklen_t peer_size = sizeof peer;
    if (getsockname(fd, (struct sockaddr *)&ours, &ours_size) != 0 ||
        getpeername(fd, (struct sockaddr *)&theirs, &theirs_size) != 0)
        return false;
    if (ours.ss_family == AF_UNIX) {
        bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) == 0;
        *uid = known ? peer.uid : (uid_t)-1;
        return known;
    }
    /* One that is closed while its row is written can show an inode beside the owner 0. The
     * next time it shows none. */
    return find_owner(&theirs, &ours, uid) && find_owner(&theirs, &ours, &again) &&
           again == *uid;
}
