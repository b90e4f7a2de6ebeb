#include "screens/form_state.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "model/alert_json.h"
#include "screens/form_lines.h"

enum { HEADER_NAME_MAX = 256 };

static char *as_text(const struct alert *a)
{
    struct buf json;
    buf_init_secret(&json, BUF_UNLIMITED);
    char *text = alert_to_json(a, ALERT_JSON_PLAIN, &json) ? buf_take(&json) : NULL;
    buf_free(&json);
    return text;
}

static void init_header(struct form_header *h)
{
    field_init(&h->name, HEADER_NAME_MAX, false);
    field_init(&h->value, ALERT_HEADER_VALUE_MAX, true);
}

static void free_header(struct form_header *h)
{
    field_free(&h->name);
    field_free(&h->value);
}

#define PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"

const char *const FORM_SEVERITIES[] = {"automatic", "critical", "error", "warning", "info"};

static void fill_destination(struct form_state *f)
{
    const char *severity = alert_metadata(&f->alert, ALERT_SEVERITY);
    const char *dedup = alert_metadata(&f->alert, ALERT_DEDUP);
    f->destination = f->alert.destination;
    for (int i = 1; severity && i < FORM_SEVERITY_COUNT; i++)
        if (strcmp(severity, FORM_SEVERITIES[i]) == 0)
            f->severity = i;
    f->dedup_delivery = dedup && strcmp(dedup, "delivery") == 0;
}

/* A field and the member of the metadata that it stands for. */
struct member {
    struct field *field;
    const char *key;
};
enum { MEMBER_COUNT = 4 };

static void trust_members(struct form_state *f, struct member out[MEMBER_COUNT])
{
    const struct member members[MEMBER_COUNT] = {{&f->signing, ALERT_SIGNING_SECRET},
                                                 {&f->tls_ca, ALERT_TLS_CA},
                                                 {&f->tls_cert, ALERT_TLS_CERT},
                                                 {&f->tls_key, ALERT_TLS_KEY}};
    memcpy(out, members, sizeof members);
}

static bool fill_trust(struct form_state *f)
{
    struct member members[MEMBER_COUNT];
    bool ok = true;
    trust_members(f, members);
    f->insecure = alert_is_insecure(&f->alert);
    f->advanced = f->advanced || f->insecure;
    for (int i = 0; ok && i < MEMBER_COUNT; i++) {
        ok = field_set(members[i].field, alert_metadata(&f->alert, members[i].key));
        f->advanced = f->advanced || !field_is_empty(members[i].field);
    }
    return ok;
}

static bool fill(struct form_state *f)
{
    bool ok = field_set(&f->name, f->alert.name) && field_set(&f->url, f->alert.url) &&
              field_set(&f->token, f->alert.token) &&
              field_set(&f->base_url, alert_metadata(&f->alert, ALERT_BASE_URL)) &&
              field_set(&f->routing_key, alert_metadata(&f->alert, ALERT_ROUTING_KEY));
    fill_destination(f);
    f->enabled = f->alert.enabled;
    for (size_t i = 0; ok && i < f->alert.header_count && i < ALERT_HEADERS_MAX; i++) {
        struct form_header *h = &f->headers[f->header_count++];
        init_header(h);
        ok = field_set(&h->name, f->alert.headers[i].name) &&
             field_set(&h->value, f->alert.headers[i].value);
    }
    f->advanced = f->alert.token || f->header_count > 0;
    return ok && fill_trust(f);
}

bool form_init(struct form_state *f, const struct alert *edit)
{
    struct alert now;
    memset(f, 0, sizeof *f);
    field_init(&f->name, (size_t)ALERT_NAME_MAX * 4, false);
    field_init_url(&f->url, ALERT_URL_MAX);
    field_init(&f->token, ALERT_TOKEN_MAX, true);
    field_init(&f->base_url, ALERT_URL_MAX, false);
    field_init(&f->routing_key, ALERT_TOKEN_MAX, true);
    field_init(&f->signing, ALERT_TOKEN_MAX, true);
    field_init(&f->tls_ca, PATH_MAX, false);
    field_init(&f->tls_cert, PATH_MAX, false);
    field_init(&f->tls_key, PATH_MAX, false);
    alert_init(&f->alert);
    bool ok = (!edit || alert_copy(&f->alert, edit)) && fill(f) && form_alert(f, &now);
    if (ok) {
        f->initial = as_text(&now);
        alert_free(&now);
    }
    if (!f->initial)
        form_free(f);
    return f->initial != NULL;
}

