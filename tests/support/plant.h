/* What tests/torture/test_canary.c plants, and receivers that say it back. */
#ifndef SUPPORT_PLANT_H
#define SUPPORT_PLANT_H

#include "support/canary.h"
#include "support/receiver.h"

enum {
    CANARY_TOKEN,
    CANARY_HEADER,
    CANARY_PATH,
    CANARY_QUERY,
    CANARY_USERINFO,
    CANARY_ROUTING,
    CANARY_SIGNING,
    CANARY_API_KEY,
    CANARY_PASSPHRASE,
    CANARY_CLIENT,
    CANARY_COUNT
};

/* What is planted is longer: a mask shows three characters at each end. */
extern const struct canary CANARIES[CANARY_COUNT];

/* An alert with every secret that one can have, whose URL begins with base; `more` members
 * of its metadata, each with a comma before it. */
void plant_alert(const char *name, const char *base, const char *more, char *out,
                 size_t size);

/* One of PagerDuty's, with the secrets that these have. */
void plant_pagerduty(const char *base, char *out, size_t size);

/* Every way to give a secret of an alert wrongly; false: there are no more than i. */
bool plant_mistake(size_t i, char *out, size_t size);

/* Answers with all that a request of such an alert carried; and with what a PagerDuty event
 * did. */
struct receiver *plant_echo(void);
struct receiver *plant_pages(void);

#endif
