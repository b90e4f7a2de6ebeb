/* A sample of the events that came, with what became of each. A part of the contract in
 * store.h. */
#ifndef STORE_ACTIVITY_H
#define STORE_ACTIVITY_H

#include "base/uuid.h"
#include "model/event.h"
#include "rules/match.h"
#include "store/store.h"

/* An event of the sample that is kept (at most 100 a second, the last 10,000), and what
 * each alert of its workspace made of it. */
struct activity_row {
    int64_t seq, at;                  /* at: wall ms */
    char *workspace, *project, *user; /* project NULL: the event has none */
    enum event_type type;
    int64_t matched, considered; /* alerts */
    int64_t passed_over;         /* events since the row before that are not kept */
    char *verdicts;              /* for activity_each_verdict() */
};
struct activity_rows {
    struct activity_row *items;
    size_t count;
};
/* Newest first, those with seq < before (INT64_MAX: the newest). */
bool store_activity_list(struct store_reader *r, const char *workspace, int64_t before,
                         int64_t limit, struct activity_rows *out, struct err *err);
void activity_rows_free(struct activity_rows *rows);

struct activity_verdict {
    char alert_id[UUID_SIZE];
    const char *alert_name; /* as it was then */
    enum match_verdict verdict;
    int64_t until; /* wall ms, of one that is silenced; else 0 */
};
/* The first 50, those that took it before those that something stopped. Borrowed for the
 * call. */
typedef void activity_verdict_fn(void *arg, const struct activity_verdict *v);
void activity_each_verdict(const struct activity_row *row, activity_verdict_fn *fn,
                           void *arg);

#endif
