#include <stdlib.h>
#include <string.h>

#include "model/project.h"
#include "store/accept.h"
#include "store/sqlite/metrics.h"
#include "store/sqlite/project_cache.h"
#include "store/sqlite/store_impl.h"
#include "store/sqlite/tx.h"

struct accept_step {
    struct step step;
    struct accept *accept;
    struct accepted result;
    int64_t request;
    struct trace_space space;
    const struct project_entry *named; /* the last project that was found by its name */
};

/* ---------------------------------------------------------------- projects */

/* Spans are accepted whatever they say: one of a project that is not here costs, but for none. */
static bool is_span(const struct fact *f)
{
    return f->measured && f->measure == EVENT_TRACE_COST;
}

/* Everything that can refuse a request, before anything is changed. */
static bool check_facts(struct tx *tx, const struct accept *a, struct err *err)
{
    struct span checked = {"", 0};
    for (size_t i = 0; i < a->count; i++) {
        const struct fact *f = &a->facts[i];
        const struct project_entry *project = NULL;
        if (f->project_id.len > 0) {
            if (!project_by_id(tx, a->workspace, f->project_id, &project, err))
                return false;
            if (!project && !is_span(f))
                return err_set(err, ERR_INVALID,
                               "no project with id %.*s in this workspace",
                               (int)(f->project_id.len < 64 ? f->project_id.len : 64),
                               f->project_id.at);
        } else if (f->project_name.len > 0 && !span_same(f->project_name, checked)) {
            if (!project_name_check(f->project_name, err))
                return false;
            checked = f->project_name;
        }
    }
    return true;
}

static bool find_or_make(struct tx *tx, const struct accept *a, struct span name,
                         const struct project_entry **project, struct err *err)
{
    if (!project_by_name(tx, a->workspace, name, project, err))
        return false;
    const struct project_new new = {a->workspace, a->user, NULL, name};
    return *project || project_make(tx, &new, project, err);
}

/* NULL: of none, a span with an id that is not here. */
static bool resolve_project(struct tx *tx, struct accept_step *s, const struct fact *f,
                            const struct trace_known *known,
                            const struct project_entry **project, struct err *err)
{
    const struct accept *a = s->accept;
    *project = NULL;
    if (f->project_id.len > 0)
        return project_by_id(tx, a->workspace, f->project_id, project, err);
    if (f->project_name.len > 0) {
        if (s->named && span_is(f->project_name, s->named->name))
            *project = s->named;
        else if (!find_or_make(tx, a, f->project_name, project, err))
            return false;
        s->named = *project;
        return true;
    }
    if (known->project > 0 && !project_by_row(tx, known->project, project, err))
        return false;
    if (*project && strcmp((*project)->workspace, a->workspace) == 0)
        return true;
    return find_or_make(tx, a, span_of(PROJECT_DEFAULT_NAME), project, err);
}

/* ---------------------------------------------------------------- traces */

/* False: it is about no trace, a thread for one. */
static bool trace_of(const struct accept_step *s, const struct fact *f, struct trace_key *key)
{
    unsigned char trace[TRACE_BYTES];
    if (f->trace_id.len != UUID_SIZE - 1)
        return false;
    uuid_bytes(f->trace_id.at, trace);
    trace_key_make(key, &s->space, trace);
    return true;
}

/* ---------------------------------------------------------------- events */

static void add_piece(struct entity *e, struct span piece)
{
    if (piece.len)
        e->pieces[e->count++] = piece;
}

static struct entity entity_of(const struct fact *f, const struct project_entry *project,
                               struct span name)
{
    struct entity e = {.count = 0};
    add_piece(&e, f->head);
    if (f->wants_trace_name && name.len > 0) {
        add_piece(&e, span_of(",\"name\":"));
        add_piece(&e, name);
    }
    if (project)
        add_piece(&e, project->members);
    add_piece(&e, f->tail);
    add_piece(&e, span_of("}"));
    return e;
}

static bool emit(struct tx *tx, struct accept_step *s, const struct fact *f,
                 const struct project_entry *project, struct span name, struct err *err)
{
    const struct accept *a = s->accept;
    const struct event_ref event = {f->type, a->workspace, project ? project->id : NULL};
    const struct entity entity = entity_of(f, project, name);
    int64_t before = tx->pairs;
    s->result.events++;
    if (!activity_note(tx, &event, span_of(project ? project->name : ""), a->user, err) ||
        !tx_emit_pieces(tx, &event, a->user, &s->request, &entity, err))
        return false;
    s->result.pairs += tx->pairs - before;
    s->result.unmatched += tx->pairs == before;
    return true;
}

