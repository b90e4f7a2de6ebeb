/* What a trace is found by in memory: id and workspace, and a hash of both. The hash is
 * keyed (SipHash-2-4) with a key that each process makes for itself, so that whoever
 * chooses ids cannot choose which of them collide. Internal to store/sqlite. Any thread. */
#ifndef SQLITE_TRACE_KEY_H
#define SQLITE_TRACE_KEY_H

#include <stdint.h>

#include "base/span.h"

enum { TRACE_BYTES = 16 }; /* of an id, as a UUID's bytes */

/* A workspace, hashed once for all traces of a request. */
struct trace_space {
    struct span workspace; /* borrowed */
    uint64_t hash;
};
struct trace_space trace_space_of(struct span workspace);

struct trace_key {
    struct trace_space in;
    unsigned char trace[TRACE_BYTES];
    uint64_t hash; /* never 0 */
};
void trace_key_make(struct trace_key *k, const struct trace_space *in,
                    const unsigned char trace[TRACE_BYTES]);

#endif