void form_free(struct form_state *f)
{
    alert_free(&f->alert);
    field_free(&f->name);
    field_free(&f->url);
    field_free(&f->token);
    field_free(&f->base_url);
    field_free(&f->routing_key);
    field_free(&f->signing);
    field_free(&f->tls_ca);
    field_free(&f->tls_cert);
    field_free(&f->tls_key);
    for (size_t i = 0; i < f->header_count; i++)
        free_header(&f->headers[i]);
    f->header_count = 0;
    secret_free(&f->initial);
}

static void drop_headers(struct alert *a)
{
    for (size_t i = 0; i < a->header_count; i++) {
        free(a->headers[i].name);
        secret_free(&a->headers[i].value);
    }
    a->header_count = 0;
}

/* The text without blanks around it: what a paste brings along. */
static bool set_trimmed(char **field, const char *text)
{
    text += strspn(text, " ");
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        len--;
    char *copy = strndup(text, len);
    bool ok = copy && alert_set_secret(field, copy);
    secret_free(&copy);
    return ok;
}

static bool set_trimmed_metadata(struct alert *a, const char *key, const struct field *field)
{
    char *text = NULL;
    bool ok = set_trimmed(&text, field_text(field)) && alert_set_metadata(a, key, text);
    secret_free(&text);
    return ok;
}

/* What the form does not show for a destination stays as it was. */
static bool set_destination(const struct form_state *f, struct alert *out)
{
    out->destination = f->destination;
    if (f->destination == DESTINATION_GENERAL)
        return true;
    if (!set_trimmed_metadata(out, ALERT_BASE_URL, &f->base_url))
        return false;
    return f->destination != DESTINATION_PAGERDUTY ||
           (set_trimmed_metadata(out, ALERT_ROUTING_KEY, &f->routing_key) &&
            alert_set_metadata(out, ALERT_SEVERITY,
                               f->severity ? FORM_SEVERITIES[f->severity] : NULL) &&
            alert_set_metadata(out, ALERT_DEDUP, f->dedup_delivery ? "delivery" : NULL));
}

static bool set_trust(const struct form_state *f, struct alert *out)
{
    bool drop = f->drop_previous;
    return set_trimmed_metadata(out, ALERT_SIGNING_SECRET, &f->signing) &&
           set_trimmed_metadata(out, ALERT_TLS_CA, &f->tls_ca) &&
           set_trimmed_metadata(out, ALERT_TLS_CERT, &f->tls_cert) &&
           set_trimmed_metadata(out, ALERT_TLS_KEY, &f->tls_key) &&
           (f->insecure == alert_is_insecure(out) ||
            alert_set_metadata(out, ALERT_TLS_INSECURE, f->insecure ? "true" : NULL)) &&
           (!drop || (alert_set_metadata(out, ALERT_SIGNING_PREVIOUS, NULL) &&
                      alert_set_metadata(out, ALERT_SIGNING_UNTIL, NULL)));
}

bool form_alert(const struct form_state *f, struct alert *out)
{
    if (!alert_copy(out, &f->alert))
        return false;
    out->enabled = f->enabled;
    bool ok = set_trimmed(&out->name, field_text(&f->name)) &&
              set_trimmed(&out->url, field_text(&f->url)) &&
              set_trimmed(&out->token, field_text(&f->token)) && set_destination(f, out) &&
              set_trust(f, out);
    drop_headers(out);
    for (size_t i = 0; ok && i < f->header_count; i++) {
        const struct form_header *h = &f->headers[i];
        if (!field_is_empty(&h->name) || !field_is_empty(&h->value)) /* an untouched row is none */
            ok = alert_add_header(out, field_text(&h->name), field_text(&h->value));
    }
    if (!ok)
        alert_free(out);
    return ok;
}

