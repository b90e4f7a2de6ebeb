#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "store/silences.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/ids_step.h"
#include "store/sqlite/project_cache.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/silence_rows.h"
#include "store/sqlite/store_impl.h"

static void silences_changed(struct tx *tx)
{
    silence_cache_reset(&tx->store->silences);
    tx->changes |= STORE_CHANGED_SILENCES;
}

/* ---------------------------------------------------------------- put */

struct put_step {
    struct step step;
    struct audit_by by;
    struct silence silence;
};

static bool check_alert(struct tx *tx, const struct silence *s, struct err *err)
{
    int64_t found;
    if (!db_number(tx->db, "SELECT 1 FROM alerts WHERE id = ? AND workspace = ?",
                   DB_ARGS(db_text(s->alert_id), db_text(s->workspace)), 0, &found, err))
        return false;
    return found ||
           err_set(err, ERR_INVALID, "no alert with id %s in this workspace", s->alert_id);
}

static bool check_project(struct tx *tx, const struct silence *s, struct err *err)
{
    const struct project_entry *project;
    if (!project_by_id(tx, s->workspace, span_of(s->project_id), &project, err))
        return false;
    return project || err_set(err, ERR_INVALID, "no project with id %s in this workspace",
                              s->project_id);
}

/* Each is held against every event, so there must not be many. */
static bool check_count(struct tx *tx, const struct silence *s, struct err *err)
{
    int64_t count;
    if (!db_number(tx->db,
                   "SELECT count(*) FROM silences WHERE workspace = ? AND ended_at = 0 "
                   "AND (until_at = 0 OR until_at > ?)",
                   DB_ARGS(db_text(s->workspace), db_int(tx->wall)), 0, &count, err))
        return false;
    return count < STORE_SILENCES_MAX ||
           err_set(err, ERR_INVALID, "there are %d silences already: end one first",
                   STORE_SILENCES_MAX);
}

static bool check(struct tx *tx, const struct silence *s, struct err *err)
{
    if (!silence_check(s, err) || !check_count(tx, s, err))
        return false;
    if (s->until && s->until <= tx->wall)
        return err_set(err, ERR_INVALID, "the end of the silence is past");
    if (s->window_count && !zone_find(s->zone, err))
        return false;
    return (!s->alert_id[0] || check_alert(tx, s, err)) &&
           (!s->project_id[0] || check_project(tx, s, err));
}

static bool insert(struct tx *tx, const struct silence *s, struct err *err)
{
    struct buf weekly;
    buf_init(&weekly, BUF_UNLIMITED);
    bool fine =
        silence_week_write(s, &weekly)
            ? db_run(tx->db,
                     "INSERT INTO silences (id, workspace, alert, project, type, mode, "
                     "from_at, "
                     "until_at, weekly, zone, comment, created_by, created_at) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     DB_ARGS(db_text(s->id), db_text(s->workspace),
                             db_text(s->alert_id[0] ? s->alert_id : NULL),
                             db_text(s->project_id[0] ? s->project_id : NULL),
                             s->has_type ? db_int(s->type) : db_null(), db_int(s->mode),
                             db_int(s->from), db_int(s->until),
                             s->window_count ? db_span(buf_span(&weekly)) : db_null(),
                             db_text(s->zone), db_text(s->comment), db_text(s->created_by),
                             db_int(s->created_at)),
                     err)
            : err_memory(err);
    buf_free(&weekly);
    return fine;
}

/* With the names of what it is of, as the rows have them. */
static bool audit_silence(struct tx *tx, const struct audit_by *by, const char *action,
                          const char *id, const char *workspace, const char *detail,
                          struct err *err)
{
    struct silences found;
    struct buf subject;
    if (!silence_rows_with_id(tx->db, id, &found, err))
        return false;
    buf_init(&subject, BUF_UNLIMITED);
    bool fine = !found.count || silence_subject(&found.items[0].silence, &subject) ||
                err_memory(err);
    const struct audit_entry entry = {action, id, buf_text(&subject), workspace, detail};
    fine = fine && audit_add(tx, by, &entry, err);
    buf_free(&subject);
    silences_free(&found);
    return fine;
}

