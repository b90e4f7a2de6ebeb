/* A text to read, made by another screen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screens/screens.h"
#include "screens/search.h"
#include "screens/words.h"
#include "widgets/textview.h"

struct reader {
    struct screen screen;
    struct textview view;
    struct search search;
    char *before; /* what stands in the line that counts down before the wait; NULL: none does */
    size_t line;
    int64_t due;
    char wait[32]; /* as it stands there */
};

static struct reader *of(struct screen *s)
{
    return (struct reader *)s;
}

static void free_reader(struct screen *s)
{
    textview_free(&of(s)->view);
    free(of(s)->before);
    free(s);
}

static int64_t left(const struct reader *r)
{
    return r->due - clock_steady_ms(console_options(r->screen.console)->clock);
}

static void count_down(struct reader *r)
{
    char wait[24], words[sizeof r->wait] = " now";
    struct buf text;
    words_wait(left(r), wait);
    if (left(r) > 0)
        snprintf(words, sizeof words, " in %s", wait);
    if (strcmp(words, r->wait) == 0)
        return;
    memcpy(r->wait, words, sizeof r->wait);
    buf_init(&text, BUF_UNLIMITED);
    if (buf_add_format(&text, "%s%s", r->before, words))
        textview_set_line(&r->view, r->line, buf_span(&text));
    buf_free(&text);
}

/* Where it is scrolled away it is not worth a wake-up. */
static int64_t tick(struct screen *s)
{
    const struct reader *r = of(s);
    return r->before && left(r) > 0 && r->view.top <= r->line ? 1000 : -1;
}

static void draw(struct screen *s, const struct canvas *c)
{
    if (of(s)->before)
        count_down(of(s));
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
    .place = PLACE_TEXT,
    .draw = draw,
    .act = act,
    .tick = tick,
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

struct screen *reader_new_until(struct console *c, struct textview *text, size_t line, int64_t due)
{
    struct screen *s = reader_new(c, text);
    struct reader *r = s ? of(s) : NULL;
    if (!r || line >= r->view.count)
        return s;
    r->before = strdup(r->view.lines[line].text);
    r->line = line;
    r->due = due;
    return s;
}
