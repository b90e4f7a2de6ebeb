/* Every setting with its value, where it came from and what it means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screens/screens.h"
#include "screens/table_screen.h"
#include "widgets/textview.h"

enum { KEY, VALUE, ORIGIN, MEANING, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [KEY] = {"KEY", 24, 24, 0}, [VALUE] = {"VALUE", 10, 28, 0},
    [ORIGIN] = {"ORIGIN", 11, 11, 2}, [MEANING] = {"MEANING", 20, 0, 1},
};

struct settings_screen {
    struct table_screen base;
    char asked[64]; /* the key that is being changed */
};

static struct settings_screen *of(struct screen *s)
{
    return (struct settings_screen *)s;
}

static const struct settings *values(const void *arg)
{
    const struct settings_screen *s = arg;
    return console_settings(s->base.screen.console);
}

static const char *id(const void *arg, size_t row)
{
    (void)arg;
    return setting_info((enum setting)row)->key;
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct settings *s = values(arg);
    const struct setting_info *info = setting_info((enum setting)row);
    const char *value = settings_show(s, (enum setting)row);
    bool given = s->origin[row] != ORIGIN_DEFAULT;
    (void)width;
    switch (column) {
    case KEY:
        snprintf(out, size, "%s", info->key);
        return STYLE_NORMAL;
    case VALUE:
        snprintf(out, size, "%s", *value ? value : "-");
        return given ? STYLE_STRONG : STYLE_NORMAL;
    case ORIGIN:
        snprintf(out, size, "%s", setting_origin_name(s->origin[row]));
        return given ? STYLE_NORMAL : STYLE_DIM;
    default:
        snprintf(out, size, "%s", info->help);
        return STYLE_NORMAL;
    }
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct settings *s = values(arg);
    if (column == ORIGIN)
        return (int)s->origin[a] - (int)s->origin[b];
    if (column == VALUE)
        return strcmp(settings_show(s, (enum setting)a), settings_show(s, (enum setting)b));
    return column == KEY ? strcmp(id(arg, a), id(arg, b)) : 0;
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, id, cell, compare};

static void read_rows(struct table_screen *t)
{
    table_update(&t->table, SETTING_COUNT);
}

static void refresh(struct screen *s, unsigned changes)
{
    (void)changes;
    read_rows(&of(s)->base);
}

static void free_settings(struct screen *s)
{
    table_screen_free(&of(s)->base);
    free(s);
}

static void draw(struct screen *s, const struct canvas *c)
{
    char what[64];
    snprintf(what, sizeof what, "%d settings", SETTING_COUNT);
    table_screen_draw(&of(s)->base, c, what, "");
}

/* ------------------------------------------------------------------ changing */

static bool change_to(void *arg, const char *value, struct err *err)
{
    struct settings_screen *s = arg;
    struct console *c = s->base.screen.console;
    if (!console_change_setting(c, s->asked, value, err))
        return false;
    console_toast(c, STYLE_OK, "%s is %s now, also in the file of settings", s->asked, value);
    return true;
}

/* Secrets stay out of prompts; a slip in what is received would cut applications off. */
static const char *fixed(enum setting s)
{
    const struct setting_info *info = setting_info(s);
    if (info->type == SETTING_SECRET)
        return "a secret belongs into a file: KEY = file:PATH in the file of settings";
    return strncmp(info->key, "store.", 6) == 0
               ? "it is read when the program starts: change it in the file of settings"
           : strncmp(info->key, "intake.", 7) == 0
               ? "a slip would cut applications off: change it in the file of settings"
               : NULL;
}

static void change(struct settings_screen *s, size_t row)
{
    struct console *c = s->base.screen.console;
    char question[128];
    snprintf(s->asked, sizeof s->asked, "%s", setting_info((enum setting)row)->key);
    snprintf(question, sizeof question, "%s", s->asked);
    console_push(c, prompt_new(c, question, settings_show(values(s), (enum setting)row),
                               change_to, s));
}

static void open_setting(struct settings_screen *s, size_t row)
{
    const struct setting_info *info = setting_info((enum setting)row);
    struct textview text;
    char name[SETTING_ENV_SIZE];
    setting_env_name((enum setting)row, name, sizeof name);
    textview_init(&text);
    textview_format(&text, STYLE_HEADING, "%s", info->key);
    textview_format(&text, STYLE_NORMAL, "%s", info->help);
    textview_add(&text, STYLE_NORMAL, 0, true, span_of(""));
    textview_format(&text, STYLE_NORMAL, "Value        %s",
                    settings_show(values(s), (enum setting)row));
    textview_format(&text, STYLE_NORMAL, "Origin       %s",
                    setting_origin_name(values(s)->origin[row]));
    textview_format(&text, STYLE_NORMAL, "Default      %s", info->standard);
    textview_format(&text, STYLE_NORMAL, "Environment  %s", name);
    if (info->choices)
        textview_format(&text, STYLE_NORMAL, "One of       %s", info->choices);
    struct console *c = s->base.screen.console;
    console_push(c, reader_new(c, &text));
}

static const char *disabled(struct screen *s, enum action a)
{
    size_t row;
    const char *why = table_screen_disabled(s, a);
    if (!why && a == ACTION_SETTING_CHANGE && table_row(&of(s)->base.table, &row))
        return fixed((enum setting)row);
    return why;
}

static bool act(struct screen *s, enum action a)
{
    struct settings_screen *t = of(s);
    size_t row;
    if (a == ACTION_SETTING_CHANGE && table_row(&t->base.table, &row)) {
        change(t, row);
        return true;
    }
    if (a == ACTION_OPEN && table_row(&t->base.table, &row)) {
        open_setting(t, row);
        return true;
    }
    return table_screen_act(s, a);
}

static const struct screen_ops SETTINGS = {
    .title = "Configuration > Settings",
    .covers = true,
    .free = free_settings,
    .place = PLACE_SETTINGS,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .disabled = disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
};

struct screen *settings_new(struct console *c)
{
    struct settings_screen *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    table_screen_init(&s->base, &SETTINGS, c, &TABLE, read_rows);
    return &s->base.screen;
}
