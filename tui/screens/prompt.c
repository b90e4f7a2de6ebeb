#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "screens/screens.h"
#include "screens/typing.h"
#include "widgets/dialog.h"
#include "widgets/field.h"

enum { PROMPT_MAX = 1024 };

struct prompt_screen {
    struct screen screen;
    char *question;
    struct field field;
    struct err err; /* why the text was not taken; code 0: it was not given yet */
    prompt_done *done;
    void *arg;
};

static void prompt_free_screen(struct screen *s)
{
    struct prompt_screen *p = (struct prompt_screen *)s;
    field_free(&p->field);
    free(p->question);
    free(p);
}

static void prompt_draw(struct screen *s, const struct canvas *c)
{
    struct prompt_screen *p = (struct prompt_screen *)s;
    int columns = (int)text_columns(span_of(p->question)) + 4; /* the question stands whole */
    columns = columns > 50 ? columns : 50;
    columns = columns + 4 < c->columns ? columns : c->columns - 4;
    int told = p->err.code ? dialog_text_rows(p->err.text, columns) : 1;
    struct canvas inside = dialog_open(c, 2 + told, columns, p->question);
    if (p->err.code)
        dialog_text(&inside, 1, STYLE_ERROR, p->err.text);
    canvas_text(&inside, 1 + told, 0, -1, STYLE_DIM, span_of("Enter accepts, Esc leaves it"));
    field_draw(&p->field, &inside, 0, 0, inside.columns, true, NULL);
}

/* A copy of it is asked, which comes back if its text is not taken. */
static void accept(const struct prompt_screen *p)
{
    struct console *c = p->screen.console;
    struct screen *again =
        prompt_new_begun(c, p->question, field_text(&p->field), p->done, p->arg);
    if (!again) {
        console_toast(c, STYLE_ERROR, "out of memory");
        return;
    }
    struct prompt_screen *copy = (struct prompt_screen *)again;
    console_pop(c);
    if (copy->done(copy->arg, field_text(&copy->field), &copy->err))
        prompt_free_screen(again);
    else
        console_push(c, again);
}

static bool prompt_key(struct screen *s, const struct key *k)
{
    struct prompt_screen *p = (struct prompt_screen *)s;
    enum action a = action_of_key(k, PLACE_LINE);
    if (a == ACTION_LINE_LEAVE)
        console_pop(s->console);
    else if (a == ACTION_LINE_ACCEPT)
        accept(p);
    else
        typing_key(s->console, &p->field, k);
    return true;
}

static const struct screen_ops PROMPT = {
    .holds = true,
    .free = prompt_free_screen,
    .place = PLACE_LINE,
    .draw = prompt_draw,
    .key = prompt_key,
};

struct screen *prompt_new(struct console *c, const char *question, const char *text,
                          prompt_done *done, void *arg)
{
    struct screen *s = prompt_new_begun(c, question, text, done, arg);
    if (s)
        field_offer(&((struct prompt_screen *)s)->field, text);
    return s;
}

struct screen *prompt_new_begun(struct console *c, const char *question, const char *text,
                                prompt_done *done, void *arg)
{
    struct prompt_screen *p = calloc(1, sizeof *p);
    if (!p || !(p->question = strdup(question))) {
        free(p);
        return NULL;
    }
    p->screen = (struct screen){.ops = &PROMPT, .console = c};
    p->done = done;
    p->arg = arg;
    field_init(&p->field, PROMPT_MAX, false);
    field_set(&p->field, text);
    return &p->screen;
}
