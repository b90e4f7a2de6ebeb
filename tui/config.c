#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 20)

/* ---------------------------------------------------------------- files */

static bool check_trusted(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "%s: is not a regular file", path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_set(err, ERR_DENIED, "%s: belongs to another user", path);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(err, ERR_DENIED, "%s: others can write it; chmod go-w it", path);
    return true;
}

static bool read_all(int fd, const char *path, struct buf *out, struct err *err)
{
    char chunk[4096];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            return true;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        if (!buf_add(out, chunk, (size_t)n))
            return err_set(err, ERR_TOO_LARGE, "%s: is too large", path);
    }
}

/* systemd lets us read a credential of root's by an access list, which shows as a bit of the
 * group. */
static bool check_secret(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    mode_t others = st.st_uid == geteuid() ? 077 : S_IRWXO;
    return !(st.st_mode & others) ||
           err_set(err, ERR_DENIED, "%s: others can read it; chmod 600 it, and replace the secret",
                   path);
}

static bool read_checked(const char *path, bool secret, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0 && errno == ELOOP)
        return err_set(err, ERR_DENIED, "%s: is a link; name the file itself", path);
    if (fd < 0)
        return err_set(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO,
                       "%s: %s", path, strerror(errno));
    bool done = check_trusted(fd, path, err) && (!secret || check_secret(fd, path, err)) &&
                read_all(fd, path, out, err);
    close(fd);
    return done;
}

static bool read_trusted(const char *path, struct buf *out, struct err *err)
{
    return read_checked(path, false, out, err);
}

static bool read_secret(const char *path, struct buf *out, struct err *err)
{
    return read_checked(path, true, out, err);
}

/* ---------------------------------------------------------------- the file */

struct source {
    const char *path;
    const char *at, *end;
    int line;
    struct settings *settings;
    struct err err; /* the first one */
    int failed;     /* its line */
};

static void fail_at(struct source *s, const char *text)
{
    if (s->err.code != ERR_NONE)
        return;
    err_set(&s->err, ERR_INVALID, "%s:%d: %s", s->path, s->line, text);
    s->failed = s->line;
}

/* inih takes an indented line for the rest of the one above it and cuts long lines in two;
 * so lines lose their indent here, and one that is too long is an error. */
static char *next_line(char *out, int size, void *arg)
{
    struct source *s = arg;
    if (s->at >= s->end || s->err.code != ERR_NONE)
        return NULL;
    const char *newline = memchr(s->at, '\n', (size_t)(s->end - s->at));
    const char *end = newline ? newline : s->end, *begin = s->at;
    s->line++;
    s->at = newline ? newline + 1 : s->end;
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    size_t len = (size_t)(end - begin);
    if (len + 2 > (size_t)size) {
        fail_at(s, "the line is too long; a long secret can stand as file:PATH");
        return NULL;
    }
    if (memchr(begin, 0, len)) {
        fail_at(s, "holds a zero byte");
        return NULL;
    }
    memcpy(out, begin, len);
    out[len] = '\n';
    out[len + 1] = 0;
    return out;
}

static int take_pair(void *arg, const char *section, const char *name, const char *value)
{
    struct source *s = arg;
    char key[128];
    struct err err = {0};
    snprintf(key, sizeof key, "%s%s%s", section, *section ? "." : "", name);
    if (settings_set(s->settings, span_of(key), span_of(value ? value : ""), ORIGIN_FILE,
                     read_secret, &err))
        return 1;
    fail_at(s, err.text);
    return 0;
}

static bool parse(const char *path, struct span text, struct settings *out, struct err *err)
{
    struct source s = {
        .path = path, .at = text.at, .end = text.at + text.len, .settings = out};
    int line = text.len ? ini_parse_stream(next_line, &s, take_pair, &s) : 0;
    if (line < 0)
        return err_memory(err);
    /* inih reads on, so what it could not read may have led to what failed here. */
    if (line > 0 && (s.err.code == ERR_NONE || line < s.failed)) {
        s.err.code = ERR_NONE;
        s.line = line;
        fail_at(&s, "must be [SECTION] or KEY = VALUE");
    }
    return s.err.code == ERR_NONE || err_set(err, s.err.code, "%s", s.err.text);
}

static bool load_file(const struct call *call, struct settings *out, struct err *err)
{
    struct err why = {0};
    struct buf text;
    if (!call->config)
        return true;
    buf_init_secret(&text, FILE_MAX);
    bool done = read_trusted(call->config, &text, &why);
    if (!done && why.code == ERR_NOT_FOUND && !call->config_given)
        done = true;
    else if (!done)
        err_set(err, why.code, "%s", why.text);
    else
        done = parse(call->config, buf_span(&text), out, err);
    buf_free(&text);
    return done;
}

/* ---------------------------------------------------------------- environment, --set */

static bool load_environment(struct settings *out, struct err *err)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        char name[SETTING_ENV_SIZE];
        struct err why = {0};
        setting_env_name((enum setting)i, name, sizeof name);
        const char *value = getenv(name);
        if (value && !settings_set(out, span_of(setting_info((enum setting)i)->key),
                                   span_of(value), ORIGIN_ENVIRONMENT, read_secret, &why))
            return err_set(err, why.code, "%s: %s", name, why.text);
    }
    return true;
}

static bool load_set(const struct call *call, struct settings *out, struct err *err)
{
    for (size_t i = 0; i < call->set_count; i++) {
        const char *pair = call->set[i], *equals = strchr(pair, '=');
        struct err why = {0};
        if (!equals)
            return err_set(err, ERR_INVALID, "--set %s: must be KEY=VALUE", pair);
        struct span key = {pair, (size_t)(equals - pair)};
        if (!settings_set(out, key, span_of(equals + 1), ORIGIN_CALL, read_secret, &why))
            return err_set(err, why.code, "--set: %s", why.text);
    }
    return true;
}

bool config_load(const struct call *call, struct settings *out, struct err *err)
{
    if (!settings_init(out, err))
        return false;
    if (load_file(call, out, err) && load_environment(out, err) &&
        load_set(call, out, err) && settings_check(out, err))
        return true;
    settings_free(out);
    return false;
}
