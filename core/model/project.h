/* A project of a workspace. */
#ifndef MODEL_PROJECT_H
#define MODEL_PROJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/uuid.h"

#define PROJECT_DEFAULT_NAME "Default Project"
#define PROJECT_NAME_MAX     1024 /* bytes */

struct project {
    char id[UUID_SIZE];
    char *workspace, *name, *description;
    char *created_by;
    int64_t created_at; /* wall ms */
};

void project_free(struct project *p);
bool project_to_json(const struct project *p, struct buf *out);

#endif
