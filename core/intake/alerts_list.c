/* The alerts API: pages of alerts. */
#include <stdlib.h>
#include <string.h>

#include "intake/alerts_query.h"
#include "intake/handlers.h"
#include "model/alert_json.h"
#include "store/alerts.h"

/* The alerts of a workspace, and those of them that fit, in order. */
struct listing {
    struct store_reader *reader;
    struct alerts all;
    const struct alert **shown;
    size_t count;
};

/* Reads the secrets of an alert that was read without, for its URL. */
static bool complete(struct request *r, struct listing *l, struct alert *a, struct err *err)
{
    struct alert whole;
    if (!store_alert_get(l->reader, r->workspace, a->id, &whole, err))
        return err->code == ERR_NOT_FOUND; /* deleted meanwhile: it has no URL */
    alert_free(a);
    *a = whole;
    return true;
}

/* With its project as the alert's own scope, or in the scope of one of its triggers. */
static bool is_of_project(const struct alert *a, const char *project)
{
    if (!project)
        return true;
    if (a->project_id[0])
        return strcmp(a->project_id, project) == 0;
    for (size_t i = 0; i < a->trigger_count; i++)
        for (size_t k = 0; k < a->triggers[i].project_count; k++)
            if (strcmp(a->triggers[i].projects[k], project) == 0)
                return true;
    return false;
}

static bool choose(struct request *r, const struct alerts_query *q, const char *project,
                   struct listing *l, struct err *err)
{
    if (!store_alerts_all(l->reader, &l->all, err))
        return false;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    l->shown = calloc(l->all.count + 1, sizeof *l->shown);
    if (!l->shown)
        return err_memory(err);
    for (size_t i = 0; i < l->all.count; i++) {
        struct alert *a = &l->all.items[i];
        if (strcmp(a->workspace, r->workspace) != 0 || !is_of_project(a, project))
            continue;
        if (alerts_query_needs_url(q) && !complete(r, l, a, err))
            return false;
        if (alerts_query_fits(q, a))
            l->shown[l->count++] = a;
    }
    alerts_query_sort(q, l->shown, l->count);
    return true;
}

static void add_names(struct buf *out)
{
    for (int i = 0; i < QUERY_FIELDS; i++)
        buf_add_format(out, "%s\"%s\"", i ? "," : "", QUERY_NAMES[i]);
}

static bool write_page(struct request *r, const struct request_page *page,
                       struct listing *l, struct err *err)
{
    int64_t written = 0;
    struct buf content;
    struct alert whole;
    bool ok = true;
    buf_init_secret(&content, r->answer.max);
    for (int64_t i = page->first; ok && i < (int64_t)l->count && written < page->size;
         i++) {
        ok = store_alert_get(l->reader, r->workspace, l->shown[i]->id, &whole, err);
        if (!ok && err->code == ERR_NOT_FOUND) {
            ok = true; /* deleted meanwhile */
            continue;
        }
        if (ok && written++)
            buf_add_char(&content, ',');
        ok = ok && (alert_to_json(&whole, ALERT_JSON_MASKED, &content) || err_memory(err));
        alert_free(&whole);
    }
    buf_add_format(&r->answer, "{\"page\":%lld,\"size\":%lld,\"total\":%zu,\"content\":[",
                   (long long)page->number, (long long)written, l->count);
    buf_add_span(&r->answer, buf_span(&content));
    buf_add_text(&r->answer, "],\"sortable_by\":[");
    add_names(&r->answer);
    buf_add_text(&r->answer, "]}");
    buf_free(&content);
    return ok;
}

static void list(struct request *r, const char *project)
{
    struct alerts_query q;
    struct listing l = {0};
    struct request_page page;
    struct err err;
    if (!request_page(r, &page))
        return;
    if (!alerts_query_read(r, request_query(r, "filters"), request_query(r, "sorting"), &q,
                           &err)) {
        request_fail(r, &err);
        return;
    }
    l.reader = request_reader(r);
    if (!l.reader)
        return;
    bool ok = choose(r, &q, project, &l, &err) && write_page(r, &page, &l, &err);
    request_reader_done(r, &l.reader);
    free(l.shown);
    alerts_free(&l.all);
    if (ok)
        request_reply(r, 200);
    else
        request_fail(r, &err);
}

void alerts_list(struct request *r)
{
    list(r, NULL);
}

void alerts_list_project(struct request *r)
{
    const char *project = request_path_id(r, 0);
    if (project)
        list(r, project);
}
