/* Who did what, when and from where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "filters.h"
#include "screens/newest.h"
#include "screens/screens.h"
#include "widgets/textview.h"

enum { TIME, USER, HOST, VIA, ACTION, NAME, DETAIL, COLUMN_COUNT };
enum { WHOLE_TIME = 19 };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [TIME] = {"TIME", WHOLE_TIME, WHOLE_TIME, 0}, [USER] = {"USER", 6, 16, 1},
    [HOST] = {"HOST", 6, 16, 4},         [VIA] = {"VIA", 7, 12, 3},
    [ACTION] = {"ACTION", 19, 19, 0},    [NAME] = {"OBJECT", 10, 32, 0},
    [DETAIL] = {"DETAIL", 10, 0, 2},
};
enum { READ_AT_MOST = 10000 };

struct audit_screen {
    struct table_screen base;
    struct audit_rows rows;
    struct newest newest;
};

static struct audit_screen *of(struct screen *s)
{
    return (struct audit_screen *)s;
}

static int64_t number(const void *arg, size_t row)
{
    return ((const struct audit_screen *)arg)->rows.items[row].seq;
}

static const char *object_of(const struct audit_row *r)
{
    return *r->name ? r->name : *r->object ? r->object : "-";
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct audit_screen *a = arg;
    const struct audit_row *r = &a->rows.items[row];
    char time[TIMEFMT_LOCAL_SIZE];
    const char *const texts[] = {
        [TIME] = time,        [USER] = r->user,      [HOST] = r->host,    [VIA] = r->via,
        [ACTION] = r->action, [NAME] = object_of(r), [DETAIL] = r->detail};
    if (column == TIME && width < WHOLE_TIME)
        timefmt_row(r->at, console_now(a->base.screen.console), time);
    else
        timefmt_local(r->at, time);
    snprintf(out, size, "%s", texts[column]);
    return STYLE_NORMAL;
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, NULL, cell, NULL, number};

static bool read_rows(struct table_screen *t, size_t wanted, size_t *count)
{
    struct audit_screen *a = (struct audit_screen *)t;
    struct console *c = t->screen.console;
    struct audit_rows rows;
    struct err err;
    if (!filters_read_audit(console_reader(c), console_workspace(c), &t->filter,
                            clock_wall_ms(console_options(c)->clock), wanted, &rows,
                            &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return false;
    }
    audit_rows_free(&a->rows);
    a->rows = rows;
    *count = rows.count;
    return true;
}

static void filter_changed(struct table_screen *t)
{
    newest_begin(&((struct audit_screen *)t)->newest);
}

static void refresh(struct screen *s, unsigned changes)
{
    if (changes & STORE_CHANGED_AUDIT)
        newest_refresh(&of(s)->newest);
}

static void free_audit(struct screen *s)
{
    audit_rows_free(&of(s)->rows);
    table_screen_free(&of(s)->base);
    free(s);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct audit_screen *a = of(s);
    char what[64];
    snprintf(what, sizeof what, "%zu change%s", a->rows.count, a->rows.count == 1 ? "" : "s");
    table_screen_draw(&a->base, c, what,
                      "Nobody has changed anything yet. What is changed from now on stands here.");
}

static void add_line(struct textview *text, const char *label, const char *value)
{
    if (*value)
        textview_format(text, STYLE_NORMAL, "%-10s %s", label, value);
}

static void open_row(struct audit_screen *a, const struct audit_row *r)
{
    struct textview text;
    char at[TIMEFMT_ISO_SIZE];
    textview_init(&text);
    timefmt_iso(r->at, at);
    textview_format(&text, STYLE_HEADING, "%s at %s", r->action, at);
    add_line(&text, "User", r->user);
    add_line(&text, "Host", r->host);
    add_line(&text, "Via", r->via);
    add_line(&text, "From", r->place);
    add_line(&text, "Object", r->object);
    add_line(&text, "Name", r->name);
    add_line(&text, "Workspace", r->workspace);
    add_line(&text, "Detail", r->detail);
    struct console *c = a->base.screen.console;
    console_push(c, reader_new(c, &text));
}

static bool act(struct screen *s, enum action action)
{
    struct audit_screen *a = of(s);
    size_t row;
    if (action == ACTION_OPEN && table_row(&a->base.table, &row)) {
        open_row(a, &a->rows.items[row]);
        return true;
    }
    return newest_act(&a->newest, action);
}

static const struct screen_ops AUDIT = {
    .title = "Audit",
    .covers = true,
    .free = free_audit,
    .place = PLACE_AUDIT,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .disabled = table_screen_disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
};

struct screen *audit_new(struct console *c)
{
    struct audit_screen *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    table_screen_init(&a->base, &AUDIT, c, &TABLE, filter_changed);
    a->base.keys = filters_audit;
    a->base.key_count = filters_audit_count;
    newest_init(&a->newest, &a->base, read_rows, READ_AT_MOST);
    return &a->base.screen;
}
