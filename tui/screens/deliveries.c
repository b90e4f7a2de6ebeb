/* The deliveries: everything that was sent, waits, is tried again or is dead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/timefmt.h"
#include "filters.h"
#include "reply.h"
#include "rules/retry.h"
#include "screens/newest.h"
#include "screens/screens.h"
#include "screens/words.h"
#include "short_text.h"
#include "store/deliveries.h"
#include "tuning.h"

enum { TIME, ALERT, EVENT, EVENTS, STATE, CODE, TRIES, NEXT, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [TIME] = {"TIME", 8, 8, 4},    [ALERT] = {"ALERT", 10, 32, 0},
    [EVENT] = {"EVENT", 10, 28, 3}, [EVENTS] = {"EVENTS", 6, 6, 6},
    [STATE] = {"STATUS", 9, 9, 0}, [CODE] = {"CODE", 4, 4, 1},
    [TRIES] = {"TRY", 3, 4, 5},    [NEXT] = {"NEXT", 13, 0, 2},
};
enum { READ_AT_MOST = 20000, SAMPLE = 3 };

struct deliveries_screen {
    struct table_screen base;
    struct delivery_rows rows;
    struct newest newest;
    size_t searched;
};

static struct deliveries_screen *of(struct screen *s)
{
    return (struct deliveries_screen *)s;
}

static const struct delivery *delivery_at(const void *arg, size_t row)
{
    return &((const struct deliveries_screen *)arg)->rows.items[row];
}

static const char *id(const void *arg, size_t row)
{
    return delivery_at(arg, row)->id;
}

/* How many failed stands beside it: where there is no room for that too, only the last
 * one's. */
static const char *short_reason(const char *reason, int width)
{
    const char *last = strstr(reason, RETRY_ALL_FAILED);
    bool fits = !last || (int)text_columns(span_of(reason)) <= width;
    return fits ? reason : last + strlen(RETRY_ALL_FAILED);
}

static void next_words(const struct deliveries_screen *d, const struct delivery *row,
                       int width, char *out, size_t size)
{
    char wait[24];
    int64_t left =
        row->next_at - clock_steady_ms(console_options(d->base.screen.console)->clock);
    if (row->reason) {
        snprintf(out, size, "%s", short_reason(row->reason, width));
    } else if (row->state == DELIVERY_RETRYING && left > 0) {
        words_wait(left, wait);
        snprintf(out, size, "in %s", wait);
    } else {
        out[0] = '\0';
    }
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct delivery *d = delivery_at(arg, row);
    struct console *c = ((const struct deliveries_screen *)arg)->base.screen.console;
    char time[16];
    switch (column) {
    case TIME:
        timefmt_row(d->created_at, console_now(c), time);
        snprintf(out, size, "%s", time);
        return STYLE_NORMAL;
    case ALERT:
        snprintf(out, size, "%s", d->alert_name ? d->alert_name : "");
        return STYLE_NORMAL;
    case EVENT:
        snprintf(out, size, "%s", event_type_name(d->type));
        return STYLE_NORMAL;
    case EVENTS:
        snprintf(out, size, "%lld", (long long)d->event_count);
        return STYLE_NORMAL;
    case STATE:
        snprintf(out, size, "%s", delivery_state_name(d->state));
        break;
    case CODE:
        snprintf(out, size, d->status ? "%d" : "-", d->status);
        break;
    case TRIES:
        snprintf(out, size, "%d", d->attempt_count);
        return STYLE_NORMAL;
    default:
        next_words(arg, d, width, out, size);
    }
    return words_state(d->state);
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct delivery *l = delivery_at(arg, a), *r = delivery_at(arg, b);
    switch (column) {
    case TIME:
        return table_by_number(l->created_at, r->created_at);
    case ALERT:
        return table_by_text(l->alert_name, r->alert_name);
    case EVENT:
        return table_by_number(l->type, r->type);
    case EVENTS:
        return table_by_number(l->event_count, r->event_count);
    case STATE:
        return table_by_number(l->state, r->state);
    case CODE:
        return table_by_number(l->status, r->status);
    case TRIES:
        return table_by_number(l->attempt_count, r->attempt_count);
    default:
        return table_by_text(l->reason, r->reason);
    }
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, id, cell, compare};

