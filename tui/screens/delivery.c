/* One delivery, opened: what was sent, and what came of every attempt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/timefmt.h"
#include "curl_command.h"
#include "diagnosis.h"
#include "editor.h"
#include "reply.h"
#include "screens/screens.h"
#include "screens/search.h"
#include "screens/table_screen.h"
#include "screens/words.h"
#include "store/alerts.h"
#include "store/deliveries.h"
#include "widgets/textview.h"

enum { BODY_SHOWN = 256 * 1024, EDITED_MAX = 16 * 1024 * 1024, SIDE_BY_SIDE_FROM = 120 };

struct delivery_screen {
    struct screen screen;
    char id[UUID_SIZE];
    struct textview all;               /* in one column */
    struct textview request, attempts; /* side by side, where there is room */
    struct search search;
    bool wide, right;                  /* right: the attempts have the keys */
    bool ended;                        /* delivered or dead */
    int attempts_seen;                 /* one more and the cursor goes there; -1: it stays */
    struct buf slip;                   /* edited, but no JSON: the next edit goes on with it */
    struct delivery shown; /* as it is shown, without body and attempts; no id: not yet */
};

static struct delivery_screen *of(struct screen *s)
{
    return (struct delivery_screen *)s;
}

static void free_delivery(struct screen *s)
{
    textview_free(&of(s)->all);
    textview_free(&of(s)->request);
    textview_free(&of(s)->attempts);
    delivery_free(&of(s)->shown);
    buf_free(&of(s)->slip);
    free(s);
}

/* ------------------------------------------------------------------ the text */

static void add_pretty(struct textview *v, const char *text, size_t len)
{
    struct buf pretty;
    bool cut = len > BODY_SHOWN;
    buf_init(&pretty, 16 * BODY_SHOWN);
    if (cut || !js_pretty(&pretty, (struct span){text, len}, 2)) {
        buf_clear(&pretty);
        buf_add(&pretty, text, cut ? BODY_SHOWN : len);
    }
    textview_add_json(v, buf_span(&pretty));
    if (cut)
        textview_format(v, STYLE_DIM, "(the first %d of %zu bytes)", BODY_SHOWN, len);
    buf_free(&pretty);
}

static void add_lines(struct textview *v, const char *lines, size_t len)
{
    struct buf indented;
    buf_init(&indented, BUF_UNLIMITED);
    for (size_t i = 0; i < len;) {
        const char *end = memchr(lines + i, '\n', len - i);
        size_t next = end ? (size_t)(end - lines) : len, stop = next;
        while (stop > i && lines[stop - 1] == '\r')
            stop--;
        if (stop > i)
            buf_add_format(&indented, "%s    %.*s", indented.len ? "\n" : "",
                           (int)(stop - i), lines + i);
        i = next + 1;
    }
    if (indented.len)
        textview_add(v, STYLE_NORMAL, 6, true, buf_span(&indented));
    buf_free(&indented);
}

/* Only how far it came: without TLS there is no such time, and a connection that is used
 * again has none of the first ones. */
static void add_times(struct textview *v, const struct outcome *o)
{
    const struct {
        const char *name;
        int64_t us;
    } times[] = {{"DNS", o->dns_us},
                 {"connected", o->connect_us},
                 {"TLS", o->tls_us},
                 {"first byte", o->first_us}};
    struct buf line;
    const char *before = ":";
    buf_init(&line, BUF_UNLIMITED);
    buf_add_format(&line, "  to %s", o->address);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        if (times[i].us <= 0)
            continue;
        buf_add_format(&line, "%s %s %lld ms", before, times[i].name,
                       (long long)times[i].us / 1000);
        before = ",";
    }
    textview_add(v, STYLE_DIM, 2, true, buf_span(&line));
    buf_free(&line);
}

static void add_attempt(struct textview *v, const struct attempt *a)
{
    char time[TIMEFMT_LOCAL_SIZE], took[24], wait[24], why[80];
    const struct outcome *o = &a->outcome;
    enum style style =
        o->kind == OUTCOME_RESPONSE && o->status / 100 == 2 ? STYLE_OK : STYLE_ERROR;
    timefmt_local(o->started_at, time);
    duration_human(o->total_us / 1000, took);
    textview_add(v, STYLE_NORMAL, 0, true, span_of(""));
    if (o->kind == OUTCOME_RESPONSE)
        textview_format(v, style, "Attempt %d at %s: answered %d in %s", a->n, time,
                        o->status, took);
    else
        textview_format(v, style, "Attempt %d at %s: %s", a->n, time,
                        o->error[0] ? o->error : "outcome unknown");
    if (o->address[0])
        add_times(v, o);
    if (a->next_at) {
        duration_human(a->next_at - o->started_at, wait);
        attempt_why_next(a, why, sizeof why);
        textview_format(v, STYLE_DIM, "  the next attempt %s after it began: %s", wait, why);
    }
    if (o->headers_len)
        add_lines(v, o->headers, o->headers_len);
    if (o->body_len) {
        textview_format(v, STYLE_DIM,
                        "  the answer's body, %lld bytes%s:", (long long)o->body_total,
                        o->body_total > (int64_t)o->body_len ? " (its start)" : "");
        add_pretty(v, o->body, o->body_len);
    }
}

