/* Alerts out of JSON: one half of alert_json.h. */
#include "model/alert_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/jsonmem.h"
#include "model/tojson.h"

enum { WHERE_SIZE = 96, SHOWN_SIZE = 256, SHOWN_COLUMNS = 40 };

/* A member that is there and not null. */
static json_t *member(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static bool wrong(struct err *err, const char *where, const char *key, const char *what)
{
    return err_set(err, ERR_INVALID, "%s%s: %s", where, key, what);
}

/* A stranger's word in a form that an error text may hold. */
static const char *shown(const char *word, char out[SHOWN_SIZE])
{
    struct buf safe, cut;
    buf_init(&safe, BUF_UNLIMITED);
    buf_init(&cut, SHOWN_SIZE - 1);
    text_safe(&safe, span_of(word), TEXT_LINE);
    text_fit(&cut, buf_span(&safe), SHOWN_COLUMNS, "~");
    for (size_t columns = SHOWN_COLUMNS / 2; cut.failed && columns > 0; columns /= 2) {
        buf_clear(&cut); /* combining marks made it too many bytes */
        text_fit(&cut, buf_span(&safe), columns, "~");
    }
    snprintf(out, SHOWN_SIZE, "%s", buf_text(&cut));
    buf_free(&cut);
    buf_free(&safe);
    return out;
}

static bool unsupported(struct err *err, const char *where, const char *key,
                        const char *word, const char *why)
{
    char text[SHOWN_SIZE];
    return err_set(err, ERR_UNSUPPORTED, "%s%s: %s \"%s\"", where, key, why,
                   shown(word, text));
}

/* An optional string; *text stays NULL when it is absent. Borrowed from the tree. */
static bool read_text(json_t *o, const char *where, const char *key, const char **text,
                      struct err *err)
{
    json_t *value = member(o, key);
    *text = json_string_value(value);
    return !value || *text || wrong(err, where, key, "must be a string");
}

static bool read_id(json_t *o, const char *where, const char *key, char out[UUID_SIZE],
                    struct err *err)
{
    char id[UUID_SIZE];
    const char *text;
    if (!read_text(o, where, key, &text, err))
        return false;
    if (!text)
        return true;
    if (!uuid_read(span_of(text), id) || !uuid_is_v7(id))
        return wrong(err, where, key, "must be a version 7 UUID");
    memcpy(out, id, UUID_SIZE);
    return true;
}

static bool is_string_map(json_t *value)
{
    const char *key;
    json_t *item;
    if (!json_is_object(value))
        return false;
    json_object_foreach(value, key, item) if (!json_is_string(item)) return false;
    return true;
}

/* A member of a map of strings; NULL: it is not there. */
static const char *string_in(json_t *map, const char *key)
{
    return json_string_value(json_object_get(map, key));
}

static bool read_metadata(json_t *root, struct alert *a, struct err *err)
{
    json_t *value = member(root, "metadata"), *item;
    const char *key;
    if (!value)
        return true;
    if (!is_string_map(value))
        return wrong(err, "", "metadata", "must be an object of strings");
    if (json_object_size(value) > ALERT_METADATA_MAX)
        return wrong(err, "", "metadata", "too many members: at most 64");
    json_object_foreach(value, key, item)
    {
        if (!alert_set_metadata(a, key, json_string_value(item)))
            return err_memory(err);
    }
    return true;
}

static bool read_headers(json_t *webhook, struct alert *a, struct err *err)
{
    json_t *value = member(webhook, "headers"), *item;
    const char *key;
    if (!value)
        return true;
    if (!is_string_map(value))
        return wrong(err, "webhook.", "headers", "must be an object of strings");
    if (json_object_size(value) > ALERT_HEADERS_MAX)
        return wrong(err, "webhook.", "headers", "too many headers: at most 64");
    json_object_foreach(
        value, key,
        item) if (!alert_add_header(a, key,
                                    json_string_value(item))) return err_memory(err);
    return true;
}

static bool read_webhook(json_t *root, struct alert *a, struct err *err)
{
    json_t *webhook = member(root, "webhook");
    const char *url, *token;
    if (!webhook)
        return wrong(err, "", "webhook", "is required");
    if (!json_is_object(webhook))
        return wrong(err, "", "webhook", "must be an object");
    if (!read_text(webhook, "webhook.", "url", &url, err) ||
        !read_text(webhook, "webhook.", "secret_token", &token, err) ||
        !read_id(webhook, "webhook.", "id", a->webhook_id, err))
        return false;
    if (!url)
        return wrong(err, "webhook.", "url", "is required");
    if (!alert_set_secret(&a->url, url) || !alert_set_secret(&a->token, token))
        return err_memory(err);
    return read_headers(webhook, a, err);
}

/* ------------------------------------------------------------------ triggers */

static struct span trimmed(struct span text)
{
    while (text.len && strchr(" \t\r\n", text.at[0]))
        text = (struct span){text.at + 1, text.len - 1};
    while (text.len && strchr(" \t\r\n", text.at[text.len - 1]))
        text.len--;
    return text;
}

static bool add_project(struct alert_trigger *t, const char *where, struct span text,
                        struct err *err)
{
    char id[UUID_SIZE];
    if (!uuid_read(trimmed(text), id))
        return wrong(err, where, "config_value.project_ids", "must hold UUIDs of projects");
    if (t->project_count == ALERT_SCOPE_MAX)
        return wrong(err, where, "config_value.project_ids", "at most 1000 projects");
    return alert_trigger_add_project(t, id) || err_memory(err);
}

static bool read_id_array(struct alert_trigger *t, const char *where, struct span text,
                          struct err *err)
{
    json_t *ids = json_loadb(text.at, text.len, 0, NULL), *id;
    size_t i;
    bool ok = jsonmem_failed() ? err_memory(err)
              : json_is_array(ids)
                  ? true
                  : wrong(err, where, "config_value.project_ids",
                          "must hold a JSON array of ids");
    json_array_foreach(ids, i, id) ok =
        ok &&
        add_project(t, where, (struct span){json_string_value(id), json_string_length(id)},
                    err);
    json_decref(ids);
    return ok;
}

/* A JSON array in a string, as Opik writes it, or ids with commas between. */
static bool read_projects(struct alert_trigger *t, const char *where, const char *text,
                          struct err *err)
{
    struct span left = trimmed(span_of(text));
    if (left.len && left.at[0] == '[')
        return read_id_array(t, where, left, err);
    while (left.len) {
        const char *comma = memchr(left.at, ',', left.len);
        size_t len = comma ? (size_t)(comma - left.at) : left.len,
               used = comma ? len + 1 : len;
        if (!add_project(t, where, (struct span){left.at, len}, err))
            return false;
        left = (struct span){left.at + used, left.len - used};
    }
    return true;
}

static bool read_scope(json_t *config, struct alert_trigger *t, const char *where,
                       struct err *err)
{
    json_t *value = member(config, "config_value");
    if (!event_type_info(t->type)->observability)
        return wrong(err, where, "type",
                     "prompt events are workspace-wide and take no project scope");
    if (value && !is_string_map(value))
        return wrong(err, where, "config_value", "must be an object of strings");
    if (!read_id(config, where, "id", t->scope_id, err))
        return false;
    const char *ids = string_in(value, "project_ids");
    if (!ids) { /* no list: every project, as in Opik */
        t->scope_id[0] = '\0';
        return true;
    }
    t->scoped = true;
    return read_projects(t, where, ids, err);
}

static bool read_window(const char *text, const char *where, int64_t *seconds,
                        struct err *err)
{
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (!text || !*text)
        return wrong(err, where, "config_value.window", "is required, in whole seconds");
    if (text[digits] || digits > 9)
        return wrong(err, where, "config_value.window", "must be whole seconds, as \"900\"");
    *seconds = strtoll(text, NULL, 10);
    return *seconds > 0 ||
           wrong(err, where, "config_value.window", "must be more than 0 seconds");
}

static bool read_operator(const char *text, const char *where, bool *below, struct err *err)
{
    *below = text && (strcmp(text, "<") == 0 || strcmp(text, "less_than") == 0);
    return !text || *below || strcmp(text, ">") == 0 || strcmp(text, "greater_than") == 0 ||
           wrong(err, where, "config_value.operator", "must be > or <");
}

/* How a condition stands is kept by its id: of two with one, the second would not be looked
 * at. */
static bool is_new_id(const struct alert *a, const char *id, const char *where,
                      struct err *err)
{
    return !id[0] || !alert_has_condition(a, id) ||
           wrong(err, where, "id", "another threshold has it already");
}

static bool read_threshold(json_t *config, enum condition_kind kind, const struct alert *a,
                           struct alert_trigger *t, const char *where, struct err *err)
{
    json_t *value = member(config, "config_value");
    struct alert_condition c = {.kind = kind};
    enum condition_kind fits;
    if (t->condition_count == ALERT_CONDITIONS_MAX)
        return wrong(err, where, "type", "a trigger has at most 16 thresholds");
    if (!condition_kind_of(t->type, &fits) || fits != kind)
        return wrong(err, where, "type", "does not belong to this event type");
    if (!value || !is_string_map(value))
        return wrong(err, where, "config_value", "must be an object of strings");
    const char *threshold = string_in(value, "threshold"), *name = string_in(value, "name"),
               *operator= string_in(value, "operator"),
               *window = string_in(value, "window");
    if (!window)
        window = string_in(value, "window_seconds"); /* its old spelling */
    if (!read_id(config, where, "id", c.id, err) || !is_new_id(a, c.id, where, err))
        return false;
    if (alert_threshold_problem(threshold))
        return wrong(err, where, "config_value.threshold", alert_threshold_problem(threshold));
    if (kind == CONDITION_FEEDBACK && !name)
        return wrong(err, where, "config_value.name", "is required: the score's name");
    if (kind == CONDITION_FEEDBACK && !operator)
        return wrong(err, where, "config_value.operator", "is required: > or <");
    if (!read_window(window, where, &c.window_s, err) ||
        !read_operator(operator, where, &c.below, err))
        return false;
    if (kind != CONDITION_FEEDBACK && c.below)
        return wrong(err, where, "config_value.operator", "only scores can be compared with <");
    c.threshold = (char *)(uintptr_t)threshold; /* copied by what follows */
    c.name = kind == CONDITION_FEEDBACK ? (char *)(uintptr_t)name : NULL;
    return alert_trigger_add_condition(t, &c) || err_memory(err);
}

/* *scopes counts those of the trigger. */
static bool read_config(json_t *config, const struct alert *a, struct alert_trigger *t,
                        size_t *scopes, const char *where, struct err *err)
{
    const char *type;
    enum condition_kind kind;
    if (!json_is_object(config))
        return err_set(err, ERR_INVALID, "%.*s: must be an object", (int)strlen(where) - 1,
                       where);
    if (!read_text(config, where, "type", &type, err))
        return false;
    if (!type)
        return wrong(err, where, "type", "is required");
    if (member(config, "group_index"))
        return err_set(err, ERR_UNSUPPORTED,
                       "%sgroup_index: groups of conditions cannot be evaluated here",
                       where);
    if (condition_kind_parse(span_of(type), &kind))
        return read_threshold(config, kind, a, t, where, err);
    if (strcmp(type, "scope:project") != 0)
        return unsupported(err, where, "type", type,
                           "only scope:project and threshold:* can be evaluated here, not");
    if (++*scopes > 1)
        return wrong(err, where, "type", "a trigger has one project scope at most");
    if (a->project_id[0])
        return wrong(err, "", "project_id",
                     "cannot be given together with a scope:project config");
    return read_scope(config, t, where, err);
}

static bool read_configs(json_t *trigger, size_t index, const struct alert *a,
                         struct alert_trigger *t, struct err *err)
{
    char where[WHERE_SIZE];
    json_t *configs = member(trigger, "trigger_configs"), *config;
    size_t i, scopes = 0;
    snprintf(where, sizeof where, "triggers[%zu].", index);
    if (configs && !json_is_array(configs))
        return wrong(err, where, "trigger_configs", "must be an array");
    json_array_foreach(configs, i, config)
    {
        snprintf(where, sizeof where, "triggers[%zu].trigger_configs[%zu].", index, i);
        if (!read_config(config, a, t, &scopes, where, err))
            return false;
    }
    return true;
}

static bool read_trigger(json_t *trigger, size_t index, struct alert *a, struct err *err)
{
    char where[WHERE_SIZE];
    const char *name;
    enum event_type type;
    if (!json_is_object(trigger))
        return err_set(err, ERR_INVALID, "triggers[%zu]: must be an object", index);
    snprintf(where, sizeof where, "triggers[%zu].", index);
    if (!read_text(trigger, where, "event_type", &name, err))
        return false;
    if (!name)
        return wrong(err, where, "event_type", "is required");
    if (!event_type_parse(span_of(name), &type))
        return unsupported(err, where, "event_type", name, "unknown event type");
    if (alert_trigger_of(a, type))
        return wrong(err, where, "event_type", "this event type has a trigger already");
    struct alert_trigger *t = alert_add_trigger(a, type);
    if (!t)
        return err_memory(err);
    return read_id(trigger, where, "id", t->id, err) &&
           read_configs(trigger, index, a, t, err);
}

static bool read_triggers(json_t *root, struct alert *a, struct err *err)
{
    json_t *triggers = member(root, "triggers"), *trigger;
    size_t i;
    if (triggers && !json_is_array(triggers))
        return wrong(err, "", "triggers", "must be an array");
    json_array_foreach(triggers, i,
                       trigger) if (!read_trigger(trigger, i, a, err)) return false;
    return true;
}

/* ------------------------------------------------------------------ the whole */

static bool read_head(json_t *root, struct alert *a, struct err *err)
{
    const char *name, *type, *project;
    json_t *enabled = member(root, "enabled");
    if (!read_id(root, "", "id", a->id, err) || !read_text(root, "", "name", &name, err) ||
        !read_text(root, "", "alert_type", &type, err) ||
        !read_text(root, "", "project_id", &project, err))
        return false;
    if (enabled && !json_is_boolean(enabled))
        return wrong(err, "", "enabled", "must be true or false");
    if (type && !alert_destination_parse(span_of(type), &a->destination))
        return wrong(err, "", "alert_type", "must be general, slack or pagerduty");
    if (project && !uuid_read(span_of(project), a->project_id))
        return wrong(err, "", "project_id", "must be a UUID");
    a->enabled = !enabled || json_is_true(enabled);
    return alert_set(&a->name, name) || err_memory(err);
}

bool alert_from_json(struct span text, struct alert *out, struct err *err)
{
    json_error_t problem;
    alert_init(out);
    jsonmem_begin();
    json_t *root = json_loadb(text.at ? text.at : "", text.len,
                              JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY, &problem);
    if (jsonmem_failed()) {
        json_decref(root);
        return err_memory(err);
    }
    if (!root) /* jansson's own words quote the text, which holds secrets */
        return err_set(err, ERR_INVALID,
                       "not valid JSON, or a NUL in a text: line %d column %d",
                       problem.line, problem.column);
    bool ok =
        json_is_object(root) || err_set(err, ERR_INVALID, "an alert must be a JSON object");
    ok = ok && read_head(root, out, err) && read_metadata(root, out, err) &&
         read_webhook(root, out, err) && read_triggers(root, out, err);
    json_decref(root);
    if (!ok)
        alert_free(out);
    return ok;
}
