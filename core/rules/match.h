/* Which alerts want an event, and why the others do not. Pure. */
#ifndef RULES_MATCH_H
#define RULES_MATCH_H

#include "model/alert.h"
#include "model/event.h"

enum match_verdict {
    MATCH_YES,
    MATCH_OTHER_WORKSPACE,
    MATCH_DISABLED,
    MATCH_NO_TRIGGER,
    MATCH_OUT_OF_SCOPE,
    MATCH_MEASURED, /* the trigger compares a sum or average with a threshold */
};

/* The first reason that stops it, in the order of the enum. */
enum match_verdict match_alert(const struct alert *alert, const struct event_ref *event);

/* Whether a project is in the scope of an alert's trigger: the same rule. */
bool match_scope(const struct alert *alert, const struct alert_trigger *trigger,
                 const char *project_id);

const char *match_verdict_text(enum match_verdict v); /* words for people */

#endif
