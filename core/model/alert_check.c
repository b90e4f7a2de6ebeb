/* What is wrong with an alert: one part of alert.h. */
#include "model/alert.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/timefmt.h"

struct report {
    struct alert_problem *problems;
    size_t count, max;
};

static void add(struct report *r, enum alert_field field, size_t index, const char *text)
{
    if (r->count < r->max) {
        struct alert_problem *p = &r->problems[r->count];
        p->field = field;
        p->index = index;
        snprintf(p->text, sizeof p->text, "%s", text);
    }
    r->count++;
}

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t\r\n")] == '\0';
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return true;
    return false;
}

/* Blanks at the ends of a field value are no part of it (RFC 9110 5.5): receivers cut them.
 */
static bool has_outer_blank(const char *text)
{
    return strchr(" \t", text[0]) || strchr(" \t", text[strlen(text) - 1]);
}

/* ------------------------------------------------------------------ headers */

const char *alert_header_name_problem(const char *name)
{
    static const char *const ours[] = {"Host",       "Content-Length", "Transfer-Encoding",
                                       "Connection", "Expect",         "TE",
                                       "Trailer",    "Upgrade"};
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (!name || !*name)
        return "A header needs a name";
    if (strlen(name) > 256)
        return "The header's name is too long";
    if (name[strspn(name, token)] != '\0')
        return "A header's name has only letters, digits and -_.";
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (ascii_same(name, ours[i]))
            return "This header is set by opik-alerts itself";
    return NULL;
}

const char *alert_header_value_problem(const char *value)
{
    if (is_blank(value))
        return "A header needs a value";
    if (strlen(value) > ALERT_HEADER_VALUE_MAX)
        return "The header's value is too long";
    if (has_control(value))
        return "A header's value is one line without control characters";
    if (has_outer_blank(value))
        return "A header's value cannot begin or end with a blank";
    if (!text_is_utf8(span_of(value)))
        return "The header's value is not valid UTF-8";
    return NULL;
}

static bool is_repeated(const struct alert *a, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (ascii_same(a->headers[i].name, a->headers[index].name))
            return true;
    return false;
}

static void check_headers(const struct alert *a, struct report *r)
{
    for (size_t i = 0; i < a->header_count && i < ALERT_HEADERS_MAX; i++) {
        const char *name = alert_header_name_problem(a->headers[i].name);
        const char *value = alert_header_value_problem(a->headers[i].value);
        if (!name && is_repeated(a, i))
            name = "This header is there already";
        if (!name && alert_metadata(a, ALERT_SIGNING_SECRET) &&
            alert_header_is_signature(a->headers[i].name))
            name = "This header is set by the signature";
        if (name)
            add(r, ALERT_FIELD_HEADER_NAME, i, name);
        if (value)
            add(r, ALERT_FIELD_HEADER_VALUE, i, value);
    }
    if (a->header_count > ALERT_HEADERS_MAX)
        add(r, ALERT_FIELD_HEADER_NAME, ALERT_HEADERS_MAX, "Too many headers: at most 64");
}

/* ------------------------------------------------------------------ the rest */

static void check_name(const struct alert *a, bool for_test, struct report *r)
{
    if (is_blank(a->name)) {
        if (!for_test)
            add(r, ALERT_FIELD_NAME, 0, "A name is required");
        return;
    }
    if (!text_is_utf8(span_of(a->name)))
        add(r, ALERT_FIELD_NAME, 0, "The name is not valid UTF-8");
    else if (characters(a->name) > ALERT_NAME_MAX)
        add(r, ALERT_FIELD_NAME, 0, "The name is longer than 255 characters");
}

static void check_token(const struct alert *a, struct report *r)
{
    if (!a->token || !*a->token)
        return;
    if (strlen(a->token) > ALERT_TOKEN_MAX)
        add(r, ALERT_FIELD_TOKEN, 0, "The token is longer than 4096 bytes");
    else if (has_control(a->token))
        add(r, ALERT_FIELD_TOKEN, 0, "A token is one line without control characters");
    else if (has_outer_blank(a->token))
        add(r, ALERT_FIELD_TOKEN, 0, "A token cannot begin or end with a blank");
    else if (!text_is_utf8(span_of(a->token)))
        add(r, ALERT_FIELD_TOKEN, 0, "The token is not valid UTF-8");
}

