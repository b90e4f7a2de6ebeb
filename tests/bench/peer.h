/* Programs that are measured: started on a free port of 127.0.0.1 with a folder of their own,
 * waited for, ended. */
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
};

int peer_free_port(void);
bool peer_installed(const char *program);
/* The path of one of our own peers (tests/bench/peers), in $BENCH_PEERS or the build folder. */
void peer_program(const char *name, char *out, size_t size);

/* In argv, "{PORT}" and "{DIR}" stand for the peer's. Its output goes to DIR/output. False: it
 * ended, or does not listen; it says so and gives up what it took. */
bool peer_start(struct peer *p, const char *name, const char *const *argv);
void peer_stop(struct peer *p); /* SIGKILL, and the folder is removed */

#endif
