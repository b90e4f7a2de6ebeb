/* Create, edit and duplicate an alert. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/condition_text.h"
#include "reply.h"
#include "rules/threshold.h"
#include "screens/form_state.h"
#include "screens/screens.h"

enum { LABEL_COLUMNS = 15, HEADER_NAME_COLUMNS = 24 };

struct alert_form {
    struct screen screen;
    struct form_state state;
    struct project_rows projects; /* for the names in scopes */
    struct condition_rows conditions; /* how those of a stored alert stand */
    int top;                      /* the first line that is visible */
    bool saving;
};

static struct alert_form *of(struct screen *s)
{
    return (struct alert_form *)s;
}

static void free_form(struct screen *s)
{
    form_free(&of(s)->state);
    project_rows_free(&of(s)->projects);
    condition_rows_free(&of(s)->conditions);
    free(s);
}

static unsigned place(struct screen *s)
{
    (void)s;
    return PLACE_FORM;
}

static void refresh_conditions(struct alert_form *form)
{
    struct condition_rows rows;
    const char *id = form->state.alert.id;
    if (!id[0] || !store_condition_list(console_reader(form->screen.console), id, &rows, NULL))
        return;
    condition_rows_free(&form->conditions);
    form->conditions = rows;
}

static void refresh(struct screen *s, unsigned changes)
{
    if (changes & STORE_CHANGED_CONDITIONS)
        refresh_conditions(of(s));
    struct project_rows rows;
    if (!(changes & STORE_CHANGED_PROJECTS) ||
        !store_project_list(console_reader(s->console), console_workspace(s->console), &rows, NULL))
        return;
    project_rows_free(&of(s)->projects);
    of(s)->projects = rows;
}

/* ------------------------------------------------------------------ drawing */

static bool focused(const struct form_state *f, enum form_spot spot, size_t index)
{
    return f->focus == spot && f->index == index;
}

static void draw_choice(const struct form_state *f, const struct canvas *c, int y, int x,
                        enum form_spot spot, size_t index, const char *text)
{
    bool on = focused(f, spot, index);
    canvas_text(c, y, x, -1, on ? STYLE_SELECTED : STYLE_NORMAL, span_of(text));
    if (on)
        term_cursor(c->y + y, c->x + x, true);
}

static void draw_field(const struct form_state *f, const struct canvas *c, int y, const char *label,
                       const struct field *field, enum form_spot spot, const char *hint)
{
    canvas_text(c, y, 1, LABEL_COLUMNS, STYLE_STRONG, span_of(label));
    field_draw(field, c, y, 1 + LABEL_COLUMNS, c->columns - LABEL_COLUMNS - 2, focused(f, spot, 0), hint);
}

static void draw_header(const struct form_state *f, const struct canvas *c, int y, size_t i)
{
    const struct form_header *h = &f->headers[i];
    int x = 1 + LABEL_COLUMNS, room = c->columns - x - 1;
    int name = room / 2 < HEADER_NAME_COLUMNS ? room / 2 : HEADER_NAME_COLUMNS;
    canvas_format(c, y, 1, LABEL_COLUMNS, STYLE_STRONG, "  Header %zu", i + 1);
    field_draw(&h->name, c, y, x, name, focused(f, SPOT_HEADER_NAME, i), "name");
    field_draw(&h->value, c, y, x + name + 1, room - name - 1, focused(f, SPOT_HEADER_VALUE, i), "value");
}

static const char *project_name(const struct alert_form *form, const char *id)
{
    for (size_t i = 0; i < form->projects.count; i++)
        if (strcmp(form->projects.items[i].id, id) == 0)
            return form->projects.items[i].name;
    return "a project that is gone";
}

static void scope_words(const struct alert_form *form, const struct alert_trigger *t, char *out, size_t size)
{
    if (!event_type_info(t->type)->observability) {
        snprintf(out, size, "whole workspace");
        return;
    }
    if (!t->scoped) {
        snprintf(out, size, "all projects");
        return;
    }
    size_t len = (size_t)snprintf(out, size, t->project_count == 1 ? "only " : "%zu projects: ", t->project_count);
    for (size_t i = 0; i < t->project_count && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "", project_name(form, t->projects[i]));
}

