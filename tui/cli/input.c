#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool read_fd(int fd, const char *name, struct buf *out, struct err *err)
{
    char chunk[16384];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            return true;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
        if (!buf_add(out, chunk, (size_t)n))
            return err_set(err, ERR_TOO_LARGE, "%s: is over %zu MiB; give it in parts",
                           name, out->max >> 20);
    }
}

static bool is_standard(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

const char *input_name(const char *path)
{
    return is_standard(path) ? "standard input" : path;
}

bool input_read(const char *path, struct buf *out, struct err *err)
{
    if (is_standard(path))
        return read_fd(STDIN_FILENO, input_name(path), out, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    bool done = read_fd(fd, path, out, err);
    close(fd);
    return done;
}

static bool is_blank(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] != ' ' && s.at[i] != '\t' && s.at[i] != '\r')
            return false;
    return true;
}

bool input_line(struct span *rest, struct span *line, size_t *number)
{
    while (rest->len > 0) {
        const char *newline = memchr(rest->at, '\n', rest->len);
        size_t len = newline ? (size_t)(newline - rest->at) : rest->len;
        size_t step = newline ? len + 1 : len;
        *line = (struct span){rest->at, len};
        *rest = (struct span){rest->at + step, rest->len - step};
        ++*number;
        if (!is_blank(*line))
            return true;
    }
    return false;
}

static bool read_type(struct js_value v, enum event_type *type, struct err *err)
{
    struct buf name;
    buf_init(&name, 256);
    bool done = js_string(v, &name) && event_type_parse(buf_span(&name), type);
    buf_free(&name);
    return done || err_set(err, ERR_INVALID,
                           "event_type must be a known type, such as %s",
                           event_type_name(EVENT_TRACE_ERRORS));
}

bool event_line_read(struct span line, struct event_line *out, struct err *err)
{
    if (!js_parse(line, &out->root, err))
        return false;
    if (out->root.type != JS_OBJECT)
        return err_set(err, ERR_INVALID, "must be an object {event_type, entity, ...}");
    out->project_name = js_get(out->root, "project_name");
    out->user = js_get(out->root, "user");
    out->entity = js_get(out->root, "entity");
    if (!read_type(js_get(out->root, "event_type"), &out->type, err))
        return false;
    if (js_is_set(out->project_name) && out->project_name.type != JS_STRING)
        return err_set(err, ERR_INVALID, "project_name must be a string");
    if (js_is_set(out->user) && out->user.type != JS_STRING)
        return err_set(err, ERR_INVALID, "user must be a string");
    if (out->entity.type != JS_OBJECT)
        return err_set(err, ERR_INVALID, "entity must be an object");
    return true;
}
