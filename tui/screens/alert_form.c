/* Create, edit and duplicate an alert. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/uuid.h"
#include "model/condition_text.h"
#include "reply.h"
#include "rules/threshold.h"
#include "screens/alert_form_impl.h"
#include "screens/typing.h"
#include "send/signing.h"
#include "store/alerts.h"
#include "store/audit.h"
#include "store/projects.h"

static struct alert_form *of(struct screen *s)
{
    return (struct alert_form *)s;
}

int64_t alert_form_now(const struct alert_form *form)
{
    return clock_steady_ms(console_options(form->screen.console)->clock);
}

static void free_form(struct screen *s)
{
    form_free(&of(s)->state);
    project_rows_free(&of(s)->projects);
    condition_rows_free(&of(s)->conditions);
    free(s);
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

static void draw(struct screen *s, const struct canvas *c)
{
    alert_form_draw(of(s), c);
}

/* ------------------------------------------------------------------ saving */

static void save(struct alert_form *form);

/* The next save goes over whatever stands there: a revision of 0 asks for none. */
static void overwrite(void *arg)
{
    struct alert_form *form = arg;
    form->state.alert.revision = 0;
    save(form);
}

static void keep(void *arg)
{
    (void)arg;
}

static void ask_overwrite(struct alert_form *form)
{
    struct console *c = form->screen.console;
    console_push(c, confirm_new(c,
                                "Somebody else changed this alert while you edited it. "
                                "Overwrite it with what stands in this form? No goes back to "
                                "the form; nothing is lost.",
                                overwrite, keep, form));
}

static void saved(void *arg, const struct err *err)
{
    struct alert_form *form = arg;
    struct console *c = form->screen.console;
    form->saving = false;
    if (err && err->code == ERR_CONFLICT && form->state.alert.id[0]) {
        ask_overwrite(form);
        return;
    }
    if (err) {
        console_toast(c, STYLE_ERROR, "not saved: %s", err->text);
        return;
    }
    struct screen *list = form->screen.below;
    char id[UUID_SIZE];
    memcpy(id, form->stored, sizeof id); /* the form goes */
    console_toast(c, STYLE_OK, "saved %s", field_text(&form->state.name));
    console_pop(c);
    alerts_select(list, id);
}

/* The alert as it stands in the form, to be sent or to be stored. False: it is not fit for
 * that, or there is no memory; which is said. */
static bool take_alert(struct alert_form *form, bool for_test, struct alert *out)
{
    struct console *c = form->screen.console;
    const struct alert *stored = &form->state.alert;
    const struct alert *over = for_test || !stored->id[0] ? NULL : stored;
    bool fit = form_check(&form->state, for_test);
    if (!fit && form->state.problem_count) {
        console_toast(c, STYLE_ERROR, "not %s: see the lines marked with !",
                      for_test ? "sent" : "saved");
        return false;
    }
    bool copied = fit && form_alert(&form->state, out);
    if (copied && alert_set(&out->workspace, console_workspace(c)) &&
        signing_settle(out, over, clock_wall_ms(console_options(c)->clock)))
        return true;
    if (copied)
        alert_free(out);
    console_toast(c, STYLE_ERROR, "out of memory");
    return false;
}

static void save(struct alert_form *form)
{
    struct console *c = form->screen.console;
    struct alert alert;
    if (!take_alert(form, false, &alert))
        return;
    struct reply *reply = reply_new(c, NULL, saved, form);
    enum store_put how = alert.id[0] ? STORE_REPLACE : STORE_CREATE;
    if (how == STORE_CREATE)
        uuid_v7(alert.id, clock_wall_ms(console_options(c)->clock));
    memcpy(form->stored, alert.id, sizeof form->stored);
    if (reply) {
        form->saving = true;
        store_alert_put(console_options(c)->store, &alert, how, console_user(c), reply_done,
                        reply);
    }
    alert_free(&alert);
}

/* The trigger under the cursor, else the first. */
static enum event_type tested_type(const struct form_state *f, const struct alert *alert)
{
    return f->focus == SPOT_TRIGGER ? f->alert.triggers[f->index].type
                                    : alert_first_type(alert);
}

