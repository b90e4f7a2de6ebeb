#include "store/sqlite/alert_cache.h"

#include <stdlib.h>
#include <string.h>

#include "store/alerts.h"
#include "store/sqlite/alert_rows.h"

void alert_cache_reset(struct alert_cache *c)
{
    for (size_t i = 0; c->known && i < c->alerts.count; i++)
        buf_free(&c->known[i].sealed);
    alerts_free(&c->alerts);
    free(c->uses);
    free(c->workspace);
    free(c->known);
    *c = (struct alert_cache){0};
}

static int compare_key(const struct alert_use *use, const char *workspace,
                       enum event_type type)
{
    int order = strcmp(use->alert->workspace, workspace);
    return order ? order : (use->type > type) - (use->type < type);
}

static int compare_uses(const void *a, const void *b)
{
    const struct alert_use *left = a, *right = b;
    int order = compare_key(left, right->alert->workspace, right->type);
    return order ? order : (left->alert > right->alert) - (left->alert < right->alert);
}

static bool index_uses(struct alert_cache *c, struct err *err)
{
    size_t total = 0;
    for (size_t i = 0; i < c->alerts.count; i++)
        total += c->alerts.items[i].trigger_count;
    c->uses = calloc(total + 1, sizeof *c->uses);
    if (!c->uses)
        return err_memory(err);
    for (size_t i = 0; i < c->alerts.count; i++) {
        const struct alert *a = &c->alerts.items[i];
        for (size_t k = 0; k < a->trigger_count && a->enabled; k++)
            c->uses[c->use_count++] = (struct alert_use){a, a->triggers[k].type};
    }
    qsort(c->uses, c->use_count, sizeof *c->uses, compare_uses);
    return true;
}

static int compare_known(const void *a, const void *b)
{
    const struct alert_known *left = a, *right = b;
    return strcmp(left->alert->id, right->alert->id);
}

/* In the order of rows, as alert_rows_all() has them. */
static bool read_known(struct alert_cache *c, struct db *db, struct err *err)
{
    sqlite3_stmt *row = db_query(
        db, "SELECT row, endpoint, sealed FROM alerts ORDER BY row", DB_NO_ARGS, err);
    int got = -1;
    for (size_t i = 0; row && i < c->alerts.count && (got = db_step(db, row, err)) == 1; i++) {
        struct span endpoint = db_col_text(row, 1);
        c->known[i].alert = &c->alerts.items[i];
        c->known[i].row = db_col_int(row, 0);
        if (endpoint.at && endpoint.len < sizeof c->known[i].endpoint)
            memcpy(c->known[i].endpoint, endpoint.at, endpoint.len);
        buf_init(&c->known[i].sealed, BUF_UNLIMITED);
        if (!buf_add_span(&c->known[i].sealed, db_col_blob(row, 2))) {
            db_end(row);
            return err_memory(err);
        }
    }
    db_end(row);
    return row && (got == 1 || c->alerts.count == 0);
}

static bool index_ids(struct alert_cache *c, struct db *db, struct err *err)
{
    c->known = calloc(c->alerts.count + 1, sizeof *c->known);
    if (!c->known)
        return err_memory(err);
    if (!read_known(c, db, err))
        return false;
    qsort(c->known, c->alerts.count, sizeof *c->known, compare_known);
    return true;
}

static bool load(struct alert_cache *c, struct db *db, struct err *err)
{
    if (c->loaded)
        return true;
    if (!alert_rows_all(db, &c->alerts, err) || !index_uses(c, err) ||
        !index_ids(c, db, err)) {
        alert_cache_reset(c);
        return false;
    }
    c->loaded = true;
    return true;
}

static struct alert_found search(const struct alert_cache *c, const char *workspace,
                                 enum event_type type)
{
    size_t low = 0, high = c->use_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_key(&c->uses[middle], workspace, type) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < c->use_count && compare_key(&c->uses[end], workspace, type) == 0)
        end++;
    return (struct alert_found){true, c->uses + low, end - low};
}

/* Nearly always the workspace is that of the last look. */
bool alert_cache_find(struct alert_cache *c, struct db *db, const char *workspace,
                      enum event_type type, const struct alert_use **uses, size_t *count,
                      struct err *err)
{
    if (!load(c, db, err))
        return false;
    if (!c->workspace || strcmp(c->workspace, workspace) != 0) {
        free(c->workspace);
        c->workspace = strdup(workspace);
        memset(c->found, 0, sizeof c->found);
        if (!c->workspace)
            return err_memory(err);
    }
    struct alert_found *found = &c->found[type];
    if (!found->known)
        *found = search(c, workspace, type);
    *uses = found->uses;
    *count = found->count;
    return true;
}

bool alert_cache_get(struct alert_cache *c, struct db *db, const char *id,
                     const struct alert_known **out, struct err *err)
{
    *out = NULL;
    if (!load(c, db, err))
        return false;
    size_t low = 0, high = c->alerts.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(c->known[middle].alert->id, id);
        if (order == 0) {
            *out = &c->known[middle];
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return true;
}

bool alert_cache_all(struct alert_cache *c, struct db *db, const struct alerts **alerts,
                     struct err *err)
{
    *alerts = &c->alerts;
    return load(c, db, err);
}
