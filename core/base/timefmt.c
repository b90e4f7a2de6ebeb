#include "base/timefmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
static const int64_t DAY = INT64_C(24) * HOUR;
static const int64_t LAST_MS = INT64_C(253402300799999); /* the end of the year 9999 */

static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int64_t within_range(int64_t ms)
{
    return ms < 0 ? 0 : ms > LAST_MS ? LAST_MS : ms;
}

/* The last `count` digits of a number; what follows them. */
static char *put_digits(char *at, int number, int count)
{
    for (int i = count; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + count;
}

/* Written for each delivery: strftime() and snprintf() take four times as long. */
void timefmt_iso(int64_t ms, char out[TIMEFMT_ISO_SIZE])
{
    ms = within_range(ms);
    time_t seconds = (time_t)(ms / SECOND);
    struct tm t;
    gmtime_r(&seconds, &t);
    const struct {
        int number, digits;
        char after;
    } parts[] = {{t.tm_year + 1900, 4, '-'},  {t.tm_mon + 1, 2, '-'}, {t.tm_mday, 2, 'T'},
                 {t.tm_hour, 2, ':'},         {t.tm_min, 2, ':'},     {t.tm_sec, 2, '.'},
                 {(int)(ms % SECOND), 3, 'Z'}};
    char *at = out;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        at = put_digits(at, parts[i].number, parts[i].digits);
        *at++ = parts[i].after;
    }
    *at = '\0';
}

static struct tm local(int64_t ms)
{
    time_t seconds = (time_t)(within_range(ms) / SECOND);
    struct tm t;
    localtime_r(&seconds, &t);
    return t;
}

void timefmt_local(int64_t ms, char out[TIMEFMT_LOCAL_SIZE])
{
    struct tm t = local(ms);
    strftime(out, TIMEFMT_LOCAL_SIZE, "%Y-%m-%d %H:%M:%S", &t);
}

void timefmt_row(int64_t ms, int64_t now, char out[16])
{
    struct tm t = local(ms), today = local(now);
    bool same = t.tm_year == today.tm_year && t.tm_yday == today.tm_yday;
    strftime(out, 16, same ? "%H:%M:%S" : "%m-%d", &t);
}

/* A reader over text: every step fails softly once something did not fit. */
struct reader {
    const char *at, *end;
    bool ok;
};

static struct reader reader_of(struct span text)
{
    const char *at = text.len ? text.at : "";
    return (struct reader){at, at + text.len, true};
}

static int number(struct reader *r, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (r->at == r->end || *r->at < '0' || *r->at > '9') {
            r->ok = false;
            return 0;
        }
        value = value * 10 + (*r->at++ - '0');
    }
    return value;
}

static void literal(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
        r->ok = false;
    else
        r->at += len;
}

static bool peek(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Of the Gregorian calendar, from 1970 on. Not timegm(), which takes longer than the rest of a
 * trace. */
static int64_t days_since_1970(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int past = year - 1,
        leaps = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return (int64_t)(year - 1970) * 365 + leaps + before[month - 1] + (month > 2 && leap(year)) +
           day - 1;
}

static bool to_ms(int year, int month, int day, int hour, int minute, int second,
                  int64_t *ms)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 ||
        second > 60 || day > days[month - 1] + (month == 2 && leap(year)))
        return false;
    int64_t seconds = (days_since_1970(year, month, day) * 24 + hour) * 3600 + minute * 60 + second;
    *ms = seconds * SECOND;
    return true;
}

static int fraction_ms(struct reader *r)
{
    int ms = 0, digits = 0;
    if (!peek(r, '.'))
        return 0;
    for (r->at++; r->at < r->end && *r->at >= '0' && *r->at <= '9' && digits < 9;
         digits++) {
        if (digits < 3)
            ms = ms * 10 + (*r->at - '0');
        r->at++;
    }
    r->ok = r->ok && digits > 0;
    for (; digits < 3; digits++)
        ms *= 10;
    return ms;
}

static int64_t offset_ms(struct reader *r)
{
    if (peek(r, 'Z') || peek(r, 'z')) {
        r->at++;
        return 0;
    }
    int sign = peek(r, '-') ? -1 : 1;
    if (!peek(r, '-') && !peek(r, '+')) {
        r->ok = false;
        return 0;
    }
    r->at++;
    int hours = number(r, 2);
    if (peek(r, ':'))
        r->at++;
    int minutes = number(r, 2);
    r->ok = r->ok && hours <= 23 && minutes <= 59;
    return (int64_t)sign * ((int64_t)hours * HOUR + (int64_t)minutes * MINUTE);
}

/* Two digits; others clear *ok. */
static int pair(const char *at, bool *ok)
{
    unsigned tens = (unsigned char)at[0] - (unsigned)'0',
             ones = (unsigned char)at[1] - (unsigned)'0';
    if (tens <= 9 && ones <= 9)
        return (int)(tens * 10 + ones);
    *ok = false;
    return 0;
}

