/* The webhook body in the documented style (the document, "Webhook payload structure").
 * Pure; streams into a buffer, so that 10,000 events cost one pass. */
#ifndef RULES_PAYLOAD_H
#define RULES_PAYLOAD_H

#include "base/buf.h"
#include "base/span.h"
#include "model/event.h"

struct payload_event {
    const char *id; /* UUIDv7, made when it was accepted */
    struct span user;
    int64_t request;    /* the request that it came in */
    struct span entity; /* one JSON object */
};

struct payload_head {
    const char *delivery_id, *alert_id, *alert_name, *workspace;
    enum event_type type;
    int64_t created_at; /* wall ms */
    int64_t truncated;  /* events left out; 0: the field is absent */
};

/* False: the buffer failed. */
bool payload_documented(const struct payload_head *head, const struct payload_event *events,
                        size_t count, struct buf *out);

/* A made-up entity of each type, for Test connection and the examples. Static JSON text. */
const char *payload_sample_entity(enum event_type type);

/* A whole sample body with one sample entity, for an alert as a form shows it. */
bool payload_sample(const char *alert_id, const char *alert_name, const char *workspace,
                    enum event_type type, int64_t now, struct buf *out);

#endif
