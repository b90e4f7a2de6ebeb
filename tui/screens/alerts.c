#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "reply.h"
#include "screens/layout.h"
#include "screens/logpane.h"
#include "screens/screens.h"
#include "screens/waiting.h"
#include "screens/words.h"
#include "widgets/columns.h"
#include "widgets/list.h"

enum { NAME, ENABLED, ENDPOINT, TRIGGERS, LAST, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [NAME] = {"NAME", 12, 40, 0},         [ENABLED] = {"ON", 3, 3, 1},
    [ENDPOINT] = {"ENDPOINT", 18, 40, 4}, [TRIGGERS] = {"TRIGGERS", 12, 0, 3},
    [LAST] = {"LAST", 13, 13, 2},
};

struct alerts_screen {
    struct screen screen;
    struct alert_rows rows;
    struct list list;
    char selected[UUID_SIZE];
    char workspace[160]; /* of the rows */
    struct waiting waiting;
    struct logpane log;
    bool in_log;
};

static struct alerts_screen *of(struct screen *s)
{
    return (struct alerts_screen *)s;
}

static const struct alert_row *selected_row(const struct alerts_screen *a)
{
    return a->list.count ? &a->rows.items[a->list.selected] : NULL;
}

static void free_alerts(struct screen *s)
{
    struct alerts_screen *a = of(s);
    alert_rows_free(&a->rows);
    waiting_free(&a->waiting);
    logpane_free(&a->log);
    free(a);
}

static unsigned place(struct screen *s)
{
    return of(s)->in_log ? PLACE_LOG : PLACE_ALERTS;
}

/* ------------------------------------------------------------------ reading */

static void keep_selection(struct alerts_screen *a)
{
    list_set_count(&a->list, a->rows.count);
    for (size_t i = 0; i < a->rows.count; i++)
        if (strcmp(a->rows.items[i].id, a->selected) == 0)
            list_select(&a->list, i);
}

static void note_selection(struct alerts_screen *a)
{
    const struct alert_row *row = selected_row(a);
    snprintf(a->selected, sizeof a->selected, "%s", row ? row->id : "");
}

