/* Projects: what the SDKs create, look up and list. */
#include <string.h>

#include "base/ascii.h"
#include "intake/handlers.h"
#include "intake/request.h"
#include "store/projects.h"

static void reply_project(struct request *r, const struct project *p)
{
    project_to_json(p, &r->answer);
    request_reply(r, 200);
}

static void project_created(void *arg, const struct err *err, const void *result)
{
    struct request *r = arg;
    const struct project *p = result;
    if (err) {
        request_fail(r, err);
        return;
    }
    request_reply_created(r, "v1/private/projects", span_of(p->id));
}

void projects_create(struct request *r)
{
    struct js_value root;
    struct err err;
    const char *name, *description;
    if (!request_object(r, &root))
        return;
    if (!request_text(r, root, "name", &name, &err) ||
        !request_text(r, root, "description", &description, &err)) {
        request_fail(r, &err);
        return;
    }
    if (!name || !*name || strlen(name) > PROJECT_NAME_MAX) {
        request_fail_text(r, 400,
                          name && *name ? "name: is too long" : "name: is required");
        return;
    }
    if (request_wait(r))
        store_project_ensure(r->store, r->workspace, name, description, INTAKE_USER, true,
                             project_created, r);
}

static void find(struct request *r, const char *id, const char *name)
{
    struct project p;
    struct err err;
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return;
    bool ok = store_project_get(reader, r->workspace, id, name, &p, &err);
    request_reader_done(r, &reader);
    if (!ok) {
        request_fail(r, &err);
        return;
    }
    reply_project(r, &p);
    project_free(&p);
}

void projects_retrieve(struct request *r)
{
    struct js_value root;
    struct err err;
    const char *name;
    if (!request_object(r, &root))
        return;
    if (!request_text(r, root, "name", &name, &err))
        request_fail(r, &err);
    else if (!name)
        request_fail_text(r, 400, "name: is required");
    else
        find(r, NULL, name);
}

void projects_get(struct request *r)
{
    const char *id = request_path_id(r, 0);
    if (id)
        find(r, id, NULL);
}

static void write_page(struct request *r, const struct request_page *page,
                       const struct project_rows *rows)
{
    const char *part = request_query(r, "name");
    int64_t matching = 0, shown = 0;
    struct buf content;
    buf_init(&content, r->answer.max);
    for (size_t i = 0; i < rows->count; i++) {
        if (part && !ascii_find(rows->items[i].name, part))
            continue;
        if (matching >= page->first && shown < page->size) {
            if (shown++)
                buf_add_char(&content, ',');
            project_to_json(&rows->items[i], &content);
        }
        matching++;
    }
    buf_add_format(
        &r->answer,
        "{\"page\":%lld,\"size\":%lld,\"total\":%lld,\"content\":[%s],\"sortable_by\":[]}",
        (long long)page->number, (long long)shown, (long long)matching, buf_text(&content));
    r->answer.failed = r->answer.failed || content.failed;
    buf_free(&content);
}

void projects_list(struct request *r)
{
    struct project_rows rows;
    struct request_page page;
    struct err err;
    if (!request_page(r, &page))
        return;
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return;
    bool ok = store_project_list(reader, r->workspace, &rows, &err);
    request_reader_done(r, &reader);
    if (!ok) {
        request_fail(r, &err);
        return;
    }
    write_page(r, &page, &rows);
    project_rows_free(&rows);
    request_reply(r, 200);
}
