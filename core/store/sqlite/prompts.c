/* The functions of store.h about prompts: writing ones as steps, reads on a reader. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "store/prompts.h"
#include "store/sqlite/activity.h"
#include "store/sqlite/prompt_list.h"
#include "store/sqlite/prompt_sql.h"
#include "store/sqlite/prompt_tx.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/writer.h"

struct prompt_step {
    struct step step;
    struct arena arena; /* holds what the pointers below point to */
    struct prompt_write w;
    const char *id, *version_id;
    const char **ids;
    size_t count;
    bool merge;

    struct prompt prompt; /* results */
    struct prompt_version version;
    int64_t deleted;
};

/* ---------------------------------------------------------------- steps */

struct emitter {
    struct tx *tx;
    int64_t request; /* 0: no event yet */
};

static bool emit(void *arg, enum event_type type, const char *workspace, const char *user,
                 struct span entity, struct err *err)
{
    struct emitter *e = arg;
    struct event_ref event = {.type = type, .workspace = workspace};
    return tx_request(e->tx, &e->request, err) &&
           activity_note(e->tx, &event, (struct span){0}, user, err) &&
           tx_emit(e->tx, &event, user, e->request, entity, err);
}

static struct prompt_tx prompt_tx_of(struct tx *tx, struct emitter *e)
{
    *e = (struct emitter){.tx = tx};
    return (struct prompt_tx){.db = tx->db, .now = tx->wall, .emit = emit, .arg = e};
}

static bool note_change(struct tx *tx, bool done)
{
    if (done)
        tx->changes |= STORE_CHANGED_PROMPTS;
    return done;
}

static void free_step(struct step *step)
{
    struct prompt_step *s = (struct prompt_step *)step;
    prompt_free(&s->prompt);
    prompt_version_free(&s->version);
    arena_free(&s->arena);
    free(s);
}

typedef bool run_step(struct step *step, struct tx *tx, struct err *err);

static struct prompt_step *new_step(run_step *run, store_done *done, void *arg)
{
    struct prompt_step *s = step_new(sizeof *s, run, free_step, done, arg);
    if (!s)
        return NULL;
    arena_init(&s->arena, BUF_UNLIMITED);
    s->step.undo = true;
    s->step.durable = true;
    return s;
}

static const char *keep(struct prompt_step *s, const char *text)
{
    if (!text)
        return NULL;
    s->step.bytes += strlen(text);
    return arena_copy(&s->arena, span_of(text));
}

static void keep_write(struct prompt_step *s, const struct prompt_write *w)
{
    s->w = (struct prompt_write){
        .id = keep(s, w->id),
        .workspace = keep(s, w->workspace),
        .user = keep(s, w->user),
        .name = keep(s, w->name),
        .description = keep(s, w->description),
        .tags = keep(s, w->tags),
        .structure = keep(s, w->structure),
        .tmpl = keep(s, w->tmpl),
        .version_id = keep(s, w->version_id),
        .commit = keep(s, w->commit),
        .metadata = keep(s, w->metadata),
        .type = keep(s, w->type),
        .change_description = keep(s, w->change_description),
        .version_tags = keep(s, w->version_tags),
        .version_structure = keep(s, w->version_structure),
    };
}

static void keep_ids(struct prompt_step *s, const char *const *ids, size_t count)
{
    s->ids = arena_alloc(&s->arena, (count ? count : 1) * sizeof *s->ids);
    for (size_t i = 0; s->ids && i < count; i++)
        s->ids[i] = keep(s, ids[i]);
    s->count = count;
}

static void submit(struct store *store, struct prompt_step *s)
{
    if (s->arena.failed)
        step_refuse(&s->step);
    else
        writer_submit(store, &s->step);
}

static bool run_create(struct step *step, struct tx *tx, struct err *err)
{
    struct prompt_step *s = (struct prompt_step *)step;
    struct emitter e;
    struct prompt_tx p = prompt_tx_of(tx, &e);
    step->result = &s->prompt;
    return note_change(tx, prompt_tx_create(&p, &s->w, &s->prompt, err));
}

static bool run_commit(struct step *step, struct tx *tx, struct err *err)
{
    struct prompt_step *s = (struct prompt_step *)step;
    struct emitter e;
    struct prompt_tx p = prompt_tx_of(tx, &e);
    step->result = &s->version;
    return note_change(tx, prompt_tx_commit(&p, &s->w, &s->version, err));
}

static bool run_restore(struct step *step, struct tx *tx, struct err *err)
{
    struct prompt_step *s = (struct prompt_step *)step;
    struct emitter e;
    struct prompt_tx p = prompt_tx_of(tx, &e);
    step->result = &s->version;
    return note_change(tx, prompt_tx_restore(&p, s->w.workspace, s->w.user, s->id,
                                             s->version_id, &s->version, err));
}

static bool run_update(struct step *step, struct tx *tx, struct err *err)
{
    struct prompt_step *s = (struct prompt_step *)step;
    struct emitter e;
    struct prompt_tx p = prompt_tx_of(tx, &e);
    return note_change(tx, prompt_tx_update(&p, s->id, &s->w, err));
}

