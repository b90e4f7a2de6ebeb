/* What an alert form is made of. Internal to alert_form.c and alert_form_draw.c. */
#ifndef SCREENS_ALERT_FORM_IMPL_H
#define SCREENS_ALERT_FORM_IMPL_H

#include "base/buf.h"
#include "screens/form_state.h"
#include "screens/reveal.h"
#include "screens/screens.h"
#include "store/alerts.h"
#include "store/projects.h"

struct alert_form {
    struct screen screen;
    struct form_state state;
    struct project_rows projects; /* for the names in scopes */
    struct condition_rows conditions; /* how those of a stored alert stand */
    int top;                      /* the first line that is visible */
    struct canvas lines;          /* where the lines were last drawn; for clicks */
    bool saving;
    char stored[UUID_SIZE];       /* the id that it is being stored with */
    bool telling;                 /* an audit row is written, before a secret is shown */
    struct reveal reveal;
};

int64_t alert_form_now(const struct alert_form *form); /* steady ms */

/* Moves the focus to a place of the screen; *again: it was there already. False: nothing is
 * there. */
bool alert_form_click(struct alert_form *form, int y, int x, bool *again);

/* The example payload of the trigger under the focus, or of the first. False: there is no trigger,
 * or no memory. */
bool alert_form_example(const struct alert_form *form, struct buf *out);

/* The form; on a wide screen also the example payload of a trigger beside it. */
void alert_form_draw(struct alert_form *form, const struct canvas *c);

#endif
