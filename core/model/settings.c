#include "model/settings.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "model/settings_keys.h"

#define MAX_TEXT 4096

const char *setting_origin_name(enum setting_origin o)
{
    static const char *const names[] = {"default", "file", "environment", "--set"};
    return names[o];
}

/* ---------------------------------------------------------------- numbers */

struct unit {
    const char *name;
    int64_t factor;
};
static const struct unit byte_units[] = {{"GiB", (int64_t)1 << 30},
                                         {"MiB", (int64_t)1 << 20},
                                         {"KiB", (int64_t)1 << 10},
                                         {"B", 1}};

static bool read_digits(struct span text, int64_t factor, int64_t *out)
{
    int64_t n = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, c - '0', &n))
            return false;
    }
    return !__builtin_mul_overflow(n, factor, out);
}

static bool read_bytes(struct span text, int64_t *out)
{
    for (size_t i = 0; i < sizeof byte_units / sizeof *byte_units; i++) {
        size_t len = strlen(byte_units[i].name);
        if (text.len > len &&
            memcmp(text.at + text.len - len, byte_units[i].name, len) == 0)
            return read_digits((struct span){text.at, text.len - len}, byte_units[i].factor,
                               out);
    }
    return false;
}

static void show_number(enum setting_type type, int64_t n, char out[24])
{
    if (type == SETTING_DURATION) {
        duration_format(n, out);
        return;
    }
    const char *unit = "";
    for (size_t i = 0; type == SETTING_BYTES && i < sizeof byte_units / sizeof *byte_units;
         i++) {
        if (n % byte_units[i].factor == 0 && (n > 0 || byte_units[i].factor == 1)) {
            n /= byte_units[i].factor;
            unit = byte_units[i].name;
            break;
        }
    }
    snprintf(out, 24, "%lld%s", (long long)n, unit);
}

static bool check_number(const struct setting_info *info, struct span value,
                         int64_t *number, struct err *err)
{
    static const char *const what[] = {
        [SETTING_NUMBER] = "a whole number",
        [SETTING_BYTES] = "a whole number with B, KiB, MiB or GiB",
        [SETTING_DURATION] = "a whole number with ms, s, m, h or d",
    };
    bool read = info->type == SETTING_NUMBER  ? read_digits(value, 1, number)
                : info->type == SETTING_BYTES ? read_bytes(value, number)
                                              : duration_parse(value, number, NULL);
    if (read && *number >= info->min && *number <= info->max)
        return true;
    char min[24], max[24];
    show_number(info->type, info->min, min);
    show_number(info->type, info->max, max);
    return err_set(err, ERR_INVALID, "%s: must be %s, from %s to %s", info->key,
                   what[info->type], min, max);
}

/* ---------------------------------------------------------------- texts */

static bool check_printable(const char *key, struct span value, struct err *err)
{
    if (value.len > MAX_TEXT)
        return err_set(err, ERR_INVALID, "%s: longer than %d bytes", key, MAX_TEXT);
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c < 0x20 || c == 0x7f)
            return err_set(err, ERR_INVALID, "%s: must not hold control characters", key);
    }
    if (!text_is_utf8(value))
        return err_set(err, ERR_INVALID, "%s: must be UTF-8", key);
    return true;
}

static bool is_host_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        if (!fine)
            return false;
    }
    return name.len > 0 && name.len < 254;
}

static bool split_listen(struct span value, struct span *host, uint16_t *port, bool *v6)
{
    size_t colon = value.len;
    while (colon > 0 && value.at[colon - 1] != ':')
        colon--;
    int64_t n;
    struct span digits = {value.at + colon, value.len - colon};
    if (colon == 0 || digits.len > 5 || !read_digits(digits, 1, &n) || n > UINT16_MAX)
        return false;
    *host = (struct span){value.at, colon - 1};
    *port = (uint16_t)n;
    *v6 = host->len >= 2 && host->at[0] == '[' && host->at[host->len - 1] == ']';
    if (*v6)
        *host = (struct span){host->at + 1, host->len - 2};
    return true;
}

