#include "base/json.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/out.h"
#include "cli/post.h"

#define EVENTS_MAX   ((size_t)256 << 20)
#define BATCH_EVENTS 1000
#define BATCH_BYTES  ((size_t)4 << 20)
#define EVENTS_PATH  "/v1/private/opik-alerts/events"

struct batch {
    struct post post;
    struct buf body;
    size_t events, sent;
    size_t bytes; /* a body that holds more goes */
    struct span user; /* as the lines of this batch say it: a request has one user */
};

/* Nothing is sent when a line is wrong. */
static bool check_lines(struct span text, struct err *err)
{
    struct span line;
    struct event_line event;
    size_t number = 0;
    while (input_line(&text, &line, &number)) {
        struct err why = {0};
        if (!event_line_read(line, &event, &why))
            return err_set(err, why.code, "line %zu: %s; nothing was sent", number,
                           why.text);
    }
    return true;
}

static bool flush(struct batch *b, struct err *err)
{
    struct err why = {0};
    if (b->events == 0)
        return true;
    buf_add_text(&b->body, "]}");
    if (b->body.failed)
        return err_memory(err);
    if (!post_body(&b->post, EVENTS_PATH, buf_span(&b->body), &why))
        return err_set(err, why.code, "%s (%zu events were accepted before)", why.text,
                       b->sent);
    b->sent += b->events;
    b->events = 0;
    buf_clear(&b->body);
    return true;
}

/* Who did it as the line says; empty: it does not. */
static struct span said_user(const struct event_line *event)
{
    bool says = js_is_set(event->user) && !span_is(event->user.text, "\"\"");
    return says ? event->user.text : (struct span){NULL, 0};
}

/* The line's members as they stand, but who did it where it does not say. */
static void add_event(struct batch *b, const struct event_line *event, const char *user)
{
    struct js_iter it;
    struct js_item item;
    buf_add_text(&b->body, b->events++ ? "," : "{\"events\":[");
    if (said_user(event).len) {
        js_append(&b->body, event->root);
        return;
    }
    buf_add_text(&b->body, "{\"user\":");
    js_append_string(&b->body, span_of(user));
    for (js_iter(&it, event->root); js_next(&it, &item);) {
        if (js_key_is(item.key, "user"))
            continue; /* null or empty: it would win, as the last one */
        buf_add_text(&b->body, ",\"");
        buf_add_span(&b->body, item.key);
        buf_add_text(&b->body, "\":");
        js_append(&b->body, item.value);
    }
    buf_add_char(&b->body, '}');
}

static bool send_lines(struct batch *b, struct span text, const char *user, struct err *err)
{
    struct span line;
    struct event_line event;
    size_t number = 0;
    while (input_line(&text, &line, &number)) {
        if (!event_line_read(line, &event, err))
            return false;
        bool full = b->body.len + line.len > b->bytes || b->events == BATCH_EVENTS;
        if ((full || !span_same(b->user, said_user(&event))) && !flush(b, err))
            return false;
        b->user = said_user(&event);
        add_event(b, &event, user);
    }
    return flush(b, err);
}

static int send_text(struct cli *cli, struct span text)
{
    struct err err = {0};
    char base[128];
    size_t limit = (size_t)cli->settings->number[SETTING_INTAKE_MAX_BODY] / 2;
    struct batch b = {.bytes = limit < BATCH_BYTES ? limit : BATCH_BYTES};
    if (!post_find(cli->call->data_dir, cli->settings, base, sizeof base, &err) ||
        !post_open(&b.post, base, cli->settings, cli->workspace, cli->clock, &err))
        return cli_fail(&err);
    buf_init(&b.body, BUF_UNLIMITED);
    bool done = send_lines(&b, text, cli->user, &err);
    buf_free(&b.body);
    post_close(&b.post);
    if (!done)
        return cli_fail(&err);
    if (cli->call->json)
        out_line("{\"events\":%zu}", b.sent);
    else
        out_error("%zu %s accepted by %s", b.sent, b.sent == 1 ? "event" : "events", base);
    return EXIT_DONE;
}

int cli_send(struct cli *cli)
{
    struct buf text;
    struct err err = {0};
    buf_init(&text, EVENTS_MAX);
    bool read = input_read(cli->arg_count > 0 ? cli->args[0] : NULL, &text, &err) &&
                check_lines(buf_span(&text), &err);
    int status = read ? send_text(cli, buf_span(&text)) : cli_fail(&err);
    buf_free(&text);
    return status;
}
