/* The project scopes of alerts that come from another data directory (scope_names.h). */
#ifndef CLI_ALERT_SCOPES_H
#define CLI_ALERT_SCOPES_H

#include "base/json.h"
#include "cli/cli.h"

struct alert_scopes { /* the projects that an import has to make; zero: none yet */
    struct scope_new {
        char id[UUID_SIZE]; /* in the file */
        char *name;
    } * items;
    size_t count;
};

/* Ids of no project of the workspace become those of the projects that have the names which
 * `file`, the alert's object, tells. A name that is not there yet is kept for
 * alert_scopes_make(). False: an id without a name. */
bool alert_scopes_resolve(struct alert_scopes *s, struct cli *cli, struct js_value file,
                          struct alert *a, struct err *err);

/* Makes those projects and puts their ids into the alerts. */
bool alert_scopes_make(struct alert_scopes *s, struct cli *cli, struct alert *alerts,
                       size_t count, struct err *err);

void alert_scopes_free(struct alert_scopes *s);

#endif