static bool is_unix(struct span value)
{
    size_t len = strlen(SETTINGS_UNIX);
    return value.len >= len && memcmp(value.at, SETTINGS_UNIX, len) == 0;
}

/* Whoever looks for the intake finds the path in a line of text. */
static bool check_unix(struct span value, struct err *err)
{
    size_t lead = strlen(SETTINGS_UNIX);
    bool fine = value.len > lead + 1 && value.len <= lead + SETTINGS_UNIX_MAX &&
                value.at[lead] == '/' && value.at[value.len - 1] != '/';
    for (size_t i = 0; fine && i < value.len; i++)
        fine = value.at[i] > ' ' && value.at[i] <= '~';
    return fine || err_set(err, ERR_INVALID,
                           "intake.listen: after unix: must stand an absolute path of at most "
                           "%d characters, without blanks",
                           SETTINGS_UNIX_MAX);
}

static bool check_listen(struct span value, struct err *err)
{
    if (is_unix(value))
        return check_unix(value, err);
    struct span host;
    uint16_t port;
    bool v6;
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (!split_listen(value, &host, &port, &v6))
        return err_set(
            err, ERR_INVALID,
            "intake.listen: must be HOST:PORT, such as 127.0.0.1:5173 or [::1]:0, or "
            "unix:PATH");
    if (!v6) {
        if (is_host_name(host))
            return true;
        return err_set(err, ERR_INVALID,
                       "intake.listen: the host must be a name, an IPv4 address or an IPv6 "
                       "address in brackets, such as [::1]:5173");
    }
    bool fits = host.len < sizeof text;
    snprintf(text, sizeof text, "%.*s", (int)(fits ? host.len : 0), host.at);
    if (fits && inet_pton(AF_INET6, text, &address) == 1)
        return true;
    return err_set(err, ERR_INVALID,
                   "intake.listen: what stands in brackets is no IPv6 address");
}

static bool check_hosts(struct span value, struct err *err)
{
    if (value.len == 0)
        return true;
    for (size_t begin = 0, i = 0; i <= value.len; i++) {
        if (i < value.len && value.at[i] != ',')
            continue;
        struct span name = {value.at + begin, i - begin};
        while (name.len && name.at[0] == ' ')
            name = (struct span){name.at + 1, name.len - 1};
        while (name.len && name.at[name.len - 1] == ' ')
            name.len--;
        if (!is_host_name(name))
            return err_set(err, ERR_INVALID,
                           "intake.hosts: must be host names separated by commas, without "
                           "scheme and port");
        begin = i + 1;
    }
    return true;
}

/* The value is shown by `config`, so a password must not hide in it. */
static bool check_proxy(struct span value, struct err *err)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    if (value.len == 0)
        return true;
    if (memchr(value.at, '@', value.len))
        return err_set(
            err, ERR_INVALID,
            "delivery.proxy: must not carry a user or a password; use a proxy that "
            "knows this host by its address");
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);
        if (value.len > len && ascii_same_n(value.at, schemes[i], len))
            return true;
    }
    return err_set(
        err, ERR_INVALID,
        "delivery.proxy: must be empty or begin with http://, https://, socks5:// or "
        "socks5h://");
}

static bool check_text(enum setting s, struct span value, struct err *err)
{
    if (!check_printable(setting_info(s)->key, value, err))
        return false;
    switch (s) {
    case SETTING_INTAKE_LISTEN:
        return check_listen(value, err);
    case SETTING_INTAKE_HOSTS:
        return check_hosts(value, err);
    case SETTING_DELIVERY_PROXY:
        return check_proxy(value, err);
    default:
        return true;
    }
}

