/* The sample of events with what each alert made of them. Internal to store/sqlite; the writer
 * thread. */
#ifndef SQLITE_ACTIVITY_H
#define SQLITE_ACTIVITY_H

#include "store/sqlite/writer.h"

enum {
    ACTIVITY_KEPT = 10000,
    ACTIVITY_A_SECOND = 100,
    ACTIVITY_JUDGED_A_SECOND = 200000, /* alerts that those are held against */
    ACTIVITY_VERDICTS_MAX = 50,
};

/* What the sampling remembers between transactions. */
struct activity {
    int64_t second;      /* wall seconds */
    int kept;            /* in that second */
    int64_t passed_over; /* since the last one that was kept */
};

/* Keeps an event, unless enough of this second are kept. `project` is its name; empty: none. */
bool activity_note(struct tx *tx, const struct event_ref *event, struct span project,
                   const char *user, struct err *err);

#endif