static bool audit_put(struct tx *tx, const struct audit_by *by, const struct silence *s,
                      struct err *err)
{
    char until[TIMEFMT_ISO_SIZE] = "", detail[64];
    if (s->until)
        timefmt_iso(s->until, until);
    snprintf(detail, sizeof detail, "%s%s%s%s", silence_mode_name(s->mode),
             s->until ? " until " : "", until, s->window_count ? ", weekly" : "");
    return audit_silence(tx, by, "silence.add", s->id, s->workspace, detail, err);
}

static bool run_put(struct step *step, struct tx *tx, struct err *err)
{
    const struct audit_by *by = &((struct put_step *)step)->by;
    struct silence *s = &((struct put_step *)step)->silence;
    if (!check(tx, s, err))
        return false;
    uuid_v7(s->id, tx->wall);
    s->created_at = tx->wall;
    s->ended_at = s->held = s->dropped = 0;
    step->result = s;
    silences_changed(tx);
    return insert(tx, s, err) && audit_put(tx, by, s, err);
}

static void free_put(struct step *step)
{
    silence_free(&((struct put_step *)step)->silence);
    free(step);
}

void store_silence_put(struct store *s, const struct silence *silence, store_done *done,
                       void *arg)
{
    struct put_step *step = step_new(sizeof *step, run_put, free_put, done, arg);
    if (!step)
        return;
    step->step.undo = step->step.durable = true;
    audit_by(&step->by, silence->created_by);
    if (silence_copy(&step->silence, silence))
        writer_submit(s, &step->step);
    else
        step_refuse(&step->step);
}

/* ---------------------------------------------------------------- end */

static bool end_one(struct tx *tx, const struct ids_step *s, const char *id, bool *ended,
                    struct err *err)
{
    if (!db_run(tx->db,
                "UPDATE silences SET ended_at = ?1 WHERE id = ?2 AND workspace = ?3 "
                "AND ended_at = 0 AND (until_at = 0 OR until_at > ?1)",
                DB_ARGS(db_int(tx->wall), db_text(id), db_text(s->workspace)), err))
        return false;
    *ended = db_changes(tx->db) > 0;
    if (!*ended)
        return true;
    silences_changed(tx);
    tx->changes |= STORE_CHANGED_BUCKETS;
    return audit_silence(tx, &s->by, "silence.end", id, s->workspace, NULL, err) &&
           db_run(
               tx->db,
               "UPDATE buckets SET due_at = min(due_at, ?), until = -row "
               "WHERE silence <> 0 AND silence = (SELECT row FROM silences WHERE id = ?)",
               DB_ARGS(db_int(tx->steady), db_text(id)), err);
}

static bool run_end(struct step *step, struct tx *tx, struct err *err)
{
    struct ids_step *s = (struct ids_step *)step;
    for (size_t i = 0; i < s->count; i++) {
        bool ended;
        if (!end_one(tx, s, s->ids[i], &ended, err))
            return false;
        s->result += ended;
    }
    return true;
}

void store_silence_end(struct store *s, const char *workspace, const char *const *ids,
                       size_t count, store_done *done, void *arg)
{
    struct ids_step *step = ids_step_new(run_end, workspace, ids, count, NULL, done, arg);
    if (step)
        writer_submit(s, &step->step);
}

/* ---------------------------------------------------------------- follow the wall clock */

enum { FOLLOW_FROM_MS = 1000 }; /* less is no jump */

struct follow_step {
    struct step step;
    int64_t result;
};

static bool run_follow(struct step *step, struct tx *tx, struct err *err)
{
    struct follow_step *s = (struct follow_step *)step;
    int64_t ahead = tx->wall - tx->steady;
    if (!db_run(tx->db,
                "UPDATE buckets SET due_at = until - ?1 WHERE silence <> 0 AND until > 0 "
                "AND abs(due_at - (until - ?1)) >= ?2",
                DB_ARGS(db_int(ahead), db_int(FOLLOW_FROM_MS)), err))
        return false;
    s->result = db_changes(tx->db);
    if (s->result > 0)
        tx->changes |= STORE_CHANGED_BUCKETS;
    step->result = &s->result;
    return true;
}

static void free_follow(struct step *step)
{
    free(step);
}

void store_silence_follow(struct store *s, store_done *done, void *arg)
{
    struct follow_step *step = step_new(sizeof *step, run_follow, free_follow, done, arg);
    if (step)
        writer_submit(s, &step->step);
}