static bool check_choice(const struct setting_info *info, struct span value, int64_t *index,
                         struct err *err)
{
    *index = 0;
    for (const char *at = info->choices; *at; (*index)++) {
        size_t len = strcspn(at, "|");
        if (span_same(value, (struct span){at, len}))
            return true;
        at += len + (at[len] == '|');
    }
    return err_set(err, ERR_INVALID, "%s: must be %s", info->key, info->choices);
}

/* ---------------------------------------------------------------- secrets */

/* A secret goes into a header: visible ASCII, no space at its ends. */
static bool check_secret(const char *key, struct span value, struct err *err)
{
    if (value.len > MAX_TEXT)
        return err_set(err, ERR_INVALID, "%s: longer than %d bytes", key, MAX_TEXT);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c < ' ' || c > '~' || (c == ' ' && (i == 0 || i + 1 == value.len)))
            return err_set(err, ERR_INVALID,
                           "%s: must be visible ASCII without spaces at its ends", key);
    }
    return true;
}

static bool read_secret_file(const char *key, struct span path,
                             settings_read_file *read_file, struct buf *out,
                             struct err *err)
{
    char name[MAX_TEXT];
    if (path.len == 0 || path.len >= sizeof name || memchr(path.at, 0, path.len) ||
        !read_file)
        return err_set(err, ERR_INVALID, "%s: after file: must follow the path of a file",
                       key);
    memcpy(name, path.at, path.len);
    name[path.len] = 0;
    if (!read_file(name, out, err))
        return false;
    const char *end = out->len ? memchr(out->data, '\n', out->len) : NULL;
    if (end)
        out->len = (size_t)(end - out->data);
    if (out->len && out->data[out->len - 1] == '\r')
        out->len--;
    if (out->len == 0)
        return err_set(err, ERR_INVALID, "%s: the first line of its file is empty", key);
    return true;
}

/* Yields the secret in `out`, which the caller wipes. */
static bool read_secret(const char *key, struct span value, enum setting_origin origin,
                        settings_read_file *read_file, struct buf *out, struct err *err)
{
    if (value.len >= 5 && memcmp(value.at, "file:", 5) == 0) {
        struct span path = {value.at + 5, value.len - 5};
        if (!read_secret_file(key, path, read_file, out, err))
            return false;
    } else if (origin >= ORIGIN_ENVIRONMENT) {
        return err_set(
            err, ERR_INVALID,
            "%s: %s takes a secret only as file:PATH, where other users cannot see it", key,
            origin == ORIGIN_CALL ? "--set" : "the environment");
    } else if (!buf_add_span(out, value)) {
        return err_set(err, ERR_INVALID, "%s: longer than %d bytes", key, MAX_TEXT);
    }
    return check_secret(key, buf_span(out), err);
}

/* ---------------------------------------------------------------- setting */

static bool unknown_key(struct span key, struct err *err)
{
    struct buf shown;
    buf_init(&shown, BUF_UNLIMITED);
    struct span start = {key.at, key.len > 40 ? 40 : key.len};
    text_safe(&shown, start, TEXT_LINE);
    const char *near = settings_key_nearest(key);
    if (near)
        err_set(err, ERR_INVALID, "unknown setting %s; did you mean %s?", buf_text(&shown),
                near);
    else
        err_set(err, ERR_INVALID, "unknown setting %s%s; `config` lists them all",
                buf_text(&shown), key.len > start.len ? "…" : "");
    buf_free(&shown);
    return false;
}

static bool check_value(enum setting which, struct span value, int64_t *number,
                        struct err *err)
{
    const struct setting_info *info = setting_info(which);
    switch (info->type) {
    case SETTING_TEXT:
    case SETTING_SECRET:
        return check_text(which, value, err);
    case SETTING_CHOICE:
        return check_choice(info, value, number, err);
    default:
        return check_number(info, value, number, err);
    }
}

static bool store_value(struct settings *s, enum setting which, struct span value,
                        int64_t number, enum setting_origin origin, struct err *err)
{
    char *text = strndup(value.len ? value.at : "", value.len);
    if (!text)
        return err_memory(err);
    secret_free(&s->text[which]);
    s->text[which] = text;
    s->number[which] = number;
    s->origin[which] = origin;
    return true;
}

