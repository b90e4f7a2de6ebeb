/* A text to read, made by another screen. */
#include <stdlib.h>

#include "screens/screens.h"
#include "screens/search.h"
#include "widgets/textview.h"

struct reader {
    struct screen screen;
    struct textview view;
    struct search search;
};

static struct reader *of(struct screen *s)
{
    return (struct reader *)s;
}

static void free_reader(struct screen *s)
{
    textview_free(&of(s)->view);
    free(s);
}

static unsigned place(struct screen *s)
{
    (void)s;
    return PLACE_TEXT;
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct canvas inside = canvas_part(c, 0, 1, c->rows, c->columns - 1);
    canvas_clear(c, STYLE_NORMAL);
    textview_draw(&of(s)->view, &inside);
}

static bool act(struct screen *s, enum action a)
{
    return search_act(&of(s)->search, s->console, &of(s)->view, a) ||
           textview_act(&of(s)->view, a);
}

static const struct screen_ops READER = {
    .title = "Details",
    .covers = true,
    .free = free_reader,
    .place = place,
    .draw = draw,
    .act = act,
};

struct screen *reader_new(struct console *c, struct textview *text)
{
    struct reader *r = calloc(1, sizeof *r);
    if (!r) {
        textview_free(text);
        return NULL;
    }
    r->screen = (struct screen){.ops = &READER, .console = c};
    r->view = *text;
    textview_init(text);
    return &r->screen;
}
