#include "cli/post.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "store/datadir.h"

#define REQUEST_TIMEOUT_MS 60000 /* the intake's own limit is shorter by default */

/* ---------------------------------------------------------------- where it is */

static const char *unix_path(const char *address)
{
    size_t len = strlen(SETTINGS_UNIX);
    return strncmp(address, SETTINGS_UNIX, len) == 0 ? address + len : NULL;
}

/* A wildcard is where it listens, not where one can go. */
static const char *reachable(const char *host)
{
    if (strcmp(host, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(host, "::") == 0 ? "::1" : host;
}

static void from_announced(const char *address, char *out, size_t size)
{
    static const char *const wild[] = {"http://0.0.0.0:", "http://[::]:"};
    static const char *const real[] = {"http://127.0.0.1:", "http://[::1]:"};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        size_t len = strlen(wild[i]);
        if (strncmp(address, wild[i], len) == 0) {
            snprintf(out, size, "%s%s", real[i], address + len);
            return;
        }
    }
    snprintf(out, size, "%s", address);
}

bool post_find(const char *dir, const struct settings *s, char *out, size_t size,
               struct err *err)
{
    struct datadir_holder holder = {0};
    char host[256];
    uint16_t port;
    bool known = datadir_holder(dir, &holder);
    if (known && holder.pid != 0 && holder.address[0]) {
        from_announced(holder.address, out, size);
        return true;
    }
    if (known && holder.pid > 0) /* what listens where it should may be somebody else */
        return err_set(
            err, ERR_NOT_FOUND,
            "process %ld runs the engine on %s, but its intake does not listen now",
            (long)holder.pid, dir);
    if (!settings_listen(s, host, sizeof host, &port, err))
        return false;
    if (unix_path(host)) {
        snprintf(out, size, "%s", host);
        return true;
    }
    if (port == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "nobody runs the engine on %s; start opik-alerts serve", dir);
    const char *name = reachable(host);
    bool v6 = strchr(name, ':') != NULL;
    snprintf(out, size, "http://%s%s%s:%u/api", v6 ? "[" : "", name, v6 ? "]" : "", port);
    return true;
}

/* ---------------------------------------------------------------- requests */

bool post_open(struct post *p, const char *base, const struct settings *s,
               const char *workspace, const struct clock *clock, struct err *err)
{
    struct sender_options options = {
        .clock = clock, .unix_path = unix_path(base), .connections = 1};
    *p = (struct post){
        .api_key = s->text[SETTING_INTAKE_API_KEY],
        .workspace = workspace,
        .timeout_ms = REQUEST_TIMEOUT_MS,
        .connect_timeout_ms = s->number[SETTING_DELIVERY_CONNECT_TIMEOUT],
    };
    snprintf(p->where, sizeof p->where, "%s", base);
    snprintf(p->base, sizeof p->base, "%s", options.unix_path ? "http://localhost/api" : base);
    p->sender = sender_new(&options, err);
    return p->sender != NULL;
}

void post_close(struct post *p)
{
    if (p->sender)
        sender_free(&p->sender);
}

static void take_outcome(void *arg, struct outcome *outcome)
{
    *(struct outcome *)arg = *outcome;
    *outcome = (struct outcome){0};
}

/* The first of {"errors": [...]}, or the start of whatever came. */
static void describe_answer(const struct outcome *o, struct buf *out)
{
    struct js_value root;
    struct js_iter it;
    struct js_item item = {0};
    struct span body = {o->body, o->body_len}, text = body;
    struct buf message;
    buf_init(&message, BUF_UNLIMITED);
    if (body.at && js_parse(body, &root, NULL)) {
        js_iter(&it, js_get(root, "errors"));
        if (js_next(&it, &item) && js_string(item.value, &message))
            text = buf_span(&message);
    }
    if (text.len > 200)
        text.len = 200;
    if (text.at)
        text_safe(out, text, TEXT_LINE);
    buf_free(&message);
}

static bool judge(const struct post *p, const struct outcome *o, struct err *err)
{
    struct buf words;
    if (o->kind != OUTCOME_RESPONSE)
        return err_set(err, ERR_BUSY, "%s: %s%s", p->where, o->error,
                       o->kind == OUTCOME_NETWORK ? "; is opik-alerts serve running?" : "");
    if (o->status >= 200 && o->status < 300)
        return true;
    buf_init(&words, BUF_UNLIMITED);
    describe_answer(o, &words);
    err_set(err, ERR_INVALID, "the intake answered %d: %s", o->status, buf_text(&words));
    buf_free(&words);
    return false;
}

bool post_body(struct post *p, const char *path, struct span body, struct err *err)
{
    char url[256];
    struct outcome outcome = {.kind = OUTCOME_UNKNOWN};
    struct alert_header headers[] = {{"Comet-Workspace", (char *)p->workspace},
                                     {"Authorization", (char *)p->api_key}};
    struct send_request request = {
        .url = url,
        .headers = headers,
        .header_count = *p->api_key ? 2 : 1,
        .body = body.at,
        .body_len = body.len,
        .timeout_ms = p->timeout_ms,
        .connect_timeout_ms = p->connect_timeout_ms,
    };
    snprintf(url, sizeof url, "%s%s", p->base, path);
    if (!sender_start(p->sender, &request, take_outcome, &outcome))
        return err_memory(err);
    while (sender_turn(p->sender, 1000) > 0)
        continue;
    bool done = judge(p, &outcome, err);
    outcome_free(&outcome);
    return done;
}
