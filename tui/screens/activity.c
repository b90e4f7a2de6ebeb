/* Why and why not: the newest events, and what each alert made of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "screens/newest.h"
#include "screens/screens.h"
#include "short_text.h"
#include "silence_words.h"
#include "store/activity.h"
#include "widgets/textview.h"

enum { TIME, EVENT, PROJECT, USER, RESULT, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [TIME] = {"TIME", 8, 8, 3},      [EVENT] = {"EVENT", 12, 28, 0},
    [PROJECT] = {"PROJECT", 12, 32, 1}, [USER] = {"USER", 6, 16, 4},
    [RESULT] = {"RESULT", 22, 0, 0},
};
enum { READ_AT_MOST = 10000 };

struct activity_screen {
    struct table_screen base;
    struct activity_rows rows;
    struct newest newest;
};

static struct activity_screen *of(struct screen *s)
{
    return (struct activity_screen *)s;
}

static const struct activity_row *row_at(const void *arg, size_t row)
{
    return &((const struct activity_screen *)arg)->rows.items[row];
}

static int64_t number(const void *arg, size_t row)
{
    return ((const struct activity_screen *)arg)->rows.items[row].seq;
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct activity_row *r = row_at(arg, row);
    char time[16];
    (void)width;
    switch (column) {
    case TIME:
        timefmt_row(r->at, console_now(((const struct activity_screen *)arg)->base.screen.console),
                    time);
        snprintf(out, size, "%s", time);
        return STYLE_NORMAL;
    case EVENT:
        snprintf(out, size, "%s", event_type_name(r->type));
        return STYLE_NORMAL;
    case PROJECT:
        snprintf(out, size, "%s", r->project ? r->project : "-");
        return STYLE_NORMAL;
    case USER:
        snprintf(out, size, "%s", r->user ? r->user : "");
        return STYLE_NORMAL;
    default:
        if (r->matched)
            snprintf(out, size, "taken by %lld of %lld alert%s", (long long)r->matched,
                     (long long)r->considered, r->considered == 1 ? "" : "s");
        else
            snprintf(out, size, "taken by none of %lld", (long long)r->considered);
        return r->matched ? STYLE_OK : STYLE_WARN;
    }
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, NULL, cell, NULL, number};

static bool read_rows(struct table_screen *t, size_t wanted, size_t *count)
{
    struct activity_screen *a = (struct activity_screen *)t;
    struct console *c = t->screen.console;
    struct activity_rows rows;
    struct err err;
    if (!store_activity_list(console_reader(c), console_workspace(c), INT64_MAX,
                             (int64_t)wanted, &rows, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return false;
    }
    activity_rows_free(&a->rows);
    a->rows = rows;
    *count = rows.count;
    return true;
}

static void refresh(struct screen *s, unsigned changes)
{
    if (changes & STORE_CHANGED_ACTIVITY)
        newest_refresh(&of(s)->newest);
}

static void free_activity(struct screen *s)
{
    activity_rows_free(&of(s)->rows);
    table_screen_free(&of(s)->base);
    free(s);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct activity_screen *a = of(s);
    int64_t passed_over = 0;
    char what[128];
    for (size_t i = 0; i < a->rows.count; i++)
        passed_over += a->rows.items[i].passed_over;
    if (passed_over)
        snprintf(what, sizeof what, "%zu events, a sample: %lld between them are not kept",
                 a->rows.count, (long long)passed_over);
    else
        snprintf(what, sizeof what, "%zu event%s", a->rows.count,
                 a->rows.count == 1 ? "" : "s");
    table_screen_draw(&a->base, c, what,
                      "No event has come yet. ? finds what can be done, F1 is the help.");
}

/* ------------------------------------------------------------------ one event */

static void add_verdict(void *arg, const struct activity_verdict *v)
{
    char words[MATCH_WORDS_SIZE], until[24];
    bool takes = match_takes(v->verdict);
    enum style style = v->verdict == MATCH_YES ? STYLE_OK
                       : takes                 ? STYLE_WARN
                                               : STYLE_NORMAL;
    silence_words_stamp(v->until, until);
    match_verdict_words(v->verdict, until, words);
    textview_format(arg, style, "  %-3s  %s: %s", takes ? "yes" : "no",
                    short_text(&(struct short_text){0}, v->alert_name, 80), words);
}

static void open_event(struct activity_screen *a, const struct activity_row *r)
{
    struct textview text;
    char at[TIMEFMT_LOCAL_SIZE];
    textview_init(&text);
    timefmt_local(r->at, at);
    textview_format(&text, STYLE_HEADING, "%s at %s", event_type_name(r->type), at);
    textview_format(&text, STYLE_NORMAL, "Project    %s", r->project ? r->project : "none");
    textview_format(&text, STYLE_NORMAL, "User       %s", r->user ? r->user : "");
    textview_add(&text, STYLE_NORMAL, 0, true, span_of(""));
    textview_format(&text, STYLE_HEADING, "What the %lld alerts of the workspace made of it",
                    (long long)r->considered);
    activity_each_verdict(r, add_verdict, &text);
    if (r->considered == 0)
        textview_format(&text, STYLE_WARN, "  there were no alerts");
    struct console *c = a->base.screen.console;
    console_push(c, reader_new(c, &text));
}

static bool act(struct screen *s, enum action action)
{
    struct activity_screen *a = of(s);
    size_t row;
    if (action == ACTION_OPEN && table_row(&a->base.table, &row)) {
        open_event(a, &a->rows.items[row]);
        return true;
    }
    return newest_act(&a->newest, action);
}

static const struct screen_ops ACTIVITY = {
    .title = "Activity",
    .covers = true,
    .free = free_activity,
    .place = PLACE_ACTIVITY,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .disabled = table_screen_disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
};

struct screen *activity_new(struct console *c)
{
    struct activity_screen *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    table_screen_init(&a->base, &ACTIVITY, c, &TABLE, NULL);
    newest_init(&a->newest, &a->base, read_rows, READ_AT_MOST);
    return &a->base.screen;
}
