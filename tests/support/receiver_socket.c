#include "support/receiver_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/must.h"
#include "support/receiver.h"

int receiver_listen(bool ipv6, int *port)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in four = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *address = ipv6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
    socklen_t len = ipv6 ? sizeof six : sizeof four;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, address, len) != 0) {
        close(fd);
        return -1;
    }
    must(listen(fd, 512) == 0, "listen");
    must(getsockname(fd, address, &len) == 0, "getsockname");
    *port = ntohs(ipv6 ? six.sin6_port : four.sin_port);
    return fd;
}

void receiver_shut(int fd, bool reset)
{
    const struct linger linger = {1, 0};
    if (reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}

int receiver_closed_port(void)
{
    int port, fd = receiver_listen(false, &port);
    must(fd >= 0, "bind");
    close(fd);
    return port;
}
