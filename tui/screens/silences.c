/* What is not sent for a time: the silences, what they held and dropped; new ones, and
 * their end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "reply.h"
#include "screens/screens.h"
#include "screens/silence_prompt.h"
#include "screens/table_screen.h"
#include "short_text.h"
#include "silence_words.h"
#include "store/silences.h"

enum { WHAT, STATE, THEN, HELD, DROPPED, WHEN, COMMENT, COLUMN_COUNT };
static const struct column COLUMNS[COLUMN_COUNT] = {
    [WHAT] = {"WHAT", 16, 56, 0},      [STATE] = {"STATE", 18, 23, 0},
    [THEN] = {"THEN", 6, 6, 3},        [HELD] = {"HELD", 6, 8, 1},
    [DROPPED] = {"DROPPED", 7, 8, 2},  [WHEN] = {"WHEN", 19, 44, 4},
    [COMMENT] = {"COMMENT", 12, 0, 5},
};

struct silences_screen {
    struct table_screen base;
    struct silences all;
};

static struct silences_screen *of(struct screen *s)
{
    return (struct silences_screen *)s;
}

static const struct silence_at *row_at(const void *arg, size_t row)
{
    return &((const struct silences_screen *)arg)->all.items[row];
}

static int64_t now(const struct silences_screen *s)
{
    return clock_wall_ms(console_options(s->base.screen.console)->clock);
}

/* ------------------------------------------------------------------ the table */

static const char *id(const void *arg, size_t row)
{
    return row_at(arg, row)->silence.id;
}

static void subject(const struct silence *s, char *out, size_t size)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    silence_subject(s, &text);
    snprintf(out, size, "%s", buf_text(&text));
    text_whole(out);
    buf_free(&text);
}

/* Without room "until 18:00" says enough. */
static enum style state_cell(const struct silence_at *at, int64_t time, int width,
                             char *out, size_t size)
{
    char words[64];
    static const char active[] = "active ";
    silence_words_state(at, time, words, sizeof words);
    bool cut = at->state.phase == SILENCE_ACTIVE && (int)strlen(words) > width;
    snprintf(out, size, "%s", cut ? words + sizeof active - 1 : words);
    return at->state.phase == SILENCE_ACTIVE ? STYLE_WARN
           : at->state.phase == SILENCE_OVER ? STYLE_DIM
                                             : STYLE_NORMAL;
}

static enum style cell(const void *arg, size_t row, int column, int width, char *out,
                       size_t size)
{
    const struct silence_at *at = row_at(arg, row);
    const struct silence *s = &at->silence;
    switch (column) {
    case WHAT:
        subject(s, out, size);
        break;
    case STATE:
        return state_cell(at, now(arg), width, out, size);
    case THEN:
        snprintf(out, size, "%s", silence_mode_name(s->mode));
        break;
    case HELD:
        snprintf(out, size, "%lld", (long long)s->held);
        break;
    case DROPPED:
        snprintf(out, size, "%lld", (long long)s->dropped);
        break;
    case WHEN:
        silence_words_schedule(s, now(arg), out, size);
        break;
    default:
        snprintf(out, size, "%s", s->comment ? s->comment : "");
    }
    return at->state.phase == SILENCE_OVER ? STYLE_DIM : STYLE_NORMAL;
}

static int compare(const void *arg, size_t a, size_t b, int column)
{
    const struct silence_at *l = row_at(arg, a), *r = row_at(arg, b);
    char left[256], right[256];
    switch (column) {
    case WHAT:
        subject(&l->silence, left, sizeof left);
        subject(&r->silence, right, sizeof right);
        return table_by_text(left, right);
    case THEN:
        return (int)l->silence.mode - (int)r->silence.mode;
    case HELD:
        return table_by_number(l->silence.held, r->silence.held);
    case DROPPED:
        return table_by_number(l->silence.dropped, r->silence.dropped);
    case COMMENT:
        return table_by_text(l->silence.comment, r->silence.comment);
    default: /* the next to change first */
        return table_by_number(l->state.changes_at, r->state.changes_at);
    }
}

static const struct table_ops TABLE = {COLUMNS, COLUMN_COUNT, id, cell, compare};

