#include "intake/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>
#include <sodium.h>

#include "base/ascii.h"
#include "base/secret.h"
#include "base/text.h"
#include "intake/admit.h"
#include "intake/caller.h"
#include "intake/courier.h"
#include "intake/listen.h"
#include "intake/peers.h"
#include "intake/readers.h"
#include "intake/request.h"
#include "store/audit.h"

enum {
    IDLE_MS = 75 * 1000,
    THREADS_MAX = 4,
    ANSWER_MS = 500, /* for answers that are ready when the stop begins */
    ENDED_MAX = 64, /* connections of one thread that peers.h has ended and are not closed yet */
};

struct intake {
    struct MHD_Daemon *daemon;
    struct store *store;
    const struct clock *clock;
    struct readers readers;
    struct peers *peers;
    struct admission admission;
    struct api api;
    char *host, *hosts, *api_key; /* what admission borrows */
    size_t max_body;
    uint16_t port;
};

/* ------------------------------------------------------------------ libmicrohttpd's
 * callbacks */

static enum MHD_Result begin(struct intake *in, struct MHD_Connection *connection,
                             const char *method, const char *path, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct peer *peer = info ? info->socket_context : NULL;
    struct request *r = peer ? request_new(connection, in->max_body) : NULL;
    if (!r)
        return MHD_NO;
    *context = r;
    r->store = in->store;
    r->clock = in->clock;
    r->readers = &in->readers;
    r->api = &in->api;
    r->peers = in->peers;
    r->peer = peer;
    if (peers_begin(in->peers, peer)) {
        admit(&in->admission, r, method, path);
    } else {
        r->last = true;
        request_fail_text(r, 503, "the intake is stopping");
    }
    return atomic_load(&r->ready) ? request_refused(r) : MHD_YES;
}

/* Who changes an alert is named in the audit row that its step writes. */
static void call_handler(struct request *r, const char *method, bool has_key)
{
    struct caller who;
    bool changes = r->match.owner_only && strcmp(method, "GET") != 0;
    if (changes) {
        caller_of(r->connection, has_key, &who);
        store_act_as(&who.actor);
    }
    r->match.handler(r);
    if (changes)
        store_act_as(NULL);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection,
                              const char *path, const char *method, const char *version,
                              const char *data, size_t *data_size, void **context)
{
    struct request *r = *context;
    (void)version;
    if (!r)
        return begin(arg, connection, method, path, context);
    if (*data_size > 0) {
        bool go_on = request_take(r, (struct span){data, *data_size});
        if (r->body.secret) /* it has been copied; the server's memory goes back as it is */
            secret_wipe((char *)(uintptr_t)data, *data_size);
        *data_size = 0;
        return go_on ? MHD_YES : MHD_NO;
    }
    if (!peers_received(r->peers, r->peer))
        return MHD_NO;
    request_body_ended(r);
    if (!atomic_load(&r->ready)) {
        call_handler(r, method, ((struct intake *)arg)->api_key != NULL);
        if (r->sleeping)
            return MHD_YES; /* called again once the connection is awake */
    }
    peers_answered(r->peers, r->peer);
    return request_answer(r);
}

static void completed(void *arg, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode how)
{
    struct intake *in = arg;
    struct request *r = *context;
    (void)connection;
    (void)how;
    if (!r)
        return;
    peers_end(in->peers, r->peer);
    request_free(r);
    *context = NULL;
}

static void connected(void *arg, struct MHD_Connection *connection, void **socket_context,
                      enum MHD_ConnectionNotificationCode code)
{
    struct intake *in = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context = info ? peers_add(in->peers, info->connect_fd) : NULL;
    } else if (*socket_context) {
        peers_remove(in->peers, *socket_context);
        *socket_context = NULL;
    }
}

/* As libmicrohttpd's own, but that a text with %00 stays as it is: it would end there. */
static size_t unescape(void *arg, struct MHD_Connection *connection, char *text)
{
    const char *first = strchr(text, '%');
    (void)arg;
    (void)connection;
    return first && !strstr(first, "%00") ? MHD_http_unescape(text) : strlen(text);
}

/* -------------------------------------------------------------- starting and stopping */

static unsigned thread_count(const struct intake_options *o)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = o->threads ? o->threads : processors > 0 ? (unsigned)processors : 1;
    if (count > THREADS_MAX)
        count = THREADS_MAX;
    /* Each thread serves its share of the connections, which must not be 0. */
    return count < o->connections ? count : o->connections;
}

