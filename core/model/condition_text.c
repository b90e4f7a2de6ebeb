#include "model/condition_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/timefmt.h"

bool condition_text_write(const struct alert_trigger *t, struct buf *out)
{
    for (size_t i = 0; i < t->condition_count; i++) {
        const struct alert_condition *c = &t->conditions[i];
        char window[24];
        duration_format(c->window_s * 1000, window);
        buf_add_text(out, i ? " or " : "");
        if (c->kind == CONDITION_FEEDBACK)
            buf_add_format(out, "%s ", c->name ? c->name : "");
        buf_add_format(out, "%s %s in %s", c->below ? "under" : "over", c->threshold, window);
    }
    return !out->failed;
}

/* ------------------------------------------------------------------ words */

enum { WORDS_MAX = 128 };

struct words {
    struct span items[WORDS_MAX];
    size_t count;
};

static bool split(struct span text, struct words *w, struct err *err)
{
    w->count = 0;
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        while (end < text.len && text.at[end] != ' ' && text.at[end] != '\t')
            end++;
        if (end > i && w->count == WORDS_MAX)
            return err_set(err, ERR_INVALID, "too many words for a threshold");
        if (end > i)
            w->items[w->count++] = (struct span){text.at + i, end - i};
        i = end + 1;
    }
    return true;
}

static bool is(struct span word, const char *text)
{
    return word.len == strlen(text) && ascii_same_n(word.at, text, word.len);
}

static bool is_operator(struct span word, bool *below)
{
    *below = is(word, "under") || is(word, "<") || is(word, "below");
    return *below || is(word, "over") || is(word, ">") || is(word, "above");
}

/* ------------------------------------------------------------------ one condition */

struct draft {
    struct alert_condition condition;
    struct buf name, threshold;
};

static bool help(const struct alert_trigger *t, struct err *err)
{
    enum condition_kind kind;
    bool score = condition_kind_of(t->type, &kind) && kind == CONDITION_FEEDBACK;
    return err_set(err, ERR_INVALID, "say it like: %s",
                   score ? "relevance under 0.7 in 1h" : "over 10 in 15m");
}

/* over 10 in 15m: names can have such words too, "above average". */
static bool is_limit(const struct words *w, size_t at, bool *below)
{
    return w->count - at >= 4 && is_operator(w->items[at], below) &&
           is(w->items[at + 2], "in");
}

/* What stands from *at up to the limit, as it stands. */
static struct span read_name(const struct words *w, size_t *at)
{
    size_t first = *at;
    bool below;
    while (*at < w->count && !is_limit(w, *at, &below))
        ++*at;
    if (*at == first)
        return (struct span){0};
    const struct span begin = w->items[first], last = w->items[*at - 1];
    return (struct span){begin.at, (size_t)(last.at - begin.at) + last.len};
}

static bool read_window(struct span word, int64_t *seconds, struct err *err)
{
    int64_t ms;
    if (!duration_parse(word, &ms, NULL) || ms < 1000 || ms % 1000 != 0)
        return err_set(err, ERR_INVALID, "the window must be whole seconds, such as 15m or 1h");
    *seconds = ms / 1000;
    return *seconds <= ALERT_WINDOW_MAX_S ||
           err_set(err, ERR_INVALID, "the window is longer than 31 days");
}

static bool read_one(const struct words *w, size_t *at, const struct alert_trigger *t,
                     struct draft *d, struct err *err)
{
    struct alert_condition *c = &d->condition;
    if (!condition_kind_of(t->type, &c->kind))
        return err_set(err, ERR_INVALID, "this event type has no threshold");
    struct span name = read_name(w, at);
    if (*at == w->count || (name.len > 0) != (c->kind == CONDITION_FEEDBACK))
        return help(t, err);
    is_limit(w, *at, &c->below);
    if (c->below && c->kind != CONDITION_FEEDBACK)
        return err_set(err, ERR_INVALID, "only scores can be under a threshold");
    if (!buf_add_span(&d->name, name) || !buf_add_span(&d->threshold, w->items[*at + 1]))
        return err_memory(err);
    c->threshold = d->threshold.data;
    c->name = name.len ? d->name.data : NULL;
    const char *problem = alert_threshold_problem(c->threshold);
    if (problem)
        return err_set(err, ERR_INVALID, "%s", problem);
    if (!read_window(w->items[*at + 3], &c->window_s, err))
        return false;
    *at += 4;
    return true;
}

static bool add_one(const struct words *w, size_t *at, const struct alert_trigger *t,
                    struct alert_trigger *made, struct err *err)
{
    struct draft d = {.condition = {.id = ""}};
    buf_init(&d.name, BUF_UNLIMITED);
    buf_init(&d.threshold, BUF_UNLIMITED);
    bool ok = read_one(w, at, t, &d, err);
    if (ok)
        ok = alert_trigger_add_condition(made, &d.condition) || err_memory(err);
    buf_free(&d.name);
    buf_free(&d.threshold);
    return ok;
}

bool condition_text_read(struct span text, struct alert_trigger *t, struct err *err)
{
    struct words w;
    struct alert_trigger made = {.type = t->type};
    size_t at = 0;
    bool ok = split(text, &w, err);
    while (ok && at < w.count) {
        ok = add_one(&w, &at, t, &made, err);
        if (ok && at < w.count && (!is(w.items[at++], "or") || at == w.count))
            ok = help(t, err);
    }
    if (!ok) {
        alert_trigger_clear_conditions(&made);
        return false;
    }
    alert_trigger_clear_conditions(t);
    t->conditions = made.conditions;
    t->condition_count = made.condition_count;
    return true;
}
