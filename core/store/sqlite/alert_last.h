/* The newest delivery of each alert, as lists of alerts show it. Internal to store/sqlite;
 * the writer thread. */
#ifndef SQLITE_ALERT_LAST_H
#define SQLITE_ALERT_LAST_H

#include "model/delivery.h"
#include "store/sqlite/writer.h"

enum { STATUS_AS_IT_WAS = -1 }; /* no attempt ended */

struct alert_last {
    int64_t alert;    /* its row */
    int64_t delivery; /* its row */
    enum delivery_state state;
    /* Of its last attempt; 0: none, or no answer. STATUS_AS_IT_WAS: only of one alone. */
    int status;
};

/* Notes each as its alert's newest, if it still is, one after the other. A delivery that is
 * being sent need not be noted: its own row tells. */
bool alert_last_note(struct tx *tx, const struct alert_last *lasts, size_t count,
                     struct err *err);

#endif