static bool start_daemon(struct intake *in, const struct intake_options *o, struct err *err)
{
    int fd = listen_open(in->host, &in->port, err);
    if (fd < 0)
        return false;
    unsigned threads = thread_count(o);
    /* Each thread gets its share of this, and could meet all connections alone. */
    unsigned places = threads * (o->connections + ENDED_MAX);
    in->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL,
        NULL, handle, in, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, places,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->max_headers, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        completed, in, MHD_OPTION_NOTIFY_CONNECTION, connected, in,
        threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads,
        MHD_OPTION_END);
    if (in->daemon)
        return true;
    listen_remove(in->host);
    close(fd);
    return err_set(err, ERR_MEMORY, "the HTTP server could not be started");
}

static void destroy(struct intake *in)
{
    if (in->api.empty)
        MHD_destroy_response(in->api.empty);
    peers_free(&in->peers);
    courier_free(&in->api.courier);
    readers_free(&in->readers);
    free(in->host);
    free(in->hosts);
    secret_free(&in->api_key);
    free(in);
}

static bool copy_options(struct intake *in, const struct intake_options *o, struct err *err)
{
    const char *host = ascii_same(o->host, "localhost") ? "127.0.0.1" : o->host;
    in->store = o->store;
    in->clock = o->clock;
    in->max_body = o->max_body;
    in->port = o->port;
    if (!text_copy(&in->host, host) || !text_copy(&in->hosts, o->hosts) ||
        !text_copy(&in->api_key, o->api_key))
        return err_memory(err);
    in->admission = (struct admission){in->host, in->hosts, in->api_key};
    return true;
}

static struct courier_options courier_options(const struct intake_options *o)
{
    return (struct courier_options){
        .clock = o->clock,
        .proxy = o->proxy,
        .ca_file = o->ca_file,
        .refuse_private = o->refuse_private,
        .timeout_ms = o->send_timeout_ms,
        .connect_timeout_ms = o->send_connect_timeout_ms,
    };
}

bool intake_set_sending(struct intake *in, const struct intake_options *o, struct err *err)
{
    const struct courier_options options = courier_options(o);
    in->api.style = o->style;
    in->api.retries = o->retries;
    return courier_set(in->api.courier, &options, err);
}

static bool make_empty(struct intake *in, struct err *err)
{
    in->api.empty = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    return in->api.empty || err_memory(err);
}

static bool make_courier(struct intake *in, const struct intake_options *o, struct err *err)
{
    const struct courier_options options = courier_options(o);
    in->api.style = o->style;
    in->api.retries = o->retries;
    in->api.engine = o->engine;
    in->api.engine_arg = o->engine_arg;
    in->api.courier = courier_new(&options, err);
    return in->api.courier != NULL;
}

struct intake *intake_start(const struct intake_options *o, struct err *err)
{
    struct intake *in = sodium_init() < 0 ? NULL : calloc(1, sizeof *in);
    if (!in) {
        err_memory(err);
        return NULL;
    }
    readers_init(&in->readers, o->store);
    if (copy_options(in, o, err) && make_empty(in, err) && make_courier(in, o, err) &&
        (in->peers = peers_new(o->clock, o->timeout_ms, IDLE_MS, o->connections, err)) &&
        start_daemon(in, o, err))
        return in;
    destroy(in);
    return NULL;
}

void intake_stop(struct intake **inp, int64_t grace_ms)
{
    struct intake *in = *inp;
    if (!in)
        return;
    /* Not MHD_quiesce_daemon(): it races with its own threads, and the loser aborts. So the
     * port stays open to the end, and who comes now is told to come again. */
    peers_close(in->peers, grace_ms);
    courier_close(in->api.courier);
    peers_rest(in->peers, ANSWER_MS); /* the stop aborts when a connection still sleeps */
    listen_remove(in->host);
    MHD_stop_daemon(in->daemon);
    destroy(in);
    *inp = NULL;
}

uint16_t intake_port(const struct intake *in)
{
    return in->port;
}

void intake_url(const struct intake *in, char *out, size_t size)
{
    bool ipv6 = strchr(in->host, ':') != NULL;
    if (listen_unix_path(in->host))
        snprintf(out, size, "%s", in->host);
    else
        snprintf(out, size, ipv6 ? "http://[%s]:%u/api" : "http://%s:%u/api", in->host,
             in->port);
}
