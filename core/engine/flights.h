/* The requests under way, and the slots of each endpoint (a full URL, by its keyed hash).
 *
 * A request begins when its endpoint has a free slot: per_endpoint of them, or one after an
 * attempt that timed out. So one that hangs holds up only itself. No claim waits in here
 * for a slot: what it says of URL, headers and token, and that its alert is enabled, is
 * true when it is sent. One that fails again and again is left alone but for probes
 * (rules/breaker.h). One whose failure comes with a Retry-After is paused as a whole (RFC
 * 9110 10.2.3: the server speaks of itself, not of one message). The engine's thread. */
#ifndef ENGINE_FLIGHTS_H
#define ENGINE_FLIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/outcome.h"
#include "rules/breaker.h"
#include "send/send.h"
#include "store/delivering.h"

struct flights;
struct flight;

/* What came of one; the claim is borrowed, the outcome may be moved out. mark: as it was added
 * with. request_headers is malloc'ed and the callee's. probe: it was sent while the endpoint's
 * breaker was open. */
typedef void flight_landed(void *arg, const struct claim *claim, void *mark,
                           struct outcome *outcome, char *request_headers, bool probe);

/* The breaker of an endpoint changed, or until when it asked to be left alone (steady ms; 0: no
 * more). `why` is the last failure in words, "" for none. */
typedef void flights_tripped(void *arg, const char *endpoint, const struct breaker *b,
                             int64_t paused_until, const char *why);

struct flights_limits {
    size_t concurrency, per_endpoint;
    int64_t timeout_ms, connect_timeout_ms;
    int64_t max_pause_ms; /* a longer Retry-After pauses nothing: it ends its delivery */
    int64_t rate;         /* requests a second to one endpoint; 0: no limit */
};

/* Long bodies are read through `reader` while they are sent. All is borrowed. */
struct flights *flights_new(struct sender *sender, struct store_reader *reader,
                            const struct clock *clock, flight_landed *landed,
                            flights_tripped *tripped, void *arg);
void flights_free(struct flights **f); /* none may be under way */

void flights_set_limits(struct flights *f, const struct flights_limits *limits);

/* FULL: its endpoint, or all together, can take no more now. REFUSED: closed, or no memory. With
 * both the claim is still the caller's. */
enum flights_answer { FLIGHTS_TAKEN, FLIGHTS_FULL, FLIGHTS_REFUSED };

/* Takes the claim over, with a slot for it; flights_start() sends all that were added. */
enum flights_answer flights_add(struct flights *f, struct claim *claim, void *mark);
void flights_start(struct flights *f);

/* An endpoint as an earlier engine left it: its breaker open until probe_at, or at the foot of its
 * ramp; paused until then (0: not). */
bool flights_restore(struct flights *f, const char *endpoint, enum breaker_state state,
                     int64_t probe_at, int64_t paused_until);

size_t flights_sending(const struct flights *f); /* requests under way */

/* Goes on with endpoints whose pause is over, whose rate allows it or that may be probed;
 * *any tells whether there was one. Returns when the next one will be (steady ms),
 * INT64_MAX where nothing is paused. */
int64_t flights_resume(struct flights *f, bool *any);

/* How many more an endpoint takes now: those that are known, and each other one. `out` has room for
 * flights_endpoints(); returns how many were written. */
size_t flights_endpoints(const struct flights *f);
size_t flights_rooms(const struct flights *f, struct claim_room *out);
size_t flights_each(const struct flights *f);

size_t flights_room(const struct flights *f); /* of all together */

/* Whether an endpoint may have more waiting than it can take: it is limited to a rate, or its
 * breaker was open a while ago. Then new deliveries go ahead of the backlog. */
bool flights_has_backlog(const struct flights *f);

/* From here on nothing is sent: what was only added lands as not sent. */
void flights_close(struct flights *f);

/* Ends also what is under way: it lands in the next sender_turn(), as OUTCOME_UNKNOWN. */
void flights_cancel(struct flights *f);

#endif
