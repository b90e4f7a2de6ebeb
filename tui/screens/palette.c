/* What can be done on the screen below, to search and to run; and the `:` line, where it is
 * typed in words. Both come from the action table alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "screens/screens.h"
#include "screens/typing.h"
#include "widgets/dialog.h"
#include "widgets/field.h"
#include "widgets/list.h"

enum { ENTRIES_MAX = 128, LINE_MAX_BYTES = 512, COLUMNS_WANTED = 76, HISTORY_MAX = 50 };

struct palette {
    struct screen screen;
    struct field field;
    struct list list;
    const struct action_info *found[ENTRIES_MAX];
    bool line;    /* the `:` line */
    size_t back;  /* how far back in the history; 0: what is typed */
    char typed[LINE_MAX_BYTES + 1]; /* what was, before the history was looked at */
};

/* Of this process; the newest at the end. */
static char *history[HISTORY_MAX];
static size_t history_count;

static struct palette *of(struct screen *s)
{
    return (struct palette *)s;
}

static void free_palette(struct screen *s)
{
    field_free(&of(s)->field);
    free(s);
}

/* ------------------------------------------------------------------ finding */

static unsigned place_below(const struct palette *p)
{
    return p->screen.below ? screen_place(p->screen.below) : 0;
}

static bool same_letters(const char *text, const char *part)
{
    return !*part || ascii_find(text, part) != NULL;
}

/* On the `:` line the words begin so, or what is typed goes on after them; in the list they, the
 * help or a key hold every word that is typed. */
static bool passes(const struct palette *p, const struct action_info *a, const char *typed)
{
    char words[64], keys[64], all[256], part[64];
    action_words(a, words, sizeof words);
    if (p->line)
        return ascii_same_n(words, typed, strlen(typed)) ||
               ((a->flags & ACTION_TAKES_TEXT) &&
                ascii_same_n(words, typed, strlen(words)) && typed[strlen(words)] == ' ');
    action_keys(a, keys, sizeof keys);
    snprintf(all, sizeof all, "%s %s %s %s", words, keys, a->help, a->label ? a->label : "");
    while (*typed) {
        size_t len = strcspn(typed, " ");
        snprintf(part, sizeof part, "%.*s", (int)len, typed);
        if (!same_letters(all, part))
            return false;
        typed += len + strspn(typed + len, " ");
    }
    return true;
}

static bool is_found(const struct palette *p, size_t count, enum action a)
{
    for (size_t i = 0; i < count; i++)
        if (p->found[i]->id == a)
            return true;
    return false;
}

/* What is typed, without the blanks around it. */
static void typed_words(const struct palette *p, char out[LINE_MAX_BYTES + 1])
{
    const char *text = field_text(&p->field);
    text += strspn(text, " ");
    size_t len = strlen(text);
    while (len && text[len - 1] == ' ')
        len--;
    memcpy(out, text, len);
    out[len] = '\0';
}

static void find(struct palette *p)
{
    char typed[LINE_MAX_BYTES + 1];
    size_t count = 0;
    typed_words(p, typed);
    for (size_t i = 0; i < action_count && count < ENTRIES_MAX; i++) {
        const struct action_info *a = &action_table[i];
        if (a->keys && (a->places & place_below(p)) && !is_found(p, count, a->id) &&
            passes(p, a, typed))
            p->found[count++] = a;
    }
    p->list.selected = 0;
    list_set_count(&p->list, count);
}

/* Why an action of the list cannot be done; asked of the screen below. */
static const char *why_not(struct palette *p, enum action a)
{
    struct screen *below = p->screen.below;
    if (console_options(p->screen.console)->read_only &&
        (action_info(a)->flags & ACTION_CHANGES))
        return "read-only";
    return below->ops->disabled ? below->ops->disabled(below, a) : NULL;
}

/* ------------------------------------------------------------------ running */

static void remember(const char *line)
{
    char *copy = *line ? strdup(line) : NULL;
    if (!copy)
        return;
    if (history_count == HISTORY_MAX) {
        free(history[0]);
        memmove(history, history + 1, (HISTORY_MAX - 1) * sizeof *history);
        history_count--;
    }
    history[history_count++] = copy;
}

/* The action with the most words that the line begins with, and what follows them. */
static const struct action_info *whole(const struct palette *p, const char *line,
                                       const char **rest)
{
    const struct action_info *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < p->list.count; i++) {
        char words[64];
        action_words(p->found[i], words, sizeof words);
        size_t len = strlen(words);
        bool fits = ascii_same_n(line, words, len) && (!line[len] || line[len] == ' ');
        if (!fits || len < most)
            continue;
        best = p->found[i];
        most = len;
        *rest = line + len + strspn(line + len, " ");
    }
    return best;
}

static void run(struct palette *p)
{
    struct console *c = p->screen.console;
    const char *line = field_text(&p->field) + strspn(field_text(&p->field), " ");
    const char *rest = "";
    const struct action_info *a = p->line ? whole(p, line, &rest) : NULL;
    if (!a && p->list.count)
        a = p->found[p->list.selected];
    if (!a) {
        console_toast(c, STYLE_WARN, "no such command here: %s", line);
        console_pop(c);
        return;
    }
    char *argument = strdup(rest);
    if (p->line)
        remember(line);
    console_pop(c);
    console_do(c, a->id, argument);
    free(argument);
}

