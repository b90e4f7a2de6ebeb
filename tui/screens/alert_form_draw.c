#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "model/condition_text.h"
#include "rules/payload.h"
#include "rules/threshold.h"
#include "screens/alert_form_impl.h"
#include "screens/form_lines.h"
#include "store/alerts.h"
#include "tuning.h"

static const char TEST_BUTTON[] = "[ Test connection ]", CANCEL_BUTTON[] = "[ Cancel ]";
enum { LABEL_COLUMNS = 15, HEADER_NAME_COLUMNS = 24, PREVIEW_FROM = 120 };

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
    field_draw(field, c, y, 1 + LABEL_COLUMNS, c->columns - LABEL_COLUMNS - 2, focused(f, spot, 0),
               hint);
}

static void draw_header(const struct form_state *f, const struct canvas *c, int y, size_t i)
{
    const struct form_header *h = &f->headers[i];
    int x = 1 + LABEL_COLUMNS, room = c->columns - x - 1;
    int name = room / 2 < HEADER_NAME_COLUMNS ? room / 2 : HEADER_NAME_COLUMNS;
    canvas_format(c, y, 1, LABEL_COLUMNS, STYLE_STRONG, "  Header %zu", i + 1);
    field_draw(&h->name, c, y, x, name, focused(f, SPOT_HEADER_NAME, i), "name");
    field_draw(&h->value, c, y, x + name + 1, room - name - 1, focused(f, SPOT_HEADER_VALUE, i),
               "value");
}

static const char *project_name(const struct alert_form *form, const char *id)
{
    for (size_t i = 0; i < form->projects.count; i++)
        if (strcmp(form->projects.items[i].id, id) == 0)
            return form->projects.items[i].name;
    return "a project that is gone";
}

static void scope_words(const struct alert_form *form, const struct alert_trigger *t, char *out,
                        size_t size)
{
    if (!event_type_info(t->type)->observability) {
        snprintf(out, size, "whole workspace");
        return;
    }
    if (!t->scoped) {
        snprintf(out, size, "all projects");
        return;
    }
    size_t len = (size_t)snprintf(
        out, size, t->project_count == 1 ? "only " : "%zu projects: ", t->project_count);
    for (size_t i = 0; i < t->project_count && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "",
                                project_name(form, t->projects[i]));
}

/* What raises it, then where: "over 10 in 15m (now 3), all projects". */
static void trigger_words(const struct alert_form *form, const struct alert_trigger *t,
                          struct buf *out)
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
    canvas_text(c, y, 2, 28, on ? STYLE_SELECTED : STYLE_NORMAL,
                span_of(event_type_info(t->type)->title));
    canvas_text(c, y, 31, -1, on ? STYLE_SELECTED : STYLE_DIM, buf_span(&words));
    buf_free(&words);
    if (on)
        term_cursor(c->y + y, c->x + 1, true);
}

static void advanced_words(const struct form_state *f, char *out, size_t size)
{
    if (f->advanced)
        snprintf(out, size, "Advanced: secret token, custom headers, signature, TLS");
    else
        snprintf(out, size, "Advanced: %s, %zu custom header%s%s (Enter opens)",
                 field_is_empty(&f->token) ? "no secret token" : "a secret token", f->header_count,
                 f->header_count == 1 ? "" : "s", field_is_empty(&f->signing) ? "" : ", signed");
}

static const char *url_hint(enum alert_destination d)
{
    return d == DESTINATION_SLACK ? "https://hooks.slack.com/services/..."
                                  : "https://example.org/hook";
}

static void draw_labelled(const struct form_state *f, const struct canvas *c, int y,
                          const char *label, enum form_spot spot, const char *text)
{
    canvas_text(c, y, 1, LABEL_COLUMNS, STYLE_STRONG, span_of(label));
    draw_choice(f, c, y, 1 + LABEL_COLUMNS, spot, 0, text);
}

