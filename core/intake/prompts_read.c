/* Prompts and versions as they are read. */
#include "intake/handlers.h"
#include "intake/request.h"
#include "store/prompts.h"

static void reply_version(struct request *r, const char *id, const char *name,
                          const char *commit)
{
    struct prompt_version v;
    struct err err;
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return;
    bool ok = store_version_get(reader, r->workspace, id, name, commit, &v, &err);
    request_reader_done(r, &reader);
    if (!ok) {
        request_fail(r, &err);
        return;
    }
    prompt_version_to_json(&v, &r->answer);
    prompt_version_free(&v);
    request_reply(r, 200);
}

void prompts_retrieve(struct request *r)
{
    struct js_value root;
    struct err err;
    const char *name, *commit;
    if (!request_object(r, &root))
        return;
    if (!request_text(r, root, "name", &name, &err) ||
        !request_text(r, root, "commit", &commit, &err))
        request_fail(r, &err);
    else if (!name)
        request_fail_text(r, 400, "name: is required");
    else
        reply_version(r, NULL, name, commit);
}

void prompts_version(struct request *r)
{
    const char *id = request_path_id(r, 0);
    if (id)
        reply_version(r, id, NULL, NULL);
}

void prompts_get(struct request *r)
{
    const char *id = request_path_id(r, 0);
    struct prompt p;
    struct err err;
    if (!id)
        return;
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return;
    bool ok = store_prompt_get(reader, r->workspace, id, NULL, &p, &err);
    request_reader_done(r, &reader);
    if (!ok) {
        request_fail(r, &err);
        return;
    }
    prompt_to_json(&p, &r->answer);
    prompt_free(&p);
    request_reply(r, 200);
}

static void open_page(struct request *r, const struct request_page *page, size_t size,
                      int64_t total)
{
    buf_add_format(&r->answer, "{\"page\":%lld,\"size\":%zu,\"total\":%lld,\"content\":[",
                   (long long)page->number, size, (long long)total);
}

static void close_page(struct request *r)
{
    buf_add_text(&r->answer, "],\"sortable_by\":[]}");
    request_reply(r, 200);
}

/* The name that `filters` (a JSON array in the query) or `name` asks for. */
static bool wanted_name(struct request *r, const char **name, bool *exact, struct err *err)
{
    const char *filters = request_query(r, "filters"), *op;
    struct js_value root;
    struct js_iter it;
    struct js_item item;
    *name = request_query(r, "name");
    *exact = false;
    if (!filters || !*filters)
        return true;
    if (!js_parse(span_of(filters), &root, err))
        return false;
    if (root.type != JS_ARRAY || js_count(root) > 1)
        return err_set(err, ERR_INVALID, "filters: must be an array of at most one item");
    for (js_iter(&it, root); js_next(&it, &item);) {
        const char *field;
        if (!request_text(r, item.value, "field", &field, err) ||
            !request_text(r, item.value, "operator", &op, err))
            return false;
        bool is_name = field && strcmp(field, "name") == 0;
        *exact = op && strcmp(op, "=") == 0;
        if (!is_name || (!*exact && (!op || strcmp(op, "contains") != 0)))
            return err_set(err, ERR_INVALID,
                           "filters: only name with = or contains is served here");
        if (!request_text(r, item.value, "value", name, err))
            return false;
        if (!*name)
            return err_set(err, ERR_INVALID, "filters: name has no value");
    }
    return true;
}

void prompts_list(struct request *r)
{
    struct prompt_rows rows;
    struct err err;
    const char *name;
    bool exact;
    struct request_page page;
    if (!request_page(r, &page))
        return;
    if (!wanted_name(r, &name, &exact, &err)) {
        request_fail(r, &err);
        return;
    }
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return;
    bool ok = store_prompt_list(reader, r->workspace, name, exact, page.first, page.size,
                                &rows, &err);
    request_reader_done(r, &reader);
    if (!ok) {
        request_fail(r, &err);
        return;
    }
    open_page(r, &page, rows.count, rows.total);
    for (size_t i = 0; i < rows.count; i++) {
        if (i)
            buf_add_char(&r->answer, ',');
        prompt_to_json(&rows.items[i], &r->answer);
    }
    prompt_rows_free(&rows);
    close_page(r);
}

void prompts_versions(struct request *r)
{
    struct version_rows rows;
    struct err err;
    const char *id = request_path_id(r, 0);
    struct request_page page;
    if (!id || !request_page(r, &page))
        return;
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return;
    bool ok =
        store_version_list(reader, r->workspace, id, page.first, page.size, &rows, &err);
    request_reader_done(r, &reader);
    if (!ok) {
        request_fail(r, &err);
        return;
    }
    open_page(r, &page, rows.count, rows.total);
    for (size_t i = 0; i < rows.count; i++) {
        if (i)
            buf_add_char(&r->answer, ',');
        prompt_version_to_json(&rows.items[i], &r->answer);
    }
    version_rows_free(&rows);
    close_page(r);
}
