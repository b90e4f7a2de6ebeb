/* The console on an open store, and what reaches it from other threads: the host's state
 * and the program's own messages. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <pthread.h>

#include "cli/cli.h"
#include "console.h"
#include "host.h"

struct session {
    pthread_mutex_t mutex;
    struct console *console; /* NULL while there is none */
};

void session_init(struct session *s);
void session_wake(void *session); /* any thread: a host_options.changed */

/* Until the person quits, or a signal ends it. host NULL: read only. The exit status. */
int session_run(struct session *s, struct cli *cli, struct host *host, const char *dir,
                const char *banner);

/* Store, host and console of the call's data directory. */
int session_main(struct cli *cli);

#endif
