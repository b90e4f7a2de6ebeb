/* The last half hour of each alert: events, attempts and failures a minute, latency, what waits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rates.h"
#include "screens/screens.h"
#include "screens/table_screen.h"
#include "screens/words.h"
#include "store/alerts.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/log.h"

enum {
    ALERT,
    ENDPOINT,
    GRAPH,
    EVENTS,
    ATTEMPTS,
    FAILED,
    P50,
    P95,
    OLDEST,
    BREAKER,
    LAST,
    COLUMN_COUNT
};
/* EVENTS and FAILED have room for bars of their own behind the number on wide screens. */
enum { NUMBER_COLUMNS = 6, OWN_BARS_FROM = 6 };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [ALERT] = {"ALERT", 10, 32, 0},
    [ENDPOINT] = {"ENDPOINT", 16, 30, 7},
    [GRAPH] = {"30 MINUTES", 10, RATES_MINUTES, 2},
    [EVENTS] = {"EVENTS", NUMBER_COLUMNS, NUMBER_COLUMNS + 1 + RATES_MINUTES, 5},
    [ATTEMPTS] = {"TRIES", NUMBER_COLUMNS, NUMBER_COLUMNS, 0},
    [FAILED] = {"FAILED", NUMBER_COLUMNS, NUMBER_COLUMNS + 1 + RATES_MINUTES, 0},
    [P50] = {"P50", 7, 8, 4},
    [P95] = {"P95", 7, 8, 3},
    [OLDEST] = {"OLDEST", 7, 8, 6},
    [BREAKER] = {"BREAKER", 10, 19, 1},
    [LAST] = {"LAST", 13, 13, 8},
};
enum { READ_AT_ONCE = 20000, EMPTY_ROUND_MS = 15000, OLD_MS = 60000 };

struct overview_screen {
    struct table_screen base;
    struct alert_rows alerts;
    struct rates rates;
    struct store_counts counts;
    struct oldest_rows oldest;
    struct endpoint_states endpoints; /* whose breaker is not closed */
    char workspace[4 * WORKSPACE_MAX + 1]; /* of the rates */
    int64_t seq;         /* of the newest row of the log that is in the rates; 0: none */
};

static struct overview_screen *of(struct screen *s)
{
    return (struct overview_screen *)s;
}

static const struct alert_row *alert_at(const void *arg, size_t row)
{
    return &((const struct overview_screen *)arg)->alerts.items[row];
}

static const struct rate *rate_at(const void *arg, size_t row)
{
    return rates_of(&((const struct overview_screen *)arg)->rates, alert_at(arg, row)->id);
}

static const char *id(const void *arg, size_t row)
{
    return alert_at(arg, row)->id;
}

/* The newest minutes are at the right; the highest bar is the busiest one. */
static void bars(const int64_t *minutes, int width, char *out, size_t size)
{
    int levels[RATES_MINUTES], count = rate_levels(minutes, width, levels);
    size_t len = 0;
    for (int i = count - 1; i >= 0 && len < size; i--)
        len += (size_t)snprintf(out + len, size - len, "%s", term_bar(levels[i]));
}

static void number_and_bars(int64_t sum, const int64_t *minutes, int width, char *out, size_t size)
{
    int left = width - NUMBER_COLUMNS - 1;
    bool with_bars = minutes && left >= OWN_BARS_FROM;
    int len = snprintf(out, size, with_bars ? "%-6lld " : "%lld", (long long)sum);
    if (with_bars)
        bars(minutes, left, out + len, size - (size_t)len);
}

static enum style latency(const struct rate *r, int percent, int width, char *out, size_t size)
{
    char text[24];
    int64_t ms = r ? rate_latency(r, percent) : -1;
    words_duration(ms, width, text);
    snprintf(out, size, "%s", ms < 0 ? "-" : text);
    return ms < 0 ? STYLE_DIM : STYLE_NORMAL;
}

static int64_t events_of(const struct rate *r)
{
    return r ? rate_sum(r->events) : 0;
}

static int64_t oldest_of(const void *arg, size_t row)
{
    return oldest_rows_of(&((const struct overview_screen *)arg)->oldest, alert_at(arg, row)->id);
}

