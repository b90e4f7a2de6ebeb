/* What the verbs about alerts share. */
#ifndef CLI_ALERT_H
#define CLI_ALERT_H

#include "cli/cli.h"

/* Reads an alert of the workspace by the text of its id; out is owned by the caller. */
bool cli_alert_get(struct cli *cli, const char *id, struct alert *out, struct err *err);

/* What a file says becomes what is stored: masks become the secrets of `stored` (NULL: none),
 * signing secrets what signing_settle() makes of them. */
bool cli_alert_complete(struct cli *cli, struct alert *next, const struct alert *stored,
                        struct err *err);

/* Prints what is wrong with it, a line each; false if something is. `name` stands before.
 */
bool cli_alert_checked(const struct alert *a, const char *name);

#endif
