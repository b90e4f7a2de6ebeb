#include "rules/payload_draft.h"

#include <stdlib.h>
#include <string.h>

/* uthash ends the program when memory is short, unless told what to do instead. */
#define HASH_NONFATAL_OOM         1
#define uthash_nonfatal_oom(user) ((user)->lost = true)
#include <uthash.h>

#include "base/json.h"
#include "base/timefmt.h"

/* Ten thousand different ones stay one pass: from the second on they are in a table. */
struct payload_user {
    struct payload_user *next; /* known before */
    bool lost;
    UT_hash_handle hh;
    size_t len;
    char name[];
};

void payload_draft_init(struct payload_draft *d, enum payload_style style,
                        enum event_type type)
{
    *d = (struct payload_draft){.style = style, .type = type};
    for (int i = 0; i < PAYLOAD_LISTS; i++)
        buf_init(&d->lists[i], BUF_UNLIMITED);
}

void payload_draft_free(struct payload_draft *d)
{
    HASH_CLEAR(hh, d->table);
    while (d->users) {
        struct payload_user *next = d->users->next;
        free(d->users);
        d->users = next;
    }
    for (int i = 0; i < PAYLOAD_LISTS; i++)
        buf_free(&d->lists[i]);
}

/* ------------------------------------------------------------------ an event */

static void add_id(struct payload_draft *d, const char *id)
{
    struct buf *ids = &d->lists[PAYLOAD_IDS];
    buf_add_text(ids, d->count ? ",\"" : "\"");
    buf_add_text(ids, id);
    buf_add_char(ids, '"');
}

static struct payload_user *find_user(const struct payload_draft *d, struct span name)
{
    struct payload_user *known = d->latest; /* most often all are of one */
    if (known && span_same((struct span){known->name, known->len}, name))
        return known;
    HASH_FIND(hh, d->table, name.at, name.len, known);
    return known;
}

static bool add_to_table(struct payload_draft *d, struct payload_user *user)
{
    HASH_ADD_KEYPTR(hh, d->table, user->name, user->len, user);
    return !user->lost;
}

static struct payload_user *add_user(struct payload_draft *d, struct span name)
{
    struct payload_user *user = malloc(sizeof *user + name.len);
    if (!user)
        return NULL;
    *user = (struct payload_user){.next = d->users, .len = name.len};
    memcpy(user->name, name.at, name.len);
    d->users = user;
    bool kept =
        !user->next || ((d->table || add_to_table(d, user->next)) && add_to_table(d, user));
    return kept ? user : NULL;
}

static void list_user(struct payload_draft *d, struct span name)
{
    struct buf *users = &d->lists[PAYLOAD_USERS];
    if (name.len == 0)
        return;
    struct payload_user *user = find_user(d, name);
    if (!user) {
        if (d->users)
            buf_add_char(users, ',');
        js_append_string(users, name);
        user = add_user(d, name);
        users->failed = users->failed || !user;
    }
    d->latest = user;
}

static void add_documented(struct payload_draft *d, const struct payload_event *e)
{
    add_id(d, e->id);
    list_user(d, e->user);
    if (d->count++)
        buf_add_char(&d->lists[PAYLOAD_METADATA], ',');
}

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

static void begin_element(struct payload_draft *d, const struct payload_event *e, bool list)
{
    struct buf *users = &d->lists[PAYLOAD_USERS], *metadata = &d->lists[PAYLOAD_METADATA];
    add_id(d, e->id);
    if (d->open)
        buf_add_char(metadata, ']');
    if (d->count++) {
        buf_add_char(users, ',');
        buf_add_char(metadata, ',');
    }
    js_append_string(users, e->user);
    if (list)
        buf_add_char(metadata, '[');
    d->open = list;
    d->request = e->request;
}

/* One element for each request that events came in. */
static void add_server(struct payload_draft *d, const struct payload_event *e)
{
    bool list = is_list(d->type) && !is_measured(e->entity);
    if (list && d->open && e->request == d->request)
        buf_add_char(&d->lists[PAYLOAD_METADATA], ',');
    else
        begin_element(d, e, list);
}

