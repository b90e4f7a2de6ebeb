#include "rules/match.h"

#include <stdio.h>
#include <string.h>

static bool is_in_scope(const struct alert *alert, const struct alert_trigger *trigger,
                        const char *project_id)
{
    const char *project = project_id ? project_id : "";
    if (!event_type_info(trigger->type)->observability)
        return true;
    if (alert->project_id[0])
        return strcmp(alert->project_id, project) == 0;
    if (!trigger->scoped)
        return true;
    for (size_t i = 0; i < trigger->project_count; i++)
        if (strcmp(trigger->projects[i], project) == 0)
            return true;
    return false;
}

enum match_verdict match_alert(const struct alert *alert, const struct event_ref *event)
{
    if (!alert->workspace || !event->workspace ||
        strcmp(alert->workspace, event->workspace) != 0)
        return MATCH_OTHER_WORKSPACE;
    if (!alert->enabled)
        return MATCH_DISABLED;
    const struct alert_trigger *trigger = alert_trigger_of(alert, event->type);
    if (!trigger)
        return MATCH_NO_TRIGGER;
    if (!is_in_scope(alert, trigger, event->project_id))
        return MATCH_OUT_OF_SCOPE;
    return trigger->condition_count ? MATCH_MEASURED : MATCH_YES;
}

bool match_takes(enum match_verdict v)
{
    return v == MATCH_YES || v == MATCH_HELD || v == MATCH_DROPPED;
}

void match_verdict_words(enum match_verdict v, const char *until,
                         char out[MATCH_WORDS_SIZE])
{
    static const char *const texts[] = {
        "matches",
        "belongs to another workspace",
        "is disabled",
        "has no trigger for this event type",
        "does not have this project in scope",
        "has a threshold for it: events are counted, and raise nothing by themselves",
        "kept for the digest",
        "dropped, and counted",
    };
    if (v == MATCH_HELD || v == MATCH_DROPPED)
        snprintf(out, MATCH_WORDS_SIZE, "silenced until %s: %s", until, texts[v]);
    else
        snprintf(out, MATCH_WORDS_SIZE, "%s", texts[v]);
}
