#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static enum err_code code_of(int number)
{
    switch (number) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return ERR_DENIED;
    case ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_IO;
    }
}

bool file_err(struct err *err, const char *what, const char *path)
{
    int number = errno;
    struct buf shown;
    buf_init(&shown, BUF_UNLIMITED);
    text_safe(&shown, span_of(path), TEXT_LINE);
    err_set(err, code_of(number), "cannot %s %.200s: %s", what, buf_text(&shown),
            number == ELOOP ? "a link stands in its place" : strerror(number));
    buf_free(&shown);
    return false;
}

static bool check_ours(int fd, const char *name, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return file_err(err, "read", name);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_DENIED, "%s in the data directory is no plain file", name);
    if (st.st_uid != geteuid())
        return err_set(err, ERR_DENIED, "%s in the data directory belongs to another user",
                       name);
    return true;
}

int file_open(int dir, const char *name, int flags, struct err *err)
{
    /* O_NONBLOCK: opening a FIFO that stands in its place must not hang. */
    int fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0) {
        file_err(err, "open", name);
        return -1;
    }
    if (!check_ours(fd, name, err)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool file_write(int fd, struct span bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t n = pwrite(fd, bytes.at + done, bytes.len - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

long file_read(int fd, char *out, unsigned long size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, out + done, size - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (long)done;
}
