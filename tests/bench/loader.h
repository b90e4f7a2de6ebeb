/* Load: requests over connections that are kept, as many at once as there are connections.
 * One thread, epoll. Each request's numbers are patched in before it is sent, so that all
 * are different and making them costs next to nothing. */
#ifndef BENCH_LOADER_H
#define BENCH_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Where {N} stood in a request: 8 hexadecimal digits of the number of the request, which
 * grows, and 4 of the place, which stay. */
enum { LOADER_DIGITS = 8, LOADER_PLACES = 1000 };
struct loader_request {
    struct buf bytes;
    size_t places[LOADER_PLACES], count; /* count: numbers in one request */
    uint32_t
        again; /* requests with different numbers; then the first come again. 0: never */
};

/* A POST whose body is prefix, `count` times `event` with commas between, suffix. {N} in
 * the event stands for its number. */
void loader_request_make(struct loader_request *r, const char *path, const char *headers,
                         const char *prefix, const char *event, const char *suffix,
                         size_t count);
void loader_request_raw(struct loader_request *r, const char *path, const char *headers,
                        struct span body); /* the same bytes each time */
void loader_request_patch(const struct loader_request *r,
                          char *bytes); /* a copy of r->bytes */
void loader_request_free(struct loader_request *r);

struct loader_plan {
    size_t connections;
    double seconds;    /* at most, after the warming */
    double rate;       /* requests a second in all; 0: as fast as they are answered */
    uint64_t requests; /* at most; 0: no limit */
    double warm;       /* seconds in which nothing counts yet */
    void (*warmed)(void *arg); /* then; NULL: nothing to do */
    void *arg;
};

struct loader_result {
    uint64_t answered, failed; /* requests; failed: not 2xx */
    double seconds, cpu_s;     /* cpu_s: the loader's own */
    /* Of the answers, from when the request was sent; with a rate: from when it was due. */
    double p50_ms, p99_ms;
};

/* False: no connection, or one was closed; said on standard error. */
bool loader_run(int port, const struct loader_request *request,
                const struct loader_plan *plan, struct loader_result *out);

/* One request on a connection of its own. Whether it was answered 2xx. */
bool loader_once(int port, const struct loader_request *request);

#endif