static void add_summary(struct textview *v, const struct delivery *d)
{
    char at[TIMEFMT_LOCAL_SIZE];
    timefmt_local(d->created_at, at);
    textview_format(v, STYLE_HEADING, "Delivery %s", d->id);
    textview_format(v, STYLE_NORMAL, "Alert      %s", d->alert_name ? d->alert_name : "");
    textview_format(v, STYLE_NORMAL, "Event      %s, %lld event%s",
                    event_type_name(d->type), (long long)d->event_count,
                    d->event_count == 1 ? "" : "s");
    if (d->truncated)
        textview_format(v, STYLE_WARN, "Truncated  %lld more events are not in it",
                        (long long)d->truncated);
    textview_format(v, STYLE_NORMAL, "Created    %s", at);
    textview_format(v, words_state(d->state), "State      %s%s%s",
                    delivery_state_name(d->state), d->reason ? ": " : "",
                    d->reason ? d->reason : "");
}

/* The headers of the last attempt that got as far as sending them. */
static const char *request_headers(const struct delivery *d)
{
    const char *headers = NULL;
    for (int i = 0; d->attempts && i < d->attempt_count; i++)
        if (d->attempts[i].request_headers)
            headers = d->attempts[i].request_headers;
    return headers;
}

static void add_request(struct textview *v, const struct delivery *d)
{
    const char *headers = request_headers(d);
    textview_add(v, STYLE_NORMAL, 0, true, span_of(""));
    if (headers) {
        textview_format(v, STYLE_HEADING, "Request headers, secrets masked");
        add_lines(v, headers, strlen(headers));
    }
    textview_format(v, STYLE_HEADING, "Request body, %zu bytes", d->body_len);
    if (d->body)
        add_pretty(v, d->body, d->body_len);
}

static void add_attempts(struct textview *v, const struct delivery *d)
{
    for (int i = 0; d->attempts && i < d->attempt_count; i++)
        add_attempt(v, &d->attempts[i]);
}

static enum alert_destination destination_of(struct console *c, const struct delivery *d)
{
    struct alert alert;
    if (!store_alert_get(console_reader(c), console_workspace(c), d->alert_id, &alert,
                         NULL))
        return DESTINATION_GENERAL;
    enum alert_destination destination = alert.destination;
    alert_free(&alert);
    return destination;
}

/* What to look at, where the last attempt failed. */
static void add_hint(struct delivery_screen *s, const struct delivery *d)
{
    const struct attempt *last =
        d->attempts && d->attempt_count ? &d->attempts[d->attempt_count - 1] : NULL;
    const char *advice =
        last ? diagnosis_advice(&last->outcome, destination_of(s->screen.console, d))
             : NULL;
    if (!advice)
        return;
    textview_format(&s->all, STYLE_NORMAL, "Hint       %s", advice);
    textview_format(&s->request, STYLE_NORMAL, "Hint       %s", advice);
}

static void build(struct delivery_screen *s, const struct delivery *d)
{
    add_summary(&s->all, d);
    add_summary(&s->request, d);
    add_hint(s, d);
    add_attempts(&s->all, d);
    add_request(&s->all, d);
    add_request(&s->request, d);
    add_attempts(&s->attempts, d);
    if (d->attempt_count == 0)
        textview_format(&s->attempts, STYLE_DIM, "No attempt has ended yet.");
}

static bool load(struct delivery_screen *d, struct delivery *out, struct err *err)
{
    struct console *c = d->screen.console;
    const struct clock *clock = console_options(c)->clock;
    if (!store_delivery_get(console_reader(c), console_workspace(c), d->id, out, err))
        return false;
    delivery_shift(out, clock_shown_ms(clock, 0)); /* beside times of the wall clock */
    return true;
}