/* ------------------------------------------------------------------ reading */

static bool read_rows(struct table_screen *t, size_t wanted, size_t *count)
{
    struct deliveries_screen *d = (struct deliveries_screen *)t;
    struct console *c = t->screen.console;
    struct delivery_rows rows;
    struct err err;
    if (!filters_read_deliveries(console_reader(c), console_workspace(c), &t->filter,
                                 console_now(c), wanted, &rows, &d->searched, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return false;
    }
    delivery_rows_free(&d->rows);
    d->rows = rows;
    *count = rows.count;
    return true;
}

static void filter_changed(struct table_screen *t)
{
    newest_begin(&((struct deliveries_screen *)t)->newest);
}

static void refresh(struct screen *s, unsigned changes)
{
    if (changes & (STORE_CHANGED_DELIVERIES | STORE_CHANGED_ALERTS))
        newest_refresh(&of(s)->newest);
}

static void free_deliveries(struct screen *s)
{
    delivery_rows_free(&of(s)->rows);
    table_screen_free(&of(s)->base);
    free(s);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct deliveries_screen *d = of(s);
    char what[96];
    size_t n = d->rows.count;
    if (d->searched >= FILTERS_LOOKED_AT && n < d->newest.wanted)
        snprintf(what, sizeof what, "%zu among the newest %zu deliveries", n, d->searched);
    else
        snprintf(what, sizeof what, "%s%zu deliver%s",
                 n == d->newest.wanted ? "the newest " : "", n, n == 1 ? "y" : "ies");
    table_screen_draw(&d->base, c, what,
                      "Nothing was sent yet: a bucket that closes becomes a delivery.");
}

static int64_t tick(struct screen *s)
{
    struct deliveries_screen *d = of(s);
    int64_t now = clock_steady_ms(console_options(s->console)->clock);
    for (size_t i = 0; i < d->rows.count; i++)
        if (d->rows.items[i].state == DELIVERY_RETRYING && d->rows.items[i].next_at > now)
            return 1000;
    return -1;
}

/* ------------------------------------------------------------------ replay */

struct choice {
    const struct deliveries_screen *screen;
    const char **ids; /* NULL: only count */
    size_t ended, open;
    struct {
        const char *id, *name;
        size_t count;
    } alerts[SAMPLE]; /* the first ones, with how many are theirs */
    size_t others;    /* of further alerts */
};

static void count_alert(struct choice *c, const struct delivery *d)
{
    for (int i = 0; i < SAMPLE; i++) {
        if (!c->alerts[i].id) {
            c->alerts[i].id = d->alert_id;
            c->alerts[i].name = d->alert_name ? d->alert_name : "";
        }
        if (strcmp(c->alerts[i].id, d->alert_id) == 0) {
            c->alerts[i].count++;
            return;
        }
    }
    c->others++;
}

static void choose(void *arg, size_t row)
{
    struct choice *c = arg;
    const struct delivery *d = delivery_at(c->screen, row);
    if (!delivery_state_ended(d->state)) {
        c->open++;
        return;
    }
    if (c->ids)
        c->ids[c->ended] = d->id;
    c->ended++;
    count_alert(c, d);
}

static struct choice choose_for(struct deliveries_screen *d, enum action a, const char **ids)
{
    struct choice choice = {.screen = d, .ids = ids};
    if (a == ACTION_DELIVERY_REPLAY)
        table_chosen(&d->base.table, choose, &choice);
    else
        for (size_t i = 0; i < d->rows.count; i++)
            choose(&choice, i);
    return choice;
}

/* One is opened where its new attempt will be, of several the results are shown. */
static void replay_one(struct console *c, const char *id)
{
    struct screen *opened = delivery_new_attempt(c, id);
    struct reply *reply = opened ? reply_new(c, "it will be sent again, with the same id", NULL,
                                             NULL)
                                 : NULL;
    console_push(c, opened);
    if (reply)
        store_replay(console_options(c)->store, console_workspace(c), &id, 1, 0, reply_done,
                     reply);
}

static void replay(struct deliveries_screen *d, enum action a)
{
    struct console *c = d->base.screen.console;
    const char **ids = calloc(d->rows.count + 1, sizeof *ids);
    if (!ids)
        return;
    struct choice choice = choose_for(d, a, ids);
    if (choice.ended == 1)
        replay_one(c, ids[0]);
    else if (choice.ended)
        console_push(c, replays_new(c, ids, choice.ended));
    else
        console_toast(c, STYLE_WARN, "nothing of that has ended: only that can be sent again");
    free(ids);
}

static void add_alerts(const struct choice *c, struct buf *out)
{
    for (int i = 0; i < SAMPLE && c->alerts[i].id; i++)
        buf_add_format(out, "%s%zu of \"%s\"", i ? ", " : ": ", c->alerts[i].count,
                       short_text(&(struct short_text){0}, c->alerts[i].name, 40));
    if (c->others)
        buf_add_format(out, ", %zu of others", c->others);
}

/* The dry run: how many of which alerts, how fast, and what is left out. */
static void ask(struct screen *s, enum action a, char *out, size_t size)
{
    struct deliveries_screen *d = of(s);
    int64_t rate = console_settings(s->console)->number[SETTING_DELIVERY_REPLAY_RATE];
    struct buf text;
    if (a == ACTION_DELIVERY_REPLAY_ALL)
        newest_all(&d->newest);
    struct choice choice = choose_for(d, a, NULL);
    buf_init(&text, size - 1);
    buf_add_format(&text, "Send %zu deliver%s again, ", choice.ended,
                   choice.ended == 1 ? "y" : "ies");
    if (rate > 0)
        buf_add_format(&text, "%lld a second", (long long)rate);
    else
        buf_add_text(&text, "all at once");
    add_alerts(&choice, &text);
    buf_add_text(&text, "? Ids and bodies stay the same.");
    if (choice.open)
        buf_add_format(&text, " %zu still under way %s left alone.", choice.open,
                       choice.open == 1 ? "is" : "are");
    if (newest_is_full(&d->newest) || d->searched >= FILTERS_LOOKED_AT)
        buf_add_format(&text, " Older ones are not in the list.");
    snprintf(out, size, "%s", buf_text(&text));
    buf_free(&text);
}

static const char *disabled(struct screen *s, enum action a)
{
    if (a == ACTION_DELIVERY_REPLAY_ALL && of(s)->rows.count == 0)
        return "there is nothing to send again";
    return table_screen_disabled(s, a);
}

static bool act(struct screen *s, enum action a)
{
    struct deliveries_screen *d = of(s);
    size_t row;
    if (a == ACTION_DELIVERY_REPLAY || a == ACTION_DELIVERY_REPLAY_ALL) {
        replay(d, a);
        return true;
    }
    if (a == ACTION_OPEN && table_row(&d->base.table, &row)) {
        console_push(s->console, delivery_new(s->console, d->rows.items[row].id));
        return true;
    }
    return newest_act(&d->newest, a);
}

static const struct screen_ops DELIVERIES = {
    .title = "Deliveries",
    .covers = true,
    .free = free_deliveries,
    .place = PLACE_DELIVERIES,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .ask = ask,
    .disabled = disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
    .tick = tick,
};

struct screen *deliveries_new(struct console *c)
{
    struct deliveries_screen *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    table_screen_init(&d->base, &DELIVERIES, c, &TABLE, filter_changed);
    d->base.keys = filters_delivery;
    d->base.key_count = filters_delivery_count;
    newest_init(&d->newest, &d->base, read_rows, READ_AT_MOST);
    return &d->base.screen;
}
