/* Sends deliveries again, paced, and shows what comes of each: the cursor goes along with the
 * newest attempt until a person moves it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "reply.h"
#include "screens/screens.h"
#include "screens/table_screen.h"
#include "screens/words.h"
#include "store/deliveries.h"
#include "tuning.h"

enum { ALERT, EVENT, EVENTS, RESULT, ID, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [ALERT] = {"ALERT", 10, 40, 0},  [EVENT] = {"EVENT", 12, 28, 2},
    [EVENTS] = {"EVENTS", 6, 8, 1},  [RESULT] = {"RESULT", 20, 0, 0},
    [ID] = {"ID", 36, 36, 3},
};
enum { READ_AT_ONCE = 500 };

struct item {
    struct delivery row;
    int attempts_before;
};

struct replays_screen {
    struct table_screen base;
    struct item *items;
    size_t count;
    size_t read_next; /* where the next look goes on: a large replay is read in parts */
    bool moved;       /* by a person: the cursor stays */
};

static struct replays_screen *of(struct screen *s)
{
    return (struct replays_screen *)s;
}

static const struct item *at(const void *arg, size_t row)
{
    return &((const struct replays_screen *)arg)->items[row];
}

static bool is_done(const struct item *i)
{
    return delivery_state_ended(i->row.state) && i->row.attempt_count > i->attempts_before;
}

/* ------------------------------------------------------------------ rows */

static const char *id(const void *arg, size_t row)
{
    return at(arg, row)->row.id;
}

static enum style result(const struct replays_screen *r, const struct item *i, char *out,
                         size_t size)
{
    char wait[24];
    const struct delivery *d = &i->row;
    int64_t left = d->next_at - clock_steady_ms(console_options(r->base.screen.console)->clock);
    words_wait(left, wait);
    if (delivery_state_ended(d->state) && !is_done(i)) {
        snprintf(out, size, "not sent again");
        return STYLE_DIM;
    }
    if (d->state == DELIVERY_DELIVERED)
        snprintf(out, size, "delivered, answer %d", d->status);
    else if (d->state == DELIVERY_DEAD)
        snprintf(out, size, "dead: %s", d->reason ? d->reason : "");
    else if (d->state == DELIVERY_SENDING || left <= 0)
        snprintf(out, size, "sending");
    else
        snprintf(out, size, "%s, in %s", delivery_state_name(d->state), wait);
    return words_state(d->state);
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct replays_screen *r = arg;
    const struct delivery *d = &at(arg, row)->row;
    (void)width;
    switch (column) {
    case ALERT:
        snprintf(out, size, "%s", d->alert_name ? d->alert_name : "");
        return STYLE_NORMAL;
    case EVENT:
        snprintf(out, size, "%s", event_type_name(d->type));
        return STYLE_NORMAL;
    case EVENTS:
        snprintf(out, size, "%lld", (long long)d->event_count);
        return STYLE_NORMAL;
    case RESULT:
        return result(r, at(arg, row), out, size);
    default:
        snprintf(out, size, "%s", d->id);
        return STYLE_DIM;
    }
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct delivery *l = &at(arg, a)->row, *r = &at(arg, b)->row;
    switch (column) {
    case ALERT:
        return table_by_text(l->alert_name, r->alert_name);
    case EVENT:
        return (int)l->type - (int)r->type;
    case EVENTS:
        return table_by_number(l->event_count, r->event_count);
    case RESULT:
        return (int)l->state - (int)r->state;
    default:
        return strcmp(l->id, r->id);
    }
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, id, cell, compare};

/* True: it has a new attempt. One that went meanwhile (retention) keeps what was seen last. */
static bool read_one(struct replays_screen *r, struct item *i)
{
    struct console *c = r->base.screen.console;
    struct delivery next;
    struct err err;
    if (!store_delivery_row(console_reader(c), console_workspace(c), i->row.id, &next, &err))
        return false;
    bool attempted = next.attempt_count > i->row.attempt_count;
    delivery_free(&i->row);
    i->row = next;
    return attempted;
}

