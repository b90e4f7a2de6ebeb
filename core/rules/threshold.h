/* Thresholds: what a condition is compared with, and what it says when it becomes true
 * (Opik's MetricsAlertJob; unlike it, once, and not on every look while it stays true).
 * Pure, but for one thing: the process must leave LC_NUMERIC at "C", as numbers have a point.
 */
#ifndef RULES_THRESHOLD_H
#define RULES_THRESHOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/alert.h"

/* What was counted in the window: errors, scores, spans with a cost or ended traces, and the
 * sum of their values (0 for errors, dollars, seconds). */
struct threshold_sum {
    int64_t count;
    double sum;
};

/* The value to compare. False: an average of nothing, so that nothing can be said. */
bool threshold_value(const struct alert_condition *c, const struct threshold_sum *sum,
                     double *value);

/* Strictly over or under: equal is neither. */
bool threshold_met(const struct alert_condition *c, double value);

/* How a condition stood, as it is kept between two looks. */
struct threshold_state {
    bool met;
    int64_t fired_at; /* steady ms; of the last time that it raised an event */
};

/* Whether it raises an event now: it became true, or it stays true and the last time is
 * repeat_ms ago (0: never again). Moves the state on. */
bool threshold_step(struct threshold_state *state, bool met, int64_t now, int64_t repeat_ms);

/* The entity of the event: metric, value, threshold, window, projects. ids and names are of
 * the scope, with commas between; empty for the whole workspace. */
bool threshold_entity(enum event_type type, const struct alert_condition *c, double value,
                      const char *project_ids, const char *project_names, struct buf *out);

/* A value as decimal text: at most 9 digits after the point, no zeros at the end; one with
 * more digits than there is room for with an exponent. */
enum { THRESHOLD_TEXT_SIZE = 40 };
void threshold_text(double value, char out[THRESHOLD_TEXT_SIZE]);

#endif
