/* The body of a large bucket, made over several steps of the writer, so that none of them
 * is a long one: all else waits while a step runs. One at a time, and in memory only, its
 * long texts packed: until it is whole the bucket stays open, and what becomes of it is
 * decided by the step that makes the delivery. Whatever was changed meanwhile, by any
 * process, is found out by the next step; without trust in it the draft begins anew.
 * Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_DRAFT_H
#define SQLITE_DRAFT_H

#include "rules/payload.h"
#include "store/sqlite/bodies.h"
#include "store/sqlite/writer.h"

enum {
    DRAFT_SLICE = 1 << 20
}; /* bytes of events in one step; of a larger bucket a draft is made */

struct draft;

/* As the bucket's row says now. */
struct draft_bucket {
    int64_t row, opened_at, kept, bytes;
    const char *alert_id; /* borrowed */
    enum event_type type;
    enum payload_style style;
};

enum draft_state {
    DRAFT_GROWS,   /* there is more to read */
    DRAFT_WHOLE,   /* all that is kept is in it */
    DRAFT_DAMAGED, /* there is no more, and something is missing: it is thrown away */
};

/* Adds the next events of this bucket to its draft, which begins here where there is none
 * or it is of something else. What came in since the last step is added to the slice, so
 * that the draft is whole after as many steps as the bucket had slices, however much goes
 * on coming. After a failure there is none. */
bool draft_go_on(struct tx *tx, const struct draft_bucket *b, enum draft_state *state,
                 struct err *err);

/* The whole body, for the caller to free; the draft is gone, also after a failure. */
bool draft_finish(struct store *s, const struct payload_head *head, struct body_parts *out,
                  struct err *err);

/* After a commit; and after a transaction that came to nothing: what grew in it may hold
 * what was written there. */
void draft_settle(struct store *s);
void draft_undo(struct store *s);

void draft_forget(struct store *s);                     /* if there is one */
void draft_forget_bucket(struct store *s, int64_t row); /* if it is of that */

#endif