bool settings_set(struct settings *s, struct span key, struct span value,
                  enum setting_origin origin, settings_read_file *read_file,
                  struct err *err)
{
    enum setting which;
    if (!settings_key_find(key, &which))
        return unknown_key(key, err);
    bool weaker = origin < s->origin[which];
    if (setting_info(which)->type == SETTING_SECRET) {
        struct buf secret;
        buf_init_secret(&secret, MAX_TEXT);
        bool done =
            read_secret(setting_info(which)->key, value, origin, read_file, &secret, err) &&
            (weaker || store_value(s, which, buf_span(&secret), 0, origin, err));
        buf_free(&secret);
        return done;
    }
    int64_t number = 0;
    return check_value(which, value, &number, err) &&
           (weaker || store_value(s, which, value, number, origin, err));
}

bool settings_init(struct settings *s, struct err *err)
{
    *s = (struct settings){0};
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting_info *info = setting_info((enum setting)i);
        if (!settings_set(s, span_of(info->key), span_of(info->standard), ORIGIN_DEFAULT,
                          NULL, err)) {
            settings_free(s);
            return false;
        }
    }
    return true;
}

void settings_free(struct settings *s)
{
    for (int i = 0; i < SETTING_COUNT; i++)
        secret_free(&s->text[i]);
    *s = (struct settings){0};
}

bool settings_same(const struct settings *a, const struct settings *b)
{
    for (int i = 0; i < SETTING_COUNT; i++)
        if (a->origin[i] != b->origin[i] || strcmp(a->text[i], b->text[i]) != 0)
            return false;
    return true;
}

bool settings_copy(struct settings *to, const struct settings *from, struct err *err)
{
    *to = *from;
    memset(to->text, 0, sizeof to->text);
    for (int i = 0; i < SETTING_COUNT; i++) {
        to->text[i] = secret_copy(from->text[i]);
        if (from->text[i] && !to->text[i]) {
            settings_free(to);
            return err_memory(err);
        }
    }
    return true;
}

/* ---------------------------------------------------------------- between settings */

bool settings_listen(const struct settings *s, char *host, size_t size, uint16_t *port,
                     struct err *err)
{
    struct span value = span_of(s->text[SETTING_INTAKE_LISTEN]), name;
    bool v6;
    if (!check_listen(value, err))
        return false;
    if (is_unix(value)) {
        name = value;
        *port = 0;
    } else if (!split_listen(value, &name, port, &v6)) {
        return false;
    }
    if (name.len >= size)
        return err_set(err, ERR_INVALID, "intake.listen: the host is too long");
    memcpy(host, name.at, name.len);
    host[name.len] = 0;
    return true;
}

/* Nobody on another host can come in here. */
static bool is_local(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (ascii_same(host, "localhost") || is_unix(span_of(host)))
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool settings_check(const struct settings *s, struct err *err)
{
    char host[256];
    uint16_t port;
    if (!settings_listen(s, host, sizeof host, &port, err))
        return false;
    if (!is_local(host) && !*s->text[SETTING_INTAKE_API_KEY])
        return err_set(err, ERR_INVALID,
                       "intake.listen: %.128s can be reached from other hosts; set "
                       "intake.api_key, or listen on 127.0.0.1",
                       s->text[SETTING_INTAKE_LISTEN]);
    if (*s->text[SETTING_STORE_URL])
        return err_set(err, ERR_INVALID,
                       "store.url: %s; leave it empty for SQLite in the data directory",
                       strncmp(s->text[SETTING_STORE_URL], "redis", 5) == 0
                           ? "Redis is not there yet"
                           : "must be empty");
    return true;
}

const char *settings_show(const struct settings *s, enum setting which)
{
    if (setting_info(which)->type == SETTING_SECRET)
        return *s->text[which] ? "(set)" : "";
    return s->text[which];
}
