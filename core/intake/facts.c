#include "intake/facts.h"
#include "model/project.h"
#include "store/accept.h"

#include <stdio.h>
#include <stdlib.h>

enum { ACCEPT_ARENA_MAX = 512 * 1024 * 1024, EXPECTED_MAX = 1024 };

bool facts_init(struct facts *f, const char *workspace, const char *user, int64_t now,
                struct err *err)
{
    *f = (struct facts){.now = now};
    buf_init(&f->text, ACCEPT_ARENA_MAX);
    f->accept = calloc(1, sizeof *f->accept);
    if (!f->accept)
        return err_memory(err);
    arena_init(&f->accept->arena, ACCEPT_ARENA_MAX);
    f->accept->workspace = arena_copy(&f->accept->arena, span_of(workspace));
    f->accept->user = arena_copy(&f->accept->arena, span_of(user));
    f->user = f->accept->user;
    if (f->accept->user && f->accept->workspace)
        return true;
    facts_free(f);
    return err_memory(err);
}

void facts_free(struct facts *f)
{
    buf_free(&f->text);
    if (f->accept)
        arena_free(&f->accept->arena);
    free(f->accept);
    f->accept = NULL;
}

struct accept *facts_take(struct facts *f)
{
    struct accept *a = f->accept;
    f->accept = NULL;
    facts_free(f);
    return a;
}

static bool make_room(struct facts *f, size_t room, struct err *err)
{
    struct accept *a = f->accept;
    struct fact *more = arena_alloc(&a->arena, room * sizeof *more);
    if (!more)
        return err_memory(err);
    if (a->count)
        memcpy(more, a->facts, a->count * sizeof *more);
    a->facts = more;
    f->room = room;
    return true;
}

bool facts_expect(struct facts *f, size_t count, struct err *err)
{
    size_t room = f->accept->count + (count < EXPECTED_MAX ? count : EXPECTED_MAX);
    return room <= f->room || make_room(f, room, err);
}

bool facts_add(struct facts *f, const struct fact *fact, struct err *err)
{
    struct accept *a = f->accept;
    if (a->count == f->room && !make_room(f, f->room ? 2 * f->room : 1, err))
        return false;
    a->facts[a->count++] = *fact;
    return true;
}

void facts_members(struct js_value object, const char *const *keys, size_t count,
                   struct js_value *values)
{
    struct js_iter it;
    struct js_item item;
    size_t next = 0; /* most come in the order of `keys` */
    memset(values, 0, count * sizeof *values);
    for (js_iter(&it, object); js_next(&it, &item);) {
        bool follows = next < count && span_is(item.key, keys[next]);
        size_t k = follows ? next : js_key_find(item.key, keys, count);
        if (k == count)
            continue;
        values[k] = item.value;
        next = k + 1;
    }
}

bool facts_wrong(const struct facts *f, const char *key, const char *what, struct err *err)
{
    char where[96] = "";
    const char *within = f->within ? f->within : "";
    if (f->list && f->at != FACTS_ALONE)
        snprintf(where, sizeof where, "%s[%zu]%s", f->list, f->at, within);
    else if (f->list)
        snprintf(where, sizeof where, "%s%s", f->list, within);
    return err_set(err, ERR_INVALID, "%s%s%s: %s", where, where[0] && key[0] ? "." : "", key,
                   what);
}

void facts_at(struct facts *f, const char *list, size_t index)
{
    f->list = list;
    f->at = index;
    f->within = NULL;
}

bool facts_array(struct facts *f, struct js_value value, const char *key, struct err *err)
{
    return value.type == JS_ARRAY || facts_wrong(f, key, "must be an array", err);
}

bool facts_text(struct facts *f, struct js_value value, const char *key, struct span *out,
                struct err *err)
{
    *out = (struct span){NULL, 0};
    if (!js_is_set(value))
        return true;
    if (value.type != JS_STRING)
        return facts_wrong(f, key, "must be a string", err);
    buf_clear(&f->text);
    if (!js_string(value, &f->text))
        return err_memory(err);
    if (memchr(buf_text(&f->text), '\0', f->text.len))
        return facts_wrong(f, key, "must not hold a NUL character", err);
    *out = arena_span(&f->accept->arena, buf_span(&f->text));
    return out->at || err_memory(err);
}

bool facts_uuid(struct facts *f, struct js_value value, const char *key, struct span *out,
                struct err *err)
{
    char id[UUID_SIZE];
    /* As nearly all are written: without escapes there is nothing to undo. */
    if (value.type == JS_STRING && value.text.len == UUID_SIZE + 1 &&
        uuid_read((struct span){value.text.at + 1, UUID_SIZE - 1}, id)) {
        *out = arena_span(&f->accept->arena, (struct span){id, UUID_SIZE - 1});
        return out->at || err_memory(err);
    }
    if (!facts_text(f, value, key, out, err))
        return false;
    if (!out->at)
        return true;
    if (!uuid_read(*out, id))
        return facts_wrong(f, key, "must be a UUID", err);
    *out = arena_span(&f->accept->arena, span_of(id));
    return out->at || err_memory(err);
}

bool facts_listed_id(struct facts *f, struct js_value value, size_t i, struct span *id,
                     struct err *err)
{
    facts_at(f, "ids", i);
    return facts_uuid(f, value, "", id, err) &&
           (id->len || facts_wrong(f, "", "must be a UUID", err));
}

bool facts_project(struct facts *f, struct js_value name, struct js_value id,
                   struct fact *fact, struct err *err)
{
    struct span project_name = f->project, project_id;
    bool again = name.type == JS_STRING && span_same(name.text, f->written);
    if ((!again && !facts_text(f, name, "project_name", &project_name, err)) ||
        !facts_uuid(f, id, "project_id", &project_id, err))
        return false;
    if (project_name.len > PROJECT_NAME_MAX)
        return facts_wrong(f, "project_name", "is too long", err);
    if (name.type == JS_STRING) {
        f->written = name.text;
        f->project = project_name;
    }
    fact->project_name = project_name.len || project_id.len ? project_name : f->otherwise;
    fact->project_id = project_id;
    return true;
}

static void put_key(struct facts *f, const char *key)
{
    buf_add_text(&f->text, ",\"");
    buf_add_text(&f->text, key);
    buf_add_text(&f->text, "\":");
}

void facts_put(struct facts *f, const char *key, struct js_value value)
{
    if (!js_is_set(value))
        return;
    put_key(f, key);
    js_append(&f->text, value);
}

void facts_put_text(struct facts *f, const char *key, struct span text)
{
    if (!text.len)
        return;
    put_key(f, key);
    js_append_string(&f->text, text);
}

bool facts_half(struct facts *f, struct span *out, struct err *err)
{
    if (f->text.failed)
        return err_memory(err);
    *out = arena_span(&f->accept->arena, buf_span(&f->text));
    return out->at || err_memory(err);
}
