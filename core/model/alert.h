/* An alert: who is told, where, and about which events. Plain data; no I/O.
 *
 * All strings are malloc'ed and owned by the struct; secrets (the token, header values, the
 * metadata with PagerDuty's routing key, and the URL, whose path often is a credential) are
 * wiped when freed. NULL means "not set". Pure; any thread. */
#ifndef MODEL_ALERT_H
#define MODEL_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "model/event.h"

#define ALERT_NAME_MAX         255  /* characters */
#define ALERT_TOKEN_MAX        4096 /* bytes */
#define ALERT_URL_MAX          8192 /* bytes */
#define ALERT_HEADERS_MAX      64
#define ALERT_HEADER_VALUE_MAX 8192
#define ALERT_SCOPE_MAX        1000          /* projects of one trigger */
#define ALERT_METADATA_MAX     64            /* members */
#define ALERT_CONDITIONS_MAX   16            /* of one trigger */
#define ALERT_WINDOW_MAX_S     (31 * 86400)  /* what the counters of thresholds remember */

/* The members of the metadata that mean something here; others are kept for clients. */
#define ALERT_ROUTING_KEY "routing_key" /* PagerDuty's, a secret */
#define ALERT_BASE_URL    "base_url"    /* where links in messages lead */
#define ALERT_SEVERITY    "severity"    /* of PagerDuty events: critical, error, warning, info */
#define ALERT_DEDUP       "dedup"       /* PagerDuty incidents: one an "alert" or a "delivery" */
/* TLS of this alert alone: absolute paths of PEM files on this host. */
#define ALERT_TLS_CA       "tls_ca_file"     /* whom it trusts, instead of delivery.ca_file */
#define ALERT_TLS_CERT     "tls_client_cert" /* what it shows of itself */
#define ALERT_TLS_KEY      "tls_client_key"  /* of that; not set: it stands in the same file */
#define ALERT_TLS_INSECURE "tls_insecure"    /* "true": whoever answers is believed */
/* Standard Webhooks 1.0.0: secrets are "whsec_" and the base64 of 24 to 64 bytes. */
#define ALERT_SIGNING_SECRET   "signing_secret"         /* a secret; what is sent is signed */
#define ALERT_SIGNING_PREVIOUS "signing_previous"       /* a secret; signs beside it... */
#define ALERT_SIGNING_UNTIL    "signing_previous_until" /* ...until this ISO 8601 time */
#define ALERT_SIGNING_GENERATE "generate" /* as signing_secret: one is made when it is stored */

enum alert_destination { DESTINATION_GENERAL, DESTINATION_SLACK, DESTINATION_PAGERDUTY };

const char *alert_destination_name(enum alert_destination d);
bool alert_destination_parse(struct span name, enum alert_destination *d);

struct alert_header {
    char *name, *value;
};

struct alert_metadata {
    char *key, *value;
};

/* What a trigger compares with a limit instead of following events one by one: a sum or an
 * average over the last `window_s` seconds. */
enum condition_kind {
    CONDITION_ERRORS,   /* how many traces failed */
    CONDITION_FEEDBACK, /* the average of the score `name` */
    CONDITION_COST,     /* US dollars, all spans together */
    CONDITION_LATENCY,  /* the average duration of traces, seconds */
    CONDITION_KINDS
};
const char *condition_kind_name(enum condition_kind k); /* threshold:errors */
bool condition_kind_parse(struct span name, enum condition_kind *k);
/* The kind that an event type can be measured by. False: it has none. */
bool condition_kind_of(enum event_type type, enum condition_kind *k);

struct alert_condition {
    char id[UUID_SIZE];
    enum condition_kind kind;
    char *threshold; /* decimal digits as they were given */
    int64_t window_s;
    bool below; /* true when the value is under the threshold; else when it is over */
    char *name; /* of the score; NULL: not a score */
};

/* An event type of an alert. scoped == false: every project, future ones too. scoped with
 * no project matches nothing. Prompt triggers are never scoped. With conditions it is raised
 * when one of them becomes true, and not by events. */
struct alert_trigger {
    char id[UUID_SIZE];
    enum event_type type;
    bool scoped;
    char scope_id[UUID_SIZE]; /* the id of its scope:project config; empty: none yet */
    char (*projects)[UUID_SIZE];
    size_t project_count;
    struct alert_condition *conditions;
    size_t condition_count;
};

struct alert {
    char id[UUID_SIZE];
    char webhook_id[UUID_SIZE];
    char *workspace;
    char *name;
    bool enabled;
    enum alert_destination destination;
    struct alert_metadata *metadata; /* some of them secrets: alert_metadata_is_secret() */
    size_t metadata_count;
    char project_id[UUID_SIZE]; /* scopes every observability trigger; empty: none */
    char *url;
    char *token;
    struct alert_header *headers;
    size_t header_count;
    struct alert_trigger *triggers;
    size_t trigger_count;
    int64_t created_at, updated_at; /* wall ms */
    char *created_by, *updated_by;
    int64_t revision; /* counts changes; 0: not stored yet. For "changed meanwhile" */
};

