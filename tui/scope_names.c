#include "scope_names.h"

#include "base/json.h"
#include "store/projects.h"

char *scope_names_id(struct alert *a, size_t i)
{
    if (a->project_id[0] && i-- == 0)
        return a->project_id;
    for (size_t t = 0; t < a->trigger_count; t++) {
        if (i < a->triggers[t].project_count)
            return a->triggers[t].projects[i];
        i -= a->triggers[t].project_count;
    }
    return NULL;
}

/* Two triggers may hold the same. */
static bool seen_before(struct alert *a, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(scope_names_id(a, k), scope_names_id(a, i)) == 0)
            return true;
    return false;
}

static bool add_name(struct store_reader *r, const struct alert *a, const char *id,
                     struct buf *out, struct err *err)
{
    struct project p = {0};
    struct err why = {0};
    if (!store_project_get(r, a->workspace, id, NULL, &p, &why))
        return why.code == ERR_NOT_FOUND || err_set(err, why.code, "%s", why.text);
    buf_add_format(out, "%s{\"id\":\"%s\",\"name\":", out->len ? "," : "", id);
    js_append_string(out, span_of(p.name));
    project_free(&p);
    return buf_add_char(out, '}') || err_memory(err);
}

bool scope_names_add(struct store_reader *r, struct alert *a, struct buf *object,
                     struct err *err)
{
    struct buf names;
    const char *id;
    bool fine = true;
    buf_init(&names, BUF_UNLIMITED);
    for (size_t i = 0; fine && (id = scope_names_id(a, i)); i++)
        fine = seen_before(a, i) || add_name(r, a, id, &names, err);
    if (fine && names.len) {
        object->len--; /* its } */
        buf_add_text(object, ",\"projects\":[");
        buf_add_span(object, buf_span(&names));
        fine = buf_add_text(object, "]}") || err_memory(err);
    }
    buf_free(&names);
    return fine;
}