static void read_rows(struct table_screen *t)
{
    struct silences_screen *s = (struct silences_screen *)t;
    struct console *c = t->screen.console;
    struct silences all;
    struct err err;
    if (!store_silence_list(console_reader(c), console_workspace(c), now(s), &all, &err)) {
        console_toast(c, STYLE_ERROR, "%s", err.text);
        return;
    }
    silences_free(&s->all);
    s->all = all;
    table_update(&t->table, all.count);
}

static void refresh(struct screen *s, unsigned changes)
{
    if (changes & (STORE_CHANGED_SILENCES | STORE_CHANGED_ALERTS))
        read_rows(&of(s)->base);
}

static void free_silences(struct screen *s)
{
    silences_free(&of(s)->all);
    table_screen_free(&of(s)->base);
    free(s);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct silences_screen *l = of(s);
    size_t active = 0;
    char what[64];
    for (size_t i = 0; i < l->all.count; i++)
        active += l->all.items[i].state.phase == SILENCE_ACTIVE;
    snprintf(what, sizeof what, "%zu silence%s, %zu active", l->all.count,
             l->all.count == 1 ? "" : "s", active);
    table_screen_draw(&l->base, c, what,
                      "Nothing is silenced. n keeps something back for a time.");
}

static int64_t tick(struct screen *s)
{
    struct silences_screen *l = of(s);
    return silence_prompt_tick(&l->all, now(l));
}

/* ------------------------------------------------------------------ actions */

static void end_chosen(struct silences_screen *s)
{
    struct console *c = s->base.screen.console;
    size_t count;
    const char **ids = table_chosen_ids(&s->base.table, &count);
    struct reply *reply =
        ids ? reply_new(c, "ended: what was held is sent now", NULL, NULL) : NULL;
    if (reply)
        store_silence_end(console_options(c)->store, console_workspace(c), ids, count,
                          reply_done, reply);
    free(ids);
}

static void ask(struct screen *s, enum action a, char *out, size_t size)
{
    struct silences_screen *l = of(s);
    size_t count = table_chosen(&l->base.table, NULL, NULL), row;
    char what[SHORT_TEXT_SIZE] = "";
    (void)a;
    if (count == 1 && table_row(&l->base.table, &row))
        subject(&row_at(l, row)->silence, what, sizeof what);
    if (count == 1)
        snprintf(out, size, "End the silence of %s? What it holds is sent now.",
                 short_text(&(struct short_text){0}, what, 120));
    else
        snprintf(out, size, "End %zu silences? What they hold is sent now.", count);
}

static void open_row(struct silences_screen *s)
{
    char when[256];
    size_t row;
    if (!table_row(&s->base.table, &row))
        return;
    const struct silence *one = &row_at(s, row)->silence;
    silence_words_schedule(one, now(s), when, sizeof when);
    console_toast(s->base.screen.console, STYLE_NORMAL, "%s, by %s%s%s", when,
                  one->created_by, one->comment ? ": " : "",
                  one->comment ? one->comment : "");
}

static bool take_line(void *arg, const char *line, struct err *err)
{
    return silence_prompt_take(((struct silences_screen *)arg)->base.screen.console, line, NULL,
                               err);
}

static void add(struct silences_screen *s)
{
    struct console *c = s->base.screen.console;
    const char *line = console_argument(c);
    struct err err;
    if (line && !take_line(s, line, &err))
        console_toast(c, STYLE_ERROR, "%s", err.text);
    else if (!line)
        console_push(c, prompt_new_begun(c, "Silence: alert: project: type:", "2h digest type:",
                                         take_line, s));
}

static bool act(struct screen *s, enum action a)
{
    switch (a) {
    case ACTION_SILENCE_ADD:
        add(of(s));
        return true;
    case ACTION_SILENCE_END:
        end_chosen(of(s));
        return true;
    case ACTION_OPEN:
        open_row(of(s));
        return true;
    default:
        return table_screen_act(s, a);
    }
}

static const struct screen_ops SILENCES = {
    .title = "Silences",
    .covers = true,
    .free = free_silences,
    .place = PLACE_SILENCES,
    .refresh = refresh,
    .draw = draw,
    .act = act,
    .ask = ask,
    .disabled = table_screen_disabled,
    .chosen = table_screen_chosen,
    .mouse = table_screen_mouse,
    .tick = tick,
};

struct screen *silences_new(struct console *c)
{
    struct silences_screen *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    table_screen_init(&s->base, &SILENCES, c, &TABLE, read_rows);
    return &s->base.screen;
}
