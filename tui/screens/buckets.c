/* The open buckets: what waits, how long still, and "send now". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/timefmt.h"
#include "reply.h"
#include "screens/screens.h"
#include "screens/table_screen.h"
#include "screens/words.h"
#include "short_text.h"
#include "store/buckets.h"
#include "widgets/textview.h"

enum { ALERT, EVENT, EVENTS, OPENED, LEFT, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [ALERT] = {"ALERT", 10, 40, 0},  [EVENT] = {"EVENT", 12, 28, 1},
    [EVENTS] = {"EVENTS", 6, 8, 0},  [OPENED] = {"OPENED", 8, 8, 2},
    [LEFT] = {"LEFT", 9, 12, 0},
};
enum { SHOWN_MAX = 5000, EVENTS_SHOWN = 200 };
enum { SENT_LINE = 1 }; /* of a bucket's page: when it is sent */

struct buckets_screen {
    struct table_screen base;
    struct bucket_rows rows;
};

static struct buckets_screen *of(struct screen *s)
{
    return (struct buckets_screen *)s;
}

static const struct bucket *bucket_at(const void *arg, size_t row)
{
    return &((const struct buckets_screen *)arg)->rows.items[row];
}

static const char *id(const void *arg, size_t row)
{
    return bucket_at(arg, row)->key;
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct buckets_screen *b = arg;
    const struct bucket *k = bucket_at(arg, row);
    const struct clock *clock = console_options(b->base.screen.console)->clock;
    int64_t left = k->due_at - clock_steady_ms(clock);
    char text[24];
    (void)width;
    switch (column) {
    case ALERT:
        snprintf(out, size, "%s", k->alert_name ? k->alert_name : "");
        break;
    case EVENT:
        snprintf(out, size, "%s", event_type_name(k->type));
        break;
    case EVENTS:
        snprintf(out, size, "%lld", (long long)k->events);
        break;
    case OPENED:
        timefmt_row(clock_shown_ms(clock, k->opened_at), console_now(b->base.screen.console),
                    text);
        snprintf(out, size, "%s", k->silence_id[0] ? "silenced" : text);
        break;
    default:
        words_wait(left, text);
        snprintf(out, size, "%s", left > 0 ? text : "closing");
    }
    return STYLE_NORMAL;
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct bucket *l = bucket_at(arg, a), *r = bucket_at(arg, b);
    switch (column) {
    case ALERT:
        return table_by_text(l->alert_name, r->alert_name);
    case EVENT:
        return (int)l->type - (int)r->type;
    case EVENTS:
        return table_by_number(l->events, r->events);
    case OPENED:
        return table_by_number(l->opened_at, r->opened_at);
    default:
        return table_by_number(l->due_at, r->due_at);
    }
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, id, cell, compare};

