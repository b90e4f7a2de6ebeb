#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

char *file_trimmed(const char *path, struct err *err)
{
    char *copy = strdup(path);
    if (!copy) {
        err_memory(err);
        return NULL;
    }
    size_t len = strlen(copy);
    while (len > 1 &&
           (copy[len - 1] == '/' || (copy[len - 1] == '.' && copy[len - 2] == '/')))
        copy[--len] = 0;
    if (len == 0) {
        err_set(err, ERR_INVALID, "a directory's name is empty");
        free(copy);
        return NULL;
    }
    return copy;
}

/* ---------------------------------------------------------------- directories */

static bool refuse(const char *what, const char *path, const char *why, struct err *err)
{
    struct buf shown;
    buf_init(&shown, BUF_UNLIMITED);
    text_safe(&shown, span_of(path), TEXT_LINE);
    err_set(err, ERR_DENIED, "%s %.200s: %s", what, buf_text(&shown), why);
    buf_free(&shown);
    return false;
}

/* Who can write into the directory above can put another in the place of this one. */
static bool is_exchangeable(int fd)
{
    struct stat st;
    return fstatat(fd, "..", &st, 0) == 0 && (st.st_mode & S_IWOTH) &&
           !(st.st_mode & S_ISVTX);
}

static bool check_directory(int fd, const char *what, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return file_err(err, "read", path);
    if (st.st_uid != geteuid())
        return refuse(what, path, "belongs to another user", err);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return refuse(what, path,
                      "other users can write into it; chmod go-w makes it usable", err);
    if (is_exchangeable(fd))
        return refuse(what, path,
                      "other users can write into the directory above it, and so put another "
                      "in its place",
                      err);
    return true;
}

int file_open_directory(const char *path, const char *what, struct err *err)
{
    char *name = file_trimmed(path, err);
    if (!name)
        return -1;
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 && errno == ENOTDIR && lstat(name, &st) == 0 && S_ISLNK(st.st_mode)) {
        refuse(what, name, "is a symbolic link; name the directory itself", err);
    } else if (fd < 0) {
        char opening[64];
        snprintf(opening, sizeof opening, "open the %s", what);
        file_err(err, opening, name);
    } else if (!check_directory(fd, what, name, err)) {
        close(fd);
        fd = -1;
    }
    free(name);
    return fd;
}

/* ---------------------------------------------------------------- files */

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

bool file_check_private(int fd, const char *name, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return file_err(err, "read", name);
    if (st.st_nlink > 1)
        return err_set(err, ERR_DENIED,
                       "%s in the data directory has another name too: a hard link stands in "
                       "its place",
                       name);
    return !(st.st_mode & 077) ||
           err_set(err, ERR_DENIED,
                   "%s in the data directory can be used by others; chmod 600 it if that was "
                   "a mistake",
                   name);
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