/* How long the oldest delivery has waited to end. */
static enum style waited(const void *arg, size_t row, int width, char *out, size_t size)
{
    const struct overview_screen *o = arg;
    int64_t now = console_now(o->base.screen.console);
    int64_t since = oldest_of(arg, row), ms = now - since;
    char text[24];
    words_duration(ms > 0 ? ms : 0, width, text);
    snprintf(out, size, "%s", since ? text : "-");
    return !since ? STYLE_DIM : ms > OLD_MS ? STYLE_WARN : STYLE_NORMAL;
}

static const struct endpoint_state *breaker_of(const void *arg, size_t row)
{
    const struct endpoint_states *e = &((const struct overview_screen *)arg)->endpoints;
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->items[i].alert_id, alert_at(arg, row)->id) == 0)
            return &e->items[i];
    return NULL;
}

static enum style breaker(const void *arg, size_t row, int width, char *out, size_t size)
{
    const struct overview_screen *o = arg;
    const struct endpoint_state *e = breaker_of(arg, row);
    int64_t now = clock_steady_ms(console_options(o->base.screen.console)->clock);
    bool open = e && e->state == BREAKER_OPEN, paused = e && e->paused_until > now;
    if (open || paused)
        words_left_alone(open, (open ? e->probe_at : e->paused_until) - now, width, out, size);
    else
        snprintf(out, size, "%s", breaker_state_name(e ? e->state : BREAKER_CLOSED));
    bool closed = !e || (e->state == BREAKER_CLOSED && !paused);
    return open ? STYLE_ERROR : closed ? STYLE_DIM : STYLE_WARN;
}

static int breaker_number(const void *arg, size_t row)
{
    const struct endpoint_state *e = breaker_of(arg, row);
    return e ? (int)e->state : (int)BREAKER_CLOSED;
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct alert_row *a = alert_at(arg, row);
    const struct rate *r = rate_at(arg, row);
    int64_t failures = r ? rate_sum(r->failures) : 0;
    switch (column) {
    case ALERT:
        words_name(a, out, size);
        return a->insecure ? STYLE_ERROR : a->enabled ? STYLE_NORMAL : STYLE_DIM;
    case ENDPOINT:
        return words_endpoint(a, out, size);
    case GRAPH:
        if (r)
            bars(r->attempts, width, out, size);
        return failures ? STYLE_WARN : STYLE_OK;
    case ATTEMPTS:
        snprintf(out, size, "%lld", r ? (long long)rate_sum(r->attempts) : 0);
        return STYLE_NORMAL;
    case EVENTS:
        number_and_bars(events_of(r), r ? r->events : NULL, width, out, size);
        return STYLE_NORMAL;
    case BREAKER:
        return breaker(arg, row, width, out, size);
    case OLDEST:
        return waited(arg, row, width, out, size);
    case FAILED:
        number_and_bars(failures, r ? r->failures : NULL, width, out, size);
        return failures ? STYLE_ERROR : STYLE_NORMAL;
    case P50:
    case P95:
        return latency(r, column == P50 ? 50 : 95, width, out, size);
    default:
        return words_last(a, out, size);
    }
}

static int64_t number_of(const struct rate *r, int column)
{
    if (!r)
        return -1;
    return column == EVENTS  ? events_of(r)
           : column == FAILED  ? rate_sum(r->failures)
           : column == P50   ? rate_latency(r, 50)
           : column == P95   ? rate_latency(r, 95)
                             : rate_sum(r->attempts);
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct alert_row *l = alert_at(arg, a), *r = alert_at(arg, b);
    if (column == ALERT)
        return table_by_text(l->name, r->name);
    if (column == ENDPOINT)
        return table_by_text(l->origin, r->origin);
    if (column == BREAKER)
        return breaker_number(arg, a) - breaker_number(arg, b);
    if (column == OLDEST)
        return table_by_number(oldest_of(arg, b), oldest_of(arg, a));
    if (column == LAST)
        return (int)l->last_state - (int)r->last_state;
    return table_by_number(number_of(rate_at(arg, a), column),
                           number_of(rate_at(arg, b), column));
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, id, cell, compare};

/* ------------------------------------------------------------------ reading */

