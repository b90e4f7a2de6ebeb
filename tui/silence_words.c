#include "silence_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "base/zone.h"
#include "store/alerts.h"
#include "store/projects.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };
enum { NAME_SHOWN = 100, WORD_SHOWN = 40 }; /* characters, in what is said about a line */

/* ---------------------------------------------------------------- taking a line apart */

/* Cuts the next word off. Quotes hold a word together, and are left out of it. */
static char *next_word(char **rest)
{
    char *at = *rest + strspn(*rest, " \t"), *to = at, *word = at;
    bool quoted = false;
    for (; *at && (quoted || (*at != ' ' && *at != '\t')); at++) {
        if (*at == '"')
            quoted = !quoted;
        else
            *to++ = *at;
    }
    *rest = *at ? at + 1 : at;
    *to = '\0';
    return at == word ? NULL : word;
}

/* The member that a word with a colon names; *value: what follows it. */
static const char **member_of(struct silence_words *w, char *word, char **value)
{
    struct {
        const char *key;
        const char **member;
    } keys[] = {{"alert", &w->alert},  {"project", &w->project}, {"type", &w->type},
                {"zone", &w->zone},    {"comment", &w->comment}, {"then", &w->then},
                {"for", &w->duration}, {"from", &w->from},       {"until", &w->until}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t len = strlen(keys[i].key);
        if (strncmp(word, keys[i].key, len) != 0 || (word[len] != ':' && word[len]))
            continue;
        *value = word[len] ? word + len + 1 : NULL;
        return keys[i].member;
    }
    return NULL;
}

static bool take_bare(struct silence_words *w, const char *word, char *weekly,
                      struct err *err)
{
    enum silence_mode mode;
    int64_t ms;
    size_t len = strlen(weekly);
    if (silence_mode_parse(span_of(word), &mode)) {
        w->then = word;
    } else if (duration_parse(span_of(word), &ms, NULL)) {
        w->duration = word;
    } else {
        if (len + strlen(word) + 2 > SILENCE_LINE_MAX)
            return err_set(err, ERR_INVALID, "the schedule is too long");
        snprintf(weekly + len, SILENCE_LINE_MAX - len, "%s%s", len ? " " : "", word);
        w->weekly = weekly;
    }
    return true;
}

bool silence_words_split(char *line, char weekly[SILENCE_LINE_MAX],
                         struct silence_words *out, struct err *err)
{
    *out = (struct silence_words){0};
    weekly[0] = '\0';
    for (char *word; (word = next_word(&line));) {
        char *value;
        const char **member = member_of(out, word, &value);
        if (!member) {
            if (!take_bare(out, word, weekly, err))
                return false;
            continue;
        }
        *member = value ? value : next_word(&line);
        if (!*member)
            return err_set(err, ERR_INVALID, "\"%.*s\" needs a value after it",
                           (int)text_first(word, WORD_SHOWN), word);
    }
    return true;
}

/* ---------------------------------------------------------------- names */

