/* The help: the pages of assets/help, and the keys of the place that one came from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asset.h"
#include "screens/markdown.h"
#include "screens/screens.h"
#include "screens/search.h"
#include "widgets/list.h"
#include "widgets/textview.h"

/* In the order of reading. The first is no file: the keys. */
static const struct {
    const char *file, *title;
} PAGES[] = {
    {NULL, "Keys"},
    {"help/getting-started.md", "Getting started"},
    {"help/console.md", "The console"},
    {"help/screens.md", "The screens"},
    {"help/event-types.md", "Event types"},
    {"help/silences.md", "Silences"},
    {"help/payloads.md", "Payloads"},
    {"help/securing-webhooks.md", "Securing webhooks"},
    {"help/troubleshooting.md", "Troubleshooting"},
    {"help/slack.md", "Slack"},
    {"help/pagerduty.md", "PagerDuty"},
    {"help/no-code.md", "n8n, Make and IFTTT"},
    {"help/custom-dashboard.md", "A custom dashboard"},
    {"help/best-practices.md", "Best practices"},
    {"help/scaling.md", "Scaling"},
    {"help/performance.md", "Performance"},
    {"help/architecture.md", "Architecture"},
    {"help/command-line.md", "Command line and settings"},
    {"help/operation.md", "Operation"},
    {"help/monitoring.md", "Monitoring"},
    {"help/served-paths.md", "Served paths"},
    {"examples/token-check.mjs", "Example: check the token"},
    {"examples/signature-check.mjs", "Example: check signatures"},
    {"examples/asynchronous.mjs", "Example: answer first"},
    {"examples/idempotent.mjs", "Example: handle once"},
    {"examples/dashboard.mjs", "Example: dashboard"},
};
enum {
    PAGE_COUNT = sizeof PAGES / sizeof *PAGES,
    INDEX_COLUMNS = 28,
    PAGE_COLUMNS = 84, /* of a drawn screen, as it stands in a page */
    CODE_INDENT = 4,
    KEYS_COLUMNS = 14,
};

struct help {
    struct screen screen;
    unsigned from; /* the place that one came from */
    struct list index;
    struct textview view;
    bool reading, wide; /* wide: the list of pages stays beside a page */
    bool narrow;        /* code begins at the margin, so that drawings of screens stay whole */
    struct search search;
};

static struct help *of(struct screen *s)
{
    return (struct help *)s;
}

static void free_help(struct screen *s)
{
    textview_free(&of(s)->view);
    free(s);
}

static unsigned place(struct screen *s)
{
    return of(s)->reading ? PLACE_TEXT : PLACE_PICKER;
}

/* ------------------------------------------------------------------ the keys */

static void add_keys(struct textview *v, const struct action_info *a)
{
    char labels[64] = "";
    for (const char *keys = a->keys; *keys;) {
        struct span word = {keys, strcspn(keys, " ")};
        struct key key;
        size_t len = strlen(labels);
        if (key_parse(word, &key) && len + 16 < sizeof labels) {
            snprintf(labels + len, sizeof labels - len, "%s", len ? ", " : "");
            key_label(&key, labels + strlen(labels), sizeof labels - strlen(labels));
        }
        keys += word.len + strspn(keys + word.len, " ");
    }
    char text[256];
    snprintf(text, sizeof text, "  %-*s %s", KEYS_COLUMNS, labels, a->help);
    textview_add(v, STYLE_NORMAL, KEYS_COLUMNS + 3, true, span_of(text));
}

static void add_place(struct textview *v, const char *title, unsigned place, bool common)
{
    textview_format(v, STYLE_HEADING, "%s", title);
    for (size_t i = 0; i < action_count; i++)
        if (action_table[i].keys && action_table[i].places & place &&
            (common || !action_is_common(&action_table[i])))
            add_keys(v, &action_table[i]);
    textview_add(v, STYLE_NORMAL, 0, true, span_of(""));
}

static void render_keys(struct textview *v, unsigned from)
{
    /* First the place one came from, whole. */
    for (size_t p = 0; p < action_place_count; p++)
        if (action_places[p].place == from)
            add_place(v, action_places[p].title, from, true);
    textview_format(v, STYLE_HEADING, "In all lists");
    for (size_t i = 0; i < action_count; i++)
        if (action_table[i].keys && action_is_common(&action_table[i]))
            add_keys(v, &action_table[i]);
    textview_add(v, STYLE_NORMAL, 0, true, span_of(""));
    for (size_t p = 0; p < action_place_count; p++)
        if (action_places[p].place != from)
            add_place(v, action_places[p].title, action_places[p].place, false);
}

