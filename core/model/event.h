/* The event types of an Opik workspace: the seven of the document ("Supported event types"),
 * and the three that Opik's API has beside them. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include <stdbool.h>

#include "base/span.h"

enum event_type {
    EVENT_TRACE_ERRORS,
    EVENT_TRACE_FEEDBACK_SCORE,
    EVENT_THREAD_FEEDBACK_SCORE,
    EVENT_GUARDRAILS_TRIGGERED,
    EVENT_PROMPT_CREATED,
    EVENT_PROMPT_COMMITTED,
    EVENT_PROMPT_DELETED,
    EVENT_EXPERIMENT_FINISHED,
    EVENT_TRACE_COST,
    EVENT_TRACE_LATENCY,
    EVENT_TYPE_COUNT
};

struct event_type_info {
    const char *name;        /* on the wire: trace:errors */
    const char *title;       /* New error in trace */
    const char *description; /* Triggered when ..., one line of at most 60 columns */
    bool observability;      /* can have a project scope */
    bool measured;           /* has no event of its own: only a threshold raises it */
};

const struct event_type_info *event_type_info(enum event_type type);
const char *event_type_name(enum event_type type);
bool event_type_parse(struct span name, enum event_type *type);

#define WORKSPACE_MAX 150 /* characters */

/* Whether a workspace can have that name; what cannot come in a header has no events. */
bool workspace_fits(const char *name);

/* What matching needs to know of an event. Strings are borrowed. project_id is NULL for the
 * prompt events, which are workspace-wide. */
struct event_ref {
    enum event_type type;
    const char *workspace;
    const char *project_id;
};

#endif
