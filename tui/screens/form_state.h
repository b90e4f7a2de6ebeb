/* The alert form without a screen: what is typed so far, what is wrong with it, where the focus
 * is. Tested without a terminal. */
#ifndef SCREENS_FORM_STATE_H
#define SCREENS_FORM_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/alert.h"
#include "widgets/field.h"

enum form_spot {
    SPOT_NAME,
    SPOT_ENABLED,
    SPOT_DESTINATION,
    SPOT_URL,
    SPOT_BASE_URL,    /* Slack and PagerDuty, as the next three */
    SPOT_ROUTING_KEY, /* PagerDuty */
    SPOT_SEVERITY,
    SPOT_DEDUP,
    SPOT_ADVANCED,
    SPOT_TOKEN,
    SPOT_HEADER_NAME,  /* index: which header */
    SPOT_HEADER_VALUE,
    SPOT_ADD_HEADER,
    SPOT_SIGNING,
    SPOT_PREVIOUS, /* only while there is a previous signing secret */
    SPOT_TLS_CA,
    SPOT_TLS_CERT,
    SPOT_TLS_KEY,
    SPOT_INSECURE,
    SPOT_TRIGGER,      /* index: which trigger */
    SPOT_ADD_TRIGGER,
    SPOT_SAVE,
    SPOT_TEST,
    SPOT_CANCEL,
};

struct form_header {
    struct field name, value;
};

enum { FORM_PROBLEMS_MAX = 32 };

struct form_state {
    struct alert alert; /* ids, stamps, triggers; the fields below win for the rest */
    struct field name, url, token, base_url, routing_key, signing;
    struct field tls_ca, tls_cert, tls_key;
    bool enabled, advanced, insecure;
    bool drop_previous; /* the previous signing secret stops signing when it is saved */
    enum alert_destination destination;
    int severity; /* of FORM_SEVERITIES; 0: automatic */
    bool dedup_delivery;
    struct form_header headers[ALERT_HEADERS_MAX];
    size_t header_count;
    enum form_spot focus;
    size_t index;
    struct alert_problem problems[FORM_PROBLEMS_MAX];
    size_t problem_count;
    bool for_test; /* what it was judged for */
    char *initial; /* what it began with, to tell whether anything changed; a secret */
};

extern const char *const FORM_SEVERITIES[];
enum { FORM_SEVERITY_COUNT = 5 };

bool form_init(struct form_state *f,
               const struct alert *edit); /* NULL: a new alert; false: no memory */
void form_free(struct form_state *f);

/* The alert as the form stands, owned by the caller. */
bool form_alert(const struct form_state *f, struct alert *out);
bool form_changed(const struct form_state *f);

/* Judges it; on problems the focus goes to the first, and false is returned (with none: there
 * is no memory). Secrets that are still those that it began with are one where the URL's
 * scheme, host or port is not. */
bool form_check(struct form_state *f, bool for_test);

/* Where there were problems: those that are mended are none any more. To be called after a
 * change. */
void form_judge_again(struct form_state *f);

void form_move(struct form_state *f, int by); /* +1 the next spot, -1 the one before */
struct field *form_field(struct form_state *f); /* under the focus; NULL: it is none */
/* Of the choice under the focus: +1 the next one, -1 the one before. False: there is none.
 */
bool form_choose(struct form_state *f, int by);
bool form_add_header(struct form_state *f);      /* and focuses it */
bool form_remove(struct form_state *f);          /* the header or trigger under the focus */
/* Focuses the first that is new: its projects and threshold are chosen next. */
void form_set_triggers(struct form_state *f, unsigned chosen);
unsigned form_triggers(const struct form_state *f);

#endif
