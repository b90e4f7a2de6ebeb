#include "intake/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool fill(const char *host, uint16_t port, union address *out, socklen_t *len)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *len = sizeof out->v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) != 1)
        return false;
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    *len = sizeof out->v6;
    return true;
}

static bool bind_and_listen(int fd, union address *at, socklen_t len)
{
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(fd, &at->any, len) == 0 && listen(fd, SOMAXCONN) == 0 &&
           getsockname(fd, &at->any, &len) == 0;
}

static bool problem(const char *host, uint16_t port, int error, struct err *err)
{
    if (error == EADDRINUSE)
        return err_set(err, ERR_BUSY, "port %u on %s is in use", port, host);
    return err_set(err, ERR_IO, "cannot listen on port %u of %s: %s", port, host,
                   strerror(error));
}

int listen_open(const char *host, uint16_t *port, struct err *err)
{
    union address at;
    socklen_t len;
    if (!fill(host, *port, &at, &len)) {
        err_set(err, ERR_INVALID,
                "intake.listen: the host must be a numeric address or localhost");
        return -1;
    }
    int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !bind_and_listen(fd, &at, len)) {
        problem(host, *port, errno, err);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *port = ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
    return fd;
}
