/* Alerts to JSON: one half of alert_json.h. */
#include "model/alert_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "model/tojson.h"

static void set_stamps(json_t *o, const struct alert *a, bool updated, bool *ok)
{
    tojson_time(o, "created_at", a->created_at, ok);
    tojson_text(o, "created_by", a->created_by, ok);
    if (!updated)
        return;
    tojson_time(o, "last_updated_at", a->updated_at, ok);
    tojson_text(o, "last_updated_by", a->updated_by, ok);
}

static json_t *secret_json(const char *secret, enum alert_json_secrets how)
{
    struct buf mask;
    if (how == ALERT_JSON_PLAIN)
        return tojson_string(secret);
    buf_init(&mask, BUF_UNLIMITED);
    json_t *value = alert_mask(secret, &mask) ? tojson_string(buf_text(&mask)) : NULL;
    buf_free(&mask);
    return value;
}

static json_t *headers_json(const struct alert *a, enum alert_json_secrets how, bool *ok)
{
    json_t *headers = json_object();
    for (size_t i = 0; i < a->header_count; i++) {
        json_t *name = tojson_string(a->headers[i].name);
        json_t *value = secret_json(a->headers[i].value, how);
        if (name)
            tojson_value(headers, json_string_value(name), value, ok);
        else
            json_decref(value);
        *ok = *ok && name;
        json_decref(name);
    }
    return headers;
}

static json_t *url_json(const struct alert *a)
{
    struct buf mask;
    buf_init(&mask, BUF_UNLIMITED);
    json_t *value = alert_url_mask(a->url ? a->url : "", &mask) ? tojson_string(buf_text(&mask))
                                                                : NULL;
    buf_free(&mask);
    return value;
}

static json_t *webhook_json(const struct alert *a, enum alert_json_secrets how, bool *ok)
{
    json_t *o = json_object();
    tojson_text(o, "id", a->webhook_id, ok);
    if (how == ALERT_JSON_HIDDEN)
        tojson_value(o, "url", url_json(a), ok);
    else
        tojson_text(o, "url", a->url, ok);
    if (a->token)
        tojson_value(o, "secret_token", secret_json(a->token, how), ok);
    if (a->header_count)
        tojson_value(o, "headers", headers_json(a, how, ok), ok);
    set_stamps(o, a, true, ok);
    return o;
}

static json_t *metadata_json(const struct alert *a, enum alert_json_secrets how, bool *ok)
{
    json_t *metadata = json_object();
    for (size_t i = 0; i < a->metadata_count; i++) {
        const struct alert_metadata *m = &a->metadata[i];
        bool secret = alert_metadata_is_secret(m->key);
        json_t *key = tojson_string(m->key);
        json_t *value = secret ? secret_json(m->value, how) : tojson_string(m->value);
        if (key)
            tojson_value(metadata, json_string_value(key), value, ok);
        else
            json_decref(value);
        *ok = *ok && key;
        json_decref(key);
    }
    return metadata;
}

/* The projects as Opik shows them: a JSON array, inside a string. */
static json_t *project_ids(const struct alert_trigger *t)
{
    struct buf ids;
    buf_init(&ids, BUF_UNLIMITED);
    buf_add_char(&ids, '[');
    for (size_t i = 0; i < t->project_count; i++)
        buf_add_format(&ids, "%s\"%s\"", i ? "," : "", t->projects[i]);
    json_t *text = buf_add_char(&ids, ']') ? json_string(buf_text(&ids)) : NULL;
    buf_free(&ids);
    return text;
}

static json_t *config_json(const struct alert *a, const struct alert_trigger *t,
                           const char *id, const char *type, json_t *value, bool *ok)
{
    json_t *o = json_object();
    tojson_text(o, "id", id, ok);
    tojson_text(o, "alert_trigger_id", t->id, ok);
    tojson_text(o, "type", type, ok);
    tojson_value(o, "config_value", value, ok);
    set_stamps(o, a, true, ok);
    return o;
}

static json_t *condition_json(const struct alert *a, const struct alert_trigger *t,
                              const struct alert_condition *c, bool *ok)
{
    json_t *value = json_object();
    char window[24];
    snprintf(window, sizeof window, "%lld", (long long)c->window_s);
    tojson_text(value, "threshold", c->threshold, ok);
    tojson_text(value, "window", window, ok);
    if (c->kind == CONDITION_FEEDBACK) {
        tojson_text(value, "name", c->name, ok);
        tojson_text(value, "operator", c->below ? "<" : ">", ok);
    }
    return config_json(a, t, c->id, condition_kind_name(c->kind), value, ok);
}

static json_t *scope_json(const struct alert *a, const struct alert_trigger *t, bool *ok)
{
    json_t *value = json_object();
    tojson_value(value, "project_ids", project_ids(t), ok);
    return config_json(a, t, t->scope_id, "scope:project", value, ok);
}

static json_t *trigger_json(const struct alert *a, const struct alert_trigger *t, bool *ok)
{
    json_t *o = json_object(), *configs = json_array();
    tojson_text(o, "id", t->id, ok);
    tojson_text(o, "alert_id", a->id, ok);
    tojson_text(o, "event_type", event_type_name(t->type), ok);
    if (t->scoped && json_array_append_new(configs, scope_json(a, t, ok)) != 0)
        *ok = false;
    for (size_t i = 0; i < t->condition_count; i++)
        if (json_array_append_new(configs, condition_json(a, t, &t->conditions[i], ok)) != 0)
            *ok = false;
    tojson_value(o, "trigger_configs", configs, ok);
    set_stamps(o, a, false, ok);
    return o;
}

bool alert_to_json(const struct alert *a, enum alert_json_secrets secrets, struct buf *out)
{
    bool ok = true;
    json_t *o = json_object(), *triggers = json_array();
    tojson_text(o, "id", a->id, &ok);
    tojson_text(o, "name", a->name, &ok);
    tojson_value(o, "enabled", json_boolean(a->enabled), &ok);
    tojson_text(o, "alert_type", alert_destination_name(a->destination), &ok);
    if (a->metadata_count)
        tojson_value(o, "metadata", metadata_json(a, secrets, &ok), &ok);
    tojson_text(o, "project_id", a->project_id, &ok);
    tojson_value(o, "webhook", webhook_json(a, secrets, &ok), &ok);
    for (size_t i = 0; i < a->trigger_count; i++)
        if (json_array_append_new(triggers, trigger_json(a, &a->triggers[i], &ok)) != 0)
            ok = false;
    tojson_value(o, "triggers", triggers, &ok);
    set_stamps(o, a, true, &ok);
    return tojson_write(o, ok, out);
}
