#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "filters.h"
#include "reply.h"
#include "screens/alert_export.h"
#include "screens/held.h"
#include "screens/layout.h"
#include "screens/logpane.h"
#include "screens/muted.h"
#include "screens/screens.h"
#include "screens/table_screen.h"
#include "screens/waiting.h"
#include "screens/words.h"
#include "short_text.h"
#include "store/alerts.h"

enum { NAME, ENABLED, ENDPOINT, TRIGGERS, LAST, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [NAME] = {"NAME", 12, 40, 0},         [ENABLED] = {"ON", 3, 3, 1},
    [ENDPOINT] = {"ENDPOINT", 18, 40, 4}, [TRIGGERS] = {"TRIGGERS", 12, 0, 3},
    [LAST] = {"LAST", 13, 13, 2},
};

struct alerts_screen {
    struct table_screen base;
    struct alert_rows rows; /* that pass the filter */
    size_t total;           /* of the workspace */
    char workspace[4 * WORKSPACE_MAX + 1]; /* of the rows */
    struct waiting waiting;
    struct logpane log;
    struct held held;
    struct alert_export export;
    struct muted muted;
    bool in_log;
    bool list_drawn, log_drawn; /* there was room for it */
};

static struct alerts_screen *of(struct screen *s)
{
    return (struct alerts_screen *)s;
}

static struct console *console_of(const struct alerts_screen *a)
{
    return a->base.screen.console;
}

static const struct alert_row *row_at(const void *arg, size_t row)
{
    return &((const struct alerts_screen *)arg)->rows.items[row];
}

static const struct alert_row *selected_row(const struct alerts_screen *a)
{
    size_t row;
    return table_row(&a->base.table, &row) ? &a->rows.items[row] : NULL;
}

static void free_alerts(struct screen *s)
{
    struct alerts_screen *a = of(s);
    held_carry_out(&a->held);
    alert_export_free(&a->export);
    alert_rows_free(&a->rows);
    muted_free(&a->muted);
    waiting_free(&a->waiting);
    logpane_free(&a->log);
    table_screen_free(&a->base);
    free(a);
}

static unsigned place(struct screen *s)
{
    return of(s)->in_log ? PLACE_LOG : PLACE_ALERTS;
}

/* ------------------------------------------------------------------ the table */

static const char *id(const void *arg, size_t row)
{
    return row_at(arg, row)->id;
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct alerts_screen *a = arg;
    const struct alert_row *r = row_at(arg, row);
    char wait[24];
    switch (column) {
    case NAME:
        return words_name(r, out, size);
    case ENABLED:
        snprintf(out, size, "%s", r->enabled ? "yes" : "no");
        return r->enabled ? STYLE_NORMAL : STYLE_DIM;
    case ENDPOINT:
        return words_endpoint(r, out, size);
    case TRIGGERS:
        if (muted_words(&a->muted, r, width, out, size))
            return STYLE_WARN;
        words_triggers(r->triggers, r->scoped, width, out, size);
        return STYLE_NORMAL;
    default:
        if (!held_has(&a->held, r->id))
            return words_last(r, out, size);
        words_wait(held_left(&a->held), wait);
        snprintf(out, size, "gone in %s", wait);
        return STYLE_WARN;
    }
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct alert_row *l = row_at(arg, a), *r = row_at(arg, b);
    switch (column) {
    case NAME:
        return table_by_text(l->name, r->name);
    case ENABLED:
        return (int)r->enabled - (int)l->enabled;
    case ENDPOINT:
        return table_by_text(l->origin, r->origin);
    case TRIGGERS:
        return table_by_number(l->triggers, r->triggers);
    default:
        return table_by_number(r->last_at, l->last_at); /* newest first */
    }
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, id, cell, compare};

/* ------------------------------------------------------------------ reading */