static void read_rows(struct table_screen *t)
{
    struct buckets_screen *b = (struct buckets_screen *)t;
    struct console *c = t->screen.console;
    struct bucket_rows rows;
    struct err err;
    if (!store_bucket_list(console_reader(c), console_workspace(c), SHOWN_MAX, &rows, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    bucket_rows_free(&b->rows);
    b->rows = rows;
    table_update(&t->table, rows.count);
}

static void refresh(struct screen *s, unsigned changes)
{
    if (changes & (STORE_CHANGED_BUCKETS | STORE_CHANGED_EVENTS | STORE_CHANGED_ALERTS))
        read_rows(&of(s)->base);
}

static void free_buckets(struct screen *s)
{
    bucket_rows_free(&of(s)->rows);
    table_screen_free(&of(s)->base);
    free(s);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct buckets_screen *b = of(s);
    char what[64];
    snprintf(what, sizeof what, "%zu open bucket%s", b->rows.count,
             b->rows.count == 1 ? "" : "s");
    table_screen_draw(&b->base, c, what,
                      "Nothing waits. A bucket opens with the first event that an alert takes.");
}

static int64_t tick(struct screen *s)
{
    return of(s)->rows.count ? 1000 : -1;
}

/* ------------------------------------------------------------------ send now */

static void send_now(struct buckets_screen *b)
{
    struct console *c = b->base.screen.console;
    size_t count;
    const char **keys = table_chosen_ids(&b->base.table, &count);
    struct reply *reply = NULL;
    if (keys)
        reply = reply_new(c,
                          count == 1 ? "the bucket is closed and sent now"
                                     : "the buckets are closed and sent now",
                          NULL, NULL);
    if (reply)
        store_bucket_send_now(console_options(c)->store, console_workspace(c), keys, count,
                              reply_done, reply);
    free(keys);
}

struct sum {
    const struct buckets_screen *screen;
    const struct bucket *first;
    size_t count;
    int64_t events;
};

static void add_up(void *arg, size_t row)
{
    struct sum *s = arg;
    const struct bucket *k = bucket_at(s->screen, row);
    if (!s->first)
        s->first = k;
    s->count++;
    s->events += k->events;
}

static void ask(struct screen *s, enum action a, char *out, size_t size)
{
    const struct buckets_screen *b = of(s);
    struct sum sum = {.screen = b};
    (void)a;
    table_chosen(&b->base.table, add_up, &sum);
    const char *name = sum.first && sum.first->alert_name ? sum.first->alert_name : "";
    snprintf(out, size,
             "Send %zu buckets with %lld events now, before their windows end? \"%s\" (%s)%s",
             sum.count, (long long)sum.events, short_text(&(struct short_text){0}, name, 60),
             sum.first ? event_type_name(sum.first->type) : "",
             sum.count > 1 ? " and others." : ".");
}

/* ------------------------------------------------------------------ what waits */

static void add_event(void *arg, const struct payload_event *e)
{
    struct buf pretty;
    buf_init(&pretty, BUF_UNLIMITED);
    if (!js_pretty(&pretty, e->entity, 2))
        buf_add_span(&pretty, e->entity);
    textview_add(arg, STYLE_NORMAL, 0, true, span_of(""));
    textview_format(arg, STYLE_STRONG, "Event %s of %.*s", e->id, (int)e->user.len, e->user.at);
    textview_add_json(arg, buf_span(&pretty));
    buf_free(&pretty);
}

static void open_bucket(struct buckets_screen *b, const struct bucket *k)
{
    struct console *c = b->base.screen.console;
    struct textview text;
    struct err err;
    char at[TIMEFMT_LOCAL_SIZE];
    textview_init(&text);
    const struct clock *clock = console_options(c)->clock;
    timefmt_local(clock_shown_ms(clock, k->opened_at), at);
    textview_format(&text, STYLE_HEADING, "%s", k->alert_name ? k->alert_name : k->alert_id);
    textview_format(&text, STYLE_NORMAL, "Events     %lld of %s, to be sent as one webhook",
                    (long long)k->events, event_type_name(k->type));
    textview_format(&text, STYLE_NORMAL, "Opened     %s", at);
    if (!store_bucket_events(console_reader(c), console_workspace(c), k->key, EVENTS_SHOWN,
                             add_event, &text, &err))
        textview_format(&text, STYLE_ERROR, "%s", err.text);
    if (k->events > EVENTS_SHOWN)
        textview_format(&text, STYLE_DIM, "(the first %d)", EVENTS_SHOWN);
    console_push(c, reader_new_until(c, &text, SENT_LINE, k->due_at));
}

static bool act(struct screen *s, enum action a)
{
    struct buckets_screen *b = of(s);
    if (a == ACTION_BUCKET_SEND) {
        send_now(b);
        return true;
    }
    size_t row;
    if (a == ACTION_OPEN && table_row(&b->base.table, &row)) {
        open_bucket(b, bucket_at(b, row));
        return true;
    }
    return table_screen_act(s, a);
}

static const struct screen_ops BUCKETS = {
    .title = "Buckets",
    .covers = true,
    .free = free_buckets,
    .place = PLACE_BUCKETS,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .ask = ask,
    .disabled = table_screen_disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
    .tick = tick,
};

struct screen *buckets_new(struct console *c)
{
    struct buckets_screen *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    table_screen_init(&b->base, &BUCKETS, c, &TABLE, read_rows);
    return &b->base.screen;
}
