/* Programs that are measured: started on a free port of 127.0.0.1 with a folder of their
 * own, waited for, ended. They end with this process. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct peer {
    const char *name;
    pid_t pid;
    int port;
    char dir[256];
    struct peer *behind; /* its database; NULL: none. Freed and ended with it */
};

int peer_free_port(void);
bool peer_installed(const char *program);
/* The path of one of our own peers (tests/bench/peers), in $BENCH_PEERS or the build
 * folder. */
void peer_program(const char *name, char *out, size_t size);

/* Its folder and port, nothing behind it. */
void peer_prepare(struct peer *p, const char *name);
/* In argv, "{PORT}" and "{DIR}" stand for the peer's. Its output goes to DIR/output. False:
 * it ended, or does not listen; it says so and gives up all that peer_prepare() took. */
bool peer_launch(struct peer *p, const char *const *argv);
bool peer_start(struct peer *p, const char *name, const char *const *argv); /* both */
void peer_kill(struct peer *p); /* SIGKILL, the folder stays: it can be launched again */
void peer_stop(struct peer *p); /* SIGKILL, and the folder is removed */

/* With what is behind it. */
double peer_cpu_s(const struct peer *p);
double peer_pss_mib(const struct peer *p);
double peer_peak_mib(const struct peer *p);

#endif
