/* Items of an experiment in bulk: each may bring its trace, and scores of it. */
#include <stdio.h>

#include "intake/facts.h"

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

static bool experiment_item(struct facts *f, struct js_value item, size_t index,
                            struct err *err)
{
    struct js_value trace = js_get(item, "trace");
    struct span id;
    char place[64];
    if (item.type != JS_OBJECT)
        return facts_wrong(f, "", "must be an object", err);
    if (!facts_uuid(f, js_get(item, "trace_id"), "trace_id", &id, err))
        return false;
    if (js_is_set(trace)) {
        f->within = ".trace";
        if (!facts_trace(f, trace, &id, err))
            return false;
    }
    facts_at(f, "items", index);
    snprintf(place, sizeof place, "items[%zu].feedback_scores", index);
    return item_scores(f, js_get(item, "feedback_scores"), id, place, err);
}

bool facts_experiments(struct facts *f, struct js_value root, struct err *err)
{
    struct js_value items = js_get(root, "items");
    struct js_iter it;
    struct js_item item;
    size_t i = 0;
    if (!facts_array(f, items, "items", err))
        return false;
    for (js_iter(&it, items); js_next(&it, &item); i++) {
        facts_at(f, "items", i);
        if (!experiment_item(f, item.value, i, err))
            return false;
    }
    return true;
}
