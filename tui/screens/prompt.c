#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "screens/screens.h"
#include "widgets/dialog.h"
#include "widgets/field.h"

enum { PROMPT_MAX = 1024 };

struct prompt_screen {
    struct screen screen;
    char *question;
    struct field field;
    void (*done)(void *arg, const char *text);
    void *arg;
};

static void prompt_free_screen(struct screen *s)
{
    struct prompt_screen *p = (struct prompt_screen *)s;
    field_free(&p->field);
    free(p->question);
    free(p);
}

static unsigned prompt_place(struct screen *s)
{
    (void)s;
    return PLACE_LINE;
}

static void prompt_draw(struct screen *s, const struct canvas *c)
{
    struct prompt_screen *p = (struct prompt_screen *)s;
    int columns = (int)text_columns(span_of(p->question)) + 4; /* the question stands whole */
    struct canvas inside = dialog_open(c, 3, columns > 50 ? columns : 50, p->question);
    field_draw(&p->field, &inside, 0, 0, inside.columns, true, NULL);
    canvas_text(&inside, 2, 0, -1, STYLE_DIM, span_of("Enter accepts, Esc leaves it"));
}

static bool prompt_key(struct screen *s, const struct key *k)
{
    struct prompt_screen *p = (struct prompt_screen *)s;
    struct console *console = s->console;
    enum action a = action_of_key(k, PLACE_LINE);
    if (a == ACTION_LINE_LEAVE) {
        console_pop(console);
    } else if (a == ACTION_LINE_ACCEPT) {
        char *text = strdup(field_text(&p->field));
        void (*done)(void *, const char *) = p->done;
        void *arg = p->arg;
        console_pop(console);
        if (text)
            done(arg, text);
        free(text);
    } else {
        field_key(&p->field, k);
    }
    return true;
}

static const struct screen_ops PROMPT = {
    .holds = true,
    .free = prompt_free_screen,
    .place = prompt_place,
    .draw = prompt_draw,
    .key = prompt_key,
};

struct screen *prompt_new(struct console *c, const char *question, const char *text,
                          void (*done)(void *arg, const char *text), void *arg)
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
