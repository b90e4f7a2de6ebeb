/* The alerts API: one alert written, read, deleted. */
#include <string.h>

#include "intake/alerts_read.h"
#include "intake/handlers.h"
#include "intake/ids.h"
#include "intake/request.h"
#include "model/alert_json.h"
#include "send/signing.h"
#include "store/alerts.h"

enum { PROBLEMS_MAX = 8 };

/* ------------------------------------------------------------------ reading a body */

/* What is wrong with the values: all of it, one sentence each. */
static bool is_fine(struct request *r, const struct alert *a, bool for_test)
{
    struct alert_problem problems[PROBLEMS_MAX];
    const char *texts[PROBLEMS_MAX];
    size_t all = alert_check(a, for_test, problems, PROBLEMS_MAX), count = 0;
    int status = 422;
    for (size_t i = 0; i < all && i < PROBLEMS_MAX; i++) {
        if (problems[i].field == ALERT_FIELD_TRIGGERS)
            continue; /* Opik takes an alert without triggers; only people are asked for one */
        if (problems[i].field == ALERT_FIELD_CONDITION)
            status = 400;
        texts[count++] = problems[i].text;
    }
    if (count > 0)
        request_fail_texts(r, status, texts, count);
    return count == 0;
}

bool alerts_read_body(struct request *r, const char *id, struct alert *a)
{
    struct err err;
    struct js_value root;
    if (!request_object(r, &root))
        return false;
    if (!alert_from_json(root.text, a, &err)) {
        request_fail(r, &err);
        return false;
    }
    if (id)
        memcpy(a->id, id, sizeof a->id);
    if (alert_set(&a->workspace, r->workspace))
        return true;
    alert_free(a);
    request_fail_text(r, 503, "out of memory");
    return false;
}

bool alerts_find(struct request *r, const char *id, bool *found, struct alert *stored)
{
    struct err err = {0};
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return false;
    *found = store_alert_get(reader, r->workspace, id, stored, &err);
    request_reader_done(r, &reader);
    if (*found || err.code == ERR_NOT_FOUND)
        return true;
    request_fail(r, &err);
    return false;
}

bool alerts_complete(struct request *r, struct alert *a, const struct alert *stored,
                     bool for_test)
{
    struct err err;
    bool done = alert_keep_masked(a, stored, &err) &&
                (signing_settle(a, stored, clock_wall_ms(r->clock)) || err_memory(&err));
    if (done)
        return is_fine(r, a, for_test);
    request_fail_text(r, err.code == ERR_INVALID ? 422 : 503, err.text);
    return false;
}

/* ------------------------------------------------------------------ create and replace */

static void created(void *arg, const struct err *err, const void *result)
{
    struct request *r = arg;
    const struct alert *a = result;
    if (err)
        request_fail(r, err);
    else
        request_reply_created(r, "v1/private/alerts", span_of(a->id));
}

static void put(struct request *r, const struct alert *a, enum store_put how,
                store_done *done)
{
    if (request_wait(r))
        store_alert_put(r->store, a, how, INTAKE_USER, done, r);
}

/* A create that comes again, as a client's retry does, is no conflict. */
static void create_again(struct request *r, const struct alert *a, const struct alert *stored)
{
    if (alert_same_content(a, stored))
        request_reply_created(r, "v1/private/alerts", span_of(a->id));
    else
        request_fail_text(r, 409, "an alert with this id exists already");
}

void alerts_create(struct request *r)
{
    struct alert a, stored;
    bool found = false;
    if (!alerts_read_body(r, NULL, &a))
        return;
    if (alerts_complete(r, &a, NULL, false) &&
        (!a.id[0] || alerts_find(r, a.id, &found, &stored))) {
        if (found) {
            create_again(r, &a, &stored);
            alert_free(&stored);
        } else {
            put(r, &a, STORE_CREATE, created);
        }
    }
    alert_free(&a);
}

void alerts_replace(struct request *r)
{
    struct alert a, stored;
    bool found;
    const char *id = request_path_id(r, 0);
    if (!id || !alerts_read_body(r, id, &a))
        return;
    if (alerts_find(r, id, &found, &stored)) {
        if (!found)
            request_fail_text(r, 404, "no such alert");
        else if (alerts_complete(r, &a, &stored, false))
            put(r, &a, STORE_REPLACE, request_done);
        if (found)
            alert_free(&stored);
    }
    alert_free(&a);
}

/* ------------------------------------------------------------------ get and delete */

void alerts_get(struct request *r)
{
    struct alert stored;
    bool found;
    const char *id = request_path_id(r, 0);
    if (!id || !alerts_find(r, id, &found, &stored))
        return;
    if (!found) {
        request_fail_text(r, 404, "no such alert");
        return;
    }
    r->answer.failed = !alert_to_json(&stored, ALERT_JSON_MASKED, &r->answer);
    alert_free(&stored);
    request_reply(r, 200);
}

void alerts_delete(struct request *r)
{
    struct js_value root;
    size_t count;
    if (!request_object(r, &root))
        return;
    const char **ids = ids_read(r, js_get(root, "ids"), &count);
    if (ids && request_wait(r))
        store_alert_delete(r->store, r->workspace, ids, count, INTAKE_USER, request_done, r);
}
