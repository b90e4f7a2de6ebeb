#include "store/sqlite/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite/store_impl.h"

static _Thread_local const struct actor *acting;

void store_act_as(const struct actor *who)
{
    acting = who;
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

void audit_by(struct audit_by *by, const char *user)
{
    *by = (struct audit_by){0};
    copy(by->user, sizeof by->user, acting ? acting->user : user);
    if (!acting)
        return;
    copy(by->via, sizeof by->via, acting->via);
    copy(by->place, sizeof by->place, acting->place);
}

static struct db_arg text_or(const char *own, const char *other)
{
    return db_text(own && *own ? own : other ? other : "");
}

static struct db_arg text(const char *own)
{
    return text_or(own, "");
}

bool audit_add(struct tx *tx, const struct audit_by *by, const struct audit_entry *e,
               struct err *err)
{
    const struct actor *process = &tx->store->actor;
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    tx->changes |= STORE_CHANGED_AUDIT;
    return db_run(tx->db,
                  "INSERT INTO audit (at, user, host, via, place, action, object, name, "
                  "workspace, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_int(tx->wall), text_or(by->user, process->user), db_text(host),
                          text_or(by->via, process->via), text_or(by->place, process->place),
                          text(e->action), text(e->object), text(e->name), text(e->workspace),
                          text(e->detail)),
                  err);
}

bool audit_purge(struct tx *tx, int64_t limit, struct err *err)
{
    return db_run(tx->db,
                  "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit "
                  "WHERE at < ? ORDER BY at LIMIT ?)",
                  DB_ARGS(db_int(tx->wall - tx->store->limits.audit_ms), db_int(limit)),
                  err);
}

/* ---------------------------------------------------------------- a row alone */

struct audit_step {
    struct step step;
    struct audit_by by;
    char *texts[5];
};

static bool run_audit(struct step *step, struct tx *tx, struct err *err)
{
    const struct audit_step *s = (struct audit_step *)step;
    const struct audit_entry entry = {s->texts[0], s->texts[1], s->texts[2], s->texts[3],
                                      s->texts[4]};
    return audit_add(tx, &s->by, &entry, err);
}

static void free_audit(struct step *step)
{
    struct audit_step *s = (struct audit_step *)step;
    for (size_t i = 0; i < sizeof s->texts / sizeof *s->texts; i++)
        free(s->texts[i]);
    free(s);
}

void store_audit(struct store *s, const struct audit_entry *e, const char *user,
                 store_done *done, void *arg)
{
    const char *const texts[] = {e->action, e->object, e->name, e->workspace, e->detail};
    struct audit_step *step = step_new(sizeof *step, run_audit, free_audit, done, arg);
    bool fine = step != NULL;
    if (!step)
        return;
    step->step.durable = true;
    audit_by(&step->by, user);
    for (size_t i = 0; fine && i < sizeof texts / sizeof *texts; i++)
        fine = !texts[i] || (step->texts[i] = strdup(texts[i]));
    if (fine)
        writer_submit(s, &step->step);
    else
        step_refuse(&step->step);
}
