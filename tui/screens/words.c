#include "screens/words.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/timefmt.h"
#include "store/alerts.h"

enum style words_state(enum delivery_state state)
{
    switch (state) {
    case DELIVERY_DELIVERED:
        return STYLE_OK;
    case DELIVERY_DEAD:
        return STYLE_ERROR;
    case DELIVERY_RETRYING:
        return STYLE_WARN;
    default:
        return STYLE_NORMAL;
    }
}

enum style words_name(const struct alert_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s%s", row->insecure ? "! " : "", row->name ? row->name : "");
    return row->insecure ? STYLE_ERROR : STYLE_NORMAL;
}

enum style words_endpoint(const struct alert_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s%s", row->insecure ? "INSECURE " : "", row->origin ? row->origin : "");
    return row->insecure ? STYLE_ERROR : STYLE_NORMAL;
}

void words_wait(int64_t ms, char out[24])
{
    duration_human(ms > 0 ? (ms + 999) / 1000 * 1000 : 0, out);
}

void words_duration(int64_t ms, int columns, char out[24])
{
    duration_human(ms, out);
    char *unit = strchr(out, ' '), *rest = unit ? strchr(unit + 1, ' ') : NULL;
    if (rest && (int)strlen(out) > columns)
        *rest = '\0';
}

void words_count(int64_t count, int columns, char out[24])
{
    static const char units[] = "kMG";
    int len = snprintf(out, 24, "%lld", (long long)count);
    for (const char *unit = units; *unit && len > columns && count >= 1000; unit++) {
        count /= 1000;
        len = snprintf(out, 24, "%lld%c", (long long)count, *unit);
    }
}

void words_left_alone(bool open, int64_t ms, int columns, char *out, size_t size)
{
    char wait[24];
    words_wait(ms, wait);
    int len = snprintf(out, size, "%s %s", open ? "open, probe in" : "paused,", wait);
    if (len > columns)
        len = snprintf(out, size, "%s %s", open ? "open" : "wait", wait);
    if (len > columns) {
        words_duration(ms, 0, wait);
        snprintf(out, size, "%s %s", open ? "open" : "wait", wait);
    }
}

bool words_counts_down(const struct log_row *row, int64_t now)
{
    return row->waits && row->next_at > now;
}

static void retry_words(const struct log_row *row, int64_t now, int columns, char *out,
                        size_t size)
{
    char wait[24];
    const char *why = row->text ? row->text : "";
    words_wait(row->next_at - now, wait);
    if (words_counts_down(row, now)) {
        snprintf(out, size, "retry in %s%s%s", wait, *why ? ": " : "", why);
        text_whole(out);
        if (!*why || (int)text_columns(span_of(out)) <= columns)
            return;
    }
    snprintf(out, size, "retry%s%s", *why ? ": " : "", why);
}

enum style words_next(const struct log_row *row, int64_t now, int columns, char *out,
                      size_t size)
{
    const char *text = row->ended ? row->ended : row->text ? row->text : "";
    if (row->kind == LOG_DROPPED) {
        snprintf(out, size, "dropped: %s", text);
        return STYLE_WARN;
    }
    if (row->kind == LOG_NOTICE) {
        snprintf(out, size, "%s", text);
        return STYLE_WARN;
    }
    enum delivery_state state = row->ended ? DELIVERY_DEAD : row->state;
    if (state == DELIVERY_DELIVERED)
        snprintf(out, size, "delivered");
    else if (state == DELIVERY_DEAD)
        snprintf(out, size, "gave up%s%s", *text ? ": " : "", text);
    else
        retry_words(row, now, columns, out, size);
    return words_state(state);
}

enum style words_last(const struct alert_row *row, char *out, size_t size)
{
    if (!row->has_last) {
        snprintf(out, size, "-");
        return STYLE_DIM;
    }
    if (row->last_status)
        snprintf(out, size, "%s %d", delivery_state_name(row->last_state),
                 row->last_status);
    else
        snprintf(out, size, "%s", delivery_state_name(row->last_state));
    return words_state(row->last_state);
}

static int count_bits(unsigned bits)
{
    int count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

void words_triggers(unsigned triggers, unsigned scoped, int columns, char *out, size_t size)
{
    static const char *const names[EVENT_TYPE_COUNT] = {
        "errors",         "trace scores",     "thread scores",  "guardrails",
        "prompt created", "prompt committed", "prompt deleted", "experiments",
        "cost",           "latency",
    };
    size_t len = 0;
    out[0] = '\0';
    for (int t = 0; t < EVENT_TYPE_COUNT && len < size; t++)
        if (triggers & 1u << t)
            len += (size_t)snprintf(out + len, size - len, "%s%s%s", len ? ", " : "",
                                    names[t], scoped & 1u << t ? " (scoped)" : "");
    if (!len)
        snprintf(out, size, "none");
    if ((int)len <= columns || count_bits(triggers) < 2)
        return;
    for (int t = 0; t < EVENT_TYPE_COUNT; t++)
        if (triggers & 1u << t) {
            snprintf(out, size, "%s +%d", names[t], count_bits(triggers) - 1);
            return;
        }
}