static void read_rows(struct table_screen *t)
{
    struct alerts_screen *a = (struct alerts_screen *)t;
    struct console *c = console_of(a);
    struct alert_rows rows;
    struct err err;
    if (!store_alert_list(console_reader(c), console_workspace(c), &rows, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    a->total = rows.count;
    filters_keep_alerts(&a->base.filter, &rows,
                        console_now(c));
    alert_rows_free(&a->rows);
    a->rows = rows;
    table_update(&t->table, rows.count);
}

static void refresh(struct screen *s, unsigned changes)
{
    struct alerts_screen *a = of(s);
    const char *workspace = console_workspace(s->console);
    if (strcmp(a->workspace, workspace) != 0) {
        held_carry_out(&a->held);
        snprintf(a->workspace, sizeof a->workspace, "%s", workspace);
        logpane_restart(&a->log);
    }
    if (changes & (STORE_CHANGED_ALERTS | STORE_CHANGED_DELIVERIES | STORE_CHANGED_LOG))
        read_rows(&a->base);
    if (changes & STORE_CHANGED_SILENCES)
        muted_refresh(&a->muted);
    if (changes & (STORE_CHANGED_BUCKETS | STORE_CHANGED_EVENTS))
        waiting_refresh(&a->waiting);
    if (changes & (STORE_CHANGED_LOG | STORE_CHANGED_DELIVERIES))
        logpane_refresh(&a->log);
}

/* ------------------------------------------------------------------ drawing */

static void draw_empty(const struct alerts_screen *a, const struct canvas *c)
{
    struct host_status status;
    const struct console_options *o = console_options(console_of(a));
    const char *begin =
        o->read_only
            ? "There are no alerts here. ? for help."
            : "There are no alerts yet. Press n to create the first one, ? for help.";
    canvas_text(c, 0, 1, -1, STYLE_NORMAL, span_of(begin));
    if (!o->host)
        return;
    host_status(o->host, &status);
    if (strncmp(status.url, SETTINGS_UNIX, strlen(SETTINGS_UNIX)) == 0)
        canvas_format(c, 1, 1, -1, STYLE_DIM,
                      "Applications send here: curl --unix-socket %s http://localhost/api/...",
                      status.url + strlen(SETTINGS_UNIX));
    else if (status.url[0])
        canvas_format(c, 1, 1, -1, STYLE_DIM,
                      "Applications send here with OPIK_URL_OVERRIDE=%s", status.url);
}

static void draw_list(struct alerts_screen *a, const struct canvas *c)
{
    char state[TABLE_STATE_SIZE];
    struct canvas body = *c;
    table_screen_state(&a->base, state, sizeof state);
    if (state[0]) { /* only then a line is worth it */
        char title[64 + TABLE_STATE_SIZE];
        snprintf(title, sizeof title, "%zu of %zu alerts%s", a->rows.count, a->total, state);
        canvas_rule(c, 0, STYLE_HEADING, title);
        body = canvas_part(c, 1, 0, c->rows - 1, c->columns);
    }
    table_draw(&a->base.table, &body, !a->in_log);
    struct canvas rows = canvas_part(&body, 1, 0, body.rows - 1, body.columns);
    if (a->total == 0)
        draw_empty(a, &rows);
    else if (a->rows.count == 0)
        canvas_text(&rows, 0, 1, -1, STYLE_DIM,
                    span_of("Nothing passes the filter; / changes it."));
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct alerts_screen *a = of(s);
    char title[96], note[1024];
    enum style style;
    bool titled = a->base.filter_text[0] || a->base.table.mark_count;
    struct layout l = layout_panes(c->rows, (int)a->rows.count + titled,
                                   (int)a->waiting.rows.count);
    a->list_drawn = l.log >= 0 || !a->in_log;
    a->log_drawn = l.log >= 0 || a->in_log;
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
        struct canvas log = canvas_part(c, y + 1, 0, l.log, c->columns);
        logpane_title(&a->log, title, sizeof title);
        logpane_draw(&a->log, &log, a->in_log);
        style = logpane_cut(&a->log, note, sizeof note);
        canvas_rule_note(c, y, STYLE_HEADING, title, style, a->in_log ? note : NULL);
    }
}

static int64_t tick(struct screen *s)
{
    struct alerts_screen *a = of(s);
    int64_t next = muted_tick(&a->muted);
    bool counts = a->waiting.rows.count || a->held.count || logpane_counts_down(&a->log);
    return counts && (next < 0 || next > 1000) ? 1000 : next;
}

/* A delete that was not taken back is not put off by another screen. */
static int64_t due(struct screen *s)
{
    struct held *held = &of(s)->held;
    held_check(held);
    return held->count ? held_left(held) : -1;
}

/* ------------------------------------------------------------------ actions */

static bool load_selected(struct alerts_screen *a, struct alert *out)
{
    struct console *c = console_of(a);
    struct err err;
    if (store_alert_get(console_reader(c), console_workspace(c), selected_row(a)->id, out,
                        &err))
        return true;
    console_toast(c, STYLE_ERROR, "%s", err.text);
    return false;
}

static void name_copy(struct alert *alert)
{
    static const char more[] = " (copy)";
    char name[ALERT_NAME_MAX * 4 + sizeof more];
    size_t kept = text_first(alert->name, ALERT_NAME_MAX - (sizeof more - 1));
    snprintf(name, sizeof name, "%.*s%s", (int)kept, alert->name, more);
    alert_set(&alert->name, name);
}

static void edit(struct alerts_screen *a, bool copy)
{
    struct alert alert;
    if (!load_selected(a, &alert))
        return;
    if (copy) {
        name_copy(&alert);
        alert_forget_ids(&alert);
        if (alert_metadata(&alert, ALERT_SIGNING_SECRET)) /* a key belongs to one endpoint */
            alert_set_metadata(&alert, ALERT_SIGNING_SECRET, ALERT_SIGNING_GENERATE);
    }
    console_push(console_of(a), alert_form_new(console_of(a), &alert));
    alert_free(&alert);
}

static void toggle(struct alerts_screen *a)
{
    const struct alert_row *row = selected_row(a);
    struct console *c = console_of(a);
    char text[1200];
    snprintf(text, sizeof text, "%s %s", row->enabled ? "disabled" : "enabled",
             row->name);
    struct reply *reply = reply_new(c, text, NULL, NULL);
    const char *which = row->id;
    if (reply)
        store_alert_enable(console_options(c)->store, console_workspace(c), &which, 1,
                           !row->enabled, console_user(c), reply_done, reply);
}

/* ------------------------------------------------------------------ several */

enum { SAMPLE = 3, SAMPLE_WORDS_SIZE = 64 + SAMPLE * SHORT_TEXT_SIZE };
struct chosen {
    const struct alerts_screen *screen;
    char (*ids)[UUID_SIZE];
    const char **pointers;
    const char *sample[SAMPLE];
    size_t count;
};

static void choose(void *arg, size_t row)
{
    struct chosen *c = arg;
    const struct alert_row *r = row_at(c->screen, row);
    if (c->count < SAMPLE)
        c->sample[c->count] = r->name ? r->name : "";
    if (c->ids) {
        memcpy(c->ids[c->count], r->id, UUID_SIZE);
        c->pointers[c->count] = c->ids[c->count];
    }
    c->count++;
}

/* Without memory it is none. */
static struct chosen choose_all(const struct alerts_screen *a)
{
    struct chosen c = {.screen = a};
    c.ids = calloc(a->rows.count + 1, sizeof *c.ids);
    c.pointers = calloc(a->rows.count + 1, sizeof *c.pointers);
    if (c.ids && c.pointers)
        table_chosen(&a->base.table, choose, &c);
    return c;
}

static void chosen_free(struct chosen *c)
{
    free(c->ids);
    free(c->pointers);
}

static void enable_chosen(struct alerts_screen *a, bool enabled)
{
    struct console *c = console_of(a);
    struct chosen chosen = choose_all(a);
    char text[200];
    snprintf(text, sizeof text, "%s %zu alert%s", enabled ? "enabled" : "disabled",
             chosen.count, chosen.count == 1 ? "" : "s");
    struct reply *reply = chosen.count ? reply_new(c, text, NULL, NULL) : NULL;
    if (reply)
        store_alert_enable(console_options(c)->store, console_workspace(c), chosen.pointers,
                           chosen.count, enabled, console_user(c), reply_done, reply);
    chosen_free(&chosen);
}

static void delete_chosen(struct alerts_screen *a)
{
    struct chosen chosen = choose_all(a);
    if (chosen.count) {
        console_toast(console_of(a), STYLE_WARN, "%zu alert%s gone in 10 s: z takes it back",
                      chosen.count, chosen.count == 1 ? " is" : "s are");
        held_begin(&a->held, chosen.ids, chosen.count);
        chosen.ids = NULL;
    }
    chosen_free(&chosen);
}

static void undo(struct alerts_screen *a)
{
    size_t count = held_undo(&a->held);
    console_toast(console_of(a), STYLE_OK, "nothing was deleted: %zu alert%s stay%s", count,
                  count == 1 ? "" : "s", count == 1 ? "s" : "");
}

/* "3 alerts: "A", "B", "C" and others" */
static void sample_words(const struct chosen *c, char *out, size_t size)
{
    int len = snprintf(out, size, "%zu alert%s: ", c->count, c->count == 1 ? "" : "s");
    for (size_t i = 0; i < c->count && i < SAMPLE && (size_t)len < size; i++)
        len += snprintf(out + len, size - (size_t)len, "%s\"%s\"", i ? ", " : "",
                        short_text(&(struct short_text){0}, c->sample[i], 40));
    if (c->count > SAMPLE && (size_t)len < size)
        snprintf(out + len, size - (size_t)len, " and others");
}

static void export(struct alerts_screen *a)
{
    struct chosen chosen = choose_all(a);
    char words[SAMPLE_WORDS_SIZE];
    sample_words(&chosen, words, sizeof words);
    if (chosen.count)
        alert_export_begin(&a->export, console_of(a), chosen.ids, chosen.count, words,
                           console_argument(console_of(a)));
    else
        free(chosen.ids);
    free(chosen.pointers);
}

static void silence_chosen(struct alerts_screen *a)
{
    struct chosen chosen = choose_all(a);
    muted_ask(&a->muted, chosen.ids, chosen.count);
    chosen.ids = NULL;
    chosen_free(&chosen);
}

static void show_deliveries(struct alerts_screen *a)
{
    char filter[64];
    snprintf(filter, sizeof filter, "alert:%s", selected_row(a)->id);
    console_do(console_of(a), ACTION_SHOW_DELIVERIES, filter);
}

static void test(struct alerts_screen *a)
{
    struct alert alert;
    if (!load_selected(a, &alert))
        return;
    console_push(console_of(a), test_dialog_new(console_of(a), &alert, alert_first_type(&alert),
                                                (struct span){0}));
    alert_free(&alert);
}

static void ask(struct screen *s, enum action action, char *out, size_t size)
{
    struct chosen c = {.screen = of(s)};
    table_chosen(&of(s)->base.table, choose, &c);
    const char *verb = action == ACTION_ALERT_DELETE    ? "Delete"
                       : action == ACTION_ALERT_ENABLE  ? "Enable"
                       : action == ACTION_ALERT_SILENCE ? "Silence"
                                                        : "Disable";
    const char *whom = c.count == 1 ? "it" : "them";
    char after[96] = "", words[SAMPLE_WORDS_SIZE];
    if (action == ACTION_ALERT_DELETE || action == ACTION_ALERT_DISABLE)
        snprintf(after, sizeof after, "What waits for %s is dropped.%s", whom,
                 action == ACTION_ALERT_DELETE ? " z takes it back for ten seconds." : "");
    sample_words(&c, words, sizeof words);
    if (c.count == 1)
        snprintf(out, size, "%s the alert \"%s\"? %s", verb,
                 short_text(&(struct short_text){0}, c.sample[0], 120), after);
    else
        snprintf(out, size, "%s %s? %s", verb, words, after);
}

static const char *disabled(struct screen *s, enum action action)
{
    struct alerts_screen *a = of(s);
    if (action == ACTION_ALERT_UNDO && !a->held.count)
        return "there is no delete to take back";
    if (a->in_log)
        return (action_info(action)->flags & ACTION_NEEDS_ROW) && !logpane_selected(&a->log)
                   ? "nothing is selected"
                   : NULL;
    return table_screen_disabled(s, action);
}

static bool act_on_log(struct alerts_screen *a, enum action action)
{
    if (action != ACTION_OPEN)
        return logpane_act(&a->log, action);
    struct console *c = console_of(a);
    const struct log_row *row = logpane_selected(&a->log);
    char words[1024];
    if (row->delivery_id[0]) {
        console_push(c, delivery_new(c, row->delivery_id));
        return true;
    }
    words_next(row, clock_steady_ms(console_options(c)->clock), INT_MAX, words,
               sizeof words);
    console_toast(c, STYLE_NORMAL, "%s", words);
    return true;
}

static bool act_on_list(struct alerts_screen *a, enum action action)
{
    switch (action) {
    case ACTION_ALERT_CREATE:
        console_push(console_of(a), alert_form_new(console_of(a), NULL));
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
    case ACTION_ALERT_ENABLE:
    case ACTION_ALERT_DISABLE:
        enable_chosen(a, action == ACTION_ALERT_ENABLE);
        return true;
    case ACTION_ALERT_DELETE:
        delete_chosen(a);
        return true;
    case ACTION_ALERT_UNDO:
        undo(a);
        return true;
    case ACTION_ALERT_SILENCE:
        silence_chosen(a);
        return true;
    case ACTION_ALERT_EXPORT:
        export(a);
        return true;
    case ACTION_ALERT_DELIVERIES:
        show_deliveries(a);
        return true;
    case ACTION_ALERT_TEST:
        test(a);
        return true;
    default:
        return table_screen_act(&a->base.screen, action);
    }
}

static bool act(struct screen *s, enum action action)
{
    struct alerts_screen *a = of(s);
    if (action == ACTION_NEXT_PANE || (action == ACTION_BACK && a->in_log)) {
        a->in_log = !a->in_log;
        return true;
    }
    return a->in_log ? act_on_log(a, action) : act_on_list(a, action);
}

/* A click gives its pane the keys, a second one opens. */
static bool mouse(struct screen *s, const struct key *k)
{
    struct alerts_screen *a = of(s);
    bool again, was_in_log = a->in_log;
    if (k->code != MOUSE_CLICK)
        return false;
    if (a->log_drawn && logpane_click(&a->log, k->y, &again))
        a->in_log = true;
    else if (a->list_drawn && table_click(&a->base.table, k->y, k->x, &again))
        a->in_log = false;
    else
        return false;
    if (again && a->in_log == was_in_log)
        console_do(s->console, a->in_log ? ACTION_OPEN : ACTION_ALERT_EDIT, NULL);
    return true;
}

static const struct screen_ops ALERTS = {
    .title = "Configuration > Alerts",
    .covers = true,
    .free = free_alerts,
    .place_now = place,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .ask = ask,
    .disabled = disabled,
    .chosen = table_screen_chosen,
    .mouse = mouse,
    .tick = tick,
    .due = due,
};

void alerts_select(struct screen *s, const char *id)
{
    struct alerts_screen *a = of(s);
    if (s->ops == &ALERTS)
        read_rows(&a->base);
    for (size_t i = 0; s->ops == &ALERTS && i < a->rows.count; i++)
        if (strcmp(a->rows.items[i].id, id) == 0)
            table_select(&a->base.table, id);
}

struct screen *alerts_new(struct console *c)
{
    struct alerts_screen *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    table_screen_init(&a->base, &ALERTS, c, &TABLE, read_rows);
    a->base.keys = filters_alert;
    a->base.key_count = filters_alert_count;
    held_init(&a->held, c);
    muted_init(&a->muted, c);
    waiting_init(&a->waiting, c);
    logpane_init(&a->log, c);
    return &a->base.screen;
}
