/* Load: requests over connections that are kept, as many at once as there are connections. One
 * thread, epoll. Each request's numbers are patched in before it is sent, so that all are
 * different and making them costs next to nothing. */
#ifndef BENCH_LOADER_H
#define BENCH_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Where {N} stood in a request: 12 hexadecimal digits of a number that grows. */
enum { LOADER_DIGITS = 12, LOADER_PLACES = 1000 };
struct loader_request {
    struct buf bytes;
    size_t places[LOADER_PLACES], count; /* count: numbers in one request */
};

/* A POST whose body is prefix, `count` times `event` with commas between, suffix. {N} in the
 * event stands for its number. */
void loader_request_make(struct loader_request *r, const char *path, const char *headers,
                         const char *prefix, const char *event, const char *suffix, size_t count);
void loader_request_patch(const struct loader_request *r, char *bytes); /* a copy of r->bytes */
void loader_request_free(struct loader_request *r);

struct loader_result {
    uint64_t answered, failed;  /* requests; failed: not 2xx */
    double seconds, cpu_s;      /* cpu_s: the loader's own */
    double p50_ms, p99_ms;      /* of the answers */
};

/* For so many seconds; rate: requests a second in all, 0: as fast as they are answered. False: no
 * connection, said on standard error. */
bool loader_run(int port, size_t connections, const struct loader_request *request, double seconds,
                double rate, struct loader_result *out);

/* One request on a connection of its own. Whether it was answered 2xx. */
bool loader_once(int port, const struct loader_request *request);

#endif