/* ------------------------------------------------------------------ the screen */

static void render(struct help *h)
{
    size_t at = h->index.selected;
    textview_clear(&h->view);
    if (!PAGES[at].file)
        render_keys(&h->view, h->from);
    else if (strncmp(PAGES[at].file, "help/", 5) == 0)
        markdown_render(&h->view, asset_find(PAGES[at].file), h->narrow ? 0 : CODE_INDENT);
    else
        textview_add(&h->view, STYLE_NORMAL, 4, true, asset_find(PAGES[at].file));
}

static void show(struct help *h)
{
    h->view.top = 0;
    render(h);
}

static void draw_index(struct help *h, const struct canvas *c)
{
    list_set_rows(&h->index, c->rows);
    h->index.y = c->y;
    canvas_clear(c, STYLE_NORMAL);
    for (int y = 0; y < c->rows && h->index.top + (size_t)y < h->index.count; y++) {
        size_t at = h->index.top + (size_t)y;
        bool selected = at == h->index.selected;
        enum style style = !selected    ? STYLE_NORMAL
                           : h->reading ? STYLE_MARKED
                                        : STYLE_SELECTED;
        canvas_format(c, y, 0, c->columns, style, "%s%s",
                      selected && !h->reading ? ">" : " ", PAGES[at].title);
        if (selected && !h->reading)
            term_cursor(c->y + y, c->x, true);
    }
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct help *h = of(s);
    int least = h->reading ? PAGE_COLUMNS : INDEX_COLUMNS + 8;
    bool wide = h->wide = c->columns >= INDEX_COLUMNS + 2 + least;
    bool narrow = h->reading && c->columns <= PAGE_COLUMNS;
    canvas_clear(c, STYLE_NORMAL);
    if (narrow != h->narrow) {
        h->narrow = narrow;
        render(h);
    }
    if (wide || h->reading) {
        int x = wide ? INDEX_COLUMNS + 2 : narrow ? 0 : 1;
        struct canvas page = canvas_part(c, 0, x, c->rows, c->columns - x);
        textview_draw(&h->view, &page);
    }
    if (wide || !h->reading) {
        struct canvas index =
            canvas_part(c, 0, 0, c->rows, wide ? INDEX_COLUMNS : c->columns);
        draw_index(h, &index);
        for (int y = 0; wide && y < c->rows; y++)
            canvas_glyph(c, y, INDEX_COLUMNS, STYLE_DIM, GLYPH_VLINE);
    }
}

static const char *disabled(struct screen *s, enum action a)
{
    if (a == ACTION_CHECK && !of(s)->reading)
        return "Enter opens a page";
    return a == ACTION_HELP ? "this is the help: Enter opens a page, Esc leaves" : NULL;
}

static bool act(struct screen *s, enum action a)
{
    struct help *h = of(s);
    if (h->reading && a == ACTION_BACK) {
        h->reading = false;
        return true;
    }
    if (h->reading)
        return search_act(&h->search, s->console, &h->view, a) || textview_act(&h->view, a);
    if (a == ACTION_OPEN) {
        h->reading = true;
        return true;
    }
    if (!list_act(&h->index, a))
        return false;
    show(h);
    return true;
}

/* Where the list of pages is seen, a click shows one, a second one opens it. */
static bool mouse(struct screen *s, const struct key *k)
{
    struct help *h = of(s);
    bool again;
    if (k->code != MOUSE_CLICK || (h->wide ? k->x >= INDEX_COLUMNS : h->reading) ||
        !list_click(&h->index, k->y, &again))
        return false;
    h->reading = again;
    if (!again)
        show(h);
    return true;
}

static const struct screen_ops HELP = {
    .title = "Help",
    .covers = true,
    .free = free_help,
    .place_now = place,
    .draw = draw,
    .act = act,
    .disabled = disabled,
    .mouse = mouse,
};

struct screen *help_new(struct console *c, unsigned from)
{
    struct help *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->screen = (struct screen){.ops = &HELP, .console = c};
    h->from = from;
    textview_init(&h->view);
    list_set_count(&h->index, PAGE_COUNT);
    show(h);
    return &h->screen;
}
