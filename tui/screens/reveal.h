/* A secret that is shown on purpose, for ten seconds. One at a time. */
#ifndef SCREENS_REVEAL_H
#define SCREENS_REVEAL_H

#include <stdint.h>

#include "widgets/field.h"

enum { REVEAL_MS = 10000 };

struct reveal {
    struct field *field; /* borrowed; NULL: nothing is shown */
    int64_t until;       /* steady ms */
};

void reveal_begin(struct reveal *r, struct field *field, int64_t now);
void reveal_end(struct reveal *r); /* hides it; to be called before the field moves or goes */

/* Hides it when its time is over; how many ms are left, -1: nothing is shown. */
int64_t reveal_left(struct reveal *r, int64_t now);

#endif
