/* The body of a webhook, as its alert's destination and the setting payload.style want it.
 * Pure; streams into a buffer, so that 10,000 events cost one pass. */
#ifndef RULES_PAYLOAD_H
#define RULES_PAYLOAD_H

#include "base/buf.h"
#include "base/span.h"
#include "model/alert.h"
#include "model/event.h"

enum payload_style {
    PAYLOAD_DOCUMENTED, /* the document, "Webhook payload structure" */
    PAYLOAD_SERVER,     /* what a live Opik server sends: snake_case outside */
};

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
    enum alert_destination destination;
    enum payload_style style;
    int retries;          /* retry.max, for the server's style */
    const char *base_url; /* where the links of a Slack message lead; NULL: the default */
    const char *severity; /* of a PagerDuty event; NULL: by the event type */
    bool dedup_delivery;  /* PagerDuty: an incident for each delivery, not for (alert, type) */
};

/* The body for head->destination. One for PagerDuty lacks its routing key, which is a
 * secret: see payload_add_routing_key(). False: the buffer failed. */
bool payload_body(const struct payload_head *head, const struct payload_event *events,
                  size_t count, struct buf *out);

/* The general body in either style, which is also PagerDuty's custom_details. The server's
 * has one element of metadata, and one event id, for each request that events came in: the
 * entities in an array where Opik's own event is a list, else the entity. */
bool payload_documented(const struct payload_head *head, const struct payload_event *events,
                        size_t count, struct buf *out);
bool payload_server(const struct payload_head *head, const struct payload_event *events,
                    size_t count, struct buf *out);

/* A Slack message of Block Kit: header of 150 characters at most, sections of 3000, never
 * more than 50 blocks; `&<>` of all that strangers wrote are escaped. */
bool payload_slack(const struct payload_head *head, const struct payload_event *events,
                   size_t count, struct buf *out);

/* A PagerDuty Events v2 "trigger" without its routing_key. */
bool payload_pagerduty(const struct payload_head *head, const struct payload_event *events,
                       size_t count, struct buf *out);

/* Whether a body is one of payload_pagerduty(), and such a body made whole. The result holds
 * a secret: wipe it. */
bool payload_wants_routing_key(struct span body);
bool payload_add_routing_key(struct span body, const char *key, struct buf *out);

/* A bare body as it is sent for an alert, and as it may be shown: with its routing key,
 * where the body wants one, and with the mask of it. `body` is a secret then:
 * buf_init_secret(). */
bool payload_with_key(const struct alert *a, struct span bare, struct buf *body,
                      struct buf *shown);

/* The id that a body names, as the documented style does; else a new one. */
void payload_id(struct span body, int64_t now, char out[UUID_SIZE]);

/* What a head takes from its alert: destination, names and the metadata. Borrowed. */
void payload_head_of(const struct alert *a, struct payload_head *head);

/* A made-up entity of each type, for Test connection and the examples. Static JSON text. */
const char *payload_sample_entity(enum event_type type);

/* A sample body with one sample entity, for an alert as a form shows it; like payload_body()
 * without a routing key. */
bool payload_sample(const struct alert *a, enum payload_style style, int retries,
                    enum event_type type, int64_t now, struct buf *out);

/* The same to be sent as a test: at PagerDuty an incident of its own, which no delivery
 * joins and which joins none. */
bool payload_test(const struct alert *a, enum payload_style style, int retries,
                  enum event_type type, int64_t now, struct buf *out);

#endif
