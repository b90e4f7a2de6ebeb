#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/alerts.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/conditions.h"
#include "store/sqlite/ending.h"
#include "store/sqlite/ids_step.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/project_cache.h"
#include "store/sqlite/silence_rows.h"
#include "store/sqlite/store_impl.h"

static void alerts_changed(struct tx *tx)
{
    alert_cache_reset(&tx->store->alerts);
    passing_forget(tx->store);
    tx->changes |= STORE_CHANGED_ALERTS;
}

/* ---------------------------------------------------------------- put */

struct put_step {
    struct step step;
    struct alert *alerts;
    size_t count;
    enum store_put how;
    char *user;
    struct audit_by by;
};

static bool check_project(struct tx *tx, const struct alert *a, const char *id,
                          struct err *err)
{
    const struct project_entry *project;
    if (!project_by_id(tx, a->workspace, span_of(id), &project, err))
        return false;
    return project ||
           err_set(err, ERR_INVALID, "no project with id %s in this workspace", id);
}

static bool check_scopes(struct tx *tx, const struct alert *a, struct err *err)
{
    if (a->project_id[0] && !check_project(tx, a, a->project_id, err))
        return false;
    for (size_t i = 0; i < a->trigger_count; i++)
        for (size_t k = 0; k < a->triggers[i].project_count; k++)
            if (!check_project(tx, a, a->triggers[i].projects[k], err))
                return false;
    return true;
}

static void make_ids(struct alert *a, int64_t wall)
{
    if (!a->id[0])
        uuid_v7(a->id, wall);
    if (!a->webhook_id[0])
        uuid_v7(a->webhook_id, wall);
    for (size_t i = 0; i < a->trigger_count; i++) {
        struct alert_trigger *t = &a->triggers[i];
        if (!t->id[0])
            uuid_v7(t->id, wall);
        if (t->scoped && !t->scope_id[0])
            uuid_v7(t->scope_id, wall);
        for (size_t c = 0; c < t->condition_count; c++)
            if (!t->conditions[c].id[0])
                uuid_v7(t->conditions[c].id, wall);
    }
}

/* Whether `how` allows it, given what is stored (NULL: nothing). */
static bool check_stored(const struct put_step *s, const struct alert *a,
                         const struct alert *stored, struct err *err)
{
    bool foreign = stored && strcmp(stored->workspace, a->workspace) != 0;
    if (s->how == STORE_REPLACE && (!stored || foreign))
        return err_set(err, ERR_NOT_FOUND, "no such alert");
    if (stored && (s->how == STORE_CREATE || foreign))
        return err_set(err, ERR_CONFLICT, "an alert with this id exists already");
    if (stored && a->revision != 0 && a->revision != stored->revision)
        return err_set(err, ERR_CONFLICT, "the alert was changed meanwhile");
    return true;
}

static bool stamp(const struct put_step *s, struct alert *a, const struct alert *stored,
                  int64_t wall)
{
    a->revision = stored ? stored->revision + 1 : 1;
    a->created_at = stored ? stored->created_at : wall;
    a->updated_at = wall;
    if (stored)
        alert_keep_ids(a, stored);
    make_ids(a, wall);
    return alert_set(&a->created_by, stored ? stored->created_by : s->user) &&
           alert_set(&a->updated_by, s->user);
}

static void trigger_bits(const struct alert *a, int64_t *all, int64_t *scoped)
{
    *all = *scoped = 0;
    for (size_t i = 0; i < a->trigger_count; i++) {
        *all |= (int64_t)1 << a->triggers[i].type;
        if (a->triggers[i].scoped)
            *scoped |= (int64_t)1 << a->triggers[i].type;
    }
}

/* The texts of a row. */
struct row_texts {
    struct buf triggers, metadata, sealed;
};

