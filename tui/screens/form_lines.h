/* The lines that the alert form is drawn in, as it stands. Pure. */
#ifndef SCREENS_FORM_LINES_H
#define SCREENS_FORM_LINES_H

#include <stddef.h>

#include "screens/form_state.h"

/* A line of the form: a spot (a header's two stand on one line), a head, a blank, a problem. */
enum form_line_kind { LINE_SPOT, LINE_TRIGGERS_HEAD, LINE_BUTTONS, LINE_BLANK, LINE_PROBLEM };
struct form_line {
    enum form_line_kind kind;
    enum form_spot spot; /* of LINE_SPOT */
    size_t index;
    const char *text;    /* of LINE_PROBLEM */
};

enum { FORM_LINES_MAX = 320 };

/* `lines` has room for FORM_LINES_MAX; how many there are. Texts are borrowed from the form. */
size_t form_lines(const struct form_state *f, struct form_line *lines);

#endif