void alert_init(struct alert *a); /* an empty, enabled, general alert without an id */
enum event_type alert_first_type(const struct alert *a); /* of its triggers; trace:errors: none */
void alert_free(struct alert *a); /* frees what it holds, not the struct; leaves it empty */
bool alert_copy(struct alert *to,
                const struct alert *from); /* `to` is overwritten unread */

/* Whether both say the same, whatever their ids, stamps and workspaces. */
bool alert_same_content(const struct alert *a, const struct alert *b);

/* Which parts of an alert a change is about, as words: "name, token, triggers, disabled". No
 * value stands there, but the origin of a changed endpoint. */
void alert_changes(const struct alert *from, const struct alert *to, char *out, size_t size);

/* Makes it a new alert with the same content: no ids, stamps or revision. */
void alert_forget_ids(struct alert *a);

/* Whether any trigger has a condition of that id. */
bool alert_has_condition(const struct alert *a, const char *id);

/* Gives `next`, which replaces `stored`, the ids that it lacks of what says the same there:
 * its webhook, triggers of the same type, equal conditions, which so stay as they stand. */
void alert_keep_ids(struct alert *next, const struct alert *stored);

/* Setters copy; false: no memory. An empty text or NULL unsets. */
bool alert_set(char **field, const char *text);
bool alert_set_secret(char **field, const char *text);
bool alert_add_header(struct alert *a, const char *name, const char *value);
/* The value of a member, NULL: none. Setting replaces; NULL or "" removes. */
const char *alert_metadata(const struct alert *a, const char *key);
bool alert_set_metadata(struct alert *a, const char *key, const char *value);
bool alert_metadata_is_secret(const char *key); /* sealed, and masked wherever it is shown */
bool alert_is_insecure(const struct alert *a);  /* does not verify who answers */
struct alert_trigger *alert_add_trigger(struct alert *a,
                                        enum event_type type); /* has one: that */
struct alert_trigger *alert_trigger_of(const struct alert *a, enum event_type type);
void alert_remove_trigger(struct alert *a, enum event_type type);
bool alert_trigger_add_project(struct alert_trigger *t, const char *project_id);
/* Copies the condition with its texts. */
bool alert_trigger_add_condition(struct alert_trigger *t, const struct alert_condition *c);
void alert_trigger_clear_conditions(struct alert_trigger *t);

/* What is wrong with an alert, field by field, in words; a form shows each beside its
 * field. index counts headers or triggers. Returns the number of problems (at most max are
 * written). `for_test`: a connection test may lack a name and triggers. */
enum alert_field {
    ALERT_FIELD_NAME,
    ALERT_FIELD_URL,
    ALERT_FIELD_TOKEN,
    ALERT_FIELD_HEADER_NAME,
    ALERT_FIELD_HEADER_VALUE,
    ALERT_FIELD_TRIGGERS,
    ALERT_FIELD_SCOPE,
    ALERT_FIELD_CONDITION, /* index counts triggers */
    ALERT_FIELD_ROUTING_KEY,
    ALERT_FIELD_BASE_URL,
    ALERT_FIELD_SEVERITY,
    ALERT_FIELD_SIGNING,
    ALERT_FIELD_TLS_CA,
    ALERT_FIELD_TLS_CERT,
    ALERT_FIELD_TLS_KEY,
    ALERT_FIELD_METADATA,
};
struct alert_problem {
    enum alert_field field;
    size_t index;
    char text[96];
};
size_t alert_check(const struct alert *a, bool for_test, struct alert_problem *problems,
                   size_t max);

/* Why a header name or value cannot be sent (RFC 9110 5.1, 5.5; the names that we own:
 * Host, Content-Length, Transfer-Encoding, Connection, Expect, TE, Trailer, Upgrade). NULL:
 * fine. */
const char *alert_header_name_problem(const char *name);
const char *alert_header_value_problem(const char *value);

/* The headers of a signature, which a custom header must not be where an alert signs. */
bool alert_header_is_signature(const char *name);

/* The key in a signing secret; the caller wipes it. False: the text is none. */
enum { ALERT_SIGNING_KEY_MIN = 24, ALERT_SIGNING_KEY_MAX = 64 };
bool alert_signing_key(const char *secret, unsigned char key[ALERT_SIGNING_KEY_MAX],
                       size_t *len);

/* Why a text is no threshold: a decimal number, digits and one point, with or without a minus.
 * NULL: fine. */
const char *alert_threshold_problem(const char *text);

/* Why a URL is no endpoint: scheme, host, user info, controls. NULL: fine. */
const char *alert_url_problem(const char *url);

/* scheme://host[:port] of a URL, all that may be shown of it; bad URLs give "?". */
void alert_url_origin(const char *url, char *out, size_t size);

/* Whether scheme, host and port are the same, default ports and letter case aside. A bad or
 * missing URL has no origin, so it equals none. */
bool alert_url_same_origin(const char *a, const char *b);

#endif
