/* The routes that accept facts: one body, one step of the store, one answer. */
#include <stdio.h>

#include "intake/facts.h"
#include "intake/handlers.h"
#include "intake/request.h"
#include "store/accept.h"

static bool start(struct request *r, struct js_value *root, struct facts *f)
{
    struct err err;
    if (!request_object(r, root))
        return false;
    if (facts_init(f, r->workspace, INTAKE_USER, clock_wall_ms(r->clock), &err))
        return true;
    request_fail(r, &err);
    return false;
}

/* Answered at once where nothing must survive. The facts are copies: of many requests that wait
 * for one commit, no body has to stay. */
static void hand_over(struct request *r, struct facts *f, store_done *done)
{
    if (store_accept_passing(r->store, f->accept)) {
        facts_take(f);
        done(r, NULL, NULL);
        return;
    }
    js_index_free(&r->index);
    buf_free(&r->body);
    if (request_wait(r))
        store_accept(r->store, facts_take(f), done, r);
    else
        facts_free(f);
}

static void finish(struct request *r, struct facts *f, bool ok, const struct err *err)
{
    if (!ok) {
        facts_free(f);
        request_fail(r, err);
        return;
    }
    if (f->accept->count == 0) {
        facts_free(f);
        request_reply(r, 204);
        return;
    }
    hand_over(r, f, request_done);
}

/* A body that one parser reads whole. */
static void ingest(struct request *r,
                   bool (*parse)(struct facts *, struct js_value, struct err *))
{
    struct js_value root;
    struct facts f;
    struct err err;
    if (start(r, &root, &f))
        finish(r, &f, parse(&f, root, &err), &err);
}

void traces_create_batch(struct request *r)
{
    ingest(r, facts_traces);
}

void traces_update_batch(struct request *r)
{
    ingest(r, facts_trace_updates);
}

void spans_create_batch(struct request *r)
{
    ingest(r, facts_spans);
}

void spans_update_batch(struct request *r)
{
    ingest(r, facts_span_updates);
}

static bool one_span(struct facts *f, struct js_value root, struct err *err)
{
    return facts_span(f, root, (struct span){NULL, 0}, err);
}

void spans_create(struct request *r)
{
    ingest(r, one_span);
}

void guardrails_create(struct request *r)
{
    ingest(r, facts_guardrails);
}

void experiments_bulk(struct request *r)
{
    ingest(r, facts_experiments);
}

void events_send(struct request *r)
{
    ingest(r, facts_events);
}

static bool trace_scores(struct facts *f, struct js_value root, struct err *err)
{
    return facts_scores(f, root, false, err);
}

static bool thread_scores(struct facts *f, struct js_value root, struct err *err)
{
    return facts_scores(f, root, true, err);
}

void scores_traces(struct request *r)
{
    ingest(r, trace_scores);
}

void scores_threads(struct request *r)
{
    ingest(r, thread_scores);
}

static bool trace_of_path(struct request *r, char id[UUID_SIZE])
{
    if (uuid_read(r->match.params[0], id))
        return true;
    request_fail_text(r, 400, "the trace's id in the path must be a UUID");
    return false;
}

void traces_update(struct request *r)
{
    struct js_value root;
    struct facts f;
    struct err err;
    char id[UUID_SIZE];
    if (trace_of_path(r, id) && start(r, &root, &f))
        finish(r, &f, facts_trace_update(&f, root, span_of(id), &err), &err);
}

void spans_update(struct request *r)
{
    struct js_value root;
    struct facts f;
    struct err err;
    char id[UUID_SIZE];
    if (!uuid_read(r->match.params[0], id))
        request_fail_text(r, 400, "the span's id in the path must be a UUID");
    else if (start(r, &root, &f))
        finish(r, &f, facts_span(&f, root, span_of(id), &err), &err);
}

void scores_trace(struct request *r)
{
    struct js_value root;
    struct facts f;
    struct err err;
    char id[UUID_SIZE];
    if (trace_of_path(r, id) && start(r, &root, &f))
        finish(r, &f, facts_score(&f, root, span_of(id), &err), &err);
}

/* The id outlives the facts, which the store takes over. */
static bool keep_id(struct request *r, struct span id, struct err *err)
{
    r->made = arena_span(&r->arena, id);
    return r->made.at || err_memory(err);
}

static void reply_trace(struct request *r)
{
    request_reply_created(r, "v1/private/traces", r->made);
}

static void trace_created(void *arg, const struct err *err, const void *result)
{
    struct request *r = arg;
    (void)result;
    if (err)
        request_fail(r, err);
    else
        reply_trace(r);
}

void traces_create(struct request *r)
{
    struct js_value root;
    struct facts f;
    struct err err;
    if (!start(r, &root, &f))
        return;
    struct span id;
    if (!facts_trace(&f, root, &id, &err) || !keep_id(r, id, &err)) {
        finish(r, &f, false, &err);
    } else if (f.accept->count == 0) {
        facts_free(&f);
        reply_trace(r);
    } else {
        hand_over(r, &f, trace_created);
    }
}