/* ------------------------------------------------------------------ conditions */

const char *alert_threshold_problem(const char *text)
{
    if (!text || !*text)
        return "A threshold is required";
    text += *text == '-'; /* scores can be negative */
    size_t whole = strspn(text, "0123456789"), part = 0;
    const char *after = text + whole;
    if (*after == '.') {
        part = strspn(after + 1, "0123456789");
        after += 1 + part;
    }
    if (*after || whole + part == 0)
        return "The threshold must be a number, such as 10 or 0.7";
    return whole > 15 || part > 9 ? "The threshold has too many digits" : NULL;
}

static const char *condition_problem(enum event_type type, const struct alert_condition *c)
{
    enum condition_kind kind;
    const char *threshold = alert_threshold_problem(c->threshold);
    if (!condition_kind_of(type, &kind) || kind != c->kind)
        return "This threshold does not belong to this event type";
    if (threshold)
        return threshold;
    if (c->window_s <= 0)
        return "A window is required, in whole seconds";
    if (c->window_s > ALERT_WINDOW_MAX_S)
        return "The window is longer than 31 days";
    if (c->kind == CONDITION_FEEDBACK && is_blank(c->name))
        return "A feedback score's name is required";
    if (c->kind != CONDITION_FEEDBACK && c->below)
        return "Only feedback scores can be compared with <";
    return NULL;
}

static void check_conditions(const struct alert_trigger *t, size_t index, bool for_test,
                             struct report *r)
{
    if (!for_test && event_type_info(t->type)->measured && t->condition_count == 0)
        add(r, ALERT_FIELD_CONDITION, index, "This event type needs a threshold and a window");
    if (t->condition_count > ALERT_CONDITIONS_MAX)
        add(r, ALERT_FIELD_CONDITION, index, "Too many conditions: at most 16");
    for (size_t i = 0; i < t->condition_count; i++) {
        const char *problem = condition_problem(t->type, &t->conditions[i]);
        if (problem) {
            add(r, ALERT_FIELD_CONDITION, index, problem);
            return;
        }
    }
}

static void check_triggers(const struct alert *a, bool for_test, struct report *r)
{
    if (a->trigger_count == 0 && !for_test)
        add(r, ALERT_FIELD_TRIGGERS, 0, "Add at least one trigger");
    for (size_t i = 0; i < a->trigger_count; i++) {
        const struct alert_trigger *t = &a->triggers[i];
        if (t->scoped && !event_type_info(t->type)->observability)
            add(r, ALERT_FIELD_SCOPE, i, "Prompt events are workspace-wide");
        else if (t->scoped && t->project_count == 0)
            add(r, ALERT_FIELD_SCOPE, i, "Choose at least one project, or all");
        else if (t->project_count > ALERT_SCOPE_MAX)
            add(r, ALERT_FIELD_SCOPE, i, "Too many projects: at most 1000");
        check_conditions(t, i, for_test, r);
    }
}

/* ------------------------------------------------------------------ destinations */

static bool is_severity(const char *text)
{
    static const char *const known[] = {"critical", "error", "warning", "info"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(text, known[i]) == 0)
            return true;
    return false;
}

/* Whether it is there is looked at when it is used: a file may come later. */
static void check_path(const struct alert *a, const char *key, enum alert_field field,
                       struct report *r)
{
    const char *path = alert_metadata(a, key);
    if (!path)
        return;
    if (*path != '/')
        add(r, field, 0, "Must be an absolute path on this host, as /etc/ssl/own-ca.pem");
    else if (strlen(path) >= PATH_MAX || has_control(path) || !text_is_utf8(span_of(path)))
        add(r, field, 0, "Is not a path: too long, control characters, or not UTF-8");
}