bool form_changed(const struct form_state *f)
{
    struct alert now;
    if (!form_alert(f, &now))
        return true;
    char *text = as_text(&now);
    bool changed = !text || strcmp(text, f->initial) != 0;
    secret_free(&text);
    alert_free(&now);
    return changed;
}

/* ------------------------------------------------------------------ problems */

/* Rows of headers that are empty are not part of the alert: its indexes skip them. */
static size_t row_of_header(const struct form_state *f, size_t index)
{
    for (size_t i = 0; i < f->header_count; i++) {
        bool empty = field_is_empty(&f->headers[i].name) && field_is_empty(&f->headers[i].value);
        if (!empty && index-- == 0)
            return i;
    }
    return 0;
}

static void focus_problem(struct form_state *f, const struct alert_problem *p)
{
    static const enum form_spot spots[] = {
        [ALERT_FIELD_NAME] = SPOT_NAME,
        [ALERT_FIELD_URL] = SPOT_URL,
        [ALERT_FIELD_TOKEN] = SPOT_TOKEN,
        [ALERT_FIELD_HEADER_NAME] = SPOT_HEADER_NAME,
        [ALERT_FIELD_HEADER_VALUE] = SPOT_HEADER_VALUE,
        [ALERT_FIELD_TRIGGERS] = SPOT_ADD_TRIGGER,
        [ALERT_FIELD_SCOPE] = SPOT_TRIGGER,
        [ALERT_FIELD_CONDITION] = SPOT_TRIGGER,
        [ALERT_FIELD_ROUTING_KEY] = SPOT_ROUTING_KEY,
        [ALERT_FIELD_BASE_URL] = SPOT_BASE_URL,
        [ALERT_FIELD_SEVERITY] = SPOT_SEVERITY,
        [ALERT_FIELD_SIGNING] = SPOT_SIGNING,
        [ALERT_FIELD_TLS_CA] = SPOT_TLS_CA,
        [ALERT_FIELD_TLS_CERT] = SPOT_TLS_CERT,
        [ALERT_FIELD_TLS_KEY] = SPOT_TLS_KEY,
        [ALERT_FIELD_METADATA] = SPOT_DESTINATION,
    };
    f->focus = spots[p->field];
    f->index = p->index;
    f->advanced = f->advanced || (f->focus >= SPOT_TOKEN && f->focus <= SPOT_INSECURE);
}

/* The first as they stand on the screen. */
static void focus_first_problem(struct form_state *f)
{
    struct form_line lines[FORM_LINES_MAX];
    for (size_t i = f->problem_count; i > 0; i--)
        focus_problem(f, &f->problems[i - 1]); /* which opens what they stand in */
    size_t count = f->problem_count ? form_lines(f, lines) : 0;
    for (size_t l = 0; l < count; l++)
        for (size_t i = 0; lines[l].kind == LINE_PROBLEM && i < f->problem_count; i++)
            if (lines[l].text == f->problems[i].text) {
                focus_problem(f, &f->problems[i]);
                return;
            }
}

/* It holds what was stored, or what that was edited to: it was never empty since. */
static bool is_kept(const struct field *secret)
{
    return !secret->typed && !field_is_empty(secret) &&
           strcmp(field_text(secret), ALERT_SIGNING_GENERATE) != 0;
}

static void ask_again(struct form_state *f, const struct field *secret, enum alert_field field,
                      size_t index)
{
    if (!is_kept(secret) || f->problem_count == FORM_PROBLEMS_MAX)
        return;
    struct alert_problem *p = &f->problems[f->problem_count++];
    *p = (struct alert_problem){.field = field, .index = index};
    snprintf(p->text, sizeof p->text,
             "The URL leads elsewhere now: type this again, or empty it (^U)");
}

