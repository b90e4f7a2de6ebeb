/* The conditions of enabled alerts, one row each: how they stood, and when they are looked at
 * again. Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_CONDITIONS_H
#define SQLITE_CONDITIONS_H

#include "store/sqlite/writer.h"

/* After an alert was written: rows for its conditions, due at once; those that did not change
 * keep how they stood. stored: what was there before, NULL: nothing. */
bool conditions_follow(struct tx *tx, const struct alert *a, const struct alert *stored,
                       struct err *err);

/* After an alert was disabled or deleted. */
bool conditions_remove(struct tx *tx, const char *alert_id, struct err *err);

#endif
