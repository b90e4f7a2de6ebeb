/* Projects. A part of the contract in store.h. */
#ifndef STORE_PROJECTS_H
#define STORE_PROJECTS_H

#include "model/project.h"
#include "store/store.h"

/* Makes sure that projects exist. Names are copied. result: const struct project *. */
void store_project_ensure(struct store *s, const char *workspace, const char *name,
                          const char *description, const char *user, bool must_be_new,
                          store_done *done, void *arg);

struct project_rows {
    struct project *items;
    size_t count;
};
bool store_project_list(struct store_reader *r, const char *workspace,
                        struct project_rows *out, struct err *err); /* by name */
void project_rows_free(struct project_rows *rows);
/* By id, or by name when id is NULL. ERR_NOT_FOUND. */
bool store_project_get(struct store_reader *r, const char *workspace, const char *id,
                       const char *name, struct project *out, struct err *err);

#endif