/* What raises it, then where: "over 10 in 15m (now 3), all projects". */
static void trigger_words(const struct alert_form *form, const struct alert_trigger *t, struct buf *out)
{
    char scope[300], value[THRESHOLD_TEXT_SIZE];
    scope_words(form, t, scope, sizeof scope);
    condition_text_write(t, out);
    for (size_t c = 0; c < t->condition_count; c++)
        for (size_t i = 0; i < form->conditions.count; i++) {
            const struct condition_row *row = &form->conditions.items[i];
            if (strcmp(row->id, t->conditions[c].id) != 0 || !row->known)
                continue;
            threshold_text(row->value, value);
            buf_add_format(out, " (now %s)", value);
        }
    buf_add_format(out, "%s%s", out->len ? ", " : "", scope);
}

static void draw_trigger(struct alert_form *form, const struct canvas *c, int y, size_t i)
{
    const struct alert_trigger *t = &form->state.alert.triggers[i];
    bool on = focused(&form->state, SPOT_TRIGGER, i);
    struct buf words;
    buf_init(&words, BUF_UNLIMITED);
    trigger_words(form, t, &words);
    canvas_text(c, y, 1, c->columns - 2, on ? STYLE_SELECTED : STYLE_NORMAL, span_of(""));
    canvas_text(c, y, 2, 28, on ? STYLE_SELECTED : STYLE_NORMAL, span_of(event_type_info(t->type)->title));
    canvas_text(c, y, 31, -1, on ? STYLE_SELECTED : STYLE_DIM, buf_span(&words));
    buf_free(&words);
    if (on)
        term_cursor(c->y + y, c->x + 1, true);
}

static void advanced_words(const struct form_state *f, char *out, size_t size)
{
    if (f->advanced)
        snprintf(out, size, "Advanced: secret token and custom headers");
    else
        snprintf(out, size, "Advanced: %s, %zu custom header%s (Enter opens)",
                 field_is_empty(&f->token) ? "no secret token" : "a secret token", f->header_count,
                 f->header_count == 1 ? "" : "s");
}

static const char *url_hint(enum alert_destination d)
{
    return d == DESTINATION_SLACK ? "https://hooks.slack.com/services/..." : "https://example.org/hook";
}

static void draw_labelled(const struct form_state *f, const struct canvas *c, int y, const char *label,
                          enum form_spot spot, const char *text)
{
    canvas_text(c, y, 1, LABEL_COLUMNS, STYLE_STRONG, span_of(label));
    draw_choice(f, c, y, 1 + LABEL_COLUMNS, spot, 0, text);
}

/* The lines about the destination. False: another spot. */
static bool draw_destination(const struct form_state *f, const struct canvas *c, int y, enum form_spot spot)
{
    static const char *const names[] = {"< General >", "< Slack >", "< PagerDuty >"};
    char text[40];
    switch (spot) {
    case SPOT_DESTINATION:
        draw_labelled(f, c, y, "Destination", spot, names[f->destination]);
        return true;
    case SPOT_BASE_URL:
        draw_field(f, c, y, "Links go to", &f->base_url, spot, "http://localhost:5173");
        return true;
    case SPOT_ROUTING_KEY:
        draw_field(f, c, y, "Routing key", &f->routing_key, spot, "of the Events API v2 integration");
        return true;
    case SPOT_SEVERITY:
        snprintf(text, sizeof text, "< %s >", FORM_SEVERITIES[f->severity]);
        draw_labelled(f, c, y, "Severity", spot, text);
        return true;
    case SPOT_DEDUP:
        draw_labelled(f, c, y, "Incident", spot,
                      f->dedup_delivery ? "< one for each delivery >" : "< one for alert and event type >");
        return true;
    default:
        return false;
    }
}

