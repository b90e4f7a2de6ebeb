/* Prompts that change: each route is one step of the store. */
#include <string.h>

#include "intake/handlers.h"
#include "intake/ids.h"
#include "intake/request.h"
#include "store/prompts.h"

static const char *const TYPES[] = {"mustache", "jinja2", "python", NULL};
static const char *const STRUCTURES[] = {"text", "chat", NULL};

static bool is_one_of(const char *value, const char *const *words, const char *key,
                      struct err *err)
{
    for (; value && *words; words++)
        if (strcmp(value, *words) == 0)
            return true;
    return !value || err_set(err, ERR_INVALID, "%s: is none that is known", key);
}

/* The texts of a prompt or a version; `version` may be absent (JS_ABSENT). */
static bool read_write(struct request *r, struct js_value prompt, struct js_value version,
                       struct prompt_write *w, struct err *err)
{
    *w = (struct prompt_write){.workspace = r->workspace, .user = INTAKE_USER};
    return request_json(r, prompt, "tags", &w->tags, err) &&
           request_json(r, version, "metadata", &w->metadata, err) &&
           request_json(r, version, "tags", &w->version_tags, err) &&
           request_text(r, prompt, "name", &w->name, err) &&
           request_text(r, prompt, "description", &w->description, err) &&
           request_text(r, prompt, "template_structure", &w->structure, err) &&
           request_text(r, version, "template", &w->tmpl, err) &&
           request_text(r, version, "template_structure", &w->version_structure, err) &&
           request_text(r, version, "type", &w->type, err) &&
           request_text(r, version, "commit", &w->commit, err) &&
           request_text(r, version, "change_description", &w->change_description, err) &&
           is_one_of(w->type, TYPES, "type", err) &&
           is_one_of(w->structure, STRUCTURES, "template_structure", err);
}

static bool tags_are_fine(struct js_value object, struct err *err)
{
    struct js_value tags = js_get(object, "tags");
    struct js_iter it;
    struct js_item item;
    if (js_is_set(tags) && tags.type != JS_ARRAY)
        return err_set(err, ERR_INVALID, "tags: must be an array of strings");
    for (js_iter(&it, tags); js_next(&it, &item);)
        if (item.value.type != JS_STRING)
            return err_set(err, ERR_INVALID, "tags: must be an array of strings");
    return true;
}

static bool read_id(struct request *r, struct js_value object, const char **id,
                    struct err *err)
{
    char canonical[UUID_SIZE];
    if (!request_text(r, object, "id", id, err))
        return false;
    if (!*id)
        return true;
    if (!uuid_read(span_of(*id), canonical) || !uuid_is_v7(canonical))
        return err_set(err, ERR_INVALID, "id: must be a version 7 UUID");
    *id = arena_copy(&r->arena, span_of(canonical));
    return *id || err_memory(err);
}

static bool needs(const char *value, const char *name, struct err *err)
{
    return (value && *value) || err_set(err, ERR_INVALID, "%s: is required", name);
}

static void prompt_created(void *arg, const struct err *err, const void *result)
{
    struct request *r = arg;
    const struct prompt *p = result;
    if (err) {
        request_fail(r, err);
        return;
    }
    request_reply_created(r, "v1/private/prompts", span_of(p->id));
}

void prompts_create(struct request *r)
{
    struct js_value root;
    struct prompt_write w;
    struct err err;
    if (!request_object(r, &root))
        return;
    if (!read_write(r, root, root, &w, &err) || !tags_are_fine(root, &err) ||
        !read_id(r, root, &w.id, &err) || !needs(w.name, "name", &err)) {
        request_fail(r, &err);
        return;
    }
    w.version_tags = NULL; /* the body's tags are the prompt's */
    if (request_wait(r))
        store_prompt_create(r->store, &w, prompt_created, r);
}

static void version_done(void *arg, const struct err *err, const void *result)
{
    struct request *r = arg;
    if (err) {
        request_fail(r, err);
        return;
    }
    prompt_version_to_json(result, &r->answer);
    request_reply(r, 200);
}

void prompts_commit(struct request *r)
{
    struct js_value root, version;
    struct prompt_write w;
    struct err err;
    if (!request_object(r, &root))
        return;
    version = js_get(root, "version");
    if (version.type != JS_OBJECT) {
        request_fail_text(r, 400, "version: must be an object");
        return;
    }
    if (!read_write(r, root, version, &w, &err) || !tags_are_fine(version, &err) ||
        !read_id(r, version, &w.version_id, &err) || !needs(w.name, "name", &err) ||
        !needs(w.tmpl, "version.template", &err)) {
        request_fail(r, &err);
        return;
    }
    w.tags = NULL;
    if (request_wait(r))
        store_prompt_commit(r->store, &w, version_done, r);
}

void prompts_restore(struct request *r)
{
    const char *prompt = request_path_id(r, 0),
               *version = prompt ? request_path_id(r, 1) : NULL;
    if (!version)
        return;
    if (request_wait(r))
        store_prompt_restore(r->store, r->workspace, INTAKE_USER, prompt, version,
                             version_done, r);
}

void prompts_update(struct request *r)
{
    struct js_value root;
    struct prompt_write w;
    struct err err;
    const char *id = request_path_id(r, 0);
    if (!id || !request_object(r, &root))
        return;
    if (!read_write(r, root, (struct js_value){0}, &w, &err) ||
        !tags_are_fine(root, &err) || !needs(w.name, "name", &err)) {
        request_fail(r, &err);
        return;
    }
    if (request_wait(r))
        store_prompt_update(r->store, id, &w, request_done, r);
}

void prompts_delete(struct request *r)
{
    const char *id = request_path_id(r, 0);
    if (!id)
        return;
    if (request_wait(r))
        store_prompt_delete(r->store, r->workspace, INTAKE_USER, &id, 1, request_done, r);
}

void prompts_delete_batch(struct request *r)
{
    struct js_value root;
    size_t count;
    if (!request_object(r, &root))
        return;
    const char **ids = ids_read(r, js_get(root, "ids"), &count);
    if (!ids)
        return;
    if (request_wait(r))
        store_prompt_delete(r->store, r->workspace, INTAKE_USER, ids, count, request_done,
                            r);
}

void prompts_tag_versions(struct request *r)
{
    struct js_value root, update;
    struct err err;
    const char *tags;
    size_t count;
    if (!request_object(r, &root))
        return;
    update = js_get(root, "update");
    const char **ids = ids_read(r, js_get(root, "ids"), &count);
    if (!ids)
        return;
    if (update.type != JS_OBJECT) {
        request_fail_text(r, 400, "update: must be an object");
        return;
    }
    if (!tags_are_fine(update, &err) || !request_json(r, update, "tags", &tags, &err)) {
        request_fail(r, &err);
        return;
    }
    bool merge = js_get(root, "merge_tags").type == JS_TRUE;
    if (!tags) /* they stay as they are */
        request_reply(r, 204);
    else if (request_wait(r))
        store_prompt_tag_versions(r->store, r->workspace, ids, count, tags, merge,
                                  request_done, r);
}
