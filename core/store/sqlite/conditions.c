#include "store/sqlite/conditions.h"

#include <stdlib.h>
#include <string.h>

#include "rules/threshold.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/metrics.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_impl.h"

/* ---------------------------------------------------------------- rows */

static const struct alert_condition *find_condition(const struct alert *a, enum event_type type,
                                                    const char *id)
{
    const struct alert_trigger *t = alert_trigger_of(a, type);
    for (size_t i = 0; t && i < t->condition_count; i++)
        if (strcmp(t->conditions[i].id, id) == 0)
            return &t->conditions[i];
    return NULL;
}

static bool same_question(const struct alert_condition *a, const struct alert_condition *b)
{
    return a && a->kind == b->kind && a->window_s == b->window_s && a->below == b->below &&
           strcmp(a->threshold, b->threshold) == 0 &&
           strcmp(a->name ? a->name : "", b->name ? b->name : "") == 0;
}

static bool remove_one(struct tx *tx, const char *alert_id, const char *id, struct err *err)
{
    return db_run(tx->db, "DELETE FROM conditions WHERE alert = ? AND id = ?",
                  DB_ARGS(db_text(alert_id), db_text(id)), err);
}

static bool forget_changed(struct tx *tx, const struct alert *a, const struct alert *stored,
                           struct err *err)
{
    for (size_t i = 0; i < stored->trigger_count; i++) {
        const struct alert_trigger *t = &stored->triggers[i];
        for (size_t c = 0; c < t->condition_count; c++) {
            const struct alert_condition *was = &t->conditions[c];
            if (same_question(find_condition(a, t->type, was->id), was))
                continue;
            if (!remove_one(tx, a->id, was->id, err))
                return false;
        }
    }
    return true;
}

static bool add_rows(struct tx *tx, const struct alert *a, const struct alert_trigger *t,
                     struct err *err)
{
    for (size_t i = 0; i < t->condition_count; i++)
        if (!db_run(tx->db,
                    "INSERT OR IGNORE INTO conditions (id, alert, type, met, fired_at, "
                    "looked_at, due_at) VALUES (?, ?, ?, 0, 0, 0, ?)",
                    DB_ARGS(db_text(t->conditions[i].id), db_text(a->id), db_int(t->type),
                            db_int(tx->steady)),
                    err))
            return false;
    return true;
}

bool conditions_follow(struct tx *tx, const struct alert *a, const struct alert *stored,
                       struct err *err)
{
    if (!a->enabled)
        return conditions_remove(tx, a->id, err);
    if (stored && !forget_changed(tx, a, stored, err))
        return false;
    for (size_t i = 0; i < a->trigger_count; i++)
        if (!add_rows(tx, a, &a->triggers[i], err))
            return false;
    return true;
}

bool conditions_remove(struct tx *tx, const char *alert_id, struct err *err)
{
    return db_run(tx->db, "DELETE FROM conditions WHERE alert = ?", DB_ARGS(db_text(alert_id)),
                  err);
}

/* ---------------------------------------------------------------- one look */

struct look_step {
    struct step step;
    int64_t interval_ms, repeat_ms, limit, result;
};

struct look {
    char id[UUID_SIZE], alert_id[UUID_SIZE];
    enum event_type type;
    struct threshold_state state;
};

/* The projects of a scope, for the sum and for the words. */
struct scope {
    struct buf ids, names;
    struct threshold_sum sum;
};

static bool add_project(struct tx *tx, const struct alert *a, struct metric *m,
                        const struct alert_condition *c, const char *id, struct scope *s,
                        struct err *err)
{
    const struct project_entry *project;
    struct threshold_sum sum;
    if (!project_by_id(tx, a->workspace, span_of(id), &project, err))
        return false;
    if (!project)
        return true;
    m->project = project->row;
    if (!metrics_sum(tx->db, m, c->window_s, tx->wall, &sum, err))
        return false;
    s->sum.count += sum.count;
    s->sum.sum += sum.sum;
    buf_add_format(&s->ids, "%s%s", s->ids.len ? "," : "", project->id);
    buf_add_format(&s->names, "%s%s", s->names.len ? "," : "", project->name);
    return (!s->ids.failed && !s->names.failed) || err_memory(err);
}

static bool sum_scope(struct tx *tx, const struct alert *a, enum event_type type,
                      const struct alert_condition *c, struct scope *s, struct err *err)
{
    const struct alert_trigger *t = alert_trigger_of(a, type);
    struct metric m = {a->workspace, type, span_of(c->name ? c->name : ""), 0, 0};
    if (a->project_id[0])
        return add_project(tx, a, &m, c, a->project_id, s, err);
    if (!t->scoped)
        return metrics_sum(tx->db, &m, c->window_s, tx->wall, &s->sum, err);
    for (size_t i = 0; i < t->project_count; i++)
        if (!add_project(tx, a, &m, c, t->projects[i], s, err))
            return false;
    return true;
}

/* The project of a scope of one, which a silence can be of; NULL: several, or all. */
static const char *only_project(const struct alert *a, enum event_type type)
{
    const struct alert_trigger *t = alert_trigger_of(a, type);
    if (a->project_id[0])
        return a->project_id;
    return t->scoped && t->project_count == 1 ? t->projects[0] : NULL;
}

