/* Deliveries that a step makes of buckets, several rows with one statement. Internal to
 * store/sqlite; the writer thread. */
#ifndef SQLITE_BIRTHS_H
#define SQLITE_BIRTHS_H

#include "base/buf.h"
#include "model/delivery.h"
#include "store/sqlite/bodies.h"
#include "store/sqlite/writer.h"

enum { BIRTHS_AT_ONCE = 8 };

struct birth {
    char id[UUID_SIZE];
    const char *alert_id, *alert_name, *workspace, *endpoint; /* borrowed */
    int64_t alert;                                            /* its row */
    enum event_type type;
    enum delivery_state
        state; /* SENDING from its first moment where it is claimed at once */
    int64_t events, truncated;
    struct buf body;
    struct body_parts parts; /* instead of it, where there are some */
    int64_t row; /* once it is written */
};

/* Writes up to BIRTHS_AT_ONCE deliveries with their bodies, and fills their rows. What is
 * not being sent is noted as its alert's newest; the others are once their outcome is
 * recorded. */
bool births_write(struct tx *tx, struct birth *births, size_t count, struct err *err);

#endif