bool timefmt_parse_iso(struct span text, int64_t *ms)
{
    enum { SECOND_END = 19 }; /* 2026-01-02T03:04:05 */
    const char *at = text.at;
    if (text.len < SECOND_END)
        return false;
    bool ok = at[4] == '-' && at[7] == '-' && at[10] == 'T' && at[13] == ':' && at[16] == ':';
    int year = pair(at, &ok) * 100 + pair(at + 2, &ok), month = pair(at + 5, &ok),
        day = pair(at + 8, &ok), hour = pair(at + 11, &ok), minute = pair(at + 14, &ok),
        second = pair(at + 17, &ok);
    struct reader r = {at + SECOND_END, at + text.len, ok};
    int fraction = fraction_ms(&r);
    int64_t offset = offset_ms(&r), base;
    if (!r.ok || r.at != r.end || !to_ms(year, month, day, hour, minute, second, &base))
        return false;
    base += fraction - offset;
    if (base != within_range(base))
        return false;
    *ms = base;
    return true;
}

static int month_name(struct reader *r)
{
    if (r->end - r->at >= 3)
        for (int m = 0; m < 12; m++)
            if (memcmp(r->at, MONTHS + (ptrdiff_t)3 * m, 3) == 0) {
                r->at += 3;
                return m + 1;
            }
    r->ok = false;
    return 0;
}

static void clock_of_day(struct reader *r, int out[3])
{
    out[0] = number(r, 2);
    literal(r, ":");
    out[1] = number(r, 2);
    literal(r, ":");
    out[2] = number(r, 2);
}

/* Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT */
static bool http_with_comma(struct reader *r, int64_t *ms)
{
    int month, year, t[3];
    literal(r, " ");
    int day = number(r, 2);
    bool old = peek(r, '-');
    literal(r, old ? "-" : " ");
    month = month_name(r);
    literal(r, old ? "-" : " ");
    year = number(r, old ? 2 : 4);
    if (old)
        year += year < 70 ? 2000 : 1900;
    literal(r, " ");
    clock_of_day(r, t);
    literal(r, " GMT");
    return r->ok && r->at == r->end && to_ms(year, month, day, t[0], t[1], t[2], ms);
}

/* Sun Nov  6 08:49:37 1994, after the name of the day */
static bool http_asctime(struct reader *r, int64_t *ms)
{
    int month, day, year, t[3];
    literal(r, " ");
    month = month_name(r);
    literal(r, " ");
    if (peek(r, ' ')) {
        r->at++;
        day = number(r, 1);
    } else {
        day = number(r, 2);
    }
    literal(r, " ");
    clock_of_day(r, t);
    literal(r, " ");
    year = number(r, 4);
    return r->ok && r->at == r->end && to_ms(year, month, day, t[0], t[1], t[2], ms);
}

bool timefmt_parse_http(struct span text, int64_t *ms)
{
    struct reader r = reader_of(text);
    while (r.at < r.end &&
           ((*r.at >= 'a' && *r.at <= 'z') || (*r.at >= 'A' && *r.at <= 'Z')))
        r.at++;
    if (r.at == r.end || r.at - text.at < 3)
        return false;
    if (peek(&r, ',')) {
        r.at++;
        return http_with_comma(&r, ms);
    }
    return http_asctime(&r, ms);
}

static const struct {
    const char *name;
    int64_t ms;
} UNITS[] = {
    {"d", INT64_C(24) * HOUR}, {"h", HOUR}, {"m", MINUTE}, {"s", SECOND}, {"ms", 1}};

bool duration_parse(struct span text, int64_t *ms, struct err *err)
{
    int64_t value = 0;
    size_t i = 0;
    for (; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text.at[i] - '0', &value))
            return err_set(err, ERR_INVALID, "too long a duration");
    struct span unit = {text.at + i, text.len - i};
    for (size_t u = 0; i > 0 && u < sizeof UNITS / sizeof *UNITS; u++) {
        if (!span_is(unit, UNITS[u].name))
            continue;
        if (__builtin_mul_overflow(value, UNITS[u].ms, ms))
            return err_set(err, ERR_INVALID, "too long a duration");
        return true;
    }
    return err_set(err, ERR_INVALID,
                   "a duration is a whole number with ms, s, m, h or d: 30s");
}

void duration_format(int64_t ms, char out[24])
{
    size_t u = 0;
    while (ms % UNITS[u].ms != 0 || (ms == 0 && UNITS[u].ms != SECOND))
        u++;
    snprintf(out, 24, "%" PRId64 "%s", ms / UNITS[u].ms, UNITS[u].name);
}

void duration_human(int64_t ms, char out[24])
{
    if (ms < 0)
        ms = 0;
    if (ms < SECOND)
        snprintf(out, 24, "%d ms", (int)ms);
    else if (ms < 9950 && (ms + 50) / 100 % 10 != 0)
        snprintf(out, 24, "%d.%d s", (int)((ms + 50) / SECOND),
                 (int)((ms + 50) / 100 % 10));
    else if (ms < MINUTE - SECOND / 2)
        snprintf(out, 24, "%d s", (int)((ms + SECOND / 2) / SECOND));
    else if (ms < MINUTE)
        snprintf(out, 24, "1 m 00 s");
    else if (ms < HOUR)
        snprintf(out, 24, "%d m %02d s", (int)(ms / MINUTE), (int)(ms % MINUTE / SECOND));
    else if (ms < 2 * DAY)
        snprintf(out, 24, "%d h %02d m", (int)(ms / HOUR), (int)(ms % HOUR / MINUTE));
    else
        snprintf(out, 24, "%" PRId64 " d", ms / DAY);
}
