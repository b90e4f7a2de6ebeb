/* Prints the log of a workspace as it grows. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli/cli.h"

/* Prints all rows after *seq (and moves it); false: error. */
bool follow_print(struct cli *cli, int64_t *seq, struct err *err);

/* Goes on printing until SIGTERM, SIGINT or SIGHUP comes at cli->signal_fd, or standard
 * output takes no more. Sleeps between changes. */
bool follow_run(struct cli *cli, int64_t *seq, struct err *err);

#endif