static void draw_spot(struct alert_form *form, const struct canvas *c, int y, const struct form_line *line)
{
    struct form_state *f = &form->state;
    char text[120];
    if (draw_destination(f, c, y, line->spot))
        return;
    switch (line->spot) {
    case SPOT_NAME:
        draw_field(f, c, y, "Name", &f->name, SPOT_NAME, "what this alert is for");
        break;
    case SPOT_ENABLED:
        draw_labelled(f, c, y, "Enabled", SPOT_ENABLED, f->enabled ? "[x] yes" : "[ ] no");
        break;
    case SPOT_URL:
        draw_field(f, c, y, "Endpoint URL", &f->url, SPOT_URL, url_hint(f->destination));
        break;
    case SPOT_ADVANCED:
        advanced_words(f, text, sizeof text);
        draw_choice(f, c, y, 1, SPOT_ADVANCED, 0, text);
        break;
    case SPOT_TOKEN:
        draw_field(f, c, y, "  Secret token", &f->token, SPOT_TOKEN, "sent as Authorization: Bearer");
        break;
    case SPOT_HEADER_NAME:
        draw_header(f, c, y, line->index);
        break;
    case SPOT_ADD_HEADER:
        draw_choice(f, c, y, 3, SPOT_ADD_HEADER, 0, "+ Add header");
        break;
    case SPOT_TRIGGER:
        draw_trigger(form, c, y, line->index);
        break;
    case SPOT_ADD_TRIGGER:
        draw_choice(f, c, y, 2, SPOT_ADD_TRIGGER, 0, "+ Add trigger");
        break;
    default:
        break;
    }
}

static void draw_buttons(const struct alert_form *form, const struct canvas *c, int y)
{
    const struct form_state *f = &form->state;
    const char *save = form->saving ? "[ Saving... ]" : f->alert.id[0] ? "[ Update alert ]" : "[ Create alert ]";
    int x = 1;
    draw_choice(f, c, y, x, SPOT_SAVE, 0, save);
    x += (int)strlen(save) + 2;
    draw_choice(f, c, y, x, SPOT_TEST, 0, "[ Test connection ]");
    draw_choice(f, c, y, x + 21, SPOT_CANCEL, 0, "[ Cancel ]");
}

static void draw_line(struct alert_form *form, const struct canvas *c, int y, const struct form_line *line)
{
    switch (line->kind) {
    case LINE_SPOT:
        draw_spot(form, c, y, line);
        break;
    case LINE_TRIGGERS_HEAD:
        canvas_rule(c, y, STYLE_HEADING, "Triggers");
        break;
    case LINE_BUTTONS:
        draw_buttons(form, c, y);
        break;
    case LINE_PROBLEM:
        canvas_format(c, y, 1 + LABEL_COLUMNS, -1, STYLE_ERROR, "! %s", line->text);
        break;
    case LINE_BLANK:
        break;
    }
}

static bool holds_focus(const struct form_state *f, const struct form_line *line)
{
    if (line->kind == LINE_BUTTONS)
        return f->focus >= SPOT_SAVE;
    if (line->kind != LINE_SPOT || line->index != f->index)
        return false;
    return line->spot == f->focus || (line->spot == SPOT_HEADER_NAME && f->focus == SPOT_HEADER_VALUE);
}

static void draw(struct screen *s, const struct canvas *c)
{
    struct alert_form *form = of(s);
    struct form_line lines[FORM_LINES_MAX];
    int count = (int)form_lines(&form->state, lines), at = 0;
    for (int i = 0; i < count; i++)
        if (holds_focus(&form->state, &lines[i]))
            at = i;
    /* The line of the focus and the problem under it stay visible. */
    if (at < form->top)
        form->top = at;
    if (at + 1 >= form->top + c->rows)
        form->top = at + 2 - c->rows;
    if (form->top + c->rows > count)
        form->top = count > c->rows ? count - c->rows : 0;
    canvas_clear(c, STYLE_NORMAL);
    for (int y = 0; y < c->rows && form->top + y < count; y++)
        draw_line(form, c, y, &lines[form->top + y]);
    if (form->top > 0)
        canvas_glyph(c, 0, c->columns - 1, STYLE_DIM, GLYPH_UP);
    if (form->top + c->rows < count)
        canvas_glyph(c, c->rows - 1, c->columns - 1, STYLE_DIM, GLYPH_DOWN);
}

/* ------------------------------------------------------------------ saving */

static void saved(void *arg, const struct err *err)
{
    struct alert_form *form = arg;
    struct console *c = form->screen.console;
    form->saving = false;
    if (err) {
        console_toast(c, STYLE_ERROR, "not saved: %s", err->text);
        return;
    }
    console_toast(c, STYLE_OK, "saved %.150s", field_text(&form->state.name));
    console_pop(c);
}

