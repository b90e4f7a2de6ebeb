/* Guardrail checks: a failed one is an event, a passed one is nothing. */
#include "intake/facts.h"
#include "store/accept.h"

enum guard_key {
    GUARD_ID,
    GUARD_ENTITY,
    GUARD_PROJECT_NAME,
    GUARD_PROJECT_ID,
    GUARD_NAME,
    GUARD_RESULT,
    GUARD_CONFIG,
    GUARD_DETAILS,
    GUARD_KEYS
};
static const char *const GUARDS[GUARD_KEYS] = {
    "id", "entity_id", "project_name", "project_id", "name", "result", "config", "details",
};

static bool add_guardrail(struct facts *f, const struct js_value *v, struct span id,
                          struct fact *fact, struct err *err)
{
    char made[UUID_SIZE];
    uuid_v7(made, f->now);
    buf_clear(&f->text);
    buf_add_text(&f->text, "{\"id\":");
    js_append_string(&f->text, id.len ? id : span_of(made));
    facts_put_text(f, "entity_id", fact->trace_id);
    if (!facts_half(f, &fact->head, err))
        return false;
    buf_clear(&f->text);
    for (int k = GUARD_NAME; k < GUARD_KEYS; k++)
        facts_put(f, GUARDS[k], v[k]);
    return facts_half(f, &fact->tail, err) && facts_add(f, fact, err);
}

static bool guardrail(struct facts *f, struct js_value check, struct err *err)
{
    struct js_value v[GUARD_KEYS];
    struct span id, result;
    struct fact fact = {.is_event = true, .type = EVENT_GUARDRAILS_TRIGGERED};
    if (check.type != JS_OBJECT)
        return facts_wrong(f, "", "must be an object", err);
    facts_members(check, GUARDS, GUARD_KEYS, v);
    if (!facts_uuid(f, v[GUARD_ID], "id", &id, err) ||
        !facts_uuid(f, v[GUARD_ENTITY], "entity_id", &fact.trace_id, err) ||
        !facts_project(f, v[GUARD_PROJECT_NAME], v[GUARD_PROJECT_ID], &fact, err) ||
        !facts_text(f, v[GUARD_RESULT], "result", &result, err))
        return false;
    if (!fact.trace_id.len)
        return facts_wrong(f, "entity_id", "is required: the trace's id", err);
    if (v[GUARD_NAME].type != JS_STRING)
        return facts_wrong(f, "name", "must be a string", err);
    if (span_is(result, "passed"))
        return true;
    if (!span_is(result, "failed"))
        return facts_wrong(f, "result", "must be passed or failed", err);
    return add_guardrail(f, v, id, &fact, err);
}

bool facts_guardrails(struct facts *f, struct js_value root, struct err *err)
{
    struct js_value checks = js_get(root, "guardrails");
    struct js_iter it;
    struct js_item item;
    size_t i = 0;
    if (!facts_array(f, checks, "guardrails", err))
        return false;
    for (js_iter(&it, checks); js_next(&it, &item); i++) {
        facts_at(f, "guardrails", i);
        if (!guardrail(f, item.value, err))
            return false;
    }
    return true;
}