bool payload_draft_add(struct payload_draft *d, const struct payload_event *e)
{
    if (d->style == PAYLOAD_SERVER)
        add_server(d, e);
    else
        add_documented(d, e);
    return buf_add_span(&d->lists[PAYLOAD_METADATA], e->entity) &&
           !d->lists[PAYLOAD_IDS].failed && !d->lists[PAYLOAD_USERS].failed;
}

/* ------------------------------------------------------------------ around the lists */

/* NULL is an empty text. */
static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_add_char(out, '"');
    buf_add_text(out, key);
    buf_add_text(out, "\":");
    js_append_string(out, span_of(text));
    buf_add_char(out, ',');
}

static void add_time(struct buf *out, const char *key, int64_t wall_ms)
{
    char at[TIMEFMT_ISO_SIZE];
    timefmt_iso(wall_ms, at);
    add_text(out, key, at);
}

/* buf_add_format() takes longer than most of a small body. */
static void add_count(struct buf *out, size_t count)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + count % 10);
    while ((count /= 10) > 0);
    buf_add(out, digits + at, sizeof digits - at);
}

static void add_message(struct buf *out, const struct payload_head *head, size_t count)
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
        add_text(out, "message", buf_text(&text));
    out->failed = out->failed || !ok;
    buf_free(&text);
}

static void add_documented_head(struct buf *out, const struct payload_head *head)
{
    add_text(out, "eventType", event_type_name(head->type));
    add_text(out, "alertId", head->alert_id);
    add_text(out, "alertName", head->alert_name);
    add_text(out, "workspaceId", head->workspace);
    add_time(out, "createdAt", head->created_at);
}

static void add_server_head(struct buf *out, const struct payload_head *head)
{
    add_text(out, "event_type", event_type_name(head->type));
    add_text(out, "alert_id", head->alert_id);
    add_text(out, "alert_name", head->alert_name);
    add_text(out, "workspace_id", head->workspace);
    add_text(out, "workspace_name", head->workspace);
}

static void begin(const struct payload_draft *d, const struct payload_head *head,
                  struct buf *out)
{
    buf_add_char(out, '{');
    add_text(out, "id", head->delivery_id);
    if (d->style == PAYLOAD_SERVER)
        add_server_head(out, head);
    else
        add_documented_head(out, head);
    buf_add_text(out, "\"payload\":{");
    add_text(out, "alertId", head->alert_id);
    add_text(out, "alertName", head->alert_name);
    add_text(out, "eventType", event_type_name(head->type));
    buf_add_text(out, "\"eventIds\":[");
}

static void sum_up(const struct payload_draft *d, const struct payload_head *head,
                   struct buf *out)
{
    buf_add_text(out, "],\"eventCount\":");
    add_count(out, d->count);
    buf_add_char(out, ',');
    if (head->truncated > 0)
        buf_add_format(out, "\"truncated\":%lld,", (long long)head->truncated);
    add_text(out, "aggregationType", "consolidated");
    add_message(out, head, d->count);
    buf_add_text(out, "\"metadata\":[");
}

static void end(const struct payload_draft *d, const struct payload_head *head,
                struct buf *out)
{
    buf_add_text(out, d->open ? "]]}" : "]}");
    if (d->style == PAYLOAD_SERVER) {
        buf_add_char(out, ',');
        add_time(out, "created_at", head->created_at);
        buf_add_format(out, "\"max_retries\":%d", head->retries);
    }
    buf_add_char(out, '}');
}

bool payload_draft_around(const struct payload_draft *d, const struct payload_head *head,
                          enum payload_list list, struct buf *out)
{
    switch (list) {
    case PAYLOAD_IDS:
        begin(d, head, out);
        break;
    case PAYLOAD_USERS:
        buf_add_text(out, "],\"userNames\":[");
        break;
    case PAYLOAD_METADATA:
        sum_up(d, head, out);
        break;
    default:
        end(d, head, out);
    }
    return !out->failed;
}
