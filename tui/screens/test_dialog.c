/* Test connection: sends a sample as the alert stands, and shows what comes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/timefmt.h"
#include "diagnosis.h"
#include "screens/screens.h"
#include "screens/search.h"
#include "tester.h"
#include "widgets/dialog.h"
#include "widgets/textview.h"

enum { BODY_SHOWN = 16 * 1024, COLUMNS = 66, ROWS_LEAST = 6, SAID_COLUMNS = 120 };

struct test_dialog {
    struct screen screen;
    struct tester *tester;
    struct textview view;
    struct search search;
    int64_t began; /* steady ms */
    char origin[300];
    enum event_type type;
    enum alert_destination destination;
    bool insecure;
    bool edited; /* a body of the person's own */
    bool shown;  /* the outcome is in the view */
};

static struct test_dialog *of(struct screen *s)
{
    return (struct test_dialog *)s;
}

/* Of a body of `total` bytes. */
static void add_text(struct textview *v, const char *text, size_t len, int64_t total)
{
    struct buf pretty;
    buf_init(&pretty, 16 * BODY_SHOWN);
    struct span shown = {text, len < BODY_SHOWN ? len : BODY_SHOWN};
    js_pretty(&pretty, shown, 2);
    textview_add(v, STYLE_NORMAL, 2, true, buf_span(&pretty));
    buf_free(&pretty);
    if (total > (int64_t)shown.len)
        textview_format(v, STYLE_DIM, "(the first %zu of %lld bytes)", shown.len,
                        (long long)total);
}

/* Header lines end with CR LF: the CR is no part of what is read. The empty line after them
 * stays one. */
static void add_headers(struct textview *v, const char *lines, size_t len)
{
    struct buf plain;
    buf_init(&plain, OUTCOME_HEADERS_KEPT);
    for (size_t i = 0; i < len; i++)
        if (lines[i] != '\r')
            buf_add_char(&plain, lines[i]);
    struct span text = buf_span(&plain);
    text.len -= text.len && text.at[text.len - 1] == '\n';
    textview_add(v, STYLE_DIM, 2, true, text);
    buf_free(&plain);
}

/* The answer stands below; where its headers are many, what it says would not be seen. */
static void add_diagnosis(struct test_dialog *d, const struct outcome *o)
{
    char said[4 * SAID_COLUMNS];
    const char *advice = diagnosis_advice(o, d->destination);
    diagnosis_said(o, SAID_COLUMNS, said, sizeof said);
    if (said[0])
        textview_format(&d->view, STYLE_WARN, "It said: %s", said);
    if (advice)
        textview_format(&d->view, STYLE_NORMAL, "%s", advice);
    if ((said[0] || advice) && o->address[0])
        textview_format(&d->view, STYLE_NORMAL, " ");
}

static void show_outcome(struct test_dialog *d, const struct outcome *o)
{
    char words[300];
    bool fine = tester_words(o, words, sizeof words);
    d->shown = true;
    textview_clear(&d->view);
    textview_format(&d->view, fine ? STYLE_OK : STYLE_ERROR, "%s: %s",
                    fine ? "It works" : "It failed", words);
    if (!fine)
        add_diagnosis(d, o);
    if (d->insecure)
        textview_format(&d->view, STYLE_ERROR, "INSECURE: nobody verified who answered");
    if (o->address[0])
        textview_format(&d->view, STYLE_DIM, "from %s", o->address);
    if (o->headers_len)
        add_headers(&d->view, o->headers, o->headers_len);
    if (o->body_len)
        add_text(&d->view, o->body, o->body_len, o->body_total);
    else if (o->kind == OUTCOME_RESPONSE)
        textview_format(&d->view, STYLE_DIM, "the answer has no body");
}

static int64_t steady(const struct screen *s)
{
    return clock_steady_ms(console_options(s->console)->clock);
}

/* How long, and for how long at most: a receiver that says nothing looks like a console
 * that does nothing. */
static void draw_wait(struct test_dialog *d, const struct canvas *c)
{
    int64_t most = console_settings(d->screen.console)->number[SETTING_DELIVERY_TIMEOUT];
    char limit[24];
    duration_human(most, limit);
    canvas_format(c, 0, 0, -1, STYLE_WARN, "Sending... %lld s of at most %s; Esc cancels",
                  (long long)(steady(&d->screen) - d->began) / 1000, limit);
}

static int64_t tick(struct screen *s)
{
    const struct test_dialog *d = of(s);
    return d->shown ? -1 : 1000 - (steady(s) - d->began) % 1000;
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct test_dialog *d = of(s);
    const struct outcome *o = d->shown ? NULL : tester_outcome(d->tester);
    if (o)
        show_outcome(d, o);
    int columns = COLUMNS < c->columns - 4 ? COLUMNS : c->columns - 4;
    int rows = d->shown ? (int)textview_rows(&d->view, columns) : 1;
    int most = c->rows - 10 > ROWS_LEAST ? c->rows - 10 : ROWS_LEAST;
    rows = rows < most ? rows : most;
    struct canvas inside = dialog_open(c, rows + 2, columns, "Test connection");
    canvas_format(&inside, 0, 0, inside.columns, STYLE_NORMAL, "%s %s to %s",
                  d->edited ? "The edited body of" : "A sample of", event_type_name(d->type),
                  d->origin);
    int head = inside.rows > 2 ? 2 : 0; /* without room for both, the outcome */
    struct canvas body = canvas_part(&inside, head, 0, inside.rows - head, inside.columns);
    if (d->shown)
        textview_draw(&d->view, &body);
    else
        draw_wait(d, &body);
    term_cursor(inside.y, inside.x, true);
}

static bool act(struct screen *s, enum action a)
{
    struct test_dialog *d = of(s);
    return a == ACTION_HELP || search_act(&d->search, s->console, &d->view, a) ||
           textview_act(&d->view, a);
}

static void free_dialog(struct screen *s)
{
    tester_free(&of(s)->tester);
    textview_free(&of(s)->view);
    free(s);
}

static const struct screen_ops TEST_DIALOG = {
    .free = free_dialog,
    .place = PLACE_TEXT,
    .draw = draw,
    .act = act,
    .tick = tick,
};

static void wake(void *console)
{
    console_wake(console);
}

struct screen *test_dialog_new(struct console *c, const struct alert *alert,
                               enum event_type type, struct span body)
{
    struct err err;
    struct test_dialog *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->screen = (struct screen){.ops = &TEST_DIALOG, .console = c};
    d->type = type;
    d->destination = alert->destination;
    d->began = steady(&d->screen);
    d->edited = body.at != NULL;
    d->insecure = alert_is_insecure(alert);
    alert_url_origin(alert->url, d->origin, sizeof d->origin);
    textview_init(&d->view);
    d->tester = tester_start(alert, type, body, console_settings(c), console_options(c)->clock,
                             wake, c, &err);
    if (d->tester)
        return &d->screen;
    console_toast(c, STYLE_ERROR, "%s", err.text);
    free(d);
    return NULL;
}
