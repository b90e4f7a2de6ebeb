/* Webhooks out of ours and out of the peers, as a receiver sees them. Each gives false when
 * it cannot, and says so. */
#ifndef BENCH_HOOKS_H
#define BENCH_HOOKS_H

#include "bench/peer.h"
#include "bench/sink.h"

enum { HOOKS_BODY = 2048, HOOKS_WAIT_S = 60 };

/* A body of about HOOKS_BODY as a webhook carries an event with so much text. */
void hooks_event(char *out,
                 size_t size); /* EVENTS_FAILED with a longer message, {N} in it */

/* One request makes `buckets` buckets (groups, jobs) due in one instant, an endpoint each;
 * the window is 3 s. Times after the instant when they are due: of ours as the store has
 * it, of the peers the request and the window. */
struct burst {
    double first_ms, last_ms, p50_ms, p99_ms;
    double per_second; /* between the first and the last */
    double bytes;      /* of a body */
    double cpu_us;     /* of each, from the answer of the request on */
};
bool burst_ours(struct sink *sink, size_t buckets, struct burst *out);
/* All to one endpoint, or each to its own, 64 at once in both. */
bool burst_endpoints(struct sink *sink, size_t buckets, bool one, struct burst *out);
bool burst_manager(struct sink *sink, size_t buckets, struct burst *out);
bool burst_bullmq(struct sink *sink, size_t buckets, struct burst *out);

/* Deliveries to one endpoint that are due when ours starts: made by ours and left in the
 * data directory, to be copied for each run. ca_file: NULL for plain HTTP. */
bool backlog_make(const char *data, struct sink *sink, const char *url, size_t count);
struct steady {
    double per_second, cpu_us, sink_share; /* sink_share: of a processor */
};
/* Sends the first `count` of the backlog. */
bool backlog_send(const char *data, struct sink *sink, const char *ca_file, size_t count,
                  size_t at_once, struct steady *out);
/* The bare loop to the same receiver. */
bool bare_send(struct sink *sink, const char *url, const char *ca_file, size_t count,
               size_t at_once, struct steady *out);

/* Buckets that become due one after the other, so many a second. */
enum { PLACES = 800 }; /* the window is shorter than it takes to come round */
struct late {
    double due, late_ms; /* due: measure_now_s() */
};
/* `p` is launched; makes an alert for each place, that is a workspace. */
bool lateness_prepare(const struct peer *p, const struct sink *sink);
/* Sends `count` events to one place after the other; sent[i], answered[i]: when. */
bool lateness_send(const struct peer *p, double per_second, double *sent, double *answered,
                   size_t count);
/* For each of `count` events: from the time that `since` has of it, and the window.
 * Webhooks of nobody's place are passed over; one that did not come is not late. */
void lateness_match(struct sink *sink, const double *since, double window_s,
                    struct late *out, size_t count);

#endif
