/* Alerts as the JSON of Opik's alerts API (reference: the SDK's AlertWrite and its
 * answers). */
#ifndef MODEL_ALERT_JSON_H
#define MODEL_ALERT_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "model/alert.h"

enum alert_json_secrets {
    ALERT_JSON_MASKED, /* token, header values and secret metadata as masks: the default */
    ALERT_JSON_HIDDEN, /* the same, and the URL as its mask: what is printed or exported */
    ALERT_JSON_PLAIN,  /* an export that was asked for with its secrets */
};

/* Reads one alert. Explicit null counts as absent; unknown keys are ignored; an event type,
 * config type or group that cannot be evaluated is ERR_UNSUPPORTED, never ignored;
 * project_id together with a scope config is ERR_INVALID. Ids that are missing are left
 * empty (the store makes them), ids that are there must be UUIDs of version 7. `out` is
 * initialised here and owned by the caller; on failure it is empty. Does not judge the
 * values: alert_check() does. */
bool alert_from_json(struct span text, struct alert *out, struct err *err);

/* Appends one object with every field that clients validate. False: the buffer failed. */
bool alert_to_json(const struct alert *a, enum alert_json_secrets secrets, struct buf *out);

/* The mask of a secret: up to 12 characters all asterisks, longer ones keep three at each
 * end. Whole characters, as many as the secret has. */
bool alert_mask(const char *secret, struct buf *out);

/* The mask of a URL, whose path often is a credential: "https://hooks.slack.com/…XXXX", without
 * the last four characters where less than twelve follow the host. A URL without a path is its
 * own mask; what is no endpoint gives "?". */
bool alert_url_mask(const char *url, struct buf *out);

/* Gives `next` the secrets of `stored` where it carries exactly their masks, and then its
 * revision too: what replaces an alert that was changed meanwhile would bring old secrets
 * back. ERR_INVALID (an answer of 422) where a mask comes back although scheme, host or
 * port of the URL changed, or for a mask with nothing stored behind it (stored == NULL: a
 * create). */
bool alert_keep_masked(struct alert *next, const struct alert *stored, struct err *err);

#endif
