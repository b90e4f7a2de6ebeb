#include "store/sqlite/passing.h"

#include <stdlib.h>

#include "model/project.h"
#include "store/accept.h"
#include "store/sqlite/metrics.h"
#include "store/sqlite/project_cache.h"
#include "store/sqlite/store_impl.h"

enum { KINDS_MAX = 1024, KEY_MAX = 512 };

struct passing_kind {
    UT_hash_handle hh;
    size_t len;
    char key[];
};

/* ---------------------------------------------------------------- kinds */

/* What a kind is made of: the workspace, what is measured, the name of the project as it
 * was given. 0: a name too long to be kept, which no kind has. */
static size_t write_key(char key[KEY_MAX], struct span workspace, const struct fact *f)
{
    size_t len = workspace.len + 2 + f->project_name.len;
    if (len > KEY_MAX)
        return 0;
    if (workspace.len)
        memcpy(key, workspace.at, workspace.len);
    key[workspace.len] = '\0';
    key[workspace.len + 1] = f->measured ? (char)('a' + f->measure) : '-';
    if (f->project_name.len)
        memcpy(key + workspace.len + 2, f->project_name.at, f->project_name.len);
    return len;
}

/* An event may be wanted, and an id may be that of no project. */
static bool may_pass(const struct fact *f)
{
    return !f->is_event && f->project_id.len == 0;
}

/* Most facts of a request are of the kind of the one before. */
static bool same_kind(const struct fact *f, const struct fact *before)
{
    return f->measured == before->measured &&
           (!f->measured || f->measure == before->measure) &&
           span_same(f->project_name, before->project_name);
}

static bool has_key(const struct passing_kind *kinds, const char *key, size_t len)
{
    const struct passing_kind *found;
    HASH_FIND(hh, kinds, key, len, found);
    return found != NULL;
}

bool passing_has(const struct passing *p, const struct accept *a)
{
    const struct span workspace = span_of(a->workspace);
    char key[KEY_MAX];
    for (size_t i = 0; i < a->count; i++) {
        const struct fact *f = &a->facts[i];
        if (!may_pass(f))
            return false;
        if (i > 0 && same_kind(f, f - 1))
            continue;
        size_t len = write_key(key, workspace, f);
        if (!len || !has_key(p->known, key, len))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- noting */

static void add_kind(struct passing_kind **kinds, const char *key, size_t len)
{
    struct passing_kind *kind = malloc(sizeof *kind + len);
    if (!kind)
        return; /* its requests wait for their answer */
    kind->len = len;
    memcpy(kind->key, key, len);
    HASH_ADD(hh, *kinds, key, len, kind);
    if (!kind->hh.tbl)
        free(kind);
}

static void clear(struct passing_kind **kinds)
{
    struct passing_kind *kind, *next;
    HASH_ITER(hh, *kinds, kind, next)
    {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): out of the table, then freed */
        HASH_DEL(*kinds, kind);
        free(kind);
    }
}

static bool note_kind(struct tx *tx, const char *workspace, const struct fact *f,
                      struct err *err)
{
    struct passing *p = &tx->store->passing;
    const struct project_entry *project;
    bool counts = false;
    char key[KEY_MAX];
    size_t len = write_key(key, span_of(workspace), f);
    if (!len || has_key(p->known, key, len) || has_key(p->found, key, len))
        return true;
    struct span name =
        f->project_name.len ? f->project_name : span_of(PROJECT_DEFAULT_NAME);
    if (!project_by_name(tx, workspace, name, &project, err) ||
        (f->measured && !metrics_wanted(tx, workspace, f->measure, &counts, err)))
        return false;
    if (project && !counts)
        add_kind(&p->found, key, len);
    return true;
}

bool passing_note(struct tx *tx, const struct accept *a, struct err *err)
{
    const struct fact *before = NULL;
    for (size_t i = 0; i < a->count; i++) {
        const struct fact *f = &a->facts[i];
        if (!may_pass(f) || (before && same_kind(f, before)))
            continue;
        if (!note_kind(tx, a->workspace, f, err))
            return false;
        before = f;
    }
    return true;
}

void passing_committed(struct store *s)
{
    struct passing *p = &s->passing;
    struct passing_kind *kind, *next;
    if (!p->found)
        return;
    pthread_mutex_lock(&s->lock);
    if (HASH_COUNT(p->known) + HASH_COUNT(p->found) > KINDS_MAX)
        clear(&p->known);
    HASH_ITER(hh, p->found, kind, next)
    {
        if (HASH_COUNT(p->known) < KINDS_MAX)
            add_kind(&p->known, kind->key, kind->len);
    }
    pthread_mutex_unlock(&s->lock);
    clear(&p->found);
}

void passing_forget(struct store *s)
{
    clear(&s->passing.found);
    pthread_mutex_lock(&s->lock);
    clear(&s->passing.known);
    pthread_mutex_unlock(&s->lock);
}
