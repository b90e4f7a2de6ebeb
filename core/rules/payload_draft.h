/* A general body (payload.h) made of events that come one by one: three lists that grow,
 * and the text around them, which is known at the end. So neither the events nor the body
 * have to be in memory as a whole. Pure. One thread at a time. */
#ifndef RULES_PAYLOAD_DRAFT_H
#define RULES_PAYLOAD_DRAFT_H

#include "rules/payload.h"

enum payload_list { PAYLOAD_IDS, PAYLOAD_USERS, PAYLOAD_METADATA, PAYLOAD_LISTS };

struct payload_user;

struct payload_draft {
    /* The text of each so far. The caller may take some away from the front. */
    struct buf lists[PAYLOAD_LISTS];

    enum payload_style style; /* its own, as the rest */
    enum event_type type;
    size_t count; /* elements of the ids and the metadata */
    bool open;    /* the last element is an array, to which events of its request belong */
    int64_t request; /* that one */
    struct payload_user *users, *latest, *table;
};

void payload_draft_init(struct payload_draft *d, enum payload_style style,
                        enum event_type type);
void payload_draft_free(struct payload_draft *d);

/* Nothing of the event is borrowed. False: no memory, and nothing can be made of it. */
bool payload_draft_add(struct payload_draft *d, const struct payload_event *e);

/* Appends what stands before a list; for PAYLOAD_LISTS what stands after the last one. All
 * events must be there; head->type is the draft's. False: the buffer failed. */
bool payload_draft_around(const struct payload_draft *d, const struct payload_head *head,
                          enum payload_list list, struct buf *out);

#endif