static void save(struct alert_form *form)
{
    struct console *c = form->screen.console;
    struct alert alert;
    if (!form_check(&form->state, false)) {
        console_toast(c, STYLE_ERROR, "not saved: see the lines marked with !");
        return;
    }
    if (!form_alert(&form->state, &alert))
        return;
    struct reply *reply = reply_new(c, NULL, saved, form);
    bool ok = reply && alert_set(&alert.workspace, console_workspace(c));
    if (ok) {
        form->saving = true;
        store_alert_put(console_options(c)->store, &alert, alert.id[0] ? STORE_REPLACE : STORE_CREATE,
                        console_user(c), reply_done, reply);
    }
    alert_free(&alert);
}

static void test(struct alert_form *form)
{
    struct console *c = form->screen.console;
    struct alert alert;
    if (!form_check(&form->state, true)) {
        console_toast(c, STYLE_ERROR, "not sent: see the lines marked with !");
        return;
    }
    if (!form_alert(&form->state, &alert))
        return;
    if (alert_set(&alert.workspace, console_workspace(c)))
        console_push(c, test_dialog_new(c, &alert));
    alert_free(&alert);
}

static void leave(void *console)
{
    console_pop(console);
}

static void keep(void *arg)
{
    (void)arg;
}

static void cancel(struct alert_form *form)
{
    struct console *c = form->screen.console;
    if (form_changed(&form->state))
        console_push(c, confirm_new(c, "Leave without saving? What you changed is lost.", leave, keep, c));
    else
        console_pop(c);
}

/* ------------------------------------------------------------------ actions */

static void triggers_chosen(void *arg, unsigned chosen)
{
    form_set_triggers(&((struct alert_form *)arg)->state, chosen);
}

static void add_trigger(struct alert_form *form)
{
    struct console *c = form->screen.console;
    console_push(c, trigger_picker_new(c, form_triggers(&form->state), triggers_chosen, form));
}

static void scope_chosen(void *arg, bool scoped, const char (*ids)[UUID_SIZE], size_t count)
{
    struct form_state *f = &((struct alert_form *)arg)->state;
    struct alert_trigger *t = &f->alert.triggers[f->index];
    t->scoped = scoped;
    t->project_count = 0;
    for (size_t i = 0; scoped && i < count; i++)
        alert_trigger_add_project(t, ids[i]);
    f->problem_count = 0;
}

static void choose_scope(struct alert_form *form)
{
    struct form_state *f = &form->state;
    struct console *c = form->screen.console;
    if (f->focus != SPOT_TRIGGER)
        console_toast(c, STYLE_WARN, "move to a trigger first");
    else if (!event_type_info(f->alert.triggers[f->index].type)->observability)
        console_toast(c, STYLE_WARN, "prompt events are workspace-wide: they have no project scope");
    else
        console_push(c, scope_picker_new(c, &f->alert.triggers[f->index], scope_chosen, form));
}

static void ask_threshold(struct alert_form *form, const char *text);

static void threshold_typed(void *arg, const char *text)
{
    struct alert_form *form = arg;
    struct form_state *f = &form->state;
    struct err err;
    if (condition_text_read(span_of(text), &f->alert.triggers[f->index], &err)) {
        f->problem_count = 0;
        return;
    }
    console_toast(form->screen.console, STYLE_ERROR, "%s", err.text);
    ask_threshold(form, text);
}

static void ask_threshold(struct alert_form *form, const char *text)
{
    struct console *c = form->screen.console;
    enum event_type type = form->state.alert.triggers[form->state.index].type;
    bool score = type == EVENT_TRACE_FEEDBACK_SCORE || type == EVENT_THREAD_FEEDBACK_SCORE;
    const char *question = event_type_info(type)->measured ? "Threshold, such as: over 10 in 15m"
                           : score ? "Threshold, such as: relevance under 0.7 in 1h"
                                   : "Threshold, such as: over 10 in 15m (empty: every event)";
    console_push(c, prompt_new(c, question, text, threshold_typed, form));
}

static void choose_threshold(struct alert_form *form)
{
    struct form_state *f = &form->state;
    enum condition_kind kind;
    struct buf text;
    if (f->focus != SPOT_TRIGGER) {
        console_toast(form->screen.console, STYLE_WARN, "move to a trigger first");
        return;
    }
    const struct alert_trigger *t = &f->alert.triggers[f->index];
    if (!condition_kind_of(t->type, &kind)) {
        console_toast(form->screen.console, STYLE_WARN, "this event type has no threshold");
        return;
    }
    buf_init(&text, BUF_UNLIMITED);
    condition_text_write(t, &text);
    ask_threshold(form, buf_text(&text));
    buf_free(&text);
}

