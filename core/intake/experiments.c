/* Experiments: what is said of one is kept for the event that ends it. */
#include "base/timefmt.h"
#include "intake/handlers.h"
#include "intake/ids.h"
#include "intake/request.h"
#include "store/experiments.h"

/* Members that are passed on as they came. */
static const char *const PASSED[] = {"name",      "dataset_id", "dataset_name", "metadata",
                                     "type",      "tags",       "optimization_id",
                                     "project_id", "project_name"};

static bool build(struct request *r, struct js_value root, const char *id, struct buf *out)
{
    char now[TIMEFMT_ISO_SIZE];
    timefmt_iso(clock_wall_ms(r->clock), now);
    buf_add_format(out, "{\"id\":\"%s\"", id);
    for (size_t i = 0; i < sizeof PASSED / sizeof *PASSED; i++) {
        struct js_value value = js_get(root, PASSED[i]);
        if (!js_is_set(value))
            continue;
        buf_add_format(out, ",\"%s\":", PASSED[i]);
        js_append(out, value);
    }
    return buf_add_format(out,
                          ",\"created_at\":\"%s\",\"created_by\":\"" INTAKE_USER
                          "\",\"last_updated_at\":\"%s\",\"last_updated_by\":\"" INTAKE_USER
                          "\"}",
                          now, now);
}

static void created(void *arg, const struct err *err, const void *result)
{
    struct request *r = arg;
    (void)result;
    if (err)
        request_fail(r, err);
    else
        request_reply_created(r, "v1/private/experiments", r->made);
}

static bool read_id(struct request *r, struct js_value root, char id[UUID_SIZE])
{
    struct err err;
    const char *given;
    if (!request_text(r, root, "id", &given, &err)) {
        request_fail(r, &err);
        return false;
    }
    if (!given)
        uuid_v7(id, clock_wall_ms(r->clock));
    else if (!uuid_read(span_of(given), id)) {
        request_fail_text(r, 400, "id: must be a UUID");
        return false;
    }
    r->made = arena_span(&r->arena, span_of(id));
    if (!r->made.at)
        request_fail_text(r, 503, "out of memory");
    return r->made.at != NULL;
}

void experiments_create(struct request *r)
{
    struct js_value root;
    struct buf body;
    char id[UUID_SIZE];
    if (!request_object(r, &root) || !read_id(r, root, id))
        return;
    buf_init(&body, r->answer.max);
    if (!build(r, root, id, &body))
        request_fail_text(r, 503, "out of memory");
    else if (request_wait(r))
        store_experiment_put(r->store, r->workspace, id, buf_text(&body), created, r);
    buf_free(&body);
}

void experiments_finish(struct request *r)
{
    struct js_value root;
    size_t count;
    if (!request_object(r, &root))
        return;
    const char **ids = ids_read(r, js_get(root, "ids"), &count);
    if (ids && request_wait(r))
        store_experiment_finish(r->store, r->workspace, INTAKE_USER, ids, count, request_done,
                                r);
}

void experiments_get(struct request *r)
{
    struct err err;
    const char *id = request_path_id(r, 0);
    struct store_reader *reader = id ? request_reader(r) : NULL;
    if (!reader)
        return;
    bool ok = store_experiment_get(reader, r->workspace, id, &r->answer, &err);
    request_reader_done(r, &reader);
    if (ok)
        request_reply(r, 200);
    else
        request_fail(r, &err);
}
