/* PagerDuty Events API v2. */
#include "rules/payload.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/timefmt.h"

enum {
    SUMMARY_MAX = 1024,       /* characters */
    DETAILS_MAX = 500 * 1000, /* bytes; the whole event may have 512 KB */
};

#define BEGINNING "{\"event_action\":\"trigger\",\"dedup_key\":"

/* The first `max` characters, never half of one. */
static struct span cut(const char *text, size_t max)
{
    return (struct span){text, text_first(text, max)};
}

static const char *severity_of(const struct payload_head *head)
{
    if (head->severity && *head->severity)
        return head->severity;
    return head->type == EVENT_TRACE_ERRORS ? "error" : "info";
}

static bool general(const struct payload_head *head, const struct payload_event *events,
                    size_t count, struct buf *out)
{
    return head->style == PAYLOAD_SERVER ? payload_server(head, events, count, out)
                                         : payload_documented(head, events, count, out);
}

/* How many events may be in the details: by their bytes, with what stands around each. */
static size_t how_many_fit(const struct payload_event *events, size_t count)
{
    size_t bytes = 64 * 1024; /* what stands around, names included */
    for (size_t i = 0; i < count; i++) {
        bytes += events[i].entity.len + 6 * events[i].user.len + 64;
        if (bytes > DETAILS_MAX)
            return i;
    }
    return count;
}

static void add_details(const struct payload_head *head, struct span name,
                        const struct payload_event *events, size_t count, struct buf *out)
{
    struct payload_head cut_head = *head;
    struct buf cut_name;
    size_t fit = how_many_fit(events, count);
    buf_init(&cut_name, BUF_UNLIMITED);
    buf_add_span(&cut_name, name);
    cut_head.alert_name = buf_text(&cut_name);
    cut_head.truncated += (int64_t)(count - fit);
    if (cut_name.failed || !general(&cut_head, events, fit, out))
        out->failed = true;
    buf_free(&cut_name);
}

bool payload_pagerduty(const struct payload_head *head, const struct payload_event *events,
                       size_t count, struct buf *out)
{
    char at[TIMEFMT_ISO_SIZE];
    struct span name = cut(head->alert_name ? head->alert_name : "", SUMMARY_MAX);
    timefmt_iso(head->created_at, at);
    buf_add_text(out, BEGINNING);
    if (head->dedup_delivery)
        js_append_string(out, span_of(head->delivery_id));
    else
        buf_add_format(out, "\"opik-alerts:%s:%s\"", head->alert_id,
                       event_type_name(head->type));
    buf_add_text(out, ",\"payload\":{\"summary\":");
    js_append_string(out, name.len ? name : span_of("Alert"));
    buf_add_format(out, ",\"source\":\"Opik\",\"severity\":\"%s\",\"timestamp\":\"%s\"",
                   severity_of(head), at);
    buf_add_text(out, ",\"custom_details\":");
    add_details(head, name, events, count, out);
    return buf_add_text(out, "}}");
}

bool payload_wants_routing_key(struct span body)
{
    return body.len > strlen(BEGINNING) && memcmp(body.at, BEGINNING, strlen(BEGINNING)) == 0;
}

bool payload_add_routing_key(struct span body, const char *key, struct buf *out)
{
    buf_add_text(out, "{\"routing_key\":");
    js_append_string(out, span_of(key));
    buf_add_char(out, ',');
    return buf_add_span(out, (struct span){body.at + 1, body.len - 1});
}