/* At first the half hour, then only what came since; of more than is read at once, the newest. */
static void read_tries(struct overview_screen *o)
{
    struct console *c = o->base.screen.console;
    const char *workspace = console_workspace(c);
    struct try_rows rows;
    struct err err;
    if (strcmp(o->workspace, workspace) != 0) {
        snprintf(o->workspace, sizeof o->workspace, "%s", workspace);
        rates_free(&o->rates);
        o->seq = 0;
    }
    if (!store_try_list(console_reader(c), workspace, o->seq, rates_since(console_now(c)),
                        READ_AT_ONCE, &rows, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    if (rows.cut)
        rates_free(&o->rates);
    for (size_t i = 0; i < rows.count; i++)
        rates_add(&o->rates, &rows.items[i]);
    o->seq = rows.seq;
    try_rows_free(&rows);
}

static void read_rows(struct table_screen *t)
{
    struct overview_screen *o = (struct overview_screen *)t;
    struct console *c = t->screen.console;
    struct alert_rows rows;
    struct err err;
    if (!store_alert_list(console_reader(c), console_workspace(c), &rows, &err) ||
        !store_counts(console_reader(c), &o->counts, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    alert_rows_free(&o->alerts);
    o->alerts = rows;
    oldest_rows_free(&o->oldest);
    endpoint_states_free(&o->endpoints);
    if (!store_oldest_open(console_reader(c), &o->oldest, &err) ||
        !store_endpoint_list(console_reader(c), &o->endpoints, &err))
        console_toast(c, STYLE_ERROR, "%s", err.text);
    read_tries(o);
    table_update(&t->table, rows.count);
}

static void refresh(struct screen *s, unsigned changes)
{
    if (changes & (STORE_CHANGED_ALERTS | STORE_CHANGED_LOG | STORE_CHANGED_BUCKETS |
                   STORE_CHANGED_EVENTS | STORE_CHANGED_DELIVERIES))
        read_rows(&of(s)->base);
}

static void free_overview(struct screen *s)
{
    alert_rows_free(&of(s)->alerts);
    oldest_rows_free(&of(s)->oldest);
    endpoint_states_free(&of(s)->endpoints);
    rates_free(&of(s)->rates);
    table_screen_free(&of(s)->base);
    free(s);
}

/* The sums are kept for the whole store: of one workspace they would have to be counted. */
static void sums(const struct store_counts *n, size_t insecure, char *out, size_t size)
{
    size_t len = 0;
    if (insecure)
        len = (size_t)snprintf(out, size, "%zu INSECURE; ", insecure);
    snprintf(out + len, size - len,
             "all workspaces: %lld %s, %lld due, %lld retrying, %lld dead, %lld unmatched",
             (long long)n->waiting_events, n->waiting_events == 1 ? "event waits" : "events wait",
             (long long)n->deliveries[DELIVERY_WAITING] + n->deliveries[DELIVERY_SENDING],
             (long long)n->deliveries[DELIVERY_RETRYING],
             (long long)n->deliveries[DELIVERY_DEAD], (long long)n->unmatched);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct overview_screen *o = of(s);
    char what[200];
    size_t insecure = 0;
    for (size_t i = 0; i < o->alerts.count; i++)
        insecure += o->alerts.items[i].insecure;
    rates_advance(&o->rates, console_now(s->console));
    sums(&o->counts, insecure, what, sizeof what);
    table_screen_draw(&o->base, c, what, "There are no alerts yet.");
}

/* The minutes move on also when nothing happens, while there is something to move. */
static int64_t tick(struct screen *s)
{
    const struct overview_screen *o = of(s);
    if (o->endpoints.count)
        return 1000; /* until the next probe */
    for (const struct rate *r = o->rates.items; r; r = r->hh.next)
        if (rate_sum(r->attempts))
            return EMPTY_ROUND_MS;
    return o->oldest.count ? EMPTY_ROUND_MS : -1;
}

static bool act(struct screen *s, enum action a)
{
    struct overview_screen *o = of(s);
    size_t row;
    char filter[64];
    if (a == ACTION_OPEN && table_row(&o->base.table, &row)) {
        snprintf(filter, sizeof filter, "alert:%s", o->alerts.items[row].id);
        console_do(s->console, ACTION_SHOW_DELIVERIES, filter);
        return true;
    }
    return table_screen_act(s, a);
}

static const struct screen_ops OVERVIEW = {
    .title = "Overview",
    .covers = true,
    .free = free_overview,
    .place = PLACE_OVERVIEW,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .disabled = table_screen_disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
    .tick = tick,
};

struct screen *overview_new(struct console *c)
{
    struct overview_screen *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    table_screen_init(&o->base, &OVERVIEW, c, &TABLE, read_rows);
    return &o->base.screen;
}
