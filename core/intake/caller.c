#include "intake/caller.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>

#include "intake/ownpeer.h"

static void name_user(struct MHD_Connection *connection, bool has_key, char *out, size_t size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct passwd entry, *found = NULL;
    char room[2048];
    uid_t uid;
    if (!info || !ownpeer_uid(info->connect_fd, &uid))
        snprintf(out, size, has_key ? "API key" : "unknown");
    else if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found)
        snprintf(out, size, "%s", entry.pw_name);
    else
        snprintf(out, size, "%lu", (unsigned long)uid);
}

static void name_place(struct MHD_Connection *connection, char *out, size_t size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    char text[INET6_ADDRSTRLEN];
    out[0] = '\0';
    if (address && address->sa_family == AF_INET &&
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text))
        snprintf(out, size, "%s:%u", text, ntohs(v4->sin_port));
    else if (address && address->sa_family == AF_INET6 &&
             inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text))
        snprintf(out, size, "[%s]:%u", text, ntohs(v6->sin6_port));
    else if (address && address->sa_family == AF_UNIX)
        snprintf(out, size, "unix socket");
}

void caller_of(struct MHD_Connection *connection, bool has_key, struct caller *out)
{
    name_user(connection, has_key, out->user, sizeof out->user);
    name_place(connection, out->place, sizeof out->place);
    out->actor = (struct actor){out->user, "api", out->place};
}