/* The lines about the destination. False: another spot. */
static bool draw_destination(const struct form_state *f, const struct canvas *c, int y,
                             enum form_spot spot)
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
        draw_field(f, c, y, "Routing key", &f->routing_key, spot,
                   "of the Events API v2 integration");
        return true;
    case SPOT_SEVERITY:
        snprintf(text, sizeof text, "< %s >", FORM_SEVERITIES[f->severity]);
        draw_labelled(f, c, y, "Severity", spot, text);
        return true;
    case SPOT_DEDUP:
        draw_labelled(f, c, y, "Incident", spot,
                      f->dedup_delivery ? "< one for each delivery >"
                                        : "< one for alert and event type >");
        return true;
    default:
        return false;
    }
}

/* The lines about signature and TLS. False: another spot. */
static bool draw_trust(const struct form_state *f, const struct canvas *c, int y,
                       enum form_spot spot)
{
    const char *until = alert_metadata(&f->alert, ALERT_SIGNING_UNTIL);
    char text[96];
    switch (spot) {
    case SPOT_SIGNING:
        draw_field(f, c, y, "  Signing key", &f->signing, spot, "Enter makes one: whsec_...");
        return true;
    case SPOT_PREVIOUS:
        snprintf(text, sizeof text, "[%c] signs too, until %.19s", f->drop_previous ? ' ' : 'x',
                 until ? until : "?");
        draw_labelled(f, c, y, "  Previous key", spot, text);
        return true;
    case SPOT_TLS_CA:
        draw_field(f, c, y, "  CA file", &f->tls_ca, spot, "/path/to/ca.pem; empty: as the others");
        return true;
    case SPOT_TLS_CERT:
        draw_field(f, c, y, "  Client cert", &f->tls_cert, spot, "/path/to/client.pem");
        return true;
    case SPOT_TLS_KEY:
        draw_field(f, c, y, "  Client key", &f->tls_key, spot, "/path/to/client.key");
        return true;
    case SPOT_INSECURE:
        draw_labelled(f, c, y, "  Verify TLS", spot,
                      f->insecure ? "[ ] NO: whoever answers is believed" : "[x] yes");
        return true;
    default:
        return false;
    }
}

static void draw_spot(struct alert_form *form, const struct canvas *c, int y,
                      const struct form_line *line)
{
    struct form_state *f = &form->state;
    char text[120];
    if (draw_destination(f, c, y, line->spot) || draw_trust(f, c, y, line->spot))
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
        draw_field(f, c, y, "  Secret token", &f->token, SPOT_TOKEN,
                   "sent as Authorization: Bearer");
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

static const char *save_button(const struct alert_form *form)
{
    return form->saving                ? "[ Saving... ]"
           : form->state.alert.id[0] ? "[ Update alert ]"
                                     : "[ Create alert ]";
}

/* Where the three buttons begin and, as the fourth, where they end. */
static void button_columns(const struct alert_form *form, int x[4])
{
    x[0] = 1;
    x[1] = x[0] + (int)strlen(save_button(form)) + 2;
    x[2] = x[1] + (int)strlen(TEST_BUTTON) + 2;
    x[3] = x[2] + (int)strlen(CANCEL_BUTTON) + 2;
}

static void draw_buttons(const struct alert_form *form, const struct canvas *c, int y)
{
    const struct form_state *f = &form->state;
    int x[4];
    button_columns(form, x);
    draw_choice(f, c, y, x[0], SPOT_SAVE, 0, save_button(form));
    draw_choice(f, c, y, x[1], SPOT_TEST, 0, TEST_BUTTON);
    draw_choice(f, c, y, x[2], SPOT_CANCEL, 0, CANCEL_BUTTON);
}

static void draw_line(struct alert_form *form, const struct canvas *c, int y,
                      const struct form_line *line)
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
    return line->spot == f->focus ||
           (line->spot == SPOT_HEADER_NAME && f->focus == SPOT_HEADER_VALUE);
}

static void draw_lines(struct alert_form *form, const struct canvas *c)
{
    struct form_line lines[FORM_LINES_MAX];
    int count = (int)form_lines(&form->state, lines), at = 0;
    form->lines = *c;
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
    for (int y = 0; y < c->rows && form->top + y < count; y++)
        draw_line(form, c, y, &lines[form->top + y]);
    if (form->top > 0)
        canvas_glyph(c, 0, c->columns - 1, STYLE_DIM, GLYPH_UP);
    if (form->top + c->rows < count)
        canvas_glyph(c, c->rows - 1, c->columns - 1, STYLE_DIM, GLYPH_DOWN);
}

