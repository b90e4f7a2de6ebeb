/* Feedback scores of traces and threads. */
#include "intake/facts.h"
#include "store/accept.h"

enum score_key {
    SCORE_ID,
    SCORE_THREAD,
    SCORE_PROJECT_NAME,
    SCORE_PROJECT_ID,
    SCORE_NAME,
    SCORE_VALUE,
    SCORE_REASON,
    SCORE_CATEGORY,
    SCORE_SOURCE,
    SCORE_KEYS
};
static const char *const KEYS[SCORE_KEYS] = {
    "id",    "thread_id", "project_name",  "project_id", "name",
    "value", "reason",    "category_name", "source",
};

static bool check_score(struct facts *f, const struct js_value *v, struct err *err)
{
    if (v[SCORE_NAME].type == JS_STRING ? v[SCORE_NAME].text.len <= strlen("\"\"")
                                        : !js_is_set(v[SCORE_NAME]))
        return facts_wrong(f, "name", "is required", err);
    if (v[SCORE_VALUE].type != JS_NUMBER)
        return facts_wrong(f, "value", "must be a number", err);
    for (int k = SCORE_NAME; k < SCORE_KEYS; k++)
        if (k != SCORE_VALUE && js_is_set(v[k]) && v[k].type != JS_STRING)
            return facts_wrong(f, KEYS[k], "must be a string", err);
    return true;
}

static bool add_score(struct facts *f, const struct js_value *v, enum event_type type,
                      const char *key, struct span id, struct err *err)
{
    struct fact fact = {.is_event = true, .type = type};
    if (type == EVENT_TRACE_FEEDBACK_SCORE) {
        fact.trace_id = arena_span(&f->accept->arena, id);
        if (!fact.trace_id.at)
            return err_memory(err);
    }
    if (!check_score(f, v, err) ||
        !facts_project(f, v[SCORE_PROJECT_NAME], v[SCORE_PROJECT_ID], &fact, err))
        return false;
    fact.measure = type;
    fact.measured = js_number(v[SCORE_VALUE], &fact.value);
    if (!facts_text(f, v[SCORE_NAME], "name", &fact.score, err))
        return false;
    buf_clear(&f->text);
    buf_add_format(&f->text, "{\"%s\":", key);
    js_append_string(&f->text, id);
    if (!facts_half(f, &fact.head, err))
        return false;
    buf_clear(&f->text);
    for (int k = SCORE_NAME; k < SCORE_KEYS; k++)
        facts_put(f, KEYS[k], v[k]);
    facts_put_text(f, "created_by", span_of(f->accept->user));
    return facts_half(f, &fact.tail, err) && facts_add(f, &fact, err);
}

bool facts_score(struct facts *f, struct js_value score, struct span trace_id,
                 struct err *err)
{
    struct js_value v[SCORE_KEYS];
    struct span id = trace_id;
    if (score.type != JS_OBJECT)
        return facts_wrong(f, "", "must be an object", err);
    facts_members(score, KEYS, SCORE_KEYS, v);
    if (!id.len && !facts_uuid(f, v[SCORE_ID], "id", &id, err))
        return false;
    if (!id.len)
        return facts_wrong(f, "id", "is required: the trace's id", err);
    return add_score(f, v, EVENT_TRACE_FEEDBACK_SCORE, "id", id, err);
}

static bool thread_score(struct facts *f, struct js_value score, struct err *err)
{
    struct js_value v[SCORE_KEYS];
    struct span thread;
    if (score.type != JS_OBJECT)
        return facts_wrong(f, "", "must be an object", err);
    facts_members(score, KEYS, SCORE_KEYS, v);
    if (!facts_text(f, v[SCORE_THREAD], "thread_id", &thread, err))
        return false;
    if (!thread.len)
        return facts_wrong(f, "thread_id", "is required", err);
    return add_score(f, v, EVENT_THREAD_FEEDBACK_SCORE, "thread_id", thread, err);
}

bool facts_scores(struct facts *f, struct js_value root, bool threads, struct err *err)
{
    struct js_value scores = js_get(root, "scores");
    struct js_iter it;
    struct js_item item;
    size_t i = 0;
    if (!facts_array(f, scores, "scores", err))
        return false;
    for (js_iter(&it, scores); js_next(&it, &item); i++) {
        facts_at(f, "scores", i);
        if (threads ? !thread_score(f, item.value, err)
                    : !facts_score(f, item.value, (struct span){NULL, 0}, err))
            return false;
    }
    return true;
}
