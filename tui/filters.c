#include "filters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "store/alerts.h"
#include "store/deliveries.h"

/* ---------------------------------------------------------------- alerts */

enum { BY_NAME, BY_ENABLED, BY_DEST, BY_EVENT, BY_LAST, BY_CODE, BY_HOST, BY_INSECURE, BY_ID };
const struct filter_key filters_alert[] = {
    [BY_NAME] = {"name", FILTER_TEXT, NULL, "the name"},
    [BY_ENABLED] = {"enabled", FILTER_CHOICE, "yes|no", "whether it is enabled"},
    [BY_DEST] = {"dest", FILTER_CHOICE, "general|slack|pagerduty", "the destination"},
    [BY_EVENT] = {"event", FILTER_TEXT, NULL, "the types of its triggers"},
    [BY_LAST] = {"last", FILTER_CHOICE,
                 "delivered|failed|waiting|sending|retrying|dead|none",
                 "how its newest delivery stands; failed: retrying or dead"},
    [BY_CODE] = {"code", FILTER_CODE, NULL, "the status of that one's last attempt"},
    [BY_HOST] = {"host", FILTER_TEXT, NULL, "scheme, host and port of the endpoint"},
    [BY_INSECURE] = {"insecure", FILTER_CHOICE, "yes|no", "whether nobody verifies who answers"},
    [BY_ID] = {"id", FILTER_TEXT, NULL, "the id"},
};
const size_t filters_alert_count = sizeof filters_alert / sizeof *filters_alert;

static const char *events_of(const struct alert_row *a, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (int t = 0; t < EVENT_TYPE_COUNT && len < size; t++)
        if (a->triggers & 1u << t)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? "," : "",
                                    event_type_name((enum event_type)t));
    return out;
}

static const char *alert_text(const void *row, int key, char *out, size_t size)
{
    const struct alert_row *a = row;
    switch (key) {
    case BY_NAME:
        return a->name;
    case BY_ENABLED:
        return a->enabled ? "yes" : "no";
    case BY_DEST:
        return alert_destination_name(a->destination);
    case BY_EVENT:
        return events_of(a, out, size);
    case BY_LAST:
        return a->has_last ? delivery_state_name(a->last_state) : "none";
    case BY_CODE:
        snprintf(out, size, "%d", a->last_status);
        return out;
    case BY_HOST:
        return a->origin;
    case BY_INSECURE:
        return a->insecure ? "yes" : "no";
    default:
        return a->id;
    }
}

/* `failed` stands for two states, so it is looked up here. */
static bool is_failed(const struct alert_row *a)
{
    return a->has_last &&
           (a->last_state == DELIVERY_RETRYING || a->last_state == DELIVERY_DEAD);
}

static bool alert_passes(const struct filter *f, const struct alert_row *row, int64_t now)
{
    struct filter rest = *f;
    rest.count = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct filter_term *t = &f->terms[i];
        if (t->key != BY_LAST || !ascii_same(t->value, "failed"))
            rest.terms[rest.count++] = *t;
        else if (is_failed(row) == t->negated)
            return false;
    }
    return filter_match(&rest, alert_text, row, now);
}

void filters_keep_alerts(const struct filter *f, struct alert_rows *rows, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (!alert_passes(f, &rows->items[i], now))
            continue;
        struct alert_row passing = rows->items[i];
        rows->items[i] = rows->items[kept];
        rows->items[kept++] = passing;
    }
    for (size_t i = kept; i < rows->count; i++) {
        free(rows->items[i].workspace);
        free(rows->items[i].name);
        free(rows->items[i].origin);
    }
    rows->count = kept;
}

/* ---------------------------------------------------------------- deliveries */