/* ------------------------------------------------------------------ the example */

/* The trigger under the focus, or else the first. */
static bool shown_type(const struct form_state *f, enum event_type *type)
{
    size_t index = f->focus == SPOT_TRIGGER ? f->index : 0;
    if (index >= f->alert.trigger_count)
        return false;
    *type = f->alert.triggers[index].type;
    return true;
}

bool alert_form_example(const struct alert_form *form, struct buf *out)
{
    struct console *c = form->screen.console;
    const struct settings *settings = console_settings(c);
    enum event_type type;
    struct alert alert;
    struct buf body;
    if (!shown_type(&form->state, &type) || !form_alert(&form->state, &alert))
        return false;
    buf_init(&body, BUF_UNLIMITED);
    bool ok = alert_set(&alert.workspace, console_workspace(c)) &&
              payload_sample(&alert, tuning_style(settings),
                             (int)settings->number[SETTING_RETRY_MAX], type,
                             console_now(c), &body) &&
              js_pretty(out, buf_span(&body), 2);
    buf_free(&body);
    alert_free(&alert);
    return ok;
}

static void draw_example(const struct alert_form *form, const struct canvas *c)
{
    struct textview text;
    struct buf json;
    canvas_rule(c, 0, STYLE_HEADING, "What will be sent, as an example");
    struct canvas rest = canvas_part(c, 1, 1, c->rows - 1, c->columns - 1);
    buf_init(&json, BUF_UNLIMITED);
    textview_init(&text);
    if (alert_form_example(form, &json))
        textview_add(&text, STYLE_NORMAL, 4, false, buf_span(&json));
    else
        textview_format(&text, STYLE_DIM, "A trigger decides what it looks like.");
    textview_draw(&text, &rest);
    textview_free(&text);
    buf_free(&json);
}

/* ------------------------------------------------------------------ clicks */

static bool spot_at(const struct alert_form *form, const struct form_line *line, int x,
                    enum form_spot *spot)
{
    int columns[4], half = LABEL_COLUMNS + 1;
    *spot = line->spot;
    if (line->kind == LINE_BUTTONS) {
        button_columns(form, columns);
        for (int i = 0; i < 3; i++)
            if (x >= columns[i] && x < columns[i + 1] - 2) {
                *spot = (enum form_spot)(SPOT_SAVE + i);
                return true;
            }
        return false;
    }
    if (line->kind != LINE_SPOT)
        return false;
    int room = form->lines.columns - half - 1;
    if (line->spot == SPOT_HEADER_NAME &&
        x > half + (room / 2 < HEADER_NAME_COLUMNS ? room / 2 : HEADER_NAME_COLUMNS))
        *spot = SPOT_HEADER_VALUE;
    return true;
}

bool alert_form_click(struct alert_form *form, int y, int x, bool *again)
{
    struct form_line lines[FORM_LINES_MAX];
    struct form_state *f = &form->state;
    const struct canvas *c = &form->lines;
    int count = (int)form_lines(f, lines), at = form->top + y - c->y;
    enum form_spot spot;
    if (y < c->y || y >= c->y + c->rows || x < c->x || x >= c->x + c->columns || at >= count ||
        !spot_at(form, &lines[at], x - c->x, &spot))
        return false;
    size_t index = lines[at].kind == LINE_SPOT ? lines[at].index : 0;
    *again = f->focus == spot && f->index == index;
    f->focus = spot;
    f->index = index;
    return true;
}

void alert_form_draw(struct alert_form *form, const struct canvas *c)
{
    reveal_left(&form->reveal, alert_form_now(form)); /* not one moment longer */
    canvas_clear(c, STYLE_NORMAL);
    struct canvas left = *c;
    if (c->columns >= PREVIEW_FROM) {
        left.columns = c->columns / 2;
        struct canvas right = canvas_part(c, 0, left.columns + 1, c->rows, c->columns);
        draw_example(form, &right);
    }
    draw_lines(form, &left); /* last: the cursor is the form's */
}