static bool write_row(struct tx *tx, const struct alert *a, const char *endpoint,
                      const struct row_texts *texts, struct err *err)
{
    char origin[512];
    int64_t bits, scoped;
    alert_url_origin(a->url ? a->url : "", origin, sizeof origin);
    trigger_bits(a, &bits, &scoped);
    return db_run(
        tx->db,
        "INSERT INTO alerts (id, workspace, name, enabled, destination, origin, "
        "trigger_bits, "
        "scoped_bits, created_at, updated_at, endpoint, webhook_id, project_id, revision, "
        "created_by, updated_by, metadata, triggers, sealed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, enabled = excluded.enabled, "
        "destination = excluded.destination, origin = excluded.origin, "
        "trigger_bits = excluded.trigger_bits, scoped_bits = excluded.scoped_bits, "
        "updated_at = excluded.updated_at, endpoint = excluded.endpoint, "
        "webhook_id = excluded.webhook_id, project_id = excluded.project_id, "
        "revision = excluded.revision, updated_by = excluded.updated_by, "
        "metadata = excluded.metadata, triggers = excluded.triggers, "
        "sealed = excluded.sealed WHERE excluded.revision > 1",
        DB_ARGS(db_text(a->id), db_text(a->workspace), db_text(a->name ? a->name : ""),
                db_int(a->enabled), db_int(a->destination), db_text(origin), db_int(bits),
                db_int(scoped), db_int(a->created_at), db_int(a->updated_at),
                db_text(endpoint), db_text(a->webhook_id), db_text(a->project_id),
                db_int(a->revision), db_text(a->created_by), db_text(a->updated_by),
                db_span(buf_span(&texts->metadata)), db_span(buf_span(&texts->triggers)),
                db_blob(buf_span(&texts->sealed))),
        err);
}

static bool write_alert(struct tx *tx, const struct alert *a, const char *endpoint,
                        struct err *err)
{
    struct row_texts texts;
    buf_init(&texts.triggers, BUF_UNLIMITED);
    buf_init(&texts.metadata, BUF_UNLIMITED);
    buf_init(&texts.sealed, BUF_UNLIMITED);
    bool fine = (alert_triggers_json(a, &texts.triggers) &&
                 alert_metadata_json(a, &texts.metadata)) ||
                err_memory(err);
    fine = fine && alert_secrets_seal(tx->store->sealer, a, &texts.sealed, err) &&
           write_row(tx, a, endpoint, &texts, err);
    if (fine && db_changes(tx->db) == 0)
        fine = err_set(err, ERR_CONFLICT, "an alert with this id exists already");
    buf_free(&texts.triggers);
    buf_free(&texts.metadata);
    buf_free(&texts.sealed);
    return fine;
}

/* What waits goes to where the alert points now, or ends with it. stored: NULL for a new
 * alert. */
static bool follow(struct tx *tx, const struct alert *a, const struct alert *stored,
                   const char *endpoint, struct err *err)
{
    if (!conditions_follow(tx, a, stored, err))
        return false;
    if (!stored)
        return true;
    if (stored->enabled && !a->enabled)
        return ending_of_alert(tx, a->id, a->name, "the alert was disabled", err);
    return db_run(tx->db,
                  "UPDATE deliveries SET endpoint = ?2 WHERE endpoint <> ?2 "
                  "AND row IN (SELECT row" ENDING_WAITS ")",
                  DB_ARGS(db_text(a->id), db_text(endpoint)), err) &&
           db_run(tx->db,
                  "UPDATE deliveries SET endpoint = ?1 "
                  "WHERE state = 1 AND state <> 3 AND +alert = ?2 AND endpoint <> ?1",
                  DB_ARGS(db_text(endpoint), db_text(a->id)), err);
}

/* An alert that somebody did something to, as an audit row says it. */
static struct audit_entry entry_of(const struct alert *a, const char *action,
                                   const char *detail)
{
    return (struct audit_entry){action, a->id, a->name, a->workspace, detail};
}

/* stored: with its secrets; NULL for a new alert. */
static bool audit_put(const struct put_step *s, struct tx *tx, const struct alert *a,
                      const struct alert *stored, struct err *err)
{
    char origin[300], detail[512];
    alert_url_origin(a->url ? a->url : "", origin, sizeof origin);
    if (stored)
        alert_changes(stored, a, detail, sizeof detail);
    else
        snprintf(detail, sizeof detail, "endpoint at %s%s", origin,
                 alert_is_insecure(a) ? ", insecure: does not verify TLS" : "");
    const struct audit_entry entry =
        entry_of(a, stored ? "alert.edit" : "alert.create", detail);
    return audit_add(tx, &s->by, &entry, err);
}