/* As the alerts API does with masks: a secret that nobody has typed goes to no other place. */
static void check_secrets(struct form_state *f, const struct alert *now)
{
    if (!f->alert.url || alert_url_same_origin(now->url, f->alert.url))
        return;
    for (size_t i = 0; i < f->problem_count; i++)
        if (f->problems[i].field == ALERT_FIELD_URL)
            return; /* it leads nowhere yet */
    ask_again(f, &f->token, ALERT_FIELD_TOKEN, 0);
    for (size_t i = 0; i < f->header_count; i++)
        ask_again(f, &f->headers[i].value, ALERT_FIELD_HEADER_VALUE, i);
    ask_again(f, &f->signing, ALERT_FIELD_SIGNING, 0);
    if (f->destination == DESTINATION_PAGERDUTY)
        ask_again(f, &f->routing_key, ALERT_FIELD_ROUTING_KEY, 0);
}

/* False: no memory. */
static bool judge(struct form_state *f, bool for_test)
{
    struct alert now;
    f->problem_count = 0;
    f->for_test = for_test;
    if (!form_alert(f, &now))
        return false;
    f->problem_count = alert_check(&now, for_test, f->problems, FORM_PROBLEMS_MAX);
    if (f->problem_count > FORM_PROBLEMS_MAX)
        f->problem_count = FORM_PROBLEMS_MAX;
    for (size_t i = 0; i < f->problem_count; i++)
        if (f->problems[i].field == ALERT_FIELD_HEADER_NAME ||
            f->problems[i].field == ALERT_FIELD_HEADER_VALUE)
            f->problems[i].index = row_of_header(f, f->problems[i].index);
    check_secrets(f, &now);
    alert_free(&now);
    return true;
}

bool form_check(struct form_state *f, bool for_test)
{
    if (!judge(f, for_test))
        return false;
    focus_first_problem(f);
    return f->problem_count == 0;
}

void form_judge_again(struct form_state *f)
{
    if (f->problem_count)
        judge(f, f->for_test);
}

/* ------------------------------------------------------------------ focus */

struct spot {
    enum form_spot spot;
    size_t index;
};

/* All spots in their order: those of the lines, with both of a header and the three buttons. */
static size_t all_spots(const struct form_state *f, struct spot *spots)
{
    struct form_line lines[FORM_LINES_MAX];
    size_t count = 0, line_count = form_lines(f, lines);
    for (size_t i = 0; i < line_count; i++) {
        if (lines[i].kind == LINE_BUTTONS)
            for (int s = SPOT_SAVE; s <= SPOT_CANCEL; s++)
                spots[count++] = (struct spot){(enum form_spot)s, 0};
        if (lines[i].kind != LINE_SPOT)
            continue;
        spots[count++] = (struct spot){lines[i].spot, lines[i].index};
        if (lines[i].spot == SPOT_HEADER_NAME)
            spots[count++] = (struct spot){SPOT_HEADER_VALUE, lines[i].index};
    }
    return count;
}

void form_move(struct form_state *f, int by)
{
    struct spot spots[2 * FORM_LINES_MAX];
    size_t count = all_spots(f, spots), at = 0;
    for (size_t i = 0; i < count; i++)
        if (spots[i].spot == f->focus && spots[i].index == f->index)
            at = i;
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a form has its name at least */
    at = (at + count + (size_t)(by < 0 ? -1 : by)) % count;
    f->focus = spots[at].spot;
    f->index = spots[at].index;
}

struct field *form_field(struct form_state *f)
{
    switch (f->focus) {
    case SPOT_NAME:
        return &f->name;
    case SPOT_URL:
        return &f->url;
    case SPOT_TOKEN:
        return &f->token;
    case SPOT_BASE_URL:
        return &f->base_url;
    case SPOT_ROUTING_KEY:
        return &f->routing_key;
    case SPOT_SIGNING:
        return &f->signing;
    case SPOT_TLS_CA:
        return &f->tls_ca;
    case SPOT_TLS_CERT:
        return &f->tls_cert;
    case SPOT_TLS_KEY:
        return &f->tls_key;
    case SPOT_HEADER_NAME:
        return &f->headers[f->index].name;
    case SPOT_HEADER_VALUE:
        return &f->headers[f->index].value;
    default:
        return NULL;
    }
}

