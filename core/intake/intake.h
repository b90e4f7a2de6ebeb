/* The HTTP server that Opik SDKs send to: events out of requests, and what the SDKs need in
 * order to go on. Its threads are its own (libmicrohttpd, epoll); it talks only to the
 * store.
 *
 * A request is answered 2xx only after the commit of what it brought, but where nothing of
 * it must survive (store_accept_passing()). Bad input gets 4xx and words,
 * {"errors":["..."]}, and nothing of it is half done. A full disk is 503. */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/attempt_stats.h"
#include "rules/payload.h"
#include "store/store.h"

struct intake;

/* What is to be said of the engine beside it. */
struct intake_engine {
    bool running;
    char problem[160]; /* why it waits; empty: it does not */
    size_t sending;
    struct attempt_stats attempts;
};

struct intake_options {
    struct store *store;       /* borrowed */
    const struct clock *clock; /* borrowed */
    const char *host;          /* a numeric address, localhost or unix:PATH */
    uint16_t port;             /* 0: a free one */
    const char *api_key;       /* NULL or empty: none */
    const char *hosts;         /* further allowed Host names, comma separated; NULL: none */
    size_t max_body;           /* bytes, inflated ones counted */
    size_t max_headers;        /* bytes, with the request line; larger ones slow small requests */
    unsigned connections;      /* at once; see peers.h */
    int64_t timeout_ms;        /* total time of one request */
    unsigned threads;          /* 0: one for each processor, at most 4 */
    const char *proxy;         /* of connection tests; NULL or empty: none */
    const char *ca_file;       /* of connection tests; NULL or empty: the system's */
    bool refuse_private;       /* of connection tests; see send.h */
    int64_t send_timeout_ms, send_connect_timeout_ms;
    enum payload_style style; /* of tests and examples */
    int retries;
    void (*engine)(void *arg, struct intake_engine *out); /* any thread, short; NULL: none */
    void *engine_arg;
};

/* Listens and serves. ERR_BUSY: the port or socket is in use (the text says so). */
struct intake *intake_start(const struct intake_options *options, struct err *err);

/* Refuses new requests (503), gives those under way up to grace_ms, ends the rest, stops
 * listening, frees. */
void intake_stop(struct intake **intake, int64_t grace_ms);

/* Connection tests and examples go by these options from now on; the others are not looked at. */
bool intake_set_sending(struct intake *intake, const struct intake_options *options,
                        struct err *err);

uint16_t intake_port(const struct intake *intake);
/* http://HOST:PORT/api or unix:PATH */
void intake_url(const struct intake *intake, char *out, size_t size);

#endif
