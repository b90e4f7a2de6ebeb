/* What the store's values are called on the screen. Pure. */
#ifndef SCREENS_WORDS_H
#define SCREENS_WORDS_H

#include <stddef.h>

#include "model/delivery.h"
#include "store/alerts.h"
#include "term.h"

/* "delivered", "retry in 4 s: ...", "gave up: ...", "dropped: ...", and its style. `now` is
 * steady ms: a retry counts down, one that is over only says that there was one, and one
 * that never came says why. Where there is no room for both in `columns`, a retry says why
 * and not when. */
enum style words_next(const struct log_row *row, int64_t now, int columns, char *out,
                      size_t size);
bool words_counts_down(const struct log_row *row, int64_t now); /* it says "retry in" */

/* A wait as whole seconds, rounded up: it never says 0 while it waits. */
void words_wait(int64_t ms, char out[24]);

/* "12 m 05 s"; what is longer than `columns` becomes "12 m". */
void words_duration(int64_t ms, int columns, char out[24]);

/* "18149"; what is longer than `columns` becomes "18k", rounded down, and so on to "18G": a
 * number that is cut would be taken for a smaller one. */
void words_count(int64_t count, int columns, char out[24]);

/* Why nothing is sent to an endpoint, and for how long: "open, probe in 4 s" of a breaker, "paused,
 * 4 s" of one that asked to wait; what is longer than `columns` becomes "open 4 s", "wait 4 s",
 * "wait 4 m". */
void words_left_alone(bool open, int64_t ms, int columns, char *out, size_t size);

/* "delivered 200", "retrying 500", "-". */
enum style words_last(const struct alert_row *row, char *out, size_t size);

/* Its name, with a "!" that is there in any width where nobody verifies who answers. */
enum style words_name(const struct alert_row *row, char *out, size_t size);

/* Where an alert sends to: its endpoint's origin, loud where nobody verifies who answers. */
enum style words_endpoint(const struct alert_row *row, char *out, size_t size);

/* "errors, guardrails (scoped)"; what is longer than `columns` becomes "errors +1". */
void words_triggers(unsigned triggers, unsigned scoped, int columns, char *out, size_t size);

enum style words_state(enum delivery_state state);

#endif
