/* Items of an experiment in bulk: each may bring its trace, spans and scores of it. One
 * without a trace brings a result alone: Opik makes a trace of that, which its scores are
 * of. */
#include <stdio.h>

#include "intake/facts.h"
#include "model/project.h"

static bool item_scores(struct facts *f, struct js_value scores, struct span trace_id,
                        const char *place, struct err *err)
{
    struct js_iter it;
    struct js_item score;
    size_t i = 0;
    if (!js_is_set(scores))
        return true;
    if (!facts_array(f, scores, "feedback_scores", err))
        return false;
    for (js_iter(&it, scores); js_next(&it, &score); i++) {
        facts_at(f, place, i);
        if (!facts_score(f, score.value, trace_id, err))
            return false;
    }
    return true;
}

/* The trace of an item; `project` is that of the whole request, for what names none. What
 * follows is of the project of its trace. */
static bool item_trace(struct facts *f, struct js_value item, struct span project,
                       struct span *id, struct err *err)
{
    struct js_value trace = js_get(item, "trace");
    f->otherwise = project;
    if (!facts_uuid(f, js_get(item, "trace_id"), "trace_id", id, err))
        return false;
    if (!js_is_set(trace))
        return id->len || facts_new_id(f, id, err);
    f->within = ".trace";
    bool fine = facts_trace(f, trace, id, err);
    f->otherwise = (struct span){NULL, 0}; /* it is remembered */
    return fine;
}

static bool experiment_item(struct facts *f, struct js_value item, struct span project,
                            size_t index, struct err *err)
{
    struct span id;
    char scores[64], spans[64];
    if (item.type != JS_OBJECT)
        return facts_wrong(f, "", "must be an object", err);
    if (!item_trace(f, item, project, &id, err))
        return false;
    facts_at(f, "items", index);
    snprintf(scores, sizeof scores, "items[%zu].feedback_scores", index);
    snprintf(spans, sizeof spans, "items[%zu].spans", index);
    return item_scores(f, js_get(item, "feedback_scores"), id, scores, err) &&
           facts_span_list(f, js_get(item, "spans"), spans, err);
}

bool facts_experiments(struct facts *f, struct js_value root, struct err *err)
{
    struct js_value items = js_get(root, "items");
    struct js_iter it;
    struct js_item item;
    struct span project;
    size_t i = 0;
    if (!facts_array(f, items, "items", err) ||
        !facts_text(f, js_get(root, "project_name"), "project_name", &project, err))
        return false;
    if (project.len > PROJECT_NAME_MAX)
        return facts_wrong(f, "project_name", "is too long", err);
    for (js_iter(&it, items); js_next(&it, &item); i++) {
        facts_at(f, "items", i);
        if (!experiment_item(f, item.value, project, i, err))
            return false;
    }
    return true;
}
