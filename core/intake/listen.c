#include "intake/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "model/settings.h"
#include "store/file.h"

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

static int listen_tcp(const char *host, uint16_t *port, struct err *err)
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

/* ---------------------------------------------------------------- Unix sockets */

static bool socket_problem(const char *path, const char *why, enum err_code code,
                           struct err *err)
{
    struct buf shown;
    buf_init(&shown, BUF_UNLIMITED);
    text_safe(&shown, span_of(path), TEXT_LINE);
    err_set(err, code, "intake.listen: %s %s", buf_text(&shown), why);
    buf_free(&shown);
    return false;
}

/* Whether somebody accepts there. */
static bool is_answered(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answered = fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 ||
                                errno != ECONNREFUSED);
    if (fd >= 0)
        close(fd);
    return answered;
}

static bool clear_place(const struct sockaddr_un *at, struct err *err)
{
    const char *path = at->sun_path;
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT || socket_problem(path, strerror(errno), ERR_IO, err);
    if (!S_ISSOCK(st.st_mode))
        return socket_problem(path, "is there already, and is no socket", ERR_DENIED, err);
    if (st.st_uid != geteuid())
        return socket_problem(path, "belongs to another user", ERR_DENIED, err);
    if (is_answered(at))
        return socket_problem(path, "is in use", ERR_BUSY, err);
    return unlink(path) == 0 || socket_problem(path, strerror(errno), ERR_IO, err);
}

static bool check_parent(const char *path, struct err *err)
{
    char *parent = strdup(path);
    if (!parent)
        return err_memory(err);
    char *slash = strrchr(parent, '/');
    slash[slash == parent] = '\0';
    int fd = file_open_directory(parent, "intake.listen: the socket's directory", err);
    free(parent);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The mode that a socket has before bind() is the one that its name gets (less the umask). */
static int listen_unix(const char *path, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path) {
        socket_problem(path, "is too long a path", ERR_INVALID, err);
        return -1;
    }
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (!check_parent(path, err) || !clear_place(&at, err))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && fchmod(fd, 0600) == 0 &&
        bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    socket_problem(path, strerror(errno), errno == EADDRINUSE ? ERR_BUSY : ERR_IO, err);
    if (fd >= 0)
        close(fd);
    return -1;
}

const char *listen_unix_path(const char *host)
{
    size_t len = strlen(SETTINGS_UNIX);
    return strncmp(host, SETTINGS_UNIX, len) == 0 ? host + len : NULL;
}

void listen_remove(const char *host)
{
    const char *path = listen_unix_path(host);
    if (path)
        unlink(path);
}

int listen_open(const char *host, uint16_t *port, struct err *err)
{
    const char *path = listen_unix_path(host);
    return path ? listen_unix(path, err) : listen_tcp(host, port, err);
}