/* What stands after the words already is left alone. */
static void complete(struct palette *p)
{
    char words[64], text[80], typed[LINE_MAX_BYTES + 1];
    if (!p->line || p->list.count == 0)
        return;
    const struct action_info *a = p->found[p->list.selected];
    action_words(a, words, sizeof words);
    typed_words(p, typed);
    if (strlen(typed) > strlen(words))
        return;
    snprintf(text, sizeof text, "%s%s", words, a->flags & ACTION_TAKES_TEXT ? " " : "");
    field_set(&p->field, text);
    find(p);
}

static void recall(struct palette *p, int by)
{
    size_t back = p->back + (size_t)by;
    if (!p->line || back > history_count)
        return;
    if (p->back == 0)
        snprintf(p->typed, sizeof p->typed, "%s", field_text(&p->field));
    p->back = back;
    field_set(&p->field, back ? history[history_count - back] : p->typed);
    find(p);
}

static bool key(struct screen *s, const struct key *k)
{
    struct palette *p = of(s);
    enum action a = action_of_key(k, PLACE_LINE);
    switch (a) {
    case ACTION_LINE_LEAVE:
        console_pop(s->console);
        break;
    case ACTION_LINE_ACCEPT:
        run(p);
        break;
    case ACTION_LINE_COMPLETE:
        complete(p);
        break;
    case ACTION_LINE_EARLIER:
        recall(p, 1);
        break;
    case ACTION_LINE_LATER:
        recall(p, -1);
        break;
    default:
        if (a == ACTION_LINE_ERASE && field_is_empty(&p->field))
            console_pop(s->console);
        else if (!list_act(&p->list, a) && typing_key(s->console, &p->field, k))
            find(p);
    }
    return true;
}

/* A second click does it. On the `:` line a click puts the words there, to be completed. */
static bool mouse(struct screen *s, const struct key *k)
{
    struct palette *p = of(s);
    bool again = false;
    if (k->code != MOUSE_CLICK)
        list_act(&p->list, k->code == MOUSE_UP ? ACTION_UP : ACTION_DOWN);
    else if (list_click(&p->list, k->y, &again) && p->line)
        complete(p);
    else if (again)
        run(p);
    return true;
}

/* ------------------------------------------------------------------ drawing */

static void draw_entry(struct palette *p, const struct canvas *c, int y, size_t at)
{
    const struct action_info *a = p->found[at];
    char words[64], keys[64];
    const char *why = why_not(p, a->id);
    bool selected = at == p->list.selected;
    enum style style = why ? STYLE_DIM : STYLE_NORMAL;
    action_words(a, words, sizeof words);
    action_keys(a, keys, sizeof keys);
    int words_columns = c->columns < 50 ? 16 : 19, keys_columns = c->columns < 50 ? 8 : 11;
    canvas_text(c, y, 0, 1, selected ? STYLE_SELECTED : style, span_of(selected ? ">" : ""));
    canvas_text(c, y, 1, words_columns, selected ? STYLE_SELECTED : style, span_of(words));
    canvas_text(c, y, 2 + words_columns, keys_columns, why ? STYLE_DIM : STYLE_KEY,
                span_of(keys));
    if (why)
        canvas_format(c, y, 3 + words_columns + keys_columns, -1, STYLE_DIM, "no: %s", why);
    else
        canvas_text(c, y, 3 + words_columns + keys_columns, -1, style, span_of(a->help));
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct palette *p = of(s);
    struct canvas inside =
        dialog_open(c, c->rows - 4, COLUMNS_WANTED,
                    p->line ? "Command: Tab completes, ^P earlier ones"
                            : "What can be done here: type to search, Enter does it");
    canvas_text(&inside, 0, 0, 1, STYLE_KEY, span_of(p->line ? ":" : "?"));
    struct canvas rows = canvas_part(&inside, 2, 0, inside.rows - 2, inside.columns);
    list_set_rows(&p->list, rows.rows);
    p->list.y = rows.y;
    for (int y = 0; y < rows.rows && p->list.top + (size_t)y < p->list.count; y++)
        draw_entry(p, &rows, y, p->list.top + (size_t)y);
    if (p->list.count == 0)
        canvas_text(&rows, 0, 1, -1, STYLE_DIM, span_of("Nothing like that can be done here."));
    field_draw(&p->field, &inside, 0, 2, inside.columns - 2, true, NULL);
}

static void refresh(struct screen *s, unsigned changes)
{
    (void)changes;
    if (of(s)->list.count == 0)
        find(of(s));
}

static const struct screen_ops PALETTE = {
    .holds = true,
    .free = free_palette,
    .refresh = refresh,
    .draw = draw,
    .key = key,
    .mouse = mouse,
};

struct screen *palette_new(struct console *c, bool line)
{
    struct palette *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->screen = (struct screen){.ops = &PALETTE, .console = c};
    p->line = line;
    field_init(&p->field, LINE_MAX_BYTES, false);
    return &p->screen;
}
