/* Traces and their updates: a trace with error information is an event, any other is only
 * remembered for its name and project. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "base/uuid.h"
#include "intake/facts.h"
#include "store/accept.h"

enum trace_key { /* in the order that SDKs write them */
    TRACE_PROJECT_ID,
    TRACE_ID,
    TRACE_PROJECT_NAME,
    TRACE_NAME,
    TRACE_START,
    TRACE_END,
    TRACE_INPUT,
    TRACE_OUTPUT,
    TRACE_ERROR,
    TRACE_METADATA,
    TRACE_TAGS,
    TRACE_THREAD,
    TRACE_KEYS
};
static const char *const KEYS[TRACE_KEYS] = {
    "project_id", "id",     "project_name", "name",     "start_time", "end_time",
    "input",      "output", "error_info",   "metadata", "tags",       "thread_id",
};

/* The members that are checked for their type, and what they must be. */
static const struct {
    enum trace_key key;
    enum js_type type;
    const char *words;
} TYPES[] = {
    {TRACE_NAME, JS_STRING, "must be a string"},
    {TRACE_START, JS_STRING, "must be a string"},
    {TRACE_END, JS_STRING, "must be a string"},
    {TRACE_ERROR, JS_OBJECT, "must be an object"},
    {TRACE_TAGS, JS_ARRAY, "must be an array"},
    {TRACE_THREAD, JS_STRING, "must be a string"},
};

static bool check_types(struct facts *f, const struct js_value *v, struct err *err)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        struct js_value value = v[TYPES[i].key];
        if (js_is_set(value) && value.type != TYPES[i].type)
            return facts_wrong(f, KEYS[TYPES[i].key], TYPES[i].words, err);
    }
    return true;
}

static bool build_head(struct facts *f, const struct js_value *v, struct fact *fact,
                       struct err *err)
{
    buf_clear(&f->text);
    buf_add_text(&f->text, "{\"id\":\"");
    buf_add_span(&f->text, fact->trace_id); /* canonical: nothing to escape */
    buf_add_char(&f->text, '"');
    facts_put(f, KEYS[TRACE_NAME], v[TRACE_NAME]);
    return facts_half(f, &fact->head, err);
}

static bool build_tail(struct facts *f, const struct js_value *v, struct span *tail,
                       struct err *err)
{
    buf_clear(&f->text);
    for (int k = TRACE_START; k < TRACE_KEYS; k++)
        facts_put(f, KEYS[k], v[k]);
    return facts_half(f, tail, err);
}

/* *says: whether one of its members is there, which makes it an error; null is as absent.
 * As in Opik, a number is as good as a text. */
static bool read_error(struct facts *f, struct js_value error, bool *says, struct err *err)
{
    static const char *const texts[] = {"error_info.exception_type", "error_info.message",
                                        "error_info.traceback"};
    struct js_iter it;
    struct js_item item;
    *says = false;
    for (js_iter(&it, error); js_next(&it, &item);) {
        if (!js_is_set(item.value))
            continue;
        *says = true;
        bool is_scalar = item.value.type != JS_OBJECT && item.value.type != JS_ARRAY;
        for (size_t i = 0; !is_scalar && i < sizeof texts / sizeof *texts; i++)
            if (js_key_is(item.key, strchr(texts[i], '.') + 1))
                return facts_wrong(f, texts[i], "must be a string", err);
    }
    return true;
}

/* What all traces share that get the same members: everything but the id and the head. */
static bool read_members(struct facts *f, const struct js_value *v, struct fact *fact,
                         struct err *err)
{
    *fact = (struct fact){.type = EVENT_TRACE_ERRORS};
    if (!check_types(f, v, err) || !read_error(f, v[TRACE_ERROR], &fact->is_event, err) ||
        !facts_project(f, v[TRACE_PROJECT_NAME], v[TRACE_PROJECT_ID], fact, err))
        return false;
    fact->wants_trace_name = fact->is_event && !js_is_set(v[TRACE_NAME]);
    if (js_is_set(v[TRACE_NAME])) {
        fact->trace_name = arena_span(&f->accept->arena, v[TRACE_NAME].text);
        if (!fact->trace_name.at)
            return err_memory(err);
    }
    return !fact->is_event || build_tail(f, v, &fact->tail, err);
}