/* The choice beside this one, round the end. */
static int turned(int at, int by, int count)
{
    return (at + by + count) % count;
}

/* PagerDuty has one address for all: it comes and goes with the choice. */
static void next_destination(struct form_state *f, int by)
{
    bool untouched = strcmp(field_text(&f->url), PAGERDUTY_URL) == 0;
    f->destination =
        (enum alert_destination)turned((int)f->destination, by, DESTINATION_PAGERDUTY + 1);
    if (f->destination == DESTINATION_PAGERDUTY && field_is_empty(&f->url))
        field_set(&f->url, PAGERDUTY_URL);
    else if (f->destination != DESTINATION_PAGERDUTY && untouched)
        field_set(&f->url, NULL);
}

bool form_choose(struct form_state *f, int by)
{
    switch (f->focus) {
    case SPOT_ENABLED:
        f->enabled = !f->enabled;
        break;
    case SPOT_DESTINATION:
        next_destination(f, by);
        break;
    case SPOT_SEVERITY:
        f->severity = turned(f->severity, by, FORM_SEVERITY_COUNT);
        break;
    case SPOT_DEDUP:
        f->dedup_delivery = !f->dedup_delivery;
        break;
    case SPOT_PREVIOUS:
        f->drop_previous = !f->drop_previous;
        break;
    case SPOT_INSECURE:
        f->insecure = !f->insecure;
        break;
    default:
        return false;
    }
    form_judge_again(f);
    return true;
}

bool form_add_header(struct form_state *f)
{
    if (f->header_count == ALERT_HEADERS_MAX)
        return false;
    init_header(&f->headers[f->header_count]);
    f->advanced = true;
    f->focus = SPOT_HEADER_NAME;
    f->index = f->header_count++;
    return true;
}

bool form_remove(struct form_state *f)
{
    size_t at = f->index;
    if (f->focus == SPOT_HEADER_NAME || f->focus == SPOT_HEADER_VALUE) {
        free_header(&f->headers[at]);
        memmove(&f->headers[at], &f->headers[at + 1],
                (f->header_count - at - 1) * sizeof f->headers[0]);
        f->header_count--;
        f->focus = f->header_count ? SPOT_HEADER_NAME : SPOT_ADD_HEADER;
        f->index = f->header_count ? (at < f->header_count ? at : f->header_count - 1) : 0;
    } else if (f->focus == SPOT_TRIGGER) {
        alert_remove_trigger(&f->alert, f->alert.triggers[at].type);
        f->focus = f->alert.trigger_count ? SPOT_TRIGGER : SPOT_ADD_TRIGGER;
        f->index = at < f->alert.trigger_count ? at
                   : f->alert.trigger_count    ? f->alert.trigger_count - 1
                                               : 0;
    } else {
        return false;
    }
    form_judge_again(f);
    return true;
}

void form_set_triggers(struct form_state *f, unsigned chosen)
{
    unsigned added = chosen & ~form_triggers(f);
    for (int t = 0; t < EVENT_TYPE_COUNT; t++) {
        if (chosen & 1u << t)
            alert_add_trigger(&f->alert, (enum event_type)t);
        else
            alert_remove_trigger(&f->alert, (enum event_type)t);
    }
    size_t at = 0;
    while (at < f->alert.trigger_count && !(added & 1u << f->alert.triggers[at].type))
        at++;
    f->focus = at < f->alert.trigger_count ? SPOT_TRIGGER : SPOT_ADD_TRIGGER;
    f->index = f->focus == SPOT_TRIGGER ? at : 0;
    form_judge_again(f);
}

unsigned form_triggers(const struct form_state *f)
{
    unsigned chosen = 0;
    for (size_t i = 0; i < f->alert.trigger_count; i++)
        chosen |= 1u << f->alert.triggers[i].type;
    return chosen;
}
