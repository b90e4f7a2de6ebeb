#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"

#define DATABASE "/usr/share/zoneinfo"

enum { FILE_MAX = 256 * 1024, DAY_S = 86400, SEARCH_S = DAY_S };

/* When a rule changes the clock: the week'th (5: last) weekday of a month, at a local time.
 */
struct change {
    int month, week, weekday;
    int64_t time; /* seconds after midnight; may be negative, or more than a day */
};

/* What holds after the last row of the file. Offsets in seconds east of UTC. */
struct rule {
    bool known, has_summer;
    int64_t standard, summer;
    struct change begins, ends; /* of the summer time */
};

struct zone {
    struct zone *next;
    char name[ZONE_NAME_MAX + 1]; /* empty: the machine's own */
    int64_t *at;                  /* instants in seconds; then offset[i] begins to hold */
    int64_t *offset;
    size_t count;
    int64_t first; /* the offset before the first row */
    struct rule rule;
};

/* ---------------------------------------------------------------- the rule of a footer */

static bool skip_name(const char **at)
{
    const char *start = *at;
    if (*start == '<') {
        const char *end = strchr(start, '>');
        *at = end ? end + 1 : start;
        return end != NULL;
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return *at - start >= 3;
}

static bool read_number(const char **at, int64_t *out)
{
    const char *start = *at;
    for (*out = 0; **at >= '0' && **at <= '9' && *at - start < 4; ++*at)
        *out = *out * 10 + (**at - '0');
    return *at > start;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **at, int64_t *out)
{
    int64_t sign = **at == '-' ? -1 : 1, part, scale = 3600;
    if (**at == '-' || **at == '+')
        ++*at;
    if (!read_number(at, &part))
        return false;
    *out = part * scale;
    while (**at == ':' && scale > 1) {
        ++*at;
        scale /= 60;
        if (!read_number(at, &part))
            return false;
        *out += part * scale;
    }
    *out *= sign;
    return true;
}

/* A number of least to most after `mark`. */
static bool read_marked(const char **at, const char *mark, int least, int most, int *out)
{
    int64_t number;
    if (strncmp(*at, mark, strlen(mark)) != 0)
        return false;
    *at += strlen(mark);
    if (!read_number(at, &number) || number < least || number > most)
        return false;
    *out = (int)number;
    return true;
}

/* ,Mm.w.d[/time]: the only form that the database uses. */
static bool read_change(const char **at, struct change *out)
{
    if (!read_marked(at, ",M", 1, 12, &out->month) ||
        !read_marked(at, ".", 1, 5, &out->week) ||
        !read_marked(at, ".", 0, 6, &out->weekday))
        return false;
    out->time = 2 * 3600;
    if (**at != '/')
        return true;
    ++*at;
    return read_time(at, &out->time);
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": POSIX counts offsets to the west. */
static bool read_rule(const char *text, struct rule *out)
{
    int64_t west;
    const char *at = text;
    if (!skip_name(&at) || !read_time(&at, &west))
        return false;
    out->standard = -west;
    out->known = true;
    if (!*at)
        return true;
    out->has_summer = true;
    if (!skip_name(&at))
        return false;
    west -= 3600;
    if (*at && *at != ',' && !read_time(&at, &west))
        return false;
    out->summer = -west;
    return read_change(&at, &out->begins) && read_change(&at, &out->ends) && !*at;
}

/* The change of a year, as local seconds since 1970. */
static int64_t change_of(const struct change *c, int year)
{
    struct tm first = {.tm_year = year, .tm_mon = c->month - 1, .tm_mday = 1};
    struct tm next = {.tm_year = year, .tm_mon = c->month, .tm_mday = 1};
    int64_t start = timegm(&first), days = (timegm(&next) - start) / DAY_S;
    int64_t day = (c->weekday - first.tm_wday + 7) % 7 + 7 * (c->week - 1);
    if (day >= days)
        day -= 7;
    return start + day * DAY_S + c->time;
}

static int64_t offset_by_rule(const struct rule *r, int64_t at)
{
    struct tm local;
    time_t standard = (time_t)(at + r->standard);
    if (!r->has_summer || !gmtime_r(&standard, &local))
        return r->standard;
    int64_t begins = change_of(&r->begins, local.tm_year) - r->standard;
    int64_t ends = change_of(&r->ends, local.tm_year) - r->summer;
    bool summer = begins < ends ? at >= begins && at < ends : at >= begins || at < ends;
    return summer ? r->summer : r->standard;
}

/* ---------------------------------------------------------------- the file */

static int64_t big_endian(const unsigned char *at, size_t size)
{
    uint64_t value = size == 4 && (at[0] & 0x80) ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return (int64_t)value;
}

/* A header with its counts, and how long the rows after it are. */
struct header {
    size_t isut, isstd, leaps, times, types, chars, body;
};

static bool read_header(struct span s, size_t time_size, struct header *h)
{
    const unsigned char *at = (const unsigned char *)s.at;
    size_t counts[6];
    if (s.len < 44 || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return false;
    for (size_t i = 0; i < 6; i++) {
        counts[i] = (size_t)(uint32_t)big_endian(at + 20 + 4 * i, 4);
        if (counts[i] > FILE_MAX)
            return false;
    }
    *h = (struct header){counts[0], counts[1], counts[2], counts[3],
                         counts[4], counts[5], 0};
    h->body = h->times * (time_size + 1) + h->types * 6 + h->chars +
              h->leaps * (time_size + 4) + h->isstd + h->isut;
    return h->types > 0 && s.len - 44 >= h->body;
}

static bool read_rows(const unsigned char *at, const struct header *h, struct zone *z,
                      struct err *err)
{
    const unsigned char *index = at + h->times * 8, *types = index + h->times;
    z->at = calloc(h->times + 1, sizeof *z->at);
    z->offset = calloc(h->times + 1, sizeof *z->offset);
    if (!z->at || !z->offset)
        return err_memory(err);
    z->first = big_endian(types, 4);
    for (z->count = 0; z->count < h->times; z->count++) {
        if (index[z->count] >= h->types)
            return false;
        z->at[z->count] = big_endian(at + 8 * z->count, 8);
        z->offset[z->count] = big_endian(types + 6 * index[z->count], 4);
        if (z->count && z->at[z->count] <= z->at[z->count - 1])
            return false;
    }
    return true;
}

/* The first block has times of 32 bits, for old readers; it is passed over. *err is set only
 * where memory was missing. */
static bool read_file(struct span s, struct zone *z, struct err *err)
{
    struct header h;
    char footer[128];
    if (!read_header(s, 4, &h))
        return false;
    s = (struct span){s.at + 44 + h.body, s.len - 44 - h.body};
    if (!read_header(s, 8, &h) || !read_rows((const unsigned char *)s.at + 44, &h, z, err))
        return false;
    s = (struct span){s.at + 44 + h.body, s.len - 44 - h.body};
    if (s.len < 2 || s.at[0] != '\n' || s.at[s.len - 1] != '\n' || s.len > sizeof footer)
        return false;
    snprintf(footer, sizeof footer, "%.*s", (int)s.len - 2, s.at + 1);
    return !*footer || read_rule(footer, &z->rule);
}

static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+-/";
    size_t len = strlen(name);
    return len <= ZONE_NAME_MAX && name[0] != '/' && strspn(name, letters) == len;
}

/* Without memory or a free descriptor nothing is said of the zone. */
static bool read_whole(const char *path, struct zone *z, struct err *err)
{
    char *bytes = malloc(FILE_MAX);
    int fd = bytes ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (!bytes || (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))) {
        free(bytes);
        return err_memory(err);
    }
    ssize_t len = fd >= 0 ? read(fd, bytes, FILE_MAX) : -1;
    if (fd >= 0)
        close(fd);
    err_set(err, ERR_INVALID, "%.64s: is no time zone that this machine knows", z->name);
    bool fine = len > 0 && read_file((struct span){bytes, (size_t)len}, z, err);
    free(bytes);
    return fine;
}

static bool load(struct zone *z, struct err *err)
{
    char path[sizeof DATABASE + ZONE_NAME_MAX + 2];
    snprintf(path, sizeof path, DATABASE "/%s", z->name);
    return read_whole(path, z, err);
}

/* ---------------------------------------------------------------- finding */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *known;

static struct zone *find_known(const char *name)
{
    for (struct zone *z = known; z; z = z->next)
        if (strcmp(z->name, name) == 0)
            return z;
    return NULL;
}

static struct zone *add(const char *name, struct err *err)
{
    struct zone *z = calloc(1, sizeof *z);
    if (!z) {
        err_memory(err);
        return NULL;
    }
    snprintf(z->name, sizeof z->name, "%s", name);
    if (*name && !load(z, err)) {
        free(z->at);
        free(z->offset);
        free(z);
        return NULL;
    }
    z->next = known;
    return known = z;
}

const struct zone *zone_find(const char *name, struct err *err)
{
    if (!is_name(name)) {
        err_set(err, ERR_INVALID, "a time zone is named as in Europe/Berlin");
        return NULL;
    }
    pthread_mutex_lock(&lock);
    struct zone *z = find_known(name);
    if (!z)
        z = add(name, err);
    pthread_mutex_unlock(&lock);
    return z;
}

/* ---------------------------------------------------------------- asking */

static int64_t own_offset(int64_t at)
{
    struct tm local;
    time_t t = (time_t)at;
    return localtime_r(&t, &local) ? local.tm_gmtoff : 0;
}

static int64_t offset_at(const struct zone *z, int64_t at)
{
    if (!z->name[0])
        return own_offset(at);
    if (z->rule.known && (z->count == 0 || at >= z->at[z->count - 1]))
        return offset_by_rule(&z->rule, at);
    size_t low = 0, high = z->count; /* the number of rows that have begun */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? z->offset[low - 1] : z->first;
}

static int64_t seconds(int64_t ms)
{
    return ms >= 0 ? ms / 1000 : -((999 - ms) / 1000);
}

int64_t zone_local(const struct zone *z, int64_t instant)
{
    return instant + offset_at(z, seconds(instant)) * 1000;
}

/* Between two instants that the clock goes past `local`: the first that shows no less. */
static int64_t jump_over(const struct zone *z, int64_t local, int64_t low, int64_t high)
{
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (middle + offset_at(z, middle) >= local)
            high = middle;
        else
            low = middle;
    }
    return high;
}

int64_t zone_instant(const struct zone *z, int64_t local_ms, bool last)
{
    int64_t local = seconds(local_ms), rest = local_ms - local * 1000;
    int64_t a = local - offset_at(z, local - SEARCH_S);
    int64_t b = local - offset_at(z, local + SEARCH_S);
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    bool low_shows = low + offset_at(z, low) == local;
    bool high_shows = high + offset_at(z, high) == local;
    if (!low_shows && !high_shows)
        return jump_over(z, local, low, high) * 1000;
    bool take_high = low_shows && high_shows ? last : high_shows;
    return (take_high ? high : low) * 1000 + rest;
}
