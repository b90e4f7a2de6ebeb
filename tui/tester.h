/* A connection test: one sample delivery sent as an alert stands, saved or not, on a thread of
 * its own so that the console stays alive. */
#ifndef TUI_TESTER_H
#define TUI_TESTER_H

#include "base/clock.h"
#include "base/err.h"
#include "model/alert.h"
#include "model/outcome.h"
#include "model/settings.h"

struct tester;

/* Sends `body`, or without one (at NULL) a sample of `type`, to the alert's endpoint with its token
 * and headers. `done` runs on the tester's thread and must only wake somebody. */
struct tester *tester_start(const struct alert *alert, enum event_type type, struct span body,
                            const struct settings *settings, const struct clock *clock,
                            void (*done)(void *arg), void *arg, struct err *err);
void tester_cancel(struct tester *t); /* done comes soon */

/* The outcome once it is there (borrowed until tester_free); NULL: still under way. */
const struct outcome *tester_outcome(struct tester *t);
const char *tester_body(const struct tester *t); /* what was sent, a routing key masked */
void tester_free(struct tester **t); /* cancels and waits */

/* One line for people: "200 in 35 ms", "404 Not Found in 35 ms", "connection refused".
 * True: 2xx. More of a failure: diagnosis.h. */
bool tester_words(const struct outcome *o, char *out, size_t size);

#endif
