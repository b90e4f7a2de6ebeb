/* Spans: nothing of them is kept but what they cost, for the thresholds on it. */
#include "intake/facts.h"
#include "store/accept.h"

enum span_key {
    SPAN_ID,
    SPAN_TRACE,
    SPAN_PROJECT_NAME,
    SPAN_PROJECT_ID,
    SPAN_COST,
    SPAN_KEYS
};
static const char *const KEYS[SPAN_KEYS] = {
    "id", "trace_id", "project_name", "project_id", "total_estimated_cost",
};

/* One span; `id` is that of the path, or empty. A span without a cost is no fact, whatever
 * else it holds. */
static bool add_span(struct facts *f, struct js_value span, struct span id, struct err *err)
{
    struct js_value v[SPAN_KEYS];
    struct fact fact = {.measured = true, .measure = EVENT_TRACE_COST};
    if (span.type != JS_OBJECT)
        return facts_wrong(f, "", "must be an object", err);
    facts_members(span, KEYS, SPAN_KEYS, v);
    if (!js_number(v[SPAN_COST], &fact.value) || fact.value <= 0)
        return true;
    if (id.len) {
        fact.once = arena_span(&f->accept->arena, id);
        if (!fact.once.at)
            return err_memory(err);
    } else if (!facts_uuid(f, v[SPAN_ID], "id", &fact.once, err)) {
        return false;
    }
    return facts_uuid(f, v[SPAN_TRACE], "trace_id", &fact.trace_id, err) &&
           facts_project(f, v[SPAN_PROJECT_NAME], v[SPAN_PROJECT_ID], &fact, err) &&
           facts_add(f, &fact, err);
}

bool facts_span(struct facts *f, struct js_value span, struct span id, struct err *err)
{
    return add_span(f, span, id, err);
}

bool facts_span_list(struct facts *f, struct js_value spans, const char *place,
                     struct err *err)
{
    struct js_iter it;
    struct js_item item;
    size_t i = 0;
    if (!js_is_set(spans))
        return true;
    if (!facts_array(f, spans, "spans", err))
        return false;
    for (js_iter(&it, spans); js_next(&it, &item); i++) {
        facts_at(f, place, i);
        if (!add_span(f, item.value, (struct span){NULL, 0}, err))
            return false;
    }
    return true;
}

bool facts_spans(struct facts *f, struct js_value root, struct err *err)
{
    return facts_span_list(f, js_get(root, "spans"), "spans", err);
}

/* Without a cost nothing of it is looked at, as with one span. */
bool facts_span_updates(struct facts *f, struct js_value root, struct err *err)
{
    struct js_value ids = js_get(root, "ids"), update = js_get(root, "update");
    struct js_iter it;
    struct js_item item;
    struct span id;
    double cost;
    size_t i = 0;
    if (!js_number(js_get(update, KEYS[SPAN_COST]), &cost))
        return true;
    if (!facts_array(f, ids, "ids", err))
        return false;
    size_t count = js_count(ids);
    if (count < 1 || count > FACTS_IDS_MAX)
        return facts_wrong(f, "ids", "must hold 1 to 1000 ids", err);
    for (js_iter(&it, ids); js_next(&it, &item); i++) {
        if (!facts_listed_id(f, item.value, i, &id, err))
            return false;
        facts_at(f, "update", FACTS_ALONE);
        if (!add_span(f, update, id, err))
            return false;
    }
    return true;
}
