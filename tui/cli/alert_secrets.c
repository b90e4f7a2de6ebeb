#include "cli/alert_secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192 };

/* ------------------------------------------------------------------ files */

static bool check_private(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(err, ERR_IO, "%.200s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "%.200s: is no regular file", path);
    return (st.st_uid == geteuid() && (st.st_mode & 077) == 0) ||
           err_set(err, ERR_DENIED, "%.200s: others can read it: chmod 600 it first", path);
}

/* The first line, which the caller wipes. */
static bool read_line(const char *path, struct buf *out, struct err *err)
{
    char bytes[LINE_MAX_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_set(err, ERR_IO, "%.200s: %s", path, strerror(errno));
    bool ok = check_private(fd, path, err);
    ssize_t got = ok ? read(fd, bytes, sizeof bytes) : 0;
    close(fd);
    if (!ok)
        return false;
    size_t len = got > 0 ? (size_t)got : 0;
    const char *end = len ? memchr(bytes, '\n', len) : NULL;
    if (end)
        len = (size_t)(end - bytes);
    ok = len > 0 && !memchr(bytes, '\0', len) ? buf_add(out, bytes, len) || err_memory(err)
                                              : err_set(err, ERR_INVALID,
                                                        "%.200s: its first line is empty", path);
    explicit_bzero(bytes, sizeof bytes);
    return ok;
}

struct passbox *alert_secrets_box(const char *path, struct err *err)
{
    struct buf line;
    buf_init_secret(&line, LINE_MAX_BYTES);
    struct passbox *box = read_line(path, &line, err) ? passbox_new(buf_span(&line), err) : NULL;
    buf_free(&line);
    return box;
}

/* ------------------------------------------------------------------ each secret */

typedef bool change_secret(struct passbox *box, const char *text, struct buf *out,
                           struct err *err);

static bool change_one(struct passbox *box, char **field, change_secret *change,
                       struct err *err)
{
    struct buf out;
    if (!*field)
        return true;
    buf_init_secret(&out, BUF_UNLIMITED);
    bool ok = change(box, *field, &out, err) &&
              (out.len == 0 || alert_set_secret(field, buf_text(&out)) || err_memory(err));
    buf_free(&out);
    return ok;
}

static bool change_all(struct passbox *box, struct alert *a, change_secret *change,
                       struct err *err)
{
    if (!change_one(box, &a->url, change, err) || !change_one(box, &a->token, change, err))
        return false;
    for (size_t i = 0; i < a->header_count; i++)
        if (!change_one(box, &a->headers[i].value, change, err))
            return false;
    for (size_t i = 0; i < a->metadata_count; i++)
        if (alert_metadata_is_secret(a->metadata[i].key) &&
            !change_one(box, &a->metadata[i].value, change, err))
            return false;
    return true;
}

static bool seal_one(struct passbox *box, const char *text, struct buf *out, struct err *err)
{
    return passbox_seal(box, span_of(text), out, err);
}

/* Nothing in `out`: it stays as it is. */
static bool resolve_one(struct passbox *box, const char *text, struct buf *out,
                        struct err *err)
{
    if (strncmp(text, "file:", 5) == 0)
        return read_line(text + 5, out, err);
    if (!passbox_is_sealed(text))
        return true;
    if (!box)
        return err_set(err, ERR_INVALID,
                       "its secrets are sealed: give --secrets FILE with the passphrase");
    return passbox_open(box, text, out, err);
}

bool alert_secrets_seal_all(struct passbox *box, struct alert *a, struct err *err)
{
    return change_all(box, a, seal_one, err);
}

bool alert_secrets_resolve(struct passbox *box, struct alert *a, struct err *err)
{
    return change_all(box, a, resolve_one, err);
}
