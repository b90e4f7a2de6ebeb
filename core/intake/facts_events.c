/* Events that this program's own command sends, {event_type, project_name?, user?, entity}:
 * the entity goes out as it is, with its project. */
#include "intake/facts.h"
#include "store/accept.h"

static bool event_type_of(struct facts *f, struct js_value value, enum event_type *type,
                          struct err *err)
{
    struct span name;
    if (!facts_text(f, value, "event_type", &name, err))
        return false;
    if (!event_type_parse(name, type))
        return facts_wrong(f, "event_type", "is no event type", err);
    return true;
}

/* The entity without its closing brace and its project: the project comes in the
 * transaction. */
static bool entity_head(struct facts *f, struct js_value entity, struct span *head,
                        struct err *err)
{
    struct js_iter it;
    struct js_item item;
    buf_clear(&f->text);
    for (js_iter(&it, entity); js_next(&it, &item);) {
        if (js_key_is(item.key, "project_name") || js_key_is(item.key, "project_id"))
            continue;
        buf_add_text(&f->text, f->text.len ? ",\"" : "{\"");
        buf_add_span(&f->text, item.key);
        buf_add_text(&f->text, "\":");
        js_append(&f->text, item.value);
    }
    if (!f->text.len)
        return facts_wrong(f, "entity", "must have a member beside its project", err);
    return facts_half(f, head, err);
}

enum event_key {
    KEY_TYPE,
    KEY_PROJECT_NAME,
    KEY_PROJECT_ID,
    KEY_USER,
    KEY_ENTITY,
    EVENT_KEYS
};

/* One request has one user, as everything else that comes in. */
static bool read_user(struct facts *f, struct js_value value, struct err *err)
{
    struct span user;
    if (!facts_text(f, value, "user", &user, err))
        return false;
    if (!user.len)
        user = span_of(f->user);
    if (f->accept->count == 0)
        f->accept->user = user.at; /* terminated, as all of an arena */
    return span_is(user, f->accept->user) ||
           facts_wrong(f, "user", "must be the same for all events of a request", err);
}

/* The trace that an entity is about, where it says so by a UUID. */
static bool find_trace(struct facts *f, struct js_value entity, struct fact *fact,
                       struct err *err)
{
    const char *key = fact->type == EVENT_GUARDRAILS_TRIGGERED ? "entity_id" : "id";
    struct js_value value = js_get(entity, key);
    char id[UUID_SIZE];
    if (!event_type_info(fact->type)->observability ||
        fact->type == EVENT_THREAD_FEEDBACK_SCORE || value.type != JS_STRING ||
        !uuid_read((struct span){value.text.at + 1, value.text.len - 2}, id))
        return true;
    fact->trace_id = arena_span(&f->accept->arena, span_of(id));
    return fact->trace_id.at || err_memory(err);
}

static bool event(struct facts *f, struct js_value object, struct err *err)
{
    static const char *const keys[EVENT_KEYS] = {"event_type", "project_name", "project_id",
                                                 "user", "entity"};
    struct js_value v[EVENT_KEYS];
    struct fact fact = {.is_event = true};
    if (object.type != JS_OBJECT)
        return facts_wrong(f, "", "must be an object", err);
    facts_members(object, keys, EVENT_KEYS, v);
    if (!js_is_set(v[KEY_PROJECT_NAME]) && !js_is_set(v[KEY_PROJECT_ID]))
        v[KEY_PROJECT_NAME] = js_get(v[KEY_ENTITY], "project_name");
    if (v[KEY_ENTITY].type != JS_OBJECT)
        return facts_wrong(f, "entity", "must be an object", err);
    return event_type_of(f, v[KEY_TYPE], &fact.type, err) &&
           facts_project(f, v[KEY_PROJECT_NAME], v[KEY_PROJECT_ID], &fact, err) &&
           read_user(f, v[KEY_USER], err) && find_trace(f, v[KEY_ENTITY], &fact, err) &&
           entity_head(f, v[KEY_ENTITY], &fact.head, err) && facts_add(f, &fact, err);
}

bool facts_events(struct facts *f, struct js_value root, struct err *err)
{
    struct js_value events = js_get(root, "events");
    struct js_iter it;
    struct js_item item;
    size_t i = 0;
    if (!facts_array(f, events, "events", err))
        return false;
    for (js_iter(&it, events); js_next(&it, &item); i++) {
        facts_at(f, "events", i);
        if (!event(f, item.value, err))
            return false;
    }
    return true;
}
