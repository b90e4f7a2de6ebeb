#include "cli/alert_scopes.h"

#include <stdlib.h>
#include <string.h>

#include "cli/await.h"
#include "scope_names.h"
#include "store/projects.h"

/* The name of `id` in the file's list. False: none. */
static bool find_name(struct js_value list, const char *id, struct buf *name)
{
    struct js_iter it;
    struct js_item item;
    char uuid[UUID_SIZE];
    js_iter(&it, list);
    while (js_next(&it, &item)) {
        buf_clear(name);
        if (!js_string(js_get(item.value, "id"), name) ||
            !uuid_read(buf_span(name), uuid) || strcmp(uuid, id) != 0)
            continue;
        buf_clear(name);
        return js_string(js_get(item.value, "name"), name) && name->len > 0;
    }
    return false;
}

static bool keep(struct alert_scopes *s, const char *id, struct buf *name, struct err *err)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->items[i].id, id) == 0)
            return true;
    struct scope_new *items = realloc(s->items, (s->count + 1) * sizeof *items);
    if (!items)
        return err_memory(err);
    s->items = items;
    items[s->count].name = buf_take(name);
    if (!items[s->count].name)
        return err_memory(err);
    memcpy(items[s->count++].id, id, UUID_SIZE);
    return true;
}

/* id: of no project of the workspace. */
static bool by_name(struct alert_scopes *s, struct cli *cli, struct buf *name, char *id,
                    struct err *err)
{
    struct project p = {0};
    struct err why = {0};
    if (name->len > PROJECT_NAME_MAX)
        return err_set(err, ERR_INVALID, "projects: the name of %s is over %d bytes", id,
                       PROJECT_NAME_MAX);
    if (!store_project_get(cli->reader, cli->workspace, NULL, buf_text(name), &p, &why))
        return why.code == ERR_NOT_FOUND ? keep(s, id, name, err)
                                         : err_set(err, why.code, "%s", why.text);
    memcpy(id, p.id, UUID_SIZE);
    project_free(&p);
    return true;
}

static bool resolve(struct alert_scopes *s, struct cli *cli, struct js_value list, char *id,
                    struct err *err)
{
    struct project p = {0};
    struct err why = {0};
    struct buf name;
    if (store_project_get(cli->reader, cli->workspace, id, NULL, &p, &why)) {
        project_free(&p);
        return true;
    }
    buf_init(&name, BUF_UNLIMITED);
    bool fine = why.code == ERR_NOT_FOUND && find_name(list, id, &name)
                    ? by_name(s, cli, &name, id, err)
                    : err_set(err, why.code, "project %s: %s", id, why.text);
    buf_free(&name);
    return fine;
}

bool alert_scopes_resolve(struct alert_scopes *s, struct cli *cli, struct js_value file,
                          struct alert *a, struct err *err)
{
    struct js_value list = js_get(file, "projects");
    char *id;
    for (size_t i = 0; (id = scope_names_id(a, i)); i++)
        if (!resolve(s, cli, list, id, err))
            return false;
    return true;
}

static void put_id(struct alert *alerts, size_t count, const char *from, const char *to)
{
    char *id;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; (id = scope_names_id(&alerts[i], k)); k++)
            if (strcmp(id, from) == 0)
                memcpy(id, to, UUID_SIZE);
}

bool alert_scopes_make(struct alert_scopes *s, struct cli *cli, struct alert *alerts,
                       size_t count, struct err *err)
{
    for (size_t i = 0; i < s->count; i++) {
        struct await answer;
        await_init(&answer, AWAIT_PROJECT);
        store_project_ensure(cli->store, cli->workspace, s->items[i].name, NULL, cli->user,
                             false, await_done, &answer);
        if (!await_answer(&answer, err))
            return false;
        put_id(alerts, count, s->items[i].id, answer.id);
    }
    return true;
}

void alert_scopes_free(struct alert_scopes *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->items[i].name);
    free(s->items);
    *s = (struct alert_scopes){0};
}
