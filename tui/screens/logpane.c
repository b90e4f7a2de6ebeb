#include "screens/logpane.h"

#include <limits.h>
#include <stdio.h>

#include "base/text.h"
#include "base/timefmt.h"
#include "screens/words.h"
#include "store/log.h"
#include "widgets/columns.h"

enum { TIME, ALERT, EVENT, EVENTS, ATTEMPT, STATUS, LATENCY, NEXT, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [TIME] = {"TIME", 8, 8, 5},     [ALERT] = {"ALERT", 8, 24, 4},
    [EVENT] = {"EVENT", 10, 28, 0}, [EVENTS] = {"", 3, 6, 8},
    [ATTEMPT] = {"TRY", 3, 5, 6},   [STATUS] = {"", 3, 3, 0},
    [LATENCY] = {"", 6, 8, 7},      [NEXT] = {"", 9, 0, 0},
};

void logpane_init(struct logpane *p, struct console *c)
{
    *p = (struct logpane){.console = c, .follows = true};
}

void logpane_free(struct logpane *p)
{
    log_rows_free(&p->rows);
}

void logpane_restart(struct logpane *p)
{
    p->follows = true;
}

static void select_seq(struct logpane *p)
{
    size_t at = 0;
    while (at + 1 < p->rows.count && p->rows.items[at].seq < p->selected)
        at++;
    list_set_count(&p->list, p->rows.count);
    list_select(&p->list, p->follows ? p->rows.count : at);
    if (p->list.count)
        p->selected = p->rows.items[p->list.selected].seq;
}

/* Replaces the window; an unreadable store leaves the one that is there. */
static bool load(struct logpane *p, int64_t after, int64_t before, int64_t limit)
{
    struct log_rows rows;
    struct err err;
    if (!store_log_list(console_reader(p->console), console_workspace(p->console), after,
                        before, limit, &rows, &err)) {
        console_toast(p->console, STYLE_ERROR, "%s", err.text);
        return false;
    }
    if (rows.count == 0 && !p->follows) {
        log_rows_free(&rows);
        return false;
    }
    log_rows_free(&p->rows);
    p->rows = rows;
    select_seq(p);
    return true;
}

static void count_fresh(struct logpane *p)
{
    struct log_rows rows;
    p->fresh = 0;
    if (!store_log_list(console_reader(p->console), console_workspace(p->console),
                        p->newest, INT64_MAX, LOGPANE_MANY, &rows, NULL))
        return;
    p->fresh = rows.count;
    log_rows_free(&rows);
}

/* The same rows: what they say of their deliveries may be another thing by now. */
static void load_again(struct logpane *p)
{
    if (p->rows.count)
        load(p, p->rows.items[0].seq - 1, INT64_MAX, (int64_t)p->rows.count);
}

void logpane_refresh(struct logpane *p)
{
    if (p->follows) {
        p->fresh = 0;
        load(p, -1, INT64_MAX, LOGPANE_WINDOW);
    } else {
        load_again(p);
        count_fresh(p);
    }
}

/* Moves the window when the selection comes to one of its ends. At the ends of the log the
 * window is its first or its last rows, never fewer than there are. */
static void slide(struct logpane *p)
{
    size_t count = p->rows.count;
    if (p->list.selected == 0) {
        load(p, -1, p->rows.items[count / 2].seq, LOGPANE_WINDOW);
        if (p->rows.count < LOGPANE_WINDOW)
            load(p, 0, INT64_MAX, LOGPANE_WINDOW);
    } else if (p->list.selected == count - 1) {
        load(p, p->rows.items[count / 2].seq, INT64_MAX, LOGPANE_WINDOW);
        if (p->rows.count < LOGPANE_WINDOW)
            load(p, -1, INT64_MAX, LOGPANE_WINDOW);
    }
}

static void stand_still(struct logpane *p)
{
    if (!p->follows)
        return;
    p->follows = false;
    p->newest = p->rows.count ? p->rows.items[p->rows.count - 1].seq : 0;
}

bool logpane_act(struct logpane *p, enum action a)
{
    if (a == ACTION_BOTTOM) {
        p->follows = true;
        logpane_refresh(p);
        return true;
    }
    if (a == ACTION_TOP) {
        stand_still(p);
        p->selected = 0;
        load(p, 0, INT64_MAX, LOGPANE_WINDOW);
        return true;
    }
    if (!list_act(&p->list, a))
        return false;
    if (p->list.count) {
        stand_still(p);
        p->selected = p->rows.items[p->list.selected].seq;
        slide(p);
    }
    return true;
}

bool logpane_click(struct logpane *p, int y, bool *again)
{
    if (!list_click(&p->list, y, again))
        return false;
    stand_still(p);
    p->selected = p->rows.items[p->list.selected].seq;
    return true;
}

const struct log_row *logpane_selected(const struct logpane *p)
{
    return p->list.count ? &p->rows.items[p->list.selected] : NULL;
}

void logpane_title(const struct logpane *p, char *out, size_t size)
{
    if (p->follows)
        snprintf(out, size, "Log: following");
    else if (!p->fresh)
        snprintf(out, size, "Log: paused (End follows)");
    else
        snprintf(out, size, "Log: paused, %zu%s new (End follows)", p->fresh,
                 p->fresh == LOGPANE_MANY ? " or more" : "");
}

static int cell(const struct canvas *c, int y, int x, int width, enum style style,
                const char *text)
{
    return width ? x + canvas_text(c, y, x, width, style, span_of(text)) + 1 : x;
}

