#include "store/sqlite/ids_step.h"

#include <stdlib.h>
#include <string.h>

static void free_ids(struct step *step)
{
    struct ids_step *s = (struct ids_step *)step;
    free(s->workspace);
    free(s->user);
    free(s->ids);
    free(s);
}

struct ids_step *ids_step_new(bool (*run)(struct step *, struct tx *, struct err *),
                              const char *workspace, const char *const *ids, size_t count,
                              const char *user, store_done *done, void *arg)
{
    struct ids_step *s = step_new(sizeof *s, run, free_ids, done, arg);
    if (!s)
        return NULL;
    s->step.undo = s->step.durable = true;
    s->step.result = &s->result;
    audit_by(&s->by, user);
    s->workspace = strdup(workspace);
    s->user = user ? strdup(user) : NULL;
    s->ids = calloc(count + 1, sizeof *s->ids);
    if (!s->workspace || (user && !s->user) || !s->ids) {
        step_refuse(&s->step);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (uuid_read(span_of(ids[i]), s->ids[s->count]))
            s->count++;
    return s;
}
