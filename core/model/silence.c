#include "model/silence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "model/tojson.h"

enum { DAYS = 7, DAY_MINUTES = 24 * 60, ALL_DAYS = (1 << DAYS) - 1 };

static const char *const MODES[] = {"digest", "drop"};
static const char *const PHASES[] = {"planned", "active", "over"};
static const char *const NAMES[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

const char *silence_mode_name(enum silence_mode m)
{
    return MODES[m];
}

bool silence_mode_parse(struct span name, enum silence_mode *m)
{
    for (int i = 0; i <= SILENCE_DROP; i++)
        if (span_is(name, MODES[i])) {
            *m = (enum silence_mode)i;
            return true;
        }
    return false;
}

const char *silence_phase_name(enum silence_phase p)
{
    return PHASES[p];
}

void silence_free(struct silence *s)
{
    free(s->workspace);
    free(s->comment);
    free(s->created_by);
    free(s->alert_name);
    free(s->project_name);
    *s = (struct silence){0};
}

static bool copy_text(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

bool silence_copy(struct silence *to, const struct silence *from)
{
    *to = *from;
    bool fine = copy_text(&to->workspace, from->workspace);
    fine = copy_text(&to->comment, from->comment) && fine;
    fine = copy_text(&to->created_by, from->created_by) && fine;
    fine = copy_text(&to->alert_name, from->alert_name) && fine;
    fine = copy_text(&to->project_name, from->project_name) && fine;
    if (!fine)
        silence_free(to);
    return fine;
}

/* ---------------------------------------------------------------- check */

static bool is_within(const struct silence_window *w, int day, int minute)
{
    int yesterday = (day + DAYS - 1) % DAYS;
    bool over_midnight = w->end <= w->start;
    if (w->days & 1u << day && minute >= w->start && (over_midnight || minute < w->end))
        return true;
    return over_midnight && w->days & 1u << yesterday && minute < w->end;
}

static bool is_always(const struct silence *s)
{
    for (int day = 0; day < DAYS; day++)
        for (int minute = 0; minute < DAY_MINUTES; minute++) {
            bool within = false;
            for (size_t i = 0; i < s->window_count && !within; i++)
                within = is_within(&s->windows[i], day, minute);
            if (!within)
                return false;
        }
    return true;
}

bool silence_check(const struct silence *s, struct err *err)
{
    if (!s->alert_id[0] && !s->project_id[0] && !s->has_type)
        return err_set(err, ERR_INVALID,
                       "a silence is of an alert, a project or an event type");
    if (s->project_id[0] && s->has_type && !event_type_info(s->type)->observability)
        return err_set(err, ERR_INVALID, "events of %s belong to no project",
                       event_type_name(s->type));
    if (s->window_count == 0 && s->until == 0)
        return err_set(err, ERR_INVALID, "a silence has an end or a weekly schedule");
    if (s->until && s->until <= s->from)
        return err_set(err, ERR_INVALID, "a silence ends after it begins");
    if (s->window_count && is_always(s))
        return err_set(
            err, ERR_INVALID,
            "the schedule never lets anything through; disable the alert instead");
    if (s->comment && strlen(s->comment) > SILENCE_COMMENT_MAX)
        return err_set(err, ERR_INVALID, "the comment is longer than %d bytes",
                       SILENCE_COMMENT_MAX);
    return true;
}

/* ---------------------------------------------------------------- the week */

static int day_of(struct span name)
{
    for (int i = 0; i < DAYS; i++)
        if (name.len == 3 && ascii_same_n(name.at, NAMES[i], 3))
            return i;
    return -1;
}

/* mon, mon-fri, daily */
static bool read_days(struct span word, unsigned *days)
{
    if (word.len == 5 && ascii_same_n(word.at, "daily", 5)) {
        *days |= ALL_DAYS;
        return true;
    }
    const char *dash = memchr(word.at, '-', word.len);
    size_t len = dash ? (size_t)(dash - word.at) : word.len;
    int first = day_of((struct span){word.at, len});
    int last = dash ? day_of((struct span){dash + 1, word.len - len - 1}) : first;
    if (first < 0 || last < 0)
        return false;
    for (int day = first;; day = (day + 1) % DAYS) {
        *days |= 1u << day;
        if (day == last)
            return true;
    }
}

/* 6, 06, 06:30: minutes after midnight; -1: none. */
static int read_clock(struct span word)
{
    int part[2] = {0, 0}, parts = 1, digits = 0;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.at[i];
        if (c == ':' && parts == 1 && digits) {
            parts = 2;
            digits = 0;
        } else if (c >= '0' && c <= '9' && digits < 2) {
            part[parts - 1] = part[parts - 1] * 10 + (c - '0');
            digits++;
        } else {
            return -1;
        }
    }
    bool fine = digits == 2 || (parts == 1 && digits == 1);
    int minutes = part[0] * 60 + part[1];
    return fine && part[1] < 60 && minutes <= DAY_MINUTES ? minutes : -1;
}

static bool read_hours(struct span word, struct silence_window *w)
{
    const char *dash = memchr(word.at, '-', word.len);
    if (!dash)
        return false;
    size_t len = (size_t)(dash - word.at);
    w->start = read_clock((struct span){word.at, len});
    w->end = read_clock((struct span){dash + 1, word.len - len - 1});
    return w->start >= 0 && w->start < DAY_MINUTES && w->end >= 0;
}

static bool separates(char c)
{
    return c == ' ' || c == ',' || c == ';' || c == '\t';
}

static struct span next_word(struct span *rest)
{
    while (rest->len && separates(*rest->at)) {
        rest->at++;
        rest->len--;
    }
    struct span word = {rest->at, 0};
    while (word.len < rest->len && !separates(rest->at[word.len]))
        word.len++;
    rest->at += word.len;
    rest->len -= word.len;
    return word;
}

static bool bad_word(struct span word, struct err *err)
{
    char shown[41];
    snprintf(shown, sizeof shown, "%.*s", (int)word.len, word.at);
    text_whole(shown);
    return err_set(err, ERR_INVALID,
                   "\"%s\" is no part of a schedule such as mon-fri 22:00-06:00", shown);
}

bool silence_week_read(struct span text, struct silence *s, struct err *err)
{
    struct silence_window windows[SILENCE_WINDOWS_MAX];
    size_t count = 0;
    unsigned days = 0;
    bool used = false; /* the days have their hours */
    for (struct span word = next_word(&text); word.len; word = next_word(&text)) {
        struct silence_window w = {0};
        unsigned named = 0;
        if (read_days(word, &named)) {
            days = used ? named : days | named;
            used = false;
            continue;
        }
        if (!days || !read_hours(word, &w))
            return bad_word(word, err);
        if (count == SILENCE_WINDOWS_MAX)
            return err_set(err, ERR_INVALID, "a schedule has at most %d windows",
                           SILENCE_WINDOWS_MAX);
        w.days = days;
        windows[count++] = w;
        used = true;
    }
    if (!used)
        return err_set(err, ERR_INVALID,
                       "a schedule is days and hours, such as mon-fri 22:00-06:00");
    memcpy(s->windows, windows, count * sizeof *windows);
    s->window_count = count;
    return true;
}

static void write_days(unsigned days, struct buf *out)
{
    if (days == ALL_DAYS) {
        buf_add_text(out, "daily");
        return;
    }
    const char *between = "";
    for (int day = 0; day < DAYS; day++) {
        int last = day;
        if (!(days & 1u << day))
            continue;
        while (last + 1 < DAYS && days & 1u << (last + 1))
            last++;
        if (last - day < 2) /* two of them are no range */
            last = day;
        buf_add_format(out, "%s%s", between, NAMES[day]);
        if (last > day)
            buf_add_format(out, "-%s", NAMES[last]);
        between = ",";
        day = last;
    }
}

bool silence_week_write(const struct silence *s, struct buf *out)
{
    for (size_t i = 0; i < s->window_count; i++) {
        const struct silence_window *w = &s->windows[i];
        if (i == 0 || w->days != s->windows[i - 1].days) {
            buf_add_text(out, i ? "; " : "");
            write_days(w->days, out);
        }
        buf_add_format(out, " %02d:%02d-%02d:%02d", w->start / 60, w->start % 60,
                       w->end / 60, w->end % 60);
    }
    return !out->failed;
}

/* ---------------------------------------------------------------- words */

bool silence_subject(const struct silence *s, struct buf *out)
{
    const char *between = "";
    if (s->alert_id[0]) {
        buf_add_format(out, "alert \"%s\"", s->alert_name ? s->alert_name : s->alert_id);
        between = ", ";
    }
    if (s->project_id[0]) {
        buf_add_format(out, "%sproject \"%s\"", between,
                       s->project_name ? s->project_name : s->project_id);
        between = ", ";
    }
    if (s->has_type)
        buf_add_format(out, "%s%s", between, event_type_name(s->type));
    return !out->failed;
}

static void add_schedule(const struct silence *s, json_t *o, bool *ok)
{
    struct buf week;
    buf_init(&week, BUF_UNLIMITED);
    tojson_time(o, "from", s->from, ok);
    tojson_time(o, "until", s->until, ok);
    if (!silence_week_write(s, &week))
        *ok = false;
    tojson_text(o, "weekly", buf_text(&week), ok);
    if (s->window_count)
        tojson_text(o, "zone", s->zone, ok);
    buf_free(&week);
}

bool silence_to_json(const struct silence *s, const struct silence_state *state,
                     struct buf *out)
{
    bool ok = true;
    json_t *o = json_object();
    tojson_text(o, "id", s->id, &ok);
    tojson_text(o, "workspace", s->workspace, &ok);
    tojson_text(o, "alert_id", s->alert_id, &ok);
    tojson_text(o, "alert_name", s->alert_name, &ok);
    tojson_text(o, "project_id", s->project_id, &ok);
    tojson_text(o, "project_name", s->project_name, &ok);
    if (s->has_type)
        tojson_text(o, "event_type", event_type_name(s->type), &ok);
    tojson_text(o, "then", silence_mode_name(s->mode), &ok);
    add_schedule(s, o, &ok);
    tojson_text(o, "state", silence_phase_name(state->phase), &ok);
    if (state->phase != SILENCE_OVER)
        tojson_time(o, state->phase == SILENCE_ACTIVE ? "ends_at" : "begins_at",
                    state->changes_at, &ok);
    tojson_number(o, "held", s->held, &ok);
    tojson_number(o, "dropped", s->dropped, &ok);
    tojson_text(o, "comment", s->comment, &ok);
    tojson_text(o, "created_by", s->created_by, &ok);
    tojson_time(o, "created_at", s->created_at, &ok);
    tojson_time(o, "ended_at", s->ended_at, &ok);
    return tojson_write(o, ok, out);
}