static bool count_measure(struct tx *tx, const struct accept *a, const struct fact *f,
                          const struct project_entry *project, struct err *err)
{
    const struct metric m = {a->workspace, f->measure, f->score, project ? project->row : 0,
                              f->value};
    bool counts;
    if (!f->measured || !metrics_wanted(tx, a->workspace, f->measure, &counts, err))
        return !f->measured;
    if (counts && f->once.len > 0 &&
        !metrics_first(tx, a->workspace, f->measure, f->once, &counts, err))
        return false;
    return !counts || metrics_add(tx, &m, err);
}

static bool carry_event(struct tx *tx, struct accept_step *s, const struct fact *f,
                        const struct trace_key *trace, const struct project_entry *project,
                        struct span name, struct err *err)
{
    const struct accept *a = s->accept;
    bool error = f->type == EVENT_TRACE_ERRORS, first = true;
    if (error && trace && !errored_add(&tx->store->errored, tx->db, trace, &first, err))
        return false;
    if (!first)
        return true;
    const struct metric m = {a->workspace, f->type, {"", 0}, project ? project->row : 0, 0};
    return (!error || metrics_add(tx, &m, err)) && emit(tx, s, f, project, name, err);
}

/* trace: what it is about; NULL: no trace. */
static bool carry_fact(struct tx *tx, struct accept_step *s, const struct fact *f,
                       const struct trace_key *trace, struct err *err)
{
    const struct accept *a = s->accept;
    struct trace_memory *memory = &tx->store->traces;
    const struct project_entry *project = NULL;
    struct trace_known known = {0};
    bool found = false;
    if (f->is_event && !event_type_info(f->type)->observability)
        return emit(tx, s, f, NULL, known.name, err);
    if (trace && !trace_memory_find(memory, tx->db, trace, &found, &known, err))
        return false;
    if (!resolve_project(tx, s, f, &known, &project, err) ||
        !count_measure(tx, a, f, project, err) ||
        (f->is_event && !carry_event(tx, s, f, trace, project, known.name, err)))
        return false;
    if (!trace || !project)
        return true;
    const struct trace_known now = {project->row, f->trace_name};
    return trace_memory_put(memory, tx->db, trace, &now, err);
}

/* So many facts at once, so that what they need of the memories of traces, which are larger than
 * the processor's caches, is fetched for all of them at the same time. */
enum { TOGETHER = 16 };

static bool carry_some(struct tx *tx, struct accept_step *s, const struct fact *facts,
                       size_t count, struct err *err)
{
    struct trace_key keys[TOGETHER];
    bool traced[TOGETHER];
    for (size_t i = 0; i < count; i++) {
        traced[i] = trace_of(s, &facts[i], &keys[i]);
        if (!traced[i])
            continue;
        trace_memory_soon(&tx->store->traces, &keys[i]);
        if (facts[i].is_event)
            errored_soon(&tx->store->errored, &keys[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (traced[i])
            trace_memory_next(&tx->store->traces, &keys[i], 1 + (int)i);
    for (size_t i = 0; i < count; i++)
        if (!carry_fact(tx, s, &facts[i], traced[i] ? &keys[i] : NULL, err))
            return false;
    return true;
}

static bool run_accept(struct step *step, struct tx *tx, struct err *err)
{
    struct accept_step *s = (struct accept_step *)step;
    if (!check_facts(tx, s->accept, err))
        return false;
    /* The second time, where its group failed after it was answered (writer.c), nothing
     * that the first one found is there any more. */
    s->result = (struct accepted){0};
    s->request = 0;
    s->named = NULL;
    s->space = trace_space_of(span_of(s->accept->workspace));
    for (size_t i = 0; i < s->accept->count; i += TOGETHER) {
        size_t left = s->accept->count - i;
        if (!carry_some(tx, s, &s->accept->facts[i], left < TOGETHER ? left : TOGETHER, err))
            return false;
    }
    step->result = &s->result;
    return step->early || passing_note(tx, s->accept, err);
}

static void accept_free(struct accept *a)
{
    arena_free(&a->arena);
    free(a);
}

static void free_accept(struct step *step)
{
    accept_free(((struct accept_step *)step)->accept);
    free(step);
}

void store_accept(struct store *s, struct accept *a, store_done *done, void *arg)
{
    struct accept_step *step = step_new(sizeof *step, run_accept, free_accept, done, arg);
    if (!step) {
        accept_free(a);
        return;
    }
    step->accept = a;
    step->step.durable = step->step.urgent = true;
    step->step.bytes = a->arena.total;
    writer_submit(s, &step->step);
}

bool store_accept_passing(struct store *s, struct accept *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->facts[i].is_event)
            return false;
    struct accept_step *step = step_new(sizeof *step, run_accept, free_accept, NULL, NULL);
    if (!step)
        return false;
    step->accept = a;
    step->step.early = true;
    step->step.bytes = a->arena.total;
    if (writer_submit_early(s, &step->step, a))
        return true;
    free(step);
    return false;
}
