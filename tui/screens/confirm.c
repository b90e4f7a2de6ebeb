#include <stdlib.h>
#include <string.h>

#include "screens/screens.h"
#include "widgets/dialog.h"

struct confirm {
    struct screen screen;
    char *question;
    void (*yes)(void *arg);
    void (*drop)(void *arg);
    void *arg;
    int y, yes_x, no_x, end_x; /* of the answers, when last drawn; for clicks */
};

static void confirm_free(struct screen *s)
{
    struct confirm *q = (struct confirm *)s;
    q->drop(q->arg);
    free(q->question);
    free(q);
}

static void confirm_draw(struct screen *s, const struct canvas *c)
{
    struct confirm *q = (struct confirm *)s;
    int columns = c->columns - 8 < 64 ? c->columns - 8 : 64;
    int rows = dialog_text_rows(q->question, columns) + 2;
    struct canvas inside = dialog_open(c, rows, columns, NULL);
    /* Of a long question on a small screen the end goes, never the answers. */
    int y = inside.rows > 1 ? inside.rows - 1 : 0;
    struct canvas text = canvas_part(&inside, 0, 0, y > 1 ? y - 1 : y, inside.columns);
    dialog_text(&text, 0, STYLE_NORMAL, q->question);
    int x = canvas_text(&inside, y, 0, -1, STYLE_KEY, span_of("y"));
    x += canvas_text(&inside, y, x, -1, STYLE_NORMAL, span_of(" yes   "));
    q->no_x = inside.x + x;
    x += canvas_text(&inside, y, x, -1, STYLE_KEY, span_of("n"));
    x += canvas_text(&inside, y, x, -1, STYLE_NORMAL, span_of(" no"));
    q->y = inside.y + y;
    q->yes_x = inside.x;
    q->end_x = inside.x + x;
    term_cursor(inside.y + y, inside.x, true);
}

static bool answer(struct confirm *q, enum action a)
{
    struct console *console = q->screen.console;
    if (a == ACTION_NO)
        console_pop(console);
    if (a != ACTION_YES)
        return true; /* no other key does anything while a question stands */
    /* The answer may open other screens: this one goes first, its values stay until after.
     */
    struct confirm kept = *q;
    q->drop = free;
    q->arg = NULL;
    console_pop(console);
    kept.yes(kept.arg);
    kept.drop(kept.arg);
    return true;
}

static bool confirm_key(struct screen *s, const struct key *k)
{
    return answer((struct confirm *)s, action_of_key(k, PLACE_QUESTION));
}

static bool confirm_mouse(struct screen *s, const struct key *k)
{
    struct confirm *q = (struct confirm *)s;
    enum { YES_COLUMNS = 5 };
    if (k->code != MOUSE_CLICK || k->y != q->y)
        return true;
    if (k->x >= q->yes_x && k->x < q->yes_x + YES_COLUMNS)
        answer(q, ACTION_YES);
    else if (k->x >= q->no_x && k->x < q->end_x)
        answer(q, ACTION_NO);
    return true;
}

static const struct screen_ops CONFIRM = {
    .holds = true,
    .free = confirm_free,
    .place = PLACE_QUESTION,
    .draw = confirm_draw,
    .key = confirm_key,
    .mouse = confirm_mouse,
};

struct screen *confirm_new(struct console *c, const char *question, void (*yes)(void *arg),
                           void (*drop)(void *arg), void *arg)
{
    struct confirm *q = calloc(1, sizeof *q);
    if (!q || !(q->question = strdup(question))) {
        free(q);
        drop(arg);
        return NULL;
    }
    q->screen = (struct screen){.ops = &CONFIRM, .console = c};
    q->yes = yes;
    q->drop = drop;
    q->arg = arg;
    return &q->screen;
}
