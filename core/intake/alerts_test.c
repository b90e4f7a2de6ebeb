/* The alerts API: connection tests and the examples of bodies. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "intake/alerts_read.h"
#include "intake/courier.h"
#include "intake/handlers.h"
#include "intake/request.h"
#include "model/alert_json.h"
#include "rules/payload.h"

enum { SHOWN_ANSWER = 500 };

/* ------------------------------------------------------------------ connection test */

/* The sentence of a test that failed. */
static void add_error(struct buf *out, const struct outcome *o)
{
    struct buf text, safe;
    buf_init(&text, BUF_UNLIMITED);
    buf_init(&safe, BUF_UNLIMITED);
    if (o->kind == OUTCOME_RESPONSE) {
        size_t len = o->body_len < SHOWN_ANSWER ? o->body_len : SHOWN_ANSWER;
        buf_add_format(&text, "Webhook failed with status %d: ", o->status);
        if (len)
            buf_add(&text, o->body, len);
    } else {
        buf_add_text(&text, o->error[0] ? o->error : outcome_kind_name(o->kind));
    }
    text_safe(&safe, buf_span(&text), TEXT_SENT);
    buf_add_text(out, ",\"error_message\":");
    js_append_string(out, buf_span(&safe));
    buf_free(&text);
    buf_free(&safe);
}

static void tested(void *arg, const struct outcome *o, struct span shown)
{
    struct request *r = arg;
    bool fine = o->kind == OUTCOME_RESPONSE && o->status >= 200 && o->status < 300;
    buf_add_format(&r->answer, "{\"status\":\"%s\",\"status_code\":%d,\"request_body\":",
                   fine ? "success" : "failure",
                   o->kind == OUTCOME_RESPONSE ? o->status : 0);
    js_append_string(&r->answer, shown);
    if (!fine)
        add_error(&r->answer, o);
    buf_add_char(&r->answer, '}');
    request_reply(r, 200);
}

static void test(struct request *r, struct alert *a)
{
    enum event_type type = a->trigger_count ? a->triggers[0].type : EVENT_TRACE_ERRORS;
    struct buf body;
    struct err err;
    buf_init(&body, BUF_UNLIMITED);
    bool ok = ((a->name || alert_set(&a->name, "Test Alert")) &&
               payload_test(a, r->api->style, r->api->retries, type,
                            clock_wall_ms(r->clock), &body)) ||
              err_memory(&err);
    if (!ok || (request_wait(r) && !courier_send(r->api->courier, a, &body, tested, r, &err)))
        request_fail(r, &err);
    buf_free(&body);
}

/* The masks of a saved alert stand for its secrets; an alert that is not saved has none. */
void alerts_test(struct request *r)
{
    struct alert a, stored;
    bool found = false;
    if (!alerts_read_body(r, NULL, &a))
        return;
    if (!a.id[0] || alerts_find(r, a.id, &found, &stored)) {
        if (alerts_complete(r, &a, found ? &stored : NULL, true))
            test(r, &a);
        if (found)
            alert_free(&stored);
    }
    alert_free(&a);
}

/* ------------------------------------------------------------------ examples */

static bool add_example(struct request *r, const struct alert *a, enum event_type type)
{
    struct buf bare;
    const char *key = alert_metadata(a, ALERT_ROUTING_KEY);
    buf_init(&bare, BUF_UNLIMITED);
    bool ok = payload_sample(a, r->api->style, r->api->retries, type,
                             clock_wall_ms(r->clock), &bare);
    buf_add_format(&r->answer, "%s\"%s\":", type ? "," : "", event_type_name(type));
    if (ok && payload_wants_routing_key(buf_span(&bare)))
        ok = payload_add_routing_key(buf_span(&bare), key, &r->answer);
    else if (ok)
        ok = buf_add_span(&r->answer, buf_span(&bare));
    buf_free(&bare);
    return ok;
}

void alerts_examples(struct request *r)
{
    struct alert a;
    const char *type = request_query(r, "alert_type");
    alert_init(&a);
    if (type && *type && !alert_destination_parse(span_of(type), &a.destination)) {
        request_fail_text(r, 400, "alert_type: must be general, slack or pagerduty");
        return;
    }
    bool ok = alert_set(&a.name, "Example Alert") && alert_set(&a.workspace, r->workspace) &&
              alert_set_metadata(&a, ALERT_ROUTING_KEY, "example-routing-key");
    buf_add_text(&r->answer, "{\"response_examples\":{");
    for (int t = 0; ok && t < EVENT_TYPE_COUNT; t++)
        ok = add_example(r, &a, (enum event_type)t);
    buf_add_text(&r->answer, "}}");
    alert_free(&a);
    r->answer.failed = r->answer.failed || !ok;
    request_reply(r, 200);
}