/* What Enter does where the focus is. */
static void enter(struct alert_form *form)
{
    struct form_state *f = &form->state;
    if (form_next_choice(f))
        return;
    switch (f->focus) {
    case SPOT_ADVANCED:
        f->advanced = !f->advanced;
        break;
    case SPOT_ADD_HEADER:
        form_add_header(f);
        break;
    case SPOT_TRIGGER:
        choose_scope(form);
        break;
    case SPOT_ADD_TRIGGER:
        add_trigger(form);
        break;
    case SPOT_SAVE:
        save(form);
        break;
    case SPOT_TEST:
        test(form);
        break;
    case SPOT_CANCEL:
        cancel(form);
        break;
    default:
        form_move(f, 1);
    }
}

static void reveal(struct alert_form *form)
{
    struct field *field = form_field(&form->state);
    if (field && field->masked)
        field->revealed = !field->revealed;
    else
        console_toast(form->screen.console, STYLE_WARN, "move to a secret first: the token, a header's value, the routing key");
}

static void move(struct form_state *f, int by)
{
    struct field *field = form_field(f);
    if (field)
        field->revealed = false; /* a secret is shown only while one is at it */
    form_move(f, by);
}

static bool key(struct screen *s, const struct key *k)
{
    struct alert_form *form = of(s);
    struct field *field = form_field(&form->state);
    if (form->saving)
        return true; /* the answer comes within moments */
    if (k->kind == KEY_KIND_NAMED && k->code == KEY_ENTER_) {
        enter(form);
        return true;
    }
    if (!field) {
        bool space = k->kind == KEY_KIND_CHAR && k->code == ' ';
        if (space && form->state.focus != SPOT_CANCEL)
            enter(form);
        return space;
    }
    if (!field_key(field, k))
        return false;
    form->state.problem_count = 0; /* judged again when it is saved */
    return true;
}

static bool act(struct screen *s, enum action a)
{
    struct alert_form *form = of(s);
    struct form_state *f = &form->state;
    switch (a) {
    case ACTION_FORM_SAVE:
        save(form);
        return true;
    case ACTION_FORM_TEST:
        test(form);
        return true;
    case ACTION_FORM_CANCEL:
        cancel(form);
        return true;
    case ACTION_FORM_NEXT:
        move(f, 1);
        return true;
    case ACTION_FORM_PREVIOUS:
        move(f, -1);
        return true;
    case ACTION_FORM_ADD_TRIGGER:
        add_trigger(form);
        return true;
    case ACTION_FORM_ADD_HEADER:
        form_add_header(f);
        return true;
    case ACTION_FORM_REMOVE:
        if (!form_remove(f))
            console_toast(s->console, STYLE_WARN, "move to a header or trigger first");
        return true;
    case ACTION_FORM_SCOPE:
        choose_scope(form);
        return true;
    case ACTION_FORM_THRESHOLD:
        choose_threshold(form);
        return true;
    case ACTION_FORM_REVEAL:
        reveal(form);
        return true;
    case ACTION_FORM_ADVANCED:
        f->advanced = !f->advanced;
        f->focus = SPOT_ADVANCED;
        f->index = 0;
        return true;
    default:
        return false;
    }
}

#define FORM_OPS(words)                                                                            \
    {                                                                                              \
        .title = words, .covers = true, .free = free_form, .place = place, .refresh = refresh,     \
        .draw = draw, .key = key, .act = act,                                                      \
    }
static const struct screen_ops FORM_NEW = FORM_OPS("Configuration > Alerts > New alert");
static const struct screen_ops FORM_EDIT = FORM_OPS("Configuration > Alerts > Edit alert");

struct screen *alert_form_new(struct console *c, const struct alert *edit)
{
    struct alert_form *form = calloc(1, sizeof *form);
    if (!form || !form_init(&form->state, edit)) {
        free(form);
        return NULL;
    }
    form->screen = (struct screen){.ops = edit && edit->id[0] ? &FORM_EDIT : &FORM_NEW, .console = c};
    return &form->screen;
}
