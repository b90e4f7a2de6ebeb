#include "store/sqlite/endpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "store/endpoints.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/log_rows.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/tx.h"

struct endpoint_step {
    struct step step;
    struct endpoint_state state;
};

static bool keep(struct tx *tx, const struct endpoint_state *s, struct err *err)
{
    if (s->state == BREAKER_CLOSED && s->paused_until == 0)
        return db_run(tx->db, "DELETE FROM endpoints WHERE endpoint = ?",
                      DB_ARGS(db_text(s->endpoint)), err);
    return db_run(tx->db,
                  "INSERT INTO endpoints (endpoint, state, since, probe_at, reason, paused_until) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (endpoint) DO UPDATE SET "
                  "since = CASE WHEN state = ?2 THEN since ELSE ?3 END, "
                  "state = ?2, probe_at = ?4, paused_until = ?6, "
                  "reason = CASE ?5 WHEN '' THEN reason ELSE ?5 END",
                  DB_ARGS(db_text(s->endpoint), db_int(s->state), db_int(tx->wall),
                          db_int(s->probe_at), db_text(s->reason), db_int(s->paused_until)),
                  err);
}

static void describe(const struct tx *tx, const struct endpoint_state *s, char *out, size_t size)
{
    char wait[24];
    int64_t left = s->probe_at - tx->steady;
    duration_human(left > 0 ? left : 0, wait);
    if (s->state == BREAKER_OPEN)
        snprintf(out, size, "the endpoint fails and is left alone, but for a probe in %s: %s",
                 wait, s->reason);
    else if (s->state == BREAKER_RAMP)
        snprintf(out, size, "the endpoint answers again: what waits goes out, slowly at first");
    else
        snprintf(out, size, "the endpoint is well again");
}

static bool audit_open(struct tx *tx, const struct log_about *about,
                       const struct endpoint_state *s, struct err *err)
{
    static const struct audit_by engine = AUDIT_BY_ENGINE;
    const struct audit_entry entry = {"endpoint.left_alone", about->alert_id, about->alert_name,
                                      about->workspace, s->reason};
    return s->state != BREAKER_OPEN || audit_add(tx, &engine, &entry, err);
}

/* In the log of every alert that sends there. */
static bool announce(struct tx *tx, const struct endpoint_state *s, struct err *err)
{
    char text[320];
    describe(tx, s, text, sizeof text);
    sqlite3_stmt *row =
        db_query(tx->db, "SELECT id, name, workspace FROM alerts WHERE endpoint = ?",
                 DB_ARGS(db_text(s->endpoint)), err);
    int got = row ? 0 : -1;
    while (got >= 0 && (got = db_step(tx->db, row, err)) == 1) {
        char id[UUID_SIZE], *name = NULL, *workspace = NULL;
        db_col_id(row, 0, id);
        bool fine = (db_col_copy(row, 1, &name) && db_col_copy(row, 2, &workspace)) ||
                    err_memory(err);
        const struct log_about about = {.alert_id = id, .alert_name = name, .workspace = workspace};
        if (!fine || !log_notice(tx, &about, text, err) || !audit_open(tx, &about, s, err))
            got = -1;
        free(name);
        free(workspace);
    }
    db_end(row);
    return got == 0;
}

static bool run_note(struct step *step, struct tx *tx, struct err *err)
{
    const struct endpoint_state *s = &((struct endpoint_step *)step)->state;
    int64_t before;
    if (!db_number(tx->db, "SELECT state FROM endpoints WHERE endpoint = ?",
                   DB_ARGS(db_text(s->endpoint)), BREAKER_CLOSED, &before, err) ||
        !keep(tx, s, err))
        return false;
    tx->changes |= STORE_CHANGED_DELIVERIES;
    return before == (int64_t)s->state || announce(tx, s, err);
}

static void free_note(struct step *step)
{
    free(step);
}

void store_endpoint_note(struct store *s, const struct endpoint_state *state, store_done *done,
                         void *arg)
{
    struct endpoint_step *step = step_new(sizeof *step, run_note, free_note, done, arg);
    if (!step)
        return;
    step->state = *state;
    writer_submit(s, &step->step);
}

bool endpoints_forget(struct tx *tx, struct err *err)
{
    return db_run(tx->db,
                  "DELETE FROM endpoints AS e WHERE "
                  "NOT EXISTS (SELECT 1 FROM alerts WHERE endpoint = e.endpoint)",
                  DB_NO_ARGS, err);
}

static void copy_text(struct span text, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)text.len, text.at ? text.at : "");
}

static bool read_row(sqlite3_stmt *row, void *item, struct err *err)
{
    struct endpoint_state *out = item;
    (void)err;
    copy_text(db_col_text(row, 0), out->endpoint, sizeof out->endpoint);
    db_col_id(row, 1, out->alert_id);
    out->state = (enum breaker_state)db_col_int(row, 2);
    out->since = db_col_int(row, 3);
    out->probe_at = db_col_int(row, 4);
    copy_text(db_col_text(row, 5), out->reason, sizeof out->reason);
    copy_text(db_col_text(row, 6), out->alert_name, sizeof out->alert_name);
    out->paused_until = db_col_int(row, 7);
    return true;
}

bool store_endpoint_list(struct store_reader *r, struct endpoint_states *out, struct err *err)
{
    *out = (struct endpoint_states){0};
    sqlite3_stmt *row =
        db_query(r->db,
                 "SELECT e.endpoint, a.id, e.state, e.since, e.probe_at, e.reason, a.name, "
                 "e.paused_until "
                 "FROM endpoints AS e LEFT JOIN alerts AS a "
                 "ON a.endpoint = e.endpoint ORDER BY e.endpoint",
                 DB_NO_ARGS, err);
    if (ROWS_READ(r->db, row, out, read_row, err))
        return true;
    endpoint_states_free(out);
    return false;
}

void endpoint_states_free(struct endpoint_states *states)
{
    free(states->items);
    *states = (struct endpoint_states){0};
}