bool logpane_counts_down(const struct logpane *p)
{
    int64_t now = clock_steady_ms(console_options(p->console)->clock);
    size_t end = p->list.top + (size_t)(p->list.rows > 0 ? p->list.rows : 0);
    for (size_t i = p->list.top; i < end && i < p->rows.count; i++)
        if (words_counts_down(&p->rows.items[i], now))
            return true;
    return false;
}

/* Without a status there is none, and no latency that would say more than the reason: it
 * takes their places. */
static int reason_room(const struct log_row *r, const int *w)
{
    int room = w[NEXT];
    if (r->kind == LOG_ATTEMPT && !r->status)
        room += (w[STATUS] ? w[STATUS] + 1 : 0) + (w[LATENCY] ? w[LATENCY] + 1 : 0);
    return room;
}

/* *spreads: only with those places. */
static enum style next_words(const struct log_row *r, const int *w, int64_t now, char *out,
                             size_t size, bool *spreads)
{
    enum style style = words_next(r, now, INT_MAX, out, size);
    text_whole(out);
    bool fits = (int)text_columns(span_of(out)) <= w[NEXT];
    *spreads = !fits && reason_room(r, w) > w[NEXT];
    return fits ? style : words_next(r, now, reason_room(r, w), out, size);
}

enum style logpane_cut(const struct logpane *p, char *out, size_t size)
{
    int w[COLUMN_COUNT];
    const struct log_row *r = logpane_selected(p);
    out[0] = '\0';
    if (!r)
        return STYLE_NORMAL;
    columns_fit(COLUMNS, COLUMN_COUNT, p->columns, w);
    int room = r->kind == LOG_NOTICE ? p->columns - (w[TIME] ? w[TIME] + 1 : 0) -
                                           (w[ALERT] ? w[ALERT] + 1 : 0)
                                     : reason_room(r, w);
    enum style style =
        words_next(r, clock_steady_ms(console_options(p->console)->clock), room, out, size);
    text_whole(out);
    if ((int)text_columns(span_of(out)) <= room)
        out[0] = '\0';
    return style;
}

/* A selected row is marked at its start only: a move then repaints two short pieces. */
static void draw_row(const struct log_row *r, const struct canvas *c, int y, const int *w,
                     const struct console *console, enum style mark)
{
    char time[16], count[24], events[32], next[1024];
    char attempt[16] = "", status[8] = "-", latency[24] = "";
    int64_t now = clock_steady_ms(console_options(console)->clock);
    bool spreads;
    enum style next_style = next_words(r, w, now, next, sizeof next, &spreads);
    text_whole(next);
    timefmt_row(r->at, console_now(console), time);
    words_count(r->events, w[EVENTS] - 1, count);
    snprintf(events, sizeof events, "%s%s", term_glyph(GLYPH_TIMES), count);
    if (r->kind == LOG_ATTEMPT) {
        snprintf(attempt, sizeof attempt, "%d/%d", r->n, r->of);
        duration_human(r->latency_us / 1000, latency);
    }
    if (r->status)
        snprintf(status, sizeof status, "%d", r->status);
    canvas_text(c, y, 0, w[TIME] ? w[TIME] + 1 : 0, mark, span_of(""));
    int x = cell(c, y, 0, w[TIME], mark, time);
    x = cell(c, y, x, w[ALERT], mark, r->alert_name ? r->alert_name : "");
    if (r->kind == LOG_NOTICE) { /* a sentence: it takes the rest of the line */
        canvas_text(c, y, x, -1, next_style, span_of(next));
        return;
    }
    x = cell(c, y, x, w[EVENT], STYLE_NORMAL, event_type_name(r->type));
    x = cell(c, y, x, w[EVENTS], STYLE_NORMAL, events);
    x = cell(c, y, x, w[ATTEMPT], STYLE_NORMAL, attempt);
    if (spreads) {
        cell(c, y, x, reason_room(r, w), next_style, next);
        return;
    }
    x = cell(c, y, x, w[STATUS], next_style, status);
    x = cell(c, y, x, w[LATENCY], STYLE_NORMAL, latency);
    cell(c, y, x, w[NEXT], next_style, next);
}

void logpane_draw(struct logpane *p, const struct canvas *c, bool focused)
{
    int widths[COLUMN_COUNT];
    p->columns = c->columns - 1;
    columns_fit(COLUMNS, COLUMN_COUNT, p->columns, widths);
    list_set_rows(&p->list, c->rows);
    p->list.y = c->y;
    canvas_clear(c, STYLE_NORMAL);
    if (p->list.count == 0)
        canvas_text(c, 0, 1, -1, STYLE_DIM,
                    span_of("Every webhook attempt appears here as it happens."));
    struct canvas inside = canvas_part(c, 0, 1, c->rows, c->columns - 1);
    for (int y = 0; y < c->rows && p->list.top + (size_t)y < p->list.count; y++) {
        size_t at = p->list.top + (size_t)y;
        bool selected = at == p->list.selected && (focused || !p->follows);
        draw_row(&p->rows.items[at], &inside, y, widths, p->console,
                 !selected ? STYLE_NORMAL
                 : focused ? STYLE_SELECTED
                           : STYLE_MARKED);
        if (selected && focused) {
            canvas_text(c, y, 0, 1, STYLE_SELECTED, span_of(">"));
            term_cursor(c->y + y, c->x, true);
        }
    }
}
