#include "intake/alerts_query.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/timefmt.h"

const char *const QUERY_NAMES[QUERY_FIELDS] = {
    [QUERY_ID] = "id",
    [QUERY_NAME] = "name",
    [QUERY_TYPE] = "alert_type",
    [QUERY_URL] = "webhook_url",
    [QUERY_CREATED_AT] = "created_at",
    [QUERY_UPDATED_AT] = "last_updated_at",
    [QUERY_CREATED_BY] = "created_by",
    [QUERY_UPDATED_BY] = "last_updated_by",
};

static const char *const OPERATORS[QUERY_OPERATORS] = {
    "=", "!=", "contains", "not_contains", "starts_with", "ends_with", ">", ">=", "<", "<="};

static int find(const char *const *names, int count, const char *name)
{
    for (int i = 0; name && i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static bool is_time(enum query_field f)
{
    return f == QUERY_CREATED_AT || f == QUERY_UPDATED_AT;
}

static bool operator_fits(enum query_field field, enum query_operator op)
{
    if (op == QUERY_EQUAL || op == QUERY_NOT_EQUAL)
        return true;
    if (is_time(field))
        return op >= QUERY_GREATER;
    return op < QUERY_GREATER && field != QUERY_TYPE;
}

/* ------------------------------------------------------------------ reading */

static bool read_filter(struct request *r, struct js_value item, struct query_filter *f,
                        struct err *err)
{
    const char *field, *op;
    if (!request_text(r, item, "field", &field, err) ||
        !request_text(r, item, "operator", &op, err) ||
        !request_text(r, item, "value", &f->value, err))
        return false;
    int which = find(QUERY_NAMES, QUERY_FIELDS, field);
    int how = find(OPERATORS, QUERY_OPERATORS, op);
    if (which < 0)
        return err_set(err, ERR_INVALID, "filters: alerts have no field %.60s to filter by",
                       field ? field : "(none)");
    f->field = (enum query_field)which;
    f->op = (enum query_operator)how;
    if (how < 0 || !operator_fits(f->field, f->op))
        return err_set(err, ERR_INVALID, "filters: %s does not take the operator %.30s",
                       field, op ? op : "(none)");
    if (!f->value)
        return err_set(err, ERR_INVALID, "filters: %s has no value", field);
    return !is_time(f->field) || timefmt_parse_iso(span_of(f->value), &f->time) ||
           err_set(err, ERR_INVALID, "filters: %s: the value must be a time, as "
                                     "2026-01-02T03:04:05Z", field);
}

static bool read_order(struct request *r, struct js_value item, struct query_order *o,
                       struct err *err)
{
    const char *field, *direction;
    if (!request_text(r, item, "field", &field, err) ||
        !request_text(r, item, "direction", &direction, err))
        return false;
    int which = find(QUERY_NAMES, QUERY_FIELDS, field);
    if (which < 0)
        return err_set(err, ERR_INVALID, "sorting: alerts have no field %.60s to sort by",
                       field ? field : "(none)");
    o->field = (enum query_field)which;
    o->descending = direction && ascii_same(direction, "DESC");
    return o->descending || !direction || ascii_same(direction, "ASC") ||
           err_set(err, ERR_INVALID, "sorting: the direction must be ASC or DESC");
}

/* The items of a parameter; false: it is no array, or too long. */
static bool open_list(const char *text, const char *name, struct js_iter *it,
                      struct err *err)
{
    struct js_value root = {0};
    struct err why;
    js_iter(it, root);
    if (!text || !*text)
        return true;
    if (!js_parse(span_of(text), &root, &why) || root.type != JS_ARRAY ||
        js_count(root) > QUERY_TERMS_MAX)
        return err_set(err, ERR_INVALID, "%s: must be a JSON array of at most %d items", name,
                       (int)QUERY_TERMS_MAX);
    js_iter(it, root);
    return true;
}

bool alerts_query_read(struct request *r, const char *filters, const char *sorting,
                       struct alerts_query *q, struct err *err)
{
    struct js_iter it;
    struct js_item item;
    *q = (struct alerts_query){0};
    if (!open_list(filters, "filters", &it, err))
        return false;
    while (js_next(&it, &item))
        if (!read_filter(r, item.value, &q->filters[q->filter_count++], err))
            return false;
    if (!open_list(sorting, "sorting", &it, err))
        return false;
    while (js_next(&it, &item))
        if (!read_order(r, item.value, &q->orders[q->order_count++], err))
            return false;
    return true;
}

bool alerts_query_needs_url(const struct alerts_query *q)
{
    for (size_t i = 0; i < q->filter_count; i++)
        if (q->filters[i].field == QUERY_URL)
            return true;
    for (size_t i = 0; i < q->order_count; i++)
        if (q->orders[i].field == QUERY_URL)
            return true;
    return false;
}

/* ------------------------------------------------------------------ judging */

static const char *text_of(const struct alert *a, enum query_field field)
{
    const char *text = NULL;
    switch (field) {
    case QUERY_ID:
        return a->id;
    case QUERY_TYPE:
        return alert_destination_name(a->destination);
    case QUERY_NAME:
        text = a->name;
        break;
    case QUERY_URL:
        text = a->url;
        break;
    case QUERY_CREATED_BY:
        text = a->created_by;
        break;
    case QUERY_UPDATED_BY:
        text = a->updated_by;
        break;
    default:
        break;
    }
    return text ? text : "";
}

static int64_t time_of(const struct alert *a, enum query_field field)
{
    return field == QUERY_CREATED_AT ? a->created_at : a->updated_at;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return end_len <= len && ascii_same(text + len - end_len, end);
}

static bool text_fits(const char *text, enum query_operator op, const char *value)
{
    switch (op) {
    case QUERY_EQUAL:
        return strcmp(text, value) == 0;
    case QUERY_NOT_EQUAL:
        return strcmp(text, value) != 0;
    case QUERY_CONTAINS:
        return ascii_find(text, value) != NULL;
    case QUERY_NOT_CONTAINS:
        return ascii_find(text, value) == NULL;
    case QUERY_STARTS:
        return ascii_same_n(text, value, strlen(value));
    default:
        return ends_with(text, value);
    }
}

static bool time_fits(int64_t time, enum query_operator op, int64_t value)
{
    switch (op) {
    case QUERY_EQUAL:
        return time == value;
    case QUERY_NOT_EQUAL:
        return time != value;
    case QUERY_GREATER:
        return time > value;
    case QUERY_GREATER_EQUAL:
        return time >= value;
    case QUERY_LESS:
        return time < value;
    default:
        return time <= value;
    }
}

bool alerts_query_fits(const struct alerts_query *q, const struct alert *a)
{
    for (size_t i = 0; i < q->filter_count; i++) {
        const struct query_filter *f = &q->filters[i];
        bool fits = is_time(f->field) ? time_fits(time_of(a, f->field), f->op, f->time)
                                      : text_fits(text_of(a, f->field), f->op, f->value);
        if (!fits)
            return false;
    }
    return true;
}

static int compare_field(enum query_field field, const struct alert *a, const struct alert *b)
{
    if (is_time(field)) {
        int64_t left = time_of(a, field), right = time_of(b, field);
        return (left > right) - (left < right);
    }
    return ascii_order(text_of(a, field), text_of(b, field));
}

static int compare(const void *left, const void *right, void *arg)
{
    const struct alert *a = *(const struct alert *const *)left;
    const struct alert *b = *(const struct alert *const *)right;
    const struct alerts_query *q = arg;
    for (size_t i = 0; i < q->order_count; i++) {
        int order = compare_field(q->orders[i].field, a, b);
        if (order)
            return q->orders[i].descending ? -order : order;
    }
    return strcmp(b->id, a->id);
}

void alerts_query_sort(const struct alerts_query *q, const struct alert **alerts,
                       size_t count)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    qsort_r(alerts, count, sizeof *alerts, compare, (void *)(uintptr_t)q);
}