enum { OF_STATUS, OF_ALERT, OF_SINCE, OF_CODE, OF_EVENT, OF_REASON, OF_ID };
const struct filter_key filters_delivery[] = {
    [OF_STATUS] = {"status", FILTER_CHOICE, "waiting|sending|retrying|delivered|dead",
                   "how it stands"},
    [OF_ALERT] = {"alert", FILTER_TEXT, NULL, "the name or the id of its alert"},
    [OF_SINCE] = {"since", FILTER_SINCE, NULL, "how long ago its bucket closed"},
    [OF_CODE] = {"code", FILTER_CODE, NULL, "the status of its last attempt"},
    [OF_EVENT] = {"event", FILTER_TEXT, NULL, "the event type"},
    [OF_REASON] = {"reason", FILTER_TEXT, NULL, "why it is dead"},
    [OF_ID] = {"id", FILTER_TEXT, NULL, "the id"},
};
const size_t filters_delivery_count = sizeof filters_delivery / sizeof *filters_delivery;

static const char *delivery_text(const void *row, int key, char *out, size_t size)
{
    const struct delivery *d = row;
    switch (key) {
    case OF_STATUS:
        return delivery_state_name(d->state);
    case OF_ALERT:
        return d->alert_name;
    case OF_SINCE:
        snprintf(out, size, "%lld", (long long)d->created_at);
        return out;
    case OF_CODE:
        snprintf(out, size, "%d", d->status);
        return out;
    case OF_EVENT:
        return event_type_name(d->type);
    case OF_REASON:
        return d->reason;
    default:
        return d->id;
    }
}

static bool is_alert_id(const struct filter_term *t)
{
    char id[UUID_SIZE];
    return t->key == OF_ALERT && !t->contains && uuid_read(span_of(t->value), id);
}

bool filters_match_delivery(const struct filter *f, const struct delivery *d, int64_t now)
{
    struct filter rest = *f;
    rest.count = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct filter_term *t = &f->terms[i];
        if (!is_alert_id(t)) {
            struct filter_term *kept = &rest.terms[rest.count++];
            *kept = *t;
            /* A name is rarely typed whole: alert:prod finds "Production errors". */
            kept->contains |= t->key == OF_ALERT;
        } else if (ascii_same(d->alert_id, t->value) == t->negated) {
            return false;
        }
    }
    return filter_match(&rest, delivery_text, d, now);
}

/* 5xx is 500 to 599. */
static void code_range(const char *pattern, int *from, int *to)
{
    for (const char *at = pattern; *at; at++) {
        bool any = ascii_lower(*at) == 'x';
        *from = *from * 10 + (any ? 0 : *at - '0');
        *to = *to * 10 + (any ? 9 : *at - '0');
    }
}

struct delivery_filter filters_for_store(const struct filter *f, const char *workspace,
                                         int64_t now)
{
    struct delivery_filter out = {.workspace = workspace, .state = -1};
    const struct filter_term *t;
    enum delivery_state state;
    if ((t = filter_exact(f, "status")) && delivery_state_parse(span_of(t->value), &state))
        out.state = (int)state;
    if ((t = filter_exact(f, "alert")) && is_alert_id(t))
        out.alert_id = t->value;
    if ((t = filter_exact(f, "since")))
        out.since = now - t->since_ms;
    if ((t = filter_exact(f, "code")))
        code_range(t->value, &out.status_from, &out.status_to);
    return out;
}

static bool keep(struct delivery_rows *out, size_t *room, struct delivery *d, struct err *err)
{
    if (out->count == *room) {
        size_t more = *room ? 2 * *room : 64;
        struct delivery *items = realloc(out->items, more * sizeof *items);
        if (!items)
            return err_memory(err);
        out->items = items;
        *room = more;
    }
    out->items[out->count++] = *d;
    *d = (struct delivery){0};
    return true;
}

/* ---------------------------------------------------------------- audit rows */

