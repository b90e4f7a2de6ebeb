#include "rules/payload.h"

#include <stdlib.h>
#include <string.h>

/* uthash ends the program when memory is short, unless told what to do instead. */
#define HASH_NONFATAL_OOM         1
#define uthash_nonfatal_oom(user) ((user)->lost = true)
#include <uthash.h>

#include "base/json.h"
#include "base/timefmt.h"
#include "base/uuid.h"
#include "model/alert_json.h"
#include "rules/payload_parts.h"
#include "rules/threshold.h"

/* The users seen so far, so that ten thousand different ones stay one pass. */
struct user {
    struct span name;
    bool lost;
    UT_hash_handle hh;
};

void payload_add_key(struct buf *out, const char *key)
{
    buf_add_char(out, '"');
    buf_add_text(out, key);
    buf_add_text(out, "\":");
}

void payload_add_text(struct buf *out, const char *key, const char *text)
{
    payload_add_key(out, key);
    js_append_string(out, span_of(text));
    buf_add_char(out, ',');
}

static void add_count(struct buf *out, size_t count)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + count % 10);
    while ((count /= 10) > 0);
    buf_add(out, digits + at, sizeof digits - at);
}

static void add_ids(struct buf *out, const struct payload_event *events, size_t count)
{
    payload_add_key(out, "eventIds");
    for (size_t i = 0; i < count; i++) {
        buf_add_text(out, i ? ",\"" : "[\"");
        buf_add_text(out, events[i].id);
        buf_add_char(out, '"');
    }
    buf_add_text(out, count ? "]," : "[],");
}

/* Most often all are of one user. */
static bool same_user(const struct payload_event *events, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (!span_same(events[i].user, events[0].user))
            return false;
    return count > 0;
}

static void add_different_users(struct buf *out, const struct payload_event *events,
                                size_t count)
{
    struct user *seen = NULL, *users = calloc(count ? count : 1, sizeof *users);
    out->failed = out->failed || !users;
    for (size_t i = 0; users && !out->failed && i < count; i++) {
        struct user *known, *user = &users[i];
        user->name = events[i].user;
        if (user->name.len == 0)
            continue;
        HASH_FIND(hh, seen, user->name.at, user->name.len, known);
        if (known)
            continue;
        if (seen)
            buf_add_char(out, ',');
        js_append_string(out, user->name);
        HASH_ADD_KEYPTR(hh, seen, user->name.at, user->name.len, user);
        out->failed = out->failed || user->lost;
    }
    HASH_CLEAR(hh, seen);
    free(users);
}

static void add_users(struct buf *out, const struct payload_event *events, size_t count)
{
    payload_add_key(out, "userNames");
    buf_add_char(out, '[');
    if (!same_user(events, count))
        add_different_users(out, events, count);
    else if (events[0].user.len > 0)
        js_append_string(out, events[0].user);
    buf_add_text(out, "],");
}

void payload_add_message(struct buf *out, const struct payload_head *head, size_t count)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    buf_add_text(&text, "Alert '");
    buf_add_text(&text, head->alert_name ? head->alert_name : "");
    buf_add_text(&text, "': ");
    add_count(&text, count);
    buf_add_char(&text, ' ');
    buf_add_text(&text, event_type_name(head->type));
    bool ok = buf_add_text(&text, " events aggregated");
    if (ok)
        payload_add_text(out, "message", buf_text(&text));
    out->failed = out->failed || !ok;
    buf_free(&text);
}

static void add_payload(struct buf *out, const struct payload_head *head,
                        const struct payload_event *events, size_t count)
{
    payload_add_text(out, "alertId", head->alert_id);
    payload_add_text(out, "alertName", head->alert_name);
    payload_add_text(out, "eventType", event_type_name(head->type));
    add_ids(out, events, count);
    add_users(out, events, count);
    payload_add_key(out, "eventCount");
    add_count(out, count);
    buf_add_char(out, ',');
    if (head->truncated > 0)
        buf_add_format(out, "\"truncated\":%lld,", (long long)head->truncated);
    payload_add_text(out, "aggregationType", "consolidated");
    payload_add_message(out, head, count);
    payload_add_key(out, "metadata");
    buf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(out, ',');
        buf_add_span(out, events[i].entity);
    }
    buf_add_char(out, ']');
}

bool payload_documented(const struct payload_head *head, const struct payload_event *events,
                        size_t count, struct buf *out)
{
    char at[TIMEFMT_ISO_SIZE];
    timefmt_iso(head->created_at, at);
    buf_add_char(out, '{');
    payload_add_text(out, "id", head->delivery_id);
    payload_add_text(out, "eventType", event_type_name(head->type));
    payload_add_text(out, "alertId", head->alert_id);
    payload_add_text(out, "alertName", head->alert_name);
    payload_add_text(out, "workspaceId", head->workspace);
    payload_add_text(out, "createdAt", at);
    payload_add_key(out, "payload");
    buf_add_char(out, '{');
    add_payload(out, head, events, count);
    return buf_add_text(out, "}}");
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
    /* Enough at once: growing would leave copies behind that nobody wipes. */
    buf_reserve(body, bare.len + 64 + 6 * strlen(key ? key : ""));
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

bool payload_sample(const struct alert *a, enum payload_style style, int retries,
                    enum event_type type, int64_t now, struct buf *out)
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
