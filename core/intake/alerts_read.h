/* What the routes of the alerts API share. Each fails the request and answers false where it
 * cannot. Internal to intake/. */
#ifndef INTAKE_ALERTS_READ_H
#define INTAKE_ALERTS_READ_H

#include "intake/request.h"
#include "model/alert.h"

/* The body as an alert of the request's workspace (400 what cannot be read), its values not
 * judged yet. id: that of the path, which counts; NULL: the body's. The caller frees *a. */
bool alerts_read_body(struct request *r, const char *id, struct alert *a);

/* The stored alert with its secrets, which the caller frees if it was found. */
bool alerts_find(struct request *r, const char *id, bool *found, struct alert *stored);

/* Masks in `a` become the secrets of `stored` (NULL: none) and signing secrets what
 * signing_settle() makes of them; then the values are judged. Else 422. */
bool alerts_complete(struct request *r, struct alert *a, const struct alert *stored,
                     bool for_test);

#endif
