/* What a list of alerts asks for: filters, order, page. Internal to intake/. Pure but for
 * the request's arena. */
#ifndef INTAKE_ALERTS_QUERY_H
#define INTAKE_ALERTS_QUERY_H

#include "intake/request.h"
#include "store/store.h"

enum { QUERY_TERMS_MAX = 16 };

enum query_field {
    QUERY_ID,
    QUERY_NAME,
    QUERY_TYPE,
    QUERY_URL,
    QUERY_CREATED_AT,
    QUERY_UPDATED_AT,
    QUERY_CREATED_BY,
    QUERY_UPDATED_BY,
    QUERY_FIELDS
};
extern const char *const QUERY_NAMES[QUERY_FIELDS]; /* all of them can be sorted by */

enum query_operator {
    QUERY_EQUAL,
    QUERY_NOT_EQUAL,
    QUERY_CONTAINS,
    QUERY_NOT_CONTAINS,
    QUERY_STARTS,
    QUERY_ENDS,
    QUERY_GREATER,
    QUERY_GREATER_EQUAL,
    QUERY_LESS,
    QUERY_LESS_EQUAL,
    QUERY_OPERATORS
};

struct query_filter {
    enum query_field field;
    enum query_operator op;
    const char *value; /* in the request's arena */
    int64_t time;      /* value as wall ms, for the two times */
};
struct query_order {
    enum query_field field;
    bool descending;
};

struct alerts_query {
    struct query_filter filters[QUERY_TERMS_MAX];
    size_t filter_count;
    struct query_order orders[QUERY_TERMS_MAX]; /* then by id, newest first */
    size_t order_count;
};

/* Reads the texts of the parameters `filters` and `sorting` (JSON; NULL: none). Text is
 * compared without regard to ASCII case by all but = and !=. ERR_INVALID names the field. */
bool alerts_query_read(struct request *r, const char *filters, const char *sorting,
                       struct alerts_query *q, struct err *err);

bool alerts_query_needs_url(const struct alerts_query *q);
bool alerts_query_fits(const struct alerts_query *q, const struct alert *a);
void alerts_query_sort(const struct alerts_query *q, const struct alert **alerts,
                       size_t count);

#endif
