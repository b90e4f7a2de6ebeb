/* A receiver of webhooks that costs as little as it can: a thread, epoll, always 200. */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <stddef.h>
#include <stdint.h>

struct sink;

struct sink *sink_start(void); /* aborts when it cannot */
void sink_stop(struct sink **s);
int sink_port(const struct sink *s);
uint64_t sink_count(const struct sink *s); /* requests so far */
double sink_cpu_s(const struct sink *s);
/* When the requests came (measure_now_s()), the first `max` since sink_reset(). */
size_t sink_times(struct sink *s, double *out, size_t max);
void sink_reset(struct sink *s);

#endif
