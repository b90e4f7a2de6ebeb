#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config.h"

#define FILE_MAX ((size_t)1 << 20)

#define BLANK " \t\r\v\f" /* what inih passes over within a line */

static struct span trimmed(struct span s)
{
    while (s.len && strchr(BLANK, *s.at) && *s.at)
        s = (struct span){s.at + 1, s.len - 1};
    while (s.len && strchr(BLANK, s.at[s.len - 1]))
        s.len--;
    return s;
}

static bool next_line(struct span *rest, struct span *line)
{
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->at, '\n', rest->len);
    line->at = rest->at;
    line->len = end ? (size_t)(end - rest->at) : rest->len;
    size_t used = line->len + (end != NULL);
    *rest = (struct span){rest->at + used, rest->len - used};
    return true;
}

/* As inih reads it: what stands behind the bracket does not count. */
static bool is_section(struct span line, struct span *name)
{
    line = trimmed(line);
    const char *end = line.len ? memchr(line.at, ']', line.len) : NULL;
    if (!end || line.at[0] != '[')
        return false;
    *name = (struct span){line.at + 1, (size_t)(end - line.at - 1)};
    return true;
}

/* The name of a comment begins with its sign, which no key does. */
static bool sets(struct span line, struct span name)
{
    line = trimmed(line);
    size_t len = 0;
    while (len < line.len && line.at[len] != '=' && line.at[len] != ':')
        len++;
    return len < line.len && span_same(trimmed((struct span){line.at, len}), name);
}

static void add_pair(struct buf *out, struct span name, const char *value)
{
    buf_add_span(out, name);
    buf_add_format(out, " = %s\n", value);
}

/* The old line is replaced; without one the new line ends its section, which may be new. */
static bool rewrite(struct buf *out, struct span text, const char *key, const char *value)
{
    const char *dot = strchr(key, '.');
    struct span wanted = {key, (size_t)(dot - key)}, name = span_of(dot + 1);
    struct span line, section = {"", 0};
    bool done = false;
    while (next_line(&text, &line)) {
        struct span next;
        bool begins = is_section(line, &next);
        if (begins && !done && span_same(section, wanted)) {
            add_pair(out, name, value);
            done = true;
        }
        if (begins)
            section = next;
        if (!begins && span_same(section, wanted) && sets(line, name)) {
            if (!done)
                add_pair(out, name, value);
            done = true;
            continue;
        }
        buf_add_span(out, line);
        buf_add_char(out, '\n');
    }
    if (!done && !span_same(section, wanted))
        buf_add_format(out, "%s[%.*s]\n", out->len ? "\n" : "", (int)wanted.len, wanted.at);
    if (!done)
        add_pair(out, name, value);
    return !out->failed;
}

static bool read_file(const char *path, struct buf *out, struct err *err)
{
    char chunk[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;
    if (fd < 0)
        return errno == ENOENT || err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        if (!buf_add(out, chunk, (size_t)n))
            break;
    int why = errno;
    close(fd);
    return n == 0 || err_set(err, ERR_IO, "%s: %s", path,
                             n < 0 ? strerror(why) : "is too large");
}

void config_make_folder(const char *path)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = folder; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(folder, 0700);
        *slash = '/';
    }
}

static bool write_bytes(int fd, struct span text)
{
    while (text.len) {
        ssize_t n = write(fd, text.at, text.len);
        if (n <= 0)
            return false;
        text = (struct span){text.at + n, text.len - (size_t)n};
    }
    return true;
}

/* Whole or not at all: a second file takes the place of the first. */
bool config_replace(const char *path, struct span text, struct err *err)
{
    char next[4096], real[PATH_MAX];
    struct stat st;
    if (realpath(path, real))
        path = real; /* a link stays one */
    snprintf(next, sizeof next, "%.4080s.new", path);
    config_make_folder(path);
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", next, strerror(errno));
    if (stat(path, &st) == 0)
        fchmod(fd, st.st_mode & 0777);
    bool fine = write_bytes(fd, text) && fsync(fd) == 0;
    int why = errno;
    close(fd);
    if (fine && rename(next, path) == 0)
        return true;
    why = fine ? errno : why;
    unlink(next);
    return err_set(err, ERR_IO, "%s: %s", path, strerror(why));
}

struct reading {
    const char *value;
    bool same;
};

static int compare_value(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;
    (void)section;
    (void)name;
    r->same = strcmp(value ? value : "", r->value) == 0;
    return 1;
}

/* inih has no quotes: it drops the blanks around a value and what follows " ;", and cuts what is
 * too long. */
static bool can_hold(const char *key, const char *value, struct err *err)
{
    struct reading r = {.value = value};
    struct buf line;
    buf_init_secret(&line, FILE_MAX);
    add_pair(&line, span_of(strchr(key, '.') + 1), value);
    bool read = !line.failed && line.len < INI_MAX_LINE &&
                ini_parse_string(buf_text(&line), compare_value, &r) == 0;
    buf_free(&line);
    return (read && r.same) ||
           err_set(err, ERR_INVALID,
                   "%s: the file cannot hold this value: it is too long, has blanks around it, "
                   "or a ; at its start or after a blank",
                   key);
}

bool config_write(const char *path, const char *key, const char *value, struct err *err)
{
    if (!can_hold(key, value, err))
        return false;
    struct buf old, text;
    buf_init_secret(&old, FILE_MAX);
    buf_init_secret(&text, FILE_MAX);
    bool fine = read_file(path, &old, err) &&
                (rewrite(&text, buf_span(&old), key, value) || err_memory(err)) &&
                config_replace(path, buf_span(&text), err);
    buf_free(&old);
    buf_free(&text);
    return fine;
}