static bool put(const struct put_step *s, struct tx *tx, struct alert *a,
                const struct alert *stored, struct err *err)
{
    char endpoint[33];
    if (!check_stored(s, a, stored, err) || !check_scopes(tx, a, err))
        return false;
    if (!stamp(s, a, stored, tx->wall))
        return err_memory(err);
    seal_hash(tx->store->sealer, span_of(a->url ? a->url : ""), endpoint);
    alerts_changed(tx);
    return write_alert(tx, a, endpoint, err) && follow(tx, a, stored, endpoint, err) &&
           audit_put(s, tx, a, stored, err);
}

/* With its secrets, so that their change can be told; one whose secrets do not open any more
 * can be replaced all the same. */
static bool find_stored(struct tx *tx, const char *id, bool *found, struct alert *stored,
                        struct err *err)
{
    struct err own = {0};
    if (alert_row_find(tx->db, tx->store->sealer, id, found, stored, &own))
        return true;
    if (own.code == ERR_DENIED)
        return alert_row_find(tx->db, NULL, id, found, stored, err);
    return err_set(err, own.code, "%s", own.text);
}

static bool put_one(const struct put_step *s, struct tx *tx, struct alert *a, struct err *err)
{
    struct alert stored;
    bool found = false;
    if (a->id[0] && !find_stored(tx, a->id, &found, &stored, err))
        return false;
    bool fine = put(s, tx, a, found ? &stored : NULL, err);
    if (found)
        alert_free(&stored);
    return fine;
}

static bool run_put(struct step *step, struct tx *tx, struct err *err)
{
    struct put_step *s = (struct put_step *)step;
    for (size_t i = 0; i < s->count; i++)
        if (!put_one(s, tx, &s->alerts[i], err))
            return false;
    step->result = s->alerts;
    return true;
}

static void free_put(struct step *step)
{
    struct put_step *s = (struct put_step *)step;
    for (size_t i = 0; i < s->count; i++)
        alert_free(&s->alerts[i]);
    free(s->alerts);
    free(s->user);
    free(s);
}

static bool copy_alerts(struct put_step *p, const struct alert *alerts, size_t count)
{
    p->alerts = calloc(count + 1, sizeof *p->alerts);
    for (; p->alerts && p->count < count; p->count++) {
        struct alert *a = &p->alerts[p->count];
        if (!alert_copy(a, &alerts[p->count]))
            return false;
        if (!a->workspace && !alert_set(&a->workspace, "default")) {
            alert_free(a);
            return false;
        }
    }
    return p->alerts != NULL;
}

void store_alert_put_all(struct store *s, const struct alert *alerts, size_t count,
                         enum store_put how, const char *user, store_done *done, void *arg)
{
    struct put_step *p = step_new(sizeof *p, run_put, free_put, done, arg);
    if (!p)
        return;
    p->how = how;
    p->user = strdup(user);
    audit_by(&p->by, user);
    p->step.undo = p->step.durable = true;
    if (p->user && copy_alerts(p, alerts, count))
        writer_submit(s, &p->step);
    else
        step_refuse(&p->step);
}

void store_alert_put(struct store *s, const struct alert *a, enum store_put how,
                     const char *user, store_done *done, void *arg)
{
    store_alert_put_all(s, a, 1, how, user, done, arg);
}

/* ---------------------------------------------------------------- enable and delete */

/* Finds an alert of the step's workspace. */
static bool find(struct tx *tx, const struct ids_step *s, const char *id, bool *found,
                 struct alert *out, struct err *err)
{
    if (!alert_row_find(tx->db, NULL, id, found, out, err))
        return false;
    if (*found && strcmp(out->workspace, s->workspace) != 0) {
        alert_free(out);
        *found = false;
    }
    return true;
}

