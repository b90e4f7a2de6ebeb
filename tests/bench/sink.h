/* A receiver of webhooks that costs as little as it can: a thread, epoll, always 200. */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

struct sink *sink_start(void); /* aborts when it cannot */
/* With TLS; the certificate of its authority and those of the system go to ca_file. */
struct sink *sink_start_tls(const char *ca_file);
void sink_stop(struct sink **s);
int sink_port(const struct sink *s);
uint64_t sink_count(const struct sink *s); /* requests so far */
double sink_cpu_s(const struct sink *s);

/* From the next request on: none is answered, or each answer ends its connection. */
void sink_hold(struct sink *s, bool on);
void sink_close_each(struct sink *s, bool on);

struct arrival {
    double head, whole; /* when the first bytes came, and the last one (measure_now_s()) */
    uint32_t number;    /* the digits that begin its path */
    uint32_t bytes;     /* of its body */
};
/* The first `max` since sink_reset(), in the order in which they were whole. */
size_t sink_arrivals(struct sink *s, struct arrival *out, size_t max);
void sink_reset(struct sink *s);
/* False: there are still fewer after that time. */
bool sink_wait(const struct sink *s, uint64_t count, double seconds);

#endif
