#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"
#include "screens/picker.h"
#include "screens/screens.h"
#include "store/projects.h"

/* The first row is "all"; the projects follow in the order of their names. */
struct scope_picker {
    struct screen screen;
    struct list list;
    struct project_rows projects;
    bool all;
    char (*chosen)[UUID_SIZE]; /* ids, also of projects that are not listed any more */
    size_t count;
    char awaited[PROJECT_NAME_MAX + 1]; /* typed, and to be checked when it is there */
    void (*done)(void *arg, bool scoped, const char (*ids)[UUID_SIZE], size_t count);
    void *arg;
};

static struct scope_picker *of(struct screen *s)
{
    return (struct scope_picker *)s;
}

static size_t find(const struct scope_picker *p, const char *id)
{
    size_t at = 0;
    while (at < p->count && strcmp(p->chosen[at], id) != 0)
        at++;
    return at;
}

static bool choose(struct scope_picker *p, const char *id)
{
    char(*more)[UUID_SIZE] = realloc(p->chosen, (p->count + 1) * UUID_SIZE);
    if (!more)
        return false;
    p->chosen = more;
    memcpy(p->chosen[p->count++], id, UUID_SIZE);
    p->all = false;
    return true;
}

static void toggle(struct scope_picker *p, size_t row)
{
    if (row == 0) {
        p->all = !p->all;
        return;
    }
    const char *id = p->projects.items[row - 1].id;
    size_t at = find(p, id);
    if (at == p->count) {
        choose(p, id);
        return;
    }
    memmove(p->chosen[at], p->chosen[at + 1], (p->count - at - 1) * UUID_SIZE);
    p->count--;
}

static void check_awaited(struct scope_picker *p)
{
    for (size_t i = 0; p->awaited[0] && i < p->projects.count; i++)
        if (strcmp(p->projects.items[i].name, p->awaited) == 0) {
            if (find(p, p->projects.items[i].id) == p->count)
                choose(p, p->projects.items[i].id);
            list_select(&p->list, i + 1);
            p->awaited[0] = '\0';
        }
}

static void refresh(struct screen *s, unsigned changes)
{
    struct scope_picker *p = of(s);
    struct project_rows rows;
    struct err err;
    if (!(changes & STORE_CHANGED_PROJECTS))
        return;
    if (!store_project_list(console_reader(s->console), console_workspace(s->console), &rows,
                            &err)) {
        console_toast(s->console, STYLE_ERROR, "%s", err.text);
        return;
    }
    project_rows_free(&p->projects);
    p->projects = rows;
    list_set_count(&p->list, rows.count + 1);
    check_awaited(p);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct scope_picker *p = of(s);
    size_t count = p->projects.count + 1;
    struct picker_row *rows = calloc(count, sizeof *rows);
    if (!rows)
        return;
    rows[0] = (struct picker_row){"All projects, future ones too", NULL, p->all};
    for (size_t i = 1; i < count; i++) {
        const struct project *project = &p->projects.items[i - 1];
        rows[i] =
            (struct picker_row){project->name, NULL, !p->all && find(p, project->id) < p->count};
    }
    picker_draw(&p->list, c, "Project scope",
                "Space checks, n names a new one, Enter accepts, Esc leaves it", rows, count);
    free(rows);
}

/* Blanks around it nobody sees, and no application sends: a scope of them would never
 * match. */
static bool name_typed(void *arg, const char *name, struct err *err)
{
    struct scope_picker *p = arg;
    struct console *c = p->screen.console;
    (void)err;
    name += strspn(name, " ");
    if (!*name)
        return true;
    snprintf(p->awaited, sizeof p->awaited, "%s", name);
    for (size_t len = strlen(p->awaited); len && p->awaited[len - 1] == ' '; len--)
        p->awaited[len - 1] = '\0';
    struct reply *reply =
        reply_new(c, "the project is known now, before its first event", NULL, NULL);
    if (reply)
        store_project_ensure(console_options(c)->store, console_workspace(c), p->awaited, NULL,
                             console_user(c), false, reply_done, reply);
    check_awaited(p); /* it may have been there all along */
    return true;
}

static bool act(struct screen *s, enum action a)
{
    struct scope_picker *p = of(s);
    if (a == ACTION_CHECK) {
        toggle(p, p->list.selected);
        return true;
    }
    if (a == ACTION_PROJECT_NAME) {
        console_push(s->console, prompt_new(s->console, "Name of the project", "", name_typed, p));
        return true;
    }
    if (a != ACTION_OPEN)
        return list_act(&p->list, a);
    if (!p->all && p->count == 0) {
        console_toast(s->console, STYLE_WARN, "check at least one project, or all");
        return true;
    }
    p->done(p->arg, !p->all, (const char(*)[UUID_SIZE])p->chosen, p->count);
    console_pop(s->console);
    return true;
}

static void free_picker(struct screen *s)
{
    project_rows_free(&of(s)->projects);
    free(of(s)->chosen);
    free(s);
}

static bool mouse(struct screen *s, const struct key *k)
{
    return picker_mouse(&((struct scope_picker *)s)->list, s, k);
}

static const struct screen_ops SCOPE_PICKER = {
    .free = free_picker,
    .place = PLACE_PICKER,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .mouse = mouse,
};

struct screen *scope_picker_new(struct console *c, const struct alert_trigger *trigger,
                                void (*done)(void *arg, bool scoped, const char (*ids)[UUID_SIZE],
                                             size_t count),
                                void *arg)
{
    struct scope_picker *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->screen = (struct screen){.ops = &SCOPE_PICKER, .console = c};
    p->done = done;
    p->arg = arg;
    for (size_t i = 0; i < trigger->project_count; i++)
        choose(p, trigger->projects[i]);
    p->all = !trigger->scoped;
    return &p->screen;
}
