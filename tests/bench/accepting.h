/* Events of tests/bench/events.h into a server that takes them as we do. */
#ifndef BENCH_ACCEPTING_H
#define BENCH_ACCEPTING_H

#include "bench/loader.h"
#include "bench/peer.h"

enum { ACCEPTING_CONNECTIONS = 64 };

/* Requests as fast as they are answered, after a quarter of the time has warmed it up.
 * cpu_s: what the server took. False: a connection broke. */
bool accepting_load(const struct peer *p, const struct loader_request *request,
                    double seconds, struct loader_result *out, double *cpu_s);

/* The same with our errors. All zeros: it failed. */
struct accepting {
    double per_second, cpu_us; /* events; the processor time of each in the server */
};
struct accepting accepting_measure(const struct peer *p, size_t batch, double seconds);

/* Settings of ours under which whatever is accepted stays and nothing is sent. */
extern const char *const accepting_sets[];

#endif