static bool run_tag(struct step *step, struct tx *tx, struct err *err)
{
    struct prompt_step *s = (struct prompt_step *)step;
    struct emitter e;
    struct prompt_tx p = prompt_tx_of(tx, &e);
    return note_change(tx, prompt_tx_tag(&p, s->w.workspace, s->ids, s->count,
                                         s->w.version_tags, s->merge, err));
}

static bool run_delete(struct step *step, struct tx *tx, struct err *err)
{
    struct prompt_step *s = (struct prompt_step *)step;
    struct emitter e;
    struct prompt_tx p = prompt_tx_of(tx, &e);
    step->result = &s->deleted;
    return note_change(tx, prompt_tx_delete(&p, s->w.workspace, s->w.user, s->ids, s->count,
                                            &s->deleted, err));
}

/* ---------------------------------------------------------------- store.h: writing */

void store_prompt_create(struct store *s, const struct prompt_write *w, store_done *done,
                         void *arg)
{
    struct prompt_step *step = new_step(run_create, done, arg);
    if (!step)
        return;
    keep_write(step, w);
    submit(s, step);
}

void store_prompt_commit(struct store *s, const struct prompt_write *w, store_done *done,
                         void *arg)
{
    struct prompt_step *step = new_step(run_commit, done, arg);
    if (!step)
        return;
    keep_write(step, w);
    submit(s, step);
}

void store_prompt_restore(struct store *s, const char *workspace, const char *user,
                          const char *prompt_id, const char *version_id, store_done *done,
                          void *arg)
{
    struct prompt_step *step = new_step(run_restore, done, arg);
    if (!step)
        return;
    keep_write(step, &(struct prompt_write){.workspace = workspace, .user = user});
    step->id = keep(step, prompt_id);
    step->version_id = keep(step, version_id);
    submit(s, step);
}

void store_prompt_update(struct store *s, const char *id, const struct prompt_write *w,
                         store_done *done, void *arg)
{
    struct prompt_step *step = new_step(run_update, done, arg);
    if (!step)
        return;
    keep_write(step, w);
    step->id = keep(step, id);
    submit(s, step);
}

void store_prompt_tag_versions(struct store *s, const char *workspace,
                               const char *const *ids, size_t count, const char *tags,
                               bool merge, store_done *done, void *arg)
{
    struct prompt_step *step = new_step(run_tag, done, arg);
    if (!step)
        return;
    keep_write(step, &(struct prompt_write){.workspace = workspace, .version_tags = tags});
    keep_ids(step, ids, count);
    step->merge = merge;
    submit(s, step);
}

void store_prompt_delete(struct store *s, const char *workspace, const char *user,
                         const char *const *ids, size_t count, store_done *done, void *arg)
{
    struct prompt_step *step = new_step(run_delete, done, arg);
    if (!step)
        return;
    keep_write(step, &(struct prompt_write){.workspace = workspace, .user = user});
    keep_ids(step, ids, count);
    submit(s, step);
}

/* ---------------------------------------------------------------- store.h: reads */

bool store_prompt_list(struct store_reader *r, const char *workspace, const char *name,
                       bool exact, int64_t offset, int64_t limit, struct prompt_rows *out,
                       struct err *err)
{
    *out = (struct prompt_rows){0};
    if (!reader_begin(r, err))
        return false;
    bool done = prompt_list(r->db, workspace, name, exact, offset, limit, out, err);
    reader_end(r);
    return done;
}

bool store_prompt_get(struct store_reader *r, const char *workspace, const char *id,
                      const char *name, struct prompt *out, struct err *err)
{
    char canonical[UUID_SIZE];
    int64_t row;
    *out = (struct prompt){0};
    if (id && !uuid_read(span_of(id), canonical))
        return err_set(err, ERR_NOT_FOUND, "no such prompt");
    if (!reader_begin(r, err))
        return false;
    bool done =
        prompt_sql_find(r->db, workspace, id ? canonical : NULL, name, out, &row, err) &&
        prompt_sql_latest(r->db, row, out, err);
    reader_end(r);
    if (!done) {
        prompt_free(out);
        *out = (struct prompt){0};
    }
    return done;
}

bool store_version_list(struct store_reader *r, const char *workspace,
                        const char *prompt_id, int64_t offset, int64_t limit,
                        struct version_rows *out, struct err *err)
{
    char canonical[UUID_SIZE];
    *out = (struct version_rows){0};
    if (!uuid_read(span_of(prompt_id), canonical))
        return true;
    if (!reader_begin(r, err))
        return false;
    bool done = prompt_list_versions(r->db, workspace, canonical, offset, limit, out, err);
    reader_end(r);
    return done;
}

bool store_version_get(struct store_reader *r, const char *workspace,
                       const char *version_id, const char *prompt_name, const char *commit,
                       struct prompt_version *out, struct err *err)
{
    char canonical[UUID_SIZE];
    *out = (struct prompt_version){0};
    if (!version_id)
        return prompt_list_find(r->db, workspace, prompt_name, commit, out, err);
    if (!uuid_read(span_of(version_id), canonical))
        return err_set(err, ERR_NOT_FOUND, "no such prompt version");
    return prompt_sql_version(r->db, workspace, canonical, out, err);
}
