/* Which alerts want an event, and why the others do not. Pure. */
#ifndef RULES_MATCH_H
#define RULES_MATCH_H

#include "model/alert.h"
#include "model/event.h"

enum match_verdict {
    MATCH_YES,
    MATCH_OTHER_WORKSPACE,
    MATCH_DISABLED,
    MATCH_NO_TRIGGER,
    MATCH_OUT_OF_SCOPE,
    MATCH_MEASURED, /* the trigger compares a sum or average with a threshold */
    /* It matches, and a silence keeps it back: only silences_judge() says so. */
    MATCH_HELD,
    MATCH_DROPPED,
};

/* The first reason that stops it, in the order of the enum; else MATCH_YES. */
enum match_verdict match_alert(const struct alert *alert, const struct event_ref *event);

bool match_takes(enum match_verdict v); /* the alert wants it: silenced or not */

/* Words for people. until: when a silence ends, as text; for the others NULL. */
enum { MATCH_WORDS_SIZE = 128 };
void match_verdict_words(enum match_verdict v, const char *until,
                         char out[MATCH_WORDS_SIZE]);

#endif
