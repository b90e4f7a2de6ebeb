#include "support/load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/http_client.h"
#include "support/torture.h"

enum { CLIENTS_MAX = 16, EVENTS_MAX = 5, PAUSE_US = 10000 };

struct client {
    struct load *load;
    pthread_t thread;
    uint64_t random;
    struct http_client http;
    unsigned port; /* that it is connected to; 0: it is not */
};

struct load {
    struct ledger *ledger;
    struct client clients[CLIENTS_MAX];
    size_t count;
    atomic_uint port;
    atomic_bool stopping;
};

static void rest(int64_t us)
{
    const struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* ---------------------------------------------------------------- bodies */

static void add_error(struct buf *b, size_t number)
{
    buf_add_format(b, "{\"id\":\"0193a000-0000-7000-8000-%012zx\",\"name\":\"", number);
    ledger_name(b, number);
    buf_add_text(b, "\",\"start_time\":\"2026-01-02T03:04:05Z\",\"project_name\":\"p\","
                    "\"error_info\":{\"exception_type\":\"E\",\"traceback\":\"t\"}}");
}

static void add_score(struct buf *b, size_t number)
{
    buf_add_format(b, "{\"id\":\"0193a000-0000-7000-9000-%012zx\",\"name\":\"", number);
    ledger_name(b, number);
    buf_add_text(b, "\",\"value\":0.5,\"source\":\"sdk\",\"project_name\":\"p\"}");
}

static const struct {
    const char *method, *path, *begin, *end;
    void (*add)(struct buf *b, size_t number);
} kinds[LEDGER_KINDS] = {
    [LEDGER_ERROR] = {"POST", "/api/v1/private/traces/batch", "{\"traces\":[", "]}",
                      add_error},
    [LEDGER_SCORE] = {"PUT", "/api/v1/private/traces/feedback-scores", "{\"scores\":[",
                      "]}", add_score},
    [LEDGER_PROMPT] = {"POST", "/api/v1/private/prompts", "{\"name\":\"", "\"}",
                       ledger_name},
};

static void write_body(struct buf *b, enum ledger_kind kind, size_t first, unsigned count)
{
    buf_add_text(b, kinds[kind].begin);
    for (unsigned i = 0; i < count; i++) {
        if (i)
            buf_add_char(b, ',');
        kinds[kind].add(b, first + i);
    }
    buf_add_text(b, kinds[kind].end);
}

/* ---------------------------------------------------------------- one client */

static void hang_up(struct client *c)
{
    if (c->port)
        http_close(&c->http);
    c->port = 0;
}

/* False: it stops before anybody listens. */
static bool connected(struct client *c)
{
    for (;;) {
        unsigned port = atomic_load(&c->load->port);
        if (c->port && c->port == port)
            return true;
        hang_up(c);
        if (port && http_try_open(&c->http, (uint16_t)port)) {
            c->port = port;
            return true;
        }
        if (atomic_load(&c->load->stopping))
            return false;
        rest(1000);
    }
}

/* The status; 0: there was no answer. */
static int ask(struct client *c, enum ledger_kind kind, const struct buf *body)
{
    struct http_answer a = {0};
    bool sent = http_send_request(&c->http, kinds[kind].method, kinds[kind].path,
                                  "Content-Type: application/json\r\n", buf_span(body));
    bool answered = sent && http_read(&c->http, &a);
    int status = answered ? a.status : 0;
    if (sent)
        http_answer_free(&a);
    if (!answered)
        hang_up(c);
    return status;
}

static void send_one(struct client *c)
{
    enum ledger_kind kind = (enum ledger_kind)torture_random(&c->random, LEDGER_KINDS);
    unsigned count =
        kind == LEDGER_PROMPT ? 1 : 1 + (unsigned)torture_random(&c->random, EVENTS_MAX);
    size_t first = ledger_events(c->load->ledger, kind, count);
    int status = 0;
    struct buf body;
    buf_init(&body, BUF_UNLIMITED);
    write_body(&body, kind, first, count);
    while (status == 0 && connected(c)) {
        status = ask(c, kind, &body);
        ledger_answered(c->load->ledger, first, status);
        if (torture_random(&c->random, 2))
            break;
    }
    buf_free(&body);
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    while (!atomic_load(&c->load->stopping)) {
        send_one(c);
        rest((int64_t)torture_random(&c->random, PAUSE_US));
    }
    hang_up(c);
    return NULL;
}

/* ---------------------------------------------------------------- all of them */

struct load *load_start(struct ledger *l, size_t clients, uint64_t seed)
{
    struct load *load = calloc(1, sizeof *load);
    if (!load || clients > CLIENTS_MAX)
        abort();
    load->ledger = l;
    for (; load->count < clients; load->count++) {
        struct client *c = &load->clients[load->count];
        c->load = load;
        c->random = seed + load->count;
        if (pthread_create(&c->thread, NULL, client_main, c) != 0)
            abort();
    }
    return load;
}

void load_aim(struct load *load, uint16_t port)
{
    atomic_store(&load->port, port);
}

void load_stop(struct load **lp)
{
    struct load *load = *lp;
    atomic_store(&load->stopping, true);
    for (size_t i = 0; i < load->count; i++)
        pthread_join(load->clients[i].thread, NULL);
    free(load);
    *lp = NULL;
}
