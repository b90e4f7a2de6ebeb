/* Whether two alerts say the same: one part of alert.h. */
#include "model/alert.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_headers(const struct alert *a, const struct alert *b)
{
    if (a->header_count != b->header_count)
        return false;
    for (size_t i = 0; i < a->header_count; i++)
        if (!ascii_same(a->headers[i].name, b->headers[i].name) ||
            !same(a->headers[i].value, b->headers[i].value))
            return false;
    return true;
}

static bool same_metadata(const struct alert *a, const struct alert *b)
{
    if (a->metadata_count != b->metadata_count)
        return false;
    for (size_t i = 0; i < a->metadata_count; i++)
        if (!same(a->metadata[i].value, alert_metadata(b, a->metadata[i].key)))
            return false;
    return true;
}

static bool same_condition(const struct alert_condition *a, const struct alert_condition *b)
{
    return a->kind == b->kind && a->window_s == b->window_s && a->below == b->below &&
           same(a->threshold, b->threshold) && same(a->name, b->name);
}

static void keep_id(char id[UUID_SIZE], const char *stored)
{
    if (!id[0])
        snprintf(id, UUID_SIZE, "%s", stored);
}

bool alert_has_condition(const struct alert *a, const char *id)
{
    for (size_t i = 0; i < a->trigger_count; i++)
        for (size_t c = 0; c < a->triggers[i].condition_count; c++)
            if (strcmp(a->triggers[i].conditions[c].id, id) == 0)
                return true;
    return false;
}

static void keep_condition_id(struct alert_condition *c, const struct alert *next,
                              const struct alert_trigger *stored)
{
    for (size_t i = 0; i < stored->condition_count && !c->id[0]; i++) {
        const struct alert_condition *was = &stored->conditions[i];
        if (same_condition(c, was) && !alert_has_condition(next, was->id))
            keep_id(c->id, was->id);
    }
}

void alert_keep_ids(struct alert *next, const struct alert *stored)
{
    keep_id(next->webhook_id, stored->webhook_id);
    for (size_t i = 0; i < next->trigger_count; i++) {
        struct alert_trigger *t = &next->triggers[i];
        const struct alert_trigger *was = alert_trigger_of(stored, t->type);
        if (!was)
            continue;
        keep_id(t->id, was->id);
        keep_id(t->scope_id, t->scoped ? was->scope_id : "");
        for (size_t c = 0; c < t->condition_count; c++)
            keep_condition_id(&t->conditions[c], next, was);
    }
}

static bool same_trigger(const struct alert_trigger *a, const struct alert_trigger *b)
{
    if (!b || a->scoped != b->scoped || a->project_count != b->project_count ||
        a->condition_count != b->condition_count)
        return false;
    for (size_t i = 0; i < a->project_count; i++)
        if (strcmp(a->projects[i], b->projects[i]) != 0)
            return false;
    for (size_t i = 0; i < a->condition_count; i++)
        if (!same_condition(&a->conditions[i], &b->conditions[i]))
            return false;
    return true;
}

static bool same_triggers(const struct alert *a, const struct alert *b)
{
    if (a->trigger_count != b->trigger_count)
        return false;
    for (size_t i = 0; i < a->trigger_count; i++)
        if (!same_trigger(&a->triggers[i], alert_trigger_of(b, a->triggers[i].type)))
            return false;
    return true;
}

bool alert_same_content(const struct alert *a, const struct alert *b)
{
    return same(a->name, b->name) && same(a->url, b->url) && same(a->token, b->token) &&
           strcmp(a->project_id, b->project_id) == 0 && a->enabled == b->enabled &&
           a->destination == b->destination && same_triggers(a, b) && same_headers(a, b) &&
           same_metadata(a, b);
}

static void add(char *out, size_t size, bool changed, const char *word)
{
    size_t len = strlen(out);
    if (changed)
        snprintf(out + len, size - len, "%s%s", len ? ", " : "", word);
}

/* By groups of members; what is in none of them are options. */
static const char *group_of(const char *key)
{
    if (strncmp(key, "signing_", 8) == 0)
        return "signature";
    if (strcmp(key, ALERT_TLS_INSECURE) == 0)
        return NULL; /* said in words of its own */
    if (strncmp(key, "tls_", 4) == 0)
        return "TLS";
    return strcmp(key, ALERT_ROUTING_KEY) == 0 ? "routing key" : "options";
}

static bool changed_in(const struct alert *a, const struct alert *b, const char *group)
{
    for (size_t i = 0; i < a->metadata_count; i++) {
        const struct alert_metadata *m = &a->metadata[i];
        const char *own = group_of(m->key);
        if (own && strcmp(own, group) == 0 && !same(m->value, alert_metadata(b, m->key)))
            return true;
    }
    return false;
}

static void add_options(char *out, size_t size, const struct alert *from,
                        const struct alert *to)
{
    static const char *const groups[] = {"routing key", "signature", "TLS", "options"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        add(out, size, changed_in(from, to, groups[i]) || changed_in(to, from, groups[i]),
            groups[i]);
    add(out, size, alert_is_insecure(from) != alert_is_insecure(to),
        alert_is_insecure(to) ? "insecure: does not verify TLS any more"
                              : "verifies TLS again");
}

void alert_changes(const struct alert *from, const struct alert *to, char *out, size_t size)
{
    char origin[300], endpoint[330];
    alert_url_origin(to->url ? to->url : "", origin, sizeof origin);
    snprintf(endpoint, sizeof endpoint, "endpoint at %s", origin);
    out[0] = '\0';
    add(out, size, !same(from->name, to->name), "name");
    add(out, size, !same(from->url, to->url), endpoint);
    add(out, size, !same(from->token, to->token), "token");
    add(out, size, !same_headers(from, to), "headers");
    add(out, size, from->destination != to->destination, "destination");
    add_options(out, size, from, to);
    add(out, size, strcmp(from->project_id, to->project_id) != 0, "project");
    add(out, size, !same_triggers(from, to), "triggers");
    add(out, size, from->enabled != to->enabled, to->enabled ? "enabled" : "disabled");
    if (!out[0])
        snprintf(out, size, "nothing");
}