static void check_tls(const struct alert *a, struct report *r)
{
    const char *insecure = alert_metadata(a, ALERT_TLS_INSECURE);
    check_path(a, ALERT_TLS_CA, ALERT_FIELD_TLS_CA, r);
    check_path(a, ALERT_TLS_CERT, ALERT_FIELD_TLS_CERT, r);
    check_path(a, ALERT_TLS_KEY, ALERT_FIELD_TLS_KEY, r);
    if (alert_metadata(a, ALERT_TLS_KEY) && !alert_metadata(a, ALERT_TLS_CERT))
        add(r, ALERT_FIELD_TLS_KEY, 0, "A client key needs its certificate");
    if (insecure && strcmp(insecure, "true") != 0 && strcmp(insecure, "false") != 0)
        add(r, ALERT_FIELD_METADATA, 0, "metadata.tls_insecure must be true or false");
}

static void check_signing(const struct alert *a, struct report *r)
{
    static const char *const keys[] = {ALERT_SIGNING_SECRET, ALERT_SIGNING_PREVIOUS};
    const char *until = alert_metadata(a, ALERT_SIGNING_UNTIL);
    int64_t at;
    for (size_t i = 0; i < 2; i++) {
        unsigned char key[ALERT_SIGNING_KEY_MAX];
        const char *secret = alert_metadata(a, keys[i]);
        size_t len;
        bool later = i == 0 && secret && strcmp(secret, ALERT_SIGNING_GENERATE) == 0;
        if (secret && !later && !alert_signing_key(secret, key, &len))
            add(r, ALERT_FIELD_SIGNING, 0,
                "A signing secret is whsec_ and the base64 of 24 to 64 bytes");
        secret_wipe(key, sizeof key);
    }
    if (until && !timefmt_parse_iso(span_of(until), &at))
        add(r, ALERT_FIELD_METADATA, 0, "metadata.signing_previous_until must be a time");
}

static void check_metadata(const struct alert *a, bool for_test, struct report *r)
{
    const char *key = alert_metadata(a, ALERT_ROUTING_KEY);
    const char *base = alert_metadata(a, ALERT_BASE_URL);
    const char *severity = alert_metadata(a, ALERT_SEVERITY);
    const char *dedup = alert_metadata(a, ALERT_DEDUP);
    if (a->destination == DESTINATION_PAGERDUTY && is_blank(key) && !for_test)
        add(r, ALERT_FIELD_ROUTING_KEY, 0, "A routing key is required for PagerDuty");
    if (key && (strlen(key) > ALERT_TOKEN_MAX || has_control(key)))
        add(r, ALERT_FIELD_ROUTING_KEY, 0, "A routing key is one line of at most 4096 bytes");
    if (base && alert_url_problem(base))
        add(r, ALERT_FIELD_BASE_URL, 0, alert_url_problem(base));
    if (severity && !is_severity(severity))
        add(r, ALERT_FIELD_SEVERITY, 0, "Must be critical, error, warning or info");
    if (dedup && strcmp(dedup, "alert") != 0 && strcmp(dedup, "delivery") != 0)
        add(r, ALERT_FIELD_METADATA, 0, "metadata.dedup must be alert or delivery");
    if (a->metadata_count > ALERT_METADATA_MAX)
        add(r, ALERT_FIELD_METADATA, 0, "Too many members of metadata: at most 64");
}

size_t alert_check(const struct alert *a, bool for_test, struct alert_problem *problems,
                   size_t max)
{
    struct report r = {problems, 0, max};
    check_name(a, for_test, &r);
    const char *url = alert_url_problem(a->url);
    if (url)
        add(&r, ALERT_FIELD_URL, 0, url);
    check_token(a, &r);
    check_headers(a, &r);
    check_metadata(a, for_test, &r);
    check_tls(a, &r);
    check_signing(a, &r);
    check_triggers(a, for_test, &r);
    return r.count;
}