static void read_rows(struct alerts_screen *a)
{
    struct console *c = a->screen.console;
    struct alert_rows rows;
    struct err err;
    if (!store_alert_list(console_reader(c), console_workspace(c), &rows, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    alert_rows_free(&a->rows);
    a->rows = rows;
    keep_selection(a);
    note_selection(a);
}

static void refresh(struct screen *s, unsigned changes)
{
    struct alerts_screen *a = of(s);
    const char *workspace = console_workspace(s->console);
    if (strncmp(a->workspace, workspace, sizeof a->workspace - 1) != 0) {
        snprintf(a->workspace, sizeof a->workspace, "%s", workspace);
        logpane_restart(&a->log);
    }
    if (changes & (STORE_CHANGED_ALERTS | STORE_CHANGED_DELIVERIES | STORE_CHANGED_LOG))
        read_rows(a);
    if (changes & STORE_CHANGED_BUCKETS)
        waiting_refresh(&a->waiting);
    if (changes & STORE_CHANGED_LOG)
        logpane_refresh(&a->log);
}

/* ------------------------------------------------------------------ drawing */

static void draw_head(const struct canvas *c, const int *widths)
{
    canvas_text(c, 0, 0, c->columns, STYLE_HEADING, span_of(""));
    for (int i = 0, x = 1; i < COLUMN_COUNT; i++)
        if (widths[i])
            x += canvas_text(c, 0, x, widths[i], STYLE_HEADING, span_of(COLUMNS[i].title)) +
                 1;
}

/* A selected row is marked at its name only: its states keep their colours, and a move
 * repaints two short pieces. */
static void draw_row(const struct alert_row *r, const struct canvas *c, int y,
                     const int *widths, enum style mark)
{
    char triggers[160], last[48];
    enum style last_style = words_last(r, last, sizeof last);
    words_triggers(r->triggers, r->scoped, widths[TRIGGERS], triggers, sizeof triggers);
    const char *cells[COLUMN_COUNT] = {r->name ? r->name : "", r->enabled ? "yes" : "no",
                                       r->origin ? r->origin : "", triggers, last};
    canvas_text(c, y, 0, 1, mark, span_of(mark == STYLE_SELECTED ? ">" : ""));
    for (int i = 0, x = 1; i < COLUMN_COUNT; i++) {
        bool off = i == ENABLED && !r->enabled;
        enum style style = i == NAME   ? mark
                           : i == LAST ? last_style
                           : off       ? STYLE_DIM
                                       : STYLE_NORMAL;
        if (widths[i])
            x += canvas_text(c, y, x, widths[i], style, span_of(cells[i])) + 1;
    }
}

static void draw_empty(const struct alerts_screen *a, const struct canvas *c)
{
    struct host_status status;
    const struct console_options *o = console_options(a->screen.console);
    const char *begin =
        o->read_only
            ? "There are no alerts here. ? for help."
            : "There are no alerts yet. Press n to create the first one, ? for help.";
    canvas_text(c, 0, 1, -1, STYLE_NORMAL, span_of(begin));
    if (!o->host)
        return;
    host_status(o->host, &status);
    if (status.url[0])
        canvas_format(c, 1, 1, -1, STYLE_DIM,
                      "Applications send here with OPIK_URL_OVERRIDE=%s", status.url);
}

static void draw_list(struct alerts_screen *a, const struct canvas *c)
{
    int widths[COLUMN_COUNT];
    struct canvas body = canvas_part(c, 1, 0, c->rows - 1, c->columns);
    columns_fit(COLUMNS, COLUMN_COUNT, c->columns - 1, widths);
    draw_head(c, widths);
    list_set_rows(&a->list, body.rows);
    canvas_clear(&body, STYLE_NORMAL);
    if (a->list.count == 0)
        draw_empty(a, &body);
    for (int y = 0; y < body.rows && a->list.top + (size_t)y < a->list.count; y++) {
        size_t at = a->list.top + (size_t)y;
        bool selected = at == a->list.selected;
        draw_row(&a->rows.items[at], &body, y, widths,
                 !selected   ? STYLE_NORMAL
                 : a->in_log ? STYLE_MARKED
                             : STYLE_SELECTED);
        if (selected && !a->in_log)
            term_cursor(body.y + y, body.x, true);
    }
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct alerts_screen *a = of(s);
    char title[96];
    struct layout l = layout_panes(c->rows, (int)a->list.count, (int)a->waiting.rows.count);
    if (l.log < 0 && a->in_log) { /* no room for both: the pane that has the keys */
        logpane_draw(&a->log, c, true);
        return;
    }
    struct canvas list = canvas_part(c, 0, 0, l.alerts, c->columns);
    draw_list(a, &list);
    int y = l.alerts;
    if (l.waiting >= 0) {
        waiting_title(&a->waiting, l.waiting, title, sizeof title);
        canvas_rule(c, y++, STYLE_HEADING, title);
        struct canvas waiting = canvas_part(c, y, 0, l.waiting, c->columns);
        waiting_draw(&a->waiting, &waiting);
        y += l.waiting;
    }
    if (l.log >= 0) {
        logpane_title(&a->log, title, sizeof title);
        canvas_rule(c, y++, STYLE_HEADING, title);
        struct canvas log = canvas_part(c, y, 0, l.log, c->columns);
        logpane_draw(&a->log, &log, a->in_log);
    }
}

static int64_t tick(struct screen *s)
{
    const struct alerts_screen *a = of(s);
    return a->waiting.rows.count || logpane_counts_down(&a->log) ? 1000 : -1;
}

/* ------------------------------------------------------------------ actions */

static bool load_selected(struct alerts_screen *a, struct alert *out)
{
    struct console *c = a->screen.console;
    struct err err;
    if (store_alert_get(console_reader(c), console_workspace(c), selected_row(a)->id, out,
                        &err))
        return true;
    console_toast(c, STYLE_ERROR, "%s", err.text);
    return false;
}

static void edit(struct alerts_screen *a, bool copy)
{
    struct alert alert;
    if (!load_selected(a, &alert))
        return;
    if (copy) {
        char name[ALERT_NAME_MAX * 4 + 16];
        snprintf(name, sizeof name, "%.*s (copy)", ALERT_NAME_MAX - 7, alert.name);
        alert_set(&alert.name, name);
        alert_forget_ids(&alert);
    }
    console_push(a->screen.console, alert_form_new(a->screen.console, &alert));
    alert_free(&alert);
}

static void toggle(struct alerts_screen *a)
{
    const struct alert_row *row = selected_row(a);
    struct console *c = a->screen.console;
    char text[200];
    snprintf(text, sizeof text, "%s %.150s", row->enabled ? "disabled" : "enabled",
             row->name);
    struct reply *reply = reply_new(c, text, NULL, NULL);
    const char *id = row->id;
    if (reply)
        store_alert_enable(console_options(c)->store, console_workspace(c), &id, 1,
                           !row->enabled, console_user(c), reply_done, reply);
}

static void delete_selected(struct alerts_screen *a)
{
    const struct alert_row *row = selected_row(a);
    struct console *c = a->screen.console;
    char text[200];
    snprintf(text, sizeof text, "deleted %.150s", row->name);
    struct reply *reply = reply_new(c, text, NULL, NULL);
    const char *id = row->id;
    if (reply)
        store_alert_delete(console_options(c)->store, console_workspace(c), &id, 1,
                           console_user(c), reply_done, reply);
}

static void test(struct alerts_screen *a)
{
    struct alert alert;
    if (!load_selected(a, &alert))
        return;
    console_push(a->screen.console, test_dialog_new(a->screen.console, &alert));
    alert_free(&alert);
}

static void ask(struct screen *s, enum action action, char *out, size_t size)
{
    const struct alert_row *row = selected_row(of(s));
    (void)action;
    snprintf(
        out, size,
        "Delete the alert \"%.120s\"? What waits for it is dropped. This cannot be undone.",
        row ? row->name : "");
}

static const char *disabled(struct screen *s, enum action action)
{
    struct alerts_screen *a = of(s);
    if (!(action_info(action)->flags & ACTION_NEEDS_ROW))
        return NULL;
    if (a->in_log ? !logpane_selected(&a->log) : !selected_row(a))
        return "nothing is selected";
    return NULL;
}

static bool act_on_log(struct alerts_screen *a, enum action action)
{
    if (action != ACTION_OPEN)
        return logpane_act(&a->log, action);
    const struct log_row *row = logpane_selected(&a->log);
    if (row->delivery_id[0])
        console_push(a->screen.console, delivery_new(a->screen.console, row->delivery_id));
    else
        console_toast(a->screen.console, STYLE_NORMAL, "dropped: %s",
                      row->text ? row->text : "");
    return true;
}

static bool act_on_list(struct alerts_screen *a, enum action action)
{
    switch (action) {
    case ACTION_ALERT_CREATE:
        console_push(a->screen.console, alert_form_new(a->screen.console, NULL));
        return true;
    case ACTION_ALERT_EDIT:
        edit(a, false);
        return true;
    case ACTION_ALERT_DUPLICATE:
        edit(a, true);
        return true;
    case ACTION_ALERT_TOGGLE:
        toggle(a);
        return true;
    case ACTION_ALERT_DELETE:
        delete_selected(a);
        return true;
    case ACTION_ALERT_TEST:
        test(a);
        return true;
    default:
        if (!list_act(&a->list, action))
            return false;
        note_selection(a);
        return true;
    }
}

static bool act(struct screen *s, enum action action)
{
    struct alerts_screen *a = of(s);
    if (action == ACTION_NEXT_PANE) {
        a->in_log = !a->in_log;
        return true;
    }
    return a->in_log ? act_on_log(a, action) : act_on_list(a, action);
}

static const struct screen_ops ALERTS = {
    .title = "Configuration > Alerts",
    .covers = true,
    .free = free_alerts,
    .place = place,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .ask = ask,
    .disabled = disabled,
    .tick = tick,
};

struct screen *alerts_new(struct console *c)
{
    struct alerts_screen *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->screen = (struct screen){.ops = &ALERTS, .console = c};
    waiting_init(&a->waiting, c);
    logpane_init(&a->log, c);
    return &a->screen;
}
