/* The open connections: the end of those that take too long, of those that keep others out,
 * and the end of all of them.
 *
 * A request has a total time, from its head until its answer is taken, without what it
 * sleeps: that is ours. A new connection has as much for its first head, and an idle time
 * for each further one. One thread shuts down the sockets of those that are over it; it
 * sleeps until the earliest such moment, for ever while nobody is connected. One whose
 * request began and is not here is told 408 before. Times are steady ms of the clock. Any
 * thread.
 *
 * When there are more than `max`, those go that have let us wait for a second or more, the
 * longest first: those that have sent no whole head (idle ones too), then those whose body
 * is not here or whose answer is not taken. Others may be over `max` until then. */
#ifndef INTAKE_PEERS_H
#define INTAKE_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

struct peers;
struct peer;

struct peers *peers_new(const struct clock *clock, int64_t request_ms, int64_t idle_ms,
                        size_t max, struct err *err);
void peers_free(struct peers **p);

struct peer *peers_add(struct peers *p, int fd);       /* NULL: no memory */
void peers_remove(struct peers *p, struct peer *peer); /* before fd is closed */

/* A request begins and ends on a connection; every begin needs its end. False:
 * peers_close() was called, so the request should be refused. */
bool peers_begin(struct peers *p, struct peer *peer);
void peers_end(struct peers *p, struct peer *peer);

/* The rest of a body is thrown away, for in_ms at most. Before peers_received() the words,
 * an answer with "Connection: close", go to its socket in say_ms, or when it is ended,
 * whatever comes first: libmicrohttpd takes no answer in the middle of a body. Once they
 * are said, nothing more is, but what the client sends is still read, as it might miss them
 * otherwise. They are borrowed until peers_received() or peers_end(). peers_cut() ends it
 * now. */
void peers_read_on(struct peers *p, struct peer *peer, struct span words, int64_t say_ms,
                   int64_t in_ms);
void peers_cut(struct peers *p, struct peer *peer);

/* From now on the client waits for us (false: it has been told the words, or that it is
 * late, and is to be closed; nothing of it may be taken); and from now on we wait for it to
 * take the answer. */
bool peers_received(struct peers *p, struct peer *peer);
void peers_answered(struct peers *p, struct peer *peer);

/* How many were told something on their socket since the start, in place of an answer that
 * counts elsewhere: all of the class 4xx. */
unsigned long long peers_told(const struct peers *p);

/* A request is about to sleep until another thread wakes it; every sleep needs its wake.
 * False: it must not, all are going down. */
bool peers_sleep(struct peers *p, struct peer *peer);
void peers_wake(struct peers *p);

/* From now on requests are refused. Waits up to grace_ms (real time) for those under way;
 * after that, none may fall asleep. */
void peers_close(struct peers *p, int64_t grace_ms);
/* Waits until the last sleeping one is awake, and up to answer_ms for its answer to go out. */
void peers_rest(struct peers *p, int64_t answer_ms);

#endif