static bool find_alert(const struct silence_maker *m, const char *text, struct silence *out,
                       struct err *err)
{
    struct alert_rows rows;
    size_t found = 0;
    if (uuid_read(span_of(text), out->alert_id))
        return true;
    if (!store_alert_list(m->reader, m->workspace, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        if (ascii_same(rows.items[i].name, text)) {
            memcpy(out->alert_id, rows.items[i].id, UUID_SIZE);
            found++;
        }
    alert_rows_free(&rows);
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND, "no alert has the name %.*s",
                       (int)text_first(text, NAME_SHOWN), text);
    return found == 1 ||
           err_set(err, ERR_INVALID, "%zu alerts have the name %.*s: give the id", found,
                   (int)text_first(text, NAME_SHOWN), text);
}

static bool find_project(const struct silence_maker *m, const char *text,
                         struct silence *out, struct err *err)
{
    struct project p = {0};
    struct err why = {0};
    if (uuid_read(span_of(text), out->project_id))
        return true;
    bool found = store_project_get(m->reader, m->workspace, NULL, text, &p, &why);
    if (found)
        memcpy(out->project_id, p.id, UUID_SIZE);
    project_free(&p);
    if (found)
        return true;
    return why.code == ERR_NOT_FOUND
               ? err_set(err, ERR_NOT_FOUND, "no project has the name %.*s",
                         (int)text_first(text, NAME_SHOWN), text)
               : err_set(err, why.code, "%s", why.text);
}

/* ---------------------------------------------------------------- times */

/* At most so many digits: no sign and no blank, as in +2:00, which is two hours from now to who
 * types it. */
static bool take_number(const char **at, int most, int *out)
{
    int len = 0;
    for (*out = 0; len < most && **at >= '0' && **at <= '9'; len++)
        *out = *out * 10 + *(*at)++ - '0';
    return len > 0;
}

static bool take_char(const char **at, char wanted)
{
    bool there = **at == wanted;
    *at += there;
    return there;
}

static bool take_date(const char **at, struct tm *t)
{
    return take_number(at, 4, &t->tm_year) && take_char(at, '-') &&
           take_number(at, 2, &t->tm_mon) && take_char(at, '-') &&
           take_number(at, 2, &t->tm_mday);
}

static bool take_clock(const char **at, struct tm *t)
{
    return take_number(at, 2, &t->tm_hour) && take_char(at, ':') &&
           take_number(at, 2, &t->tm_min) && t->tm_hour < 24 && t->tm_min < 60;
}

/* A date and a time of the clock as if it were in UTC; has_date tells which of both it is.
 */
static bool read_local(const char *text, int64_t *local, bool *has_date)
{
    struct tm t = {0};
    const char *at = text;
    *has_date = take_date(&at, &t);
    if (!*has_date) {
        t = (struct tm){.tm_year = 1970, .tm_mon = 1, .tm_mday = 1};
        at = text;
    }
    bool clock = !*has_date || take_char(&at, 'T') || take_char(&at, ' ');
    if (clock && !take_clock(&at, &t))
        return false;
    int month = t.tm_mon, day = t.tm_mday;
    t.tm_year -= 1900;
    t.tm_mon--;
    *local = (int64_t)timegm(&t) * 1000;
    return !*at && month >= 1 && month <= 12 && day >= 1 && t.tm_mday == day;
}

static bool read_time(const char *text, const struct zone *zone, int64_t now, int64_t *out,
                      struct err *err)
{
    int64_t local, today = zone_local(zone, now) / DAY_MS * DAY_MS;
    bool has_date;
    if (timefmt_parse_iso(span_of(text), out))
        return true;
    if (!read_local(text, &local, &has_date))
        return err_set(err, ERR_INVALID,
                       "\"%.*s\" is no time such as 18:00 or 2026-11-27 18:00",
                       (int)text_first(text, WORD_SHOWN), text);
    *out = zone_instant(zone, has_date ? local : today + local, false);
    if (!has_date && *out <= now)
        *out = zone_instant(zone, today + DAY_MS + local, false);
    return true;
}

static bool read_times(const struct silence_words *w, int64_t now, struct silence *out,
                       struct err *err)
{
    const struct zone *zone = zone_find(w->zone ? w->zone : "", err);
    int64_t ms;
    out->from = now;
    if (!zone || (w->from && !read_time(w->from, zone, now, &out->from, err)))
        return false;
    if (w->duration && w->until)
        return err_set(err, ERR_INVALID, "give either a duration or an end");
    if (w->until)
        return read_time(w->until, zone, out->from, &out->until, err);
    if (!w->duration)
        return true;
    if (!duration_parse(span_of(w->duration), &ms, err))
        return false;
    if (ms <= 0 || ms > INT64_C(3660) * DAY_MS)
        return err_set(err, ERR_INVALID, "a silence lasts up to ten years");
    out->until = out->from + ms;
    return true;
}

/* ---------------------------------------------------------------- making */

static bool read_kind(const struct silence_words *w, struct silence *out, struct err *err)
{
    out->has_type = w->type != NULL;
    if (w->type && !event_type_parse(span_of(w->type), &out->type))
        return err_set(err, ERR_INVALID, "\"%.*s\" is no event type",
                       (int)text_first(w->type, WORD_SHOWN), w->type);
    if (w->then && !silence_mode_parse(span_of(w->then), &out->mode))
        return err_set(err, ERR_INVALID, "what follows is digest or drop, not \"%.*s\"",
                       (int)text_first(w->then, WORD_SHOWN), w->then);
    if (w->weekly && !silence_week_read(span_of(w->weekly), out, err))
        return false;
    if (w->zone && strlen(w->zone) > ZONE_NAME_MAX)
        return err_set(err, ERR_INVALID, "the name of the zone is too long");
    snprintf(out->zone, sizeof out->zone, "%s", w->zone ? w->zone : "");
    return true;
}

static bool copy_texts(const struct silence_words *w, const struct silence_maker *m,
                       struct silence *out)
{
    out->workspace = strdup(m->workspace);
    out->created_by = strdup(m->user);
    out->comment = w->comment && *w->comment ? strdup(w->comment) : NULL;
    return out->workspace && out->created_by &&
           (!w->comment || !*w->comment || out->comment);
}

bool silence_words_make(const struct silence_words *w, const struct silence_maker *m,
                        struct silence *out, struct err *err)
{
    *out = (struct silence){0};
    bool fine = (!w->alert || find_alert(m, w->alert, out, err)) &&
                (!w->project || find_project(m, w->project, out, err)) &&
                read_kind(w, out, err) && read_times(w, m->now, out, err) &&
                (copy_texts(w, m, out) || err_memory(err)) && silence_check(out, err);
    if (!fine)
        silence_free(out);
    return fine;
}

/* ---------------------------------------------------------------- showing */

void silence_words_time(int64_t at, int64_t now, char out[24])
{
    time_t seconds = (time_t)(at / 1000);
    struct tm t;
    const char *format = at - now < 20 * (int64_t)HOUR_MS ? "%H:%M"
                         : at - now < 6 * (int64_t)DAY_MS ? "%a %H:%M"
                                                          : "%Y-%m-%d";
    if (!localtime_r(&seconds, &t) || strftime(out, 24, format, &t) == 0)
        snprintf(out, 24, "?");
}

void silence_words_state(const struct silence_at *s, int64_t now, char *out, size_t size)
{
    char at[24];
    silence_words_time(s->state.changes_at, now, at);
    switch (s->state.phase) {
    case SILENCE_ACTIVE:
        snprintf(out, size, "active until %s", at);
        break;
    case SILENCE_PLANNED:
        if (s->state.changes_at == INT64_MAX)
            snprintf(out, size, "its zone is not known");
        else
            snprintf(out, size, "begins %s", at);
        break;
    default:
        snprintf(out, size, s->silence.ended_at ? "ended" : "over");
    }
}

void silence_words_stamp(int64_t at, char out[24])
{
    time_t seconds = (time_t)(at / 1000);
    struct tm t;
    if (!localtime_r(&seconds, &t) || strftime(out, 24, "%Y-%m-%d %H:%M", &t) == 0)
        snprintf(out, 24, "?");
}

void silence_words_schedule(const struct silence *s, int64_t now, char *out, size_t size)
{
    char from[24], until[24];
    struct buf week;
    buf_init(&week, BUF_UNLIMITED);
    silence_week_write(s, &week);
    silence_words_stamp(s->from, from);
    silence_words_stamp(s->until, until);
    if (!s->window_count)
        snprintf(out, size, "%s to %s", from, until);
    else
        snprintf(out, size, "%s%s%s%s%s%s%s", buf_text(&week), s->zone[0] ? " " : "",
                 s->zone, s->from > now ? ", from " : "", s->from > now ? from : "",
                 s->until ? ", to " : "", s->until ? until : "");
    buf_free(&week);
}

const struct silence_at *silence_words_of_alert(const struct silences *s,
                                                const struct alert_row *row, bool *partly)
{
    const struct silence_at *best = NULL;
    *partly = false;
    for (size_t i = 0; i < s->count; i++) {
        const struct silence_at *at = &s->items[i];
        const struct silence *one = &at->silence;
        unsigned type = one->has_type ? 1u << one->type : row->triggers;
        bool its_own = !one->alert_id[0] || strcmp(one->alert_id, row->id) == 0;
        if (at->state.phase != SILENCE_ACTIVE || one->project_id[0] || !its_own ||
            !(row->triggers & type))
            continue;
        bool part = (row->triggers & ~type) != 0;
        bool better = !best || (*partly && !part) ||
                      (*partly == part && at->state.changes_at > best->state.changes_at);
        if (better) {
            best = at;
            *partly = part;
        }
    }
    return best;
}
