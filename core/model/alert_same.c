/* Whether two alerts say the same: one part of alert.h. */
#include "model/alert.h"

#include <string.h>
#include <strings.h>

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_headers(const struct alert *a, const struct alert *b)
{
    if (a->header_count != b->header_count)
        return false;
    for (size_t i = 0; i < a->header_count; i++)
        if (strcasecmp(a->headers[i].name, b->headers[i].name) != 0 ||
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

bool alert_same_content(const struct alert *a, const struct alert *b)
{
    if (!same(a->name, b->name) || !same(a->url, b->url) || !same(a->token, b->token) ||
        strcmp(a->project_id, b->project_id) != 0 || a->enabled != b->enabled ||
        a->destination != b->destination || a->trigger_count != b->trigger_count)
        return false;
    for (size_t i = 0; i < a->trigger_count; i++)
        if (!same_trigger(&a->triggers[i], alert_trigger_of(b, a->triggers[i].type)))
            return false;
    return same_headers(a, b) && same_metadata(a, b);
}