/* The time that a UUIDv7 was made at, wall ms (RFC 9562 5.7). */
static int64_t made_at(struct span id)
{
    char digits[16];
    if (id.len < 13 || !uuid_is_v7(id.at))
        return -1;
    snprintf(digits, sizeof digits, "%.8s%.4s", id.at, id.at + 9);
    return strtoll(digits, NULL, 16);
}

static bool read_time(struct js_value value, int64_t *ms)
{
    return value.type == JS_STRING &&
           timefmt_parse_iso((struct span){value.text.at + 1, value.text.len - 2}, ms);
}

/* How long a trace took: a later update tells its end only, and an SDK makes the id when the
 * trace starts. */
static void measure(const struct js_value *v, struct span id, struct fact *fact)
{
    int64_t start, end;
    fact->measured = false;
    if (!read_time(v[TRACE_END], &end))
        return;
    if (!read_time(v[TRACE_START], &start))
        start = made_at(id);
    if (start < 0 || end < start)
        return;
    fact->measured = true;
    fact->measure = EVENT_TRACE_LATENCY;
    fact->value = (double)(end - start) / 1000;
    fact->once = id;
}

static bool add_trace(struct facts *f, const struct js_value *v, struct fact *fact,
                      struct span id, struct err *err)
{
    fact->trace_id = id;
    measure(v, id, fact);
    if (fact->is_event)
        return build_head(f, v, fact, err) && facts_add(f, fact, err);
    bool tells =
        fact->measured || fact->trace_name.len || fact->project_name.len || fact->project_id.len;
    return !tells || facts_add(f, fact, err);
}

bool facts_new_id(struct facts *f, struct span *id, struct err *err)
{
    char made[UUID_SIZE];
    uuid_v7(made, f->now);
    *id = arena_span(&f->accept->arena, span_of(made));
    return id->at || err_memory(err);
}

bool facts_trace(struct facts *f, struct js_value trace, struct span *id, struct err *err)
{
    struct js_value v[TRACE_KEYS];
    struct fact fact;
    if (trace.type != JS_OBJECT)
        return facts_wrong(f, "", "must be an object", err);
    facts_members(trace, KEYS, TRACE_KEYS, v);
    return facts_uuid(f, v[TRACE_ID], "id", id, err) &&
           (id->len || facts_new_id(f, id, err)) && read_members(f, v, &fact, err) &&
           add_trace(f, v, &fact, *id, err);
}

bool facts_traces(struct facts *f, struct js_value root, struct err *err)
{
    struct js_value traces = js_get(root, "traces");
    struct js_iter it;
    struct js_item item;
    struct span id;
    size_t i = 0;
    if (!facts_array(f, traces, "traces", err) || !facts_expect(f, js_count(traces), err))
        return false;
    for (js_iter(&it, traces); js_next(&it, &item); i++) {
        facts_at(f, "traces", i);
        if (!facts_trace(f, item.value, &id, err))
            return false;
    }
    return true;
}

bool facts_trace_update(struct facts *f, struct js_value update, struct span id,
                        struct err *err)
{
    struct js_value v[TRACE_KEYS];
    struct fact fact;
    facts_members(update, KEYS, TRACE_KEYS, v);
    struct span copy = arena_span(&f->accept->arena, id);
    return (copy.at || err_memory(err)) && read_members(f, v, &fact, err) &&
           add_trace(f, v, &fact, copy, err);
}

static bool update_each(struct facts *f, struct js_value ids, const struct js_value *v,
                        struct fact *fact, struct err *err)
{
    struct js_iter it;
    struct js_item item;
    struct span id;
    size_t i = 0;
    for (js_iter(&it, ids); js_next(&it, &item); i++) {
        if (!facts_listed_id(f, item.value, i, &id, err) || !add_trace(f, v, fact, id, err))
            return false;
    }
    return true;
}

bool facts_trace_updates(struct facts *f, struct js_value root, struct err *err)
{
    struct js_value ids = js_get(root, "ids"), update = js_get(root, "update");
    struct js_value v[TRACE_KEYS];
    struct fact fact;
    size_t count = js_count(ids);
    if (!facts_array(f, ids, "ids", err))
        return false;
    if (count < 1 || count > FACTS_IDS_MAX)
        return facts_wrong(f, "ids", "must hold 1 to 1000 ids", err);
    if (update.type != JS_OBJECT)
        return facts_wrong(f, "update", "must be an object", err);
    facts_members(update, KEYS, TRACE_KEYS, v);
    facts_at(f, "update", FACTS_ALONE);
    return read_members(f, v, &fact, err) && update_each(f, ids, v, &fact, err);
}
