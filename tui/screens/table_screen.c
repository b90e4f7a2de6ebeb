#include "screens/table_screen.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "clipboard.h"
#include "screens/screens.h"
#include "short_text.h"

void table_screen_init(struct table_screen *t, const struct screen_ops *ops, struct console *c,
                       const struct table_ops *table, void (*reload)(struct table_screen *t))
{
    t->screen = (struct screen){.ops = ops, .console = c};
    t->reload = reload;
    table_init(&t->table, table, t);
}

void table_screen_free(struct table_screen *t)
{
    table_free(&t->table);
}

/* ------------------------------------------------------------------ filter */

/* An id says nothing to a person: the name of its alert stands for it. */
static void show_filter(struct table_screen *t)
{
    struct console *c = t->screen.console;
    const struct filter_term *term = filter_exact(&t->filter, "alert");
    const char *text = t->filter_text, *at = term ? ascii_find(text, term->value) : NULL;
    char id[UUID_SIZE];
    struct alert alert;
    snprintf(t->filter_shown, sizeof t->filter_shown, "%s", text);
    if (!at || !uuid_read(span_of(term->value), id) ||
        !store_alert_get(console_reader(c), console_workspace(c), id, &alert, NULL))
        return;
    snprintf(t->filter_shown, sizeof t->filter_shown, "%.*s\"%s\"%s", (int)(at - text),
             text, short_text(&(struct short_text){0}, alert.name ? alert.name : "", 40),
             at + strlen(term->value));
    alert_free(&alert);
}

static bool set_filter(struct table_screen *t, const char *text, struct err *err)
{
    struct filter filter;
    bool fits = strlen(text) < sizeof t->filter_text ||
                err_set(err, ERR_INVALID, "a filter has at most %d bytes", FILTER_TEXT_MAX - 1);
    if (!fits || !filter_parse(&filter, t->keys, t->key_count, span_of(text), err))
        return false;
    snprintf(t->filter_text, sizeof t->filter_text, "%s", text);
    t->filter = filter;
    show_filter(t);
    t->reload(t);
    return true;
}

static bool filter_typed(void *arg, const char *text, struct err *err)
{
    return set_filter(arg, text, err);
}

static void ask_filter(struct table_screen *t)
{
    char question[128] = "Filter:";
    for (size_t i = 0, len = strlen(question); i < t->key_count && len < sizeof question; i++)
        len += (size_t)snprintf(question + len, sizeof question - len, " %s", t->keys[i].name);
    console_push(t->screen.console,
                 prompt_new(t->screen.console, question, t->filter_text, filter_typed, t));
}

static void say_filter(struct table_screen *t, const char *text)
{
    struct err err;
    if (!set_filter(t, text, &err))
        console_toast(t->screen.console, STYLE_ERROR, "%s", err.text);
}

static void clear(struct table_screen *t)
{
    if (t->filter_text[0])
        say_filter(t, "");
    else
        table_act(&t->table, ACTION_UNMARK, NULL);
}

/* ------------------------------------------------------------------ actions */

void table_screen_copy(struct console *c, struct span text, const char *what)
{
    char how[256];
    struct err err;
    if (clipboard_copy(text, console_options(c)->dir, how, sizeof how, &err))
        console_toast(c, STYLE_OK, "%s copied: %s", what, how);
    else
        console_toast(c, STYLE_ERROR, "not copied: %s", err.text);
}

static void say_columns(struct table_screen *t, const char *name)
{
    char there[200] = "";
    const struct table_ops *ops = t->table.ops;
    for (int i = 0, len = 0; i < ops->column_count && len < (int)sizeof there; i++)
        if (*ops->columns[i].title)
            len += snprintf(there + len, sizeof there - (size_t)len, "%s%s", len ? ", " : "",
                            ops->columns[i].title);
    console_toast(t->screen.console, STYLE_WARN, "no such column: %s; there are %s",
                  short_text(&(struct short_text){0}, name, 40), there);
}

/* By its name, or chosen from all. */
static void choose_columns(struct table_screen *t, const char *name)
{
    struct console *c = t->screen.console;
    if (name)
        table_hide(&t->table, table_column(&t->table, name));
    else
        console_push(c, column_picker_new(c, &t->table));
}

bool table_screen_act(struct screen *s, enum action a)
{
    struct table_screen *t = (struct table_screen *)s;
    const char *argument = console_argument(t->screen.console);
    if ((a == ACTION_SORT || a == ACTION_COLUMNS) && argument &&
        table_column(&t->table, argument) < 0) {
        say_columns(t, argument);
        return true;
    }
    if (a == ACTION_COLUMNS) {
        choose_columns(t, argument);
        return true;
    }
    if (a == ACTION_FILTER) {
        if (argument)
            say_filter(t, argument);
        else
            ask_filter(t);
        return true;
    }
    if (a == ACTION_CLEAR) {
        clear(t);
        return true;
    }
    if (a == ACTION_COPY) {
        table_screen_copy(t->screen.console, span_of(t->table.selected), "the id");
        return true;
    }
    return table_act(&t->table, a, argument);
}

const char *table_screen_disabled(struct screen *s, enum action a)
{
    const struct table_screen *t = (const struct table_screen *)s;
    size_t row;
    if (a == ACTION_FILTER && !t->keys)
        return "this list has no filter";
    if ((a == ACTION_SORT || a == ACTION_SORT_REVERSE) && !t->table.ops->compare)
        return "this list stands in the order of time";
    if ((action_info(a)->flags & ACTION_NEEDS_ROW) && !table_row(&t->table, &row))
        return "nothing is selected";
    return NULL;
}

size_t table_screen_chosen(struct screen *s, enum action a)
{
    struct table_screen *t = (struct table_screen *)s;
    (void)a;
    return table_chosen(&t->table, NULL, NULL);
}

bool table_screen_mouse(struct screen *s, const struct key *k)
{
    struct table_screen *t = (struct table_screen *)s;
    bool again;
    if (k->code != MOUSE_CLICK || !table_click(&t->table, k->y, k->x, &again))
        return false;
    if (again)
        console_do(s->console, ACTION_OPEN, NULL);
    return true;
}

/* ------------------------------------------------------------------ drawing */

void table_screen_state(const struct table_screen *t, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    if (t->filter_text[0])
        len += (size_t)snprintf(out, size, ", filter %s",
                                short_text(&(struct short_text){0}, t->filter_shown, 120));
    if (t->table.mark_count && len < size)
        snprintf(out + len, size - len, ", %zu marked", t->table.mark_count);
}

void table_screen_draw(struct table_screen *t, const struct canvas *c, const char *what,
                       const char *empty)
{
    char state[TABLE_STATE_SIZE], title[128 + TABLE_STATE_SIZE], end[TABLE_STATE_SIZE];
    enum style style = STYLE_NORMAL;
    table_screen_state(t, state, sizeof state);
    snprintf(title, sizeof title, "%s%s", what, state);
    struct canvas rest = canvas_part(c, 1, 0, c->rows - 1, c->columns);
    table_draw(&t->table, &rest, true);
    bool cut = table_cut(&t->table, &style, end, sizeof end);
    canvas_rule_note(c, 0, STYLE_HEADING, title, style, cut ? end : NULL);
    if (t->table.list.count == 0)
        canvas_text(&rest, 1, 1, -1, STYLE_DIM,
                    span_of(t->filter_text[0] ? "Nothing passes the filter; / changes it."
                                              : empty));
}
