/* What an alert made of an event, as the verbs print it. */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "base/buf.h"
#include "rules/match.h"

/* until: when a silence ends, wall ms; 0: none */
void verdict_words(enum match_verdict v, int64_t until, char out[MATCH_WORDS_SIZE]);

/* Appends the reason as a JSON string, and "silenced_until" after it. */
void verdict_json(enum match_verdict v, int64_t until, struct buf *out);

#endif