static void test(struct alert_form *form)
{
    struct console *c = form->screen.console;
    struct alert alert;
    if (!take_alert(form, true, &alert))
        return;
    console_push(c, test_dialog_new(c, &alert, tested_type(&form->state, &alert),
                                    (struct span){0}));
    alert_free(&alert);
}

static void leave(void *console)
{
    console_pop(console);
}

static void cancel(struct alert_form *form)
{
    struct console *c = form->screen.console;
    if (form_changed(&form->state))
        console_push(
            c, confirm_new(c, "Leave without saving? What you changed is lost.", leave, keep, c));
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
    form_judge_again(f);
}

static void choose_scope(struct alert_form *form)
{
    struct form_state *f = &form->state;
    struct console *c = form->screen.console;
    if (f->focus != SPOT_TRIGGER)
        console_toast(c, STYLE_WARN, "move to a trigger first");
    else if (!event_type_info(f->alert.triggers[f->index].type)->observability)
        console_toast(c, STYLE_WARN,
                      "prompt events are workspace-wide: they have no project scope");
    else
        console_push(c, scope_picker_new(c, &f->alert.triggers[f->index], scope_chosen, form));
}

static bool threshold_typed(void *arg, const char *text, struct err *err)
{
    struct form_state *f = &((struct alert_form *)arg)->state;
    if (!condition_text_read(span_of(text), &f->alert.triggers[f->index], err))
        return false;
    form_judge_again(f);
    return true;
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

/* ------------------------------------------------------------------ showing a secret */

static void told(void *arg, const struct err *err)
{
    struct alert_form *form = arg;
    struct console *c = form->screen.console;
    struct field *field =
        form_field(&form->state); /* keys waited: it is the one that was asked for */
    form->telling = false;
    if (err) {
        console_toast(c, STYLE_ERROR, "not shown: %s", err->text);
        return;
    }
    reveal_begin(&form->reveal, field, alert_form_now(form));
    console_toast(c, STYLE_NORMAL, "shown for ten seconds; that you saw it is in the audit");
}

static const char *name_secret(const struct form_state *f, char *out, size_t size)
{
    switch (f->focus) {
    case SPOT_URL:
        return "the endpoint URL";
    case SPOT_TOKEN:
        return "the secret token";
    case SPOT_ROUTING_KEY:
        return "the routing key";
    case SPOT_SIGNING:
        return "the signing key";
    default:
        snprintf(out, size, "the header %s", field_text(&f->headers[f->index].name));
        text_whole(out);
        return out;
    }
}

/* First the audit row, then the secret. */
static void reveal(struct alert_form *form)
{
    struct console *c = form->screen.console;
    const struct form_state *f = &form->state;
    struct field *field = form_field(&form->state);
    char header[300];
    if (!field || !field->masked) {
        console_toast(c, STYLE_WARN,
                      "move to a secret first: the URL, the token, a header's value, a key");
        return;
    }
    if (field->revealed) {
        reveal_end(&form->reveal);
        return;
    }
    if (term_is_plain()) {
        console_toast(c, STYLE_WARN, "lines cannot be taken back: no secret is shown in them");
        return;
    }
    const struct audit_entry entry = {.action = action_info(ACTION_FORM_REVEAL)->name,
                                      .object = f->alert.id,
                                      .name = field_text(&f->name),
                                      .workspace = console_workspace(c),
                                      .detail = name_secret(f, header, sizeof header)};
    struct reply *reply = reply_new(c, NULL, told, form);
    if (!reply)
        return;
    form->telling = true;
    store_audit(console_options(c)->store, &entry, console_user(c), reply_done, reply);
}

static int64_t tick(struct screen *s)
{
    return reveal_left(&of(s)->reveal, alert_form_now(of(s)));
}

/* A new signing key, and shown: its receiver needs it too. */
static void make_key(struct alert_form *form)
{
    struct form_state *f = &form->state;
    struct alert made;
    alert_init(&made);
    bool ok = alert_set_metadata(&made, ALERT_SIGNING_SECRET, ALERT_SIGNING_GENERATE) &&
              signing_settle(&made, NULL, 0) &&
              field_set(&f->signing, alert_metadata(&made, ALERT_SIGNING_SECRET));
    alert_free(&made);
    f->signing.typed = true; /* it was empty: this is not the stored one */
    if (ok)
        reveal(form);
    else
        console_toast(form->screen.console, STYLE_ERROR, "out of memory");
}

static void fold(struct form_state *f)
{
    f->advanced = !f->advanced;
    f->focus = SPOT_ADVANCED;
    f->index = 0;
}

/* What Enter does where the focus is. */
static void enter(struct alert_form *form)
{
    struct form_state *f = &form->state;
    if (form_choose(f, 1))
        return;
    switch (f->focus) {
    case SPOT_SIGNING:
        if (field_is_empty(&f->signing))
            make_key(form);
        else
            form_move(f, 1);
        break;
    case SPOT_ADVANCED:
        fold(f);
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

/* The choice or the button to the right, or to the left. */
static void beside(struct form_state *f, int by)
{
    int to = (int)f->focus + by;
    if (!form_choose(f, by) && f->focus >= SPOT_SAVE && to >= SPOT_SAVE &&
        to <= SPOT_CANCEL)
        f->focus = (enum form_spot)to;
}

/* Buttons and choices are pressed at once, a trigger by a second click. */
static bool mouse(struct screen *s, const struct key *k)
{
    struct alert_form *form = of(s);
    struct form_state *f = &form->state;
    struct field *before = form_field(f);
    bool again, waits = form->saving || form->telling;
    if (k->code != MOUSE_CLICK || waits)
        return waits;
    bool hit = alert_form_click(form, k->y, k->x, &again);
    if (form_field(f) != before)
        reveal_end(&form->reveal);
    if (hit && !form_field(f) && (again || f->focus != SPOT_TRIGGER))
        enter(form);
    return true;
}

static void show_example(struct alert_form *form)
{
    struct console *c = form->screen.console;
    struct textview text;
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    textview_init(&text);
    if (alert_form_example(form, &json)) {
        textview_add_json(&text, buf_span(&json));
        console_push(c, reader_new(c, &text));
    } else {
        console_toast(c, STYLE_WARN, "add a trigger first: it decides what the example looks like");
    }
    buf_free(&json);
}

static bool key(struct screen *s, const struct key *k)
{
    struct alert_form *form = of(s);
    struct field *field = form_field(&form->state);
    if (form->saving || form->telling)
        return true; /* the answer comes within moments */
    if (!field || !typing_key(s->console, field, k))
        return false;
    form_judge_again(&form->state);
    if (form->reveal.field)
        reveal_begin(&form->reveal, field,
                     alert_form_now(form)); /* ten seconds for the next key */
    return true;
}

static bool act(struct screen *s, enum action a)
{
    struct alert_form *form = of(s);
    struct form_state *f = &form->state;
    if (form->saving || form->telling)
        return true; /* a click on the key bar, too, waits for the answer */
    if (a != ACTION_FORM_REVEAL)
        reveal_end(&form->reveal); /* a secret is shown only while one is at it */
    switch (a) {
    case ACTION_FORM_CHOOSE:
        enter(form);
        return true;
    case ACTION_FORM_RIGHT:
    case ACTION_FORM_LEFT:
        beside(f, a == ACTION_FORM_RIGHT ? 1 : -1);
        return true;
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
    case ACTION_FORM_PREVIOUS:
        form_move(f, a == ACTION_FORM_NEXT ? 1 : -1);
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
    case ACTION_FORM_EXAMPLE:
        show_example(form);
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
        fold(f);
        return true;
    default:
        return false;
    }
}

static bool unsaved(struct screen *s)
{
    return form_changed(&of(s)->state);
}

#define FORM_OPS(words)                                                                    \
    {                                                                                      \
        .title = (words), .covers = true, .free = free_form, .place = PLACE_FORM,          \
        .refresh = refresh, .draw = draw, .key = key, .act = act, .mouse = mouse,          \
        .tick = tick, .unsaved = unsaved,                                                  \
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
    form->screen =
        (struct screen){.ops = edit && edit->id[0] ? &FORM_EDIT : &FORM_NEW, .console = c};
    return &form->screen;
}
