#include "rules/payload.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/uuid.h"
#include "model/alert_json.h"
#include "rules/payload_draft.h"
#include "rules/threshold.h"

static bool general(enum payload_style style, const struct payload_head *head,
                    const struct payload_event *events, size_t count, struct buf *out)
{
    struct payload_draft d;
    bool fine = true;
    payload_draft_init(&d, style, head->type);
    for (size_t i = 0; i < count && fine; i++)
        fine = payload_draft_add(&d, &events[i]);
    for (int i = 0; i < PAYLOAD_LISTS && fine; i++)
        fine = payload_draft_around(&d, head, (enum payload_list)i, out) &&
               buf_add_span(out, buf_span(&d.lists[i]));
    fine = fine && payload_draft_around(&d, head, PAYLOAD_LISTS, out);
    out->failed = out->failed || !fine;
    payload_draft_free(&d);
    return fine;
}

bool payload_documented(const struct payload_head *head, const struct payload_event *events,
                        size_t count, struct buf *out)
{
    return general(PAYLOAD_DOCUMENTED, head, events, count, out);
}

bool payload_server(const struct payload_head *head, const struct payload_event *events,
                    size_t count, struct buf *out)
{
    return general(PAYLOAD_SERVER, head, events, count, out);
}

bool payload_body(const struct payload_head *head, const struct payload_event *events,
                  size_t count, struct buf *out)
{
    switch (head->destination) {
    case DESTINATION_SLACK:
        return payload_slack(head, events, count, out);
    case DESTINATION_PAGERDUTY:
        return payload_pagerduty(head, events, count, out);
    default:
        return head->style == PAYLOAD_SERVER ? payload_server(head, events, count, out)
                                             : payload_documented(head, events, count, out);
    }
}

bool payload_with_key(const struct alert *a, struct span bare, struct buf *body,
                      struct buf *shown)
{
    const char *key = alert_metadata(a, ALERT_ROUTING_KEY);
    struct buf mask;
    if (!payload_wants_routing_key(bare))
        return buf_add_span(body, bare) && buf_add_span(shown, bare);
    buf_init(&mask, BUF_UNLIMITED);
    bool ok = alert_mask(key ? key : "", &mask) && payload_add_routing_key(bare, key, body) &&
              payload_add_routing_key(bare, buf_text(&mask), shown);
    buf_free(&mask);
    return ok;
}

void payload_id(struct span body, int64_t now, char out[UUID_SIZE])
{
    struct js_value root, id;
    struct err err;
    bool named = js_parse(body, &root, &err) && (id = js_get(root, "id")).type == JS_STRING &&
                 uuid_read((struct span){id.text.at + 1, id.text.len - 2}, out);
    if (!named)
        uuid_v7(out, now);
}

void payload_head_of(const struct alert *a, struct payload_head *head)
{
    const char *dedup = alert_metadata(a, ALERT_DEDUP);
    head->alert_id = a->id;
    head->alert_name = a->name ? a->name : "";
    head->workspace = a->workspace ? a->workspace : "default";
    head->destination = a->destination;
    head->base_url = alert_metadata(a, ALERT_BASE_URL);
    head->severity = alert_metadata(a, ALERT_SEVERITY);
    head->dedup_delivery = dedup && strcmp(dedup, "delivery") == 0;
}

/* A trigger with conditions sends what its first one would say. */
static struct span sample_entity(const struct alert *a, enum event_type type, struct buf *made)
{
    const struct alert_trigger *t = alert_trigger_of(a, type);
    const struct alert_condition *c = t && t->condition_count ? &t->conditions[0] : NULL;
    if (!c)
        return span_of(payload_sample_entity(type));
    double value = strtod(c->threshold ? c->threshold : "0", NULL) + (c->below ? -1 : 1);
    bool ok = threshold_entity(type, c, value, "", "", made);
    return ok ? buf_span(made) : span_of(payload_sample_entity(type));
}

static bool add_sample(const struct alert *a, enum payload_style style, int retries,
                       enum event_type type, int64_t now, bool is_test, struct buf *out)
{
    char delivery[UUID_SIZE], event[UUID_SIZE], alert[UUID_SIZE];
    uuid_v7(delivery, now);
    uuid_v7(event, now);
    uuid_v7(alert, now);
    struct payload_head head = {.delivery_id = delivery,
                                .type = type,
                                .created_at = now,
                                .style = style,
                                .retries = retries};
    payload_head_of(a, &head);
    head.dedup_delivery |= is_test;
    if (!a->id[0])
        head.alert_id = alert;
    struct buf entity;
    buf_init(&entity, BUF_UNLIMITED);
    const struct payload_event one = {
        .id = event,
        .user = span_of("test-user"),
        .request = 1,
        .entity = sample_entity(a, type, &entity),
    };
    bool ok = payload_body(&head, &one, 1, out);
    buf_free(&entity);
    return ok;
}

bool payload_sample(const struct alert *a, enum payload_style style, int retries,
                    enum event_type type, int64_t now, struct buf *out)
{
    return add_sample(a, style, retries, type, now, false, out);
}

bool payload_test(const struct alert *a, enum payload_style style, int retries,
                  enum event_type type, int64_t now, struct buf *out)
{
    return add_sample(a, style, retries, type, now, true, out);
}
