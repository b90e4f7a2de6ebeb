/* What an alert form is made of. Internal to alert_form.c and alert_form_draw.c. */
#ifndef SCREENS_ALERT_FORM_IMPL_H
#define SCREENS_ALERT_FORM_IMPL_H

#include "screens/form_state.h"
#include "screens/screens.h"

struct alert_form {
    struct screen screen;
    struct form_state state;
    struct project_rows projects; /* for the names in scopes */
    struct condition_rows conditions; /* how those of a stored alert stand */
    int top;                      /* the first line that is visible */
    bool saving;
};

/* The form; on a wide screen also the example payload of a trigger beside it. */
void alert_form_draw(struct alert_form *form, const struct canvas *c);

#endif
