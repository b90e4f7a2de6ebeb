#include "model/alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

static const char *const DESTINATIONS[] = {"general", "slack", "pagerduty"};

const char *alert_destination_name(enum alert_destination d)
{
    return DESTINATIONS[d];
}

bool alert_destination_parse(struct span name, enum alert_destination *d)
{
    for (int i = 0; i <= DESTINATION_PAGERDUTY; i++)
        if (span_is(name, DESTINATIONS[i])) {
            *d = (enum alert_destination)i;
            return true;
        }
    return false;
}

static const char *const CONDITIONS[CONDITION_KINDS] = {
    "threshold:errors", "threshold:feedback_score", "threshold:cost", "threshold:latency"};

const char *condition_kind_name(enum condition_kind k)
{
    return CONDITIONS[k];
}

bool condition_kind_parse(struct span name, enum condition_kind *k)
{
    for (int i = 0; i < CONDITION_KINDS; i++)
        if (span_is(name, CONDITIONS[i])) {
            *k = (enum condition_kind)i;
            return true;
        }
    return false;
}

bool condition_kind_of(enum event_type type, enum condition_kind *k)
{
    switch (type) {
    case EVENT_TRACE_ERRORS:
        *k = CONDITION_ERRORS;
        return true;
    case EVENT_TRACE_FEEDBACK_SCORE:
    case EVENT_THREAD_FEEDBACK_SCORE:
        *k = CONDITION_FEEDBACK;
        return true;
    case EVENT_TRACE_COST:
        *k = CONDITION_COST;
        return true;
    case EVENT_TRACE_LATENCY:
        *k = CONDITION_LATENCY;
        return true;
    default:
        return false;
    }
}

void alert_init(struct alert *a)
{
    *a = (struct alert){.enabled = true};
}

static void trigger_free(struct alert_trigger *t)
{
    alert_trigger_clear_conditions(t);
    free(t->projects);
}

enum event_type alert_first_type(const struct alert *a)
{
    return a->trigger_count ? a->triggers[0].type : EVENT_TRACE_ERRORS;
}

void alert_free(struct alert *a)
{
    free(a->workspace);
    free(a->name);
    for (size_t i = 0; i < a->metadata_count; i++) {
        free(a->metadata[i].key);
        secret_free(&a->metadata[i].value);
    }
    free(a->metadata);
    secret_free(&a->url);
    secret_free(&a->token);
    for (size_t i = 0; i < a->header_count; i++) {
        free(a->headers[i].name);
        secret_free(&a->headers[i].value);
    }
    free(a->headers);
    for (size_t i = 0; i < a->trigger_count; i++)
        trigger_free(&a->triggers[i]);
    free(a->triggers);
    free(a->created_by);
    free(a->updated_by);
    alert_init(a);
}

void alert_forget_ids(struct alert *a)
{
    a->id[0] = a->webhook_id[0] = '\0';
    a->created_at = a->updated_at = a->revision = 0;
    for (size_t i = 0; i < a->trigger_count; i++) {
        struct alert_trigger *t = &a->triggers[i];
        t->id[0] = t->scope_id[0] = '\0';
        for (size_t c = 0; c < t->condition_count; c++)
            t->conditions[c].id[0] = '\0';
    }
}

static bool replace(char **field, const char *text, bool secret)
{
    char *copy;
    if (!text_copy(&copy, text))
        return false;
    if (secret)
        secret_free(field);
    else
        free(*field);
    *field = copy;
    return true;
}

bool alert_set(char **field, const char *text)
{
    return replace(field, text, false);
}

bool alert_set_secret(char **field, const char *text)
{
    return replace(field, text, true);
}

/* One more item at the end of an array, zeroed; NULL: no memory. */
static void *grow(void **items, size_t count, size_t size)
{
    char *more = realloc(*items, (count + 1) * size);
    if (!more)
        return NULL;
    *items = more;
    return memset(more + count * size, 0, size);
}

bool alert_add_header(struct alert *a, const char *name, const char *value)
{
    void *items = a->headers;
    struct alert_header *h = grow(&items, a->header_count, sizeof *h);
    if (!h)
        return false;
    a->headers = items;
    h->name = strdup(name);
    h->value = strdup(value);
    if (!h->name || !h->value) {
        free(h->name);
        secret_free(&h->value);
        return false;
    }
    a->header_count++;
    return true;
}

static struct alert_metadata *find_metadata(const struct alert *a, const char *key)
{
    for (size_t i = 0; i < a->metadata_count; i++)
        if (strcmp(a->metadata[i].key, key) == 0)
            return &a->metadata[i];
    return NULL;
}

const char *alert_metadata(const struct alert *a, const char *key)
{
    const struct alert_metadata *m = find_metadata(a, key);
    return m ? m->value : NULL;
}

bool alert_metadata_is_secret(const char *key)
{
    static const char *const secrets[] = {ALERT_ROUTING_KEY, ALERT_SIGNING_SECRET,
                                          ALERT_SIGNING_PREVIOUS};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (strcmp(key, secrets[i]) == 0)
            return true;
    return false;
}

bool alert_is_insecure(const struct alert *a)
{
    const char *insecure = alert_metadata(a, ALERT_TLS_INSECURE);
    return insecure && strcmp(insecure, "true") == 0;
}

