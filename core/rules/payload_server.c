/* The body as a live Opik server sends it: snake_case outside, and one element of metadata
 * for each request that events came in. */
#include "rules/payload_parts.h"

#include "base/json.h"
#include "base/timefmt.h"

static bool is_measured(struct span entity)
{
    struct js_value root;
    return js_parse(entity, &root, NULL) && js_is_set(js_get(root, "metric_name"));
}

/* Whether Opik's own event of a type is a list of entities. */
static bool is_list(enum event_type type)
{
    switch (type) {
    case EVENT_PROMPT_CREATED:
    case EVENT_PROMPT_COMMITTED:
    case EVENT_TRACE_COST:
    case EVENT_TRACE_LATENCY:
        return false;
    default:
        return true;
    }
}

/* The elements: where each begins; elements[count] is the end. */
struct element {
    size_t first, end;
    bool list;
};

/* The element that begins at `at`. */
static struct element element_at(const struct payload_head *head,
                                 const struct payload_event *events, size_t count, size_t at)
{
    struct element e = {at, at + 1, is_list(head->type) && !is_measured(events[at].entity)};
    while (e.list && e.end < count && events[e.end].request == events[at].request &&
           !is_measured(events[e.end].entity))
        e.end++;
    return e;
}

struct parts {
    struct buf ids, users, metadata;
    size_t count;
};

static void add_element(struct parts *p, const struct payload_event *events, struct element e)
{
    const char *comma = p->count++ ? "," : "";
    buf_add_format(&p->ids, "%s\"%s\"", comma, events[e.first].id);
    buf_add_text(&p->users, comma);
    js_append_string(&p->users, events[e.first].user);
    buf_add_format(&p->metadata, "%s%s", comma, e.list ? "[" : "");
    for (size_t i = e.first; i < e.end; i++) {
        if (i > e.first)
            buf_add_char(&p->metadata, ',');
        buf_add_span(&p->metadata, events[i].entity);
    }
    if (e.list)
        buf_add_char(&p->metadata, ']');
}

static void add_payload(struct buf *out, const struct payload_head *head,
                        const struct parts *p)
{
    payload_add_text(out, "alertId", head->alert_id);
    payload_add_text(out, "alertName", head->alert_name);
    payload_add_text(out, "eventType", event_type_name(head->type));
    buf_add_text(out, "\"eventIds\":[");
    buf_add_span(out, buf_span(&p->ids));
    buf_add_text(out, "],\"userNames\":[");
    buf_add_span(out, buf_span(&p->users));
    buf_add_format(out, "],\"eventCount\":%zu,", p->count);
    if (head->truncated > 0)
        buf_add_format(out, "\"truncated\":%lld,", (long long)head->truncated);
    payload_add_text(out, "aggregationType", "consolidated");
    payload_add_message(out, head, p->count);
    buf_add_text(out, "\"metadata\":[");
    buf_add_span(out, buf_span(&p->metadata));
    buf_add_char(out, ']');
}

static bool write(const struct payload_head *head, const struct parts *p, struct buf *out)
{
    char at[TIMEFMT_ISO_SIZE];
    timefmt_iso(head->created_at, at);
    buf_add_char(out, '{');
    payload_add_text(out, "id", head->delivery_id);
    payload_add_text(out, "event_type", event_type_name(head->type));
    payload_add_text(out, "alert_id", head->alert_id);
    payload_add_text(out, "alert_name", head->alert_name);
    payload_add_text(out, "workspace_id", head->workspace);
    payload_add_text(out, "workspace_name", head->workspace);
    buf_add_text(out, "\"payload\":{");
    add_payload(out, head, p);
    buf_add_text(out, "},");
    payload_add_text(out, "created_at", at);
    return buf_add_format(out, "\"max_retries\":%d}", head->retries);
}

bool payload_server(const struct payload_head *head, const struct payload_event *events,
                    size_t count, struct buf *out)
{
    struct parts p = {.count = 0};
    buf_init(&p.ids, BUF_UNLIMITED);
    buf_init(&p.users, BUF_UNLIMITED);
    buf_init(&p.metadata, BUF_UNLIMITED);
    for (size_t at = 0; at < count;) {
        struct element e = element_at(head, events, count, at);
        add_element(&p, events, e);
        at = e.end;
    }
    bool ok = !p.ids.failed && !p.users.failed && !p.metadata.failed && write(head, &p, out);
    out->failed = out->failed || !ok;
    buf_free(&p.ids);
    buf_free(&p.users);
    buf_free(&p.metadata);
    return ok;
}
