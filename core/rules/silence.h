/* When a silence is active, and which one takes an event. Pure: the time comes in as wall
 * ms, the time zone as a value.
 *
 * A window of a weekly schedule begins when the clock of its zone first shows its start,
 * and ends when it last shows its end: an hour that comes twice belongs to it once, as one
 * stretch; a time that the clock passes over is the instant of the jump. Windows that touch
 * are one stretch. */
#ifndef RULES_SILENCE_H
#define RULES_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"
#include "model/silence.h"
#include "rules/match.h"

/* How it stands now, and until when that holds. zone: of its windows; NULL: not known here,
 * and it is never active. */
void silence_look(const struct silence *s, const struct zone *zone, int64_t now,
                  struct silence_state *out);

/* A silence with what was found out about it. */
struct silence_at {
    struct silence silence;
    int64_t row; /* the store's own number for it */
    const struct zone *zone;
    struct silence_state state;
};
struct silences {
    struct silence_at *items;
    size_t count;
};
void silences_free(struct silences *s);
void silences_look(struct silences *s,
                   int64_t now); /* at those whose state holds no more */

/* Whether an event of an alert is one that it speaks of. An event without a project is of
 * none. */
bool silence_covers(const struct silence *s, const char *alert_id,
                    const struct event_ref *event);

/* Of those that are active and cover it the one that takes it: a digest before a drop (what
 * somebody asked to keep is kept), then the one that ends last, then the older one. NULL:
 * none. */
const struct silence_at *silences_pick(const struct silences *s, const char *alert_id,
                                       const struct event_ref *event);

/* match_alert(), and what a silence makes of a match: *until is when that one ends; else 0.
 */
enum match_verdict silences_judge(const struct silences *s, const struct alert *alert,
                                  const struct event_ref *event, int64_t *until);

#endif
