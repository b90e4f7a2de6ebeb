#include "model/event.h"

#include <string.h>

#include "base/text.h"

static const struct event_type_info INFO[EVENT_TYPE_COUNT] = {
    [EVENT_TRACE_ERRORS] = {"trace:errors", "New error in trace",
                            "A trace ended in an error, or got one later", true},
    [EVENT_TRACE_FEEDBACK_SCORE] = {"trace:feedback_score", "New score added to trace",
                                    "A feedback score was added to a trace", true},
    [EVENT_THREAD_FEEDBACK_SCORE] = {"trace_thread:feedback_score",
                                     "New score added to thread",
                                     "A feedback score was added to a conversation", true},
    [EVENT_GUARDRAILS_TRIGGERED] = {"trace:guardrails_triggered", "Guardrails triggered",
                                    "A guardrail check of a trace failed", true},
    [EVENT_PROMPT_CREATED] = {"prompt:created", "New prompt added",
                              "A prompt was created in the prompt library", false},
    [EVENT_PROMPT_COMMITTED] = {"prompt:committed", "New prompt version created",
                                "A version (commit) was added to a prompt", false},
    [EVENT_PROMPT_DELETED] = {"prompt:deleted", "Prompt deleted",
                              "A prompt was removed from the prompt library", false},
    [EVENT_EXPERIMENT_FINISHED] = {"experiment:finished", "Experiment finished",
                                   "An evaluation said its experiments are done", false},
    [EVENT_TRACE_COST] = {"trace:cost", "Cost threshold",
                          "The cost of spans in a window passed a limit", true, true},
    [EVENT_TRACE_LATENCY] = {"trace:latency", "Latency threshold",
                             "The average trace duration passed a limit", true, true},
};

const struct event_type_info *event_type_info(enum event_type type)
{
    return &INFO[type];
}

const char *event_type_name(enum event_type type)
{
    return INFO[type].name;
}

bool event_type_parse(struct span name, enum event_type *type)
{
    for (int t = 0; t < EVENT_TYPE_COUNT; t++)
        if (span_is(name, INFO[t].name)) {
            *type = (enum event_type)t;
            return true;
        }
    return false;
}

bool workspace_fits(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && text_is_safe(span_of(name), TEXT_SENT) &&
           text_first(name, WORKSPACE_MAX) == len;
}