static void go_to_new_attempt(struct delivery_screen *d)
{
    char head[32];
    int count = d->shown.attempt_count;
    if (d->attempts_seen < 0 || count <= d->attempts_seen)
        return;
    snprintf(head, sizeof head, "Attempt %d at", count);
    textview_find(&d->all, head, false);
    textview_find(&d->attempts, head, false);
    d->right = true;
    d->attempts_seen = d->ended ? -1 : count;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The log changes with every other delivery: this one is not read whole again for them, which would
 * also end a search in it. False: it is shown as it stands. */
static bool has_changed(struct delivery_screen *d)
{
    struct console *c = d->screen.console;
    struct delivery row, *shown = &d->shown;
    if (!store_delivery_row(console_reader(c), console_workspace(c), d->id, &row, NULL)) {
        delivery_free(shown);
        return true;
    }
    bool changed = !same(row.id, shown->id) || row.state != shown->state ||
                   row.attempt_count != shown->attempt_count ||
                   row.next_at != shown->next_at || row.status != shown->status ||
                   !same(row.alert_name, shown->alert_name) || !same(row.reason, shown->reason);
    delivery_free(shown);
    *shown = row;
    return changed;
}

static void refresh(struct screen *s, unsigned changes)
{
    struct delivery_screen *d = of(s);
    struct delivery delivery;
    struct err err;
    if (!(changes & (STORE_CHANGED_DELIVERIES | STORE_CHANGED_LOG)) || !has_changed(d))
        return;
    textview_clear(&d->all);
    textview_clear(&d->request);
    textview_clear(&d->attempts);
    d->ended = false;
    if (!load(d, &delivery, &err)) {
        textview_format(&d->all, STYLE_ERROR, "%s", err.text);
        textview_format(&d->request, STYLE_ERROR, "%s", err.text);
        delivery_free(&d->shown); /* it is tried again with the next change */
        return;
    }
    build(d, &delivery);
    d->ended = delivery_state_ended(delivery.state);
    go_to_new_attempt(d);
    delivery_free(&delivery);
}

/* ------------------------------------------------------------------ the screen */

static void draw(struct screen *s, const struct canvas *c)
{
    struct delivery_screen *d = of(s);
    struct canvas inside = canvas_part(c, 0, 1, c->rows, c->columns - 1);
    canvas_clear(c, STYLE_NORMAL);
    d->wide = c->columns >= SIDE_BY_SIDE_FROM;
    if (!d->wide) {
        textview_draw(&d->all, &inside);
        return;
    }
    int half = inside.columns / 2;
    struct canvas left = canvas_part(&inside, 1, 0, c->rows - 1, half - 1);
    struct canvas right = canvas_part(&inside, 1, half + 1, c->rows - 1, inside.columns);
    struct canvas heads[2] = {canvas_part(&inside, 0, 0, 1, half - 1),
                              canvas_part(&inside, 0, half + 1, 1, inside.columns)};
    canvas_rule(&heads[0], 0, d->right ? STYLE_NORMAL : STYLE_HEADING, "Request");
    canvas_rule(&heads[1], 0, d->right ? STYLE_HEADING : STYLE_NORMAL, "Attempts and answers");
    textview_draw(d->right ? &d->request : &d->attempts, d->right ? &left : &right);
    textview_draw(d->right ? &d->attempts : &d->request, d->right ? &right : &left);
}

static const char *disabled(struct screen *s, enum action a)
{
    if (a == ACTION_NEXT_PANE && !of(s)->wide)
        return "all stands in one column here; a wider terminal has two";
    bool no = a == ACTION_DELIVERY_REPLAY && !of(s)->ended;
    return no ? "it is still being delivered: only what has ended can be sent again" : NULL;
}

static void copy_body(struct delivery_screen *d, const struct delivery *delivery)
{
    table_screen_copy(d->screen.console, (struct span){delivery->body, delivery->body_len},
                      "the body");
}

static void copy_curl(struct delivery_screen *d, const struct delivery *delivery)
{
    struct console *c = d->screen.console;
    char origin[ALERT_URL_MAX];
    struct alert alert;
    struct buf out;
    const char *headers = request_headers(delivery);
    bool known = store_alert_get(console_reader(c), console_workspace(c), delivery->alert_id,
                                 &alert, NULL);
    snprintf(origin, sizeof origin, "an alert that is gone");
    if (known) {
        alert_url_origin(alert.url, origin, sizeof origin);
        alert_free(&alert);
    }
    buf_init(&out, BUF_UNLIMITED);
    if (curl_command(&out, origin, span_of(headers ? headers : ""),
                     (struct span){delivery->body, delivery->body_len}))
        table_screen_copy(c, buf_span(&out), "the curl command");
    buf_free(&out);
}

static void with(struct delivery_screen *d,
                 void (*what)(struct delivery_screen *d, const struct delivery *delivery))
{
    struct delivery delivery;
    struct err err;
    if (!load(d, &delivery, &err)) {
        console_toast(d->screen.console, STYLE_ERROR, "%s", err.text);
        return;
    }
    what(d, &delivery);
    delivery_free(&delivery);
}

static void replay(struct delivery_screen *d)
{
    struct console *c = d->screen.console;
    struct reply *reply = reply_new(c, "it will be sent again, with the same id", NULL, NULL);
    const char *id = d->id;
    d->attempts_seen = d->shown.attempt_count;
    if (reply)
        store_replay(console_options(c)->store, console_workspace(c), &id, 1, 0, reply_done,
                     reply);
}

/* As a test and not as a delivery: what was accepted is not changed, nor counted twice. */
static void send_edited(struct delivery_screen *d, const struct delivery *delivery,
                        struct span body)
{
    struct console *c = d->screen.console;
    struct alert alert;
    struct err err;
    if (!store_alert_get(console_reader(c), console_workspace(c), delivery->alert_id, &alert,
                         &err)) {
        console_toast(c, STYLE_ERROR, "nothing was sent: its alert is gone");
        return;
    }
    console_push(c, test_dialog_new(c, &alert, delivery->type, body));
    alert_free(&alert);
}

static void keep_slip(struct delivery_screen *d, struct span edited)
{
    buf_clear(&d->slip);
    bool kept = buf_add_span(&d->slip, edited);
    console_toast(d->screen.console, STYLE_ERROR, "nothing was sent: that is no JSON%s",
                  kept ? "; e goes on with it" : "");
}

static void edit(struct delivery_screen *d, const struct delivery *delivery)
{
    struct console *c = d->screen.console;
    struct span old = {delivery->body, delivery->body_len};
    struct buf pretty, edited, checked;
    struct err err;
    buf_init(&pretty, BUF_UNLIMITED);
    buf_init(&edited, EDITED_MAX);
    buf_init(&checked, BUF_UNLIMITED);
    if (!js_pretty(&pretty, old, 2)) {
        buf_clear(&pretty);
        buf_add_span(&pretty, old);
    }
    struct span begun = d->slip.len ? buf_span(&d->slip) : buf_span(&pretty);
    if (!editor_edit(begun, ".json", &edited, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
    } else if (span_same(buf_span(&pretty), buf_span(&edited))) {
        console_toast(c, STYLE_WARN, "nothing was sent: the body was not changed");
        buf_free(&d->slip);
    } else if (!js_pretty(&checked, buf_span(&edited), 0)) {
        keep_slip(d, buf_span(&edited));
    } else {
        send_edited(d, delivery, buf_span(&edited));
        buf_free(&d->slip);
    }
    buf_free(&pretty);
    buf_free(&edited);
    buf_free(&checked);
}

static struct textview *read_now(struct delivery_screen *d)
{
    return !d->wide ? &d->all : d->right ? &d->attempts : &d->request;
}

static bool act(struct screen *s, enum action a)
{
    struct delivery_screen *d = of(s);
    switch (a) {
    case ACTION_DELIVERY_REPLAY:
        replay(d);
        return true;
    case ACTION_DELIVERY_CURL:
        with(d, copy_curl);
        return true;
    case ACTION_DELIVERY_EDIT:
        with(d, edit);
        return true;
    case ACTION_COPY:
        with(d, copy_body);
        return true;
    case ACTION_NEXT_PANE:
        d->right = !d->right;
        return true;
    default:
        return search_act(&d->search, s->console, read_now(d), a) ||
               textview_act(read_now(d), a);
    }
}

static bool mouse(struct screen *s, const struct key *k)
{
    struct delivery_screen *d = of(s);
    int rows, columns;
    if (!d->wide)
        return false;
    term_size(&rows, &columns);
    d->right = k->x > columns / 2; /* the wheel moves in what is under it */
    return k->code == MOUSE_CLICK;
}

static const struct screen_ops DELIVERY = {
    .title = "Delivery",
    .covers = true,
    .free = free_delivery,
    .place = PLACE_DELIVERY,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .disabled = disabled,
    .mouse = mouse,
};

struct screen *delivery_new(struct console *c, const char *id)
{
    struct delivery_screen *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->screen = (struct screen){.ops = &DELIVERY, .console = c};
    snprintf(d->id, sizeof d->id, "%s", id);
    d->attempts_seen = -1;
    buf_init(&d->slip, EDITED_MAX);
    textview_init(&d->all);
    textview_init(&d->request);
    textview_init(&d->attempts);
    return &d->screen;
}

struct screen *delivery_new_attempt(struct console *c, const char *id)
{
    struct screen *s = delivery_new(c, id);
    struct delivery row;
    struct err err;
    if (s && store_delivery_row(console_reader(c), console_workspace(c), id, &row, &err)) {
        of(s)->attempts_seen = row.attempt_count;
        delivery_free(&row);
    }
    return s;
}
