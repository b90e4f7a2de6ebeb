#include <stdlib.h>
#include <string.h>

#include "model/project.h"
#include "store/projects.h"
#include "store/sqlite/project_cache.h"
#include "store/sqlite/reader.h"

#define COLUMNS                                                                            \
    "SELECT id, workspace, name, description, created_by, created_at FROM projects WHERE "

static bool read_row(sqlite3_stmt *row, void *item, struct err *err)
{
    struct project *out = item;
    *out = (struct project){0};
    db_col_id(row, 0, out->id);
    out->created_at = db_col_int(row, 5);
    if (db_col_copy(row, 1, &out->workspace) && db_col_copy(row, 2, &out->name) &&
        db_col_copy(row, 3, &out->description) && db_col_copy(row, 4, &out->created_by))
        return true;
    project_free(out);
    return err_memory(err);
}

static bool read_one(struct db *db, const char *sql, const struct db_arg *args,
                     size_t count, struct project *out, struct err *err)
{
    *out = (struct project){0};
    sqlite3_stmt *row = db_query(db, sql, args, count, err);
    int got = row ? db_step(db, row, err) : -1;
    if (got == 0)
        return err_set(err, ERR_NOT_FOUND, "no such project");
    bool fine = got == 1 && read_row(row, out, err);
    db_end(row);
    return fine;
}

/* ---------------------------------------------------------------- writing */

struct ensure_step {
    struct step step;
    char *workspace, *name, *description, *user;
    bool must_be_new;
    struct project project;
};

static bool run_ensure(struct step *step, struct tx *tx, struct err *err)
{
    struct ensure_step *s = (struct ensure_step *)step;
    const struct project_entry *entry;
    const struct project_new new = {s->workspace, s->user, s->description,
                                    span_of(s->name)};
    if (!project_name_check(new.name, err) ||
        !project_by_name(tx, s->workspace, new.name, &entry, err))
        return false;
    if (entry && s->must_be_new)
        return err_set(err, ERR_CONFLICT, "a project of this name exists already");
    if (!entry && !project_make(tx, &new, &entry, err))
        return false;
    step->result = &s->project;
    return read_one(tx->db, COLUMNS "id = ?", DB_ARGS(db_text(entry->id)), &s->project,
                    err);
}

static void free_ensure(struct step *step)
{
    struct ensure_step *s = (struct ensure_step *)step;
    free(s->workspace);
    free(s->name);
    free(s->description);
    free(s->user);
    project_free(&s->project);
    free(s);
}

void store_project_ensure(struct store *s, const char *workspace, const char *name,
                          const char *description, const char *user, bool must_be_new,
                          store_done *done, void *arg)
{
    struct ensure_step *e = step_new(sizeof *e, run_ensure, free_ensure, done, arg);
    if (!e)
        return;
    e->workspace = strdup(workspace);
    e->name = strdup(name);
    e->description = description ? strdup(description) : NULL;
    e->user = strdup(user);
    e->must_be_new = must_be_new;
    e->step.undo = e->step.durable = true;
    if (!e->workspace || !e->name || !e->user || (description && !e->description))
        step_refuse(&e->step);
    else
        writer_submit(s, &e->step);
}

/* ---------------------------------------------------------------- reads */

bool store_project_list(struct store_reader *r, const char *workspace,
                        struct project_rows *out, struct err *err)
{
    *out = (struct project_rows){0};
    sqlite3_stmt *row = db_query(r->db, COLUMNS "workspace = ? ORDER BY name",
                                 DB_ARGS(db_text(workspace)), err);
    if (ROWS_READ(r->db, row, out, read_row, err))
        return true;
    project_rows_free(out);
    return false;
}

void project_rows_free(struct project_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        project_free(&rows->items[i]);
    free(rows->items);
    *rows = (struct project_rows){0};
}

bool store_project_get(struct store_reader *r, const char *workspace, const char *id,
                       const char *name, struct project *out, struct err *err)
{
    if (id)
        return read_one(r->db, COLUMNS "id = ? AND workspace = ?",
                        DB_ARGS(db_text(id), db_text(workspace)), out, err);
    return read_one(r->db, COLUMNS "workspace = ? AND name = ?",
                    DB_ARGS(db_text(workspace), db_text(name)), out, err);
}