static void refresh(struct screen *s, unsigned changes)
{
    struct replays_screen *r = of(s);
    size_t looked = 0, read = 0;
    const char *newest = NULL;
    if (!(changes & (STORE_CHANGED_DELIVERIES | STORE_CHANGED_LOG)))
        return;
    for (; looked < r->count && read < READ_AT_ONCE; looked++) {
        struct item *i = &r->items[(r->read_next + looked) % r->count];
        if (is_done(i))
            continue;
        read++;
        if (read_one(r, i))
            newest = i->row.id;
    }
    r->read_next = r->count ? (r->read_next + looked) % r->count : 0;
    table_update(&r->base.table, r->count);
    if (newest && !r->moved)
        table_select(&r->base.table, newest);
}

static void reload(struct table_screen *t)
{
    table_update(&t->table, ((struct replays_screen *)t)->count);
}

/* ------------------------------------------------------------------ the screen */

static void draw(struct screen *s, const struct canvas *c)
{
    struct replays_screen *r = of(s);
    size_t delivered = 0, dead = 0;
    char what[96];
    for (size_t i = 0; i < r->count; i++) {
        bool done = is_done(&r->items[i]);
        delivered += done && r->items[i].row.state == DELIVERY_DELIVERED;
        dead += done && r->items[i].row.state == DELIVERY_DEAD;
    }
    snprintf(what, sizeof what, "%zu sent again: %zu delivered, %zu dead, %zu to come", r->count,
             delivered, dead, r->count - delivered - dead);
    table_screen_draw(&r->base, c, what, "");
}

/* Waits are shown in seconds. */
static int64_t tick(struct screen *s)
{
    struct replays_screen *r = of(s);
    for (size_t i = 0; i < r->count; i++)
        if (!delivery_state_ended(r->items[i].row.state))
            return 1000;
    return -1;
}

static bool act(struct screen *s, enum action a)
{
    struct replays_screen *r = of(s);
    size_t row;
    r->moved = true;
    if (a == ACTION_OPEN && table_row(&r->base.table, &row)) {
        console_push(s->console, delivery_new(s->console, r->items[row].row.id));
        return true;
    }
    return table_screen_act(s, a);
}

static void free_replays(struct screen *s)
{
    struct replays_screen *r = of(s);
    table_screen_free(&r->base);
    for (size_t i = 0; i < r->count; i++)
        delivery_free(&r->items[i].row);
    free(r->items);
    free(r);
}

static const struct screen_ops REPLAYS = {
    .title = "Deliveries > Sent again",
    .covers = true,
    .free = free_replays,
    .place = PLACE_REPLAYS,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .disabled = table_screen_disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
    .tick = tick,
};

static void read_first(struct replays_screen *r, const char *const *ids, size_t count)
{
    struct console *c = r->base.screen.console;
    for (size_t i = 0; i < count; i++) {
        struct item *item = &r->items[r->count];
        struct err err;
        if (!store_delivery_row(console_reader(c), console_workspace(c), ids[i], &item->row, &err))
            continue;
        item->attempts_before = item->row.attempt_count;
        r->count++;
    }
}

struct screen *replays_new(struct console *c, const char *const *ids, size_t count)
{
    struct replays_screen *r = calloc(1, sizeof *r);
    struct item *items = calloc(count + 1, sizeof *items);
    struct reply *reply = r && items ? reply_new(c, NULL, NULL, NULL) : NULL;
    if (!reply) {
        free(items);
        free(r);
        return NULL;
    }
    table_screen_init(&r->base, &REPLAYS, c, &TABLE, reload);
    r->items = items;
    read_first(r, ids, count);
    store_replay(console_options(c)->store, console_workspace(c), ids, count,
                 tuning_replay_spacing(console_settings(c)), reply_done, reply);
    return &r->base.screen;
}