static bool raise(struct tx *tx, const struct alert *a, enum event_type type,
                  const struct alert_condition *c, double value, const struct scope *s,
                  struct err *err)
{
    struct buf entity;
    buf_init(&entity, BUF_UNLIMITED);
    bool fine = threshold_entity(type, c, value, buf_text(&s->ids), buf_text(&s->names),
                                 &entity) ||
                err_memory(err);
    const struct span json = buf_span(&entity);
    struct chunk_event e = {"", span_of("system"), 0, &json, 1};
    const struct silences *silences;
    const struct event_ref event = {type, a->workspace, only_project(a, type)};
    fine = fine && tx_request(tx, &e.request, err) &&
           silence_cache_now(&tx->store->silences, tx, &silences, err) &&
           buckets_add(tx, a, type, silences_pick(silences, a->id, &event), &e, err);
    if (fine)
        tx->pairs++;
    buf_free(&entity);
    return fine;
}

static bool keep_look(struct tx *tx, const struct look_step *s, const struct look *l,
                      bool known, double value, struct err *err)
{
    return db_run(tx->db,
                  "UPDATE conditions SET met = ?, value = ?, fired_at = ?, looked_at = ?, "
                  "due_at = ? WHERE alert = ? AND id = ?",
                  DB_ARGS(db_int(l->state.met), known ? db_real(value) : db_null(),
                          db_int(l->state.fired_at), db_int(tx->wall),
                          db_int(tx->steady + s->interval_ms), db_text(l->alert_id),
                          db_text(l->id)),
                  err);
}

static bool look_at(struct tx *tx, const struct look_step *s, struct look *l,
                    const struct alert *a, const struct alert_condition *c, struct err *err)
{
    struct scope scope = {0};
    double value = 0;
    buf_init(&scope.ids, BUF_UNLIMITED);
    buf_init(&scope.names, BUF_UNLIMITED);
    bool fine = sum_scope(tx, a, l->type, c, &scope, err);
    bool known = fine && threshold_value(c, &scope.sum, &value);
    bool met = known && threshold_met(c, value);
    if (fine && threshold_step(&l->state, met, tx->steady, s->repeat_ms))
        fine = raise(tx, a, l->type, c, value, &scope, err);
    fine = fine && keep_look(tx, s, l, known, value, err);
    buf_free(&scope.ids);
    buf_free(&scope.names);
    return fine;
}

/* ---------------------------------------------------------------- the step */

/* 1: one is due; 0: none; -1: failed. */
static int next_due(struct tx *tx, struct look *l, struct err *err)
{
    sqlite3_stmt *row =
        db_query(tx->db,
                 "SELECT id, alert, type, met, fired_at FROM conditions WHERE due_at <= ? "
                 "ORDER BY due_at LIMIT 1",
                 DB_ARGS(db_int(tx->steady)), err);
    int got = row ? db_step(tx->db, row, err) : -1;
    if (got != 1)
        return got;
    db_col_id(row, 0, l->id);
    db_col_id(row, 1, l->alert_id);
    l->type = (enum event_type)db_col_int(row, 2);
    l->state = (struct threshold_state){db_col_int(row, 3), db_col_int(row, 4)};
    db_end(row);
    return 1;
}

static bool look_one(struct tx *tx, const struct look_step *s, struct look *l,
                     struct err *err)
{
    struct alert a;
    bool found;
    if (!alert_row_find(tx->db, NULL, l->alert_id, &found, &a, err))
        return false;
    const struct alert_condition *c = found ? find_condition(&a, l->type, l->id) : NULL;
    bool fine = c && a.enabled ? look_at(tx, s, l, &a, c, err)
                               : remove_one(tx, l->alert_id, l->id, err);
    if (found)
        alert_free(&a);
    return fine;
}

static bool run_look(struct step *step, struct tx *tx, struct err *err)
{
    struct look_step *s = (struct look_step *)step;
    struct look l;
    int got = 0;
    while (s->result < s->limit && (got = next_due(tx, &l, err)) == 1) {
        if (!look_one(tx, s, &l, err))
            return false;
        s->result++;
    }
    tx->changes |= STORE_CHANGED_CONDITIONS;
    step->result = &s->result;
    return got >= 0;
}

static void free_look(struct step *step)
{
    free(step);
}

void store_check_conditions(struct store *s, int64_t interval_ms, int64_t repeat_ms,
                            int64_t limit, store_done *done, void *arg)
{
    struct look_step *step = step_new(sizeof *step, run_look, free_look, done, arg);
    if (!step)
        return;
    step->interval_ms = interval_ms;
    step->repeat_ms = repeat_ms;
    step->limit = limit;
    step->step.undo = step->step.durable = true;
    writer_submit(s, &step->step);
}

/* ---------------------------------------------------------------- read */

static bool read_row(sqlite3_stmt *row, void *item, struct err *err)
{
    struct condition_row *out = item;
    (void)err;
    db_col_id(row, 0, out->id);
    out->met = db_col_int(row, 1);
    out->known = sqlite3_column_type(row, 2) != SQLITE_NULL;
    out->value = sqlite3_column_double(row, 2);
    out->looked_at = db_col_int(row, 3);
    return true;
}

bool store_condition_list(struct store_reader *r, const char *alert_id,
                          struct condition_rows *out, struct err *err)
{
    *out = (struct condition_rows){0};
    sqlite3_stmt *row = db_query(r->db,
                                 "SELECT id, met, value, looked_at FROM conditions "
                                 "WHERE alert = ?",
                                 DB_ARGS(db_text(alert_id)), err);
    if (ROWS_READ(r->db, row, out, read_row, err))
        return true;
    condition_rows_free(out);
    return false;
}

void condition_rows_free(struct condition_rows *rows)
{
    free(rows->items);
    *rows = (struct condition_rows){0};
}
