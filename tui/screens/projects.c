/* The projects of the workspace, as scopes of triggers name them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "screens/screens.h"
#include "screens/table_screen.h"
#include "store/projects.h"

enum { NAME, CREATED, BY, ID, DESCRIPTION, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [NAME] = {"NAME", 12, 40, 0}, [CREATED] = {"CREATED", 19, 19, 1},
    [BY] = {"BY", 6, 16, 4},      [ID] = {"ID", 36, 36, 2},
    [DESCRIPTION] = {"DESCRIPTION", 11, 0, 3},
};

struct projects_screen {
    struct table_screen base;
    struct project_rows rows;
};

static struct projects_screen *of(struct screen *s)
{
    return (struct projects_screen *)s;
}

static const struct project *project_at(const void *arg, size_t row)
{
    return &((const struct projects_screen *)arg)->rows.items[row];
}

static const char *id(const void *arg, size_t row)
{
    return project_at(arg, row)->id;
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct project *p = project_at(arg, row);
    char at[TIMEFMT_LOCAL_SIZE];
    (void)width;
    switch (column) {
    case NAME:
        snprintf(out, size, "%s", p->name ? p->name : "");
        return STYLE_NORMAL;
    case CREATED:
        timefmt_local(p->created_at, at);
        snprintf(out, size, "%s", at);
        return STYLE_NORMAL;
    case BY:
        snprintf(out, size, "%s", p->created_by ? p->created_by : "");
        return STYLE_NORMAL;
    case ID:
        snprintf(out, size, "%s", p->id);
        return STYLE_DIM;
    default:
        snprintf(out, size, "%s", p->description ? p->description : "");
        return STYLE_NORMAL;
    }
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct project *l = project_at(arg, a), *r = project_at(arg, b);
    switch (column) {
    case NAME:
        return table_by_text(l->name, r->name);
    case CREATED:
        return table_by_number(l->created_at, r->created_at);
    case BY:
        return table_by_text(l->created_by, r->created_by);
    case ID:
        return strcmp(l->id, r->id);
    default:
        return table_by_text(l->description, r->description);
    }
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, id, cell, compare};

static void read_rows(struct table_screen *t)
{
    struct projects_screen *p = (struct projects_screen *)t;
    struct console *c = t->screen.console;
    struct project_rows rows;
    struct err err;
    if (!store_project_list(console_reader(c), console_workspace(c), &rows, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    project_rows_free(&p->rows);
    p->rows = rows;
    table_update(&t->table, rows.count);
}

static void refresh(struct screen *s, unsigned changes)
{
    if (changes & STORE_CHANGED_PROJECTS)
        read_rows(&of(s)->base);
}

static void free_projects(struct screen *s)
{
    project_rows_free(&of(s)->rows);
    table_screen_free(&of(s)->base);
    free(s);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct projects_screen *p = of(s);
    char what[48];
    snprintf(what, sizeof what, "%zu project%s", p->rows.count, p->rows.count == 1 ? "" : "s");
    table_screen_draw(&p->base, c, what,
                      "A project is made when an application first names it.");
}

static const char *disabled(struct screen *s, enum action a)
{
    if (a == ACTION_OPEN)
        return "a project has nothing to open; triggers name it as their scope";
    return table_screen_disabled(s, a);
}

static const struct screen_ops PROJECTS = {
    .title = "Projects",
    .covers = true,
    .free = free_projects,
    .place = PLACE_PROJECTS,
    .refresh = refresh,
    .draw = draw,
    .act = table_screen_act,
    .disabled = disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
};

struct screen *projects_new(struct console *c)
{
    struct projects_screen *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    table_screen_init(&p->base, &PROJECTS, c, &TABLE, read_rows);
    return &p->base.screen;
}