static void remove_metadata(struct alert *a, struct alert_metadata *m)
{
    size_t after = a->metadata_count - (size_t)(m - a->metadata) - 1;
    free(m->key);
    secret_free(&m->value);
    memmove(m, m + 1, after * sizeof *m);
    a->metadata_count--;
}

bool alert_set_metadata(struct alert *a, const char *key, const char *value)
{
    struct alert_metadata *m = find_metadata(a, key);
    if (!value || !*value) {
        if (m)
            remove_metadata(a, m);
        return true;
    }
    if (m)
        return alert_set_secret(&m->value, value);
    void *items = a->metadata;
    m = grow(&items, a->metadata_count, sizeof *m);
    if (!m)
        return false;
    a->metadata = items;
    m->key = strdup(key);
    m->value = strdup(value);
    if (!m->key || !m->value) {
        free(m->key);
        secret_free(&m->value);
        return false;
    }
    a->metadata_count++;
    return true;
}

struct alert_trigger *alert_trigger_of(const struct alert *a, enum event_type type)
{
    for (size_t i = 0; i < a->trigger_count; i++)
        if (a->triggers[i].type == type)
            return &a->triggers[i];
    return NULL;
}

struct alert_trigger *alert_add_trigger(struct alert *a, enum event_type type)
{
    struct alert_trigger *t = alert_trigger_of(a, type);
    if (t)
        return t;
    void *items = a->triggers;
    t = grow(&items, a->trigger_count, sizeof *t);
    if (!t)
        return NULL;
    a->triggers = items;
    t->type = type;
    a->trigger_count++;
    return t;
}

void alert_remove_trigger(struct alert *a, enum event_type type)
{
    struct alert_trigger *t = alert_trigger_of(a, type);
    if (!t)
        return;
    trigger_free(t);
    size_t after = a->trigger_count - (size_t)(t - a->triggers) - 1;
    memmove(t, t + 1, after * sizeof *t);
    a->trigger_count--;
}

bool alert_trigger_add_project(struct alert_trigger *t, const char *project_id)
{
    for (size_t i = 0; i < t->project_count; i++)
        if (strcmp(t->projects[i], project_id) == 0)
            return true;
    void *items = t->projects;
    char *p = grow(&items, t->project_count, UUID_SIZE);
    if (!p)
        return false;
    t->projects = items;
    snprintf(p, UUID_SIZE, "%s", project_id);
    t->project_count++;
    return true;
}

bool alert_trigger_add_condition(struct alert_trigger *t, const struct alert_condition *from)
{
    void *items = t->conditions;
    struct alert_condition *c = grow(&items, t->condition_count, sizeof *c);
    if (!c)
        return false;
    t->conditions = items;
    *c = *from;
    c->threshold = from->threshold ? strdup(from->threshold) : NULL;
    c->name = from->name ? strdup(from->name) : NULL;
    if ((from->threshold && !c->threshold) || (from->name && !c->name)) {
        free(c->threshold);
        free(c->name);
        return false;
    }
    t->condition_count++;
    return true;
}

void alert_trigger_clear_conditions(struct alert_trigger *t)
{
    for (size_t i = 0; i < t->condition_count; i++) {
        free(t->conditions[i].threshold);
        free(t->conditions[i].name);
    }
    free(t->conditions);
    t->conditions = NULL;
    t->condition_count = 0;
}

static bool copy_triggers(struct alert *to, const struct alert *from)
{
    for (size_t i = 0; i < from->trigger_count; i++) {
        const struct alert_trigger *f = &from->triggers[i];
        struct alert_trigger *t = alert_add_trigger(to, f->type);
        if (!t)
            return false;
        memcpy(t->id, f->id, sizeof t->id);
        memcpy(t->scope_id, f->scope_id, sizeof t->scope_id);
        t->scoped = f->scoped;
        for (size_t p = 0; p < f->project_count; p++)
            if (!alert_trigger_add_project(t, f->projects[p]))
                return false;
        for (size_t c = 0; c < f->condition_count; c++)
            if (!alert_trigger_add_condition(t, &f->conditions[c]))
                return false;
    }
    return true;
}

bool alert_copy(struct alert *to, const struct alert *from)
{
    alert_init(to);
    memcpy(to->id, from->id, sizeof to->id);
    memcpy(to->webhook_id, from->webhook_id, sizeof to->webhook_id);
    memcpy(to->project_id, from->project_id, sizeof to->project_id);
    to->enabled = from->enabled;
    to->destination = from->destination;
    to->created_at = from->created_at;
    to->updated_at = from->updated_at;
    to->revision = from->revision;
    bool ok = alert_set(&to->workspace, from->workspace) &&
              alert_set(&to->name, from->name) &&
              alert_set_secret(&to->url, from->url) &&
              alert_set_secret(&to->token, from->token) &&
              alert_set(&to->created_by, from->created_by) &&
              alert_set(&to->updated_by, from->updated_by) && copy_triggers(to, from);
    for (size_t i = 0; ok && i < from->header_count; i++)
        ok = alert_add_header(to, from->headers[i].name, from->headers[i].value);
    for (size_t i = 0; ok && i < from->metadata_count; i++)
        ok = alert_set_metadata(to, from->metadata[i].key, from->metadata[i].value);
    if (!ok)
        alert_free(to);
    return ok;
}
