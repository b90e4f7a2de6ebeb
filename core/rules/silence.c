#include "rules/silence.h"

#include <stdlib.h>
#include <string.h>

enum {
    MINUTE_MS = 60 * 1000,
    DAY_MS = 24 * 3600 * 1000,
    LOOK_DAYS = 15, /* a window that falls into a jump of the clock leaves its week out */
};

struct stretch {
    int64_t begins, ends;
};

/* Whether the window has a stretch that begins on a local day (counted since 1970). */
static bool stretch_on(const struct silence_window *w, const struct zone *zone, int64_t day,
                       struct stretch *out)
{
    if (!(w->days & 1u << (day + 3) % 7)) /* that day was a Thursday */
        return false;
    int64_t midnight = day * DAY_MS;
    int64_t end =
        midnight + (w->end <= w->start ? DAY_MS : 0) + (int64_t)w->end * MINUTE_MS;
    out->begins = zone_instant(zone, midnight + (int64_t)w->start * MINUTE_MS, false);
    out->ends = zone_instant(zone, end, true);
    return out->begins < out->ends;
}

/* The stretches that may hold at `from` or begin within the days after it. */
static size_t find_stretches(const struct silence *s, const struct zone *zone, int64_t from,
                             struct stretch *out)
{
    size_t count = 0;
    int64_t today = zone_local(zone, from) / DAY_MS;
    for (int64_t day = today - 2; day < today + LOOK_DAYS; day++)
        for (size_t i = 0; i < s->window_count; i++)
            count += stretch_on(&s->windows[i], zone, day, &out[count]);
    return count;
}

/* The end of what is active at `at`, with all that touches it; `at` itself: nothing is. */
static int64_t end_of(const struct stretch *all, size_t count, int64_t at)
{
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t i = 0; i < count; i++)
            if (all[i].begins <= at && all[i].ends > at) {
                at = all[i].ends;
                grown = true;
            }
    }
    return at;
}

static void look_at_week(const struct silence *s, const struct zone *zone, int64_t now,
                         struct silence_state *out)
{
    struct stretch all[(LOOK_DAYS + 2) * SILENCE_WINDOWS_MAX];
    int64_t from = now > s->from ? now : s->from;
    size_t count = find_stretches(s, zone, from, all);
    int64_t end = end_of(all, count, from), next = from + (LOOK_DAYS - 1) * (int64_t)DAY_MS;
    if (end > from && now >= s->from) {
        out->phase = SILENCE_ACTIVE;
        out->changes_at = end;
    } else {
        for (size_t i = 0; i < count; i++) {
            int64_t begins = all[i].begins > from ? all[i].begins : from;
            if (all[i].ends > begins && begins < next)
                next = begins;
        }
        out->changes_at = next;
    }
}

void silence_look(const struct silence *s, const struct zone *zone, int64_t now,
                  struct silence_state *out)
{
    *out = (struct silence_state){SILENCE_OVER, now, INT64_MAX};
    if (s->ended_at || (s->until && now >= s->until))
        return;
    if (s->window_count) {
        out->phase = SILENCE_PLANNED;
        if (zone)
            look_at_week(s, zone, now, out);
    } else {
        out->phase = now < s->from ? SILENCE_PLANNED : SILENCE_ACTIVE;
        out->changes_at = now < s->from ? s->from : s->until;
    }
    if (!s->until || out->changes_at < s->until)
        return;
    if (out->phase == SILENCE_PLANNED) /* no window is left */
        out->phase = SILENCE_OVER;
    out->changes_at = out->phase == SILENCE_OVER ? INT64_MAX : s->until;
}

/* ---------------------------------------------------------------- several */

void silences_free(struct silences *s)
{
    for (size_t i = 0; i < s->count; i++)
        silence_free(&s->items[i].silence);
    free(s->items);
    *s = (struct silences){0};
}

void silences_look(struct silences *s, int64_t now)
{
    for (size_t i = 0; i < s->count; i++) {
        struct silence_at *at = &s->items[i];
        if (now < at->state.looked_at || now >= at->state.changes_at)
            silence_look(&at->silence, at->zone, now, &at->state);
    }
}

bool silence_covers(const struct silence *s, const char *alert_id,
                    const struct event_ref *event)
{
    if (strcmp(s->workspace, event->workspace) != 0)
        return false;
    if (s->alert_id[0] && strcmp(s->alert_id, alert_id) != 0)
        return false;
    if (s->has_type && s->type != event->type)
        return false;
    return !s->project_id[0] ||
           (event->project_id && strcmp(s->project_id, event->project_id) == 0);
}

static bool comes_first(const struct silence_at *a, const struct silence_at *b)
{
    if (a->silence.mode != b->silence.mode)
        return a->silence.mode == SILENCE_DIGEST;
    if (a->state.changes_at != b->state.changes_at)
        return a->state.changes_at > b->state.changes_at;
    return strcmp(a->silence.id, b->silence.id) < 0;
}

const struct silence_at *silences_pick(const struct silences *s, const char *alert_id,
                                       const struct event_ref *event)
{
    const struct silence_at *best = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct silence_at *at = &s->items[i];
        if (at->state.phase == SILENCE_ACTIVE &&
            silence_covers(&at->silence, alert_id, event) &&
            (!best || comes_first(at, best)))
            best = at;
    }
    return best;
}

enum match_verdict silences_judge(const struct silences *s, const struct alert *alert,
                                  const struct event_ref *event, int64_t *until)
{
    enum match_verdict v = match_alert(alert, event);
    const struct silence_at *at =
        v == MATCH_YES ? silences_pick(s, alert->id, event) : NULL;
    *until = at ? at->state.changes_at : 0;
    if (!at)
        return v;
    return at->silence.mode == SILENCE_DROP ? MATCH_DROPPED : MATCH_HELD;
}