static bool enable_one(struct tx *tx, const struct ids_step *s, const struct alert *a,
                       struct err *err)
{
    if (a->enabled == s->enabled)
        return true;
    struct alert now = *a; /* borrowed, for what follows it */
    now.enabled = s->enabled;
    const struct audit_entry entry =
        entry_of(a, s->enabled ? "alert.enable" : "alert.disable", s->why);
    alerts_changed(tx);
    return audit_add(tx, &s->by, &entry, err) &&
           db_run(tx->db,
                  "UPDATE alerts SET enabled = ?, updated_at = ?, updated_by = ?, "
                  "revision = revision + 1 WHERE id = ?",
                  DB_ARGS(db_int(s->enabled), db_int(tx->wall), db_text(s->user),
                          db_text(a->id)),
                  err) &&
           (s->enabled ? conditions_follow(tx, &now, NULL, err)
                       : conditions_remove(tx, a->id, err) &&
                             ending_of_alert(tx, a->id, a->name, "the alert was disabled", err));
}

bool alert_disable_gone(struct tx *tx, const char *id, const char *endpoint, struct err *err)
{
    static const char words[] = "answered 410 Gone: the alert was disabled";
    const struct ids_step off = {.user = (char *)(uintptr_t)"system",
                                 .by = AUDIT_BY_ENGINE,
                                 .why = "answered 410 Gone",
                                 .enabled = false};
    struct alert alert;
    bool found;
    int64_t same;
    if (!db_number(tx->db, "SELECT count(*) FROM alerts WHERE id = ? AND endpoint = ?",
                   DB_ARGS(db_text(id), db_text(endpoint)), 0, &same, err))
        return false;
    if (!same || !alert_row_find(tx->db, NULL, id, &found, &alert, err))
        return !same;
    const struct log_about about = {
        .alert_id = id, .alert_name = alert.name, .workspace = alert.workspace};
    bool fine = !found || !alert.enabled ||
                (log_notice(tx, &about, words, err) && enable_one(tx, &off, &alert, err));
    if (found)
        alert_free(&alert);
    return fine;
}

static bool delete_one(struct tx *tx, const struct ids_step *s, const struct alert *a,
                       struct err *err)
{
    const struct audit_entry entry = entry_of(a, "alert.delete", NULL);
    alerts_changed(tx);
    return audit_add(tx, &s->by, &entry, err) && conditions_remove(tx, a->id, err) &&
           ending_of_alert(tx, a->id, a->name, "the alert was deleted", err) &&
           silence_rows_end_of_alert(tx, a->id, err) &&
           db_run(
               tx->db,
               "DELETE FROM alert_last WHERE alert = (SELECT row FROM alerts WHERE id = ?)",
               DB_ARGS(db_text(a->id)), err) &&
           db_run(tx->db, "DELETE FROM alerts WHERE id = ?", DB_ARGS(db_text(a->id)), err);
}

static bool for_each(struct ids_step *s, struct tx *tx,
                     bool (*one)(struct tx *, const struct ids_step *, const struct alert *,
                                 struct err *),
                     struct err *err)
{
    for (size_t i = 0; i < s->count; i++) {
        struct alert alert;
        bool found;
        if (!find(tx, s, s->ids[i], &found, &alert, err))
            return false;
        if (!found)
            continue;
        bool fine = one(tx, s, &alert, err);
        alert_free(&alert);
        if (!fine)
            return false;
        s->result++;
    }
    return true;
}

static bool run_enable(struct step *step, struct tx *tx, struct err *err)
{
    return for_each((struct ids_step *)step, tx, enable_one, err);
}

static bool run_delete(struct step *step, struct tx *tx, struct err *err)
{
    return for_each((struct ids_step *)step, tx, delete_one, err);
}

void store_alert_enable(struct store *s, const char *workspace, const char *const *ids,
                        size_t count, bool enabled, const char *user, store_done *done,
                        void *arg)
{
    struct ids_step *step =
        ids_step_new(run_enable, workspace, ids, count, user, done, arg);
    if (!step)
        return;
    step->enabled = enabled;
    writer_submit(s, &step->step);
}

void store_alert_delete(struct store *s, const char *workspace, const char *const *ids,
                        size_t count, const char *user, store_done *done, void *arg)
{
    struct ids_step *step =
        ids_step_new(run_delete, workspace, ids, count, user, done, arg);
    if (step)
        writer_submit(s, &step->step);
}