enum { WHO_USER, WHO_ACTION, WHO_NAME, WHO_ID, WHO_SINCE, WHO_VIA, WHO_HOST, WHO_PLACE, WHO_WHAT };
const struct filter_key filters_audit[] = {
    [WHO_USER] = {"user", FILTER_TEXT, NULL, "who did it"},
    [WHO_ACTION] = {"action", FILTER_TEXT, NULL, "what was done: alert.delete, form.reveal"},
    [WHO_NAME] = {"name", FILTER_TEXT, NULL, "the name of the alert or setting"},
    [WHO_ID] = {"id", FILTER_TEXT, NULL, "the id of what it was done to"},
    [WHO_SINCE] = {"since", FILTER_SINCE, NULL, "how long ago"},
    [WHO_VIA] = {"via", FILTER_TEXT, NULL, "console, command line, api or engine"},
    [WHO_HOST] = {"host", FILTER_TEXT, NULL, "the machine"},
    [WHO_PLACE] = {"from", FILTER_TEXT, NULL, "pid and terminal, or the peer's address"},
    [WHO_WHAT] = {"detail", FILTER_TEXT, NULL, "what was changed"},
};
const size_t filters_audit_count = sizeof filters_audit / sizeof *filters_audit;

static const char *audit_text(const void *row, int key, char *out, size_t size)
{
    const struct audit_row *a = row;
    const char *const texts[] = {[WHO_USER] = a->user, [WHO_ACTION] = a->action,
                                 [WHO_NAME] = a->name, [WHO_ID] = a->object,
                                 [WHO_SINCE] = out,    [WHO_VIA] = a->via,
                                 [WHO_HOST] = a->host, [WHO_PLACE] = a->place,
                                 [WHO_WHAT] = a->detail};
    snprintf(out, size, "%lld", (long long)a->at);
    return texts[key];
}

static void keep_audit(const struct filter *f, int64_t now, struct audit_rows *page, size_t most,
                       struct audit_rows *out)
{
    for (size_t i = 0; i < page->count && out->count < most; i++)
        if (filter_match(f, audit_text, &page->items[i], now)) {
            out->items[out->count++] = page->items[i];
            page->items[i] = (struct audit_row){0};
        }
}

bool filters_read_audit(struct store_reader *r, const char *workspace, const struct filter *f,
                        int64_t now, size_t most, struct audit_rows *out, struct err *err)
{
    enum { PAGE = 500 };
    const struct filter_term *since = filter_exact(f, "since");
    const struct audit_filter filter = {workspace, since ? now - since->since_ms : 0};
    struct audit_rows page = {0};
    int64_t before = INT64_MAX;
    bool fine = true;
    *out = (struct audit_rows){0};
    do {
        fine = store_audit_list(r, &filter, before, PAGE, &page, err);
        size_t got = fine ? page.count : 0;
        struct audit_row *items =
            fine ? reallocarray(out->items, out->count + got + 1, sizeof *items) : NULL;
        if (!items) {
            fine = fine && err_memory(err);
            break;
        }
        out->items = items;
        if (got)
            before = page.items[got - 1].seq;
        keep_audit(f, now, &page, most, out);
        audit_rows_free(&page);
        if (got < PAGE)
            break;
    } while (out->count < most);
    audit_rows_free(&page);
    if (!fine)
        audit_rows_free(out);
    return fine;
}

/* ---------------------------------------------------------------- reading deliveries */

bool filters_read_deliveries(struct store_reader *r, const char *workspace,
                             const struct filter *f, int64_t now, size_t most,
                             struct delivery_rows *out, size_t *searched, struct err *err)
{
    enum { PAGE = 500 };
    const struct delivery_filter filter = filters_for_store(f, workspace, now);
    char last[UUID_SIZE] = "";
    size_t room = 0, got = PAGE;
    bool fine = true;
    *out = (struct delivery_rows){0};
    *searched = 0;
    while (fine && got == PAGE && out->count < most && *searched < FILTERS_LOOKED_AT) {
        struct delivery_rows page;
        if (!(fine = store_delivery_list(r, &filter, last[0] ? last : NULL, PAGE, &page, err)))
            break;
        got = page.count;
        *searched += got;
        if (got)
            snprintf(last, sizeof last, "%s", page.items[got - 1].id);
        for (size_t i = 0; i < got && fine && out->count < most; i++)
            if (filters_match_delivery(f, &page.items[i], now))
                fine = keep(out, &room, &page.items[i], err);
        delivery_rows_free(&page);
    }
    if (!fine)
        delivery_rows_free(out);
    return fine;
}
